//! Scenarios as files: saved, opened, dropped on the page.

use crate::app::lay::{Kept, when};
use engine::protocols;
use engine::scenario::link::{self, Address};
use engine::scenario::terms::TEXT_MAX;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DragEvent, File, HtmlAnchorElement};

use super::page::{Notice, Page, Tab};

/// `The old leader` is saved as `the-old-leader.lamp`.
pub fn file_name(title: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let words: String = title.to_lowercase().chars().map(plain).collect();
    let name = words.split_whitespace().collect::<Vec<_>>().join("-");
    let name: String = name.chars().take(60).collect();
    format!("{}.lamp", if name.is_empty() { "scenario" } else { &name })
}

/// Why a file is no scenario.
fn too_large(name: &str, bytes: f64) -> Option<String> {
    let (is, most) = ((bytes / 1024.0).ceil(), TEXT_MAX / 1024);
    (bytes > TEXT_MAX as f64).then(|| {
        format!("{name} has {is} kB; a scenario has at most {most} kB. Nothing was changed.")
    })
}

fn not_text(name: &str, text: &str) -> Option<String> {
    text.contains(['\0', '\u{fffd}'])
        .then(|| format!("{name} is not a text file. Nothing was changed."))
}

fn save(page: Page, text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&text.into());
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type("text/plain;charset=utf-8");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &kind)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    let name = file_name(&page.title());
    link.set_download(&name);
    link.click();
    web_sys::Url::revoke_object_url(&url)?;
    page.said.set(format!("Saved as {name}."));
    Ok(())
}

fn explain(page: Page, says: String) {
    page.said.set(says.clone());
    page.notice.set(Some(Notice { says, undo: false, serious: true }));
}

/// Open a file: an edit where the same protocol runs, else as a link would. A text that cannot be read is put
/// where it can be mended, and the run stays.
pub fn take(page: Page, file: File) {
    spawn_local(async move {
        let name = file.name();
        if let Some(says) = too_large(&name, file.size()) {
            return explain(page, says);
        }
        let text = JsFuture::from(file.text()).await.ok().and_then(|t| t.as_string());
        let Some(text) = text else {
            return explain(page, format!("{name} could not be read. Nothing was changed."));
        };
        match not_text(&name, &text) {
            Some(says) => explain(page, says),
            None => open(page, &name, &text),
        }
    });
}

fn open(page: Page, name: &str, text: &str) {
    let running = page.with_run_now(|run| run.scenario().run.entry.clone());
    let runs = page.loaded_now().is_some_and(|l| *l.text == *text);
    match (protocols::parse(text), running) {
        (Ok(s), Some(entry)) if s.run.entry == entry && !runs => {
            match page.rewrite(|_| text.to_string(), name, &format!("{name} is open.")) {
                Ok(()) => page.draft.set(None),
                Err(says) => explain(page, says),
            }
        }
        (Ok(s), Some(entry)) if s.run.entry == entry => {
            page.put_aside(None, format!("{name} is open."), false)
        }
        (Ok(_), _) => {
            let address = Address::text(text);
            match link::write(&address) {
                Ok(fragment) => drop(window().location().set_hash(&fragment)),
                Err(_) => {
                    if let Err(problem) = page.open_text(text, &address, "") {
                        page.fail(*problem);
                    }
                }
            }
        }
        (Err(_), Some(_)) => {
            page.tab.set(Tab::Scenario);
            let says = format!(
                "{name} cannot be read as it is. It is under Scenario, to be mended; the run goes on."
            );
            page.put_aside(Some(text.into()), says, true);
        }
        (Err(_), None) => {
            if let Err(problem) = page.open_text(text, &Address::text(text), "") {
                page.fail(*problem);
            }
        }
    }
}

/// The buttons below the text.
#[component]
pub fn Files(text: Kept<String>) -> impl IntoView {
    let page = expect_context::<Page>();
    let input = NodeRef::<leptos::html::Input>::new();
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else { return };
        if let Some(file) = input.files().and_then(|f| f.get(0)) {
            take(page, file);
        }
        // The same file may be chosen again.
        input.set_value("");
    };
    let write = move |_| {
        if save(page, &text.get_untracked()).is_err() {
            explain(page, "The browser lets nothing be saved here.".into());
        }
    };
    view! {
        <p class="row">
            <button type="button" on:click=write>"Save as a file"</button>
            <button type="button" on:click=move |_| if let Some(i) = input.get_untracked() { i.click() }>"Open a file"</button>
            <input type="file" hidden node_ref=input accept=".lamp,text/plain" aria-label="A scenario's file" on:change=chosen/>
        </p>
    }
}

fn with_files(ev: &DragEvent) -> bool {
    ev.data_transfer().is_some_and(|d| d.types().includes(&"Files".into(), 0))
}

/// The whole window takes a file.
#[component]
pub fn Drop() -> impl IntoView {
    let page = expect_context::<Page>();
    let over = RwSignal::new(false);
    let enter = move |ev: DragEvent| {
        if with_files(&ev) {
            ev.prevent_default();
            if !over.get_untracked() {
                over.set(true);
            }
        }
    };
    let leave = move |ev: DragEvent| {
        if ev.related_target().is_none() {
            over.set(false);
        }
    };
    let dropped = move |ev: DragEvent| {
        if !with_files(&ev) {
            return;
        }
        ev.prevent_default();
        over.set(false);
        if let Some(file) = ev.data_transfer().and_then(|d| d.files()).and_then(|f| f.get(0)) {
            take(page, file);
        }
    };
    let listeners = [
        window_event_listener(leptos::ev::dragover, enter),
        window_event_listener(leptos::ev::dragleave, leave),
        window_event_listener(leptos::ev::drop, dropped),
    ];
    let listeners = StoredValue::new(Some(listeners));
    on_cleanup(move || {
        if let Some(Some(all)) = listeners.try_update_value(Option::take) {
            all.into_iter().for_each(|l| l.remove());
        }
    });
    when(
        move || over.get(),
        || {
            view! { <div class="dropping"><p>"Drop the file to open its scenario."</p></div> }
                .into_any()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_title() {
        assert_eq!(
            file_name("The leader is cut off: who wins?"),
            "the-leader-is-cut-off-who-wins.lamp"
        );
        assert_eq!(file_name("../?"), "scenario.lamp");
    }

    #[test]
    fn what_is_no_scenario_is_explained() {
        assert_eq!(too_large("a", 65_536.0), None);
        assert!(too_large("a", 65_537.0).is_some_and(|s| s.starts_with("a has 65 kB")));
        assert!(not_text("a", "\u{fffd}PNG").is_some());
        assert_eq!(not_text("a", "lamplight 1\n"), None);
    }
}
