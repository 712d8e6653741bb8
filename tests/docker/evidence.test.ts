/** The evidence of images that were pushed to a real registry, collected with the real tools. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { connectEngine } from "../../components/docker/engine/client";
import { collectEvidence } from "../../cli/evidence/collect";
import { Repository } from "../../cli/evidence/registry";
import { isSigned, sign } from "../../cli/evidence/signature";
import { signingKey } from "../../cli/evidence/signing-key";
import { shelfOf } from "../../cli/evidence/shelf";
import { pullEvidence } from "../../cli/evidence/store";
import { evidenceTool } from "../../cli/evidence/tools";
import { prepareMachine, type Machine } from "../../cli/machine";
import { findEvidence } from "../../cli/release/evidence";
import {
  evidenceFile,
  gate,
  readEvidence,
  rulesFor,
  rulesOf,
  vulnerabilityCounts,
  type Evidence,
} from "../../components/image/evidence";
import { EVIDENCE_TYPE, SBOM_TYPE } from "../../components/image/evidence/record";
import { ImageRef } from "../../components/image/image-ref";
import { ImageBuilder } from "../bench/support/images";
import { CHECKOUT, copyCheckout, type TestStack } from "../support/stack";
import { writeVulnerabilityDatabase } from "./evidence-database";
import { buildAndPush, FAKE_SECRET, startTlsRegistry, writeFaultyContext } from "./evidence-subject";

const PLATFORMS = ["linux/amd64", "linux/arm64"];
const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
/** Compiling the four tools where none of them was compiled before, in milliseconds. */
const COMPILING = 1_500_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-evidence-test-"));
const context = path.join(folder, "context");
let copy: TestStack;
let machine: Machine;
let faulty: string;

beforeAll(async () => {
  const checkout = path.join(folder, "checkout");
  fs.mkdirSync(checkout);
  copy = await copyCheckout(checkout);
  machine = await prepareMachine(checkout, { images: true, workingTree: true });
  for (const name of ["oras", "cosign", "syft", "trivy"] as const) await evidenceTool(name);
  writeFaultyContext(context);
  faulty = await buildAndPush(context, `${machine.registry}/evidence-of-a-test`, machine.workspace.environment);
}, COMPILING);

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A setting of the environment for the time of one test. */
const environment: Record<string, string | undefined> = {};
function setEnvironment(name: string, value: string): void {
  environment[name] ??= process.env[name] ?? "";
  process.env[name] = value;
}
afterEach(() => {
  for (const [name, value] of Object.entries(environment)) {
    if (value === "" || value === undefined) delete process.env[name];
    else process.env[name] = value;
    delete environment[name];
  }
});

const collect = (ref: string, name = "evidence-of-a-test", checkout = copy.folder) =>
  collectEvidence(checkout, { name, ref, revision: "of a test", platforms: PLATFORMS });
/** The record that is kept beside an image. */
async function pulled(checkout: string, ref: string) {
  return pullEvidence(checkout, ref, await shelfOf(ImageRef.parse(ref)));
}
const checked = <Check extends { readonly status: string }>(check: Check): Extract<Check, { status: "checked" }> => {
  expect(check).toMatchObject({ status: "checked" });
  return check as Extract<Check, { status: "checked" }>;
};
const otherCheckout = (name: string): string => {
  const other = path.join(folder, name);
  fs.mkdirSync(other, { recursive: true });
  return other;
};
/** Trivy is told to look where nothing is, so that no test waits for the public database. */
const withoutDatabase = () => setEnvironment("RALEX_TRIVY_CACHE_DIR", path.join(folder, "no-database"));

describe("an image with everything wrong", () => {
  let evidence: Evidence;
  beforeAll(async () => {
    withoutDatabase();
    evidence = await collect(faulty);
  }, 120_000);

  test("is seen through, on both platforms", () => {
    for (const platform of PLATFORMS) {
      expect(evidence.platforms[platform]).toMatchObject({ user: "", nonRoot: false, setuidFiles: ["/usr/bin/tool"] });
      expect(checked(evidence.sbom).documents[platform]?.packages).toBe(1);
      expect(checked(evidence.provenance).attestations[platform]?.predicateType).toMatch(/slsa\.dev\/provenance/);
      expect(checked(evidence.secrets).findings).toContainEqual(
        expect.objectContaining({ rule: "aws-access-key-id", target: "/app/settings.env", platform }),
      );
      expect(checked(evidence.misconfiguration).findings).toContainEqual(
        expect.objectContaining({ severity: "high", target: platform }),
      );
    }
  });

  test("has what is wrong in its record, and never the secret itself", () => {
    expect(fs.readFileSync(evidenceFile(copy.folder, faulty), "utf8")).not.toContain(FAKE_SECRET);
  });

  test("is not called free of vulnerabilities where there is no database", () => {
    expect(evidence.vulnerabilities).toMatchObject({ status: "not checked" });
    expect(JSON.stringify(evidence.vulnerabilities)).toContain("no vulnerability database");
  });

  test("is refused by the gate for each of its faults, by the command with exit code 2", async () => {
    const { problems } = gate(evidence, rulesFor("evidence-of-a-test"));
    for (const what of [
      /runs as root/,
      /setuid .*\/usr\/bin\/tool/,
      /settings\.env line 1 holds a secret/,
      /change the Dockerfile/,
    ]) {
      expect(problems.filter((problem) => what.test(problem)).length).toBeGreaterThan(0);
    }
    const { exitCode, stdout } = await copy.ralex(["evidence", faulty, "--gate"]);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/setuid files.*\/usr\/bin\/tool/);
    expect(stdout).toMatch(/vulnerabilities.*not checked: no vulnerability database/);
  }, 60_000);
});

