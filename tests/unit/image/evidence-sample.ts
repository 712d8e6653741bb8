/** A whole and harmless evidence record, sealed by a key of its own. */
import * as crypto from "node:crypto";
import type { Evidence, Findings } from "../../../components/image/evidence/record";
import { keyFingerprint, sealedText } from "../../../components/image/evidence/seal";

export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const OTHER = `sha256:${"fedcba9876543210".repeat(4)}`;
export const REF = `127.0.0.1:5055/ralex-api@${DIGEST}`;
const AT = "2026-11-24T12:00:00.000Z";

const newKey = () => {
  const pair = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey: pair.privateKey, publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString() };
};
export const KEY = newKey();
export const OTHER_KEY = newKey();

const by = (tool: string) => ({ status: "checked" as const, tool, toolVersion: "1.2.3", at: AT });
const platform = (digest: string, startSeconds: Findings["platforms"][string]["startSeconds"]) => ({
  ...{ digest, compressedBytes: 35_000_000, unpackedBytes: 110_000_000, user: "10001:10001", nonRoot: true },
  setuidFiles: [],
  startSeconds,
});
const provenance = {
  attestation: OTHER,
  predicateType: "https://slsa.dev/provenance/v1",
  builder: null,
  buildType: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
  materials: [{ uri: "pkg:docker/python", digest: OTHER }],
};

export const FINDINGS: Findings = {
  image: REF,
  revision: "abc",
  createdAt: AT,
  platforms: {
    "linux/amd64": platform(DIGEST, { ...by("docker"), seconds: 0.8 }),
    "linux/arm64": platform(OTHER, {
      status: "not checked",
      reason: "no native machine: this engine runs linux/amd64",
    }),
  },
  sbom: {
    ...by("syft"),
    documents: {
      "linux/amd64": { referrer: DIGEST, packages: 30 },
      "linux/arm64": { referrer: OTHER, packages: 30 },
    },
  },
  provenance: { ...by("oras"), attestations: { "linux/amd64": provenance, "linux/arm64": provenance } },
  misconfiguration: {
    ...by("trivy"),
    targets: ["images/ralex-api/Dockerfile"],
    findings: [{ id: "DS-0026", severity: "low", title: "No HEALTHCHECK defined", target: "linux/amd64" }],
  },
  secrets: { ...by("trivy"), findings: [] },
  vulnerabilities: {
    ...by("trivy"),
    databaseAt: AT,
    operatingSystems: { "linux/amd64": "debian 12.5", "linux/arm64": "debian 12.5" },
    findings: [],
  },
  signature: { ...by("cosign"), key: keyFingerprint(KEY.publicKey) },
};

/** Seals findings, true or not, with a key. */
export function sealed(findings: Findings = FINDINGS, key = KEY): Evidence {
  const signature = crypto.sign("sha256", Buffer.from(sealedText(findings)), key.privateKey).toString("base64");
  return { ...findings, seal: { key: keyFingerprint(key.publicKey), signature } };
}
