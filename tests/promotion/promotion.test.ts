/**
 * One commit through build, dev, staging, prod and back, on real engines: Pulumi, BuildKit, a registry and Docker. The
 * tests stand in the order of the story, and each goes on from the one before.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { prepareMachine } from "../../cli/machine";
import { connectEngine } from "../../components/docker/engine/client";
import { chosenLock } from "../../components/image/lock";
import { PLATFORMS } from "../../components/image/platforms";
import { Environments, type Environment } from "../support/environments";
import { Load } from "../support/load";
import { killTree, signalAll, treeOf } from "../support/process-tree";
import { addRecordingTarget } from "../support/recording-target/install";
import { emptyRegistry, relabelled, type Engine } from "../support/release";

const ENVIRONMENTS = ["pdev", "pstaging", "pprod"] as const;
const MINUTE = 60_000;
/** How long a replica may take to become ready where it never will, in seconds. */
const WAIT_SECONDS = 30;
const docker = connectEngine();

let all: Environments;
let first: string;
let second: string;
/** Built, and never verified anywhere. */
let faulty: string;

interface Ledger {
  readonly id: string;
  readonly images: Readonly<Record<string, { readonly ref: string }>>;
  readonly ran: readonly string[];
  readonly actor: string;
  readonly checks: readonly { readonly name: string }[];
}

const ledger = async (name: Environment): Promise<readonly Ledger[]> => {
  const { stdout } = await all.must(name, "rollback", "-s", name, "--list", "--json");
  return JSON.parse(stdout) as Ledger[];
};

/** Builds the commit that the copy is at; returns the release's id. */
async function build(evidence: "with evidence" | "without evidence"): Promise<string> {
  const without = evidence === "without evidence" ? ["--no-evidence"] : [];
  const { stdout } = await all.must("build", "build", "--json", ...without);
  return (JSON.parse(stdout) as { id: string }).id;
}

/** Commits the key that this checkout's evidence is sealed by; before, nothing goes on with that evidence. */
async function trustOwnKey(): Promise<void> {
  const untrusted = await all.ralex("pstaging", "promote", "pdev", "pstaging");
  expect([untrusted.exitCode, untrusted.stderr]).toEqual([
    2,
    expect.stringContaining("run ./ralex trust and commit keys/"),
  ]);
  expect(all.pin("pstaging")).toBeUndefined();
  expect((await all.must("build", "trust")).stdout).toMatch(
    /it is trusted once that is committed:\n {2}git add keys\//,
  );
  await all.commit("the key that evidence is sealed by");
}

const chat = async (name: Environment, content = "are you there"): Promise<Response> =>
  fetch(`http://127.0.0.1:${all.port(name)}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${await all.apiKey(name)}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "echo", messages: [{ role: "user", content }] }),
  });

/** Removes an image from the registry, as a cleaner does. */
async function deleteManifest(ref: string): Promise<void> {
  const [repository = "", digest = ""] = ref.split("@");
  const [host = "", ...folders] = repository.split("/");
  const url = `http://${host}/v2/${folders.join("/")}/manifests/${digest}`;
  expect((await fetch(url, { method: "DELETE" })).status).toBe(202);
}

