#!/usr/bin/env bash
# Directions between crates, licences and sources of dependencies, by cargo-deny, which is built once from its own
# source. Advisories are judged by `scripts/lib/dependencies.sh advisories`, where their database can be reached.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.20.2
tools=target/tools
if [ "$("$tools/bin/cargo-deny" --version 2>/dev/null)" != "cargo-deny $version" ]; then
  # Unoptimized and without its optional parts: a minute instead of five.
  CARGO_TARGET_DIR=$tools/build cargo install --quiet --locked --debug --no-default-features --root "$tools" \
    "cargo-deny@$version"
  rm -rf "$tools/build"
fi
[ $# -gt 0 ] || set -- bans licenses sources
"$tools/bin/cargo-deny" --all-features check --allow unused-wrapper "$@"
