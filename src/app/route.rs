//! The address: what a fragment asks for, and the fragment of what is in view.
//!
//! The query is presentation and is read once; the fragment is content and is followed while the page lives.
//! An embed never rewrites its address.

use crate::app::lay::effect;
use engine::protocols;
use engine::scenario::link::{self, Address, LinkFault, Source};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::catalogue::Catalogue;
use super::desk;
use super::dom;
use super::page::{Mode, Page, Problem, View};
use super::parts;
use super::work;

/// Read a fragment; a bare entry means its first scenario, nothing at all the page's own first.
pub fn read(fragment: &str) -> Result<Address, LinkFault> {
    let fragment = fragment.trim().trim_start_matches('#');
    if fragment.is_empty() {
        let (entry, slug) = protocols::FIRST;
        return Ok(Address::shipped(entry, slug));
    }
    let (head, rest) = fragment.split_once('&').map_or((fragment, ""), |(h, r)| (h, r));
    match protocols::CATALOGUE.iter().find(|b| b.id == head) {
        Some(b) if rest.is_empty() => Ok(Address::shipped(head, b.first)),
        Some(b) => link::parse_fragment(&format!("{head}/{}&{rest}", b.first)),
        // A word that no entry begins with was not cut off: there is no such entry.
        None if !head.contains(['/', '.']) && !begins_an_entry(head) => {
            Err(LinkFault::UnknownScenario { name: head.chars().take(60).collect(), nearest: None })
        }
        None => link::parse_fragment(fragment),
    }
}

fn begins_an_entry(word: &str) -> bool {
    protocols::CATALOGUE.iter().any(|b| b.id.starts_with(word))
}

/// Open what a fragment asks for. Whoever asks for another meanwhile gets that one.
pub fn open(page: Page, catalogue: Catalogue, fragment: String) {
    let asked = page.ask();
    spawn_local(async move {
        let put = put(page, catalogue, &fragment, asked).await;
        if put.is_err() {
            // There is no first frame to wait for.
            parts::bring_late();
        }
        make_whole(page, catalogue).await;
        if !page.is_last(asked) {
            return;
        }
        match put {
            Ok(address) => {
                page.compare_check(&address);
                let worked = work::restore(page, fragment.trim_start_matches('#'));
                // As its link was looked at; where it was left here, as it was left.
                page.present();
                if page.mode.get_untracked() != Mode::Embed {
                    desk::restore(page, worked);
                }
            }
            Err(problem) => page.fail(*problem),
        }
        page.stands(asked);
    });
}

/// Once the first frames stand, the rest of the page comes.
async fn make_whole(page: Page, catalogue: Catalogue) {
    if !page.whole.get_untracked() {
        parts::late().await;
        page.begin();
    }
    catalogue.read().await;
}

async fn put(
    page: Page,
    catalogue: Catalogue,
    fragment: &str,
    asked: u32,
) -> Result<Address, Box<Problem>> {
    let of_link = |fault: LinkFault| Box::new(link_problem(&fault, fragment));
    if ["#z1.", "#p1.", "z1.", "p1."].iter().any(|p| fragment.starts_with(p)) {
        // What unpacks a text no short link needs.
        parts::bring_late();
        parts::late().await;
    }
    let address = read(fragment).map_err(of_link)?;
    let text = match &address.source {
        Source::Text(text) => text.clone(),
        Source::Shipped { entry, slug } => {
            drop(parts::fetch(entry));
            match catalogue.text(entry, slug).await {
                Ok(text) => text,
                Err(says) => {
                    parts::bring_late();
                    make_whole(page, catalogue).await;
                    return Err(Box::new(missing(entry, slug, says, fragment, catalogue)));
                }
            }
        }
    };
    let text = link::apply(&address, &text).map_err(of_link)?;
    if ["\nbeside ", "\nsweep "].iter().any(|word| engine::value::cut(&text, word).is_some()) {
        // Runs side by side are not what a first visit sees: their first frame is that of the whole page.
        parts::bring_late();
        parts::late().await;
    }
    parts::ready(&text).await;
    if page.is_last(asked) {
        page.open_text(&text, &address, fragment)?;
    }
    Ok(address)
}

fn link_problem(fault: &LinkFault, fragment: &str) -> Problem {
    let title = match fault {
        LinkFault::CutOff { .. } => "This link was cut off",
        LinkFault::Newer { .. } => "This link is from a newer Lamplight",
        LinkFault::TooLarge { .. } | LinkFault::TooManyKeys { .. } => "This link is too large",
        LinkFault::Damaged => "This link was damaged on its way",
        LinkFault::UnknownScenario { .. } => "There is no such scenario",
        LinkFault::UnknownKey { .. } | LinkFault::BadValue { .. } => {
            "This link says something unknown"
        }
    };
    let todo = match fault {
        LinkFault::CutOff { .. } | LinkFault::Damaged => {
            "Ask for it again, as a link and not as text: chat programs and mail break long lines."
        }
        LinkFault::Newer { .. } => {
            "Reload the page to get its latest version, then open the link again."
        }
        LinkFault::TooLarge { .. } | LinkFault::TooManyKeys { .. } => {
            "Ask for the scenario as a file and paste its text under Scenario."
        }
        _ => "Correct the link, or choose a scenario from the catalogue.",
    };
    let near = match fault {
        LinkFault::UnknownScenario { nearest, .. } => nearest.clone(),
        _ => None,
    };
    Problem {
        title: title.into(),
        says: fault.to_string(),
        todo: todo.into(),
        link: fragment.into(),
        near,
        ..Problem::default()
    }
}

