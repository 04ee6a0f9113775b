//! What happened, and nothing else: an append-only list of facts.
//!
//! Facts are small and fixed in size. What a message said, what a reason was and what an operation
//! carried stay typed with the protocol and are described when somebody asks.

pub mod causality;
pub mod compare;
pub mod inquiry;
pub mod json;
pub mod text;

use crate::ids::{EventId, MsgId, NodeId, OpId, TimerId, Us};
use crate::protocol::Witness;
use crate::scenario::ast::Out;
use crate::seq::Roll;
use crate::value::Value;

/// What an event is. Sixteen bytes: a run has millions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    Start {
        inc: u32,
    },
    Crash,
    Pause,
    Resume,
    Restart {
        inc: u32,
        amnesia: bool,
    },
    Send {
        m: MsgId,
    },
    Deliver {
        m: MsgId,
    },
    Lose {
        m: MsgId,
        why: Loss,
    },
    /// The network made a second one.
    Copy {
        m: MsgId,
        of: MsgId,
    },
    Hold {
        m: MsgId,
    },
    Release {
        m: MsgId,
    },
    Fire {
        timer: TimerId,
    },
    Save {
        mark: u32,
        record: u32,
    },
    Saved {
        mark: u32,
        record: u32,
    },
    Unsaved {
        mark: u32,
        record: u32,
    },
    Invoke {
        op: OpId,
    },
    Return {
        op: OpId,
    },
    Role {
        state: u8,
        leads: bool,
        epoch: u64,
    },
    Why {
        why: u32,
        slug: u8,
    },
    Meter {
        name: u8,
        v: i64,
    },
    Clock {
        offset: i64,
        ppm: i32,
    },
    /// Line of the scenario's steps, from 0.
    Act {
        line: u32,
    },
    Void {
        line: u32,
        text: u32,
    },
    Broke {
        claim: u8,
        witness: u32,
    },
    /// `say` (a sentence for the caption) or `mark` (a bookmark).
    Mark {
        text: u32,
        say: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// By the link's own loss.
    Loss,
    /// The link was cut.
    Cut,
    /// Nobody was there to receive it.
    Down,
    /// Dropped by the scenario.
    Drop,
}

impl Loss {
    pub fn word(self) -> &'static str {
        match self {
            Loss::Loss => "loss",
            Loss::Cut => "cut",
            Loss::Down => "down",
            Loss::Drop => "drop",
        }
    }
}

/// An event with its place in time and in the chain of causes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    pub id: EventId,
    pub at: Us,
    /// Queue steps done at this instant when it happened.
    pub k: u32,
    pub node: Option<NodeId>,
    pub cause: Option<EventId>,
    pub what: What,
}

/// A message on its way, or at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MsgRec {
    pub from: NodeId,
    pub to: NodeId,
    /// Place in the entry's kinds.
    pub kind: u8,
    pub quiet: bool,
    pub epoch: u64,
    /// The `nth` message of this kind on this link, lost ones included.
    pub nth: u32,
    /// Place of its body in the run's arena.
    pub payload: u32,
    pub sent: EventId,
    pub sent_at: Us,
    /// When it would arrive if nothing happened to it; never for one lost at once.
    pub due: Us,
    /// The event that ended it, and when.
    pub end: EventId,
    pub end_at: Us,
    /// The message it is a copy of.
    pub of: Option<MsgId>,
}

/// A client operation.
#[derive(Clone, Debug, PartialEq)]
pub struct OpRec {
    pub node: NodeId,
    pub verb: &'static str,
    pub args: Vec<Value>,
    pub invoke: EventId,
    pub ret: Option<(EventId, Out, Option<Value>)>,
}

#[derive(Clone, Debug, Default)]
pub struct Trace {
    facts: Roll<Emit>,
    pub msgs: Roll<MsgRec>,
    pub ops: Roll<OpRec>,
    pub texts: Roll<String>,
    pub witnesses: Roll<Witness>,
}

/// What one step added, before it is in the trace.
#[derive(Clone, Debug, Default)]
pub struct Fresh {
    pub events: Vec<Emit>,
    pub msgs: Vec<MsgRec>,
    pub ops: Vec<OpRec>,
    pub returns: Vec<(OpId, EventId, Out, Option<Value>)>,
    pub texts: Vec<String>,
    pub witnesses: Vec<Witness>,
}

