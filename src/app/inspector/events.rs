//! The run as a list: the parallel of the diagrams, for reading and for a screen reader.

use crate::app::lay::Kept;
use engine::ids::*;
use engine::run::Run;
use engine::scene::Pick;
use leptos::prelude::*;

use crate::app::page::Page;
use crate::app::words::{self, Loud};

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: EventId,
    pub at: Us,
    pub says: String,
    pub loud: Loud,
    /// It has not happened yet at the playhead.
    pub yet: bool,
}

/// Rows before the playhead, and after.
const BEFORE: usize = 60;
const AFTER: usize = 20;

/// The events around the playhead; quiet ones only when asked for.
pub fn rows(run: &Run, count: usize, all: bool) -> Vec<Row> {
    let trace = run.trace();
    let row = |e: engine::trace::Event| {
        let loud = words::loudness(run, &e);
        (all || loud != Loud::Quiet).then(|| Row {
            id: e.id,
            at: e.at,
            says: words::event(run, &e),
            loud,
            yet: e.id.index() >= count,
        })
    };
    let mut out: Vec<Row> = trace.range(0, count).rev().filter_map(row).take(BEFORE).collect();
    out.reverse();
    out.extend(trace.range(count, trace.len()).filter_map(row).take(AFTER));
    out
}

#[component]
pub fn Events() -> impl IntoView {
    let page = expect_context::<Page>();
    let all = RwSignal::new(false);
    let list = Kept::new(move || {
        page.known.track();
        let (count, all) = (page.count_slow.get(), all.get());
        page.with_run(|run| rows(run, count, all)).unwrap_or_default()
    });
    let now = Kept::new(move || list.with(|l| l.iter().rev().find(|r| !r.yet).map(|r| r.id)));
    let item = move |r: Row| {
        let id = r.id;
        let class = match (r.loud, r.yet) {
            (_, true) => "yet",
            (Loud::Fault, _) => "fail",
            (Loud::Key, _) => "key",
            _ => "",
        };
        let current =
            move || (page.pick.get() == Pick::Event(id) || now.get() == Some(id)).then_some("true");
        view! {
            <li class=class aria-current=current>
                <button type="button" class="plain link" on:click=move |_| page.visit(id)>
                    <time>{words::clock(r.at)}</time><span>{r.says}</span>
                </button>
            </li>
        }
    };
    view! {
        <h2>"Events"</h2>
        <label><input type="checkbox" prop:checked=move || all.get() on:change=move |ev| all.set(event_target_checked(&ev))/>"timers, writes and heartbeats too"</label>
        <ol class="events"><For each=move || list.get() key=|r| (r.id, r.yet) children=item/></ol>
    }
}
