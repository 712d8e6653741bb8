/** Every rule, in order of priority. */
import type { Rule } from "../rule";
import { containerImageRequireDigest } from "./container-image-require-digest";

export const RULES: readonly Rule[] = [containerImageRequireDigest];
