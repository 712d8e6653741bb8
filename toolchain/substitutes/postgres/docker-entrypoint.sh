#!/bin/sh
# Starts Postgres, on an empty volume after making the database cluster. Of the official image's variables it knows
# POSTGRES_PASSWORD_FILE, POSTGRES_USER, POSTGRES_INITDB_ARGS and PGDATA, and refuses the others that would change what is
# made.
set -eu
[ "${1:-}" = postgres ] || exec "$@"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  for name in POSTGRES_PASSWORD POSTGRES_DB POSTGRES_INITDB_WALDIR POSTGRES_HOST_AUTH_METHOD; do
    if eval "[ -n \"\${$name:-}\" ]"; then
      echo "docker-entrypoint.sh: $name is not supported by this substitute image: use POSTGRES_PASSWORD_FILE" >&2
      exit 1
    fi
  done
  if [ ! -s "${POSTGRES_PASSWORD_FILE:-}" ]; then
    echo "docker-entrypoint.sh: POSTGRES_PASSWORD_FILE has to name a file with the superuser's password" >&2
    exit 1
  fi
  # Made beside its place where that can be, so that a kill leaves no half cluster behind.
  made=$PGDATA
  if [ -w "$(dirname "$PGDATA")" ]; then made=$PGDATA.partial; fi
  rm -rf "$PGDATA.partial"
  # The official image lets a shell read the arguments, so that one in quotes may hold a space.
  (
    eval "set -- ${POSTGRES_INITDB_ARGS:-}"
    exec initdb --pgdata "$made" --username "${POSTGRES_USER:-postgres}" --pwfile "$POSTGRES_PASSWORD_FILE" \
      --encoding UTF8 --auth-local trust --auth-host scram-sha-256 "$@"
  )
  echo 'host all all all scram-sha-256' >> "$made/pg_hba.conf"
  [ "$made" = "$PGDATA" ] || { rm -rf "$PGDATA"; mv "$made" "$PGDATA"; sync; }
fi
exec "$@"
