/** Settings of the kernel that a kubelet changes for the whole machine, and that a stop puts back. */
import * as fs from "node:fs";

const SETTINGS = [
  "kernel/keys/root_maxbytes",
  "kernel/keys/root_maxkeys",
  "kernel/panic",
  "kernel/panic_on_oops",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
] as const;

const fileOf = (setting: string): string => `/proc/sys/${setting}`;

/** Values now, by name. */
export const kernelSettings = (): Readonly<Record<string, string>> =>
  Object.fromEntries(SETTINGS.map((name) => [name, fs.readFileSync(fileOf(name), "utf8").trim()]));

export function restoreKernelSettings(before: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(before)) {
    if (fs.readFileSync(fileOf(name), "utf8").trim() !== value) fs.writeFileSync(fileOf(name), value);
  }
}
