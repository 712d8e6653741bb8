import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Daemon, ensureDaemon, runningDaemon, stopDaemon } from "../../../../toolchain/engines/daemon";

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-daemon-"))));
afterEach(async () => {
  await stopDaemon("sleeper", folder);
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Answers once its file is there, and waits to be stopped. */
const daemon = (script = "fs.writeFileSync(process.argv[1], ''); setTimeout(() => undefined, 60_000)"): Daemon => ({
  name: "sleeper",
  program: process.execPath,
  args: ["-e", script, path.join(folder, "ready")],
  answers: async () => fs.existsSync(path.join(folder, "ready")),
  startSeconds: 20,
});

const isAlive = (pid: number): boolean => fs.existsSync(`/proc/${pid}/exe`);

describe("a daemon", () => {
  test("is started once, outlives the wait, and is stopped by its record", async () => {
    expect(await ensureDaemon(daemon(), folder)).toBe(true);
    expect(await ensureDaemon(daemon(), folder)).toBe(false);
    const pid = Number(fs.readFileSync(path.join(folder, "sleeper.pid"), "utf8").split(" ")[0]);
    expect(isAlive(pid)).toBe(true);
    expect(await stopDaemon("sleeper", folder)).toBe(true);
    expect(isAlive(pid)).toBe(false);
    expect(fs.existsSync(path.join(folder, "sleeper.pid"))).toBe(false);
  });

  test("keeps no secret of the command that started it, and what it needs to reach a registry", async () => {
    const before = process.env;
    const secrets = {
      RALEX_OPENROUTER_API_KEY: "CANARY",
      COSIGN_PASSWORD: "CANARY",
      PULUMI_CONFIG_PASSPHRASE: "CANARY",
    };
    process.env = { ...before, ...secrets, https_proxy: "http://proxy:3128", SSL_CERT_FILE: "/ca.pem" };
    try {
      await ensureDaemon({ ...daemon(), environment: { OWN: "1" } }, folder);
    } finally {
      process.env = before;
    }
    const environment = fs.readFileSync(`/proc/${runningDaemon("sleeper", folder)}/environ`, "utf8");
    expect(environment).not.toContain("CANARY");
    expect(environment.split("\0")).toEqual(
      expect.arrayContaining([
        "OWN=1",
        "https_proxy=http://proxy:3128",
        "SSL_CERT_FILE=/ca.pem",
        `PATH=${before.PATH}`,
      ]),
    );
  });

  test("that ends at once is an error with the end of its log", async () => {
    const failing = daemon("console.error('address already in use'); process.exit(7)");
    await expect(ensureDaemon(failing, folder)).rejects.toThrow(
      /sleeper could not be started: it ended with exit code 7[^]*address already in use/,
    );
    expect(fs.existsSync(path.join(folder, "sleeper.pid"))).toBe(false);
  });

  test("that does not answer in time is stopped, and is an error", async () => {
    const silent = { ...daemon("setTimeout(() => undefined, 60_000)"), startSeconds: 1 };
    await expect(ensureDaemon(silent, folder)).rejects.toThrow("it did not answer for 1 s");
    expect(runningDaemon("sleeper", folder)).toBeUndefined();
  });
});

describe("the record of a daemon", () => {
  test("that names another process's id is not believed, and that process is left alone", async () => {
    const own = recordOf(process.pid);
    for (const record of [
      own.replace(/ \d+ /, " 1 "),
      own.replace(/ \/.*/, " /usr/sbin/dockerd"),
      "junk",
      "999999 1 /x",
    ]) {
      fs.writeFileSync(path.join(folder, "sleeper.pid"), record);
      expect(runningDaemon("sleeper", folder)).toBeUndefined();
      expect(await stopDaemon("sleeper", folder)).toBe(false);
    }
    fs.writeFileSync(path.join(folder, "sleeper.pid"), own);
    expect(runningDaemon("sleeper", folder)).toBe(process.pid);
    fs.rmSync(path.join(folder, "sleeper.pid"));
  });
});

function recordOf(pid: number): string {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${pid} ${started} ${fs.readlinkSync(`/proc/${pid}/exe`)}\n`;
}
