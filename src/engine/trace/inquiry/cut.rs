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
    /// The moment each lane is cut at: not before its last event inside.
    pub at: Vec<Us>,
}

impl Cut {
    /// Everything up to and including a moment: a straight line. Always consistent.
    pub fn at(run: &Run, c: &Causality, t: Us) -> Cut {
        let upto: Vec<u32> = run.cast().all().map(|n| until(run.trace(), c, n, t)).collect();
        Cut { at: vec![t; upto.len()], upto }
    }

    /// An event with its whole past: the smallest consistent cut that holds it.
    pub fn past(run: &Run, c: &Causality, e: EventId) -> Cut {
        let mut cut = Cut { upto: c.past(run.trace(), e), at: vec![] };
        cut.at = run.cast().all().map(|n| cut.edges(run, c, n).0.unwrap_or(0)).collect();
        cut
    }

    /// Move it on one lane: all of that node up to and including a moment.
    pub fn drag(&mut self, run: &Run, c: &Causality, lane: NodeId, t: Us) {
        let l = lane.index();
        if let (Some(n), Some(at)) = (self.upto.get_mut(l), self.at.get_mut(l)) {
            (*n, *at) = (until(run.trace(), c, lane, t), t);
        }
    }

    /// Move it on one lane to behind the next step, or before the last one inside: an arrow key.
    pub fn nudge(&mut self, run: &Run, c: &Causality, lane: NodeId, on: bool) {
        match self.edges(run, c, lane) {
            (_, Some(next)) if on => self.drag(run, c, lane, next),
            // What happened at the very beginning cannot be told apart from it.
            (Some(0), _) if !on => {
                (self.upto[lane.index()], self.at[lane.index()]) = (0, 0);
            }
            (Some(last), _) if !on => self.drag(run, c, lane, last - 1),
            _ => {}
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
            (true, None) if is_under_way(trace, rec, cut) => channel.push(m),
            _ => {}
        }
    }
    let says = says(&breaks, channel.len());
    Judgment { breaks, channel, inner: shrink(run, c, cut), says }
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

/// Whether a message that a cut has not received is under way in it: not lost before its receiver's edge,
/// nor a copy made after its sender's.
fn is_under_way(trace: &Trace, rec: &MsgRec, cut: &Cut) -> bool {
    let at = |n: NodeId| cut.at.get(n.index()).copied().unwrap_or(0);
    let lost = receipt(trace, rec).is_none() && rec.end_at <= at(rec.to);
    !lost && (rec.of.is_none() || rec.sent_at <= at(rec.from))
}

/// Forward once: what depends on something outside is outside, and all of its lane after it.
fn shrink(run: &Run, c: &Causality, cut: &Cut) -> Cut {
    let (trace, mut inner) = (run.trace(), cut.clone());
    for e in trace.events() {
        let Some((lane, at)) = c.place_of(e.id).filter(|_| inner.holds(c, e.id)) else { continue };
        if c.sender(trace, e.id).is_some_and(|s| !inner.holds(c, s)) {
            inner.upto[lane.index()] = at;
            inner.at[lane.index()] = inner.edges(run, c, lane).0.unwrap_or(0);
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
