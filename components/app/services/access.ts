/** How services reach Postgres and Redis, wherever those are. */
import { OWN_ROLES } from "../../settings/store-url";
import type { Dependency, FileMount, Ref, Service, Text } from "../model";
import type { Stores } from "../stores";
import { address, host, join, secret } from "../text";

/** Databases, each with a role of its own name that owns it; the password is the secret `<name>DatabasePassword`. */
export const DATABASES = OWN_ROLES;
export type DatabaseName = (typeof DATABASES)[number];

export const databasePassword = (database: DatabaseName): string => `${database}DatabasePassword`;

/** Role that the image makes with the cluster; it owns nothing of Ralex's. */
export const SUPERUSER = "postgres";
export const SQL_PORT = 5432;

const POSTGRES_CA = "/etc/ralex/postgres_ca.crt";
const REDIS_CA = "/etc/ralex/redis_ca.crt";

/** What a service that talks to a store has of it. */
export interface Access {
  /** The authority's certificate, where one is given. */
  readonly files: readonly FileMount[];
  /** Whether the way there leads out of the private network. */
  readonly egress: boolean;
}

/** Of a container. */
const INSIDE: Access = { files: [], egress: false };

const outside = (path: string, caCertificate: string | undefined): Access => ({
  files: caCertificate === undefined ? [] : [{ path, content: caCertificate, secret: false }],
  egress: true,
});

/** As URLs have it; an address of IPv6 is told from its port by brackets. */
const bracketed = (name: string): string => (name.includes(":") ? `[${name}]` : name);

export interface PostgresAccess extends Access {
  /** What libpq reads from its environment: where the server is, and how it is known to be the one. */
  readonly variables: Readonly<Record<string, Text>>;
  readonly administrator: { readonly user: string; readonly database: string; readonly password: Ref };
  /** `host:port/database?parameters`, as every client's URL ends. */
  readonly end: (database: DatabaseName) => Text;
  /** What the job that makes the databases waits for. */
  readonly waits: readonly Dependency[];
}

export function postgresAccess({ postgres }: Stores): PostgresAccess {
  if (postgres === "container") {
    return {
      ...INSIDE,
      variables: { PGHOST: host("postgres"), PGPORT: String(SQL_PORT) },
      administrator: { user: SUPERUSER, database: "postgres", password: secret("superuserPassword") },
      end: (database) => join(address("postgres", "sql"), `/${database}`),
      waits: [{ service: "postgres", condition: "started" }],
    };
  }
  const { host: name, port, user, database, sslMode, caCertificate, password } = postgres;
  const hasCa = caCertificate !== undefined;
  const parameters = `?sslmode=${sslMode}${hasCa ? `&sslrootcert=${POSTGRES_CA}` : ""}`;
  return {
    ...outside(POSTGRES_CA, caCertificate),
    variables: {
      PGHOST: name,
      PGPORT: String(port),
      PGSSLMODE: sslMode,
      ...(hasCa ? { PGSSLROOTCERT: POSTGRES_CA } : {}),
    },
    administrator: { user, database, password: secret(password) },
    end: (own) => `${bracketed(name)}:${port}/${own}${parameters}`,
    waits: [],
  };
}

/** URL of a database for its own role; a secret, so only for files. */
export const databaseUrl = (stores: Stores, database: DatabaseName): Text =>
  join(
    `postgresql://${database}:`,
    secret(databasePassword(database), "url"),
    "@",
    postgresAccess(stores).end(database),
  );

export interface RedisAccess extends Access {
  readonly scheme: "redis" | "rediss";
  /** `host:port`. */
  readonly authority: Text;
  readonly user?: string;
  /** Name of the secret. */
  readonly password: string;
  readonly caFile?: string;
  /** The number of the one database that there is for everybody; absent where each service has its own. */
  readonly database?: number;
  /** What users of a container wait for. */
  readonly waits: (condition: "started" | "healthy") => readonly Dependency[];
}

export function redisAccess({ redis }: Stores): RedisAccess {
  if (redis === "container") {
    return {
      ...INSIDE,
      scheme: "redis",
      authority: address("redis", "redis"),
      user: "ralex",
      password: "redisPassword",
      waits: (condition) => [{ service: "redis", condition }],
    };
  }
  const { host: name, port, tls, user, password, database, caCertificate } = redis;
  return {
    ...outside(REDIS_CA, caCertificate),
    scheme: tls ? "rediss" : "redis",
    authority: `${bracketed(name)}:${port}`,
    ...(user === undefined ? {} : { user }),
    password,
    ...(caCertificate === undefined ? {} : { caFile: REDIS_CA }),
    // Many managed ones have no other; no key of one service is called like another's.
    database,
    waits: () => [],
  };
}

/** Databases of the stack's own Redis. */
const NUMBERS = { api: 0, openwebui: 1 } as const;

/** URL of Redis for a service, as redis-py reads it; a secret, so only for files. */
export function redisUrl(stores: Stores, service: keyof typeof NUMBERS): Text {
  const { scheme, authority, user = "", password, caFile, database = NUMBERS[service] } = redisAccess(stores);
  const parameters = caFile === undefined ? "" : `?ssl_ca_certs=${caFile}`;
  return join(`${scheme}://${user}:`, secret(password, "url"), "@", authority, `/${database}${parameters}`);
}

/** A service with what its way to the stores asks of it. */
export const reaching = (service: Service, ...accesses: readonly Access[]): Service => ({
  ...service,
  files: [...service.files, ...accesses.flatMap(({ files }) => files)],
  egress: service.egress || accesses.some(({ egress }) => egress),
});
