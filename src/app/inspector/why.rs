//! Why it happened: the chain of causes back from an event, a step of the run on each line.

use crate::app::lay::{Kept, Perhaps, Rows};
use engine::ids::*;
use engine::run::Run;
use engine::scene::Pick;
use engine::trace::{Event, What};
use leptos::prelude::*;

use crate::app::page::Page;
use crate::app::words;

/// One link of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub event: EventId,
    pub at: Us,
    pub says: String,
    /// What the node said about it: its own reasons.
    pub reasons: Vec<String>,
}

const LINKS_MAX: usize = 14;

/// What the panel explains: what is selected, or else the last thing that was told.
pub fn subject(run: &Run, count: usize, pick: Pick) -> Option<EventId> {
    let trace = run.trace();
    match pick {
        Pick::Event(e) => Some(e),
        Pick::Message(m) => {
            trace.msg(m).map(|r| if r.end.index() < count { r.end } else { r.sent })
        }
        Pick::Node(n) => last_told(run, count, Some(n))
            .or_else(|| trace.range(0, count).rev().find(|e| e.node == Some(n)).map(|e| e.id)),
        Pick::Op(op) => trace.op(op).map(|o| o.ret.as_ref().map_or(o.invoke, |r| r.0)),
        Pick::Fault(line) => trace
            .range(0, count)
            .find(|e| matches!(e.what, What::Act { line: l } if l == line))
            .map(|e| e.id),
        Pick::None => last_told(run, count, None),
    }
}

fn last_told(run: &Run, count: usize, node: Option<NodeId>) -> Option<EventId> {
    let told = |e: &Event| {
        matches!(words::loudness(run, e), words::Loud::Key) || matches!(e.what, What::Broke { .. })
    };
    run.trace()
        .range(0, count)
        .rev()
        .filter(|e| node.is_none() || e.node == node)
        .find(told)
        .map(|e| e.id)
}

/// The chain from an event back to where it began, newest first.
pub fn chain(run: &Run, from: EventId) -> Vec<Link> {
    let trace = run.trace();
    let mut out = vec![];
    let mut next = trace.event(from);
    while let Some(e) = next.filter(|_| out.len() < LINKS_MAX) {
        let (first, last) = step_of(run, &e);
        let reasons = trace
            .range(first, last)
            .filter(|r| r.node == e.node && matches!(r.what, What::Why { .. }));
        let says = words::event(run, &e);
        let reasons = reasons.map(|r| words::event(run, &r)).filter(|r| *r != says).collect();
        out.push(Link { event: e.id, at: e.at, says, reasons });
        next = e.cause.and_then(|c| trace.event(c));
    }
    out
}

/// The events of the step an event belongs to.
fn step_of(run: &Run, e: &Event) -> (usize, usize) {
    let trace = run.trace();
    let first = if e.k == 0 { trace.count_before(e.at) } else { trace.count_at(e.at, e.k - 1) };
    let last = if e.k == 0 { e.id.index() + 1 } else { trace.count_at(e.at, e.k) };
    (first, last)
}

#[component]
pub fn Why() -> impl IntoView {
    let page = expect_context::<Page>();
    let links = Kept::new(move || {
        let (count, pick) = (page.count_slow.get(), page.pick.get());
        page.with_run(|run| subject(run, count, pick).map(|e| chain(run, e)).unwrap_or_default())
            .unwrap_or_default()
    });
    let item = move |l: Link| {
        let event = l.event;
        view! {
            <li>
                <button type="button" class="plain link" on:click=move |_| page.visit(event)>
                    <time>{words::clock(l.at)}</time>
                    <span>{l.says}</span>
                </button>
                {(!l.reasons.is_empty()).then(|| view! { <p class="reason">{l.reasons.join(" ")}</p> }).perhaps()}
            </li>
        }
    };
    let head = move || {
        links.with(|l| {
            l.first().map_or("Nothing has been told yet.".to_string(), |l| l.says.clone())
        })
    };
    view! {
        <h2>"Why?"</h2>
        <p class="told">{head}</p>
        <p class="soft" hidden=move || links.with(|l| l.len() < 2)>"Because of what came before, newest first:"</p>
        <ol class="why">{move || links.get().into_iter().skip(1).map(item).rows()}</ol>
    }
}