fn missing(entry: &str, slug: &str, says: String, fragment: &str, catalogue: Catalogue) -> Problem {
    let address = Address::shipped(entry, slug);
    let names = catalogue.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match link::known(&address, &names) {
        // Of a list that could not be fetched nothing is missing.
        Err(fault) if catalogue.is_read() || dom::is_absent(&says) => {
            link_problem(&fault, fragment)
        }
        _ => Problem {
            title: "The scenario could not be fetched".into(),
            says,
            todo: "Check the connection and try again.".into(),
            link: fragment.into(),
            ..Problem::default()
        },
    }
}

/// Whether there is something a reader may have done.
fn is_worked_on(page: Page) -> bool {
    let runs = page.view.with_untracked(|v| matches!(v, View::Running(_)));
    let whole = page.whole.get_untracked() && page.is_as_asked();
    runs && whole && page.mode.get_untracked() != Mode::Embed
}

/// A reload may still open an address that was replaced so many milliseconds ago.
const LATELY: f64 = 2000.0;

/// Whether an address was replaced a moment ago.
fn is_late((_, at): &(String, f64)) -> bool {
    js_sys::Date::now() - at < LATELY
}

/// Follow the address both ways. What the page writes itself does not come back as a request.
pub fn follow(page: Page, catalogue: Catalogue) {
    let written = StoredValue::new(dom::fragment());
    // Several, where a reader does one thing after another: each is written for itself.
    let before = StoredValue::new(Vec::<(String, f64)>::new());
    let timer = StoredValue::new_local(None::<Timeout>);
    let listener = window_event_listener(leptos::ev::hashchange, move |_| {
        let fragment = dom::fragment();
        if written.with_value(|w| *w != fragment) {
            timer.set_value(None);
            // Back leads to the address that was left, whatever was done since it was written.
            if is_worked_on(page) {
                let left = written.get_value();
                page.freeze();
                work::keep(page, &left, &left, page.fragment(false).is_err());
                desk::leave(page, left, vec![]);
            }
            written.set_value(fragment.clone());
            open(page, catalogue, fragment);
        }
    });
    on_cleanup(move || listener.remove());
    // Whoever leaves in the middle of something finds it again. Before the page is whole there is nothing, and no code for it that
    // a page could still bring while it is left.
    let leave = move || {
        if is_worked_on(page) {
            timer.set_value(None);
            page.freeze();
            let mut came = vec![dom::fragment()];
            came.extend(before.get_value().into_iter().filter(is_late).map(|(b, _)| b));
            write(page, written);
            desk::leave(page, dom::fragment(), came);
        }
    };
    effect(move || {
        if page.whole.get() {
            let leaving = window_event_listener(leptos::ev::pagehide, move |_| leave());
            on_cleanup(move || leaving.remove());
        }
    });

    effect(move || {
        timer.set_value(None);
        page.view.track();
        page.pick.track();
        page.head.track();
        let (playing, mode) = (page.playing.get(), page.mode.get());
        if !page.whole.get() {
            return;
        }
        page.tree.track();
        page.draft.track();
        if playing || !page.view.with_untracked(|v| matches!(v, View::Running(_))) {
            return;
        }
        let write = move || {
            if mode == Mode::Embed {
                return keep(&page.address_out());
            }
            let old = dom::fragment();
            write(page, written);
            if dom::fragment() != old {
                before.update_value(|all| {
                    all.retain(is_late);
                    all.push((old, js_sys::Date::now()));
                });
            }
        };
        timer.set_value(Some(Timeout::new(350, write)));
    });
}

fn write(page: Page, written: StoredValue<String>) {
    // What is still in view belongs to the address that was left.
    if !page.is_as_asked() {
        return;
    }
    let before = written.get_value();
    let Ok(fragment) = page.fragment(false) else {
        // Too large for a link: it is found by the last one that was not.
        return work::keep(page, &before, &before, true);
    };
    work::keep(page, &fragment, &before, false);
    // A first visit that nobody has touched keeps its short address.
    let untouched = before.is_empty() && page.is_fresh();
    if untouched || before == fragment {
        return;
    }
    written.set_value(fragment.clone());
    let url = format!("{}#{fragment}", dom::here());
    let history = window().history();
    let _ = history
        .and_then(|h| h.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&url)));
    keep(&url);
}

/// Where the card of a panic finds the link.
fn keep(url: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-link", url);
    }
}
