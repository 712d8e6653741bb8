/** What people read about the settings, from their one table. */
import { z } from "zod";
import { FILE_ONLY, variableOf } from "../../components/settings/load";
import { PLAIN_SETTINGS, SECRET_SETTINGS, TARGET_SETTINGS } from "../../components/settings/schema";
import type { TargetName } from "../../components/settings/targets";
import { table } from "./markdown";

interface Described {
  readonly key: string;
  readonly allowed: string;
  /** Absent where a setting has none. */
  readonly fallback?: string;
  readonly meaning: string;
}

/** What a type cannot say, where a check of its own decides. */
const ALLOWED: Readonly<Partial<Record<keyof typeof PLAIN_SETTINGS, string>>> = {
  imageMirror: "host/path, or registry=host/path with commas between",
  subnet: "a private IPv4 network, /16 to /24",
  source: "a folder, or a URL with #commit",
  sourceCommand: "words without quotes",
  upstreamUrl: "an http or https URL, not of loopback",
  promotesFrom: "the name of a stack",
  apiCorsOrigins: "scheme://host[:port] with commas between, or *",
  upstreamCaCertificate: "PEM",
  postgresUrl: "postgresql://user@host[:port][/database]?sslmode=…, without a password, not of loopback",
  postgresCaCertificate: "PEM",
  redisUrl: "rediss:// or redis://[user@]host[:port][/number], without a password, not of loopback",
  redisCaCertificate: "PEM",
  publicUrl: "scheme://host[:port]",
  trustedProxies: "networks such as 10.0.0.0/8, or addresses, with commas between",
  kubeContext: "a context of the kubeconfig",
  hostName: "a host name or an IPv4 address",
  namespace: "a name of Kubernetes",
  ingressClass: "a name of Kubernetes",
  ingressAnnotations: "lines of <prefix>/<name>: <value>",
  tlsSecret: "a name of Kubernetes",
  gateway: "<namespace>/<Gateway>/<listener>",
  storageClass: "a name of Kubernetes",
  imagePullSecret: "a name of Kubernetes",
  existingSecret: "a name of Kubernetes",
  keda: "a name of Kubernetes",
  serviceMonitors: "a name of Kubernetes",
  serviceMonitorLabels: "lines of <name>: <value>",
  priorityClass: "a name of Kubernetes",
};
const FORMATS: Readonly<Record<string, string>> = { email: "an e-mail address" };

/** @throws Error for a setting of a kind that has no words yet. */
function allowed(key: string, schema: z.ZodType): string {
  const own = (ALLOWED as Readonly<Record<string, string>>)[key];
  if (own !== undefined) return own;
  const { type, enum: values, minimum, maximum, format } = z.toJSONSchema(schema, { io: "input" });
  if (values !== undefined) return values.join(", ");
  if (type === "boolean") return "true, false";
  if (type === "integer" && minimum !== undefined) return `${minimum} to ${maximum}`;
  const words = FORMATS[format ?? ""];
  if (words === undefined) throw new Error(`cli/documents/settings.ts has no words for what ${key} allows`);
  return words;
}

const settings: readonly Described[] = Object.entries(PLAIN_SETTINGS).map(([key, schema]) => {
  const fallback: unknown = schema.safeParse(undefined).data;
  return {
    key,
    allowed: allowed(key, schema),
    ...(fallback === undefined ? {} : { fallback: String(fallback) }),
    meaning: z.globalRegistry.get(schema)?.description ?? "",
  };
});

const DOTENV_FORMS: readonly (readonly string[])[] = [
  ['`NAME=sk-abc#def $HOME \\n "x"`', "itself: nothing is cut, expanded or taken away"],
  ["`NAME='…'`", "what is between the quotes, `#` and white space at the ends too"],
  ['`NAME="…"`', "the same; with a backslash, `$` or a backtick inside it is refused, as readers differ there"],
  ["`NAME=`", "not set, as an empty text in the stack's file"],
];

