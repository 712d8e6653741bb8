import { notMade, vulnerabilityProblems } from "../../components/image/evidence/checks";
import { evidenceFindings, ownRules } from "../image-findings";
import { CONTAINER_TYPES } from "../readers";
import type { ResourceRule } from "../rule";

/** What has a remedy and is not mended is open to whoever reads the advisory. */
export const containerImageDisallowFixableVulnerabilities: ResourceRule = {
  scope: "resource",
  id: "IMG-05",
  name: "container-image-disallow-fixable-vulnerabilities",
  title: "None of our own images has a critical or high vulnerability that has a remedy, and somebody looked",
  severity: "critical",
  reason: {
    source: "NIST SP 800-190, 4.1.1 Image vulnerabilities",
    link: "https://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-190.pdf",
  },
  fix: "Move to the fixed versions and build anew; where no database of vulnerabilities is reachable say so: `vulnerabilityEvidence: unavailable` in policy/config/<stack>.json.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "fail",
  types: CONTAINER_TYPES,
  check: (resource, context) =>
    evidenceFindings(resource, context, (evidence, image) => {
      if (evidence.vulnerabilities.status === "checked") {
        return vulnerabilityProblems(evidence, ownRules(image, context), context.now);
      }
      return context.configuration.vulnerabilityEvidence === "unavailable" ? [] : notMade(evidence, "vulnerabilities");
    }),
};
