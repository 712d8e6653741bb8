/** What is known about an image digest, and whether that is enough. */
export { gate, type Verdict } from "./gate";
export { rulesFor, rulesOf, type GateRules, type VulnerabilityException } from "./rules";
export {
  EvidenceError,
  evidenceFile,
  parseEvidence,
  readEvidence,
  trustedKey,
  trustedKeyFile,
  type Trust,
} from "./read";
export { EVIDENCE_TYPE, type CheckName, type Evidence, type PlatformEvidence } from "./record";
export { vulnerabilityCounts, type VulnerabilityCounts } from "./summary";
