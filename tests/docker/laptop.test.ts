/**
 * What an ordinary user gets: no root, tools of the official shape, a registry that is named. The plugins and images are
 * those of this machine; tests/connected-path.sh asks the official ones.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import OpenAI from "openai";
import { connectEngine } from "../../components/docker/engine/client";
import { NAMED_REGISTRY, OrdinaryUser } from "../support/ordinary-user";
import type { CommandResult } from "../support/stack";

const STACK = "laptop";
const API_PORT = 17800;
const SETTINGS = {
  subnet: "10.226.0.0/24",
  webPort: 17300,
  apiPort: API_PORT,
  tlsPort: 17443,
  prometheusPort: 17090,
  logsPort: 17428,
  // Its first test starts everything at once with whatever else the tier does.
  waitSeconds: 300,
};
let user: OrdinaryUser;
const docker = connectEngine();

async function ralex(...args: readonly string[]): Promise<CommandResult> {
  const result = await user.ralex([...args, "-s", STACK], NAMED_REGISTRY);
  if (result.exitCode !== 0) throw new Error(`ralex ${args.join(" ")}: ${result.stderr}\n${result.stdout}`);
  return result;
}

beforeAll(async () => {
  user = await OrdinaryUser.make(STACK);
  user.stack.configure(SETTINGS);
}, 900_000);

afterAll(async () => {
  await user.ralex(["reset", "--yes", "-s", STACK], NAMED_REGISTRY);
  await user.remove();
}, 300_000);

describe("an ordinary user", () => {
  test("is told of a registry that takes nothing, before anything is made", async () => {
    const refused = await user.ralex(["start", "-s", STACK], { RALEX_REGISTRY: "localhost:1/nobody" });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("the registry localhost:1/nobody (RALEX_REGISTRY) does not answer");
    expect(fs.existsSync(path.join(user.stack.folder, ".ralex/state/.pulumi/stacks"))).toBe(false);
  }, 120_000);

  test("brings the stack up without root, and a chat is answered", async () => {
    const { stdout } = await ralex("start");
    expect(stdout).toContain("is ready");
    const apiKey = (await ralex("output", "apiKey")).stdout;
    const client = new OpenAI({ baseURL: `http://127.0.0.1:${API_PORT}/v1`, apiKey });
    const messages = [{ role: "user" as const, content: "without root" }];
    const answer = await client.chat.completions.create({ model: "echo", messages });
    expect(answer.choices[0]?.message.content).toBe("echo: without root");
  }, 900_000);

  test("changes nothing by a second start", async () => {
    const { stderr } = await ralex("start");
    expect(stderr).toMatch(/Resources:\s+\d+ unchanged/);
    expect(stderr).not.toMatch(/\d+ (created|updated|replaced|deleted|changed)/);
  }, 300_000);

  test("owns whatever the commands have written into the checkout", () => {
    const { uid } = fs.statSync(user.stack.folder);
    const foreign = fs
      .readdirSync(path.join(user.stack.folder, ".ralex"), { recursive: true, encoding: "utf8" })
      .filter((file) => fs.lstatSync(path.join(user.stack.folder, ".ralex", file)).uid !== uid);
    expect(foreign).toEqual([]);
    expect(fs.existsSync(path.join(user.home, ".pulumi"))).toBe(false);
  });

  test("changes a setting, stops, and goes on", async () => {
    user.stack.configure({ ...SETTINGS, apiRateLimitPerMinute: 77 });
    await ralex("start");
    const [api] = await docker.listContainers({ filters: { name: [`ralex-${STACK}-api`] } });
    const { Config } = await docker.getContainer(api?.Id ?? "").inspect();
    expect(Config.Env).toContain("RALEX_RATE_LIMIT_PER_MINUTE=77");
    await ralex("stop");
    expect(await docker.listContainers({ filters: { name: [`ralex-${STACK}-`] } })).toEqual([]);
    await ralex("start");
    expect((await ralex("status")).exitCode).toBe(0);
  }, 900_000);

  test("leaves nothing on the engine after a reset", async () => {
    await ralex("reset", "--yes");
    const filters = { name: [`ralex-${STACK}-`] };
    const { Volumes } = await docker.listVolumes({ filters: JSON.stringify(filters) as never });
    expect(await docker.listContainers({ all: true, filters })).toEqual([]);
    expect(Volumes ?? []).toEqual([]);
  }, 300_000);
});
