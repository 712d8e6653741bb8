/** The key that images and their evidence are signed with: the pipeline's own, or one that is made for this checkout. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { keyFingerprint } from "../../components/image/evidence/seal";
import { trustedKeyFile } from "../../components/image/evidence/read";
import { withLock } from "../../toolchain/lock";
import { evidenceTool, runTool, ToolError, type RunOptions } from "./tools";

export interface SigningKey {
  /** As cosign takes it: a file, or the address of a key in a key service. */
  readonly reference: string;
  /** Gives cosign the password by standard input, where nobody else sees it. */
  readonly options: RunOptions;
  /** PEM. */
  readonly publicKey: string;
  readonly publicKeyFile: string;
  /** `sha256:` of the public key. */
  readonly fingerprint: string;
}

/** Options of every use of cosign: no public service is asked and nothing of the user's home is touched. */
export interface SigningFolder {
  readonly folder: string;
  readonly signingConfig: string;
  readonly trustedRoot: string;
}

/** Describes a world without public services: what is signed stands on the key alone. */
const SIGNING_CONFIG = `${JSON.stringify({
  mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
  rekorTlogConfig: {},
  tsaConfig: {},
})}\n`;
const TRUSTED_ROOT = `${JSON.stringify({ mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1" })}\n`;

export function signingFolder(checkout: string): SigningFolder {
  const folder = path.join(checkout, ".ralex/signing");
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    if (!fs.existsSync(file)) fs.writeFileSync(file, text);
    return file;
  };
  return {
    folder,
    signingConfig: write("signing-config.json", SIGNING_CONFIG),
    trustedRoot: write("trusted-root.json", TRUSTED_ROOT),
  };
}

/**
 * The key that `RALEX_SIGNING_KEY` names, or the checkout's own, made on first use.
 * @throws ToolError when the key cannot be read, or evidence of it would not be believed here
 */
export async function signingKey(checkout: string, environment: NodeJS.ProcessEnv = process.env): Promise<SigningKey> {
  const named = environment.RALEX_SIGNING_KEY;
  if (named === undefined || named === "") return ownKey(checkout);
  const cosign = await evidenceTool("cosign");
  const reference = /^[a-z0-9]+:\/\//.test(named) ? named : path.resolve(checkout, named);
  const options = pipelineOptions(named, environment);
  const publicKey = await runTool(cosign, ["public-key", "--key", reference], options);
  const publicKeyFile = trustedKeyFile(checkout, environment);
  const key = { reference, options, publicKey, publicKeyFile, fingerprint: keyFingerprint(publicKey) };
  // Who names no public key trusts the key that is signed with.
  if (publicKeyFile.startsWith(signingFolder(checkout).folder)) fs.writeFileSync(publicKeyFile, publicKey);
  const trusted = fs.existsSync(publicKeyFile) ? keyFingerprint(fs.readFileSync(publicKeyFile, "utf8")) : "not there";
  if (trusted === key.fingerprint) return key;
  throw new ToolError(
    `RALEX_SIGNING_KEY is ${key.fingerprint} and ${publicKeyFile} is ${trusted}: give the public key of the same pair`,
  );
}

/** The password, and the key itself where it is in a variable (`env://NAME`). */
function pipelineOptions(named: string, environment: NodeJS.ProcessEnv): RunOptions {
  const variable = /^env:\/\/(.+)$/.exec(named)?.[1] ?? "";
  const key = environment[variable];
  const input = environment.COSIGN_PASSWORD ?? "";
  return key === undefined ? { input } : { input, environment: { [variable]: key } };
}

async function ownKey(checkout: string): Promise<SigningKey> {
  const { folder } = signingFolder(checkout);
  const [privateKey, publicKeyFile, passwordFile] = ["cosign.key", "cosign.pub", "password"].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  await withLock(path.join(folder, "pair"), async () => {
    if (fs.existsSync(privateKey) && fs.existsSync(publicKeyFile)) return;
    if (!fs.existsSync(passwordFile)) {
      fs.writeFileSync(passwordFile, crypto.randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
    }
    const cosign = await evidenceTool("cosign");
    const input = fs.readFileSync(passwordFile, "utf8");
    fs.rmSync(privateKey, { force: true });
    await runTool(cosign, ["generate-key-pair", "--output-key-prefix", "cosign"], { input, cwd: folder });
    fs.chmodSync(privateKey, 0o600);
  });
  const publicKey = fs.readFileSync(publicKeyFile, "utf8");
  return {
    reference: privateKey,
    options: { input: fs.readFileSync(passwordFile, "utf8") },
    publicKey,
    publicKeyFile,
    fingerprint: keyFingerprint(publicKey),
  };
}
