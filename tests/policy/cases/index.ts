/** The cases of every rule, in the rules' order. */
import type { RuleCases } from "../support/rule-cases";
import { cases as containerImageRequireDigest } from "./container-image-require-digest";

export const CASES: readonly RuleCases[] = [containerImageRequireDigest];
