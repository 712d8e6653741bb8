/** Postgres and Redis: the stores. Neither is ever published. */
import type { Service, Text } from "../model";
import { address, join, secret } from "../text";

/** Databases, each with a role of its own name that owns it; the password is the secret `<name>DatabasePassword`. */
export const DATABASES = ["ralex", "openwebui", "monitoring"] as const;
export type DatabaseName = (typeof DATABASES)[number];

export const databasePassword = (database: DatabaseName): string => `${database}DatabasePassword`;

/** URL of a database for its own role; a secret, so only for files. */
export const databaseUrl = (database: DatabaseName): Text =>
  join(
    `postgresql://${database}:`,
    secret(databasePassword(database)),
    "@",
    address("postgres", "sql"),
    `/${database}`,
  );

/** URL of Redis for the stack's user; a secret, so only for files. */
export const redisUrl = (index: number): Text =>
  join("redis://ralex:", secret("redisPassword"), "@", address("redis", "redis"), `/${index}`);

// Superusers come through the socket only, so no network address can ever log in as one.
const HOST_BASED_AUTHENTICATION = `local all postgres trust
local all all reject
host all postgres all reject
host all all samenet scram-sha-256
`;

const RUN_ROLES = `#!/bin/sh
# Starts Postgres, then gives every role the password of its file. It runs at every start, so a rotated secret
# reaches the database; passwords go through psql's input, never through an argument or an environment.
set -eu
rm -f /tmp/roles-applied
(
  until pg_isready -q -h /var/run/postgresql -U postgres; do sleep 0.2; done
  # The entrypoint of a new volume runs a temporary server first; only the final one listens on TCP.
  until pg_isready -q -h 127.0.0.1; do sleep 0.2; done
  for role in ${DATABASES.join(" ")}; do
    psql -X -q -v ON_ERROR_STOP=1 -h /var/run/postgresql -U postgres -d postgres <<SQL
\\set password \\\`cat /etc/ralex/secrets/$role\\\`
SELECT 'CREATE ROLE $role LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$role') \\gexec
ALTER ROLE $role PASSWORD :'password';
SELECT 'CREATE DATABASE $role OWNER $role' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$role') \\gexec
SQL
  done
  psql -X -q -h /var/run/postgresql -U postgres -d postgres -c 'GRANT pg_monitor TO monitoring'
  touch /tmp/roles-applied
) &
exec docker-entrypoint.sh postgres -c hba_file=/etc/ralex/pg_hba.conf -c password_encryption=scram-sha-256
`;

export const postgres: Service = {
  name: "postgres",
  kind: "service",
  image: "postgres",
  replicas: 1,
  maxReplicas: 1,
  entrypoint: ["/bin/sh", "/etc/ralex/run-postgres.sh"],
  environment: { POSTGRES_PASSWORD_FILE: "/etc/ralex/secrets/superuser", PGDATA: "/var/lib/postgresql/data/pgdata" },
  files: [
    { path: "/etc/ralex/pg_hba.conf", content: HOST_BASED_AUTHENTICATION, secret: false },
    { path: "/etc/ralex/run-postgres.sh", content: RUN_ROLES, secret: false },
    { path: "/etc/ralex/secrets/superuser", content: secret("superuserPassword"), secret: true },
    ...DATABASES.map((database) => ({
      path: `/etc/ralex/secrets/${database}`,
      content: secret(databasePassword(database)),
      secret: true,
    })),
  ],
  ports: { sql: { number: 5432, protocol: "tcp" } },
  health: {
    command: ["/bin/sh", "-c", "pg_isready -q -h 127.0.0.1 && test -e /tmp/roles-applied"],
    intervalSeconds: 2,
    timeoutSeconds: 3,
    retries: 15,
    startPeriodSeconds: 60,
  },
  volumes: [{ volume: "postgres", path: "/var/lib/postgresql/data" }],
  scratch: [
    { path: "/tmp", sizeMiB: 64 },
    { path: "/var/run/postgresql", sizeMiB: 16 },
  ],
  dependsOn: [],
  resources: { cpus: 1, memoryMiB: 512, pids: 256 },
  user: { uid: 999, gid: 999 },
  // A fast shutdown writes a checkpoint first.
  stopGraceSeconds: 60,
  egress: false,
};

// The user without a password may do nothing but answer the health check. Only a digest of the other's is in the file.
const REDIS_USERS: Text = join(
  "user default on nopass resetkeys resetchannels -@all +ping\nuser ralex on ~* &* +@all -@admin #",
  secret("redisPassword", "sha256"),
  "\n",
);

export const redis: Service = {
  name: "redis",
  kind: "service",
  image: "redis",
  replicas: 1,
  maxReplicas: 1,
  command: [
    ...["redis-server", "--aclfile", "/etc/ralex/secrets/users.acl", "--dir", "/data", "--appendonly", "yes"],
    // Sessions of the websockets and rate limits may be evicted; the process must not be.
    ...["--maxmemory", "192mb", "--maxmemory-policy", "allkeys-lru"],
  ],
  environment: {},
  files: [{ path: "/etc/ralex/secrets/users.acl", content: REDIS_USERS, secret: true }],
  ports: { redis: { number: 6379, protocol: "tcp" } },
  health: {
    command: ["redis-cli", "ping"],
    intervalSeconds: 2,
    timeoutSeconds: 3,
    retries: 15,
    startPeriodSeconds: 20,
  },
  volumes: [{ volume: "redis", path: "/data" }],
  scratch: [{ path: "/tmp", sizeMiB: 16 }],
  dependsOn: [],
  resources: { cpus: 0.5, memoryMiB: 256, pids: 64 },
  user: { uid: 999, gid: 999 },
  stopGraceSeconds: 20,
  egress: false,
};
