//! The edge between the stage and the inspector: it is moved by hand or by arrows, and stays where it was put.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};

use crate::app::dom;

/// What the width is kept under, and the name by which the style sheet knows it.
const KEPT: &str = "inspector";
const WIDTH: &str = "--panel-width";
/// Narrower than this, in pixels, words no longer fit.
const LEAST: f64 = 240.0;
/// The stage keeps this much of the window.
const STAGE: f64 = 0.4;
/// How far an arrow goes, in pixels.
const STEP: f64 = 24.0;

/// How wide the inspector may be in this window.
fn most() -> f64 {
    let window = window().inner_width().ok().and_then(|w| w.as_f64()).unwrap_or(0.0);
    (window * (1.0 - STAGE)).max(LEAST)
}

/// How wide it is after a key, if the key is one of the edge's. None within: as wide as the page has it by itself.
fn moved(key: &str, width: f64, most: f64) -> Option<Option<f64>> {
    Some(match key {
        "ArrowLeft" => Some((width + STEP).min(most)),
        "ArrowRight" => Some((width - STEP).max(LEAST)),
        "Home" => Some(LEAST),
        "End" => Some(most),
        "Enter" => None,
        _ => return None,
    })
}

/// Makes the inspector so wide, or as wide as the page has it by itself.
fn lay(width: Option<f64>) {
    let root = document().document_element().and_then(|r| r.dyn_into::<HtmlElement>().ok());
    let Some(style) = root.map(|r| r.style()) else { return };
    let _ = match width {
        Some(w) => style.set_property(WIDTH, &format!("{}px", w.round())),
        None => style.remove_property(WIDTH).map(drop),
    };
}

#[component]
pub fn Edge() -> impl IntoView {
    let edge = NodeRef::<leptos::html::Div>::new();
    let own = dom::recall(KEPT).and_then(|w| w.parse::<f64>().ok()).filter(|w| w.is_finite());
    lay(own.map(|w| w.clamp(LEAST, most())));
    // Told once it is there, and whenever it is moved.
    let told = RwSignal::new(0.0_f64);
    let width = move || {
        let inspector = edge.get_untracked().and_then(|e| e.parent_element());
        inspector.map_or(0.0, |e| e.get_bounding_client_rect().width())
    };
    edge.on_load(move |_| told.set(width()));
    let put = move |to: Option<f64>| {
        lay(to);
        told.set(width());
        dom::remember(KEPT, &to.map_or(String::new(), |w| w.round().to_string()));
    };
    // Where the pointer took hold, and how wide the inspector was.
    let held = StoredValue::new(None::<(f64, f64)>);
    let down = move |ev: PointerEvent| {
        if !ev.is_primary() || ev.button() != 0 {
            return;
        }
        if let Some(el) = ev.current_target().and_then(|t| t.dyn_into::<Element>().ok()) {
            let _ = el.set_pointer_capture(ev.pointer_id());
        }
        held.set_value(Some((f64::from(ev.client_x()), width())));
    };
    let drag = move |ev: PointerEvent| {
        if let Some((x, w)) = held.get_value() {
            put(Some((w + x - f64::from(ev.client_x())).clamp(LEAST, most())));
        }
    };
    let key = move |ev: KeyboardEvent| {
        if ev.ctrl_key() || ev.meta_key() || ev.alt_key() {
            return;
        }
        if let Some(to) = moved(&ev.key(), width(), most()) {
            ev.prevent_default();
            put(to);
        }
    };
    view! {
        <div class="edge" node_ref=edge role="separator" tabindex="0" aria-orientation="vertical" aria-label="Width of the inspector"
            aria-controls="panel" aria-valuemin=LEAST.to_string() aria-valuemax=move || { told.track(); most().round().to_string() }
            aria-valuenow=move || told.get().round().to_string() title="Drag, or press ← and →; double-click or Enter: as it was"
            on:pointerdown=down on:pointermove=drag on:pointerup=move |_| held.set_value(None)
            on:pointercancel=move |_| held.set_value(None) on:dblclick=move |_| put(None) on:keydown=key></div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_move_the_edge_and_stop_at_its_ends() {
        assert_eq!(moved("ArrowLeft", 300.0, 800.0), Some(Some(324.0)));
        assert_eq!(moved("ArrowLeft", 790.0, 800.0), Some(Some(800.0)));
        assert_eq!(moved("ArrowRight", 250.0, 800.0), Some(Some(LEAST)));
        assert_eq!(moved("Enter", 250.0, 800.0), Some(None));
        assert_eq!(moved("ArrowUp", 250.0, 800.0), None);
    }
}
