#!/bin/sh
# Checks the connected path: official Pulumi CLI, plugins and images, as an ordinary user. Ten minutes on a laptop.
# Writes connected-path.txt, which holds no secret; CONTRIBUTING.md says what to do with it.
set -u
cd "$(dirname "$0")/.." || exit 1
report=connected-path.txt
failures=0

say() { printf '%s\n' "$*" | tee -a "$report"; }

# Runs a step, and notes its seconds; of one that failed the end of what it said.
step() {
  name=$1
  shift
  began=$(date +%s)
  if "$@" >connected-path.log 2>&1; then result=ok; else result="FAILED ($?)"; fi
  say "$result  $(($(date +%s) - began)) s  $name"
  [ "$result" = ok ] && return
  failures=$((failures + 1))
  tail -n 25 connected-path.log | sed 's/^/    /' | tee -a "$report"
}

unchanged() {
  ./ralex start >connected-path.second 2>&1 || { cat connected-path.second; return 1; }
  cat connected-path.second
  # Pulumi's summary of the environment: what it lists beside "unchanged" was changed.
  ! grep -E '^ +[-+~]+ ?[0-9]+ (created|updated|deleted|replaced)' connected-path.second
}

answers() {
  key=$(./ralex output apiKey) || return 1
  # The key is no argument: those can be listed.
  printf 'header = "Authorization: Bearer %s"\n' "$key" | curl -sSf -K - -H 'Content-Type: application/json' \
    -d '{"model": "echo", "messages": [{"role": "user", "content": "connected"}]}' \
    http://localhost:8000/v1/chat/completions | grep connected
}

pages() { curl -sSf -o /dev/null http://localhost:3000/ && curl -sSf -o /dev/null http://localhost:8000/health; }

healthy() { ./ralex status; }

: >"$report"
say "commit      $(git rev-parse HEAD 2>/dev/null || echo unknown)"
say "system      $(uname -srm), user $(id -u)"
say "node        $(node --version)"
say "docker      $(docker version --format '{{.Client.Version}} with engine {{.Server.Version}} ({{.Server.Os}}/{{.Server.Arch}})' 2>&1 | head -n 1)"
say "context     $(docker context show 2>/dev/null)"
say "buildx      $(docker buildx version 2>&1 | head -n 1)"
RALEX_TOOLCHAIN=official
export RALEX_TOOLCHAIN

step "first start" ./ralex start
step "every container is healthy" healthy
step "pages answer" pages
step "a chat is answered" answers
step "second start changes nothing" unchanged
step "no drift" ./ralex drift -s dev
step "stop" ./ralex stop
step "start goes on" ./ralex start
step "a chat is answered again" answers
step "reset" ./ralex reset --yes
say "pulumi      $(PATH="$PWD/.ralex/official/bin:$PATH" pulumi version 2>/dev/null)"
say "resolved    $(grep -B6 '"resolved"' .ralex/official/images.lock.json 2>/dev/null | grep -oE '"(tag|digest|resolved)": "[^"]*"' | tr '\n' ' ')"
rm -f connected-path.log connected-path.second
if [ "$failures" -eq 0 ]; then say "the connected path works"; else say "$failures steps failed"; fi
exit "$((failures > 0))"
