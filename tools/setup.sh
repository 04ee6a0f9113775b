#!/usr/bin/env bash
# Fetches what the build needs (`tools/setup.sh build`) or what the build and the tests need (`tools/setup.sh`).
# Expects Rust (with rustup), Node 20 or later, npm and make. Skips what is already there in the right version, so that the second
# time takes a second. Tools that cargo installs go to .tools/, npm's to node_modules/; Chromium comes from the system's packages.
set -u
cd "$(dirname "$0")/.." || exit 1
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH"
want=${1:-all}
trunk_version=0.21.14
bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
missing=()

say() { printf '  %-14s %s\n' "$1" "$2"; }
lacks() { say "$1" "NOT AVAILABLE: $2"; missing+=("$1"); }
has_version() { command -v "$1" >/dev/null && "$1" --version 2>/dev/null | grep -qwF "$2"; }

# A tool needs no fast code, only to be there soon: the light profile halves its compile time.
cargo_tool() { # command, crate, version
  if has_version "$1" "$3"; then say "$1" "$3"; return; fi
  say "$1" "compiling $3, some minutes; once only"
  if CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_TARGET_DIR="$PWD/.tools/target" \
    cargo install "$2" --version "$3" --locked --no-default-features --force --root .tools && has_version "$1" "$3"; then
    rm -rf .tools/target
    say "$1" "$3, in .tools/"
  else
    lacks "$1" "cargo install $2 --version $3 failed, see above"
  fi
}

echo "Setting up: $want"

for tool in cargo node npm; do
  command -v "$tool" >/dev/null || lacks "$tool" "install it first (Rust from rustup, Node 20 or later)"
done
[ ${#missing[@]} -eq 0 ] || exit 1
if ! node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; then
  lacks node "20 or later is needed, this is $(node --version)"
  exit 1
fi
say node "$(node --version)"
say rust "$(rustc --version | cut -d' ' -f2)"

wasm_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; }
wasm_target || rustup target add wasm32-unknown-unknown
if wasm_target; then say "wasm target" "there"; else lacks "wasm target" "rustup target add wasm32-unknown-unknown failed"; fi

# npm writes this file at the end of an installation: as new as the lock file means nothing is to be done.
if [ node_modules/.package-lock.json -nt package-lock.json ]; then
  say npm "packages there"
else
  say npm "installing packages"
  if PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-progress --loglevel=error; then
    touch node_modules/.package-lock.json
    say npm "packages there"
  else
    lacks npm "npm ci failed, see above"
  fi
fi
if has_version wasm-opt 132; then say wasm-opt 132; else lacks wasm-opt "not in node_modules/.bin"; fi

cargo_tool wasm-bindgen wasm-bindgen-cli "$bindgen_version"
cargo_tool trunk trunk "$trunk_version"

if [ "$want" = all ]; then
  command -v wasm-bindgen-test-runner >/dev/null || lacks wasm-bindgen-test-runner "it comes with wasm-bindgen-cli"
  if ! chromium=$(node e2e/chromium.mjs); then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    if command -v apt-get >/dev/null; then
      say chromium "installing from the system's packages"
      $root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq chromium >/dev/null
    fi
    chromium=$(node e2e/chromium.mjs)
  fi
  if [ -n "$chromium" ]; then
    say chromium "$chromium"
  else
    lacks chromium "install the package chromium, or set CHROMIUM to a Chrome or Chromium; without it no browser test can run"
  fi
fi

if [ ${#missing[@]} -gt 0 ]; then
  echo "Could not get: ${missing[*]}. The reasons are above."
  exit 1
fi
echo "Everything is there."
