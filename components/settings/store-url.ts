/** Addresses of a Postgres and a Redis that somebody else runs, as settings have them: without the password. */
import { z } from "zod";
import { isLoopback } from "./upstream-url";

/** Roles that are made in Postgres, each with a database of its own name. */
export const OWN_ROLES = ["ralex", "openwebui", "monitoring"] as const;

/**
 * What every client of the stack means the same by. `prefer` and `allow` go on in clear without a word, and Go's driver
 * of the exporter has known them for a short time only.
 */
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

export interface PostgresAddress {
  /** A name or an address; that of IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Who makes roles and databases. */
  readonly user: string;
  /** Where that is done from; nothing is made in it. */
  readonly database: string;
  readonly sslMode: SslMode;
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** The one that Redis calls `default`, where it is not set. */
  readonly user?: string;
  readonly database: number;
}

interface Kind {
  readonly schemes: readonly string[];
  readonly example: string;
  /** The secret setting that the password belongs into. */
  readonly password: string;
}

const POSTGRES: Kind = {
  schemes: ["postgresql", "postgres"],
  example: "postgresql://administrator@db.example:5432/postgres?sslmode=verify-full",
  password: "postgresPassword",
};
const REDIS: Kind = { schemes: ["rediss", "redis"], example: "rediss://cache.example:6379", password: "redisPassword" };

/** Of users and databases: what no client and no shell has to be told twice. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const HOST = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])$/;

/** The same with a scheme whose hosts are read, so that numbers in any form become dotted or bracketed addresses. */
const withReadHost = (value: string): string => value.replace(/^[a-z]+:/, "http:");

/** What keeps the text from being read at all; the rest is only looked at without it. */
function unreadable(value: string, { schemes, example }: Kind): string | undefined {
  const allowed = schemes.map((scheme) => `${scheme}://`).join(" or ");
  if (!schemes.some((scheme) => value.startsWith(`${scheme}://`)))
    return `must start with ${allowed}, as in ${example}`;
  if (!/^[\x21-\x7e]+$/.test(value) || value.includes("\\")) {
    return "must have no white space, no \\ and nothing outside ASCII (a name as xn--…)";
  }
  if (URL.canParse(value) && HOST.test(new URL(value).hostname) && URL.canParse(withReadHost(value))) return undefined;
  return `must be a URL with one host and at most a port up to 65535, as in ${example}`;
}

