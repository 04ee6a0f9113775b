//! Whose the keys are: a hand on a mouse takes them from nobody, and what goes away hands them on.
//!
//! A click on a button leaves the keyboard to the page, as it is in browsers that never focus what is clicked: Space
//! plays and the arrows step, whatever was pressed with the mouse last. Who goes by keyboard keeps the focus: where
//! what had it is taken away by its own key, the nearest thing that is left has it then.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use super::dom;

/// What a press of the mouse does at once. Fields, sliders and the marks of the timeline are held on to; in a dialog
/// the page's keys are off.
const PRESSED: &str = "button, summary, [role=button]";
const HELD: &str = "dialog, .marks, .mark-menu";

/// Places that outlive what is in them, and where in them the focus goes.
const HOMES: &[(&str, &str)] = &[
    (".branches", ".branches [aria-current]"),
    (".pop", ".topology .selected"),
    (".pop", ".topology svg [tabindex='0']"),
    (".events", ".events [aria-current] button"),
    (".panel", "#panel"),
    (".views", ".views [aria-pressed=true]"),
];

/// Listen for the page's life.
pub fn listen() {
    let press = window_event_listener(leptos::ev::mousedown, |ev: MouseEvent| {
        let on = |selector: &str| dom::closest(&ev, selector);
        if ev.default_prevented() || on(HELD).is_some() {
            return;
        }
        let Some(button) = on(PRESSED) else { return };
        ev.prevent_default();
        // Tab goes on from here.
        call(&button, "focus");
        call(&button, "blur");
    });
    on_cleanup(move || press.remove());
    let key = window_event_listener(leptos::ev::keydown, |_| {
        let Some(had) = document().active_element().filter(|e| e.tag_name() != "BODY") else {
            return;
        };
        let homes: Vec<usize> = (0..HOMES.len())
            .filter(|i| had.closest(HOMES[*i].0).ok().flatten().is_some())
            .collect();
        watch(had, homes, 3);
    });
    on_cleanup(move || key.remove());
}

/// For some frames: where nothing has the focus, what had it has it again; where that is gone, its home has.
fn watch(had: Element, homes: Vec<usize>, frames: u8) {
    request_animation_frame(move || {
        let nowhere = document().active_element().is_none_or(|e| e.tag_name() == "BODY");
        // A list that is put in another order takes the focus from what it moves.
        if nowhere && had.is_connected() {
            call(&had, "focus");
        }
        if nowhere && !had.is_connected() {
            homes.iter().map(|i| HOMES[*i].1).chain([".play"]).any(|home| {
                dom::focus(home);
                document().active_element().is_some_and(|e| e.tag_name() != "BODY")
            });
        } else if frames > 1 {
            watch(had, homes, frames - 1);
        }
    });
}

/// SVG elements have these too, but not the type that web-sys gives them to.
fn call(e: &Element, verb: &str) {
    if let Ok(f) = js_sys::Reflect::get(e, &verb.into()) {
        let options = js_sys::Object::new();
        let _ = js_sys::Reflect::set(&options, &"preventScroll".into(), &true.into());
        let _ = f.unchecked_into::<js_sys::Function>().call1(e, &options);
    }
}