describe("the database of vulnerabilities", () => {
  test("is compared with the packages, from a folder", async () => {
    writeVulnerabilityDatabase(path.join(folder, "database/db"), "2026-11-20T00:00:00Z");
    setEnvironment("RALEX_TRIVY_CACHE_DIR", path.join(folder, "database"));
    const evidence = await collect(faulty);
    expect(checked(evidence.vulnerabilities)).toMatchObject({
      databaseAt: "2026-11-20T00:00:00.000Z",
      operatingSystems: { "linux/amd64": null, "linux/arm64": null },
      findings: PLATFORMS.map((platform) => ({
        ...{ id: "CVE-2026-0001", severity: "critical", package: "requests", installed: "2.0.0", fixed: "2.1.0" },
        platform,
      })),
    });
    expect(vulnerabilityCounts(evidence)?.bySeverity.critical).toBe(1);
    expect(gate(evidence, rulesFor("x")).problems).toContainEqual(
      expect.stringContaining("CVE-2026-0001 requests 2.0.0 -> 2.1.0"),
    );
  }, 120_000);

  test("is fetched from a registry of one's own", async () => {
    writeVulnerabilityDatabase(path.join(folder, "pushed"), "2026-11-21T00:00:00Z");
    await execa("tar", ["czf", "db.tar.gz", "-C", "pushed", "trivy.db", "metadata.json"], { cwd: folder });
    const repository = `${machine.registry}/evidence-database:2`;
    const { program } = await evidenceTool("oras");
    const types = {
      artifact: "application/vnd.aquasec.trivy.config.v1+json",
      layer: "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",
    };
    const args = ["push", "--plain-http", "--artifact-type", types.artifact, repository, `db.tar.gz:${types.layer}`];
    await execa(program, args, { cwd: folder });
    setEnvironment("RALEX_CACHE_DIR", path.join(folder, "cache"));
    setEnvironment("RALEX_TRIVY_DB_REPOSITORY", repository);
    const evidence = await collect(faulty);
    expect(checked(evidence.vulnerabilities).databaseAt).toBe("2026-11-21T00:00:00.000Z");
  }, 120_000);
});

