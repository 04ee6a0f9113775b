//! The engine as wasm, under node: what the host computes, the page computes too.
//!
//! Empty on the host. Run with `make test-wasm`.
#![cfg(target_arch = "wasm32")]

use engine::together::Together;
use engine::{protocols, scenario};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(module = "fs")]
extern "C" {
    #[wasm_bindgen(js_name = readFileSync)]
    fn read_file(path: &str, encoding: &str) -> String;
}

const ENGINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine");

fn run(entry: &str, slug: &str) -> Together {
    let folder = entry.replace('-', "_");
    let text = read_file(&format!("{ENGINE}/protocols/{folder}/scenarios/{slug}.lamp"), "utf8");
    let s = scenario::parse(&text, &protocols::entries())
        .unwrap_or_else(|f| panic!("{entry}/{slug}: {f:?}"));
    let mut runs =
        protocols::open_all(s).unwrap_or_else(|r| panic!("{entry}/{slug}: {}", r.message));
    runs.finish();
    runs
}

/// The host's tests hold the same file: a run's hash there is a run's hash here.
#[wasm_bindgen_test]
fn every_shipped_run_has_the_hash_of_the_lock() {
    let lock = read_file(&format!("{ENGINE}/links.lock"), "utf8");
    let mut seen = 0;
    for line in lock.lines().skip(1) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(_), Some(trace)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let (entry, slug) = name.split_once('/').expect("entry/slug");
        assert_eq!(format!("trace={:016x}", run(entry, slug).hash()), trace, "{name}");
        seen += 1;
    }
    assert!(seen > 0);
}

/// The stack of a page is small: lines that follow at once follow one after the other.
#[wasm_bindgen_test]
fn a_text_may_chain_all_its_lines() {
    let chain = "then mark \"x\"\n".repeat(990);
    let text = format!("lamplight 1\nrun raft nodes=3\nat 1ms mark \"x\"\n{chain}until 2ms\n");
    let s = scenario::parse(&text, &protocols::entries()).unwrap_or_else(|f| panic!("{f:?}"));
    let mut run = protocols::open(s).unwrap_or_else(|r| panic!("{}", r.message));
    run.finish();
    assert_eq!(run.trace().texts.len(), 991);
}
