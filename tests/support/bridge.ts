/** The Python environment in which the bridge's own tests and linters run. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { aptInstall } from "../../toolchain/apt";
import { cached } from "../../toolchain/cache";
import { progress } from "../../toolchain/progress";

/** The bridge's folder in the checkout. */
export const BRIDGE = "images/ralex-api";

/** Postgres and Redis as programs; the tests start private instances. */
const PACKAGES = ["postgresql-15", "redis-server"] as const;

/** @throws Error that says what is missing. */
export async function prepareBridge(checkout: string): Promise<void> {
  const packages = [
    ...(fs.existsSync("/usr/lib/postgresql/15/bin/initdb") ? [] : PACKAGES.slice(0, 1)),
    ...(fs.existsSync("/usr/bin/redis-server") ? [] : PACKAGES.slice(1)),
    ...((await python()) === undefined ? ["python3-venv"] : []),
  ];
  if (packages.length > 0) await aptInstall(packages);
  await bridgeEnvironment(checkout);
}

/** @throws Error that says what is missing. */
export async function preparePostgres(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("it takes root, to run Postgres as a user that its socket trusts");
  if (!fs.existsSync("/usr/lib/postgresql/15/bin/initdb")) await aptInstall(PACKAGES.slice(0, 1));
}

/** A virtual environment with exactly what requirements-dev.lock says, made once a lock and machine. */
export async function bridgeEnvironment(checkout: string): Promise<string> {
  const lock = path.join(checkout, BRIDGE, "requirements-dev.lock");
  const interpreter = (await python()) ?? "/usr/bin/python3.11";
  const key = crypto.createHash("sha256").update(fs.readFileSync(lock)).update(interpreter).digest("hex").slice(0, 12);
  return cached("bridge-environment", key, async (folder) => {
    await progress.step("installing the bridge's Python packages", 40, async () => {
      await execa(interpreter, ["-m", "venv", folder], { stdin: "ignore" });
      const pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock];
      await execa(path.join(folder, "bin/python"), pip, { stdin: "ignore" });
    });
  });
}

/** A Python 3.11 that can make virtual environments, or undefined. */
async function python(): Promise<string | undefined> {
  for (const candidate of ["/usr/bin/python3.11", "python3.11"]) {
    const { failed, stdout } = await execa(candidate, ["-c", "import ensurepip, sys; print(sys.executable)"], {
      reject: false,
      stdin: "ignore",
    });
    if (!failed) return stdout.trim();
  }
  return undefined;
}
