/** Docker Engine: the one that runs, or Debian's, started here. */
import * as fs from "node:fs";
import * as path from "node:path";
import Docker from "dockerode";
import { aptInstall, whyNotApt } from "../apt";
import { ensureDaemon } from "./daemon";
import { ask } from "./http";

const DEFAULT_SOCKET = "/var/run/docker.sock";
/** runc and iptables are named because dockerd needs them and recommended packages are left out. */
export const DOCKER_PACKAGES = ["docker.io", "iptables", "runc"] as const;

/** Whether an engine answers where `DOCKER_HOST` says, or at the usual socket. */
export async function dockerAnswers(environment: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const host = environment.DOCKER_HOST ?? "";
  if (host === "" || host.startsWith("unix://")) {
    const answer = await ask({ socketPath: host.slice("unix://".length) || DEFAULT_SOCKET }, "GET", "/_ping");
    return answer?.status === 200;
  }
  return new Docker().ping().then(
    () => true,
    () => false,
  );
}

/**
 * Makes sure that Docker Engine answers, installing and starting it where that may be done.
 * @returns whether it was started now
 * @throws Error with the remedy, where Docker has to be provided by a person
 */
export async function ensureDocker(): Promise<boolean> {
  if (await dockerAnswers()) return false;
  const host = process.env.DOCKER_HOST ?? "";
  if (host !== "" && host !== `unix://${DEFAULT_SOCKET}`) {
    throw new Error(`no Docker Engine answers at DOCKER_HOST=${host}: start it, or unset DOCKER_HOST`);
  }
  const reason = whyNotApt();
  if (reason !== undefined) {
    throw new Error(
      `no Docker Engine answers at ${DEFAULT_SOCKET}, and it cannot be installed here (${reason}): ` +
        "install and start Docker, and let this user reach its socket (group docker)",
    );
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
