/**
 * The stack's settings as its program reads them: environment, `.env`, stack configuration, default; of a stack that
 * promotes from another one the configuration and the defaults only.
 */
import * as pulumi from "@pulumi/pulumi";
import { readDotenv } from "../components/settings/dotenv";
import { leftOutSentence, leftOutVariables, loadSettings, secretValues } from "../components/settings/load";
import type { SecretSetting, Settings } from "../components/settings/schema";

export interface StackSettings {
  readonly settings: Settings;
  readonly secrets: Readonly<Partial<Record<SecretSetting, pulumi.Output<string>>>>;
}

/** @throws SettingsError with every problem, before any resource is made. */
export function readStackSettings(checkout: string): StackSettings {
  const prefix = `${pulumi.getProject()}:`;
  const stack = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value])
      .map(([key, value]) => [key, key === "release" && typeof value === "string" ? JSON.parse(value) : value]),
  );
  // The engine's own list; the SDK has no public question for it.
  const encrypted = (JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]") as readonly string[]).map((key) =>
    key.slice(prefix.length),
  );
  const sources = { environment: process.env, ...readDotenv(checkout), stack, encrypted: new Set(encrypted) };
  const settings = loadSettings(sources);
  const leftOut = leftOutVariables(sources);
  if (leftOut.length > 0) void pulumi.log.warn(leftOutSentence(pulumi.getStack(), leftOut));
  const secrets = Object.fromEntries(
    Object.entries(secretValues(sources)).map(([key, value]) => [key, pulumi.secret(value)]),
  );
  return { settings, secrets };
}
