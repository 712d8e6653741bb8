import { ageProblems } from "../../components/image/evidence/checks";
import { imageFindings, ownRules } from "../image-findings";
import { CONTAINER_TYPES } from "../readers";
import type { ResourceRule } from "../rule";

/** What nobody measured, scanned and signed is not known to be harmless. */
export const containerImageRequireEvidence: ResourceRule = {
  scope: "resource",
  id: "IMG-03",
  name: "container-image-require-evidence",
  title: "There is sealed and fresh evidence of each of our own images",
  severity: "critical",
  reason: { source: "SLSA 1.0, Verifying artifacts", link: "https://slsa.dev/spec/v1.0/verifying-artifacts" },
  fix: "Collect it: ./ralex evidence <image> --collect, or deploy a release of ./ralex build, which has it.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "fail",
  types: CONTAINER_TYPES,
  check: (resource, context) =>
    imageFindings(resource, context, (facts) => {
      if (!facts.isOwn) return [];
      if (facts.evidence === undefined) return [facts.problem ?? "there is no evidence of it"];
      return ageProblems(facts.evidence, ownRules(facts, context), context.now);
    }),
};
