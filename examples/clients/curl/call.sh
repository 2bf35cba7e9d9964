#!/usr/bin/env bash
# Calls an API with a token that is kept, for you alone to read, until shortly before its end.
#
#   call.sh URL [arguments of curl]
set -euo pipefail
umask 077

: "${COUNTERSIGN_ISSUER:?}" "${COUNTERSIGN_CLIENT_ID:?}" "${COUNTERSIGN_CLIENT_SECRET:?}"
: "${COUNTERSIGN_RESOURCE:?}" "${COUNTERSIGN_SCOPE:?}"
folder=${XDG_CACHE_HOME:-$HOME/.cache}/countersign-curl
mkdir -p "$folder"
wanted=("$COUNTERSIGN_ISSUER" "$COUNTERSIGN_CLIENT_ID" "$COUNTERSIGN_RESOURCE" "$COUNTERSIGN_SCOPE")
kept=$folder/$(printf '%s\n' "${wanted[@]}" | sha256sum | cut -d ' ' -f 1)
answer=$(mktemp "$folder/answer.XXXXXX")
trap 'rm -f "$answer" "$kept.$$"' EXIT

# Keeps a new token: when to take the next one, and the header that spends this one.
take() {
  local now lives
  now=$(date +%s)
  # The secret goes through a pipe: arguments are there for all to read.
  printf %s "$COUNTERSIGN_CLIENT_SECRET" | curl --silent --show-error --fail-with-body --max-time 10 --output "$answer" \
    --data grant_type=client_credentials --data-urlencode "client_id=$COUNTERSIGN_CLIENT_ID" \
    --data-urlencode client_secret@- --data-urlencode "resource=$COUNTERSIGN_RESOURCE" \
    --data-urlencode "scope=$COUNTERSIGN_SCOPE" "${COUNTERSIGN_ISSUER%/}/oauth2/token" || { cat "$answer" >&2; exit 1; }
  lives=$(jq '.expires_in // 0 | floor' "$answer")
  # A fifth of its life is left to be on the way and to differ in clocks, half a minute at most.
  echo $((now + lives - (lives < 150 ? lives / 5 : 30))) >"$kept.$$"
  jq --raw-output '"Authorization: Bearer " + .access_token' "$answer" >>"$kept.$$"
  mv "$kept.$$" "$kept"
}

call() { curl --silent --show-error --header @<(sed -n 2p "$kept") --output "$answer" --write-out '%{http_code}' "$@"; }

[ -e "$kept" ] && [ "$(head -n 1 "$kept")" -gt "$(date +%s)" ] || take
status=$(call "$@")
if [ "$status" = 401 ]; then # revoked, or its keys are gone: once more with another
  take
  status=$(call "$@")
fi
cat "$answer"
[ "$status" -lt 400 ] || { echo "status $status" >&2; exit 22; }
