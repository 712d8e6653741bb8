import { sizeProblems } from "../../components/image/evidence/checks";
import { imageFindings, ownRules } from "../image-findings";
import type { ThirdPartyImage } from "../images";
import { CONTAINER_TYPES } from "../readers";
import type { Context, ResourceRule } from "../rule";

/** A large image starts slowly, and most of it is what nobody needs and somebody has to patch. */
export const containerImageLimitSize: ResourceRule = {
  scope: "resource",
  id: "IMG-04",
  name: "container-image-limit-size",
  title:
    "No image takes more of the disk than its budget: ours 500 MB, 800 MB in development; others what the image lock says",
  severity: "medium",
  reason: {
    source: "Dockerfile best practices, Use multi-stage builds",
    link: "https://docs.docker.com/build/building/best-practices/#use-multi-stage-builds",
  },
  fix: "Leave out what the image does not need (a stage of its own for the build), or change `budgets` of policy/config/<stack>.json; of a third-party image its sizeBudgetMiB in images/images.lock.json.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "fail",
  types: CONTAINER_TYPES,
  check: (resource, context) =>
    imageFindings(resource, context, (facts) => {
      if (!facts.isOwn) return thirdParty(facts, context);
      return facts.evidence === undefined ? [] : sizeProblems(facts.evidence, ownRules(facts, context));
    }),
};

/** In development the lock's budget is believed: what makes the lock has measured it, and keeps no evidence. */
function thirdParty(
  { evidence, budget, platforms, isSubstitute }: ThirdPartyImage,
  { isPromoted }: Context,
): readonly string[] {
  // A substitute says nothing about the official image.
  if (isSubstitute) return [];
  if (evidence === undefined) {
    return isPromoted ? ["nobody measured it: there is no evidence of its size to hold against the lock's budget"] : [];
  }
  const rules = { platforms, isOwn: false, unpackedBytes: budget, required: [], exceptions: [] } as const;
  return sizeProblems(evidence, { ...rules, fixable: { critical: 0, high: 0 } });
}