describe("a record", () => {
  test("is kept beside the image with the parts lists and one signature, however often it is made", async () => {
    withoutDatabase();
    const repository = await Repository.of(ImageRef.parse(faulty));
    const { digest } = ImageRef.parse(faulty);
    const count = async (type: string) => (await repository.referrers(digest, type)).length;
    const before = await count(EVIDENCE_TYPE);
    const evidence = await collect(faulty);
    expect(await count(EVIDENCE_TYPE)).toBe(before + 1);
    expect(await count(BUNDLE_TYPE)).toBe(1);
    const documents = Object.values(checked(evidence.sbom).documents).map(({ referrer }) => referrer);
    const attached = (await repository.referrers(digest, SBOM_TYPE)).map((one) => one.digest);
    expect(attached).toEqual(expect.arrayContaining(documents));
  }, 120_000);

  test("is fetched from the registry where the file is missing", async () => {
    const file = evidenceFile(copy.folder, faulty);
    const before = fs.readFileSync(file, "utf8");
    fs.rmSync(file);
    const { exitCode, stdout } = await copy.ralex(["evidence", faulty, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ image: faulty, verdict: { problems: expect.any(Array) } });
    expect(fs.readFileSync(file, "utf8")).toBe(before);
  }, 60_000);

  test("that was bettered by hand is refused", async () => {
    const file = evidenceFile(copy.folder, faulty);
    const before = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, before.replaceAll('"nonRoot": false', '"nonRoot": true'));
    try {
      const { exitCode, stderr } = await copy.ralex(["evidence", faulty]);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/it was altered after it was sealed.*--collect/);
    } finally {
      fs.writeFileSync(file, before);
    }
  }, 60_000);

  test("is not believed by a checkout that trusts another key, and the image is not signed by that key", async () => {
    const other = otherCheckout("other");
    const key = await signingKey(other);
    await expect(pulled(other, faulty)).rejects.toThrow(/the key trusted here is sha256:/);
    const repository = await Repository.of(ImageRef.parse(faulty));
    const { digest } = ImageRef.parse(faulty);
    expect(await isSigned(other, repository, digest, key.publicKeyFile)).toBe(false);
    const own = await signingKey(copy.folder);
    expect(await isSigned(other, repository, digest, own.publicKeyFile)).toBe(true);
    setEnvironment("RALEX_SIGNING_PUBLIC_KEY", own.publicKeyFile);
    expect(await pulled(other, faulty)).toEqual(readEvidence(copy.folder, faulty));
  }, 60_000);

  test("is signed once more by each other key, however many have signed the image before", async () => {
    const repository = await Repository.of(ImageRef.parse(faulty));
    const { digest } = ImageRef.parse(faulty);
    for (const name of ["second", "third", "fourth"]) {
      const other = otherCheckout(name);
      const key = await signingKey(other);
      expect(await isSigned(other, repository, digest, key.publicKeyFile)).toBe(false);
      expect((await sign(other, repository, digest, key)).status).toBe("checked");
    }
    const own = await signingKey(copy.folder);
    expect(await isSigned(copy.folder, repository, digest, own.publicKeyFile)).toBe(true);
  }, 60_000);

  test("does not exist of an image that nobody looked at, which says how to make one", async () => {
    fs.writeFileSync(path.join(context, "root/app/new"), "new\n");
    const repository = `${machine.registry}/evidence-of-a-test`;
    const ref = await buildAndPush(context, repository, machine.workspace.environment);
    expect(await pulled(copy.folder, ref)).toBeUndefined();
    const { exitCode, stderr } = await copy.ralex(["evidence", ref]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("add --collect to make it");
  }, 60_000);

  test("says that an image without attestations has no provenance", async () => {
    withoutDatabase();
    const repository = `${machine.registry}/evidence-of-a-test`;
    const ref = await buildAndPush(context, repository, machine.workspace.environment, []);
    const evidence = await collect(ref);
    expect(evidence.provenance).toEqual({
      status: "not checked",
      reason: "the image has no attestation for linux/amd64",
    });
    const demanding = { ...rulesFor("x"), required: ["provenance"] as const };
    expect(gate(evidence, demanding).problems).toContainEqual(expect.stringContaining("build it with provenance"));
    expect(gate(evidence, rulesFor("x")).notChecked).toContainEqual(expect.stringContaining("provenance: not checked"));
  }, 60_000);
});

describe("the key of a checkout", () => {
  test("is readable by its owner alone, as is its password, which no record or public file holds", async () => {
    await signingKey(copy.folder);
    const signing = path.join(copy.folder, ".ralex/signing");
    const mode = (name: string) => (fs.statSync(path.join(signing, name)).mode & 0o777).toString(8);
    expect([mode("."), mode("cosign.key"), mode("password")]).toEqual(["700", "600", "600"]);
    const password = fs.readFileSync(path.join(signing, "password"), "utf8");
    expect(password.length).toBeGreaterThanOrEqual(43);
    for (const file of [evidenceFile(copy.folder, faulty), path.join(signing, "cosign.pub")]) {
      expect(fs.readFileSync(file, "utf8")).not.toContain(password);
    }
  });

  test("gives way to a pipeline's own, with its password in the environment", async () => {
    withoutDatabase();
    const pipeline = otherCheckout("pipeline");
    const own = await signingKey(copy.folder);
    const { program } = await evidenceTool("cosign");
    await execa(program, ["generate-key-pair"], { cwd: pipeline, env: { COSIGN_PASSWORD: "of a pipeline" } });
    setEnvironment("RALEX_SIGNING_KEY", path.join(pipeline, "cosign.key"));
    setEnvironment("COSIGN_PASSWORD", "of a pipeline");
    const evidence = await collect(faulty, "evidence-of-a-test", pipeline);
    expect(readEvidence(pipeline, faulty)).toEqual(evidence);
    setEnvironment("RALEX_SIGNING_PUBLIC_KEY", own.publicKeyFile);
    await expect(collect(faulty, "evidence-of-a-test", pipeline)).rejects.toThrow(
      "give the public key of the same pair",
    );
    expect(() => readEvidence(pipeline, faulty)).toThrow(/the key trusted here/);
  }, 120_000);

  test("that cosign cannot open is an error, not an unsigned record", async () => {
    withoutDatabase();
    const broken = otherCheckout("broken");
    await signingKey(broken);
    fs.writeFileSync(path.join(broken, ".ralex/signing/password"), "another");
    await expect(collect(faulty, "evidence-of-a-test", broken)).rejects.toThrow(/cosign sign failed/);
    expect(fs.existsSync(evidenceFile(broken, faulty))).toBe(false);
  }, 120_000);
});

