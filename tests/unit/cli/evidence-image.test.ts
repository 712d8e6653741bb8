/** What is read of an image: its index, its layers, its provenance. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import * as zlib from "node:zlib";
import tar from "tar-stream";
import { Filesystem } from "../../../cli/evidence/layers";
import { compressedBytes, platformName, readIndex, readManifest } from "../../../cli/evidence/manifests";
import { isNonRoot } from "../../../cli/evidence/platform";
import { readProvenance } from "../../../cli/evidence/provenance";
import { fullRepository, isLoopback } from "../../../cli/evidence/registry";
import { packagesIn } from "../../../cli/evidence/sbom";
import {
  environmentOf,
  evidenceTool,
  fits,
  lastLines,
  PINNED,
  ToolError,
  versionIn,
} from "../../../cli/evidence/tools";
import { ImageRef } from "../../../components/image/image-ref";
import { GO_MODULES } from "../../../toolchain/go-tools";

const report = (name: string) => fs.readFileSync(path.join(__dirname, "evidence-reports", name), "utf8");
const DIGEST = `sha256:${"0".repeat(64)}`;

describe("an index", () => {
  test("gives the platforms, and BuildKit's attestations by what they are about", () => {
    const index = readIndex(report("index.json"));
    expect(Object.keys(index?.platforms ?? {})).toEqual(["linux/amd64", "linux/arm64"]);
    expect(Object.keys(index?.attestations ?? {})).toEqual(Object.values(index?.platforms ?? {}));
  });

  test("is told from the manifest of one platform, and from anything else", () => {
    const config = { mediaType: "", digest: DIGEST, size: 7 };
    const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [{ ...config, size: 35 }] });
    expect(readIndex(manifest)).toBeUndefined();
    expect(compressedBytes(readManifest(manifest))).toBe(42);
    expect(() => readIndex("{}")).toThrow(ToolError);
    expect(() => readIndex("<html>")).toThrow("the image's manifest is no JSON");
  });

  test("names platforms as people do", () => {
    const arm = { os: "linux", architecture: "arm64" };
    expect(platformName({ ...arm, variant: "v8" })).toBe("linux/arm64");
    expect(platformName(arm)).toBe("linux/arm64");
    expect(platformName({ os: "linux", architecture: "arm", variant: "v7" })).toBe("linux/arm/v7");
  });
});

type Entry = Partial<tar.Header> & { readonly name: string; readonly text?: string };

async function layer(...entries: readonly Entry[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const { text, ...header } of entries) pack.entry(header, text ?? "");
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
async function filesystem(...layers: readonly (readonly Entry[])[]): Promise<Filesystem> {
  const files = new Filesystem();
  for (const entries of layers) await files.add(Readable.from([zlib.gzipSync(await layer(...entries))]), GZIP);
  return files;
}

describe("the layers of an image", () => {
  test("show setuid and setgid files, hard links to them too, and no folder", async () => {
    const files = await filesystem([
      { name: "bin/", type: "directory", mode: 0o2755 },
      { name: "./bin/su", mode: 0o4755 },
      { name: "/bin/wall", mode: 0o2755 },
      { name: "bin/ls", mode: 0o755 },
      { name: "bin/sudo", type: "link", linkname: "bin/su", mode: 0o4755 },
    ]);
    expect(files.setuidFiles).toEqual(["/bin/su", "/bin/sudo", "/bin/wall"]);
  });

  test("are applied one on the other: replaced and removed files do not count", async () => {
    const lower: Entry[] = ["a/x", "b/x", "c/x", "d"].map((name) => ({ name, mode: 0o4755 }));
    const upper: Entry[] = [
      { name: "a/x", mode: 0o755 },
      { name: "b/.wh.x" },
      { name: "c/new", mode: 0o4755 },
      { name: "c/.wh..wh..opq" },
    ];
    expect((await filesystem(lower, upper)).setuidFiles).toEqual(["/c/new", "/d"]);
    expect((await filesystem(lower, [{ name: ".wh.a" }, { name: ".wh.d" }])).setuidFiles).toEqual(["/b/x", "/c/x"]);
  });

  test("take the bytes of their archives, compressed or not", async () => {
    const plain = await layer({ name: "x", text: "x".repeat(5_000) });
    const files = new Filesystem();
    await files.add(Readable.from([plain]), "application/vnd.oci.image.layer.v1.tar");
    await files.add(Readable.from([zlib.gzipSync(plain)]), "application/vnd.docker.image.rootfs.diff.tar.gzip");
    expect(files.unpackedBytes).toBe(2 * plain.length);
  });

  test("that are cut off, no archive, or of an unknown kind are errors", async () => {
    const zipped = zlib.gzipSync(await layer({ name: "x", text: "abc".repeat(50_000) }));
    const add = (bytes: Buffer, type = GZIP) => new Filesystem().add(Readable.from([bytes]), type);
    await expect(add(zipped.subarray(0, zipped.length / 2))).rejects.toThrow(/unexpected end/i);
    await expect(add(Buffer.from("no gzip"))).rejects.toThrow(/incorrect header/i);
    await expect(add(zlib.gzipSync(Buffer.from("no tar ".repeat(500))))).rejects.toThrow(/invalid tar|unexpected end/i);
    await expect(add(zipped, "application/vnd.oci.image.layer.v1.tar+lz4")).rejects.toThrow("compression=gzip");
  });

  test("tell the number of a user by its name", async () => {
    const passwd = "root:x:0:0::/:\napp:x:10001:10001::/:\ntoor:x:0:0::/:\n";
    const files = await filesystem([{ name: "etc/passwd", text: passwd }]);
    const isSafe = (user: string) => isNonRoot(user, (name) => files.uidOf(name));
    expect(["10001", "10001:0", "app", "app:app"].filter((user) => !isSafe(user))).toEqual([]);
    expect(["", "0", "0:10001", "root", "toor", "nobody", "00"].filter(isSafe)).toEqual([]);
  });
});

describe("provenance", () => {
  const subject = "sha256:7167c9799418cc4283a95ffac12d98d8a476134d00df74dedcbe8a452d6cf652";

  test("as BuildKit attests it gives the builder and the materials", () => {
    const { builder, materials, predicateType } = readProvenance(report("provenance-v1.json"), subject);
    expect(predicateType).toBe("https://slsa.dev/provenance/v1");
    expect(builder).toBeNull();
    expect(materials).toEqual([
      {
        uri: expect.stringMatching(/^pkg:docker\/127\.0\.0\.1:5055\/substitutes\/python\?digest=sha256:24b8772f/),
        digest: "sha256:24b8772f6096e9c6fab025cd9084483c453ff5c1dab0a51a222003042d64a9bd",
      },
    ]);
  });

  test("of the older form is read as well", () => {
    const statement = {
      _type: "https://in-toto.io/Statement/v0.1",
      predicateType: "https://slsa.dev/provenance/v0.2",
      subject: [{ name: "x", digest: { sha256: subject.slice(7) } }],
      predicate: {
        builder: { id: "https://github.com/acme/ralex/actions/runs/1" },
        buildType: "https://mobyproject.org/buildkit@v1",
        materials: [{ uri: "pkg:docker/python@3.11", digest: { sha256: "0".repeat(64) } }],
      },
    };
    expect(readProvenance(JSON.stringify(statement), subject)).toEqual({
      predicateType: "https://slsa.dev/provenance/v0.2",
      builder: "https://github.com/acme/ralex/actions/runs/1",
      buildType: "https://mobyproject.org/buildkit@v1",
      materials: [{ uri: "pkg:docker/python@3.11", digest: DIGEST }],
    });
  });

  test("of another manifest is refused", () => {
    expect(() => readProvenance(report("provenance-v1.json"), DIGEST)).toThrow(`is not about ${DIGEST}`);
  });
});

test("the packages of an SPDX document are counted without the image itself", () => {
  const packages = [{ name: "redis" }, { name: "image", primaryPackagePurpose: "CONTAINER" }];
  expect(packagesIn(JSON.stringify({ spdxVersion: "SPDX-2.3", packages }))).toBe(1);
  expect(() => packagesIn(JSON.stringify({ packages }))).toThrow("the SPDX document cannot be read: spdxVersion");
});

describe("the tools of evidence", () => {
  test("are compiled in the versions that they are asked for in", () => {
    const compiled = Object.keys(PINNED).map((name) => [name, GO_MODULES[name as keyof typeof PINNED].version]);
    expect(Object.fromEntries(compiled)).toEqual(PINNED);
  });

  test("are taken from the machine when they are of the same kind and not older", () => {
    expect(versionIn("GitVersion:    v3.1.4\nGoVersion: go1.26.8")).toBe("3.1.4");
    expect(versionIn("nothing")).toBeUndefined();
    expect(fits("cosign", "3.2.0")).toBe(true);
    expect(["3.1.2", "2.6.5", "4.0.0"].filter((version) => fits("cosign", version))).toEqual([]);
    expect(fits("trivy", "0.100.0")).toBe(true);
  });

  test("are quoted with what they said last", () => {
    const said =
      "2026-11-24T19:23:44Z\tWARN\tignored\nWARNING: ignored\n\n2026-11-24T19:23:44Z\tFATAL\tFatal error\tno such host\n";
    expect(lastLines(said)).toBe("no such host");
    expect(lastLines("Error: unauthorized\n")).toBe("Error: unauthorized");
  });

  test("find no secret of signing in their environment, also while they are asked for their version", async () => {
    const [before, folder] = [process.env, fs.mkdtempSync(path.join(os.tmpdir(), "ralex-tools-"))];
    const said = path.join(folder, "environment");
    fs.writeFileSync(path.join(folder, "syft"), `#!/bin/sh\nenv > ${said}\necho ${PINNED.syft}\n`, { mode: 0o755 });
    process.env = {
      ...before,
      ...{ PATH: `${folder}${path.delimiter}${before.PATH}`, RALEX_TOOLCHAIN: "auto" },
      ...{ COSIGN_PASSWORD: "CANARY", RALEX_SIGNING_KEY: "env://RELEASE_KEY", RELEASE_KEY: "CANARY" },
    };
    try {
      expect(JSON.stringify(environmentOf())).not.toContain("CANARY");
      expect(environmentOf({ A: "b" })).toMatchObject({ A: "b", PATH: process.env.PATH });
      // Given by who uses the key, it arrives.
      expect(environmentOf({ RELEASE_KEY: "CANARY" }).RELEASE_KEY).toBe("CANARY");
      expect((await evidenceTool("syft")).version).toBe(PINNED.syft);
      expect(fs.readFileSync(said, "utf8")).not.toContain("CANARY");
    } finally {
      process.env = before;
      fs.rmSync(folder, { recursive: true });
    }
  });
});

test("only a registry of this machine may speak plain HTTP", () => {
  const local = ["127.0.0.1:5055", "localhost:5000", "localhost", "127.9.9.9", "[::1]:5000"];
  expect(local.filter((host) => !isLoopback(host))).toEqual([]);
  expect(["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1:5000", "ghcr.io"].filter(isLoopback)).toEqual([]);
});

test("an image of the default registry gets its full name", () => {
  const full = (name: string) => fullRepository(ImageRef.parse(`${name}@${DIGEST}`));
  expect(full("redis")).toBe("docker.io/library/redis");
  expect(full("prom/prometheus")).toBe("docker.io/prom/prometheus");
  expect(full("ghcr.io/acme/x")).toBe("ghcr.io/acme/x");
});
