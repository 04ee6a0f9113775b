//! The browser, where it may refuse: storage, clipboard, media queries. In a sandboxed frame most of it throws.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::JsFuture;

/// A remembered setting; None where the browser keeps nothing.
pub fn recall(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(&format!("lamplight.{key}")).ok()?
}

pub fn remember(key: &str, value: &str) {
    if let Ok(Some(store)) = window().local_storage() {
        let _ = store.set_item(&format!("lamplight.{key}"), value);
    }
}

/// The same for this tab alone.
pub fn keep_here(key: &str, value: &str) {
    if let Ok(Some(store)) = window().session_storage() {
        let _ = store.set_item(&format!("lamplight.{key}"), value);
    }
}

pub fn recall_here(key: &str) -> Option<String> {
    window().session_storage().ok()??.get_item(&format!("lamplight.{key}")).ok()?
}

/// Milliseconds of the browser's watch. Tests of the host have none: there nothing takes long.
pub fn now_ms() -> f64 {
    if cfg!(target_arch = "wasm32") { window().performance().map_or(0.0, |p| p.now()) } else { 0.0 }
}

pub fn matches_media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|m| m.matches())
}

pub fn wants_less_motion() -> bool {
    matches_media("(prefers-reduced-motion: reduce)")
}

/// A word of the query: presentation, never content.
pub fn query(name: &str) -> Option<String> {
    let search = window().location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

pub fn fragment() -> String {
    window().location().hash().unwrap_or_default().trim_start_matches('#').to_string()
}

/// The page's address without its fragment.
pub fn here() -> String {
    let href = window().location().href().unwrap_or_default();
    href.split('#').next().unwrap_or_default().to_string()
}

/// Whether the text is on the clipboard now.
pub async fn copy(text: &str) -> bool {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    if clipboard.is_ok_and(|c| c.is_undefined()) {
        return false;
    }
    JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}

/// Whether a file could not be fetched because there is none, and not for the way there.
pub fn is_absent(why: &str) -> bool {
    why.ends_with("(404)")
}

/// A file of the site as text.
pub async fn fetch_text(path: &str) -> Result<String, String> {
    let answer = JsFuture::from(window().fetch_with_str(path)).await.map_err(said)?;
    let answer: web_sys::Response = answer.unchecked_into();
    if !answer.ok() {
        return Err(format!("{path} is not there ({})", answer.status()));
    }
    let text = JsFuture::from(answer.text().map_err(said)?).await.map_err(said)?;
    Ok(text.as_string().unwrap_or_default())
}

fn said(e: JsValue) -> String {
    e.dyn_ref::<js_sys::Error>()
        .map_or_else(|| "the browser refused".into(), |e| String::from(e.message()))
}

/// The element a listener of a whole diagram was reached through, found by its attribute.
pub fn closest(ev: &web_sys::Event, selector: &str) -> Option<web_sys::Element> {
    ev.target()?.dyn_into::<web_sys::Element>().ok()?.closest(selector).ok()?
}

/// Once the page has drawn what was just decided, and before the reader's next key or press: an animation frame may come after it.
/// Effects run as microtasks, and one may set another going.
pub fn rendered(then: impl FnOnce() + 'static) {
    leptos::task::spawn_local(async move {
        for _ in 0..3 {
            leptos::task::tick().await;
        }
        then();
    });
}

pub fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(e) = found {
        // SVG elements have `focus` too, but not the type that web-sys gives it to.
        let _ = js_sys::Reflect::get(&e, &"focus".into())
            .and_then(|f| f.unchecked_into::<js_sys::Function>().call0(&e));
    }
}

/// Into a field, with what stands in it selected: what is typed takes its place.
pub fn focus_all(selector: &str) {
    focus(selector);
    let field = document().active_element().and_then(|e| e.dyn_into().ok());
    field.iter().for_each(web_sys::HtmlInputElement::select);
}

/// Scroll no farther than it takes to see it: what is chosen before what is only now. Or until it stands at the top.
pub fn bring_into_sight(selector: &str, top: bool) {
    let Ok(all) = document().query_selector_all(selector) else { return };
    let Some(e) = all.item(0).and_then(|n| n.dyn_into::<web_sys::Element>().ok()) else { return };
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(match top {
        true => web_sys::ScrollLogicalPosition::Start,
        false => web_sys::ScrollLogicalPosition::Nearest,
    });
    e.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Whether keys typed now are text.
pub fn is_typing(ev: &web_sys::KeyboardEvent) -> bool {
    let Some(e) = ev.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else {
        return false;
    };
    match e.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => {
            !matches!(e.get_attribute("type").as_deref(), Some("range" | "checkbox" | "radio"))
        }
        _ => false,
    }
}

/// Put text in place of what is selected in a field, so that the browser's own undo knows of it.
pub fn insert(field: &web_sys::HtmlTextAreaElement, text: &str) {
    let done = js_sys::Reflect::get(&document(), &"execCommand".into()).and_then(|f| {
        f.unchecked_into::<js_sys::Function>().call3(
            &document(),
            &"insertText".into(),
            &false.into(),
            &text.into(),
        )
    });
    if !done.is_ok_and(|d| d.is_truthy()) {
        let _ = field.set_range_text(text);
    }
}
