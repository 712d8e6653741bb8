/**
 * Every setting of Ralex: one table for what every target has, and one for each target's own. Pulumi.yaml declares the same
 * keys, and a test holds the two together.
 *
 * Keys are flat because Pulumi's project configuration declares types for flat keys only.
 */
import { z } from "zod";
import { certificateProblem } from "./certificates";
import { dockerClashes, DOCKER_SETTINGS } from "./docker";
import { heldInSecret, kubernetesClashes, KUBERNETES_SETTINGS } from "./kubernetes";
import { mirrorProblems } from "./image-mirror";
import { itemsOf } from "./list";
import type { Problem } from "./problem";
import { SIZE_NAMES } from "./sizes";
import { postgresUrl, redisUrl } from "./store-url";
import { TARGETS, type TargetName } from "./targets";
import { upstreamUrl } from "./upstream-url";

const seconds = (max: number) => z.int().min(1).max(max);

/** As browsers send it: scheme, host and, where it is not the scheme's own, port; in lower case and with no path. */
const ORIGIN = /^https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

const origins = z.string().superRefine((value, context) => {
  for (const [position, origin] of itemsOf(value).entries()) {
    if (origin === "*" || ORIGIN.test(origin)) continue;
    const message =
      `number ${position + 1} is no origin: write scheme, host and, where it is not the scheme's own, port, such as ` +
      "https://app.example:8443, in lower case and with nothing behind, or * for any";
    context.addIssue({ code: "custom", message });
  }
});

const network = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);

const networks = z.string().superRefine((value, context) => {
  for (const [position, one] of itemsOf(value).entries()) {
    if (network.safeParse(one).success) continue;
    const message = `number ${position + 1} is no network: write 10.0.0.0/8, or a single address such as 10.1.2.3`;
    context.addIssue({ code: "custom", message });
  }
});

/** As a browser's address bar has it, without a path. */
const publicUrl = z
  .string()
  .regex(ORIGIN, "must be https://host or https://host:port, in lower case and with nothing behind");

const certificates = z.string().superRefine((value, context) => {
  const message = certificateProblem(value);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const imageMirror = z.string().superRefine((value, context) => {
  for (const message of mirrorProblems(value)) context.addIssue({ code: "custom", message });
});

export const RELEASE = z.strictObject({
  id: z.string().min(1),
  images: z.record(z.string(), z.string()),
});

/** Largest value of `apiReplicas`. */
export const MOST_API_REPLICAS = 20;

/** What every target has. */
const COMMON_SETTINGS = {
  target: z.enum(TARGETS).default("docker").describe("Where Ralex runs"),
  running: z.boolean().default(true).describe("false stops the services and keeps data, secrets and networks"),
  operatorListeners: z.boolean().default(false).describe("Open Prometheus, the log search and Grafana at the edge"),
  monitoring: z
    .enum(["own", "none"])
    .default("own")
    .describe(
      "own keeps metrics and logs in the stack (Prometheus, exporters, the log search); none leaves logs to Docker",
    ),
  size: z
    .enum(SIZE_NAMES)
    .default("standard")
    .describe("What the services may take: edge is one small board with 1 GB, standard a team, large a company"),
  imageMirror: imageMirror
    .optional()
    .describe(
      "Pull every image from this mirror instead, by the same digest; or those of the registries that are named",
    ),
  apiReplicas: z.int().min(1).max(MOST_API_REPLICAS).default(2).describe("Replicas of the API"),
  apiRateLimitPerMinute: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(600)
    .describe("Requests a minute and key; 0 is no limit"),
  apiCacheTtlSeconds: z.int().min(0).max(86_400).default(0).describe("How long answers are cached; 0 is no cache"),
  apiMaxBodyMib: z
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe("Largest body of a request to the API, in MiB; a photo is sent as 4/3 of its size"),
  webMaxUploadMib: z.int().min(1).max(1024).default(64).describe("Largest upload to Open WebUI, in MiB"),
  apiCorsOrigins: origins
    .optional()
    .describe("Origins whose pages may ask the API from a browser, with commas between, or * for any; none by default"),
  publicUrl: publicUrl
    .optional()
    .describe("Address of Open WebUI at a proxy of your own in front of the stack, https://ralex.example for instance"),
  trustedProxies: networks
    .optional()
    .describe(
      "Networks of your own proxies, with commas between; X-Forwarded-For and -Proto of others are not believed",
    ),
  apiLogLevel: z.enum(["debug", "info", "warning", "error"]).default("info").describe("Least severe log of the API"),
  apiStopGraceSeconds: seconds(600).default(20).describe("Time that running answers get when a replica is stopped"),
  upstreamUrl: upstreamUrl
    .optional()
    .describe("Base URL of an OpenAI-compatible upstream (Ollama, vLLM), as containers reach it, ending in /v1"),
  upstreamCaCertificate: certificates
    .optional()
    .describe("Certificate of a private authority in PEM, trusted for upstreamUrl beside the system's; not secret"),
  upstreamTimeoutSeconds: seconds(3600)
    .default(60)
    .describe("How long an upstream may take for an answer; more where a model has to be loaded first"),
  postgresUrl: postgresUrl
    .optional()
    .describe("A Postgres that you run, instead of the stack's: postgresql://user@host/postgres?sslmode=verify-full"),
  postgresCaCertificate: certificates
    .optional()
    .describe("Certificate of the authority of postgresUrl in PEM, for sslmode verify-full and verify-ca; not secret"),
  redisUrl: redisUrl
    .optional()
    .describe(
      "A Redis that you run, instead of the stack's: rediss://host:6379, with a user in front where it has one",
    ),
  redisCaCertificate: certificates
    .optional()
    .describe("Certificate of the authority of redisUrl in PEM, where the system's do not know it; not secret"),
  // RFC 5321, 4.5.3.1.3.
  adminEmail: z.email().max(254).default("admin@ralex.example").describe("Open WebUI's first administrator"),
  promotesFrom: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,100}$/, "must be the name of a stack")
    .optional()
    .describe("Environment that a release has to be verified in before; with it only pinned releases run here"),
  waitSeconds: seconds(3600).default(180).describe("How long a service may take to become healthy"),
} as const;

