/** Certificates and requests (RFC 5280, RFC 2986): their structure by node-forge, their signatures by Node. */
import { createHash, createPublicKey, randomBytes, sign, verify, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import forge from "node-forge";
import { object, text, texts } from "../support/inputs";
import { OperationError } from "../support/plugin";
import type { Values } from "../support/wire";
import { algorithmOf } from "./keys";

const { asn1 } = forge;
type Node = forge.asn1.Asn1;
const { Class, Type } = asn1;

const OIDS = {
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  extensionRequest: "1.2.840.113549.1.9.14",
};

/** Bits of the extension keyUsage, by the provider's names. */
const KEY_USAGES = [
  "digital_signature",
  "content_commitment",
  "key_encipherment",
  "data_encipherment",
  "key_agreement",
  "cert_signing",
  "crl_signing",
  "encipher_only",
  "decipher_only",
];
const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
};
export const USAGES = [...KEY_USAGES, ...Object.keys(EXTENDED_USAGES)];

/** Parts of a subject, in the order in which they are written. */
const SUBJECT: readonly (readonly [string, string])[] = [
  ["country", "2.5.4.6"],
  ["organization", "2.5.4.10"],
  ["organizationalUnit", "2.5.4.11"],
  ["locality", "2.5.4.7"],
  ["province", "2.5.4.8"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "2.5.4.3"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "1.2.840.113549.1.9.1"],
];

const bytes = (value: Buffer): string => value.toString("binary");
const universal = (type: forge.asn1.Type, value: string): Node => asn1.create(Class.UNIVERSAL, type, false, value);
const sequence = (...items: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
const set = (...items: Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SET, true, items);
const oid = (value: string): Node => universal(Type.OID, asn1.oidToDer(value).getBytes());
const integer = (value: Buffer): Node => universal(Type.INTEGER, bytes(value));
const context = (tag: number, constructed: boolean, value: string | Node[]): Node =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, constructed, value);
const der = (node: Node): Buffer => Buffer.from(asn1.toDer(node).getBytes(), "binary");
const parse = (value: Buffer): Node => asn1.fromDer(bytes(value));
const children = (node: Node | undefined): Node[] => (Array.isArray(node?.value) ? (node.value as Node[]) : []);

const pem = (label: string, value: Buffer): string =>
  `-----BEGIN ${label}-----\n${value.toString("base64").replace(/.{64}/g, "$&\n").trimEnd()}\n-----END ${label}-----\n`;
const unpem = (value: string): Buffer => Buffer.from(value.replace(/-----[^-]+-----|\s/g, ""), "base64");

const spki = (key: KeyObject): Buffer => key.export({ format: "der", type: "spki" });

/** RFC 5280, 4.2.1.2, method 1: the hash of the key's own bits. */
const keyId = (key: KeyObject): Buffer => {
  const bits = String(children(parse(spki(key)))[1]?.value ?? "");
  return createHash("sha1").update(Buffer.from(bits, "binary").subarray(1)).digest();
};

function signature(key: KeyObject): { hash: string | null; algorithm: Node } {
  const kind = algorithmOf(key);
  if (kind === "RSA")
    return { hash: "sha256", algorithm: sequence(oid("1.2.840.113549.1.1.11"), universal(Type.NULL, "")) };
  if (kind === "ED25519") return { hash: null, algorithm: sequence(oid("1.3.101.112")) };
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === "secp384r1") return { hash: "sha384", algorithm: sequence(oid("1.2.840.10045.4.3.3")) };
  if (curve === "secp521r1") return { hash: "sha512", algorithm: sequence(oid("1.2.840.10045.4.3.4")) };
  return { hash: "sha256", algorithm: sequence(oid("1.2.840.10045.4.3.2")) };
}

const signed = (body: Node, key: KeyObject): Buffer => {
  const { hash, algorithm } = signature(key);
  const value = sign(hash, der(body), key);
  return der(sequence(body, algorithm, universal(Type.BITSTRING, `\0${bytes(value)}`)));
};

/** The subject of the inputs as a distinguished name. */
export function distinguishedName(inputs: Values): Node {
  const subject = object(inputs, "subject") ?? {};
  const parts = SUBJECT.flatMap(([name, type]) => {
    const values = texts(subject, name) ?? [text(subject, name)].flatMap((value) => value ?? []);
    return values.map((value) => set(sequence(oid(type), universal(Type.UTF8, forge.util.encodeUtf8(value)))));
  });
  return sequence(...parts);
}

const address = (value: string): string => {
  if (isIP(value) === 4) return String.fromCharCode(...value.split(".").map(Number));
  if (isIP(value) !== 6) throw new OperationError(`ipAddresses: "${value}" is not an IP address`);
  const [head = "", tail] = value.split("::");
  const groups = (part: string) => part.split(":").filter((group) => group !== "");
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return bytes(Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, "0")).join(""), "hex"));
};

const extension = (type: string, critical: boolean, value: Node): Node =>
  sequence(
    oid(type),
    ...(critical ? [universal(Type.BOOLEAN, "\xff")] : []),
    universal(Type.OCTETSTRING, bytes(der(value))),
  );

/** The alternative names of the inputs, or nothing where there are none. */
export function alternativeNames(inputs: Values): Node[] {
  const names = [
    ...(texts(inputs, "dnsNames") ?? []).map((name) => context(2, false, name)),
    ...(texts(inputs, "ipAddresses") ?? []).map((value) => context(7, false, address(value))),
    ...(texts(inputs, "uris") ?? []).map((uri) => context(6, false, uri)),
  ];
  return names.length === 0 ? [] : [extension(OIDS.subjectAltName, false, sequence(...names))];
}

