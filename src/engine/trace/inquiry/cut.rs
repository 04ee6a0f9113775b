//! A cut: how much of each node's life has happened.
//!
//! ```text
//!   n1 ──●───●──┊────        consistent: all that was received inside was sent inside
//!          ╲  ╲ ┊
//!   n2 ─────●──┊┼●───        (the second message was sent inside and not yet received: it is in the channel)
//!
//!   n1 ──●─┊───●─────        not consistent: n2 received what n1 has not sent.
//!          ┊    ╲            No node at any moment could have seen this.
//!   n2 ────┊─────●─┊─
//! ```
//!
//! A consistent cut is a state the system might have been in, though nobody looked at that moment: the
//! snapshot of Chandy and Lamport (1985) is one, with what was under way as the state of its channels.
//! Mattern (1989): the consistent cuts form a lattice, so that inside every cut there is a largest one
//! ([`Judgment::inner`]) and round it a smallest ([`Causality::close`]).
//!
//! A message the network lost before the cut ends is in no channel: nobody would record it.

use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::trace::causality::Causality;
use crate::trace::{MsgRec, Trace, What};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many events of each lane are inside.
    pub upto: Vec<u32>,
    /// The latest moment that any of it is about.
    pub by: Us,
}

impl Cut {
    /// Everything up to and including a moment: a straight line. Always consistent.
    pub fn at(run: &Run, c: &Causality, t: Us) -> Cut {
        let upto = run.cast().all().map(|n| until(run.trace(), c, n, t)).collect();
        Cut { upto, by: t }
    }

    /// An event with its whole past: the smallest consistent cut that holds it.
    pub fn past(run: &Run, c: &Causality, e: EventId) -> Cut {
        let trace = run.trace();
        Cut { upto: c.past(trace, e), by: trace.event(e).map_or(0, |e| e.at) }
    }

    /// Move it on one lane: all of that node up to and including a moment.
    pub fn drag(&mut self, run: &Run, c: &Causality, lane: NodeId, t: Us) {
        let Some(n) = self.upto.get_mut(lane.index()) else { return };
        *n = until(run.trace(), c, lane, t);
        let lasts = run.cast().all().filter_map(|n| self.edges(run, c, n).0);
        self.by = lasts.fold(t, Us::max);
    }

    /// Move it by steps of one node, as by an arrow key: to behind the next step, or before the last.
    pub fn nudge(&mut self, run: &Run, c: &Causality, lane: NodeId, on: bool) {
        let (trace, place) = (run.trace(), self.upto.get(lane.index()).copied().unwrap_or(0));
        let at = if on { Some(place) } else { place.checked_sub(1) };
        let Some(e) = at.and_then(|p| c.at(lane, p)).and_then(|e| trace.event(e)) else { return };
        self.drag(run, c, lane, if on { e.at } else { e.at.saturating_sub(1) });
        if !on && e.at == 0 {
            self.upto[lane.index()] = 0;
        }
    }

    pub fn holds(&self, c: &Causality, e: EventId) -> bool {
        c.place_of(e).is_some_and(|(l, at)| self.upto.get(l.index()).is_some_and(|n| at < *n))
    }

    /// The last event inside on a lane.
    pub fn last(&self, c: &Causality, lane: NodeId) -> Option<EventId> {
        c.at(lane, self.upto.get(lane.index())?.checked_sub(1)?)
    }

    /// When the last event inside on a lane happened, and when the first outside it did.
    pub fn edges(&self, run: &Run, c: &Causality, lane: NodeId) -> (Option<Us>, Option<Us>) {
        let at = |e: EventId| run.trace().event(e).map(|e| e.at);
        let next = self.upto.get(lane.index()).and_then(|n| c.at(lane, *n));
        (self.last(c, lane).and_then(at), next.and_then(at))
    }
}

fn until(trace: &Trace, c: &Causality, n: NodeId, t: Us) -> u32 {
    c.lane(n).partition_point(|e| trace.at(*e as usize) <= t) as u32
}

/// A message that makes a cut inconsistent: received inside, sent outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    pub m: MsgId,
    pub sent: EventId,
    pub received: EventId,
    pub says: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Judgment {
    /// Empty if the cut is consistent.
    pub breaks: Vec<Break>,
    /// Sent inside and not yet received: the state of the channels.
    pub channel: Vec<MsgId>,
    /// The largest consistent cut inside; the cut itself if it is one.
    pub inner: Cut,
    pub says: String,
}

impl Judgment {
    pub fn is_consistent(&self) -> bool {
        self.breaks.is_empty()
    }
}

/// Whether a cut is consistent, and what is in its channels.
pub fn judge(run: &Run, c: &Causality, cut: &Cut) -> Judgment {
    let trace = run.trace();
    let (mut breaks, mut channel) = (vec![], vec![]);
    for (i, rec) in trace.msgs.iter().enumerate() {
        let m = MsgId(i as u32);
        let sent = origin(trace, rec).sent;
        let received = receipt(trace, rec).filter(|e| cut.holds(c, *e));
        match (cut.holds(c, sent), received) {
            (false, Some(received)) => {
                breaks.push(Break { m, sent, received, says: breaks_it(run, rec, sent) });
            }
            (true, None) if is_under_way(trace, rec, cut.by) => channel.push(m),
            _ => {}
        }
    }
    let says = says(&breaks, channel.len());
    Judgment { breaks, channel, inner: shrink(trace, c, cut), says }
}

/// The message as it was sent, of which this may be a copy.
fn origin<'a>(trace: &'a Trace, rec: &'a MsgRec) -> &'a MsgRec {
    let of = |r: &&'a MsgRec| trace.msg(r.of?);
    std::iter::successors(Some(rec), of).last().unwrap_or(rec)
}

fn receipt(trace: &Trace, rec: &MsgRec) -> Option<EventId> {
    let end = trace.event(rec.end)?;
    matches!(end.what, What::Deliver { .. }).then_some(end.id)
}

/// Whether a message that a cut has not received was, by its last moment, neither lost nor still to be
/// doubled.
fn is_under_way(trace: &Trace, rec: &MsgRec, by: Us) -> bool {
    let lost = receipt(trace, rec).is_none() && rec.end_at <= by;
    !lost && (rec.of.is_none() || rec.sent_at <= by)
}

/// Forward once: what depends on something outside is outside, and all of its lane after it.
fn shrink(trace: &Trace, c: &Causality, cut: &Cut) -> Cut {
    let mut inner = cut.clone();
    for e in trace.events() {
        let Some((lane, at)) = c.place_of(e.id).filter(|_| inner.holds(c, e.id)) else { continue };
        if c.sender(trace, e.id).is_some_and(|s| !inner.holds(c, s)) {
            inner.upto[lane.index()] = at;
        }
    }
    inner
}

fn breaks_it(run: &Run, rec: &MsgRec, sent: EventId) -> String {
    let kind = run.entry().kinds.get(rec.kind as usize).map_or("message", |k| k.name);
    let at = run.trace().event(sent).map_or(0, |e| e.at);
    format!(
        "{to} has received {kind} from {from} (at {}), and {from} has not sent it (at {}).",
        prose_time(rec.end_at),
        prose_time(at),
        to = run.name(rec.to),
        from = run.name(rec.from),
    )
}

fn says(breaks: &[Break], channel: usize) -> String {
    let messages = |n: usize| match n {
        0 => "no message".to_string(),
        1 => "one message".to_string(),
        n => format!("{n} messages"),
    };
    match breaks.len() {
        0 => format!("Consistent: {} in the channels.", messages(channel)),
        n => format!("Not consistent: {} received inside and sent outside.", messages(n)),
    }
}
