#!/usr/bin/env bash
# Runs a command beside a private PostgreSQL: a cluster in a temporary folder, on a free port of the loopback
# interface, with a password of its own, gone when the command ends. Its URL is in COUNTERSIGN_TEST_POSTGRES.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

folder=$(mktemp -d /tmp/countersign-pg-XXXXXX)
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$folder/password"
[ "$(id -u)" != 0 ] || chown -R postgres "$folder"

server=
stop() {
  local status=$?
  trap - EXIT
  if [ -n "$server" ]; then
    kill -INT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

cd "$folder"
as_postgres "$bin/initdb" --pgdata="$folder/data" --username=countersign --pwfile="$folder/password" \
  --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync >"$folder/initdb.log" 2>&1 ||
  { cat "$folder/initdb.log"; exit 1; }
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# The process itself, not a wrapper: its id is the one to stop.
start=("$bin/postgres" -D "$folder/data" -k "$folder" -h 127.0.0.1 -p "$port"
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400)
if [ "$(id -u)" = 0 ]; then
  setpriv --reuid=postgres --regid=postgres --init-groups "${start[@]}" >"$folder/server.log" 2>&1 &
else
  "${start[@]}" >"$folder/server.log" 2>&1 &
fi
server=$!
for _ in $(seq 300); do
  "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && break
  kill -0 "$server" 2>/dev/null || { cat "$folder/server.log"; exit 1; }
  sleep 0.1
done
cd "$OLDPWD"

COUNTERSIGN_TEST_POSTGRES="postgres://countersign:$password@127.0.0.1:$port/postgres" "$@"
