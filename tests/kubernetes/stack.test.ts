/**
 * A release on a real cluster, by the official provider: from dev on Docker to staging on Kubernetes, changed by hand,
 * replaced and rolled back under load, and through what goes wrong. The tests stand in the order of the story.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { askInBrowser, refuseStranger, signIn, useOfficialClient } from "../support/acceptance";
import { launchBrowser } from "../support/chromium";
import { ClusterEnvironments } from "../support/cluster-environments";
import type { LoadResult } from "../support/load";
import { CHECKOUT } from "../support/stack";

const MINUTE = 60_000;
const UNCHANGED = /Resources:\s+\d+ unchanged/;
const CHANGED = /\d+ (created|updated|replaced|deleted)/;

let all: ClusterEnvironments;
let first: string;
let second: string;

const deploy = () => all.must("kstaging", "deploy", "-s", "kstaging", "--yes");

/** When the checks of the deployment last passed. */
async function verifiedAt(): Promise<string> {
  const { stdout } = await all.must("kstaging", "output", "verification", "-s", "kstaging");
  return (JSON.parse(stdout) as { at: string }).at;
}

async function promote(): Promise<void> {
  await all.must("kdev", "promote", "build", "kdev", "--deploy", "--yes");
  await all.must("kstaging", "promote", "kdev", "kstaging", "--deploy", "--yes");
}

/** Digests that the nodes' runtime says the pods of a service run. */
async function digests(service: string): Promise<ReadonlySet<string>> {
  const selector = `app.kubernetes.io/name=${service}`;
  const jsonpath = "{range .items[*]}{.status.containerStatuses[*].imageID}{'\\n'}{end}";
  const said = await all.kubectl("get", "pods", "-l", selector, "-o", `jsonpath=${jsonpath}`);
  return new Set(said.match(/sha256:[0-9a-f]{64}/g));
}

function expectUnharmed({ requests, streams, failures }: LoadResult): void {
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(500);
  expect(streams).toBeGreaterThanOrEqual(16);
}

beforeAll(async () => {
  all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-kubernetes-")));
  all.startUpstream();
}, 5 * MINUTE);

afterAll(() => all.remove(), 5 * MINUTE);

describe("a release on a cluster", () => {
  test(
    "goes from dev on Docker to staging on Kubernetes, and the pods run the bytes that dev verified",
    async () => {
      first = await all.firstRelease();
      await promote();
      const { images } = all.pin("kdev");
      expect(all.pin("kstaging").images).toEqual(images);
      for (const [service, image] of Object.entries({
        ...{ api: "ralex-api", openwebui: "openwebui", postgres: "postgres", redis: "redis", edge: "nginx" },
        prometheus: "prometheus",
      })) {
        expect([service, await digests(service)]).toEqual([service, new Set([images[image]?.split("@")[1]])]);
      }
    },
    8 * MINUTE,
  );

  test("answers the official client over TLS as on Docker, which trusts the stack's own authority", async () => {
    const [baseURL, apiKey, ca] = await Promise.all(
      ["apiUrl", "apiKey", "caCertificate"].map((one) => all.output(one)),
    );
    await useOfficialClient({ baseURL: baseURL ?? "", apiKey: apiKey ?? "", ca: ca ?? "" });
  }, 60_000);

  test(
    "is deployed again without a change, by the command and by a bare pulumi up",
    async () => {
      const { stderr } = await deploy();
      expect(stderr).toMatch(UNCHANGED);
      expect(stderr).not.toMatch(CHANGED);
      const { exitCode, all: said } = await all.byHand("preview", "--expect-no-changes");
      expect([exitCode, said]).toEqual([0, expect.stringContaining("unchanged")]);
    },
    2 * MINUTE,
  );

  test("is shown by status, verified again, and told in its logs", async () => {
    const { stdout } = await all.must("kstaging", "status", "-s", "kstaging", "--json");
    const instances = JSON.parse(stdout) as { service: string; health: string }[];
    expect(instances.filter(({ service }) => service === "api").map(({ health }) => health)).toEqual([
      "healthy",
      "healthy",
    ]);
    const verified = await all.must("kstaging", "verify", "-s", "kstaging", "--json");
    expect(JSON.parse(verified.stdout)).toMatchObject({ passed: true });
    const { stdout: log } = await all.must("kstaging", "logs", "api", "-s", "kstaging", "-n", "50");
    expect(log).toContain("/v1/chat/completions");
  }, 60_000);

  test("keeps secrets out of what lists and describes pods, and gives no pod a token", async () => {
    const [apiKey, pods] = await Promise.all([all.output("apiKey"), all.kubectl("get", "pods", "-o", "yaml")]);
    const password = await all.output("adminPassword");
    expect(pods.length).toBeGreaterThan(1000);
    for (const secret of [apiKey, password]) expect(pods).not.toContain(secret);
    expect(pods).not.toContain("serviceAccountToken");
    const environments = await all.kubectl("exec", "deploy/api", "--", "python3.11", "-c", ENVIRONMENTS);
    expect(environments).toContain("RALEX_API_KEYS_FILE");
    for (const secret of [apiKey, password]) expect(environments).not.toContain(secret);
  }, 60_000);

  test("is in a namespace where the API server refuses a pod that is not confined", async () => {
    const refused = all.kubectl("run", "loose", "--image=none", "--privileged");
    await expect(refused).rejects.toThrow(/violates PodSecurity "restricted/);
  });

  test(
    "refuses a stranger in the browser, signs the administrator in, and answers, by the same steps as on Docker",
    async () => {
      const [webUrl, password] = await Promise.all([all.output("webUrl"), all.output("adminPassword")]);
      const browser = await launchBrowser();
      try {
        const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } });
        const page = await context.newPage();
        page.setDefaultTimeout(30_000);
        await refuseStranger(page, webUrl);
        await signIn(page, password);
        await askInBrowser(page, webUrl, "hello from a cluster");
        const artefacts = path.join(CHECKOUT, ".ralex", "artefacts");
        fs.mkdirSync(artefacts, { recursive: true });
        await page.screenshot({ path: path.join(artefacts, "cluster-answer.png") });
      } finally {
        await browser.close();
      }
    },
    2 * MINUTE,
  );
});