/** Does something while 100 requests a second and eight streams at any time go to an environment. */
async function underLoad<T>(name: Environment, work: () => Promise<T>): Promise<T> {
  await all.startUpstream(name);
  const load = new Load({
    url: `http://127.0.0.1:${all.port(name)}`,
    apiKey: await all.apiKey(name),
    perSecond: 100,
    streams: 8,
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  let result: T;
  try {
    result = await work();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  } finally {
    const { requests, streams, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(500);
    expect(streams).toBeGreaterThanOrEqual(16);
  }
  return result;
}

/** The lock of the tests' own, as a user would name one: third-party images move between releases too. */
const lockFolder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-lock-"));
const lockFile = path.join(lockFolder, "images.lock.json");
type Lock = Record<string, { repository: string; digest: string }>;

/** Puts another Redis into the lock: the same layers, and another digest. Returns its reference. */
async function nextRedis(label: string): Promise<string> {
  const lock = JSON.parse(fs.readFileSync(lockFile, "utf8")) as Lock;
  const entry = lock.redis;
  if (entry === undefined) throw new Error("the lock has no Redis");
  const next = await relabelled(`${entry.repository}@${entry.digest}`, label);
  entry.digest = next.split("@")[1] ?? "";
  fs.writeFileSync(lockFile, JSON.stringify(lock));
  return next;
}

/** Of the tests' own, so that it can be stopped and lose things. */
const REGISTRY_PORT = 5058;
const registryFolder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-registry-"));
let registry: Engine;

beforeAll(async () => {
  registry = await emptyRegistry(registryFolder, REGISTRY_PORT);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-promotion-"));
  all = await Environments.create(folder, { RALEX_REGISTRY: registry.address, RALEX_IMAGES_LOCK: lockFile });
  const { workspace } = await prepareMachine(folder, { platforms: PLATFORMS });
  fs.copyFileSync(chosenLock(folder, workspace.environment).file, lockFile);
}, 5 * MINUTE);

afterAll(async () => {
  await all.remove();
  await registry.stop();
  fs.rmSync(registryFolder, { recursive: true, force: true });
  fs.rmSync(lockFolder, { recursive: true, force: true });
}, 5 * MINUTE);

describe("one commit from build to prod", () => {
  test(
    "nothing runs in an environment before something is pinned there, and the refusal says what to do",
    async () => {
      for (const [name, from] of [
        ["pdev", "build"],
        ["pstaging", "pdev"],
      ] as const) {
        const { exitCode, stderr } = await all.ralex(name, "deploy", "-s", name, "--yes");
        expect(exitCode).toBe(2);
        expect(stderr).toContain(`run ./ralex promote ${from} ${name}`);
      }
      const { exitCode, stderr } = await all.ralex("pdev", "promote", "build", "pdev");
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining("./ralex build")]);
    },
    MINUTE,
  );

  test(
    "is built once, for both platforms",
    async () => {
      const { stdout, stderr } = await all.must("build", "build", "--json");
      first = (JSON.parse(stdout) as { id: string }).id;
      expect(first).toMatch(/^r-[0-9a-f]{12}$/);
      expect(stderr).toContain("environments with ralex:promotesFrom refuse it until you run ./ralex trust");
    },
    10 * MINUTE,
  );

  test(
    "is promoted to dev, to staging once its key is committed, and by a saved plan to prod; each verifies and records it",
    async () => {
      const { stderr } = await all.must("pdev", "promote", "build", "pdev", "--deploy", "--yes");
      // For those who call pulumi by hand, which publishes nothing.
      expect(stderr).toContain(`release ${first} is verified, and not published yet: ./ralex publish -s pdev`);
      await trustOwnKey();
      await all.must("pstaging", "promote", "pdev", "pstaging", "--deploy", "--yes");
      await all.must("pprod", "promote", "pstaging", "pprod");
      const plan = path.join(all.folder, ".ralex/pprod.plan");
      await all.must("pprod", "preview", "-s", "pprod", "--save-plan", plan);
      await all.must("pprod", "deploy", "-s", "pprod", "--plan", plan, "--yes");
      // What it started from is not there any more.
      const again = await all.ralex("pprod", "deploy", "-s", "pprod", "--plan", plan, "--yes");
      expect([again.exitCode, again.stderr]).toEqual([
        2,
        expect.stringContaining("the state of pprod has moved since"),
      ]);
      for (const name of ENVIRONMENTS) {
        const [entry, ...rest] = await ledger(name);
        expect(rest).toEqual([]);
        expect(entry?.id).toBe(first);
        // Metrics are kept in dev alone.
        expect(entry?.checks).toHaveLength(name === "pdev" ? 10 : 9);
        // The whole release is written down; what ran is less, and less where no metrics are kept.
        expect(Object.keys(entry?.images ?? {})).toEqual(expect.arrayContaining(["openwebui", "prometheus", "probe"]));
        expect(entry?.ran).toEqual(expect.arrayContaining(["openwebui", "postgres", "probe", "ralex-api"]));
        expect(entry?.ran.includes("prometheus")).toBe(name === "pdev");
      }
    },
    10 * MINUTE,
  );

  test("has the very same digest in all three, byte for byte, as the engine says it", async () => {
    const running = (await Promise.all(ENVIRONMENTS.map((name) => all.running(name)))).flat();
    expect(running).toHaveLength(6);
    const images = all.pin("pdev")?.images ?? {};
    expect(new Set(running)).toEqual(new Set([images["ralex-api"]]));
    for (const name of ENVIRONMENTS) {
      expect(all.pin(name)?.images).toEqual(images);
      for (const image of ["probe", "openwebui", "postgres", "redis"]) {
        expect(await all.digestsOf(name, image)).toContain(images[image]);
      }
    }
  });

  test(
    "is deployed again without a change, and published once",
    async () => {
      const { stderr, stdout } = await all.must("pprod", "deploy", "-s", "pprod", "--yes");
      expect(stderr).toMatch(/Resources:\s+\d+ unchanged/);
      expect(stderr).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
      expect(stdout).toContain("already");
      expect(stderr).not.toContain("not published yet");
      expect(await ledger("pprod")).toHaveLength(1);
    },
    MINUTE,
  );
});

describe("a second release", () => {
  test(
    "reaches dev and staging; an update of prod ships nothing of it",
    async () => {
      all.edit("images/ralex-api/ralex_bridge/__init__.py", "__version__ = ", "# the second release\n__version__ = ");
      await all.commit("the second release");
      const redis = await nextRedis("second");
      second = await build("with evidence");
      expect(second).not.toBe(first);
      await all.must("pdev", "promote", "build", "pdev", "--deploy", "--yes");
      expect(all.pin("pdev")?.images.redis).toBe(redis);
      expect(await all.digestsOf("pdev", "redis")).toContain(redis);
      await all.must("pstaging", "promote", "pdev", "pstaging", "--deploy", "--yes");
      const before = await all.running("pprod");
      const { stderr } = await all.must("pprod", "deploy", "-s", "pprod", "--yes");
      expect(stderr).toMatch(/Resources:\s+\d+ unchanged/);
      expect(await all.running("pprod")).toEqual(before);
    },
    10 * MINUTE,
  );

  test(
    "replaces the first one in prod under load, and no request or stream fails",
    async () => {
      const { stdout } = await underLoad("pprod", () =>
        all.must("pprod", "promote", "pstaging", "pprod", "--deploy", "--yes"),
      );
      expect(stdout).toContain("the second release");
      expect(new Set(await all.running("pprod"))).toEqual(new Set([all.pin("pstaging")?.images["ralex-api"]]));
      expect(await all.digestsOf("pprod", "redis")).toContain(all.pin("pdev")?.images.redis);
      expect((await ledger("pprod")).map(({ id }) => id)).toEqual([second, first]);
    },
    5 * MINUTE,
  );

  test(
    "is rolled back under load, and no request or stream fails",
    async () => {
      const start = Date.now();
      await underLoad("pprod", () => all.must("pprod", "rollback", "-s", "pprod", "--yes"));
      console.log(`rollback under load: ${((Date.now() - start) / 1000).toFixed(1)} s`);
      expect(all.pin("pprod")?.id).toBe(first);
      expect((await ledger("pprod")).map(({ id }) => id)).toEqual([first, second, first]);
      // The older third-party image is back, the same bytes.
      const older = all.pin("pprod")?.images.redis;
      expect(older).not.toBe(all.pin("pstaging")?.images.redis);
      expect(await all.digestsOf("pprod", "redis")).toContain(older);
      const { stdout } = await all.must("pprod", "verify", "-s", "pprod", "--json");
      expect((JSON.parse(stdout) as { passed: boolean }).passed).toBe(true);
    },
    5 * MINUTE,
  );
});

describe("a platform that the commands know nothing of", () => {
  const questions = (): readonly string[] =>
    fs
      .readFileSync(path.join(all.folder, ".ralex/recording.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { question: string }).question);
  const must = (...args: readonly string[]) => all.must("pdev", ...args);
  const known = async () => JSON.parse((await must("status", "-s", "precord", "--json")).stdout) as { image: string }[];
  const api = async () =>
    new Set((await known()).map(({ image }) => image).filter((ref) => ref.includes("/ralex-api@")));

  test(
    "is two new files and a word in a list, and every command works on it",
    async () => {
      addRecordingTarget(all.folder);
      const config = { "ralex:target": "recording", "ralex:promotesFrom": "pdev" };
      fs.writeFileSync(path.join(all.folder, "Pulumi.precord.yaml"), yaml.stringify({ config }));
      await all.commit("a recording target");
      await must("promote", "pdev", "precord", "--release", first, "--deploy", "--yes");
      const before = await api();
      await must("promote", "pdev", "precord", "--deploy", "--yes");
      expect(await api()).toEqual(new Set([all.pin("pdev")?.images["ralex-api"]]));
      await must("rollback", "-s", "precord", "--yes");
      expect(await api()).toEqual(before);
      expect((await must("verify", "-s", "precord")).stdout).toContain("what is to run is written down");
      expect((await must("drift", "-s", "precord")).stdout).toContain("is as it was deployed");
      expect((await must("logs", "api", "-s", "precord", "-n", "7")).stdout).toContain("the last 7 lines");
      await must("stop", "-s", "precord");
      expect(await known()).toEqual([]);
      const { stdout } = await must("start", "-s", "precord");
      expect(stdout).toContain("upstreams    are not asked by a target that runs nothing");
      expect(await api()).toEqual(before);
      await must("reset", "-s", "precord", "--confirm", "precord");
      const asked = new Set(questions());
      const every = ["preflight", "sweep", "isDamaged", "instances", "differences", "verify", "logs", "data", "report"];
      expect([...asked].sort()).toEqual([...every].sort());
      const filters = { label: ["ralex.stack=precord"] };
      expect(await docker.listContainers({ all: true, filters })).toEqual([]);
    },
    6 * MINUTE,
  );
});

describe("a release that is no good", () => {
  /** Commits a fault of the bridge, builds it and promotes it to dev; returns how the deployment ended. */
  async function deployFault(file: string, from: string, to: string) {
    all.edit(file, from, to);
    await all.commit("a fault");
    faulty = await build("without evidence");
    all.edit(file, to, from);
    await all.commit("the fault repaired");
    const before = { ledger: await ledger("pdev"), verification: (await all.outputs("pdev")).verification };
    const wait = { RALEX_WAIT_SECONDS: String(WAIT_SECONDS) };
    const result = await all.ralexWith(wait, "pdev", "promote", "build", "pdev", "--deploy", "--yes");
    expect(await ledger("pdev")).toEqual(before.ledger);
    expect((await all.outputs("pdev")).verification).toEqual(before.verification);
    const publish = await all.ralex("pdev", "publish", "-s", "pdev");
    expect(publish.exitCode).toBe(2);
    return result;
  }

  test(
    "and is never ready stops the update within the bound; the other replica goes on answering",
    async () => {
      const start = Date.now();
      const file = "images/ralex-api/ralex_bridge/routes.py";
      const { exitCode, stderr } = await deployFault(
        file,
        "is_ready, dependencies = await",
        "is_ready, dependencies = False, {}  # await",
      );
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/ralex-pdev-api-0 is healthy, but was not ready within \d+ s/);
      expect(Date.now() - start).toBeLessThan((WAIT_SECONDS + 120) * 1000);
      const answers = await Promise.all(Array.from({ length: 20 }, async () => (await chat("pdev")).status));
      expect(new Set(answers)).toEqual(new Set([200]));
      expect(new Set(await all.running("pdev")).size).toBe(2);
    },
    5 * MINUTE,
  );

  test(
    "is left by a rollback, which is verified as any deployment",
    async () => {
      await all.must("pdev", "rollback", "-s", "pdev", "--yes");
      expect(all.pin("pdev")?.id).toBe(second);
      expect(new Set(await all.running("pdev")).size).toBe(1);
    },
    3 * MINUTE,
  );

  test(
    "and fails a check after it is up fails the update; what was verified before stays recorded",
    async () => {
      const file = "images/ralex-api/ralex_bridge/upstreams/echo.py";
      const { exitCode, stderr } = await deployFault(file, 'return f"echo: {asked}"', 'return f"ohce: {asked}"');
      expect(exitCode).toBe(1);
      expect(stderr).toContain("not so: the edge answers a chat");
      const verify = await all.ralex("pdev", "verify", "-s", "pdev");
      expect(verify.exitCode).toBe(1);
      await all.must("pdev", "rollback", "-s", "pdev", "--yes");
      expect((await all.must("pdev", "verify", "-s", "pdev")).exitCode).toBe(0);
    },
    6 * MINUTE,
  );
});

describe("a database migration that is a barrier", () => {
  test(
    "is not gone back across, by a rollback or by an older pin, until the database is a restored one",
    async () => {
      const migration = path.join(all.folder, "images/ralex-api/ralex_bridge/migrations/0002_barrier.sql");
      fs.writeFileSync(migration, "-- barrier: what came before cannot read it\nCREATE TABLE barrier (id int);\n");
      await all.commit("a barrier");
      const barred = await build("without evidence");
      fs.rmSync(migration);
      await all.commit("the barrier removed");
      const older = all.pin("pdev");
      if (older === undefined) throw new Error("nothing is pinned");
      await all.must("pdev", "promote", "build", "pdev", "--deploy", "--yes");
      expect((await ledger("pdev"))[0]?.id).toBe(barred);

      const rollback = await all.ralex("pdev", "rollback", "-s", "pdev", "--yes");
      expect([rollback.exitCode, rollback.stderr]).toEqual([2, expect.stringContaining("database migration 2")]);
      all.setPin("pdev", older);
      const deploy = await all.ralex("pdev", "deploy", "-s", "pdev", "--yes");
      expect([deploy.exitCode, deploy.stderr]).toEqual([2, expect.stringContaining("database migration 2")]);

      // The database itself refuses too; restoring a backup is what takes the migration back.
      const claimed = await all.ralex("pdev", "rollback", "-s", "pdev", "--yes", "--database-restored");
      expect([claimed.exitCode, claimed.stderr]).toEqual([1, expect.stringContaining("the database was not migrated")]);
      expect(claimed.stderr).toContain("./ralex deploy -s pdev tries it again");
      await all.sql("pdev", "DROP TABLE barrier; DELETE FROM schema_migrations WHERE version = 2");
      await all.must("pdev", "rollback", "-s", "pdev", "--yes", "--database-restored");
      expect((await ledger("pdev"))[0]?.id).toBe(second);
    },
    5 * MINUTE,
  );
});

describe("what is refused", () => {
  test(
    "a promotion past an environment, of an unknown release, or of one that was not verified there",
    async () => {
      const past = await all.ralex("pprod", "promote", "pdev", "pprod");
      expect([past.exitCode, past.stderr]).toEqual([2, expect.stringContaining("pprod takes releases from pstaging")]);
      for (const id of ["r-000000000000", faulty]) {
        const promote = await all.ralex("pstaging", "promote", "pdev", "pstaging", "--release", id);
        expect([promote.exitCode, promote.stderr]).toEqual([
          2,
          expect.stringContaining(`release ${id} is not verified in pdev`),
        ]);
      }
    },
    MINUTE,
  );

  test(
    "to change anything without a yes where nobody can be asked",
    async () => {
      const before = all.pin("pstaging");
      for (const [name, ...command] of [
        ["pstaging", "promote", "pdev", "pstaging", "--deploy"],
        ["pstaging", "deploy", "-s", "pstaging"],
        ["pprod", "rollback", "-s", "pprod"],
      ] as const) {
        const { exitCode, stderr } = await all.ralex(name, ...command);
        expect([exitCode, stderr]).toEqual([1, expect.stringContaining("say --yes where nobody can be asked")]);
      }
      expect(all.pin("pstaging")).toEqual(before);
    },
    MINUTE,
  );

  test(
    "evidence that was altered, on the way to anything but the first environment",
    async () => {
      const digest = all.pin("pdev")?.images["ralex-api"]?.split("@")[1] ?? "";
      const file = path.join(all.folder, ".ralex/evidence", `${digest.replace(":", "-")}.json`);
      const before = fs.readFileSync(file, "utf8");
      fs.writeFileSync(file, before.replaceAll('"nonRoot": true', '"nonRoot": false'));
      try {
        const { exitCode, stderr } = await all.ralex("pstaging", "promote", "pdev", "pstaging");
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining("was altered after it was sealed")]);
      } finally {
        fs.writeFileSync(file, before);
      }
    },
    MINUTE,
  );

  test(
    "a pin that was edited by hand, in the preview of a bare pulumi too",
    async () => {
      const pin = all.pin("pstaging");
      if (pin === undefined) throw new Error("nothing is pinned");
      const other = Object.values(pin.images)[0]?.replace(/[0-9a-f]{8}$/, "00000000") ?? "";
      try {
        all.setPin("pstaging", { ...pin, images: { ...pin.images, "ralex-api": other } });
        const deploy = await all.ralex("pstaging", "deploy", "-s", "pstaging", "--yes");
        expect(deploy.exitCode).toBe(2);
        expect(deploy.stderr).toContain("a pin is written by ./ralex promote");
        const start = await all.ralex("pstaging", "start", "-s", "pstaging");
        expect(start.exitCode).toBe(1);
        expect(start.stderr).toContain("a pin is written by ./ralex promote");
        // What is to be mended stands alone, without the place in the program that found it.
        expect(start.stderr).not.toMatch(/unhandled exception|stacks\/release\.ts/);
        await expect(all.preview("pstaging")).rejects.toThrow(/a pin is written by .\/ralex promote/);
        all.setPin("pstaging", { ...pin, images: { ...pin.images, "ralex-api": "ralex-api:latest" } });
        const tag = await all.ralex("pstaging", "deploy", "-s", "pstaging", "--yes");
        expect(tag.exitCode).toBe(2);
      } finally {
        all.setPin("pstaging", pin);
      }
      expect((await all.running("pstaging"))[0]).toBe(pin.images["ralex-api"]);
    },
    2 * MINUTE,
  );

  test(
    "an upstream whose ledger is of another backend",
    async () => {
      const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-backend-"));
      const { exitCode, stderr } = await all.ralexWith(
        { PULUMI_BACKEND_URL: `file://${elsewhere}` },
        "pprod",
        ...["promote", "pstaging", "pprod"],
      );
      fs.rmSync(elsewhere, { recursive: true, force: true });
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining("there is no ledger of pstaging in file://")]);
    },
    MINUTE,
  );
});

