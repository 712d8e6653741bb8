/** What was said during a preview: by policies, and by what failed. */
import { stripVTControlCharacters } from "node:util";
import type { Finding, Message } from "../result";
import type { EngineEvent } from "./stream";

/** Text as the engine prints it is full of instructions for colours: `<{%reset%}>`. */
const COLOUR = /<\{%[^%]{0,40}%\}>/g;

const plain = (text: string): string => stripVTControlCharacters(text.replace(COLOUR, "")).trimEnd();

/** What policies found, each finding once; those that refuse the change first. */
export function findingsOf(events: readonly EngineEvent[]): readonly Finding[] {
  const found = new Map<string, Finding>();
  for (const { policyEvent } of events) {
    if (policyEvent === undefined) continue;
    const finding = {
      pack: policyEvent.policyPackName,
      ...(policyEvent.policyPackVersion ? { version: policyEvent.policyPackVersion.replace(/^v/, "") } : {}),
      rule: policyEvent.policyName,
      refuses: policyEvent.enforcementLevel === "mandatory",
      ...(policyEvent.resourceUrn ? { urn: policyEvent.resourceUrn } : {}),
      message: plain(policyEvent.message),
    };
    found.set(JSON.stringify(finding), finding);
  }
  return [...found.values()].sort((a, b) => Number(b.refuses) - Number(a.refuses));
}

/** What failed, in the engine's order, each message once. */
export const errorsOf = (events: readonly EngineEvent[]): readonly Message[] => said(events, "error");

export const warningsOf = (events: readonly EngineEvent[]): readonly Message[] => said(events, "warning");

/** What the engine says of itself once something has failed, or it was told to end: no news then. */
const AFTERWARDS = /^(preview|update) (failed|canceled)$/;

function said(events: readonly EngineEvent[], severity: string): readonly Message[] {
  const found = new Map<string, Message>();
  for (const { diagnosticEvent } of events) {
    if (diagnosticEvent?.severity !== severity || diagnosticEvent.ephemeral === true) continue;
    const text = plain(diagnosticEvent.message);
    if (text === "" || AFTERWARDS.test(text)) continue;
    found.set(`${diagnosticEvent.urn} ${text}`, {
      ...(diagnosticEvent.urn ? { urn: diagnosticEvent.urn } : {}),
      text,
    });
  }
  return [...found.values()];
}

/** What is left of the engine's output where it failed before its first event: nothing of a resource is in it. */
export const lastLines = (text: string, most: number): string => plain(text).split("\n").slice(-most).join("\n").trim();
