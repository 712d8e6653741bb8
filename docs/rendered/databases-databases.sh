#!/bin/sh
set -eu
umask 077
secrets=/etc/ralex/secrets
for name in administrator ralex openwebui monitoring; do
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
{ printf '*:*:*:*:'; sed 's/[\\:]/\\&/g' "$secrets/administrator"; echo; } > "$PGPASSFILE"

# What psql asks for: each password, and once more. It would ask a terminal, so its session gets none.
answers() {
  for name in ralex openwebui monitoring; do
    password=$(cat "$secrets/$name")
    printf '%s\n%s\n' "$password" "$password"
  done
}
status=0
answers | setsid psql -X -q -w -v ON_ERROR_STOP=1 -o /dev/null -f /etc/ralex/databases.sql || status=$?
if [ "$status" = 2 ]; then
  echo "databases: there is no session as $PGUSER at $PGHOST:$PGPORT. Where its password was refused, Postgres has another" \
    "one than the secret: run sh /etc/ralex/set-superuser-password.sh in the container of postgres, then start again" >&2
fi
exit "$status"