/** What is wrong with any of them, each with what to write instead; no part of the value is repeated. */
function commonProblems(value: string, { password }: Kind): readonly string[] {
  const { username, port, hash } = new URL(value);
  return [
    ...(/^[a-z]+:\/\/[^/?#]*:[^/?#]*@/.test(value)
      ? [`must hold no password, since it is kept in clear: put it into ${password} (pulumi config set --secret)`]
      : []),
    ...(username === "" || NAME.test(username) ? [] : ["must name a user of letters, digits, _, . and -"]),
    ...(port === "0" ? ["must not have port 0, where nothing listens"] : []),
    ...(hash === "" && !value.endsWith("#") ? [] : ["must have no #"]),
    ...(isLoopback(new URL(withReadHost(value)).hostname)
      ? [
          "must not be this machine's loopback: in a container that is the container itself. Write a name or an address " +
            "that containers reach, host.docker.internal for this machine on target docker, and let the server listen there",
        ]
      : []),
  ];
}

function postgresProblems(value: string): readonly string[] {
  const fatal = unreadable(value, POSTGRES);
  if (fatal !== undefined) return [fatal];
  const { username, pathname, searchParams } = new URL(value);
  const others = [...searchParams.keys()].filter((name) => name !== "sslmode");
  const modes = searchParams.getAll("sslmode");
  return [
    ...commonProblems(value, POSTGRES),
    ...(username === "" ? ["must name the user who makes roles and databases, in front of the host with an @"] : []),
    ...((OWN_ROLES as readonly string[]).includes(username)
      ? [`must not name ${OWN_ROLES.join(", ")}: those roles are made, with passwords of their own`]
      : []),
    ...(["", "/"].includes(pathname) || NAME.test(pathname.slice(1))
      ? []
      : ["must end with one database, of letters, digits, _, . and -: the one to log in to, often postgres"]),
    ...(modes.length === 1 && (SSL_MODES as readonly (string | undefined)[]).includes(modes[0])
      ? []
      : [
          `must say sslmode once, as one of ${SSL_MODES.join(", ")}: verify-full where you have the certificate of the ` +
            "server's authority (postgresCaCertificate), else require",
        ]),
    ...(others.length === 0 ? [] : ["must have no parameter but sslmode"]),
  ];
}

function redisProblems(value: string): readonly string[] {
  const fatal = unreadable(value, REDIS);
  if (fatal !== undefined) return [fatal];
  const { pathname } = new URL(value);
  return [
    ...commonProblems(value, REDIS),
    ...(/^\/?(?:0|[1-9]\d{0,4})?$/.test(pathname) ? [] : ["must end with the number of a database, 0 for instance"]),
    ...(value.includes("?")
      ? ["must have no ?: TLS is rediss://, and the certificate of its authority is redisCaCertificate"]
      : []),
  ];
}

const setting = (problemsOf: (value: string) => readonly string[]) =>
  z.string().superRefine((value, context) => {
    for (const message of problemsOf(value)) context.addIssue({ code: "custom", message });
  });

export const postgresUrl = setting(postgresProblems);
export const redisUrl = setting(redisProblems);

const PORTS = { postgres: 5432, redis: 6379 } as const;

/** Host and port of a URL that was validated. */
const serverOf = ({ hostname, port }: URL, otherwise: number) => ({
  host: hostname.replace(/^\[(.*)\]$/, "$1"),
  port: port === "" ? otherwise : Number(port),
});

/** The setting as it is used; it was validated. */
export function parsePostgresUrl(value: string): PostgresAddress {
  const url = new URL(value);
  return {
    ...serverOf(url, PORTS.postgres),
    user: url.username,
    database: url.pathname.slice(1) || "postgres",
    sslMode: url.searchParams.get("sslmode") as SslMode,
  };
}

/** The setting as it is used; it was validated. */
export function parseRedisUrl(value: string): RedisAddress {
  const url = new URL(value);
  return {
    ...serverOf(url, PORTS.redis),
    tls: url.protocol === "rediss:",
    ...(url.username === "" ? {} : { user: url.username }),
    database: Number(url.pathname.slice(1)),
  };
}

/** The secret setting that each address needs. */
export const PASSWORD_OF = { postgresUrl: "postgresPassword", redisUrl: "redisPassword" } as const;

const isVerified = (url: string): boolean => parsePostgresUrl(url).sslMode.startsWith("verify-");

/** What is wrong among the settings of the stores. @param parsed - of those that are valid by themselves. */
export function storeClashes(
  parsed: Readonly<Record<string, unknown>>,
  secretsSet: ReadonlySet<string>,
): readonly { readonly key: string; readonly message: string }[] {
  const needsEachOther = ([url, password]: readonly [string, string]) => {
    // A URL that is wrong is told as that alone.
    if (!(url in parsed)) return [];
    const [hasUrl, hasPassword] = [parsed[url] !== undefined, secretsSet.has(password)];
    if (hasUrl && !hasPassword)
      return [{ key: url, message: `needs ${password}: set it with pulumi config set --secret` }];
    return hasPassword && !hasUrl ? [{ key: password, message: `needs ${url}: say whose password it is` }] : [];
  };
  const { postgresCaCertificate, redisCaCertificate } = parsed;
  const at = (key: string) => parsed[key] as string | undefined;
  const verifies = at("postgresUrl") !== undefined && isVerified(at("postgresUrl") ?? "");
  return [
    ...Object.entries(PASSWORD_OF).flatMap(needsEachOther),
    ...(verifies && "postgresCaCertificate" in parsed && postgresCaCertificate === undefined
      ? [
          {
            key: "postgresUrl",
            message:
              "needs postgresCaCertificate with this sslmode: nothing is verified by the system's authorities. Put the " +
              "certificate of the server's authority there, or write sslmode=require, which verifies nothing",
          },
        ]
      : []),
    ...("postgresUrl" in parsed && postgresCaCertificate !== undefined && !verifies
      ? [
          {
            key: "postgresCaCertificate",
            message: "needs a postgresUrl with sslmode verify-full or verify-ca: nothing else looks at it",
          },
        ]
      : []),
    ...("redisUrl" in parsed && redisCaCertificate !== undefined && at("redisUrl")?.startsWith("rediss:") !== true
      ? [
          {
            key: "redisCaCertificate",
            message: "needs a redisUrl that starts with rediss://: nothing else looks at it",
          },
        ]
      : []),
  ];
}
