import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import {
  addKey,
  checkoutTrust,
  committedKeys,
  committedTrust,
  publicKeyOf,
  untrustedSentence,
} from "../../../cli/evidence/trust";
import { findEvidence } from "../../../cli/release/evidence";
import { evidenceFile } from "../../../components/image/evidence";
import { keyFingerprint } from "../../../components/image/evidence/seal";
import { KEY, OTHER_KEY, REF, sealed } from "../image/evidence-sample";

const before = process.env;
let checkout: string;
beforeEach(async () => {
  const { RALEX_SIGNING_KEY, RALEX_SIGNING_PUBLIC_KEY, ...environment } = before;
  expect([RALEX_SIGNING_KEY, RALEX_SIGNING_PUBLIC_KEY]).toEqual([undefined, undefined]);
  process.env = environment;
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-trust-"));
  await git("init", "--quiet");
  fs.writeFileSync(path.join(checkout, ".gitignore"), ".ralex/\n");
  await commit();
  fs.mkdirSync(path.join(checkout, ".ralex/signing"), { recursive: true });
  fs.writeFileSync(path.join(checkout, ".ralex/signing/cosign.pub"), KEY.publicKey);
  fs.mkdirSync(path.dirname(evidenceFile(checkout, REF)), { recursive: true });
  fs.writeFileSync(evidenceFile(checkout, REF), JSON.stringify(sealed()));
});
afterEach(() => {
  process.env = before;
  fs.rmSync(checkout, { recursive: true });
});

const git = (...args: readonly string[]) =>
  execa("git", ["-c", "user.name=t", "-c", "user.email=t@ralex.example", ...args], { cwd: checkout });
async function commit(): Promise<void> {
  await git("add", "--all");
  await git("commit", "--quiet", "--allow-empty", "--message", "a commit");
}
const promoted = async () => findEvidence(checkout, REF, { trust: await committedTrust(checkout) });
const OWN = keyFingerprint(KEY.publicKey);

test("evidence that this checkout's own key has sealed is refused on the way to prod until that key is committed", async () => {
  expect(await findEvidence(checkout, REF)).toMatchObject({ image: REF });
  await expect(promoted()).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(
      /trusted here is none\. That key is \.ralex\/signing\/cosign\.pub, and it is not committed.*run \.\/ralex trust and commit keys\/$/,
    ) as string,
  });
  expect(await untrustedSentence(checkout)).toEqual([expect.stringContaining("run ./ralex trust and commit keys/")]);
  const { file } = addKey(checkout);
  expect(file).toBe(`keys/${OWN.slice(7, 19)}.pub`);
  // In the folder, and reviewed by nobody.
  await expect(promoted()).rejects.toThrow("it is not committed");
  await commit();
  expect(await promoted()).toMatchObject({ image: REF });
  expect(await untrustedSentence(checkout)).toEqual([]);
  expect(await committedKeys(checkout)).toEqual([{ file, pem: KEY.publicKey, fingerprint: OWN }]);
});

test("a key that a variable names is believed in the first environment, and on the way to prod only if it is committed", async () => {
  fs.writeFileSync(evidenceFile(checkout, REF), JSON.stringify(sealed(undefined, OTHER_KEY)));
  const named = path.join(checkout, ".ralex/other.pub");
  fs.writeFileSync(named, OTHER_KEY.publicKey);
  await expect(promoted()).rejects.toThrow("run ./ralex trust <its public key> and commit keys/");
  process.env.RALEX_SIGNING_PUBLIC_KEY = named;
  expect(await findEvidence(checkout, REF)).toMatchObject({ image: REF });
  await expect(promoted()).rejects.toThrow("That key is .ralex/other.pub, and it is not committed");
});

test("several committed keys are trusted at once, in every environment and without a key of the checkout's own", async () => {
  addKey(checkout);
  fs.writeFileSync(path.join(checkout, "pipeline"), OTHER_KEY.publicKey);
  addKey(checkout, path.join(checkout, "pipeline"));
  await commit();
  fs.rmSync(path.join(checkout, ".ralex/signing"), { recursive: true });
  const keys = [KEY.publicKey, OTHER_KEY.publicKey].sort();
  expect([...(await committedTrust(checkout))().keys].sort()).toEqual(keys);
  expect([...(await checkoutTrust(checkout))().keys].sort()).toEqual(keys);
  fs.rmSync(path.join(checkout, "keys"), { recursive: true });
  expect((await committedTrust(checkout))().keys).toHaveLength(2);
  await commit();
  expect((await committedTrust(checkout))().keys).toEqual([]);
  expect(await checkoutTrust(checkout)).toThrow("no key to check evidence with");
});

test("a key is added once, whatever its file is called, and a private one never", async () => {
  fs.mkdirSync(path.join(checkout, "keys"));
  fs.writeFileSync(path.join(checkout, "keys/pipeline-2026.pub"), KEY.publicKey.replaceAll("\n", "\r\n"));
  expect(addKey(checkout).file).toBe("keys/pipeline-2026.pub");
  const secret = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const file = path.join(checkout, "private.pub");
  fs.writeFileSync(file, secret.export({ type: "pkcs8", format: "pem" }));
  expect(() => addKey(checkout, file)).toThrow(`${file} cannot be trusted: it is not one public key in PEM`);
  expect(() => publicKeyOf(KEY.publicKey + OTHER_KEY.publicKey)).toThrow("it is not one public key");
  expect(() => addKey(checkout, `${file}.not`)).toThrow(`there is no public key at ${file}.not`);
  fs.rmSync(file);
  for (const name of ["one.pub", "two.pub"]) fs.writeFileSync(path.join(checkout, "keys", name), "nothing");
  await commit();
  await expect(committedKeys(checkout)).rejects.toThrow(
    /keys that cannot be trusted.*keys\/one\.pub: .*keys\/two\.pub: /s,
  );
});
