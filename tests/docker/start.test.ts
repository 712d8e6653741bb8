/** What a person gets from one command, on a real engine: the stack, its API, its monitoring, its logs. */
import * as fs from "node:fs";
import * as https from "node:https";
import * as path from "node:path";
import execa from "execa";
import { useOfficialClient } from "../support/acceptance";
import { operatorFetch, poll } from "../support/http";
import { PORTS, STACK, testStack } from "../support/stack";

const stack = testStack();
const API = `http://127.0.0.1:${PORTS.api}`;

let apiKey: string;
let operator: string;

beforeAll(async () => {
  await stack.ready();
  apiKey = await stack.output("apiKey");
  operator = await stack.output("operatorPassword");
}, 900_000);

const ask = (content: string) => ({ model: "echo", messages: [{ role: "user" as const, content }] });

describe("npm start", () => {
  test("started again changes nothing, whatever proxies the user has, and leaves the checkout clean", async () => {
    const nowhere = "http://127.0.0.1:9";
    const { stderr } = await stack.start({
      http_proxy: nowhere,
      HTTPS_PROXY: nowhere,
      grpc_proxy: nowhere,
      no_proxy: "",
    });
    expect(stderr).toMatch(/Resources:\s+\d+ unchanged/);
    expect(stderr).not.toMatch(/\d+ (created|updated|replaced|deleted|changed)/);
    const { stdout } = await execa("git", ["status", "--porcelain"], { cwd: stack.folder });
    expect(stdout).toBe("");
  }, 120_000);

  test("leaves every container running and healthy, and the jobs done", async () => {
    const { stdout, exitCode } = await stack.ralex(["status", "--json", "-s", STACK]);
    const containers = JSON.parse(stdout) as { name: string; state: string; health: string }[];
    expect(exitCode).toBe(0);
    expect(containers).toHaveLength(15);
    for (const { name, health, state } of containers) {
      const expected = /-(databases|migrations)$/.test(name) ? ["exited (0)", "done"] : ["running", expect.any(String)];
      expect([state, health]).toEqual(expected);
      expect(health).not.toMatch(/unhealthy|starting/);
    }
  });

  test("answers the official client's list, chat and stream on the plain port, and refuses a wrong key in its terms", async () => {
    await useOfficialClient({ baseURL: `${API}/v1`, apiKey });
  });

  test("serves TLS with a certificate of the stack's own authority, for the API and the browser", async () => {
    const ca = await stack.output("caCertificate");
    const get = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: `Bearer ${apiKey}` };
        https
          .get({ host: "localhost", port: PORTS.tls, path, ca, headers }, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
          .on("error", reject);
      });
    expect(await get("/v1/models")).toBe(200);
    expect(await get("/health")).toBe(200);
    // Who does not know the authority refuses its certificate, not the connection.
    await expect(fetch(`https://localhost:${PORTS.tls}/v1/models`)).rejects.toMatchObject({
      cause: { code: "SELF_SIGNED_CERT_IN_CHAIN" },
    });
  });

  test("shows no port of a container in a redirect, and takes a head of 9 KB", async () => {
    const headers = { authorization: `Bearer ${apiKey}`, cookie: `large=${"x".repeat(9_000)}` };
    for (const url of [`${API}/v1`, `http://localhost:${PORTS.tls}/v1`, `http://127.0.0.1:${PORTS.web}/`]) {
      const response = await fetch(url, { headers, redirect: "manual" });
      expect([url, response.headers.get("location") ?? ""]).toEqual([
        url,
        expect.not.stringMatching(/:(3000|8000|8443)/),
      ]);
    }
    for (const url of [`${API}/v1/models`, `http://127.0.0.1:${PORTS.web}/`]) {
      expect([url, (await fetch(url, { headers })).status]).toEqual([url, 200]);
    }
  });

  test("opens Open WebUI's websocket from every address that the certificate names, and from no other page", async () => {
    const ca = await stack.output("caCertificate");
    const upgrade = (host: string, origin: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = {
          ...{ connection: "Upgrade", upgrade: "websocket", origin },
          ...{ "sec-websocket-version": "13", "sec-websocket-key": Buffer.alloc(16).toString("base64") },
        };
        const path = "/ws/socket.io/?EIO=4&transport=websocket";
        https
          .get({ host, port: PORTS.tls, path, ca, headers }, (response) => resolve(response.resume().statusCode))
          .on("upgrade", (response, socket) => {
            socket.destroy();
            resolve(response.statusCode);
          })
          .on("error", reject);
      });
    for (const host of ["localhost", "127.0.0.1"]) {
      expect([host, await upgrade(host, `https://${host}:${PORTS.tls}`)]).toEqual([host, 101]);
    }
    expect(await upgrade("localhost", "https://elsewhere.example")).not.toBe(101);
  });

  test("gives nginx and Prometheus texts that they themselves find valid", async () => {
    const check = ["exec", stack.container("edge"), "nginx", "-t", "-c", "/etc/ralex/nginx.conf"];
    const { exitCode, all } = await execa("docker", check, { reject: false, all: true });
    expect([exitCode, all]).toEqual([0, expect.stringContaining("test is successful")]);
    // Rules are part of what it has read; it does not start with wrong ones, and goes on with the old after a reload.
    const url = `http://127.0.0.1:${PORTS.prometheus}`;
    const metrics = await (await operatorFetch(`${url}/metrics`, operator)).text();
    expect(metrics).toMatch(/^prometheus_config_last_reload_successful 1$/m);
    const rules = await (await operatorFetch(`${url}/api/v1/rules`, operator)).text();
    expect(rules).toContain('"name":"TargetDown"');
  });

  test("shows every target up in Prometheus, and only with the operator's password", async () => {
    const url = `http://127.0.0.1:${PORTS.prometheus}/api/v1/targets?state=active`;
    expect((await fetch(url)).status).toBe(401);
    const targets = await poll("every target up", 60_000, async () => {
      const body = (await (await operatorFetch(url, operator)).json()) as {
        data: { activeTargets: { labels: { job: string }; health: string; lastError: string }[] };
      };
      const active = body.data.activeTargets;
      return active.length > 0 && active.every(({ health }) => health === "up") ? active : undefined;
    });
    expect(new Set(targets.map(({ labels }) => labels.job))).toEqual(
      new Set([
        ...["api", "prometheus", "alertmanager", "victorialogs"],
        ...["node-exporter", "postgres-exporter", "redis-exporter", "nginx-exporter"],
      ]),
    );
  }, 90_000);

  test("finds a request in the logs by its id", async () => {
    const id = `test-${Date.now()}`;
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", "x-request-id": id };
    const response = await fetch(`${API}/v1/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify(ask("find me")),
    });
    expect(response.headers.get("x-request-id")).toBe(id);
    const found = await poll("the request in the log search", 30_000, async () => {
      const query = new URLSearchParams({ query: `"${id}"` });
      const url = `http://127.0.0.1:${PORTS.logs}/select/logsql/query?${query}`;
      const lines = (await (await operatorFetch(url, operator)).text()).split("\n").filter((line) => line !== "");
      const apps = new Set(lines.map((line) => (JSON.parse(line) as { app_name?: string }).app_name));
      return apps.has("api") && apps.has("edge") ? lines : undefined;
    });
    expect(found.length).toBeGreaterThanOrEqual(2);
  }, 60_000);

  test("prints one output alone for scripts, and masks secrets among all of them", async () => {
    expect(apiKey).toMatch(/^[A-Za-z0-9]{40}$/);
    const { stdout } = await stack.ralex(["output", "-s", STACK]);
    expect(stdout).not.toContain(apiKey);
    expect((JSON.parse(stdout) as Record<string, unknown>).apiKey).toBe("[secret]");
  });

  test("makes no setting an input of the checkout's provider: one that changes would restart it in an update", () => {
    const file = path.join(stack.folder, `.ralex/state/.pulumi/stacks/ralex/${STACK}.json`);
    const { checkpoint } = JSON.parse(fs.readFileSync(file, "utf8")) as {
      checkpoint: { latest: { resources: { type: string; inputs?: object }[] } };
    };
    const providers = checkpoint.latest.resources.filter(({ type }) => type === "pulumi:providers:ralex");
    expect(providers.map(({ inputs = {} }) => Object.keys(inputs).filter((key) => key !== "__internal"))).toEqual([[]]);
  });

  test("keeps its state and passphrase to the user", () => {
    expect(fs.statSync(`${stack.folder}/.ralex/passphrase`).mode & 0o077).toBe(0);
    expect(fs.statSync(`${stack.folder}/.ralex/state`).mode & 0o077).toBe(0);
  });
});
