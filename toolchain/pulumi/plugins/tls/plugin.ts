/** Stand-in for the tls plugin, on Node's cryptography. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { number, text, texts } from "../support/inputs";
import { OperationError, type Plugin, type ResourceKind, type State } from "../support/plugin";
import type { Failure, PackageTable } from "../support/tables";
import { UNKNOWN, type Values } from "../support/wire";
import table from "../tables/tls.json";
import { ALGORITHMS, algorithmOf, CURVES, describeKey, generate } from "./keys";
import {
  alternativeNames,
  certificate,
  certificateRequest,
  distinguishedName,
  readRequest,
  subjectOf,
  USAGES,
} from "./x509";

const HOUR = 3600_000;

const oneOf = (inputs: Values, property: string, allowed: readonly string[]): Failure[] => {
  const value = text(inputs, property);
  const isWrong = value !== undefined && value !== UNKNOWN && !allowed.includes(value);
  return isWrong ? [{ property, reason: `must be one of ${allowed.join(", ")}` }] : [];
};

function privateKey(inputs: Values, property: string): KeyObject {
  try {
    return createPrivateKey(text(inputs, property) ?? "");
  } catch {
    throw new OperationError(`${property} is not an unencrypted private key in PEM form`);
  }
}

const key: ResourceKind = {
  accepts: ["algorithm", "rsaBits", "ecdsaCurve"],
  updates: [],
  secretOutputs: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
  check: (inputs) => ({
    inputs,
    failures: [
      ...oneOf(inputs, "algorithm", Object.values(ALGORITHMS)),
      ...oneOf(inputs, "ecdsaCurve", Object.keys(CURVES)),
    ],
  }),
  create(inputs) {
    const pair = generate(
      text(inputs, "algorithm") ?? "",
      number(inputs, "rsaBits") ?? 2048,
      text(inputs, "ecdsaCurve") ?? "P224",
    );
    const der = pair.publicKey.export({ format: "der", type: "spki" });
    const id = createHash("sha1").update(der).digest("hex");
    return Promise.resolve({ id, outputs: describeKey(pair.publicKey, pair.privateKey) });
  },
};

const request: ResourceKind = {
  accepts: ["privateKeyPem", "dnsNames", "ipAddresses", "uris", "subject"],
  updates: [],
  create(inputs) {
    const signer = privateKey(inputs, "privateKeyPem");
    const certRequestPem = certificateRequest(inputs, createPublicKey(signer), signer);
    const id = createHash("sha1").update(certRequestPem).digest("hex");
    return Promise.resolve({ id, outputs: { certRequestPem, keyAlgorithm: algorithmOf(signer) } });
  },
};

const timestamp = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, "Z");

function validity(inputs: Values): { from: Date; until: Date } {
  const from = new Date(Math.floor(Date.now() / 1000) * 1000);
  return { from, until: new Date(from.getTime() + (number(inputs, "validityPeriodHours") ?? 0) * HOUR) };
}

const isDue = ({ inputs, outputs }: Omit<State, "id">): boolean => {
  const end = Date.parse(text(outputs, "validityEndTime") ?? "");
  return Date.now() >= end - (number(inputs, "earlyRenewalHours") ?? 0) * HOUR;
};

/** What both kinds of certificate have in common. */
const issued = {
  // Which moment a renewal is due is asked at each update; nothing is made for a change of it.
  updates: ["earlyRenewalHours"],
  check: (inputs: Values) => {
    const unknown = (texts(inputs, "allowedUses") ?? []).filter((use) => !USAGES.includes(use) && use !== UNKNOWN);
    const reason = `${unknown.join(", ")}: not among ${USAGES.join(", ")}`;
    return { inputs, failures: unknown.length === 0 ? [] : [{ property: "allowedUses", reason }] };
  },
  due: (state: Omit<State, "id">) =>
    isDue(state) ? { output: "readyForRenewal", action: "replace" as const } : undefined,
  read: (state: State) => Promise.resolve({ ...state.outputs, readyForRenewal: isDue(state) }),
  update: () => Promise.resolve({}),
} satisfies Partial<ResourceKind>;

const times = ({ from, until }: { from: Date; until: Date }): Values => ({
  validityStartTime: timestamp(from),
  validityEndTime: timestamp(until),
  readyForRenewal: false,
});

const selfSigned: ResourceKind = {
  ...issued,
  accepts: [
    "privateKeyPem",
    "allowedUses",
    "validityPeriodHours",
    "earlyRenewalHours",
    "dnsNames",
    "ipAddresses",
    "uris",
    "isCaCertificate",
    "maxPathLength",
    "setSubjectKeyId",
    "setAuthorityKeyId",
    "subject",
  ],
  create(inputs) {
    const signer = privateKey(inputs, "privateKeyPem");
    const name = distinguishedName(inputs);
    const span = validity(inputs);
    const made = certificate({
      inputs,
      subject: name,
      alternativeNames: alternativeNames(inputs),
      publicKey: createPublicKey(signer),
      issuer: { name, key: signer, isSelf: true },
      ...span,
    });
    const outputs = { certPem: made.pem, keyAlgorithm: algorithmOf(signer), ...times(span) };
    return Promise.resolve({ id: made.serial, outputs });
  },
};

const locallySigned: ResourceKind = {
  ...issued,
  accepts: [
    "certRequestPem",
    "caPrivateKeyPem",
    "caCertPem",
    "allowedUses",
    "validityPeriodHours",
    "earlyRenewalHours",
    "isCaCertificate",
    "maxPathLength",
    "setSubjectKeyId",
  ],
  create(inputs) {
    const signer = privateKey(inputs, "caPrivateKeyPem");
    const asked = readRequest(text(inputs, "certRequestPem") ?? "");
    const span = validity(inputs);
    const made = certificate({
      inputs,
      ...asked,
      issuer: { name: subjectOf(text(inputs, "caCertPem") ?? ""), key: signer, isSelf: false },
      ...span,
    });
    const outputs = { certPem: made.pem, caKeyAlgorithm: algorithmOf(signer), ...times(span) };
    return Promise.resolve({ id: made.serial, outputs });
  },
};

export const plugin: Plugin = {
  table: table as PackageTable,
  config: [],
  resources: {
    "tls:index/certRequest:CertRequest": request,
    "tls:index/locallySignedCert:LocallySignedCert": locallySigned,
    "tls:index/privateKey:PrivateKey": key,
    "tls:index/selfSignedCert:SelfSignedCert": selfSigned,
  },
};
