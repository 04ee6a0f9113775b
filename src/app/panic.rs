//! After a panic nothing of the application can be trusted, so the card is drawn by `public/boot.js`, without it.

use std::panic;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `boot.js`: shows the card once; later calls change nothing.
    #[wasm_bindgen(catch, js_name = lamplightPanic)]
    fn show_card(reason: &str) -> Result<(), JsValue>;
}

/// Every panic goes to the console with its stack, and to the card with its reason and place.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        let _ = show_card(&info.to_string());
    }));
}