impl Fresh {
    pub fn clear(&mut self) {
        self.events.clear();
        self.msgs.clear();
        self.ops.clear();
        self.returns.clear();
        self.texts.clear();
        self.witnesses.clear();
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Emit {
    pub at: Us,
    pub k: u32,
    pub node: Option<NodeId>,
    pub cause: EventId,
    pub what: What,
}

impl Trace {
    pub fn len(&self) -> usize {
        self.facts.len()
    }
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    pub fn event(&self, id: EventId) -> Option<Event> {
        let &Emit { at, k, node, cause, what } = self.facts.get(id.index())?;
        Some(Event { id, at, k, node, cause: cause.some(), what })
    }

    pub fn events(&self) -> impl DoubleEndedIterator<Item = Event> + '_ {
        self.range(0, self.len())
    }

    /// Events from one place to before another.
    pub fn range(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = Event> + '_ {
        (from..to.min(self.len())).filter_map(|i| self.event(EventId(i as u32)))
    }

    pub fn what(&self, i: usize) -> What {
        self.facts[i].what
    }
    pub fn at(&self, i: usize) -> Us {
        self.facts[i].at
    }

    /// How many events happened up to and including this time.
    pub fn count_until(&self, t: Us) -> usize {
        self.facts.partition_point(|e| e.at <= t)
    }
    /// How many events happened before this time.
    pub fn count_before(&self, t: Us) -> usize {
        self.facts.partition_point(|e| e.at < t)
    }
    /// How many events stand before the instant `t.k` (0: before everything at `t`).
    pub fn count_at(&self, t: Us, k: u32) -> usize {
        self.facts.partition_point(|e| e.at < t || (k > 0 && e.at == t && e.k <= k))
    }

    pub fn msg(&self, m: MsgId) -> Option<&MsgRec> {
        self.msgs.get(m.index())
    }
    pub fn op(&self, op: OpId) -> Option<&OpRec> {
        self.ops.get(op.index())
    }

    /// Take in what a step added.
    pub fn append(&mut self, fresh: &mut Fresh) {
        self.msgs.append(&mut fresh.msgs);
        self.ops.append(&mut fresh.ops);
        self.texts.append(&mut fresh.texts);
        self.witnesses.append(&mut fresh.witnesses);
        while let Some((op, event, out, value)) = fresh.returns.pop() {
            if let Some(rec) = self.ops.get_mut(op.index()) {
                rec.ret = Some((event, out, value));
            }
        }
        for &e in &fresh.events {
            if let What::Deliver { m } | What::Lose { m, .. } = e.what
                && let Some(rec) = self.msgs.get_mut(m.index())
            {
                (rec.end, rec.end_at) = (EventId(self.facts.len() as u32), e.at);
            }
            self.facts.push(e);
        }
        fresh.events.clear();
    }

    /// The trace as it was before its `len`-th event. `counts` are the sizes of the side tables then.
    pub fn prefix(&self, len: usize, counts: &Counts) -> Trace {
        let mut t = Trace {
            facts: self.facts.prefix(len),
            msgs: self.msgs.prefix(counts.msgs as usize),
            ops: self.ops.prefix(counts.ops as usize),
            texts: self.texts.prefix(counts.texts as usize),
            witnesses: self.witnesses.prefix(counts.witnesses as usize),
        };
        // What ended after the cut is under way in it. Blocks that nothing changes stay shared.
        let gone = |e: EventId| e.index() >= len;
        for i in 0..t.msgs.len() {
            if gone(t.msgs[i].end)
                && t.msgs[i].end != EventId::NONE
                && let Some(m) = t.msgs.get_mut(i)
            {
                (m.end, m.end_at) = (EventId::NONE, Us::MAX);
            }
        }
        for i in 0..t.ops.len() {
            if t.ops[i].ret.as_ref().is_some_and(|r| gone(r.0))
                && let Some(o) = t.ops.get_mut(i)
            {
                o.ret = None;
            }
        }
        t
    }

    /// Give acts the places their lines have in an edited text.
    pub fn renumber(&mut self, line: &dyn Fn(u32) -> u32) {
        for i in 0..self.facts.len() {
            if let What::Act { line: l } | What::Void { line: l, .. } = self.facts[i].what
                && line(l) != l
                && let Some(e) = self.facts.get_mut(i)
                && let What::Act { line: at } | What::Void { line: at, .. } = &mut e.what
            {
                *at = line(l);
            }
        }
    }

    /// Bytes held, roughly: the limit of a run is counted in them.
    pub fn bytes(&self) -> usize {
        self.len() * 40 + (self.msgs.len() + self.ops.len() + self.texts.len()) * 120
    }
}

/// How many of everything there are: the world's own counters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub events: u32,
    pub msgs: u32,
    pub ops: u32,
    pub texts: u32,
    pub witnesses: u32,
}
