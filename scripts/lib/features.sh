#!/usr/bin/env bash
# Each feature of what others depend on compiles by itself, tests included, without a warning: within the workspace all of
# them are on, so that nothing else here would notice.
set -euo pipefail

alone() {
  echo "$1 with the features \"$2\""
  cargo clippy -p "$1" --tests --no-default-features --features "$2" --locked -- --deny warnings
}

for features in "" axum rules door forward-auth proxy; do
  alone countersign-guard "$features"
done
for features in "" reqwest; do
  alone countersign-client "$features"
done
