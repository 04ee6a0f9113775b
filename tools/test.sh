#!/usr/bin/env bash
# Everything that must hold, one step after the other. A failure does not stop the rest; the last line counts the tests.
# A step that is not a test (a build, a lint) counts as one failure when it fails, and as nothing when it holds.
set -u
cd "$(dirname "$0")/.." || exit 1
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0 ignored=0
wrong=()

sum() { awk '{ n += $1 } END { print n + 0 }'; }

# Cargo says `test result: ok. 3 passed; 0 failed; 0 ignored; …` once per binary.
count_cargo() { sed -nE "s/^test result: .* ([0-9]+) $2[;.].*/\1/p" "$1" | sum; }
# Playwright's list reporter ends with `  3 passed (2.1s)`, `  1 failed`, `  1 flaky`, `  1 did not run`, each on a line of its own.
count_playwright() { sed -nE "s/^ +([0-9]+) ($2)( \(.*\))?$/\1/p" "$1" | sum; }

run() { # kind, title, command …
  local kind=$1 title=$2 log="$logs/log" started=$SECONDS status ok=0 bad=0 skipped=0
  shift 2
  printf '\n== %s\n' "$title"
  "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  case $kind in
    cargo)
      ok=$(count_cargo "$log" passed) bad=$(count_cargo "$log" failed) skipped=$(count_cargo "$log" ignored) ;;
    playwright)
      ok=$(count_playwright "$log" passed) bad=$(count_playwright "$log" 'failed|flaky|interrupted|did not run|timed out')
      skipped=$(count_playwright "$log" skipped) ;;
  esac
  if [ "$status" -ne 0 ]; then
    [ "$bad" -gt 0 ] || bad=1
  elif [ "$kind" != step ] && [ $((ok + bad)) -eq 0 ]; then
    echo "No test ran in this step: that is a failure."
    bad=1
  fi
  passed=$((passed + ok)) failed=$((failed + bad)) ignored=$((ignored + skipped))
  [ "$bad" -eq 0 ] || wrong+=("$title")
  printf -- '-- %s: %s, %d s\n' "$title" "$([ "$bad" -eq 0 ] && echo holds || echo FAILED)" $((SECONDS - started))
  [ "$bad" -eq 0 ]
}

if ! run step "tools" tools/setup.sh; then
  printf '\nFailed: %s\n%d passed, %d failed\n' "${wrong[*]}" "$passed" "$failed"
  exit 1
fi
run step "formatting" cargo fmt --all --check
run step "clippy, host" cargo clippy --workspace --all-targets --locked -- -D warnings
run step "clippy, wasm" cargo clippy -p lamplight --all-targets --target wasm32-unknown-unknown --locked -- -D warnings
run step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
run cargo "tests on the host" cargo test --workspace --locked --no-fail-fast
run cargo "tests in wasm" env CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner \
  cargo test -p lamplight --target wasm32-unknown-unknown --test wasm --locked
if run step "release build" trunk build --release --locked; then
  run playwright "browser tests" playwright test -c e2e/playwright.config.mjs
fi

echo
[ "$ignored" -eq 0 ] || echo "$ignored ignored or skipped"
[ ${#wrong[@]} -eq 0 ] || { printf 'Failed:'; printf ' %s;' "${wrong[@]}"; echo; }
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
