/** What was changed by hand on a running stack: shown, told and put right, and nothing of the state written meanwhile. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { connectEngine } from "../../components/docker/engine/client";
import { testStack } from "../support/stack";

const stack = testStack();
const docker = connectEngine();
const container = (service: string) => docker.getContainer(stack.container(service));

interface Row {
  readonly subject: string;
  readonly property: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Every file of the backend, with a digest of its bytes. */
function stateFiles(): Readonly<Record<string, string>> {
  const folder = path.join(stack.folder, ".ralex/state");
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => path.join(parentPath, name))
      .sort()
      .map((file) => [file, crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex")]),
  );
}

const drift = (...options: readonly string[]) => stack.ralex(["drift", "-s", stack.name, ...options]);

beforeAll(() => stack.ready(), 900_000);

describe("drift", () => {
  const file = path.join(stack.folder, `Pulumi.${stack.name}.yaml`);
  const committed = fs.readFileSync(file, "utf8");
  const received: { path: string | undefined; body: string }[] = [];
  let server: http.Server;
  let before: Readonly<Record<string, string>>;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += String(part)));
      request.on("end", () => {
        received.push({ path: request.url, body });
        response.writeHead(request.url === "/api/v2/alerts" ? 200 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    before = stateFiles();
  });

  afterAll(async () => {
    fs.writeFileSync(file, committed);
    await new Promise((resolve) => server.close(resolve));
  });

  const receiver = (at: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${at}`;

  test("by hand is exit code 3, with what was expected and what is; Alertmanager is told, and no state is written", async () => {
    const another = (await container("alertmanager").inspect()).Image;
    await container("redis").update({ Memory: 300 * 2 ** 20, MemorySwap: 300 * 2 ** 20 });
    await container("redis-exporter").remove({ force: true });
    // In the place of the stack's own, from another image.
    await container("nginx-exporter").remove({ force: true });
    const made = await docker.createContainer({ name: container("nginx-exporter").id, Image: another });
    await made.start();
    fs.writeFileSync(file, `${committed}  ralex:apiLogLevel: debug\n`);

    const { exitCode, stdout } = await drift("--json", "--alert", receiver("/api/v2/alerts"));
    expect(exitCode).toBe(3);
    const { differences } = JSON.parse(stdout) as { differences: readonly Row[] };
    const rows = differences.map(({ subject, property, expected, actual }) => [subject, property, expected, actual]);
    expect(rows).toHaveLength(6);
    for (const row of [
      ["ralex-redis-0 (Container)", "memory", 256, 300],
      ["ralex-redis-0 (Container)", "memorySwap", 256, 300],
      ["ralex-redis-exporter-0 (Container)", "", "exists", "gone"],
      ["ralex-nginx-exporter-0 (Container)", "", "exists", "gone"],
      [stack.container("nginx-exporter"), "image", expect.stringContaining("nginx"), expect.stringContaining("alertm")],
      [`Pulumi.${stack.name}.yaml`, "apiLogLevel", "debug", "info"],
    ]) {
      expect(rows).toContainEqual(row);
    }
    expect(received.map((one) => one.path)).toEqual(["/api/v2/alerts"]);
    const [alert] = JSON.parse(received[0]?.body ?? "[]") as { labels: object; annotations: { description: string } }[];
    expect(alert?.labels).toEqual({ alertname: "RalexDrift", severity: "warning", stack: stack.name });
    expect(alert?.annotations.description).toContain("ralex-redis-0 (Container) memory: expected 256, is 300");
    expect(stdout + JSON.stringify(received)).not.toContain(await stack.output("apiKey"));
    expect(stateFiles()).toEqual(before);
  }, 180_000);

  test("stays exit code 3 when nobody can be told, and is a table for people", async () => {
    const { exitCode, stdout, stderr } = await drift("--alert", receiver("/services/hook"));
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/│ ralex-redis-0 \(Container\)\s+│ memory\s+│ 256\s+│ 300\s+│/);
    expect(stderr).toMatch(/the drift was not told to 127\.0\.0\.1:\d+: it answered with status 500/);
    expect(stderr).not.toContain("/services/hook");
    expect(JSON.parse(received.at(-1)?.body ?? "{}")).toEqual({
      text: expect.stringContaining("has drifted") as string,
    });
    expect(stateFiles()).toEqual(before);
  }, 180_000);

  test("is put right by a start, which looks at everything when something is gone; then nobody is told", async () => {
    fs.writeFileSync(file, committed);
    await container("nginx-exporter").remove({ force: true });
    const { stderr } = await stack.start();
    expect(stderr).toContain("is gone or stopped: every resource is looked at first");
    const { HostConfig } = await container("redis").inspect();
    expect(HostConfig.Memory).toBe(256 * 2 ** 20);
    const told = received.length;
    const { exitCode, stdout } = await drift("--alert", receiver("/api/v2/alerts"));
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("is as it was deployed")]);
    expect(received).toHaveLength(told);
  }, 300_000);
});
