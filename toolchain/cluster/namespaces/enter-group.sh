#!/bin/sh
# enter-group.sh FILES COMMAND…: becomes the command in the control groups whose cgroup.procs files FILES lists.
set -eu
files=$1
shift
while read -r file; do echo $$ > "$file"; done < "$files"
exec "$@"
