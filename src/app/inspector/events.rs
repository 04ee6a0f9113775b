//! The run as a list: the parallel of the diagrams, for reading and for a screen reader.

use crate::app::lay::{Kept, Perhaps, effect};
use engine::ids::*;
use engine::run::Run;
use engine::scene::{Index, Kin, Pick};
use engine::trace::Event;
use leptos::prelude::*;

use super::filter::Show;
use super::find::{Find, Search, search};
use crate::app::page::{Loaded, Page};
use crate::app::stage::kin;
use crate::app::words::{self, Loud};
use crate::app::{dom, inquiry};

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

pub fn row(run: &Run, e: &Event, count: usize) -> Row {
    Row {
        id: e.id,
        at: e.at,
        says: words::event(run, e),
        loud: words::loudness(run, e),
        yet: e.id.index() >= count,
    }
}

/// The events around the playhead; quiet ones only when asked for, hidden ones not at all.
pub fn rows(run: &Run, index: &Index, count: usize, all: bool) -> Vec<Row> {
    let trace = run.trace();
    let row = |e: Event| {
        let row = || row(run, &e, count);
        (index.shows(e.id) && (all || words::loudness(run, &e) != Loud::Quiet)).then(row)
    };
    let mut out: Vec<Row> = trace.range(0, count).rev().filter_map(row).take(BEFORE).collect();
    out.reverse();
    out.extend(trace.range(count, trace.len()).filter_map(row).take(AFTER));
    out
}

/// Mark what comes before the selected event, what after, and what is concurrent with it.
pub fn marked(run: &Run, index: &Index, pick: Pick, rows: &[Row]) -> Vec<(EventId, Kin)> {
    let Some(e) = kin::event_of(run, pick) else { return vec![] };
    rows.iter().map(|r| (r.id, Kin::of(run, index, e, r.id))).collect()
}

/// How a row stands, for the eye and for the ear.
pub fn sign(kin: Kin) -> AnyView {
    let says = || {
        view! {
            <i class="sign" aria-hidden="true">{kin.sign()}</i><span class="hush">{kin.words()}</span>
        }
    };
    (!kin.sign().is_empty()).then(says).perhaps()
}

#[component]
pub fn Events() -> impl IntoView {
    let page = expect_context::<Page>();
    let all = RwSignal::new(false);
    let query = page.inquiry.query;
    // What is typed is searched at once; what is still to be known when the run stands.
    let found = Kept::new(move || {
        let asked = query.get();
        page.inquiry.filter.track();
        if !page.playing.get() {
            page.known.track();
        }
        let look =
            |l: Loaded| search(&l.run.borrow(), &l.index.borrow(), page.count_slow.get(), &asked);
        if asked.trim().is_empty() {
            Search::default()
        } else {
            page.loaded().map(look).unwrap_or_default()
        }
    });
    let list = Kept::new(move || {
        page.known.track();
        page.inquiry.filter.track();
        let (count, all) = (page.count_slow.get(), all.get());
        let searches = !query.with(|q| q.trim().is_empty());
        page.loaded()
            .map(|l| {
                let (run, index) = (l.run.borrow(), l.index.borrow());
                if searches {
                    found.with(|f| f.rows.clone())
                } else {
                    rows(&run, &index, count, all)
                }
            })
            .unwrap_or_default()
    });
    // A row stays while another event is selected: the focus may be in it.
    let kins = Kept::new(move || {
        let pick = page.pick.get();
        let kins = |l: Loaded| list.with(|r| marked(&l.run.borrow(), &l.index.borrow(), pick, r));
        page.loaded().map(kins).unwrap_or_default()
    });
    let now = Kept::new(move || list.with(|l| l.iter().rev().find(|r| !r.yet).map(|r| r.id)));
    // Where the reader has gone by hand is in sight.
    effect(move || {
        page.head.track();
        page.pick.track();
        if !page.playing.get() {
            request_animation_frame(|| dom::bring_into_sight(".events [aria-current]", false));
        }
    });
    let item = move |r: Row| {
        let id = r.id;
        // The row stays when the playhead goes over it: the focus may be in it.
        let class = move || match r.loud {
            _ if id.index() >= page.count_slow.get() => "yet",
            Loud::Fault => "fail",
            Loud::Key => "key",
            _ => "",
        };
        let kin = move || {
            kins.with(|k| k.iter().find(|k| k.0 == id).map(|k| k.1)).unwrap_or(Kin::Outside)
        };
        let current =
            move || (page.pick.get() == Pick::Event(id) || now.get() == Some(id)).then_some("true");
        let press = move |ev: web_sys::MouseEvent| {
            if ev.shift_key() {
                inquiry::ask_from(page, Pick::Event(id));
            } else {
                page.visit(id);
            }
        };
        view! {
            <li class=class data-kin=move || kin().class() aria-current=current>
                <button type="button" class="plain link" on:click=press>
                    <time>{words::clock(r.at)}</time><span>{r.says}</span>{move || sign(kin())}
                </button>
            </li>
        }
    };
    view! {
        <h2>"Events"</h2>
        <Find query=query found=found/>
        <Show/>
        <label><input type="checkbox" prop:checked=move || all.get() on:change=move |ev| all.set(event_target_checked(&ev))/>"timers, writes and heartbeats too"</label>
        <ol class="events"><For each=move || list.get() key=|r| r.id children=item/></ol>
    }
}
