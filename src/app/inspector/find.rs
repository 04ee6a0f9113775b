//! Events found by text, kind, node or field, and the way from one to the next.

use crate::app::lay::{Kept, when};
use engine::ids::*;
use engine::run::Run;
use engine::scene::{Index, Pick};
use engine::trace::inquiry::Query;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::events::{Row, row};
use crate::app::lay::effect;
use crate::app::page::Page;
use crate::app::{dom, words};

/// Events listed, at most.
const MOST: usize = 300;

/// What a search has found in what is known of the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    pub rows: Vec<Row>,
    pub says: String,
    /// The query means nothing here.
    pub wrong: bool,
}

pub fn search(run: &Run, index: &Index, count: usize, query: &str) -> Search {
    let read = match Query::read(run, query) {
        Ok(read) => read,
        Err(wrong) => {
            return Search { rows: vec![], says: words::quoted(&wrong.message()), wrong: true };
        }
    };
    // What is looked for is what is read in the list. Words side by side are meant as a phrase, if there is one.
    let says = |e: &engine::trace::Event| words::event(run, e);
    let look = |q: &Query| q.find_said(run, &says, 0, MOST);
    let phrase = read.phrased().map(|q| look(&q)).filter(|f| !f.events.is_empty());
    let found = phrase.unwrap_or_else(|| look(&read));
    let more = found.events.len() >= MOST && found.next < run.trace().len();
    let all = found.events.len();
    let rows: Vec<Row> = found
        .events
        .into_iter()
        .filter(|e| index.shows(*e))
        .filter_map(|e| run.trace().event(e))
        .map(|e| row(run, &e, count))
        .collect();
    let (n, hidden) = (rows.len(), all - rows.len());
    let mut says = match n {
        0 => "No event found, as far as the run is known".into(),
        n if more => format!("The first {n} events"),
        n => format!("{n} {}", words::plural(n, "event")),
    };
    if hidden > 0 {
        says.push_str(&format!("; {hidden} more are hidden"));
    }
    Search { rows, says: says + ".", wrong: false }
}

/// The one after, or before, where the reader is; a list has no ends.
pub fn other(found: &[EventId], here: Option<EventId>, on: bool) -> Option<usize> {
    let last = found.len().checked_sub(1)?;
    let Some(here) = here else { return Some(if on { 0 } else { last }) };
    Some(if on {
        found.iter().position(|e| *e > here).unwrap_or(0)
    } else {
        found.iter().rposition(|e| *e < here).unwrap_or(last)
    })
}

/// The field, what it found in words, and the way through it.
#[component]
pub fn Find(query: RwSignal<String>, found: Kept<Search>) -> impl IntoView {
    let page = expect_context::<Page>();
    let go = move |on: bool| {
        let rows = found.with(|f| f.rows.clone());
        let here = match page.pick.get_untracked() {
            Pick::Event(e) => Some(e),
            _ => page.count.get_untracked().checked_sub(1).map(|i| EventId(i as u32)),
        };
        let ids: Vec<EventId> = rows.iter().map(|r| r.id).collect();
        let Some(i) = other(&ids, here, on) else { return };
        page.visit(ids[i]);
        page.said.set(format!("{} of {}: {}", i + 1, ids.len(), rows[i].says));
    };
    let keys = move |ev: KeyboardEvent| {
        match ev.key().as_str() {
            "Enter" => go(!ev.shift_key()),
            "Escape" if !query.with_untracked(String::is_empty) => query.set(String::new()),
            "Escape" => dom::focus("#tab-events"),
            _ => return,
        }
        ev.prevent_default();
    };
    let asks = Kept::new(move || !query.with(|q| q.trim().is_empty()));
    let says = Kept::new(move || found.with(|f| f.says.clone()));
    effect(move || {
        let says = says.get();
        if asks.get_untracked() {
            page.said.set(says);
        }
    });
    let none = move || found.with(|f| f.rows.is_empty());
    view! {
        <div class="find" role="search">
            <label class="hush" for="find">"Find events"</label>
            <input type="search" id="find" class="mono" placeholder="n2 crash term=3 \"words\"" autocomplete="off" spellcheck="false"
                aria-describedby="found" aria-invalid=move || found.with(|f| f.wrong).then_some("true")
                prop:value=move || query.get() on:input=move |ev| query.set(event_target_value(&ev)) on:keydown=keys/>
            <button type="button" class="square" aria-label="Previous" disabled=none on:click=move |_| go(false)>"↑"</button>
            <button type="button" class="square" aria-label="Next" disabled=none on:click=move |_| go(true)>"↓"</button>
        </div>
        <p class="soft found" id="found">{move || if asks.get() { says.get() } else { "A word, a node, a kind of message or of event, field=value; all of it must hold.".into() }}</p>
        {when(move || asks.get(), move || view! {
            <p class="row"><button type="button" on:click=move |_| query.set(String::new())>"Show all events"</button></p>
        }.into_any())}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_behind_where_the_reader_is() {
        let found = [2, 5, 9].map(EventId);
        assert_eq!(other(&found, Some(EventId(2)), true), Some(1));
        assert_eq!(other(&found, Some(EventId(4)), false), Some(0));
        assert_eq!(other(&found, Some(EventId(9)), true), Some(0));
        assert_eq!(other(&found, Some(EventId(1)), false), Some(2));
        assert_eq!(other(&found, None, true), Some(0));
        assert_eq!(other(&[], Some(EventId(1)), true), None);
    }

    #[test]
    fn what_is_read_in_the_list_is_found_and_words_side_by_side_are_a_phrase() {
        let text = "lamplight 1\nrun vector-clocks nodes=3 seed=1\nat 1ms crash n2\nat 2ms n1 tell n2\n\
            at 3ms crash n1\nuntil 1s\n";
        let Ok(mut run) = crate::app::page::read(text) else { panic!("it does not run") };
        run.advance(SEC, 10_000);
        let index = Index::new(&run);
        let found = |q: &str| search(&run, &index, run.trace().len(), q).rows;
        assert_eq!(found("lost").len(), found("lose").len());
        assert!(!found("lost").is_empty());
        // Both words are in more than one sentence; together in one.
        assert!(found("nobody is there").iter().all(|r| r.says.contains("nobody is there")));
        assert!(!found("nobody is there").is_empty());
        // Where there is no such phrase, all of the words are looked for.
        assert_eq!(found("there nobody").len(), found("nobody is there").len());
    }
}
