//! A chain told: a sentence a link, with times and names, in the words of the captions. What has no words of
//! its own here is told in the legend of `trace::text`.

use super::chain::{Chain, Link, Via};
use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::trace::causality::opens;
use crate::trace::text::{Legend, loss};
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

/// A chain, link by link. A sending and its receipt are one sentence: the receipt's.
pub fn sentences(run: &Run, chain: &Chain) -> Vec<Told> {
    let links = &chain.links;
    let mut out = vec![];
    for (i, link) in links.iter().enumerate() {
        let Some(e) = run.trace().event(link.event) else { continue };
        let arrives = links.get(i + 1).is_some_and(|n| matches!(n.via, Via::Message(_)));
        if arrives && link.via == Via::Step {
            continue;
        }
        let mut says = [lead(&e, link), clause(run, &e)].concat();
        if !says.ends_with('.') {
            says.push('.');
        }
        let reasons = if link.via == Via::Step { vec![] } else { reasons(run, &e) };
        out.push(Told { event: e.id, at: e.at, says, reasons });
    }
    out
}

/// Looked through for what happened while a timer ran, at most; and told of it.
const LOOKED: usize = 20_000;
const MEANWHILE: usize = 4;

/// Where a chain comes from a timer that ran out, the last one if there are several: since when it ran, and what happened meanwhile that may be why nothing
/// stopped it. Whoever was to be heard of crashed or paused, or what was on its way to the node was lost.
pub fn meanwhile(run: &Run, chain: &Chain) -> Vec<Told> {
    let trace = run.trace();
    let fires = |e: &Event| matches!(e.what, What::Fire { .. });
    let mut back = chain.links.iter().rev().filter_map(|l| trace.event(l.event));
    let Some(fire) = back.find(fires) else { return vec![] };
    let by = fire.cause.and_then(|c| trace.event(c)).filter(|c| c.node == fire.node);
    let Some(by) = by else { return vec![] };
    let opener = if opens(by.what) { Some(by) } else { by.cause.and_then(|c| trace.event(c)) };
    let opener = opener.unwrap_or(by);
    let told = |e: &Event, then: &str| {
        let says = ["At ", &prose_time(e.at), ", ", &clause(run, e), ".", then].concat();
        Told { event: e.id, at: e.at, says, reasons: vec![] }
    };
    let gone = |e: &Event| e.node != fire.node && matches!(e.what, What::Crash | What::Pause);
    let lost = |e: &Event| match e.what {
        What::Lose { m, .. } => trace.msg(m).is_some_and(|r| Some(r.to) == fire.node),
        _ => false,
    };
    let from = (by.id.index() + 1).max(fire.id.index().saturating_sub(LOOKED));
    let all = || trace.range(from, fire.id.index());
    let mut out: Vec<Event> = all().filter(gone).take(MEANWHILE).collect();
    let room = MEANWHILE - out.len();
    out.extend(all().filter(lost).take(room));
    out.sort_unstable_by_key(|e| e.id);
    let since = told(&opener, " It ran from then on.");
    std::iter::once(since).chain(out.iter().map(|e| told(e, ""))).collect()
}

/// `At 162 ms, two steps later, `
fn lead(e: &Event, link: &Link) -> String {
    let later = match link.via {
        Via::Step => "in the same step, ".into(),
        Via::Lane { steps: 0 } => "later, ".into(),
        Via::Lane { steps: 1 } => "one step later, ".into(),
        Via::Lane { steps } => format!("{steps} steps later, "),
        _ => String::new(),
    };
    ["At ", &prose_time(e.at), ", ", &later].concat()
}

/// What happens, without its time.
fn clause(run: &Run, e: &Event) -> String {
    let me = e.node.map_or("", |n| run.name(n));
    match e.what {
        What::Fire { timer } => {
            let name = run.world().stage().timer_name(timer);
            [me, "'s timer ", &name, " runs out", &armed(run, e)].concat()
        }
        What::Invoke { op } => [me, " begins ", &run.call(op)].concat(),
        What::Act { line } => ["the scenario acts: ", &run.act(line)].concat(),
        What::Send { m } => [me, " sends ", &message(run, m, |r| (" to ", r.to))].concat(),
        What::Deliver { m } => {
            let late = run.trace().msg(m).map_or(0, |r| e.at.saturating_sub(r.sent_at));
            let what = message(run, m, |r| (" from ", r.from));
            [me, " receives ", &what, ", ", &prose_time(late), " after it was sent"].concat()
        }
        What::Lose { m, why } => {
            let way = message(run, m, |r| (" from ", r.from));
            let to = run.trace().msg(m).map_or("", |r| run.name(r.to));
            [&way, " to ", to, ": ", loss(why)].concat()
        }
        What::Role { state, epoch, .. } => role(run, e.node, state, epoch),
        What::Why { .. } | What::Mark { .. } => run.sentence(e.id).unwrap_or_default(),
        _ => Legend::new(run).tell(e),
    }
}

/// `n1 is leader, epoch 2`
fn role(run: &Run, node: Option<NodeId>, state: u8, epoch: u64) -> String {
    let Some(n) = node else { return String::new() };
    let states = run.entry().roles.get(run.cast().role(n) as usize).map_or(&[][..], |r| r.states);
    let word = states.get(state as usize).copied().unwrap_or("changed");
    let epoch = if epoch > 0 { format!(", epoch {epoch}") } else { String::new() };
    [run.name(n), " is ", word, &epoch].concat()
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

/// What a node said in the step an event belongs to; not the event's own words again.
fn reasons(run: &Run, e: &Event) -> Vec<String> {
    let trace = run.trace();
    let Some(opener) = (if opens(e.what) { Some(e.id) } else { e.cause }) else { return vec![] };
    let same = |o: &Event| (o.at, o.k) == (e.at, e.k);
    let own = |o: &Event| o.id != e.id && o.cause == Some(opener) && o.node == e.node;
    trace
        .range(opener.index() + 1, trace.len())
        .take_while(same)
        .filter(|o| own(o) && matches!(o.what, What::Why { .. }))
        .filter_map(|o| run.sentence(o.id))
        .collect()
}
