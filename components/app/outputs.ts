/** What every target returns. The names are a public contract: pipelines and people read them. */
import type { Output } from "@pulumi/pulumi";

/** The release of an environment. */
export interface Release {
  readonly id: string;
  /** Every image of it by name, as `repository@sha256:…`, whatever target it is for. */
  readonly images: Readonly<Record<string, string>>;
  /** Names of those that run here, sorted. */
  readonly ran: readonly string[];
}

/** One check of a deployment against its live endpoints. */
export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** The deployment's own checks; `passed` is computed from the checks and from nothing else. */
export interface Verification {
  readonly passed: boolean;
  /** ISO 8601, UTC; null where nothing was checked: of what is not pinned, nothing can be said later. */
  readonly at: string | null;
  readonly checks: readonly Check[];
}

/** What was never checked. */
export const UNVERIFIED: Verification = { passed: false, at: null, checks: [] };

/** A service as it runs. */
export interface RunningService {
  readonly image: string;
  readonly replicas: number;
}

/** Outputs of every target. */
export interface TargetOutputs {
  /** Open WebUI in the browser. */
  readonly webUrl: Output<string>;
  /** Base URL for OpenAI clients, ending in /v1. */
  readonly apiUrl: Output<string>;
  /** Secret; absent where the stack only reads a Secret that somebody else makes. */
  readonly apiKey?: Output<string>;
  /** For each output that is absent for that reason, the command that prints its value. */
  readonly elsewhere?: Output<Readonly<Record<string, string>>>;
  readonly release: Output<Release>;
  readonly verification: Output<Verification>;
  readonly services: Output<Readonly<Record<string, RunningService>>>;
  /** Names of images that stand in for official ones; empty where the registries are reachable. */
  readonly substitutes: Output<readonly string[]>;
}
