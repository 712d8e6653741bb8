import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { encryptionIn } from "../../../../cli/backend/checkpoint";
import { openStored } from "../../../../cli/backend/open";
import { resourcesOf } from "../../../../cli/backend/resources";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-checkpoint-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe("a stack's state in a folder", () => {
  const write = (name: string, content: string | Buffer) => {
    fs.mkdirSync(path.join(folder, ".pulumi/stacks/ralex"), { recursive: true });
    fs.writeFileSync(path.join(folder, ".pulumi/stacks/ralex", name), content);
  };
  const state = JSON.stringify({ checkpoint: { latest: { resources: [{ type: "t", id: "known" }] } } });
  const backend = openStored(`file://${folder}`);
  const resources = (stack: string) => (backend === undefined ? undefined : resourcesOf({ backend }, "ralex", stack));

  test("is read compressed too, is empty where the stack was only made, and is unknown where there is none", async () => {
    write("plain.json", state);
    write("small.json.gz", gzipSync(state));
    write("made.json", JSON.stringify({ checkpoint: { latest: null } }));
    // Copies that Pulumi keeps beside it.
    write("plain.json.bak", "{}");
    write("plain.json.1790000000", "{}");
    expect(await resources("plain")).toEqual([{ type: "t", id: "known" }]);
    expect(await resources("small")).toEqual([{ type: "t", id: "known" }]);
    expect(await resources("made")).toEqual([]);
    expect(await resources("other")).toBeUndefined();
    expect((await backend?.stacks())?.map(({ stack }) => stack)).toEqual(["made", "plain", "small"]);
    expect(await backend?.storedState({ project: "ralex", stack: "plain" })).toEqual(Buffer.from(state));
  });

  test("that is no JSON, or that this Node cannot decompress, is an error that says so", async () => {
    write("broken.json", "{");
    write("zstd.json.zst", "");
    await expect(resources("broken")).rejects.toThrow(/the state of ralex\/broken in file:.* is no JSON/);
    if (!("zstdDecompressSync" in (await import("node:zlib")))) {
      await expect(resources("zstd")).rejects.toThrow(/compressed with zstd.*Node 22.15/s);
    }
  });
});

test("the encryption of a state is what Pulumi writes into a stack's file", () => {
  const salted = { type: "passphrase", state: { salt: "v1:s" } };
  expect(encryptionIn({ secrets_providers: salted })).toEqual({ encryptionsalt: "v1:s" });
  const key = { type: "cloud", state: { url: "awskms://alias/x", encryptedkey: "k" } };
  expect(encryptionIn({ secrets_providers: key })).toEqual({ secretsprovider: "awskms://alias/x", encryptedkey: "k" });
  expect(encryptionIn({ secrets_providers: { type: "service", state: {} } })).toBeUndefined();
  expect(encryptionIn({})).toBeUndefined();
});
