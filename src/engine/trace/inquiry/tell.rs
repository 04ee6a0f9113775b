//! A chain told: a sentence a link, with times and names, in the past.

use super::chain::{Chain, Link, Via};
use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::trace::text::Legend;
use crate::trace::{Event, What};

/// A link of a chain in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub event: EventId,
    pub at: Us,
    pub says: String,
    /// What the node itself said about that step.
    pub reasons: Vec<String>,
}

/// A chain, link by link. A sending and its receipt are one sentence.
pub fn sentences(run: &Run, chain: &Chain) -> Vec<Told> {
    let links = &chain.links;
    let mut out = vec![];
    for (i, link) in links.iter().enumerate() {
        let Some(e) = run.trace().event(link.event) else { continue };
        let sends = links.get(i + 1).is_some_and(|n| matches!(n.via, Via::Message(_)));
        if sends
            && i > 0
            && matches!(e.what, What::Send { .. } | What::Copy { .. })
            && link.via == Via::Step
        {
            continue;
        }
        let says = [&lead(run, &e, link, i), &clause(run, &e), "."].concat();
        let says = if says.ends_with("..") { says[..says.len() - 1].into() } else { says };
        out.push(Told { event: e.id, at: e.at, says, reasons: reasons(run, &e) });
    }
    out
}

/// `At 162 ms, two steps later on n2, `
fn lead(run: &Run, e: &Event, link: &Link, place: usize) -> String {
    let mut out = ["At ", &prose_time(e.at), ", "].concat();
    match (link.via, e.node) {
        (Via::Lane { steps: 0 }, Some(n)) => {
            out.push_str(&["later on ", run.name(n), ", "].concat());
        }
        (Via::Lane { steps }, Some(n)) => out.push_str(&format!(
            "{steps} step{} later on {}, ",
            if steps == 1 { "" } else { "s" },
            run.name(n)
        )),
        (Via::Step, _) if place > 0 => out.push_str("in the same step, "),
        _ => {}
    }
    out
}

/// What happened, without time and full stop.
fn clause(run: &Run, e: &Event) -> String {
    let me = e.node.map_or("", |n| run.name(n));
    let stage = run.world().stage();
    match e.what {
        What::Fire { timer } => {
            let name = stage.timer_name(timer);
            format!("{me}'s timer {name} ran out{}", armed(run, e))
        }
        What::Invoke { op } => format!("a client asked {me}: {}", call(run, op)),
        What::Act { line } => format!("the scenario acted: {}", act(run, line)),
        What::Send { m } => format!("{me} sent {}", message(run, m, |r| (" to ", r.to))),
        What::Deliver { m } => {
            let late = run.trace().msg(m).map_or(0, |r| e.at.saturating_sub(r.sent_at));
            let what = message(run, m, |r| (" from ", r.from));
            format!("{me} received {what}, {} after it was sent", prose_time(late))
        }
        What::Why { .. } | What::Mark { .. } => run.sentence(e.id).unwrap_or_default(),
        _ => Legend::new(run).tell(e),
    }
}

/// `, 150 ms after it was armed`; nothing where the scenario made it fire.
fn armed(run: &Run, e: &Event) -> String {
    let by = e.cause.and_then(|c| run.trace().event(c)).filter(|c| c.node == e.node);
    by.map_or_else(String::new, |by| {
        [", ", &prose_time(e.at - by.at), " after it was armed"].concat()
    })
}

fn message(
    run: &Run,
    m: MsgId,
    end: impl Fn(&crate::trace::MsgRec) -> (&'static str, NodeId),
) -> String {
    let Some(rec) = run.trace().msg(m) else { return "a message".into() };
    let kind = run.entry().kinds.get(rec.kind as usize).map_or("a message", |k| k.name);
    let (word, node) = end(rec);
    [kind, word, run.name(node)].concat()
}

fn call(run: &Run, op: crate::ids::OpId) -> String {
    run.trace().op(op).map_or_else(String::new, |o| {
        let args: String = o.args.iter().map(|a| format!(" {}", a.print())).collect();
        [o.verb, &args].concat()
    })
}

fn act(run: &Run, line: u32) -> String {
    let step = run.scenario().steps.get(line as usize);
    step.map_or_else(String::new, |s| crate::scenario::act(&s.act))
}

/// What a node said in the step an event belongs to; not the event's own words again.
fn reasons(run: &Run, e: &Event) -> Vec<String> {
    let trace = run.trace();
    let opener = if matches!(e.what, What::Why { .. } | What::Send { .. } | What::Role { .. }) {
        e.cause
    } else {
        Some(e.id)
    };
    let same = |o: &Event| (o.at, o.k) == (e.at, e.k);
    let after = opener.map_or(0, |o| o.index() + 1);
    trace
        .range(after, trace.len())
        .take_while(same)
        .filter(|o| o.id != e.id && o.cause == opener && matches!(o.what, What::Why { .. }))
        .filter_map(|o| run.sentence(o.id))
        .collect()
}
