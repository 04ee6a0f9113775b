//! Events as text, each for itself: `→ ←` messages, `⇨` a change, `⇒` a result.

use super::index::Index;
use crate::card::claim_words;
use crate::ids::{EventId, NodeId, Us};
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
        let text = words(run, e.id);
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
pub fn name(run: &Run, e: EventId) -> String {
    let at = run.trace().event(e).map_or(0, |e| e.at);
    [&prose_time(at), ", ", &words(run, e)].concat()
}

/// An event in words; empty for what is not worth a line.
pub fn words(run: &Run, id: EventId) -> String {
    let Some(e) = run.trace().event(id) else { return String::new() };
    if matches!(e.what, What::Meter { .. } | What::Clock { .. }) {
        return String::new();
    }
    if let What::Why { .. } = e.what {
        return run.sentence(id).unwrap_or_default();
    }
    if let What::Broke { claim, witness } = e.what {
        return ["✗ ", &broken(run, claim, witness)].concat();
    }
    Legend::alone(run).tell(&e)
}

/// A claim and what broke it.
pub fn broken(run: &Run, claim: u8, witness: u32) -> String {
    let name = run.entry().claims.get(claim as usize).map_or("", |c| c.name);
    let says = run.trace().witnesses.get(witness as usize).map_or("", |w| &w.says);
    [&claim_words(name), " is broken: ", says].concat()
}
