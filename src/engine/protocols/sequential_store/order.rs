//! The total order: one replica, the sequencer, numbers all writes, and everybody delivers by number.
//!
//! ```text
//!   n3   ToBcast x=1 ──▶ n1, the sequencer: number 4      held back there until all smaller ones of n3 have come
//!                        n1   Order 4 x=1 ──▶ n2, n3      held back there until 3 has been delivered
//! ```
//!
//! Without faults that is 1 message to the sequencer and n − 1 from it. Nothing is acknowledged: who misses a
//! number asks for it, and an origin whose write does not come back sends it again.

use serde::Serialize;

use super::msg::*;
use super::replica::Waiting;
use super::why::Why;
use super::{Disk, Do, Know, Record, Timer, replicas, sequencer_of};
use crate::few::Few;
use crate::ids::{NodeId, OpId};
use crate::seq::Seq;
use crate::value::Value;

/// As many as are sent again at a time.
const BATCH: usize = 20;

/// One sequence, as one replica has it.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    pub nr: u8,
    pub me: NodeId,
    pub sequencer: NodeId,
    /// By number, the first being 1, without a gap.
    pub log: Seq<Write>,
    /// Up to here it is applied: all of the log, unless a majority is to have it first.
    pub delivered: u64,
    /// The copy: what has been delivered, by key.
    pub store: Vec<(Value, Value)>,
    /// What came before its turn.
    pub early: Few<u64, Write>,
    /// At the sequencer: writes that came before an earlier one of their origin.
    pub held: Vec<Write>,
    /// All writes of this replica's clients. Those that have not come back are pending.
    #[serde(rename = "pending_own")]
    pub own: Seq<Write>,
    /// Of each origin, how many writes are in the log, and how many delivered.
    pub ordered: Few<NodeId, u64>,
    pub done: Few<NodeId, u64>,
    /// Writes whose clients wait.
    pub owed: Vec<(OpId, NodeId)>,
    pub waiting: Vec<Waiting>,
    pub ticking: bool,
    pub epoch: u64,
    /// The last epoch in which it got its log; less than `epoch` while that one has not begun.
    pub settled: u64,
    /// At a replicated sequencer: up to which number each replica has the log.
    pub have: Few<NodeId, u64>,
    pub promises: Few<NodeId, Brought>,
}

impl Order {
    pub fn boot(cx: &Know<'_>, nr: u8, disk: &Disk) -> Order {
        let kept = disk.orders.get(nr as usize).cloned().unwrap_or_default();
        let mut o = Order {
            nr,
            me: cx.me,
            sequencer: cx.me,
            log: kept.log,
            delivered: 0,
            store: vec![],
            early: Few::default(),
            held: vec![],
            own: kept.own,
            ordered: Few::default(),
            done: Few::default(),
            owed: vec![],
            waiting: vec![],
            ticking: false,
            epoch: kept.epoch.max(1),
            settled: kept.settled.max(1),
            have: Few::default(),
            promises: Few::default(),
        };
        o.sequencer = sequencer_of(cx, nr, o.epoch);
        o.count();
        let upto = if cx.params.replicated { kept.delivered } else { o.log.len() as u64 };
        while o.delivered < upto && o.apply().is_some() {}
        o
    }

    pub fn start(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation > 0 {
            fx.explain(Why::Recovered { delivered: self.delivered, pending: self.pending() });
            self.send_own(cx, fx);
            self.ask_for_more(false, fx);
        }
        if cx.params.replicated {
            self.start_replicated(cx, fx);
        } else {
            fx.arm(Timer::Sync(self.nr), cx.params.sync..=cx.params.sync);
        }
    }

    pub fn deliver(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        match msg {
            Msg::ToBcast { write, .. } => self.wants_number(cx, from, write, fx),
            Msg::Order { epoch, gseq, write, stable, .. } => {
                if self.listens(cx, from, *epoch, fx) {
                    self.take_order(cx, *gseq, write, *stable, fx);
                }
            }
            Msg::Missing { settled, from: first, .. } => self.missing(from, *settled, *first, fx),
            Msg::Have { epoch, upto, .. } => self.has(cx, from, *epoch, *upto, fx),
            Msg::Stable { epoch, upto, .. } | Msg::Alive { epoch, upto, .. } => {
                if self.listens(cx, from, *epoch, fx) {
                    self.stable(cx, *upto, fx);
                }
            }
            Msg::NewEpoch { epoch, .. } => self.new_epoch(cx, from, *epoch, fx),
            Msg::Promise { epoch, brought, .. } => self.promised(cx, from, *epoch, brought, fx),
            Msg::Start { epoch, log, upto, .. } => self.started(cx, *epoch, log, *upto, fx),
            Msg::Get { .. } | Msg::Put { .. } | Msg::Answer { .. } => {}
        }
    }

