/**
 * What goes wrong on a cluster and is not tried in every run: each ends within its bound with the cause and the remedy in
 * words, and the next deployment converges.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { kubectl } from "../../toolchain/cluster";
import { ClusterEnvironments } from "../support/cluster-environments";
import type { CommandResult } from "../support/stack";

const MINUTE = 60_000;
/** How long a rollout may take here, in seconds; what fails is told some seconds later. */
const BOUND_SECONDS = 20;

let all: ClusterEnvironments;

const deploy = () => all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"]);

/** A deployment that has to fail within two minutes. */
async function failing(settings: Readonly<Record<string, unknown>> = {}): Promise<CommandResult> {
  all.configure({ waitSeconds: BOUND_SECONDS, ...settings });
  const started = Date.now();
  const failed = await deploy();
  expect([failed.exitCode, failed.stderr]).toEqual([1, expect.any(String)]);
  expect(Date.now() - started).toBeLessThan(2 * MINUTE);
  return failed;
}

/** Releases the bridge with this at its end, which has to fail while the release before serves on; then rolls back. */
async function failingRelease(end: string, said: (stderr: string) => void): Promise<void> {
  const file = path.join(all.folder, "images/ralex-api/ralex_bridge/__init__.py");
  const before = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, `${before}${end}`);
  await all.commit("a release that is no good");
  const bad = await all.build();
  fs.writeFileSync(file, before);
  await all.commit("the bridge as it was");
  // Without an environment before it, which would have stopped it.
  all.configure({ waitSeconds: BOUND_SECONDS, promotesFrom: undefined });
  const { exitCode, stderr } = await all.ralex("kstaging", [
    ...["promote", "build", "kstaging", "--release", bad, "--deploy", "--yes"],
  ]);
  expect([exitCode, stderr]).toEqual([1, expect.any(String)]);
  said(stderr);
  expect(await all.chat("beside the release that is no good")).toMatchObject({ status: 200 });
  all.configure();
  await all.must("kstaging", "rollback", "-s", "kstaging", "--yes");
  await expectConverging();
}

/** The next deployment puts everything right. */
async function expectConverging(): Promise<void> {
  all.configure();
  await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
  expect(await all.chat("after the fault")).toMatchObject({ status: 200 });
  const { stderr } = await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
  expect(stderr).toMatch(/Resources:\s+\d+ unchanged/);
}

async function apply(object: object): Promise<void> {
  const file = path.join(all.folder, ".ralex/object.yaml");
  fs.writeFileSync(file, yaml.stringify(object));
  await all.kubectl("apply", "-f", file);
}

beforeAll(async () => {
  all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-faults-")));
  all.startUpstream();
  const release = await all.firstRelease();
  await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
  await all.must("kstaging", "promote", "kdev", "kstaging", "--deploy", "--yes");
}, 10 * MINUTE);

afterAll(() => all.remove(), 5 * MINUTE);

describe("a cluster that does not let something run", () => {
  test(
    "a quota that is used up is named, and nothing of what runs is lost",
    async () => {
      const metadata = { name: "tight", namespace: "ralex-kstaging" };
      await apply({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard: { pods: "10" } } });
      const { stderr } = await failing({ apiReplicas: 4 });
      expect(stderr).toMatch(/exceeded quota: tight/);
      expect(await all.chat("with the quota used up")).toMatchObject({ status: 200 });
      await all.kubectl("delete", "resourcequota", "tight");
      await expectConverging();
    },
    8 * MINUTE,
  );

  test(
    "a webhook that refuses is named with what it said, and nothing of what runs is lost",
    async () => {
      await apply(REFUSING);
      const { stderr } = await failing({ apiLogLevel: "warning" });
      expect(stderr).toMatch(/failed calling webhook "refuse\.ralex\.test"/);
      expect(await all.chat("with a webhook that refuses")).toMatchObject({ status: 200 });
      await all.kubectl("delete", "validatingwebhookconfiguration", "refuse.ralex.test");
      await expectConverging();
    },
    8 * MINUTE,
  );

  test("a StorageClass that the cluster does not have is named with those that it has, before anything is changed", async () => {
    all.configure({ storageClass: "nowhere" });
    const { exitCode, stderr } = await deploy();
    all.configure();
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining("the cluster has no StorageClass nowhere; it has "),
    ]);
    expect(stderr).toContain("nothing of kstaging was changed");
  }, 60_000);

  test(
    "a release that needs more memory than its limit is told so, with the limit and the setting; the one before it serves on",
    async () => {
      await failingRelease(
        "import os, sys\nif os.getpid() == 1 and 'migrate' not in sys.argv: _ = b'x' * 2**31\n",
        (stderr) => {
          expect(stderr).toContain("api needed more memory than its limit of 256Mi: set ralex:size to a larger one");
        },
      );
    },
    8 * MINUTE,
  );

  test(
    "a release that never becomes ready ends the update within its bound, with the end of its log; the one before it serves on",
    async () => {
      await failingRelease("raise SystemExit('this release is no good')\n", (stderr) => {
        expect(stderr).toContain("this release is no good");
      });
    },
    8 * MINUTE,
  );
});

