# shellcheck shell=bash
# Runs named checks one after another, quietly; counts tests where a check runs a suite. Sourced by scripts/test.

logs=target/checks
passed=0
failed=0
failures=()
mkdir -p "$logs"

# check NAME COMMAND...: one line for a success, the end of the output for a failure.
check() {
  local name=$1 start=$SECONDS status=0
  shift
  printf '%-19s' "$name"
  "$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
  tally "$name" "$status" $((SECONDS - start))
}

# fuzz_all SECONDS: every target, two at a time.
fuzz_all() {
  local targets=(fuzz/fuzz_targets/*.rs) target running=() name
  for target in "${targets[@]}"; do
    name=$(basename "$target" .rs)
    COUNTERSIGN_FUZZ_BUILT=1 scripts/fuzz "$name" "$1" >"$logs/fuzz-$name.log" 2>&1 </dev/null &
    running+=("$name:$!")
    [ ${#running[@]} -lt 2 ] && continue
    finish_fuzzers "$1" "${running[@]}"
    running=()
  done
  finish_fuzzers "$1" "${running[@]}"
}

finish_fuzzers() {
  local seconds=$1 one status
  shift
  for one in "$@"; do
    status=0
    wait "${one#*:}" || status=$?
    printf '%-19s' "fuzz ${one%:*}"
    tally "fuzz-${one%:*}" "$status" "$seconds"
  done
}

# tally NAME STATUS SECONDS: reads the suites' own closing lines; a check without a suite counts as one test.
tally() {
  local name=$1 status=$2 seconds=$3 log=$logs/$1.log good bad
  good=$(grep -ohE '^test result:.* [0-9]+ passed|(^|=| )[0-9]+ passed(,| in)' "$log" | grep -oE '[0-9]+ passed' | awk '{n += $1} END {print n + 0}')
  bad=$(grep -ohE '^test result:.*; [0-9]+ failed|(^|=| )[0-9]+ failed(,| in)' "$log" | grep -oE '[0-9]+ failed' | awk '{n += $1} END {print n + 0}')
  if [ "$status" = 0 ]; then
    [ "$good" = 0 ] && good=1
    printf 'ok      %4s s  %s\n' "$seconds" "$([ "$good" = 1 ] || echo "$good tests")"
  else
    [ "$bad" = 0 ] && bad=1
    failures+=("$name")
    printf 'FAILED  %4s s  all of it: %s\n' "$seconds" "$log"
    # What went wrong first, then how it ended.
    grep -E '^(error|FAILED|E  |thread .* panicked|---- )' -A 4 "$log" | head -n 30 | sed 's/^/    /'
    echo '    …'
    tail -n 15 "$log" | sed 's/^/    /'
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
}

# The last line is for those who read only that.
summary() {
  [ ${#failures[@]} = 0 ] || echo "failed: ${failures[*]}"
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
