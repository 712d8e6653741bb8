/** What a run of these tests that was ended has left is no obstacle to the next one; what somebody holds is left alone. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { connectEngine } from "../../components/docker/engine/client";
import { DEPLOYMENT_LABEL, STACK_LABEL } from "../../components/docker/labels";
import { hold, release, removeLeftovers } from "../support/copies";

const docker = connectEngine();

/** A copy whose stack has this deployment, and a volume and a network of it on the engine. */
async function copyWith(id: string): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-left-"));
  const identity = {
    urn: "urn:pulumi:test::ralex::ralex:docker:Stack$random:index/randomId:RandomId::ralex-identity",
    type: "random:index/randomId:RandomId",
    outputs: { hex: id, keepers: { stack: "test" } },
  };
  const stacks = path.join(folder, ".ralex/state/.pulumi/stacks/ralex");
  fs.mkdirSync(stacks, { recursive: true });
  const state = { version: 3, checkpoint: { stack: "test", latest: { resources: [identity] } } };
  fs.writeFileSync(path.join(stacks, "test.json"), JSON.stringify(state));
  const Labels = { [DEPLOYMENT_LABEL]: id, [STACK_LABEL]: "test" };
  await docker.createVolume({ Name: `ralex-left-${id}`, Labels });
  await docker.createNetwork({ Name: `ralex-left-${id}`, Labels });
  await hold(folder);
  return folder;
}

const left = async (id: string) => {
  const filters = { label: [`${DEPLOYMENT_LABEL}=${id}`] };
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify(filters) as never });
  return [
    ...(Volumes ?? []).map(({ Name }) => Name),
    ...(await docker.listNetworks({ filters })).map((one) => one.Name),
  ];
};

test("of the copies of earlier runs those that nobody holds are removed, with all that they have on the engine", async () => {
  const [ended, running] = [await copyWith("1eaf01"), await copyWith("1eaf02")];
  fs.rmSync(lockOf(ended), { recursive: true });
  await removeLeftovers();
  expect([fs.existsSync(ended), await left("1eaf01")]).toEqual([false, []]);
  expect([fs.existsSync(running), await left("1eaf02")]).toEqual([true, ["ralex-left-1eaf02", "ralex-left-1eaf02"]]);
  fs.rmSync(lockOf(running), { recursive: true });
  await removeLeftovers();
  expect([fs.existsSync(running), await left("1eaf02")]).toEqual([false, []]);
  await release(running);
}, 60_000);

/** The lock of a copy, which ends with its process. */
function lockOf(folder: string): string {
  const index = path.join(os.tmpdir(), "ralex-copies");
  const entry = fs.readdirSync(index).find((name) => {
    const file = path.join(index, name);
    return fs.statSync(file).isFile() && fs.readFileSync(file, "utf8") === folder;
  });
  return path.join(index, `${entry ?? ""}.lock`);
}
