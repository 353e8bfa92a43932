// What is sampled of a host, whatever its system.
import type { SystemStats } from "../../generated/ts/tidewire/v1/stats.js";

/** The host's part of a sample. */
export type HostSample = Pick<SystemStats, "cpu" | "memory" | "disks" | "network" | "uptimeSeconds">;

/** Samples a host. What the system does not tell is left out; nothing here throws because of it. */
export interface HostSampler extends Disposable {
  /**
   * Brings up to date what is asked seldom: disks' space, sensors, limits; each is asked once at a time. Resolves once all
   * of it is known: never where a disk does not answer, which keeps a later call from nothing but that disk's space.
   */
  refresh(): Promise<void>;
  /**
   * One sample; synchronous, and takes well below a millisecond.
   *
   * @param seconds since the last sample, which rates are over; undefined where that is none to compare with
   */
  sample(seconds: number | undefined): HostSample;
  /** Lets go of what is open; the next sample opens it again. */
  rest(): void;
}

/** The sampler for a system. @param platform as Node names it */
export async function openHost(platform: string): Promise<HostSampler> {
  // Each is loaded where it is used: the other one's packages are not even read.
  if (platform === "linux") return new (await import("./linux-host.js")).LinuxHost();
  return new (await import("./other-host.js")).OtherHost(platform);
}