test("an image of somebody else's is looked at on the platforms that run, and its record is kept with ours", async () => {
  withoutDatabase();
  const platform = PLATFORMS[0] ?? "";
  const own = `${machine.registry}/ralex-api@sha256:${"a".repeat(64)}`;
  fs.writeFileSync(path.join(context, "root/app/published"), "by others\n");
  const published = `${machine.registry}/published-by-others`;
  const ref = await buildAndPush(context, published, machine.workspace.environment);
  const subject = { name: "published-by-others", ref, revision: "of a test", platforms: [platform] };
  const evidence = await collectEvidence(copy.folder, { ...subject, besideOwn: own });
  expect(Object.keys(evidence.platforms)).toEqual([platform]);
  expect(evidence.signature).toMatchObject({ status: "not checked", reason: "it is its publisher's to sign" });
  checked(evidence.sbom);
  // Nothing was put beside the image itself.
  expect(await pulled(copy.folder, ref)).toBeUndefined();
  const other = otherCheckout("another-clone");
  setEnvironment("RALEX_SIGNING_PUBLIC_KEY", (await signingKey(copy.folder)).publicKeyFile);
  expect(await findEvidence(other, ref, { besideOwn: own })).toEqual(evidence);
  const missing = ref.replace(/[0-9a-f]{8}$/, "00000000");
  expect(await findEvidence(other, missing, { besideOwn: own })).toBeUndefined();
  const rules = { ref, platforms: [platform], thirdParty: { tag: "1", sizeBudgetMiB: 1 } };
  expect(gate(evidence, rulesOf("published-by-others", rules)).problems).toEqual([]);
}, 120_000);

test("a registry with TLS and a password is used with the credentials that Docker has, and with no others", async () => {
  withoutDatabase();
  const tls = path.join(folder, "tls");
  fs.mkdirSync(tls);
  const registry = await startTlsRegistry(tls, 5056);
  try {
    setEnvironment("SSL_CERT_FILE", registry.certificate);
    setEnvironment("DOCKER_CONFIG", registry.dockerConfig);
    const { path: name, digest } = ImageRef.parse(faulty);
    const { program } = await evidenceTool("oras");
    const target = `${registry.name}/${name}`;
    await execa(program, ["cp", "--no-tty", "--from-plain-http", faulty, `${target}:copied`]);
    const evidence = await collect(`${target}@${digest}`);
    checked(evidence.signature);
    checked(evidence.sbom);
    checked(evidence.secrets);
    const other = otherCheckout("beside-tls");
    setEnvironment("RALEX_SIGNING_PUBLIC_KEY", (await signingKey(copy.folder)).publicKeyFile);
    expect(await pulled(other, `${target}@${digest}`)).toEqual(evidence);
    setEnvironment("DOCKER_CONFIG", otherCheckout("no-credentials"));
    await expect(pulled(other, `${target}@${digest}`)).rejects.toThrow(/401|unauthorized|basic credential not found/i);
  } finally {
    await registry.stop();
  }
}, 180_000);

test("the API's own image has a parts list, starts quickly, and nothing is against it but its one platform", async () => {
  withoutDatabase();
  const ref = await (await ImageBuilder.create(copy.folder)).build(path.join(CHECKOUT, "images/ralex-api"), "prod");
  const native = `linux/${(await connectEngine().version()).Arch === "arm64" ? "arm64" : "amd64"}`;
  const evidence = await collectEvidence(copy.folder, { name: "ralex-api", ref, revision: "of a test" });
  expect(Object.keys(evidence.platforms)).toEqual([native]);
  expect(checked(evidence.platforms[native]!.startSeconds).seconds).toBeLessThan(20);
  expect(checked(evidence.sbom).documents[native]?.packages).toBeGreaterThan(20);
  expect(checked(evidence.provenance).attestations[native]?.materials[0]?.uri).toContain("python");
  expect(checked(evidence.misconfiguration).targets).toContain("images/ralex-api/Dockerfile");
  const { problems } = gate(evidence, { ...rulesFor("ralex-api"), platforms: [native] });
  expect(problems).toEqual([]);
}, 300_000);
