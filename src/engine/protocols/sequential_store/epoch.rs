//! A sequencer that may be replaced, and what it takes that nobody delivers anything else because of it.
//!
//! Two things change with `replicated=on`. A number counts only when a majority has the write under it; until
//! then nobody delivers it. And when the sequencer has been silent for too long, the next replica in turn asks
//! a majority what they have, takes over the longest log of the latest epoch, gives it to all, and goes on
//! counting from there. Two majorities share a replica, so what was delivered is in that log.
//!
//! ```text
//!   n1 ✝     n2 suspects it: NewEpoch 2 ─▶ all         from now on nobody listens to epoch 1
//!            all ─ Promise: my log, my epoch ─▶ n2     n2's turn is epoch 2
//!            n2 ─ Start 2: the longest log ─▶ all      and every ToBcast is sent again, to n2
//! ```
//!
//! This is viewstamped replication (Oki and Liskov 1988), in its shortest form: a consensus protocol. There is
//! no shorter way: who agrees on one sequence in spite of crashes solves consensus.

use super::msg::*;
use super::order::Order;
use super::why::Why;
use super::{Do, Know, Record, Timer, replicas, sequencer_of};
use crate::ids::{NodeId, Span};
use crate::seq::Seq;

impl Order {
    pub fn start_replicated(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if !self.leads() {
            return self.wait_for_sequencer(cx, fx);
        }
        // What it had numbered and not delivered when it crashed.
        for gseq in self.delivered + 1..=self.log.len() as u64 {
            replicas(cx.params, cx.cast).filter(|n| *n != cx.me).for_each(|n| {
                self.send_order(n, gseq, fx);
            });
        }
        self.say_have(fx);
        self.heartbeat(cx, fx);
    }

    fn wait_for_sequencer(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        fx.arm(Timer::Suspect(self.nr), cx.params.suspect..=cx.params.suspect);
    }

    pub fn heartbeat(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.leads() {
            let (order, epoch, upto) = (self.nr, self.epoch, self.delivered);
            self.to_all(cx, Msg::Alive { order, epoch, upto }, fx);
            fx.arm(Timer::Heartbeat(self.nr), cx.params.heartbeat..=cx.params.heartbeat);
        }
    }

    fn to_all(&self, cx: &Know<'_>, msg: Msg, fx: &mut Do<'_>) {
        for n in replicas(cx.params, cx.cast).filter(|n| *n != cx.me) {
            fx.send(n, msg.clone());
        }
    }

    /// Whether a message is of the sequencer one listens to. Whoever has missed an epoch asks for it.
    pub fn listens(&mut self, cx: &Know<'_>, from: NodeId, epoch: u64, fx: &mut Do<'_>) -> bool {
        if !cx.params.replicated {
            return true;
        }
        if epoch > self.settled && epoch >= self.epoch {
            let (order, settled) = (self.nr, self.settled);
            fx.send(from, Msg::Missing { order, settled, from: 1, gap: true });
        }
        let mine = epoch == self.epoch && epoch == self.settled;
        if mine && self.sequencer != self.me {
            self.wait_for_sequencer(cx, fx);
        }
        mine
    }

    // ---------------------------------------------------------------- a number counts once a majority has it

    /// Tell the sequencer how far the log here goes, once it is on the disk.
    pub fn say_have(&self, fx: &mut Do<'_>) {
        let (order, epoch, upto) = (self.nr, self.epoch, self.log.len() as u64);
        fx.once_saved(|fx| fx.send(self.sequencer, Msg::Have { order, epoch, upto }));
    }

    pub fn has(&mut self, cx: &Know<'_>, from: NodeId, epoch: u64, upto: u64, fx: &mut Do<'_>) {
        if !self.leads() || epoch != self.epoch || !cx.params.replicated {
            return;
        }
        let have = self.have.slot(from);
        *have = (*have).max(upto);
        let (mut stable, mut count) = (self.delivered, 0);
        while stable < self.log.len() as u64 {
            let more = self.have.values().filter(|h| **h > stable).count();
            if more < cx.params.majority() {
                break;
            }
            (stable, count) = (stable + 1, more as u64);
        }
        if stable > self.delivered {
            fx.explain(Why::Safe { upto: stable, have: count, of: cx.params.nodes as u64 });
            self.deliver_to(cx, stable, fx);
            let order = self.nr;
            self.to_all(cx, Msg::Stable { order, epoch, upto: stable }, fx);
        }
    }

    /// A majority has all up to here.
    pub fn stable(&mut self, cx: &Know<'_>, upto: u64, fx: &mut Do<'_>) {
        self.deliver_to(cx, upto, fx);
        if upto > self.log.len() as u64 {
            self.ask_for_more(true, fx);
        }
    }

