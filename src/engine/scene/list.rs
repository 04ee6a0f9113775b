//! Events as text, in the one legend of goldens and page:
//! `n2@3` a node at an epoch, `→ ←` messages, `⇨` a change, `⇒` a result.

use super::index::Index;
use crate::ids::{EventId, NodeId, OpId, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::trace::text::Legend;
use crate::trace::{Event, What};

/// A line of the event list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub event: EventId,
    pub at: Us,
    pub node: Option<NodeId>,
    pub epoch: u64,
    /// A fault, a loss or a broken claim.
    pub bad: bool,
    pub text: String,
}

/// The lines of a stretch of events; bookkeeping (meters, clocks, copies of what was just said) left
/// out, and what the filter leaves out.
pub fn list(run: &Run, index: &Index, events: std::ops::Range<usize>) -> Vec<Row> {
    let row = |e: Event| {
        let text = words(run, index, e.id);
        let bad = matches!(
            e.what,
            What::Lose { .. } | What::Crash | What::Broke { .. } | What::Void { .. }
        );
        let epoch = e.node.map_or(0, |n| index.epoch_at(n, e.id));
        (!text.is_empty()).then_some(Row { event: e.id, at: e.at, node: e.node, epoch, bad, text })
    };
    let shown = |e: &Event| index.shows(e.id);
    run.trace().range(events.start, events.end).filter(shown).filter_map(row).collect()
}

/// The accessible name of an event: when, and what.
pub fn name(run: &Run, index: &Index, e: EventId) -> String {
    let at = run.trace().event(e).map_or(0, |e| e.at);
    [&prose_time(at), ", ", &words(run, index, e)].concat()
}

/// A step of the scenario in its own words.
pub fn act(run: &Run, line: u32) -> String {
    run.scenario()
        .steps
        .get(line as usize)
        .map_or_else(String::new, |s| crate::scenario::act(&s.act))
}

/// An event in words; empty for what is not worth a line.
pub fn words(run: &Run, index: &Index, id: EventId) -> String {
    let Some(e) = run.trace().event(id) else { return String::new() };
    if matches!(e.what, What::Meter { .. } | What::Clock { .. }) {
        return String::new();
    }
    if let What::Why { .. } = e.what {
        return run.sentence(id).unwrap_or_default();
    }
    let before = EventId(id.0.saturating_sub(1));
    let epochs = run.cast().all().map(|n| index.epoch_at(n, before)).collect();
    Legend::amid(run, epochs).tell(&e)
}

/// `put x 1`
pub fn operation(run: &Run, op: OpId) -> String {
    let Some(rec) = run.trace().op(op) else { return String::new() };
    let mut out = rec.verb.to_string();
    for a in &rec.args {
        out.push(' ');
        out.push_str(&a.print());
    }
    out
}