/** Asks Postgres as its superuser, in its own container. */
const sql = (statement: string) =>
  all.kubectl(
    ...["exec", "postgres-0", "--", "psql", "-XAtq", "-h", "/var/run/postgresql", "-U", "postgres"],
    ...["-d", "postgres", "-c", statement],
  );

test(
  "a job that has failed is told with the end of its log, and run again by the next deployment",
  async () => {
    await sql("ALTER ROLE ralex NOLOGIN");
    // The job that would let the role in again has nothing to do; the one of the migrations has another image.
    fs.appendFileSync(path.join(all.folder, "images/ralex-api/ralex_bridge/__init__.py"), "# another release\n");
    await all.commit("another release");
    const release = await all.build();
    await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
    all.configure({ waitSeconds: BOUND_SECONDS });
    const args = ["promote", "kdev", "kstaging", "--release", release, "--deploy", "--yes"];
    const { exitCode, stderr } = await all.ralex("kstaging", args);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/pod migrations-\S+ is failed/)]);
    expect(await all.chat("beside a job that has failed")).toMatchObject({ status: 200 });
    await sql("ALTER ROLE ralex LOGIN");
    await expectConverging();
    expect(all.pin("kstaging").id).toBe(release);
  },
  8 * MINUTE,
);

describe("pods and objects that go away", () => {
  test(
    "the Redis pod is deleted, and chats are answered meanwhile and afterwards",
    async () => {
      const { requests, failures } = await all.underLoad(async () => {
        await all.kubectl("delete", "pod", "redis-0");
        await all.kubectl("wait", "--for=condition=Ready", "pod/redis-0", "--timeout=120s");
      });
      expect(failures).toEqual([]);
      expect(requests).toBeGreaterThan(100);
      await all.must("kstaging", "verify", "-s", "kstaging", "--json");
    },
    3 * MINUTE,
  );

  test(
    "one of the API's pods is deleted under load, and no request fails",
    async () => {
      const { failures } = await all.underLoad(async () => {
        const [pod = ""] = (await all.kubectl("get", "pods", "-l", API, "-o", "name")).split("\n");
        await all.kubectl("delete", pod);
        await all.kubectl("rollout", "status", "deployment/api", "--timeout=60s");
      });
      expect(failures).toEqual([]);
    },
    3 * MINUTE,
  );

  test(
    "the namespace is deleted, and the next deployment says what is lost with it and makes everything anew",
    async () => {
      await all.kubectl("delete", "namespace", "ralex-kstaging");
      const { stderr } = await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
      expect(stderr).toMatch(/the PersistentVolumeClaim postgres is gone, and its data with it/);
      expect(await all.chat("in a new namespace")).toMatchObject({ status: 200 });
    },
    8 * MINUTE,
  );

  test(
    "a claim that nobody makes a volume for is named with who should, and can be made anew with another class",
    async () => {
      await apply(NOBODY);
      await all.kubectl("delete", "namespace", "ralex-kstaging");
      const { stderr } = await failing({ storageClass: NOBODY.metadata.name });
      expect(stderr).toMatch(
        /the PersistentVolumeClaim postgres has no volume yet \(StorageClass nobody\): \w+: .*nobody\.ralex\.test/,
      );
      const claims = (await all.kubectl("get", "pvc", "-o", "name")).trim().split("\n");
      await all.kubectl("delete", ...claims);
      await expectConverging();
      await kubectl(["delete", "storageclass", NOBODY.metadata.name]);
    },
    10 * MINUTE,
  );
});

const API = "app.kubernetes.io/name=api";

/** A class of volumes that nobody makes. */
const NOBODY = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "nobody" },
  provisioner: "nobody.ralex.test",
  volumeBindingMode: "Immediate",
};

/** Asks a service that is not there about every Deployment of the stack, and takes no answer for a no. */
const REFUSING = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "refuse.ralex.test" },
  webhooks: [
    {
      name: "refuse.ralex.test",
      rules: [
        { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["deployments"] },
      ],
      namespaceSelector: { matchLabels: { "app.kubernetes.io/instance": "kstaging" } },
      clientConfig: { service: { namespace: "default", name: "nobody", path: "/" } },
      admissionReviewVersions: ["v1"],
      sideEffects: "None",
      failurePolicy: "Fail",
      timeoutSeconds: 2,
    },
  ],
};
