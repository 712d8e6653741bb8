/** Properties as the policy SDK hands them over, as the plain values that rules read. */
import { UNKNOWN } from "./value";

/**
 * What the engine sends in place of a value that a preview cannot know, by the value's type. Source: pulumi,
 * sdk/go/common/resource/plugin/rpc.go, UnknownBoolValue and the others.
 */
const SENTINELS: ReadonlySet<unknown> = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Deepest nesting that is read; nothing that a rule looks at is below it. */
const DEEPEST = 64;

/**
 * A copy without the SDK's proxies, which end a policy with a mere advice as soon as it reads an unknown value: a
 * property's descriptor is told without a word, and everything below it is no proxy.
 */
export function plainValue(value: unknown, depth = 0): unknown {
  if (SENTINELS.has(value)) return UNKNOWN;
  if (typeof value !== "object" || value === null) return value;
  // What nobody looked at is not known to be harmless.
  if (depth > DEEPEST) return UNKNOWN;
  const descriptors = Object.getOwnPropertyDescriptors(value);
  if (Array.isArray(value)) {
    const { value: length } = descriptors.length as PropertyDescriptor;
    return Array.from({ length: Number(length) }, (_, index) => plainValue(descriptors[index]?.value, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(descriptors)
      .filter(([, { enumerable }]) => enumerable)
      .map(([key, { value: child }]) => [key, plainValue(child, depth + 1)]),
  );
}

export const plainProperties = (props: unknown): Readonly<Record<string, unknown>> =>
  plainValue(props) as Record<string, unknown>;