describe("accidents", () => {
  test(
    "an update that is killed between deployment and verification is completed by the next one",
    async () => {
      const command = all.spawn("pprod", "promote", "pstaging", "pprod", "--deploy", "--yes");
      await new Promise<void>((resolve, reject) => {
        command.stderr?.on("data", (text: Buffer) => {
          if (/ralex-checks (creating|replacing)/.test(text.toString())) resolve();
        });
        void command.then(() => reject(new Error("it ended before its verification")));
      });
      killTree(command.pid ?? 0);
      await command;
      expect((await ledger("pprod"))[0]?.id).toBe(first);
      await all.must("pprod", "deploy", "-s", "pprod", "--yes");
      expect((await ledger("pprod"))[0]?.id).toBe(second);
    },
    5 * MINUTE,
  );

  test(
    "of two deployments at once one is refused, and the state is whole",
    async () => {
      const one = all.spawn("pprod", "rollback", "-s", "pprod", "--to", first, "--yes");
      await new Promise<void>((resolve, reject) => {
        one.stderr?.on("data", (text: Buffer) => {
          if (/ralex-checks (creating|replacing)/.test(text.toString())) resolve();
        });
        void one.then(() => reject(new Error("it ended before its verification")));
      });
      // In the middle of its update, and there it stays until the other one was answered.
      const processes = treeOf(one.pid ?? 0);
      signalAll(processes, "SIGSTOP");
      try {
        const other = await all.ralex("pprod", "deploy", "-s", "pprod", "--yes");
        expect(other.exitCode).not.toBe(0);
        expect(other.stderr).toMatch(/another command is working on|currently locked/);
      } finally {
        signalAll(processes, "SIGCONT");
      }
      const { exitCode, stderr } = await one;
      expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
      await all.must("pprod", "deploy", "-s", "pprod", "--yes");
      expect((await ledger("pprod"))[0]?.id).toBe(first);
    },
    5 * MINUTE,
  );

  test(
    "of two promotions at once no one ships what the other has pinned, and what runs is what is pinned",
    async () => {
      const ids = [first, second];
      const results = await Promise.all(
        ids.map((id) => all.ralex("pdev", "promote", "build", "pdev", "--release", id, "--deploy", "--yes")),
      );
      for (const [index, { exitCode, stdout, stderr }] of results.entries()) {
        if (exitCode === 0) expect(stdout).toContain(`pdev runs release ${ids[index]}`);
        else expect(stderr).toMatch(/another command|currently locked|meanwhile Pulumi.pdev.yaml pins/);
      }
      await all.must("pdev", "deploy", "-s", "pdev", "--yes");
      const pin = all.pin("pdev");
      expect(ids).toContain(pin?.id);
      expect((await ledger("pdev"))[0]?.id).toBe(pin?.id);
      expect(new Set(await all.running("pdev"))).toEqual(new Set([pin?.images["ralex-api"]]));
    },
    5 * MINUTE,
  );

  test(
    "a digest that the registry has lost is not promoted",
    async () => {
      const { stdout } = await all.must("build", "releases", "--json");
      const { releases } = JSON.parse(stdout) as {
        releases: { id: string; images: Record<string, { ref: string }> }[];
      };
      const ref = releases.find(({ id }) => id === faulty)?.images["ralex-api"]?.ref ?? "";
      await deleteManifest(ref);
      const { exitCode, stderr } = await all.ralex("pdev", "promote", "build", "pdev", "--release", faulty);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${ref} is gone from its registry`)]);
      expect(all.pin("pdev")?.id).not.toBe(faulty);
    },
    MINUTE,
  );

  test(
    "a registry that is down refuses a promotion in plain words, and does not stop a rollback",
    async () => {
      await registry.stop();
      try {
        const promote = await all.ralex("pdev", "promote", "build", "pdev");
        expect(promote.exitCode).toBe(2);
        expect(promote.stderr).toMatch(/the registry of \S+ cannot be asked/);
        await all.must("pprod", "rollback", "-s", "pprod", "--to", second, "--yes");
        expect(all.pin("pprod")?.id).toBe(second);
      } finally {
        registry = await emptyRegistry(registryFolder, REGISTRY_PORT);
      }
    },
    3 * MINUTE,
  );

  test(
    "dev and staging destroyed: their digests can be pulled, and prod deploys its pin and rolls back",
    async () => {
      await all.must("pdev", "reset", "--yes", "-s", "pdev");
      await all.must("pstaging", "reset", "--confirm", "pstaging", "-s", "pstaging");
      for (const name of ["pdev", "pstaging"] as const) expect((await ledger(name)).length).toBeGreaterThan(1);
      await all.forget("pdev", "pstaging");
      for (const ref of Object.values(all.pin("pprod")?.images ?? {})) {
        expect((await docker.getImage(ref).distribution()) as unknown).toBeDefined();
      }
      await all.must("pprod", "deploy", "-s", "pprod", "--yes");
      await all.must("pprod", "rollback", "-s", "pprod", "--to", first, "--yes");
      expect(all.pin("pprod")?.id).toBe(first);
    },
    5 * MINUTE,
  );

  test(
    "a digest that is gone from registry and engine is told, and not rolled back to",
    async () => {
      const entry = (await ledger("pprod")).find(({ id }) => id === second);
      const ref = entry?.images["ralex-api"]?.ref ?? "";
      const digest = ref.split("@")[1] ?? "";
      // A third-party image as well as one of our own.
      for (const gone of [ref, entry?.images.redis?.ref ?? ""]) {
        await deleteManifest(gone);
        await docker.getImage(gone).remove({ force: true });
      }
      const check = await all.ralex("pprod", "releases", "-s", "pprod", "--check");
      expect([check.exitCode, check.stdout + check.stderr]).toEqual([1, expect.stringContaining(digest)]);
      const { exitCode, stderr } = await all.ralex("pprod", "rollback", "-s", "pprod", "--to", second, "--yes");
      expect([exitCode, stderr]).toEqual([
        2,
        expect.stringContaining(`image ralex-api: ${ref} is gone from its registry`),
      ]);
      expect(stderr).toContain("image redis: ");
      expect(all.pin("pprod")?.id).toBe(first);
    },
    2 * MINUTE,
  );
});
