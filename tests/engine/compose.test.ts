/** The rendered Compose file as Compose itself reads it; no engine is asked. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { document } from "../../cli/render/documents";
import { renderCompose } from "../../cli/targets/compose";
import { COMMITTED_LOCK } from "../../components/image/lock";
import { goTool } from "../../toolchain/go-tools";
import { DIGEST } from "../support/on-kubernetes";

const CHECKOUT = path.resolve(__dirname, "../..");

let folder: string;
let compose: string;
beforeAll(async () => {
  compose = await goTool("docker-compose");
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-compose-"));
  fs.mkdirSync(path.join(folder, path.dirname(COMMITTED_LOCK)));
  fs.copyFileSync(path.join(CHECKOUT, COMMITTED_LOCK), path.join(folder, COMMITTED_LOCK));
  fs.copyFileSync(path.join(CHECKOUT, "Pulumi.dev.yaml"), path.join(folder, "Pulumi.dev.yaml"));
}, 600_000);
afterAll(() => fs.rmSync(folder, { recursive: true }));

test("the Compose file of dev is one, with every text as the model has it", async () => {
  const image = ["ralex-api", "probe", "openwebui", "victorialogs"].map((name) => `${name}=r.test/${name}@${DIGEST}`);
  const rendered = renderCompose(folder, { stack: "dev", image });
  expect(rendered.omissions).toContainEqual(expect.stringContaining("hotReload is left out"));
  const file = path.join(folder, "compose.yaml");
  fs.writeFileSync(file, document(rendered.document));
  const { stdout, stderr } = await execa(compose, ["--file", file, "config", "--format", "json"], {
    cwd: folder,
    env: { DOCKER_HOST: "unix:///nowhere" },
  });
  expect(stderr).toBe("");
  const read = JSON.parse(stdout) as typeof rendered.document;
  for (const part of ["services", "configs", "secrets", "volumes", "networks"]) {
    const [here, there] = [rendered.document[part], read[part]].map((one) => Object.keys(one as object).sort());
    expect([part, there]).toEqual([part, here]);
  }
  // Compose writes a dollar as two, as it reads it.
  const texts = (one: typeof read) => Object.entries(one.configs as Record<string, { content: string }>);
  const contents = (one: typeof read) => Object.fromEntries(texts(one).map(([name, { content }]) => [name, content]));
  expect(contents(read)).toEqual(contents(rendered.document));
});
