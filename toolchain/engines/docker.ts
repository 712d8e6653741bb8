/** Docker Engine: the one that runs, or Debian's, started here. */
import * as fs from "node:fs";
import * as path from "node:path";
import { findEngine } from "../../components/docker/engine/address";
import { connectEngine, noAnswer } from "../../components/docker/engine/client";
import { aptInstall, whyNotApt } from "../apt";
import { ensureDaemon } from "./daemon";

const DEFAULT_SOCKET = "/var/run/docker.sock";
/** runc and iptables are named because dockerd needs them and recommended packages are left out. */
export const DOCKER_PACKAGES = ["docker.io", "iptables", "runc"] as const;

/** Whether the engine that the environment, a context or a socket names answers. */
export const dockerAnswers = (): Promise<boolean> =>
  Promise.resolve()
    .then(() => connectEngine().ping())
    .then(
      () => true,
      () => false,
    );

/**
 * Makes sure that Docker Engine answers, installing and starting it where that may be done.
 * @returns whether it was started now
 * @throws Error with the remedy, where Docker has to be provided by a person
 */
export async function ensureDocker(): Promise<boolean> {
  const address = findEngine();
  const docker = connectEngine(address);
  const error: unknown = await docker.ping().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return false;
  const isDenied = ["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
  // One that somebody chose, or that runs for others, is not replaced.
  if (address.host !== `unix://${DEFAULT_SOCKET}` || isDenied) throw new Error(noAnswer(address, error));
  const reason = whyNotApt();
  if (reason !== undefined) {
    throw new Error(`${noAnswer(address, error)}. It cannot be installed from here: ${reason}`);
  }
  await aptInstall(DOCKER_PACKAGES);
  return ensureDaemon({
    name: "dockerd",
    program: dockerd(),
    args: ["--log-level", "warn"],
    prepare: requireControlGroups,
    answers: dockerAnswers,
    startSeconds: 60,
  });
}

const dockerd = (): string =>
  ["/usr/sbin/dockerd", "/usr/bin/dockerd"].find((file) => fs.existsSync(file)) ?? "dockerd";

/** dockerd itself says no more than "Devices cgroup isn't mounted". */
function requireControlGroups(): void {
  const mounted = ["cgroup.controllers", "memory"].some((name) => fs.existsSync(path.join("/sys/fs/cgroup", name)));
  if (!mounted) {
    throw new Error("no control groups are mounted at /sys/fs/cgroup, which Docker needs: install cgroupfs-mount");
  }
}
