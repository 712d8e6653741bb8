/** LiteLLM's proxy, the bridge's peer: one worker in an environment of its own, pinned by litellm.lock. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { cached, recipeKey } from "../../../toolchain/cache";
import { progress } from "../../../toolchain/progress";
import { freePort } from "../../support/ports";
import { Processes } from "./processes";
import { MODEL, type Endpoint } from "./endpoint";

const LOCK = path.join(__dirname, "litellm.lock");
/** Importing LiteLLM takes most of it. */
const STARTS_WITHIN_MS = 120_000;

export const LITELLM = "LiteLLM proxy";

/** The version that the lock pins. */
export function litellmVersion(): string {
  const version = /^litellm==(\S+)/m.exec(fs.readFileSync(LOCK, "utf8"))?.[1];
  if (version === undefined) throw new Error(`${LOCK} pins no litellm`);
  return version;
}

/** Path of the environment's interpreter. */
export async function litellmPython(interpreter: string): Promise<string> {
  const key = recipeKey(litellmVersion(), fs.readFileSync(LOCK), interpreter);
  const folder = await cached("litellm", key, (made) =>
    progress.step(`installing LiteLLM ${litellmVersion()}`, 90, async () => {
      await execa(interpreter, ["-m", "venv", made], { stdin: "ignore" });
      const pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCK];
      await execa(path.join(made, "bin/python"), pip, { stdin: "ignore" });
    }),
  );
  return path.join(folder, "bin/python");
}

/**
 * Starts the proxy in front of an upstream. It asks for a key, as the bridge does; it gets neither a database nor a
 * rate limit, both of which would slow it down.
 */
export async function startLitellm(
  processes: Processes,
  interpreter: string,
  folder: string,
  upstream: string,
): Promise<Endpoint> {
  const python = await litellmPython(interpreter);
  const key = `sk-${crypto.randomBytes(16).toString("hex")}`;
  const file = path.join(folder, "litellm.yaml");
  const parameters = { model: `openai/${MODEL}`, api_base: upstream, api_key: "none" };
  const configuration = {
    model_list: [{ model_name: MODEL, litellm_params: parameters }],
    general_settings: { master_key: key },
    litellm_settings: { telemetry: false, cache: false },
  };
  fs.writeFileSync(file, yaml.stringify(configuration), { mode: 0o600 });
  const port = await freePort();
  const options = ["--config", file, "--host", "127.0.0.1", "--port", String(port), "--num_workers", "1"];
  await processes.start("LiteLLM", python, ["-c", "from litellm import run_server; run_server()", ...options], {
    cwd: folder,
    // Its list of prices is otherwise fetched at every start.
    env: {
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
      LITELLM_LOG: "ERROR",
      LITELLM_MODE: "PRODUCTION",
      // Its upstream is on loopback, and its HTTP client ends at an IPv6 address in the list of exemptions.
      no_proxy: "*",
      NO_PROXY: "*",
    },
    answers: `http://127.0.0.1:${port}/health/liveliness`,
    withinMs: STARTS_WITHIN_MS,
  });
  return { url: `http://127.0.0.1:${port}/v1/chat/completions`, key };
}
