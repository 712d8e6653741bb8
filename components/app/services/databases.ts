/** The job that makes roles and databases in any Postgres, the stack's own or a managed one, and sets the passwords. */
import type { Service } from "../model";
import type { Stores } from "../stores";
import { secret } from "../text";
import { DATABASES, databasePassword, postgresAccess, reaching, type DatabaseName } from "./access";

const SECRETS = "/etc/ralex/secrets";
const ADMINISTRATOR = "administrator";

// The administrator may be no superuser, so it becomes a member of a role before it makes what the role owns: Postgres 15
// asks for a member, 16 for one that may also act as the role. psql makes the hash of a password itself, so the server is
// never told the password, and none can get into its log with the statement of an error.
const makeDatabase = (name: DatabaseName): string => `
SELECT 'CREATE ROLE ${name} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') \\gexec
\\password ${name}
SELECT 'GRANT ${name} TO CURRENT_USER' WHERE NOT pg_has_role('${name}', 'USAGE') \\gexec
SELECT 'CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${name}') \\gexec
REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
`;

const STATEMENTS = `-- Roles and databases; run again it changes nothing but the passwords. One at a time: the lock goes with the session.
SET lock_timeout = '60s';
SELECT pg_advisory_lock(hashtext('ralex'), hashtext('databases'));
${DATABASES.map(makeDatabase).join("")}
-- From Postgres 16 on an administrator that is no superuser has to be given pg_monitor before it can give it.
DO $$
BEGIN
  IF NOT pg_has_role('monitoring', 'pg_monitor', 'MEMBER') THEN
    GRANT pg_monitor TO monitoring;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'monitoring sees less than it should: %', SQLERRM
    USING HINT = 'Let a superuser run: GRANT pg_monitor TO monitoring';
END $$;
`;

/** What to do where the administrator's password was refused. */
const REMEDIES = {
  container: "run sh /etc/ralex/set-superuser-password.sh in the container of postgres, then start again",
  managed: "set that of postgresUrl's user: pulumi config set --secret ralex:postgresPassword",
} as const;

// Passwords go from files into a file and through pipes, never through an argument or an environment.
const script = (remedy: string): string => `#!/bin/sh
set -eu
umask 077
secrets=${SECRETS}
for name in ${[ADMINISTRATOR, ...DATABASES].join(" ")}; do
  if [ -z "$(cat "$secrets/$name")" ] || [ "$(LC_ALL=C grep -c '' "$secrets/$name")" != 1 ]; then
    echo "databases: $secrets/$name has to hold one line, a password; nothing was changed" >&2
    exit 1
  fi
done

seconds=180
# In clear, with no user of ours: only whether somebody is there. What TLS is refused for, psql says below.
until PGSSLMODE=disable PGUSER=ralex PGDATABASE=ralex pg_isready -q; do
  seconds=$((seconds - 1))
  if [ "$seconds" = 0 ]; then
    echo "databases: Postgres at $PGHOST:$PGPORT took no connections within three minutes; nothing was changed" >&2
    # The question above says nothing of the reason, a name that nobody knows for instance.
    psql -X -w -c '' >&2 || true
    exit 1
  fi
  sleep 1
done

PGPASSFILE=$(mktemp)
export PGPASSFILE
trap 'rm -f "$PGPASSFILE"' EXIT
{ printf '*:*:*:*:'; sed 's/[\\\\:]/\\\\&/g' "$secrets/${ADMINISTRATOR}"; echo; } > "$PGPASSFILE"

# What psql asks for: each password, and once more. It would ask a terminal, so its session gets none.
answers() {
  for name in ${DATABASES.join(" ")}; do
    password=$(cat "$secrets/$name")
    printf '%s\\n%s\\n' "$password" "$password"
  done
}
status=0
answers | setsid psql -X -q -w -v ON_ERROR_STOP=1 -o /dev/null -f /etc/ralex/databases.sql || status=$?
if [ "$status" = 2 ]; then
  echo "databases: there is no session as $PGUSER at $PGHOST:$PGPORT. Where its password was refused, Postgres has another" \\
    "one than the secret: ${remedy}" >&2
fi
exit "$status"
`;

/** Runs when a password or the script changes, before anybody logs in. */
export function databases(stores: Stores): Service {
  const access = postgresAccess(stores);
  const { user, database, password } = access.administrator;
  const remedy = REMEDIES[stores.postgres === "container" ? "container" : "managed"];
  const job: Service = {
    name: "databases",
    kind: "job",
    image: "postgres",
    replicas: 1,
    maxReplicas: 1,
    entrypoint: ["/bin/sh", "/etc/ralex/databases.sh"],
    environment: { ...access.variables, PGUSER: user, PGDATABASE: database, PGCONNECT_TIMEOUT: "10" },
    files: [
      { path: "/etc/ralex/databases.sh", content: script(remedy), secret: false },
      { path: "/etc/ralex/databases.sql", content: STATEMENTS, secret: false },
      { path: `${SECRETS}/${ADMINISTRATOR}`, content: password, secret: true },
      ...DATABASES.map((name) => ({
        path: `${SECRETS}/${name}`,
        content: secret(databasePassword(name)),
        secret: true,
      })),
    ],
    ports: {},
    volumes: [],
    scratch: [{ path: "/tmp", sizeMiB: 8 }],
    dependsOn: access.waits,
    resources: { cpus: 0.5, memoryMiB: 64, pids: 32, requests: { cpus: 0.1, memoryMiB: 32 } },
    user: { uid: 999, gid: 999 },
    stopGraceSeconds: 10,
    egress: false,
  };
  return reaching(job, access);
}