function usages(inputs: Values): Node[] {
  const uses = texts(inputs, "allowedUses") ?? [];
  const bits = KEY_USAGES.map((name, index) => (uses.includes(name) ? index : -1)).filter((index) => index >= 0);
  const extended = uses.flatMap((name) => EXTENDED_USAGES[name] ?? []);
  const result: Node[] = [];
  if (bits.length > 0) {
    const last = Math.max(...bits);
    const value = Buffer.alloc(1 + Math.ceil((last + 1) / 8));
    for (const bit of bits) value[1 + (bit >> 3)] = (value[1 + (bit >> 3)] ?? 0) | (0x80 >> (bit & 7));
    value[0] = 7 - (last & 7);
    result.push(extension(OIDS.keyUsage, true, universal(Type.BITSTRING, bytes(value))));
  }
  if (extended.length > 0) result.push(extension(OIDS.extKeyUsage, false, sequence(...extended.map(oid))));
  return result;
}

const time = (date: Date): Node => {
  const isLate = date.getUTCFullYear() >= 2050;
  const type = isLate ? Type.GENERALIZEDTIME : Type.UTCTIME;
  return universal(type, isLate ? asn1.dateToGeneralizedTime(date) : asn1.dateToUtcTime(date));
};

export interface CertificateParts {
  /** `validityPeriodHours`, `allowedUses`, `isCaCertificate`, `setSubjectKeyId`, `maxPathLength`. */
  readonly inputs: Values;
  readonly subject: Node;
  readonly alternativeNames: readonly Node[];
  readonly publicKey: KeyObject;
  readonly issuer: { readonly name: Node; readonly key: KeyObject; readonly isSelf: boolean };
  readonly from: Date;
  readonly until: Date;
}

/** Makes and signs a certificate of version 3. */
export function certificate(parts: CertificateParts): { pem: string; serial: string } {
  const { inputs, issuer, publicKey } = parts;
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01;
  const isCa = inputs.isCaCertificate === true;
  const longest = typeof inputs.maxPathLength === "number" ? [integer(Buffer.of(inputs.maxPathLength))] : [];
  const constraints = sequence(...(isCa ? [universal(Type.BOOLEAN, "\xff"), ...longest] : []));
  const issuerKeyId = bytes(keyId(createPublicKey(issuer.key)));
  const hasSubjectKeyId = isCa || inputs.setSubjectKeyId === true;
  const hasAuthorityKeyId = !issuer.isSelf || inputs.setAuthorityKeyId === true;
  const extensions = [
    ...usages(inputs),
    extension(OIDS.basicConstraints, true, constraints),
    ...(hasSubjectKeyId
      ? [extension(OIDS.subjectKeyId, false, universal(Type.OCTETSTRING, bytes(keyId(publicKey))))]
      : []),
    ...(hasAuthorityKeyId ? [extension(OIDS.authorityKeyId, false, sequence(context(0, false, issuerKeyId)))] : []),
    ...parts.alternativeNames,
  ];
  const body = sequence(
    context(0, true, [integer(Buffer.of(2))]),
    integer(serial),
    signature(issuer.key).algorithm,
    issuer.name,
    sequence(time(parts.from), time(parts.until)),
    parts.subject,
    parse(spki(publicKey)),
    context(3, true, [sequence(...extensions)]),
  );
  return {
    pem: pem("CERTIFICATE", signed(body, issuer.key)),
    serial: BigInt(`0x${serial.toString("hex")}`).toString(),
  };
}

/** The name in a certificate, as its issuer has to repeat it. */
export function subjectOf(certificatePem: string): Node {
  const [body] = children(parse(unpem(certificatePem)));
  const subject = children(body)[5];
  if (subject === undefined) throw new OperationError("caCertPem is not a certificate of version 3");
  return subject;
}

/** Makes and signs a certificate request. */
export function certificateRequest(inputs: Values, publicKey: KeyObject, privateKey: KeyObject): string {
  const names = alternativeNames(inputs);
  const attributes = names.length === 0 ? [] : [sequence(oid(OIDS.extensionRequest), set(sequence(...names)))];
  const body = sequence(
    integer(Buffer.of(0)),
    distinguishedName(inputs),
    parse(spki(publicKey)),
    context(0, true, attributes),
  );
  return pem("CERTIFICATE REQUEST", signed(body, privateKey));
}

/** Reads a request and checks that it is signed by its own key. */
export function readRequest(requestPem: string): { subject: Node; publicKey: KeyObject; alternativeNames: Node[] } {
  const [body, , value] = children(parse(unpem(requestPem)));
  const [, subject, info, attributes] = children(body);
  if (body === undefined || subject === undefined || info === undefined || value === undefined) {
    throw new OperationError("certRequestPem is not a certificate request");
  }
  const publicKey = createPublicKey({ key: der(info), format: "der", type: "spki" });
  const bits = Buffer.from(
    String((value as unknown as { bitStringContents?: string }).bitStringContents ?? value.value),
    "binary",
  );
  if (!verify(signature(publicKey).hash, der(body), publicKey, bits.subarray(1))) {
    throw new OperationError("certRequestPem is not signed by the key that it names");
  }
  const requested = children(attributes).flatMap((attribute) => children(children(attribute)[1]).flatMap(children));
  const isNames = (node: Node) => asn1.derToOid(String(children(node)[0]?.value)) === OIDS.subjectAltName;
  return { subject, publicKey, alternativeNames: requested.filter(isNames) };
}
