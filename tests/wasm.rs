//! The engine as wasm, under node: what the host computes, the page computes too.
//!
//! Empty on the host. Run with `make test-wasm`; each test compares with a constant that a host test states as well.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::wasm_bindgen_test;

/// Integers and floats behave alike on both targets; what the engine hashes must not depend on the width of a pointer.
#[wasm_bindgen_test]
fn runs_as_wasm_under_node() {
    assert_eq!(size_of::<usize>(), 4);
    assert_eq!(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(7), 0x5384_5412_7B09_6493);
}
