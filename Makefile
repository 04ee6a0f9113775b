# Two commands: `make serve` to see the page, `make test` to prove it. Both fetch what they need first.
SHELL := /bin/bash
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help serve build test test-engine test-wasm test-e2e lint bench first-frame fmt clean setup
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

serve: ## the release page on localhost
	@tools/setup.sh build
	@trunk build --release
	@node tools/serve.mjs

build: ## the release page, in dist/
	@tools/setup.sh build
	@trunk build --release

test: ## everything that must hold, with the counts in the last line
	@tools/test.sh

test-engine: ## the engine alone, on the host: seconds after a change
	@cargo test -p lamplight-engine

test-wasm: ## the engine as wasm, under node
	@CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner \
	  cargo test -p lamplight --target wasm32-unknown-unknown --test wasm

test-e2e: ## the browser tests, on the dist/ that is there
	@playwright test -c e2e/playwright.config.mjs

lint: ## formatting, clippy on both targets, docs
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --locked -- -D warnings
	@cargo clippy -p lamplight --all-targets --target wasm32-unknown-unknown --locked -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

bench: build ## the engine's benches on the host, then engine and page in the browser
	@tools/setup.sh
	@cargo bench -p lamplight-engine
	@cargo build --release --locked --target wasm32-unknown-unknown --example bench
	@wasm-bindgen --target web --no-typescript --out-dir .build/bench --out-name bench \
	  target/wasm32-unknown-unknown/release/examples/bench.wasm
	@node e2e/bench/bench.mjs

first-frame: ## records which functions the first frame needs (tools/split.mjs)
	@tools/setup.sh
	@LAMPLIGHT_MARK=1 trunk build --release --dist .build/marked
	@node tools/first-frame.mjs

fmt: ## formats the Rust
	@cargo fmt --all

setup: ## fetches the tools, and says what it could not get
	@tools/setup.sh

clean: ## removes what was built; the tools stay
	@cargo clean
	@rm -rf dist e2e/.out