/** Prints the environment of every process of the container. */
const ENVIRONMENTS = "import glob; print([open(f, 'rb').read() for f in glob.glob('/proc/[0-9]*/environ')])";

describe("what was changed by hand", () => {
  test(
    "is told by drift, and put right by the next deployment",
    async () => {
      await all.kubectl("scale", "deployment/openwebui", "--replicas=0");
      await all.kubectl("delete", "service", "redis");
      const { exitCode, stdout } = await all.ralex("kstaging", ["drift", "-s", "kstaging"]);
      expect(exitCode).toBe(3);
      expect(stdout).toMatch(/ralex-openwebui-deployment[\s\S]*replicas/);
      expect(stdout).toContain("ralex-redis-name-redis");
      await deploy();
      expect((await all.ralex("kstaging", ["drift", "-s", "kstaging"])).exitCode).toBe(0);
      expect(await all.chat("after the repair")).toMatchObject({ status: 200 });
    },
    5 * MINUTE,
  );
});

describe("a second release", () => {
  test(
    "replaces the first one under load, and no request or stream fails",
    async () => {
      const file = path.join(all.folder, "images/ralex-api/ralex_bridge/__init__.py");
      fs.appendFileSync(file, "# the second release\n");
      await all.commit("the second release");
      second = await all.build();
      await all.must("kdev", "promote", "build", "kdev", "--deploy", "--yes");
      expectUnharmed(
        await all.underLoad(() => all.must("kstaging", "promote", "kdev", "kstaging", "--deploy", "--yes")),
      );
      expect(all.pin("kstaging").id).toBe(second);
      expect(await digests("api")).toEqual(new Set([all.pin("kdev").images["ralex-api"]?.split("@")[1]]));
    },
    8 * MINUTE,
  );

  test(
    "is rolled back under load, and no request or stream fails",
    async () => {
      expectUnharmed(await all.underLoad(() => all.must("kstaging", "rollback", "-s", "kstaging", "--yes")));
      expect(all.pin("kstaging").id).toBe(first);
      const { stdout } = await all.must("kstaging", "verify", "-s", "kstaging", "--json");
      expect(JSON.parse(stdout)).toMatchObject({ passed: true });
    },
    5 * MINUTE,
  );
});

