/** Private keys in the forms that the official provider gives them. */
import { createHash, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { OperationError } from "../support/plugin";
import type { Values } from "../support/wire";

/** Names of curves: the provider's, Node's, and OpenSSH's (which has none for P224). */
export const CURVES: Readonly<Record<string, { readonly node: string; readonly ssh?: string }>> = {
  P224: { node: "secp224r1" },
  P256: { node: "prime256v1", ssh: "nistp256" },
  P384: { node: "secp384r1", ssh: "nistp384" },
  P521: { node: "secp521r1", ssh: "nistp521" },
};

export const ALGORITHMS: Readonly<Record<string, string>> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };

/** The provider's name of a key's algorithm. */
export function algorithmOf(key: KeyObject): string {
  const name = ALGORITHMS[key.asymmetricKeyType ?? ""];
  if (name === undefined)
    throw new OperationError(`keys of type ${key.asymmetricKeyType} are not RSA, ECDSA or ED25519`);
  return name;
}

export function generate(
  algorithm: string,
  rsaBits: number,
  curve: string,
): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === "RSA") return generateKeyPairSync("rsa", { modulusLength: rsaBits });
  if (algorithm === "ECDSA") return generateKeyPairSync("ec", { namedCurve: CURVES[curve]?.node ?? curve });
  return generateKeyPairSync("ed25519");
}

const framed = (part: Buffer | string): Buffer => {
  const bytes = Buffer.from(part as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** A positive number of any size: without leading zeros, and one before a high bit. */
const multiprecision = (bytes: Buffer): Buffer => {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return framed((trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), trimmed]) : trimmed);
};

const field = (key: KeyObject, name: string): Buffer => {
  const value = (key.export({ format: "jwk" }) as Record<string, unknown>)[name];
  return Buffer.from(typeof value === "string" ? value : "", "base64url");
};

const ssh = (key: KeyObject): { type: string; curve: string } | undefined => {
  if (key.asymmetricKeyType === "rsa") return { type: "ssh-rsa", curve: "" };
  if (key.asymmetricKeyType === "ed25519") return { type: "ssh-ed25519", curve: "" };
  const curve = Object.values(CURVES).find(({ node }) => node === key.asymmetricKeyDetails?.namedCurve)?.ssh;
  return curve === undefined ? undefined : { type: `ecdsa-sha2-${curve}`, curve };
};

/** The key as SSH puts it on the wire (RFC 4253, 5656, 8709). */
function publicBlob(key: KeyObject): Buffer | undefined {
  const kind = ssh(key);
  if (kind === undefined) return undefined;
  if (kind.type === "ssh-rsa")
    return Buffer.concat([framed(kind.type), ...["e", "n"].map((name) => multiprecision(field(key, name)))]);
  if (kind.type === "ssh-ed25519") return Buffer.concat([framed(kind.type), framed(field(key, "x"))]);
  return Buffer.concat([framed(kind.type), framed(kind.curve), framed(point(key))]);
}

const point = (key: KeyObject): Buffer => Buffer.concat([Buffer.of(4), field(key, "x"), field(key, "y")]);

function privateFields(key: KeyObject, type: string, curve: string): Buffer {
  const numbers = (...names: string[]) => names.map((name) => multiprecision(field(key, name)));
  if (type === "ssh-rsa") return Buffer.concat(numbers("n", "e", "d", "qi", "p", "q"));
  if (type === "ssh-ed25519") {
    return Buffer.concat([framed(field(key, "x")), framed(Buffer.concat([field(key, "d"), field(key, "x")]))]);
  }
  return Buffer.concat([framed(curve), framed(point(key)), ...numbers("d")]);
}

/** The unencrypted form that OpenSSH writes (PROTOCOL.key of OpenSSH). */
function openssh(publicKey: KeyObject, privateKey: KeyObject): string {
  const kind = ssh(publicKey);
  const blob = publicBlob(publicKey);
  if (kind === undefined || blob === undefined) return "";
  const check = randomBytes(4);
  const body = Buffer.concat([
    check,
    check,
    framed(kind.type),
    privateFields(privateKey, kind.type, kind.curve),
    framed(""),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    framed("none"),
    framed("none"),
    framed(""),
    count,
    framed(blob),
    framed(Buffer.concat([body, padding])),
  ]);
  const lines = whole.toString("base64").replace(/.{70}/g, "$&\n").trimEnd();
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

const FORM: Readonly<Record<string, "pkcs1" | "sec1" | "pkcs8">> = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" };

/** Everything that the provider says about a key. SSH forms are empty where SSH has no such key. */
export function describeKey(publicKey: KeyObject, privateKey: KeyObject): Values {
  const pem = (type: "pkcs1" | "sec1" | "pkcs8") => String(privateKey.export({ format: "pem", type: type as "pkcs8" }));
  const blob = publicBlob(publicKey);
  const md5 =
    blob &&
    createHash("md5")
      .update(blob)
      .digest("hex")
      .replace(/..(?=.)/g, "$&:");
  const sha256 = blob && `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
  return {
    privateKeyPem: pem(FORM[algorithmOf(publicKey)] ?? "pkcs8"),
    privateKeyPemPkcs8: pem("pkcs8"),
    privateKeyOpenssh: openssh(publicKey, privateKey),
    publicKeyPem: String(publicKey.export({ format: "pem", type: "spki" })),
    publicKeyOpenssh: blob === undefined ? "" : `${ssh(publicKey)?.type} ${blob.toString("base64")}\n`,
    publicKeyFingerprintMd5: md5 ?? "",
    publicKeyFingerprintSha256: sha256 ?? "",
  };
}
