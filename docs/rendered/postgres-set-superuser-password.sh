#!/bin/sh
# Gives Postgres' superuser the password of its file. Run it in this container, as the container's own user.
set -eu
password=$(cat /etc/ralex/secrets/superuser)
printf '%s\n%s\n' "$password" "$password" |
  setsid psql -X -q -w -v ON_ERROR_STOP=1 -h /var/run/postgresql -U postgres -d postgres -c '\password'