    pub fn timeout(&mut self, cx: &Know<'_>, timer: &Timer, fx: &mut Do<'_>) {
        match timer {
            Timer::Retransmit(_) => self.retransmit(cx, fx),
            Timer::Sync(_) => {
                fx.arm(Timer::Sync(self.nr), cx.params.sync..=cx.params.sync);
                self.ask_for_more(false, fx);
            }
            Timer::Heartbeat(_) => self.heartbeat(cx, fx),
            Timer::Suspect(_) => self.suspect(cx, fx),
            Timer::Timeout(_) => {}
        }
    }

    /// How many of its own writes have come back.
    pub fn back(&self) -> u64 {
        self.done.get(self.me).copied().unwrap_or(0)
    }
    pub fn pending(&self) -> u64 {
        (self.own.len() as u64).saturating_sub(self.back())
    }
    pub fn leads(&self) -> bool {
        self.sequencer == self.me && self.settled == self.epoch
    }

    // ---------------------------------------------------------------- at the sequencer

    /// Number a write, if it is its origin's next. One that comes early waits; a repeat is only told again.
    fn wants_number(&mut self, cx: &Know<'_>, from: NodeId, write: &Write, fx: &mut Do<'_>) {
        if !self.leads() {
            return;
        }
        let (origin, seq) = (write.origin, write.seq);
        let next = self.ordered.get(origin).copied().unwrap_or(0) + 1;
        if cx.bug("no-origin-fifo") {
            if !self.knows(write) {
                self.number(cx, write, fx);
            }
        } else if seq < next {
            self.tell_again(cx, from, write, fx);
        } else if seq > next {
            fx.explain(Why::HeldBack { origin, seq, next });
            if !self.held.contains(write) {
                self.held.push(write.clone());
            }
        } else {
            self.number(cx, write, fx);
            let after = |w: &Write| w.origin == origin && w.seq == seq + 1;
            if let Some(at) = self.held.iter().position(after) {
                let write = self.held.remove(at);
                self.wants_number(cx, from, &write, fx);
            }
        }
    }

    fn knows(&self, write: &Write) -> bool {
        self.log.iter().rev().any(|w| w.op == write.op)
    }

    fn number(&mut self, cx: &Know<'_>, write: &Write, fx: &mut Do<'_>) {
        self.append(write, fx);
        let gseq = self.log.len() as u64;
        let (key, value) = (write.key.clone(), write.val.clone());
        fx.explain(Why::Numbered { gseq, key, value, origin: write.origin, seq: write.seq });
        // It delivers it itself when it has it on its disk: else a crash could give the number away twice.
        fx.once_saved(|fx| replicas(cx.params, cx.cast).for_each(|n| self.send_order(n, gseq, fx)));
    }

    pub fn send_order(&self, to: NodeId, gseq: u64, fx: &mut Do<'_>) {
        let Some(write) = self.log.get(gseq as usize - 1).cloned() else { return };
        let (order, epoch, stable) = (self.nr, self.epoch, self.delivered);
        fx.send(to, Msg::Order { order, epoch, gseq, write, stable });
    }

    /// Its origin has not seen it come back: it, or too few, have heard of its number.
    fn tell_again(&mut self, cx: &Know<'_>, from: NodeId, write: &Write, fx: &mut Do<'_>) {
        let at = self.log.iter().position(|w| w.origin == write.origin && w.seq == write.seq);
        let Some(gseq) = at.map(|at| at as u64 + 1) else { return };
        fx.explain(Why::Repeated { origin: write.origin, seq: write.seq, gseq });
        let lacks = |n: NodeId| gseq > self.delivered && self.have.get(n).is_none_or(|h| *h < gseq);
        fx.once_saved(|fx| {
            for n in replicas(cx.params, cx.cast).filter(|n| *n != cx.me) {
                if n == from || cx.params.replicated && lacks(n) {
                    self.send_order(n, gseq, fx);
                }
            }
        });
    }

    /// Somebody asks for what comes from a number on.
    fn missing(&self, from: NodeId, settled: u64, first: u64, fx: &mut Do<'_>) {
        if !self.leads() {
            return;
        }
        if settled < self.epoch {
            return fx.once_saved(|fx| self.send_start(from, fx));
        }
        let last = (self.log.len() as u64).min(first + BATCH as u64 - 1);
        if first > last {
            return;
        }
        fx.explain(Why::SentAgain { to: from, first, last });
        fx.once_saved(|fx| (first.max(1)..=last).for_each(|g| self.send_order(from, g, fx)));
    }

