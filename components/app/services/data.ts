/** Postgres and Redis in containers of the stack. Neither is ever published. */
import type { Service, Text } from "../model";
import type { Placement } from "../placement";
import { join, secret } from "../text";
import { SQL_PORT, SUPERUSER } from "./access";
import { ASKED_RARELY } from "./health";

const SUPERUSER_PASSWORD = "/etc/ralex/secrets/superuser";

// What no line allows is refused. By the socket comes only who runs as the server's own user, without a password (`peer`):
// the image's entrypoint and a person in the container. From the private network everybody proves a password, and reaches
// the database of the own name only: the superuser none but `postgres`, where the job makes roles and databases from.
// Where replicas are named, pods of other nodes are of other networks, or each has one of its own: there the platform's
// policies say who gets here at all.
const hostBasedAuthentication = (replicas: Placement["replicas"]): string => `local all ${SUPERUSER} peer
host sameuser all ${replicas === "addressed" ? "samenet" : "all"} scram-sha-256
`;

// The image gives the superuser its password with a new cluster only. Who rotates it is locked out over the network until
// this ran; psql makes the hash itself, and asks the terminal where there is one, so it gets a session without.
const SET_SUPERUSER_PASSWORD = `#!/bin/sh
# Gives Postgres' superuser the password of its file. Run it in this container, as the container's own user.
set -eu
password=$(cat ${SUPERUSER_PASSWORD})
printf '%s\\n%s\\n' "$password" "$password" |
  setsid psql -X -q -w -v ON_ERROR_STOP=1 -h /var/run/postgresql -U ${SUPERUSER} -d postgres -c '\\password'
`;

export const postgres = (replicas: Placement["replicas"]): Service => ({
  name: "postgres",
  kind: "service",
  image: "postgres",
  replicas: 1,
  maxReplicas: 1,
  // By the image's own entrypoint, and nothing beside it: Postgres takes the end of a child that it does not know for a
  // crash of its own, and restarts every process.
  command: ["postgres", "-c", "hba_file=/etc/ralex/pg_hba.conf", "-c", "password_encryption=scram-sha-256"],
  environment: {
    POSTGRES_PASSWORD_FILE: SUPERUSER_PASSWORD,
    // Of new clusters only. A page that the disk returns changed is told instead of answered; about 2 % of writing.
    POSTGRES_INITDB_ARGS: "--data-checksums",
    PGDATA: "/var/lib/postgresql/data/pgdata",
  },
  files: [
    { path: "/etc/ralex/pg_hba.conf", content: hostBasedAuthentication(replicas), secret: false },
    { path: "/etc/ralex/set-superuser-password.sh", content: SET_SUPERUSER_PASSWORD, secret: false },
    { path: SUPERUSER_PASSWORD, content: secret("superuserPassword"), secret: true },
  ],
  ports: { sql: { number: SQL_PORT, protocol: "tcp" } },
  health: {
    // The entrypoint of a new volume runs a temporary server first, which listens on the socket only.
    command: ["pg_isready", "-q", "-h", "127.0.0.1"],
    ...ASKED_RARELY,
    timeoutSeconds: 3,
    startPeriodSeconds: 60,
  },
  volumes: [{ volume: "postgres", path: "/var/lib/postgresql/data", sizeGiB: 10, holds: "database" }],
  scratch: [
    { path: "/tmp", sizeMiB: 64 },
    { path: "/var/run/postgresql", sizeMiB: 16 },
  ],
  dependsOn: [],
  resources: { cpus: 1, memoryMiB: 512, pids: 256, requests: { cpus: 0.1, memoryMiB: 128 } },
  user: { uid: 999, gid: 999 },
  // A fast shutdown writes a checkpoint first.
  stopGraceSeconds: 60,
  egress: false,
});

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
  command: ["redis-server", "--aclfile", "/etc/ralex/secrets/users.acl", "--dir", "/data", "--appendonly", "yes"],
  environment: {},
  files: [{ path: "/etc/ralex/secrets/users.acl", content: REDIS_USERS, secret: true }],
  ports: { redis: { number: 6379, protocol: "tcp" } },
  health: {
    command: ["redis-cli", "ping"],
    ...ASKED_RARELY,
    timeoutSeconds: 3,
    startPeriodSeconds: 20,
  },
  volumes: [{ volume: "redis", path: "/data", sizeGiB: 1, holds: "database" }],
  scratch: [{ path: "/tmp", sizeMiB: 16 }],
  dependsOn: [],
  resources: { cpus: 0.5, memoryMiB: 256, pids: 64, requests: { cpus: 0.05, memoryMiB: 32 } },
  user: { uid: 999, gid: 999 },
  stopGraceSeconds: 20,
  egress: false,
};

/** What a store is told of the memory that it may take; of Postgres nothing where it takes that much by itself. */
const MEMORY_ARGUMENTS: Readonly<Record<string, (memoryMiB: number) => readonly string[]>> = {
  // A quarter, as its documentation advises (19.4.1): the rest is the sessions' and the kernel's cache of files.
  [postgres.name]: (memoryMiB) => (memoryMiB === 512 ? [] : ["-c", `shared_buffers=${memoryMiB / 4}MB`]),
  // Sessions of the websockets and rate limits may be evicted; the process must not be. The rest is for what changes while
  // a snapshot is written, which is there twice.
  [redis.name]: (memoryMiB) => ["--maxmemory", `${memoryMiB * 0.75}mb`, "--maxmemory-policy", "allkeys-lru"],
};

/** A store that keeps within the memory of its resources; any other service as it is. */
export function withinMemory(service: Service): Service {
  const told = MEMORY_ARGUMENTS[service.name]?.(service.resources.memoryMiB) ?? [];
  return told.length === 0 ? service : { ...service, command: [...(service.command ?? []), ...told] };
}
