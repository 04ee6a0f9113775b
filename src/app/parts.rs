//! The wasm comes in parts: the main one, one for each protocol, and one for what no first frame needs.
//!
//! `tools/split.mjs` cuts them, `boot.js` brings them. A page that was not cut has everything in it, and asking for a part
//! is answered at once.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// The stubs of functions that are not there yet call it with 1 and wait.
    #[wasm_bindgen(js_name = lamplightPart)]
    fn lamplight_part(part: u32, now: u32);

    #[wasm_bindgen(js_name = lamplightFetch)]
    fn lamplight_fetch(name: &str) -> js_sys::Promise;

    #[wasm_bindgen(js_name = lamplightLate)]
    fn lamplight_late() -> js_sys::Promise;
}

/// The first frames stand: bring what they did not need.
pub fn bring_late() {
    lamplight_part(0, 0);
}

/// Bring a protocol's part.
pub fn fetch(entry: &str) -> js_sys::Promise {
    let mut name = entry.replace('-', "_");
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'p');
    }
    lamplight_fetch(&name)
}

/// Wait until that has been brought.
pub async fn late() {
    let _ = JsFuture::from(lamplight_late()).await;
}

/// Wait until every protocol a text names can run. What could not be fetched is asked for again when it is called.
pub async fn ready(text: &str) {
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if let (Some("run" | "beside"), Some(entry)) = (words.next(), words.next()) {
            let _ = JsFuture::from(fetch(entry)).await;
        }
    }
}
