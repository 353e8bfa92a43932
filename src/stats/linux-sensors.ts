// Temperature and clock of the processors. Some sensors take milliseconds to answer, so they are asked seldom, and in
// other threads.
import { readdir, readFile } from "node:fs/promises";
import { meanOf, within } from "./rates.js";

/** Drivers of processors' own sensors, of Intel, AMD and Arm. */
const CPU_DRIVERS = new Set(["coretemp", "k10temp", "zenpower", "cpu_thermal", "fam15h_power"]);
const CPU_ZONE = /^(x86_pkg_temp|cpu|soc|acpitz)/i;
/** What is beyond is a broken sensor. */
const [MIN_CELSIUS, MAX_CELSIUS] = [-60, 150];
const MAX_MHZ = 20_000;
/** Processors whose clock is read: the mean of some is the mean of all, and each may interrupt its processor. */
const MAX_CLOCKS = 16;
/** Files of one sensor folder; a socket of 128 cores has as many sensors. */
const MAX_SENSORS = 256;

/** What the sensors tell. */
export interface SensorReading {
  /** The hottest. */
  readonly celsius: number | undefined;
  /** The mean. */
  readonly mhz: number | undefined;
}

export async function readSensors(root: string): Promise<SensorReading> {
  const [celsius, mhz] = await Promise.all([readTemperature(root), readClock(root)]);
  return { celsius, mhz };
}

async function readTemperature(root: string): Promise<number | undefined> {
  const ofDriver = await hottest(`${root}/sys/class/hwmon`, "name", (name) => CPU_DRIVERS.has(name), /^temp\d+_input$/);
  return ofDriver ?? hottest(`${root}/sys/class/thermal`, "type", (type) => CPU_ZONE.test(type), /^temp$/);
}

/** The highest temperature of the folders whose label is wanted. */
async function hottest(
  folder: string,
  label: string,
  isWanted: (label: string) => boolean,
  sensor: RegExp,
): Promise<number | undefined> {
  let most: number | undefined;
  for (const name of await namesIn(folder)) {
    if (!isWanted((await textOf(`${folder}/${name}/${label}`)).trim())) continue;
    for (const file of (await namesIn(`${folder}/${name}`)).filter((file) => sensor.test(file))) {
      const celsius = parseMillidegrees(await textOf(`${folder}/${name}/${file}`));
      if (celsius !== undefined) most = Math.max(most ?? celsius, celsius);
    }
  }
  return most;
}

/** "47000" is 47. */
export function parseMillidegrees(text: string): number | undefined {
  const digits = /^-?\d{1,7}$/.exec(text.trim())?.[0];
  return digits === undefined ? undefined : within(Number(digits) / 1000, MIN_CELSIUS, MAX_CELSIUS);
}

async function readClock(root: string): Promise<number | undefined> {
  const folder = `${root}/sys/devices/system/cpu`;
  const cores = (await namesIn(folder)).filter((name) => /^cpu\d+$/.test(name)).slice(0, MAX_CLOCKS);
  const khz = await Promise.all(cores.map((core) => textOf(`${folder}/${core}/cpufreq/scaling_cur_freq`)));
  const told = khz.map(parseKilohertz).filter((mhz) => mhz !== undefined);
  // Virtual machines do not scale, and say what they have in another place.
  return meanOf(told) ?? meanOf(parseCpuinfo(await textOf(`${root}/proc/cpuinfo`)));
}

function parseKilohertz(text: string): number | undefined {
  return /^\d{1,9}$/.test(text.trim()) ? within(Number(text) / 1000, 1, MAX_MHZ) : undefined;
}

/** Clocks of /proc/cpuinfo, in MHz; Arm does not tell them. */
export function parseCpuinfo(text: string): number[] {
  return [...text.matchAll(/^cpu MHz\s*: (\d{1,6}\.\d{1,6})$/gm)]
    .map(([, mhz]) => within(Number(mhz), 1, MAX_MHZ))
    .filter((mhz) => mhz !== undefined);
}

async function namesIn(folder: string): Promise<string[]> {
  // What is not there has no sensors.
  return (await readdir(folder).catch(() => [])).slice(0, MAX_SENSORS);
}

async function textOf(path: string): Promise<string> {
  // A sensor may be there and not answer.
  return readFile(path, "latin1").catch(() => "");
}