/** What a target has of its own. */
interface OwnSettings {
  readonly settings: Readonly<Record<string, z.ZodType>>;
  /** Problems that only show when settings are looked at together. */
  readonly clashes: (
    parsed: Readonly<Record<string, unknown>>,
    secretsSet: ReadonlySet<SecretSetting>,
  ) => readonly Problem[];
  /** Secret settings whose values the target finds elsewhere: they count as set, and are in no configuration. */
  readonly held?: (parsed: Readonly<Record<string, unknown>>) => readonly SecretSetting[];
}

export const TARGET_SETTINGS: Readonly<Partial<Record<TargetName, OwnSettings>>> = {
  docker: { settings: DOCKER_SETTINGS, clashes: dockerClashes },
  kubernetes: { settings: KUBERNETES_SETTINGS, clashes: kubernetesClashes, held: heldInSecret },
};

/** Settings that may be written in clear. The description is the one of Pulumi.yaml. */
export const PLAIN_SETTINGS = { ...COMMON_SETTINGS, ...DOCKER_SETTINGS, ...KUBERNETES_SETTINGS } as const;

/** Settings whose values are secret: encrypted in the stack's configuration, never shown. */
export const SECRET_SETTINGS = {
  openrouterApiKey: "Key of OpenRouter; with it OpenRouter becomes the default upstream",
  upstreamApiKey: "Key of the OpenAI-compatible upstream at upstreamUrl",
  postgresPassword: "Password of the user of postgresUrl",
  redisPassword: "Password of the user of redisUrl",
} as const;

export type SecretSetting = keyof typeof SECRET_SETTINGS;

/** Those that people choose, of nearly any character; the others are keys that a provider makes. */
export const PASSWORD_SETTINGS: ReadonlySet<SecretSetting> = new Set(["postgresPassword", "redisPassword"]);

type PlainSettings = { readonly [Key in keyof typeof PLAIN_SETTINGS]: z.infer<(typeof PLAIN_SETTINGS)[Key]> };

/** All settings of one environment, validated. Secret values are not in it, only which of them there are. */
export type Settings = PlainSettings & {
  /** The pinned images; absent where the program takes the newest release of this checkout. */
  readonly release?: z.infer<typeof RELEASE>;
  readonly secretsSet: ReadonlySet<SecretSetting>;
};
