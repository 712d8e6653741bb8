/** What every object that a stack makes is given: its metadata, and how long it is waited for. */
import type { types } from "@pulumi/kubernetes";
import type { CustomTimeouts } from "@pulumi/pulumi";
import { labels } from "./names";

type ObjectMeta = types.input.meta.v1.ObjectMeta;

/**
 * These are our own objects: a field that somebody changed by hand is taken back. Without the annotation the API server
 * tells Pulumi of a conflict with kubectl, and the update fails.
 */
const OWNED = { "pulumi.com/patchForce": "true" } as const;

/** Name and labels: what an object has whoever applies it. */
export const plainMeta = (stack: string, name: string) => ({ name, labels: labels(stack, name) });

export const objectMeta = (
  stack: string,
  name: string,
  annotations: Readonly<Record<string, string>> = {},
): ObjectMeta & { readonly name: string } => ({
  ...plainMeta(stack, name),
  annotations: { ...OWNED, ...annotations },
});

/** How long an object is waited for, in seconds, when it is made and when it is changed. */
export const waitBounds = (seconds: number): CustomTimeouts => ({ create: `${seconds}s`, update: `${seconds}s` });
