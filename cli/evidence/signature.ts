/** Signatures by cosign: of an image, and of what is known about it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import type { Evidence, Findings } from "../../components/image/evidence/record";
import { sealedText } from "../../components/image/evidence/seal";
import type { Repository } from "./registry";
import { signingFolder, type SigningKey } from "./signing-key";
import { foundBy } from "./subject";
import { evidenceTool, readAs, runTool, ToolError } from "./tools";

const BUNDLE = z.looseObject({ messageSignature: z.looseObject({ signature: z.base64().min(1) }) });

/** What cosign says of an image without a signature, with one by another key, and with several by others. */
const UNSIGNED = /no signatures found|no matching (?:signatures|attestations)|signatures do not match threshold/;

const http = ({ plainHttp }: Repository): readonly string[] => (plainHttp ? ["--allow-http-registry"] : []);

/** Options of what writes a signature: no public log, no public authority. */
function offline(checkout: string): readonly string[] {
  const { signingConfig, trustedRoot } = signingFolder(checkout);
  return ["--yes", "--signing-config", signingConfig, "--trusted-root", trustedRoot];
}

/** Whether cosign finds a signature of the image by the key. @throws ToolError when it cannot tell */
export async function isSigned(
  checkout: string,
  repository: Repository,
  digest: string,
  publicKeyFile: string,
): Promise<boolean> {
  const cosign = await evidenceTool("cosign");
  const { trustedRoot } = signingFolder(checkout);
  // A signature by a private key is in no public log.
  const args = ["verify", "--key", publicKeyFile, "--private-infrastructure", "--trusted-root", trustedRoot];
  try {
    await runTool(cosign, [...args, ...http(repository), repository.at(digest)]);
    return true;
  } catch (error) {
    if (error instanceof ToolError && UNSIGNED.test(error.message)) return false;
    throw error;
  }
}

/**
 * Signs the image's index, unless the key has signed it before, and verifies what the registry has then.
 * @throws ToolError when it cannot be signed, or the signature does not verify
 */
export async function sign(
  checkout: string,
  repository: Repository,
  digest: string,
  key: SigningKey,
): Promise<Evidence["signature"]> {
  const cosign = await evidenceTool("cosign");
  if (!(await isSigned(checkout, repository, digest, key.publicKeyFile))) {
    const args = ["sign", "--key", key.reference, ...offline(checkout), ...http(repository), repository.at(digest)];
    await runTool(cosign, args, key.options);
    if (!(await isSigned(checkout, repository, digest, key.publicKeyFile))) {
      throw new ToolError(`the signature of ${repository.at(digest)} was made, and is not found in the registry`);
    }
  }
  return { ...foundBy(cosign), key: key.fingerprint };
}

/** Signs what was found, so that an edit shows. @throws ToolError when it cannot be signed */
export async function seal(checkout: string, findings: Findings, key: SigningKey, scratch: string): Promise<Evidence> {
  const cosign = await evidenceTool("cosign");
  const [text, bundle] = [path.join(scratch, "findings.json"), path.join(scratch, "findings.sigstore.json")];
  fs.writeFileSync(text, sealedText(findings));
  const args = ["sign-blob", "--key", key.reference, ...offline(checkout), "--bundle", bundle, text];
  await runTool(cosign, args, key.options);
  const { messageSignature } = readAs(BUNDLE, fs.readFileSync(bundle, "utf8"), "cosign's bundle");
  return { ...findings, seal: { key: key.fingerprint, signature: messageSignature.signature } };
}