/** A table of the settings that a target has of its own, or of those that every target has. */
function settingsTable(target?: TargetName): string {
  const own = (name: string) => Object.keys(TARGET_SETTINGS[name as TargetName]?.settings ?? {});
  const owned = Object.keys(TARGET_SETTINGS).flatMap(own);
  const isMeant = ({ key }: Described) => (target === undefined ? !owned.includes(key) : own(target).includes(key));
  const rows = settings
    .filter(isMeant)
    .map(({ key, allowed, fallback, meaning }) => [
      `\`${key}\``,
      meaning,
      allowed,
      fallback === undefined ? "not set" : `\`${fallback}\``,
      FILE_ONLY.has(key) ? "the stack's file only" : `\`${variableOf(key)}\``,
    ]);
  return table(["setting", "meaning", "allowed", "default", "variable"], rows);
}

/** docs/settings.md. */
export function settingsPage(): string {
  const ofTargets = (Object.keys(TARGET_SETTINGS) as TargetName[]).map(
    (target) => `## Of target \`${target}\` alone

On another target they have no effect, and one that is set there is refused.

${settingsTable(target)}`,
  );
  const secrets = Object.entries(SECRET_SETTINGS).map(([key, meaning]) => [
    `\`${key}\``,
    meaning,
    `\`${variableOf(key)}\``,
  ]);
  return `# Settings

Written by \`./ralex docs\` from \`components/settings\`.

A value is taken from the first of these that has it: the environment, \`.env\`, the stack's file
(\`Pulumi.<stack>.yaml\`, each key with \`ralex:\` in front), the default. A stack with \`promotesFrom\` takes its settings
from its file only, since others promote to it: a variable that would change one there is named, and left out. Everything wrong is told at once, before anything is made. A release is pinned in the stack's file only (\`ralex:release\`).

${settingsTable()}
${ofTargets.join("\n")}
## Secrets

Set with \`pulumi config set --secret\`, or for the local stack in \`.env\`; written in clear in a stack's file, they are
refused.

${table(["setting", "meaning", "variable"], secrets)}
A key is printable ASCII without white space and quotes; a password is any text without control characters.

## \`.env\`

A value arrives as it is written, or its line is refused with its number and nothing starts. One assignment a line,
\`NAME=value\`, each name once; \`export\` in front, empty lines and lines that start with \`#\` are passed over. The file is UTF-8.

${table(["written", "arrives as"], DOTENV_FORMS)}
Refused are white space around \`=\` and at the ends of a value without quotes, \`#\` at its start or behind white space,
a backtick at its start, anything but a comment behind a closing quote, a quote without its end (a value is one line),
and control characters.

## A Ralex of your own

\`source\` names a folder (absolute, or relative to the checkout) or one commit of a git repository
(\`https://\`, \`ssh://\` or \`file://\`, then \`#\` and its 40 hexadecimal digits). The tree has a \`requirements.txt\`, else any
\`requirements*.txt\`, else a \`pyproject.toml\` that lists its dependencies under \`[project]\`; they are resolved once to
versions with hashes, which stay in the image as \`/usr/share/ralex/requirements.lock\`. \`sourceCommand\` starts it in \`/app\`,
where its code lies, as user 10001 with a read-only root and \`/tmp\`; there is no shell and no package manager. It listens
on port 8000 with \`/health\`, gets the bridge's files and variables, and brings its database up to date itself. It is not
scraped by Prometheus, and \`hotReload\` has to be off. \`.dockerignore\`, or else \`.gitignore\`, keeps files out; submodules are
not fetched.
`;
}

/** .env.example: every setting at its default, commented out. */
export function dotenvExample(): string {
  const plain = settings
    .filter(({ key }) => !FILE_ONLY.has(key))
    .map(({ key, allowed, fallback, meaning }) => `# ${meaning} (${allowed})\n#${variableOf(key)}=${fallback ?? ""}\n`);
  const secrets = Object.entries(SECRET_SETTINGS).map(([key, meaning]) => `# ${meaning}\n#${variableOf(key)}=\n`);
  return `# Settings of the local stack: copy to .env, which git ignores, and take the # away from what is to differ.
# The environment wins over this file, this file over Pulumi.dev.yaml. Written by ./ralex docs; see docs/settings.md.

${plain.join("\n")}
# Secret. In clear here: keep .env to yourself (chmod 600 .env).

${secrets.join("\n")}`;
}
