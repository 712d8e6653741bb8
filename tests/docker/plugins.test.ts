/** The stand-in for the docker plugin drives a real Docker Engine through the real Pulumi CLI. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { connectEngine } from "../../components/docker/engine/client";
import { TestStack } from "../support/pulumi";

jest.setTimeout(180_000);

const docker = connectEngine();
const RUN = `ralex-plugins-${crypto.randomBytes(3).toString("hex")}`;
const IMAGE = `${RUN}:1`;
const SUBNET = `10.${200 + crypto.randomInt(50)}.${crypto.randomInt(250)}.0/24`;
const LABELS = { "ralex.stack": RUN, "ralex.deployment": "0a1b2c3d" };
const stacks: TestStack[] = [];

/** One static program that serves, checks a file, or ends: enough to be a container without an image to download. */
const PROBE = `
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void bye(int s) { (void)s; _exit(0); }
int main(int c, char **v) {
  signal(SIGTERM, bye);
  if (c > 2 && !strcmp(v[1], "exit")) { puts("job says hello"); fflush(stdout); return atoi(v[2]); }
  if (c > 2 && !strcmp(v[1], "check")) { if (access(v[2], F_OK)) { puts("not ready yet"); return 1; } return 0; }
  if (c > 2 && !strcmp(v[1], "ready")) { FILE *f = fopen(v[2], "w"); if (f) fclose(f); }
  puts("serving"); fflush(stdout);
  for (;;) pause();
}`;

beforeAll(async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-probe-"));
  fs.writeFileSync(path.join(folder, "probe.c"), PROBE);
  await execa("gcc", ["-static", "-O1", "-o", "probe", "probe.c"], { cwd: folder });
  await execa("tar", ["-cf", "probe.tar", "probe"], { cwd: folder });
  await execa("docker", ["import", "-c", 'ENTRYPOINT ["/probe"]', path.join(folder, "probe.tar"), IMAGE]);
  fs.rmSync(folder, { recursive: true });
});

afterAll(async () => {
  for (const stack of stacks) await stack.remove();
  const left = await docker.listContainers({ all: true, filters: { label: [`ralex.stack=${RUN}`] } });
  for (const { Id } of left) await docker.getContainer(Id).remove({ force: true });
  await docker.getImage(IMAGE).remove({ force: true });
});

const labels = JSON.stringify(Object.entries(LABELS).map(([label, value]) => ({ label, value })));
const head = `import * as docker from "@pulumi/docker";
  const labels = ${labels};
  const image = new docker.RemoteImage("image", { name: "${IMAGE}", keepLocally: true });`;

const stackOf = async (project: string, program: string) => {
  const stack = await TestStack.create(project, { "index.ts": `${head}\n${program}` });
  stacks.push(stack);
  return stack;
};
const inspect = (name: string) => docker.getContainer(name).inspect();

