// A sample of a host as numbers by name.
import type { SystemStats } from "../store/system-cell.js";

/** Every number by its path. What stands in a list is named by its mount or its index. */
export function figuresOf({ cpu, memory, disks, gpus, network, server }: SystemStats): Record<string, number> {
  const figures: Record<string, number> = {};
  collect(figures, "", { cpu, memory, network, server });
  for (const disk of disks) collect(figures, `disks.${disk.mount}.`, disk);
  for (const gpu of gpus) collect(figures, `gpus.${gpu.index}.`, gpu);
  return figures;
}

function collect(figures: Record<string, number>, path: string, group: object): void {
  for (const [name, value] of Object.entries(group)) {
    if (typeof value === "number") figures[path + name] = value;
    else if (typeof value === "object" && value !== null) collect(figures, `${path}${name}.`, value);
  }
}