    // ---------------------------------------------------------------- the next sequencer

    pub fn suspect(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let (order, epoch) = (self.nr, self.epoch + 1);
        let silent = Span(cx.params.suspect as i64);
        let next = sequencer_of(cx, order, epoch);
        fx.explain(Why::Suspects { sequencer: self.sequencer, silent, epoch, next });
        self.join(cx, epoch, fx);
        fx.once_saved(|fx| self.to_all(cx, Msg::NewEpoch { order, epoch }, fx));
    }

    pub fn new_epoch(&mut self, cx: &Know<'_>, from: NodeId, epoch: u64, fx: &mut Do<'_>) {
        if epoch > self.epoch {
            fx.explain(Why::Joined { epoch, from });
            self.join(cx, epoch, fx);
        }
    }

    /// Listen to no earlier epoch any more, and bring what is here to the one whose turn it is.
    fn join(&mut self, cx: &Know<'_>, epoch: u64, fx: &mut Do<'_>) {
        self.epoch = epoch;
        self.sequencer = sequencer_of(cx, self.nr, epoch);
        self.early = Default::default();
        self.promises = Default::default();
        self.have = Default::default();
        self.held.clear();
        let order = self.nr;
        fx.save(Record::Epoch { order, epoch });
        let (settled, log, delivered) = (self.settled, self.log.clone(), self.delivered);
        let brought = Brought { settled, log, delivered };
        fx.once_saved(|fx| fx.send(self.sequencer, Msg::Promise { order, epoch, brought }));
        self.wait_for_sequencer(cx, fx);
    }

    pub fn promised(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        epoch: u64,
        brought: &Brought,
        fx: &mut Do<'_>,
    ) {
        if epoch > self.epoch {
            self.join(cx, epoch, fx);
        }
        if epoch < self.epoch || self.sequencer != self.me {
            return;
        }
        if self.leads() {
            return fx.once_saved(|fx| self.send_start(from, fx));
        }
        self.promises.put(from, brought.clone());
        if self.promises.len() >= cx.params.majority() {
            self.begin(cx, fx);
        }
    }

    /// A majority listens to no earlier epoch: take over the longest log of the latest.
    fn begin(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let (mut best, mut upto) = (self.settled, self.delivered);
        for brought in self.promises.values() {
            let newer = (brought.settled, brought.log.len()) > (best, self.log.len());
            if newer {
                (best, self.log) = (brought.settled, brought.log.clone());
            }
            upto = upto.max(brought.delivered);
        }
        let by: Vec<NodeId> = self.promises.keys().collect();
        let writes = self.log.len() as u64;
        fx.explain(Why::TookOver { epoch: self.epoch, by, writes });
        self.settle(fx);
        fx.disarm(&Timer::Suspect(self.nr));
        fx.once_saved(|fx| {
            let others = replicas(cx.params, cx.cast).filter(|n| *n != cx.me);
            others.for_each(|n| self.send_start(n, fx));
        });
        self.deliver_to(cx, upto, fx);
        self.send_own(cx, fx);
        self.heartbeat(cx, fx);
    }

    /// This log is the log of this epoch.
    fn settle(&mut self, fx: &mut Do<'_>) {
        self.settled = self.epoch;
        self.early = Default::default();
        self.count();
        let (order, epoch, log) = (self.nr, self.epoch, self.log.clone());
        fx.save(Record::Settled { order, epoch, log });
        self.say_have(fx);
    }

    pub fn send_start(&self, to: NodeId, fx: &mut Do<'_>) {
        let (order, epoch, upto) = (self.nr, self.epoch, self.delivered);
        fx.send(to, Msg::Start { order, epoch, log: self.log.clone(), upto });
    }

    pub fn started(
        &mut self,
        cx: &Know<'_>,
        epoch: u64,
        log: &Seq<Write>,
        upto: u64,
        fx: &mut Do<'_>,
    ) {
        if epoch < self.epoch || epoch == self.settled {
            return;
        }
        self.epoch = epoch;
        self.sequencer = sequencer_of(cx, self.nr, epoch);
        let gone = self.log.iter().filter(|w| !log.iter().any(|l| l.op == w.op)).count() as u64;
        let writes = log.len() as u64;
        fx.explain(Why::Follows { sequencer: self.sequencer, epoch, writes, gone });
        self.log = log.clone();
        self.settle(fx);
        self.wait_for_sequencer(cx, fx);
        self.deliver_to(cx, upto, fx);
        self.send_own(cx, fx);
    }
}
