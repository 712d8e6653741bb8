import { notMade } from "../../components/image/evidence/checks";
import { evidenceFindings } from "../image-findings";
import { CONTAINER_TYPES } from "../readers";
import type { ResourceRule } from "../rule";

/** Only who has the key can have made it. The evidence is sealed by a trusted key, and its signature was verified then. */
export const containerImageRequireSignature: ResourceRule = {
  scope: "resource",
  id: "IMG-07",
  name: "container-image-require-signature",
  title: "Each of our own images is signed by a trusted key",
  severity: "high",
  reason: { source: "Sigstore, Verifying signatures", link: "https://docs.sigstore.dev/cosign/verifying/verify/" },
  fix: "Sign it: ./ralex evidence <image> --collect signs with the key of RALEX_SIGNING_KEY, or of this checkout.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "fail",
  types: CONTAINER_TYPES,
  check: (resource, context) => evidenceFindings(resource, context, (evidence) => notMade(evidence, "signature")),
};
