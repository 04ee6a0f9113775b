//! The scenario's text. Changing it and letting it run is the same as doing it by hand: an edit.

use crate::app::lay::{Kept, Rows, effect};
use engine::scenario::Fault;
use leptos::prelude::*;

use crate::app::page::{Page, View};

/// Where an offset in characters of a line begins and ends in the whole text, in UTF-16 units as a text field counts.
pub fn span(text: &str, line: u32, col: u32, len: u32) -> (u32, u32) {
    let mut start = 0u32;
    let units = |s: &str| s.chars().map(|c| c.len_utf16() as u32).sum::<u32>();
    for (i, row) in text.split('\n').enumerate() {
        if i + 1 == line as usize {
            let before: String = row.chars().take(col.saturating_sub(1) as usize).collect();
            let inside: String = row
                .chars()
                .skip(col.saturating_sub(1) as usize)
                .take(len.max(1) as usize)
                .collect();
            return (start + units(&before), start + units(&before) + units(&inside));
        }
        start += units(row) + 1;
    }
    (start.saturating_sub(1), start.saturating_sub(1))
}

#[component]
pub fn Text() -> impl IntoView {
    let page = expect_context::<Page>();
    let text = Kept::new(move || {
        page.view.with(|v| match v {
            View::Running(l) => l.text.to_string(),
            View::Wrong(p) => p.text.as_deref().unwrap_or_default().to_string(),
            View::Opening => String::new(),
        })
    });
    let first = page
        .view
        .with_untracked(|v| if let View::Wrong(p) = v { p.faults.clone() } else { vec![] });
    view! { <Editor text=text first=first/> }
}

/// The field, what is wrong in it, and the button that lets it run.
#[component]
pub fn Editor(text: Kept<String>, first: Vec<Fault>) -> impl IntoView {
    let page = expect_context::<Page>();
    let draft = RwSignal::new(text.get_untracked());
    let wrong = RwSignal::new(first);
    effect(move || draft.set(text.get()));
    let field = NodeRef::<leptos::html::Textarea>::new();
    let run = move |_| {
        let text = draft.get_untracked();
        wrong.set(page.try_text(&text));
        if wrong.with_untracked(|w| !w.is_empty()) {
            let n = wrong.with_untracked(Vec::len);
            page.said.set(format!(
                "{n} {} in the text cannot be understood.",
                crate::app::words::plural(n, "place")
            ));
        }
    };
    let show = move |f: &Fault| {
        let (a, b) = draft.with_untracked(|t| span(t, f.place.line, f.place.col, f.place.len));
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
            let _ = field.set_selection_range(a, b);
        }
    };
    let fault = move |f: Fault| {
        let (line, message, hint) =
            (f.place.line, f.message.clone(), f.hint.clone().unwrap_or_default());
        view! { <li><button type="button" class="plain link" on:click=move |_| show(&f)><span><b>"line "{line}</b>": "{message}" "{hint}</span></button></li> }
    };
    let changed = move || draft.get() != text.get();
    view! {
        <h2>"Scenario"</h2>
        <p class="soft">"Everything you do by hand becomes a line here. Change a line and run it: what comes before stays the same."</p>
        <textarea class="scenario" node_ref=field spellcheck="false" autocomplete="off" aria-label="Text of the scenario" wrap="off"
            aria-invalid=move || wrong.with(|w| (!w.is_empty()).then_some("true"))
            prop:value=move || draft.get() on:input=move |ev| draft.set(event_target_value(&ev))></textarea>
        <ul class="faults">{move || wrong.get().into_iter().map(fault).rows()}</ul>
        <p class="row">
            <button type="button" class="primary" disabled=move || !changed() on:click=run>"Run this text"</button>
            <button type="button" disabled=move || !changed() on:click=move |_| { draft.set(text.get_untracked()); wrong.set(vec![]); }>"Take back"</button>
            <button type="button" on:click=move |_| page.new_seed()>"New seed"</button>
        </p>
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_place_is_found_in_the_field() {
        assert_eq!(span("ab\ncde fg\n", 2, 5, 2), (7, 9));
        assert_eq!(span("é€\n𝄞x", 2, 2, 1), (5, 6));
        assert_eq!(span("a", 9, 1, 1), (1, 1));
    }
}