    // ---------------------------------------------------------------- at everybody

    /// A write with its number. What is before it must come first.
    fn take_order(
        &mut self,
        cx: &Know<'_>,
        gseq: u64,
        write: &Write,
        stable: u64,
        fx: &mut Do<'_>,
    ) {
        if cx.bug("no-gseq-gap-check") {
            if !self.knows(write) {
                self.append(write, fx);
            }
            return self.deliver_to(cx, self.log.len() as u64, fx);
        }
        let before = self.log.len() as u64;
        if gseq > before {
            self.early.put(gseq, write.clone());
        }
        while let Some(write) = self.early.take(self.log.len() as u64 + 1) {
            self.append(&write, fx);
        }
        let last = self.log.len() as u64;
        if gseq > last {
            fx.explain(Why::Gap { gseq, missing: last + 1 });
            self.tick(cx, fx);
        }
        if cx.params.replicated {
            self.say_have(fx);
        }
        let upto = match cx.params.replicated {
            true => stable,
            false if self.leads() => gseq,
            false => last,
        };
        self.deliver_to(cx, upto, fx);
    }

    fn append(&mut self, write: &Write, fx: &mut Do<'_>) {
        self.log.push(write.clone());
        *self.ordered.slot(write.origin) += 1;
        fx.save(Record::Ordered { order: self.nr, write: write.clone() });
    }

    /// Count the writes of each origin anew.
    pub fn count(&mut self) {
        self.ordered = Few::default();
        for write in self.log.iter() {
            *self.ordered.slot(write.origin) += 1;
        }
    }

    /// Apply all up to a number, and tell whose turn has come.
    pub fn deliver_to(&mut self, cx: &Know<'_>, upto: u64, fx: &mut Do<'_>) {
        let before = self.delivered;
        while self.delivered < upto.min(self.log.len() as u64) {
            let Some(write) = self.apply() else { break };
            let (key, value) = (write.key.clone(), write.val.clone());
            let owed = self.owed.iter().position(|(op, _)| *op == write.op);
            let (own, answers) = (write.origin == self.me, owed.is_some());
            let gseq = self.delivered;
            fx.explain(Why::Applied { gseq, key: key.clone(), value, own, answers });
            if let Some(at) = owed {
                let (op, client) = self.owed.remove(at);
                self.answer(client, op, key, None, 0, fx);
            }
        }
        if self.delivered > before {
            if cx.params.replicated {
                fx.save(Record::Delivered { order: self.nr, upto: self.delivered });
            }
            self.wake(cx, fx);
        }
    }

    fn apply(&mut self) -> Option<Write> {
        let write = self.log.get(self.delivered as usize)?.clone();
        self.delivered += 1;
        *self.done.slot(write.origin) += 1;
        match self.store.iter_mut().find(|(k, _)| *k == write.key) {
            Some((_, val)) => *val = write.val.clone(),
            None => self.store.push((write.key.clone(), write.val.clone())),
        }
        Some(write)
    }

    // ---------------------------------------------------------------- what was lost

    fn retransmit(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.ticking = false;
        if self.pending() > 0 {
            let (seq, writes) = (self.back() + 1, self.pending());
            fx.explain(Why::Resent { to: self.sequencer, seq, writes });
            self.send_own(cx, fx);
        }
        if !self.early.is_empty() {
            self.ask_for_more(true, fx);
            self.tick(cx, fx);
        }
    }

    /// Send the sequencer what has not come back.
    pub fn send_own(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.pending() == 0 {
            return;
        }
        let (order, to) = (self.nr, self.sequencer);
        fx.once_saved(|fx| {
            for write in self.own.tail(self.back() as usize).take(BATCH) {
                fx.send(to, Msg::ToBcast { order, write: write.clone() });
            }
        });
        self.tick(cx, fx);
    }

    /// Ask the sequencer for what comes after all that is here.
    pub fn ask_for_more(&mut self, gap: bool, fx: &mut Do<'_>) {
        if self.sequencer == self.me {
            return;
        }
        let (order, settled, from) = (self.nr, self.settled, self.log.len() as u64 + 1);
        if gap {
            fx.explain(Why::Asked { to: self.sequencer, gseq: from });
        }
        fx.send(self.sequencer, Msg::Missing { order, settled, from, gap });
    }
}