describe("what goes wrong", () => {
  test("a cluster that cannot be reached is named before anything is changed", async () => {
    const kubeconfig = path.join(all.folder, ".ralex/unreachable");
    const text = await all.kubectl("config", "view", "--raw");
    fs.writeFileSync(kubeconfig, text.replace(/server: .*/, "server: https://127.0.0.1:9"), { mode: 0o600 });
    const { exitCode, stderr } = await all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"], {
      KUBECONFIG: kubeconfig,
    });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("https://127.0.0.1:9) cannot be asked")]);
    expect(stderr).toContain("nothing of kstaging was changed");
  }, 60_000);

  test("a context that is not there is refused with those that are", async () => {
    all.configure({ kubeContext: "elsewhere" });
    const { exitCode, stderr } = await all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"]);
    all.configure();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("has no context elsewhere; it has ralex")]);
  }, 60_000);

  test("somebody without rights is told so before anything is changed", async () => {
    const kubeconfig = path.join(all.folder, ".ralex/powerless");
    const config = yaml.parse(await all.kubectl("config", "view", "--raw")) as { users: { user: object }[] };
    await all.kubectl("create", "serviceaccount", "powerless");
    const token = (await all.kubectl("create", "token", "powerless")).trim();
    for (const user of config.users) user.user = { token };
    fs.writeFileSync(kubeconfig, yaml.stringify(config), { mode: 0o600 });
    const { exitCode, stderr } = await all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"], {
      KUBECONFIG: kubeconfig,
    });
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be asked: namespaces "kube-system" is forbidden/),
    ]);
    expect(stderr).toContain("nothing of kstaging was changed");
    await all.kubectl("delete", "serviceaccount", "powerless");
  }, 60_000);

  test(
    "an image that is not in the registry fails the update within its bound, with the reason; the next one goes on",
    async () => {
      const before = await verifiedAt();
      all.configure({ imageMirror: "127.0.0.1:5055/gone", waitSeconds: 20 });
      const started = Date.now();
      const failed = await all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"]);
      expect(failed.exitCode).toBe(1);
      expect(Date.now() - started).toBeLessThan(2 * MINUTE);
      expect(failed.stderr).toMatch(/pod [a-z0-9-]+ is starting \((ErrImagePull|ImagePullBackOff)\)/);
      expect(failed.stderr).toMatch(/Failed: Failed to pull image "127\.0\.0\.1:5055\/gone\//);
      all.configure();
      await deploy();
      // The same release and settings as before, and pods that nobody has asked yet.
      expect(Date.parse(await verifiedAt())).toBeGreaterThan(Date.parse(before));
      expect(await all.chat("after the image was found")).toMatchObject({ status: 200 });
    },
    6 * MINUTE,
  );

  test(
    "the Postgres pod is deleted, and its data is there afterwards",
    async () => {
      const sql = (statement: string) =>
        all.kubectl(
          ...["exec", "postgres-0", "--", "psql", "-XAtq", "-h", "/var/run/postgresql", "-U", "postgres"],
          ...["-d", "ralex", "-c", statement],
        );
      await sql("CREATE TABLE kept (value text); INSERT INTO kept VALUES ('here')");
      await all.kubectl("delete", "pod", "postgres-0");
      await all.kubectl("wait", "--for=condition=Ready", "pod/postgres-0", "--timeout=120s");
      expect(await sql("SELECT value FROM kept")).toContain("here");
      await sql("DROP TABLE kept");
      const { stdout } = await all.must("kstaging", "verify", "-s", "kstaging", "--json");
      expect(JSON.parse(stdout)).toMatchObject({ passed: true });
    },
    3 * MINUTE,
  );

  test(
    "an update that is killed in the middle is gone on with by the next one",
    async () => {
      all.configure({ apiLogLevel: "warning", webMaxUploadMib: 65 });
      const running = all.spawn("kstaging", "deploy", "-s", "kstaging", "--yes");
      await all.kubectl("rollout", "status", "deployment/openwebui", "--timeout=60s").catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 8000));
      process.kill(-(running.pid ?? 0), "SIGKILL");
      await running.catch(() => undefined);
      await deploy();
      expect(await all.chat("after the kill")).toMatchObject({ status: 200 });
      const { stderr } = await deploy();
      expect(stderr).not.toMatch(CHANGED);
    },
    6 * MINUTE,
  );
});