describe("a network, a volume and a container", () => {
  const NAME = `${RUN}-served`;
  const program = (options: string) => `
    const network = new docker.Network("network", { name: "${NAME}", labels,
      ipamConfigs: [{ subnet: "${SUBNET}", gateway: "${SUBNET.replace("0/24", "1")}" }] });
    const volume = new docker.Volume("volume", { name: "${NAME}", labels });
    const served = new docker.Container("served", {
      name: "${NAME}", image: image.imageId, labels, command: ["ready", "/data/ready"], readOnly: true,
      wait: true, waitTimeout: 20, restart: "unless-stopped", cpus: "0.5", init: true, destroyGraceSeconds: 2,
      healthcheck: { tests: ["CMD", "/probe", "check", "/data/ready"], interval: "300ms", timeout: "2s", retries: 20 },
      capabilities: { drops: ["ALL"] }, securityOpts: ["no-new-privileges:true"], tmpfs: { "/tmp": "size=1m" },
      mounts: [{ type: "volume", source: volume.name, target: "/data" }], envs: ["B=2", "A=1"],
      networksAdvanced: [{ name: network.id, ipv4Address: "${SUBNET.replace("0/24", "10")}", aliases: ["served"] }],
      ${options}
    });
    export const address = served.networkDatas[0].ipAddress;`;
  let stack: TestStack;

  beforeAll(async () => {
    stack = await stackOf("served", program("memory: 64, memorySwap: 64"));
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
  });

  test("are made as described, and the container is healthy when the update ends", async () => {
    const found = await inspect(NAME);
    expect(found.State.Health?.Status).toBe("healthy");
    expect(found.HostConfig).toMatchObject({
      Memory: 64 * 1024 * 1024,
      NanoCpus: 5e8,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      RestartPolicy: { Name: "unless-stopped" },
      Init: true,
    });
    expect(found.NetworkSettings.Networks[NAME]?.IPAddress).toBe(SUBNET.replace("0/24", "10"));
    expect(await stack.outputs()).toEqual({ address: SUBNET.replace("0/24", "10") });
  });

  test("have nothing to do a second time, nor after a refresh", async () => {
    expect(await stack.up("--expect-no-changes")).toMatchObject({ exitCode: 0 });
    expect(await stack.refresh("--expect-no-changes")).toMatchObject({ exitCode: 0 });
    stack.write(
      "index.ts",
      `${head}\n${program("memory: 64, memorySwap: 64").replace('["B=2", "A=1"]', '["A=1", "B=2"]')}`,
    );
    expect(await stack.up("--expect-no-changes")).toMatchObject({ exitCode: 0 });
  });

  test("more memory is given in place, another command replaces the container", async () => {
    const before = (await inspect(NAME)).Id;
    stack.write("index.ts", `${head}\n${program("memory: 96, memorySwap: 96")}`);
    expect((await stack.up()).text).toContain("~ 1 updated");
    expect(await inspect(NAME)).toMatchObject({ Id: before, HostConfig: { Memory: 96 * 1024 * 1024 } });
    stack.write("index.ts", `${head}\n${program("memory: 96, memorySwap: 96, stopTimeout: 3")}`);
    expect((await stack.up()).text).toContain("+-1 replaced");
    expect((await inspect(NAME)).Id).not.toBe(before);
  });

  test("what somebody stopped shows in a refresh and runs again after the next update", async () => {
    await docker.getContainer(NAME).stop({ t: 1 });
    expect((await stack.refresh()).text).toContain("~ 1 updated");
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    expect((await inspect(NAME)).State.Health?.Status).toBe("healthy");
  });

  test("what somebody removed is made again after a refresh", async () => {
    await docker.getContainer(NAME).remove({ force: true });
    expect((await stack.refresh()).text).toContain("- 1 deleted");
    expect((await stack.up()).text).toContain("+ 1 created");
  });

  test("are gone after destroy", async () => {
    expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
    await expect(inspect(NAME)).rejects.toMatchObject({ statusCode: 404 });
    await expect(docker.getNetwork(NAME).inspect()).rejects.toMatchObject({ statusCode: 404 });
    await expect(docker.getVolume(NAME).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("what the engine is asked in a form that it does not answer in", () => {
  const NAME = `${RUN}-forms`;
  const program = (cpus: string, startPeriod: string, more = "") => `
    new docker.Container("forms", { name: "${NAME}", image: image.imageId, labels, command: ["serve"], cpus: "${cpus}",
      healthcheck: { tests: ["CMD", "/probe"], interval: "1m0s", startPeriod: "${startPeriod}" },
      destroyGraceSeconds: 1, ${more} });`;
  let stack: TestStack;

  beforeAll(async () => {
    stack = await stackOf("forms", program("1.0", "1m0s"));
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
  });

  test.each([
    ["with forms that are read back, nothing", "1.0", "1m0s", "", 0],
    ["with CPUs in another form, a change", "1", "1m0s", "", 7],
    ["with a duration in another form, a change", "1.0", "60s", "", 7],
    ["with a limit that the engine adds another to, a change", "1.0", "1m0s", "memory: 64", 7],
  ])("%s: what every later update has to do, with a refresh and without", async (_, cpus, period, more, code) => {
    // Made anew: after an update in place the provider keeps what was planned, and reads nothing until a refresh.
    await stack.destroy();
    stack.write("index.ts", `${head}\n${program(cpus, period, more)}`);
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    for (const options of [[], ["--refresh"]]) {
      const { exitCode, text } = await stack.preview("--expect-no-changes", ...options);
      expect([exitCode === 0 ? 0 : 7, text]).toEqual([code, expect.anything()]);
    }
  });
});

test("a job's exit code and log are outputs, whether it succeeds or fails", async () => {
  const job = (code: number) => `
    const job = new docker.Container("job", { name: "${RUN}-job", image: image.imageId, labels,
      command: ["exit", "${code}"], attach: true, logs: true, mustRun: false });
    export const code = job.exitCode; export const log = job.containerLogs;`;
  const stack = await stackOf("job", job(0));
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await stack.outputs()).toEqual({ code: 0, log: "job says hello\n" });
  stack.write("index.ts", `${head}\n${job(7)}`);
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await stack.outputs()).toMatchObject({ code: 7 });
});

test("a container that ends before it is healthy fails early with its last words and leaves nothing behind", async () => {
  const stack = await stackOf(
    "dying",
    `new docker.Container("dying", { name: "${RUN}-dying", image: image.imageId, labels, command: ["exit", "5"],
       wait: true, waitTimeout: 120, healthcheck: { tests: ["CMD", "/probe", "check", "/none"], interval: "1s" } });`,
  );
  const started = Date.now();
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toContain("ended with exit code 5 before it was healthy");
  expect(text).toContain("job says hello");
  expect(Date.now() - started).toBeLessThan(60_000);
  await expect(inspect(`${RUN}-dying`)).rejects.toMatchObject({ statusCode: 404 });
});

test("a container that stays unhealthy fails with what its last check said", async () => {
  const stack = await stackOf(
    "sick",
    `new docker.Container("sick", { name: "${RUN}-sick", image: image.imageId, labels, command: ["serve"], wait: true,
       healthcheck: { tests: ["CMD", "/probe", "check", "/none"], interval: "200ms", timeout: "1s", retries: 2 } });`,
  );
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toContain("is unhealthy");
  expect(text).toContain("not ready yet");
});

describe("a name that is taken", () => {
  const NAME = `${RUN}-taken`;
  const program = `new docker.Container("taken", { name: "${NAME}", image: image.imageId, labels, command: ["serve"],
    destroyGraceSeconds: 1 });
    new docker.Network("taken", { name: "${NAME}", labels });`;
  const occupy = (owner: Record<string, string>) =>
    docker.createContainer({ name: NAME, Image: IMAGE, Cmd: ["serve"], Labels: owner });

  test("by a container of somebody else is an error that says what to do, and that container stays", async () => {
    const foreign = await occupy({ "ralex.stack": RUN, "ralex.deployment": "another" });
    const stack = await stackOf("taken-foreign", program);
    const { exitCode, text } = await stack.up();
    expect(exitCode).not.toBe(0);
    expect(text).toContain(`docker rm -f ${NAME}`);
    expect((await inspect(NAME)).Id).toBe(foreign.id);
    await foreign.remove({ force: true });
    await stack.destroy();
  });

  test("by what an interrupted update of this very stack left is taken over", async () => {
    const left = await occupy(LABELS);
    const network = await docker.createNetwork({ Name: NAME, Labels: LABELS });
    const stack = await stackOf("taken-own", program);
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    const found = await inspect(NAME);
    expect(found.Id).not.toBe(left.id);
    expect(found.State.Running).toBe(true);
    expect((await docker.listNetworks({ filters: JSON.stringify({ name: [NAME] }) })).map(({ Id }) => Id)).toEqual([
      network.id,
    ]);
  });
});

test("a port that is taken is named, with what to do", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  const stack = await stackOf(
    "port",
    `new docker.Container("port", { name: "${RUN}-port", image: image.imageId, labels, command: ["serve"],
       ports: [{ internal: 80, external: ${port}, ip: "127.0.0.1" }] });`,
  );
  const { exitCode, text } = await stack.up();
  server.close();
  expect(exitCode).not.toBe(0);
  expect(text).toContain(`port ${port} is taken`);
  expect(text).toContain("choose another port in the settings");
  await expect(inspect(`${RUN}-port`)).rejects.toMatchObject({ statusCode: 404 });
});

test.each([
  ["is not implemented", `uploads: [{ file: "/x", content: "y" }]`, "does not implement this input"],
  ["contradicts another", "attach: true", "set mustRun to false"],
])("an input that %s is refused before anything is made", async (_, input, message) => {
  const stack = await stackOf(
    "refused",
    `new docker.Container("a", { name: "${RUN}-a", image: image.imageId, ${input} });`,
  );
  const { exitCode, text } = await stack.preview();
  expect(exitCode).not.toBe(0);
  expect(text).toContain(message);
  expect(text).toContain(input.split(":")[0]);
});

test("without an engine the message says where it was looked for", async () => {
  const stack = await stackOf("absent", `new docker.Volume("v", { name: "${RUN}-v" });`);
  const env = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const { exitCode, text } = await stack.runWith(env, "up", "--yes", "--skip-preview");
  expect(exitCode).not.toBe(0);
  expect(text).toContain("the Docker Engine at unix:///nowhere/docker.sock (DOCKER_HOST) is not there");
});
