/** Whose evidence is believed: the keys that the commit has, and this checkout's own where a build is found out about. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ralex } from "../../components/command-line";
import { EvidenceError, trustedKey, trustedKeyFile, type Trust } from "../../components/image/evidence";
import { keyFingerprint } from "../../components/image/evidence/seal";
import { EXIT, Failure } from "../failure";
import { replaceFile } from "../replace-file";
import { git } from "../source/repository";

/** Folder of the public keys, each a file in PEM whose name ends in `.pub`; several, while one follows another. */
export const KEYS = "keys";

export interface PublicKeyFile {
  /** From the checkout's root. */
  readonly file: string;
  readonly pem: string;
  readonly fingerprint: string;
}

/** @throws Error where the text holds anything but one public key: a private one would be published with the commit. */
export function publicKeyOf(text: string): Pick<PublicKeyFile, "pem" | "fingerprint"> {
  const pem = text.trim();
  if (!/^-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----$/.test(pem)) {
    throw new Error("it is not one public key in PEM (BEGIN PUBLIC KEY)");
  }
  return { pem: `${pem}\n`, fingerprint: keyFingerprint(pem) };
}

/**
 * The keys of the commit that is checked out: what lies in the folder and is not committed was reviewed by nobody.
 * @throws Failure (exit code 2) that names every committed file that is no public key.
 */
export async function committedKeys(checkout: string): Promise<readonly PublicKeyFile[]> {
  const list = await git(["-C", checkout, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", KEYS]);
  // No repository, or no commit yet: nothing is committed.
  if (list.failed) return [];
  const files = list.stdout.split("\0").filter((file) => file.endsWith(".pub"));
  const problems: string[] = [];
  const keys: PublicKeyFile[] = [];
  for (const file of files) {
    const shown = await git(["-C", checkout, "show", `HEAD:./${file}`]);
    try {
      keys.push({ file, ...publicKeyOf(shown.stdout) });
    } catch (error) {
      problems.push(`${file}: ${(error as Error).message}`);
    }
  }
  if (problems.length === 0) return keys;
  throw new Failure(`keys that cannot be trusted, mend or remove them:\n  ${problems.join("\n  ")}`, EXIT.refused);
}

/** Of an environment that others promote to: the committed keys, and no key of a machine or a variable. */
export async function committedTrust(checkout: string): Promise<() => Trust> {
  const committed = await committedKeys(checkout);
  const own = ownKey(checkout);
  const remedy = (key: string): string => {
    const isOwn = own?.fingerprint === key;
    const command = isOwn ? ralex("trust") : `${ralex("trust")} <its public key>`;
    const whose = isOwn ? `That key is ${own.file}, and it is not committed` : "Its public key is not committed";
    return `${whose}: if you trust it, run ${command} and commit ${KEYS}/`;
  };
  return () => ({ keys: committed.map(({ pem }) => pem), remedy });
}

/** Of the first environment, and of who only looks: this checkout's own key beside the committed ones. */
export async function checkoutTrust(checkout: string): Promise<() => Trust> {
  const committed = (await committedKeys(checkout)).map(({ pem }) => pem);
  return () => {
    try {
      return { keys: [trustedKey(checkout), ...committed] };
    } catch (error) {
      if (error instanceof EvidenceError && committed.length > 0) return { keys: committed };
      throw error;
    }
  };
}

/** What is to be said after a build whose evidence only this checkout believes; nothing where its key is committed. */
export async function untrustedSentence(checkout: string): Promise<readonly string[]> {
  const own = ownKey(checkout);
  if (own === undefined || (await committedKeys(checkout)).some(({ fingerprint }) => fingerprint === own.fingerprint)) {
    return [];
  }
  return [
    `sealed by ${own.file}, which is not committed: environments with ralex:promotesFrom refuse it until you run ` +
      `${ralex("trust")} and commit ${KEYS}/`,
  ];
}

/** The key that this checkout's evidence is sealed by, where there is one. */
function ownKey(checkout: string): PublicKeyFile | undefined {
  const file = trustedKeyFile(checkout);
  return fs.existsSync(file) ? readKey(checkout, file) : undefined;
}

function readKey(checkout: string, file: string): PublicKeyFile {
  const inside = path.relative(checkout, file);
  try {
    return { file: inside.startsWith("..") ? file : inside, ...publicKeyOf(fs.readFileSync(file, "utf8")) };
  } catch (error) {
    throw new Failure(`${file} cannot be trusted: ${(error as Error).message}`);
  }
}

/**
 * Puts a public key where it is trusted once it is committed.
 * @param given - its file; by default the key that this checkout's evidence is sealed by.
 * @returns the file in the folder of keys; the one that is there already where it has this key.
 * @throws Failure where there is no key, or it is no public one.
 */
export function addKey(checkout: string, given?: string): PublicKeyFile {
  const file = given === undefined ? trustedKeyFile(checkout) : path.resolve(given);
  if (!fs.existsSync(file)) {
    const make = given === undefined ? `: ${ralex("build")} makes one, with the evidence` : "";
    throw new Failure(`there is no public key at ${file}${make}`);
  }
  const key = readKey(checkout, file);
  const folder = path.join(checkout, KEYS);
  fs.mkdirSync(folder, { recursive: true });
  const there = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".pub"))
    .map((name) => readKey(checkout, path.join(folder, name)))
    .find(({ fingerprint }) => fingerprint === key.fingerprint);
  if (there !== undefined) return there;
  const name = `${key.fingerprint.slice("sha256:".length).slice(0, 12)}.pub`;
  replaceFile(path.join(folder, name), key.pem);
  return { ...key, file: path.join(KEYS, name) };
}
