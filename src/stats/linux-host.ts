// A Linux host, or the container on it that this process runs in.
import { readFile } from "node:fs/promises";
import { type Limits, readLimits } from "./cgroup.js";
import type { HostSample, HostSampler } from "./host.js";
import { LinuxCpu, parseCpuList } from "./linux-cpu.js";
import { LinuxDisks, type spaceOf } from "./linux-disks.js";
import { LinuxMemory } from "./linux-memory.js";
import { LinuxNetwork } from "./linux-network.js";
import { readSensors, type SensorReading } from "./linux-sensors.js";
import { LiveFile } from "./live-file.js";

/** Samples /proc and /sys. */
export class LinuxHost implements HostSampler {
  readonly #root: string;
  readonly #cpu: LinuxCpu;
  readonly #memory: LinuxMemory;
  readonly #disks: LinuxDisks;
  readonly #network: LinuxNetwork;
  readonly #uptime: LiveFile;
  #limits: Limits = { cpu: undefined, memory: undefined };
  #sensors: SensorReading = { celsius: undefined, mhz: undefined };
  #allowed: ReadonlySet<number> | undefined;
  #reading: Promise<void> | undefined;

  /** @param root the folder that holds `proc` and `sys`; `space` tells how full the file system of a folder is */
  constructor(root = "", space?: typeof spaceOf) {
    this.#root = root;
    this.#cpu = new LinuxCpu(root);
    this.#memory = new LinuxMemory(root);
    this.#disks = new LinuxDisks(root, space);
    this.#network = new LinuxNetwork(root);
    this.#uptime = new LiveFile(`${root}/proc/uptime`);
  }

  async refresh(): Promise<void> {
    // Apart: a mount that does not answer holds up whoever has asked it, and neither sensors nor limits.
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await Promise.all([this.#reading, this.#disks.refresh()]);
  }

  async #read(): Promise<void> {
    const root = this.#root;
    const own = readFile(`${root}/proc/self/status`, "latin1").catch(() => "");
    const [limits, sensors, status] = await Promise.all([readLimits(root), readSensors(root), own]);
    this.#limits = limits;
    this.#sensors = sensors;
    this.#allowed = parseCpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? "");
    this.#network.refresh();
  }

  sample(seconds: number | undefined): HostSample {
    const { cpu: limit, memory } = this.#limits;
    const { celsius: temperatureCelsius, mhz: frequencyMhz } = this.#sensors;
    const cpu = this.#cpu.sample(seconds, { allowed: this.#allowed, limit });
    return {
      cpu: { ...cpu, temperatureCelsius, frequencyMhz },
      memory: this.#memory.sample(memory),
      disks: this.#disks.sample(seconds),
      network: this.#network.sample(seconds),
      uptimeSeconds: parseUptime(this.#uptime.read() ?? ""),
    };
  }

  rest(): void {
    for (const part of [this.#cpu, this.#memory, this.#disks, this.#network, this.#uptime]) part[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.rest();
  }
}

/** Seconds since the host has started. */
export function parseUptime(text: string): number | undefined {
  const [seconds = ""] = text.split(" ", 1);
  return /^\d{1,12}(\.\d{1,6})?$/.test(seconds) ? Number(seconds) : undefined;
}
