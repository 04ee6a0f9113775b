//! "CA": write everywhere, read anywhere, and no plan for a cut.
//!
//! A write is announced to all replicas (`Inv`); each takes the value and is unsure of the key until it
//! hears that all have it (`Val`). A sure key is read on the spot, so reads cost nothing. All of this stands
//! on everybody answering. When somebody does not, `ca-block` waits for ever; `ca-assume-dead` takes the
//! silent for dead and goes on without them, and so do they.

use super::msg::*;
use super::server::{Phase, Server};
use super::why::{Sure, Why};
use super::{Do, Know, Mode, Record, Timer, replicas};
use crate::ids::{NodeId, OpId, Span};
use crate::value::Value;

impl Server {
    pub fn write_all(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        wish: &Wish,
        value: &Value,
        fx: &mut Do<'_>,
    ) {
        self.begin(cx, from, wish, Phase::Update, fx);
        let ts = self.issue(self.store.tag(&wish.key).ts, fx);
        let cell = Cell::one(&wish.key, Tag { ts, node: cx.me }, value);
        self.announce(cx, wish.op, cell, fx);
    }

    /// `Inv` to all; who is silent too long is silent for ever.
    fn announce(&mut self, cx: &Know<'_>, op: OpId, cell: Cell, fx: &mut Do<'_>) {
        let Some(job) = self.job(op) else { return };
        (job.phase, job.cell, job.begun) = (Phase::Update, cell.clone(), true);
        if cx.params.mode == Mode::AssumeDead {
            fx.arm(Timer::Suspect(op), cx.params.suspect..=cx.params.suspect);
        }
        let all: Vec<NodeId> = self.all(cx).collect();
        fx.once_saved(|fx| {
            for n in all {
                fx.send(n, Msg::Inv { cell: cell.clone() });
            }
        });
    }

    /// "All", as far as this replica still believes in them.
    fn all(&self, cx: &Know<'_>) -> impl Iterator<Item = NodeId> {
        replicas(cx.params, cx.cast).filter(|n| !self.dead.has(*n))
    }

    // ---------------------------------------------------------------- on every replica

    pub fn inv(&mut self, cx: &Know<'_>, from: NodeId, cell: &Cell, fx: &mut Do<'_>) {
        let (key, tag) = (cell.key.clone(), cell.tag());
        if tag > self.store.tag(&key) {
            let sure = cx.bug("ca-one-phase");
            self.store.put(Cell { sure, ..cell.clone() });
            self.keep(&key, fx);
        }
        fx.once_saved(|fx| fx.send(from, Msg::InvAck { key, tag }));
    }

    pub fn val(&mut self, cx: &Know<'_>, key: &Value, tag: Tag, fx: &mut Do<'_>) {
        let Some(cell) = self.store.get(key).filter(|c| c.tag() == tag && !c.sure) else { return };
        let sure = Cell { sure: true, ..cell.clone() };
        self.store.put(sure.clone());
        // Not forced: who comes back unsure only waits for the next write.
        fx.note(Record::Stored { cell: sure });
        self.answer_waiting(cx, key, fx);
    }

    pub fn read_if_sure(&mut self, cx: &Know<'_>, from: NodeId, wish: &Wish, fx: &mut Do<'_>) {
        self.begin(cx, from, wish, Phase::Waiting, fx);
        let (key, tag) = (wish.key.clone(), self.store.tag(&wish.key));
        if self.store.get(&key).is_none_or(|c| c.sure) {
            return self.answer_waiting(cx, &key, fx);
        }
        let others = self.jobs.iter().filter(|j| j.wish.key == key && j.phase == Phase::Waiting);
        let (again, value) = (others.count() > 1, self.store.value(&key));
        fx.explain(Why::Unsure { key, value, by: tag.node, again });
        match cx.params.mode {
            Mode::AssumeDead if self.dead.has(tag.node) => self.replay(cx, wish.op, fx),
            Mode::AssumeDead => {
                fx.arm(Timer::Suspect(wish.op), cx.params.suspect..=cx.params.suspect);
            }
            _ => {}
        }
    }

    /// The key is sure: whoever waits for it is told.
    fn answer_waiting(&mut self, cx: &Know<'_>, key: &Value, fx: &mut Do<'_>) {
        let waiting = |j: &&super::server::Job| {
            j.phase == Phase::Waiting && j.wish.key == *key && j.wish.value.is_none()
        };
        let waiting: Vec<OpId> = self.jobs.iter().filter(waiting).map(|j| j.wish.op).collect();
        if waiting.is_empty() {
            return;
        }
        let (value, left) = (self.store.value(key), self.all(cx).count() as u64);
        let reads = waiting.len() as u64;
        let sure = match self.store.get(key) {
            None => Sure::Blank,
            _ if cx.bug("ca-one-phase") => Sure::Rash,
            _ if cx.params.mode == Mode::AssumeDead => Sure::Told,
            _ => Sure::All,
        };
        fx.explain(Why::ReadSure { key: key.clone(), value: value.clone(), left, reads, sure });
        for op in waiting {
            let Some(job) = self.end(op, fx) else { continue };
            let values = vec![value.clone()];
            self.answer_with(job.asker, &job.wish, Status::Ok, values, Vector::default(), fx);
        }
    }

    // ---------------------------------------------------------------- on the one that writes

    pub fn inv_ack(&mut self, cx: &Know<'_>, from: NodeId, key: &Value, tag: Tag, fx: &mut Do<'_>) {
        let about = |j: &&mut super::server::Job| {
            j.phase == Phase::Update && j.cell.tag() == tag && j.cell.key == *key
        };
        let Some(job) = self.jobs.iter_mut().find(about) else { return };
        job.heard.add(from);
        let op = job.wish.op;
        self.have_all(cx, op, fx);
    }

    fn have_all(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let all: Vec<NodeId> = self.all(cx).collect();
        let Some(job) = self.job(op).filter(|j| j.phase == Phase::Update) else { return };
        if !all.iter().all(|n| job.heard.has(*n)) {
            return;
        }
        let (key, tag, value) = (job.wish.key.clone(), job.cell.tag(), job.cell.value());
        let (of, write) = (all.len() as u64, job.wish.value.is_some());
        if write {
            let Some(job) = self.end(op, fx) else { return };
            let fewer = !self.dead.is_empty();
            fx.explain(Why::WroteAll { key: key.clone(), value, of, fewer });
            self.answer(job.asker, &job.wish, Status::Ok, fx);
        } else {
            // A read that finished a dead man's write: its answer comes with the key being sure.
            job.phase = Phase::Waiting;
            fx.disarm(&Timer::Suspect(op));
        }
        for n in all {
            fx.send(n, Msg::Val { key: key.clone(), tag });
        }
        if !write {
            self.answer_if_overtaken(cx, op, &key, tag, fx);
        }
    }

    /// The version that was finished has been replaced meanwhile: the read waits for the newer one.
    fn answer_if_overtaken(
        &mut self,
        cx: &Know<'_>,
        op: OpId,
        key: &Value,
        tag: Tag,
        fx: &mut Do<'_>,
    ) {
        match self.store.get(key) {
            Some(c) if c.tag() != tag && c.sure => self.answer_waiting(cx, key, fx),
            Some(c) if c.tag() != tag => {
                fx.arm(Timer::Suspect(op), cx.params.suspect..=cx.params.suspect);
            }
            _ => {}
        }
    }

    // ---------------------------------------------------------------- taking silence for death

    pub fn suspect(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        match self.job(op).map(|j| (j.phase, j.heard.clone(), j.wish.key.clone())) {
            Some((Phase::Update, heard, _)) => {
                let silent: Vec<NodeId> = self.all(cx).filter(|n| !heard.has(*n)).collect();
                self.give_up_on(cx, &silent, fx);
            }
            Some((Phase::Waiting, _, key)) => self.finish_for_the_dead(cx, op, &key, fx),
            _ => {}
        }
    }

    fn give_up_on(&mut self, cx: &Know<'_>, silent: &[NodeId], fx: &mut Do<'_>) {
        for n in silent {
            self.dead.add(*n);
        }
        let (nodes, left) = (silent.to_vec(), self.all(cx).collect());
        fx.explain(Why::GaveUpOn { nodes, left, silent: Span(cx.params.suspect as i64) });
        // "All" has become fewer: other writes may be done with it.
        let open: Vec<OpId> = self.jobs.iter().map(|j| j.wish.op).collect();
        open.into_iter().for_each(|op| self.have_all(cx, op, fx));
    }

    /// A read has waited long enough for another's write to end. If this replica writes the key itself,
    /// that write has its own clock.
    fn finish_for_the_dead(&mut self, cx: &Know<'_>, op: OpId, key: &Value, fx: &mut Do<'_>) {
        let tag = self.store.tag(key);
        let finishing = |j: &super::server::Job| {
            j.phase == Phase::Update && j.cell.tag() == tag && j.cell.key == *key
        };
        if self.jobs.iter().any(finishing) {
            return fx.arm(Timer::Suspect(op), cx.params.suspect..=cx.params.suspect);
        }
        if tag.node != cx.me && !self.dead.has(tag.node) {
            self.give_up_on(cx, &[tag.node], fx);
        }
        self.replay(cx, op, fx);
    }

    /// Announce the unfinished write again: the same stamp, the same value.
    fn replay(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(key) = self.job(op).map(|j| j.wish.key.clone()) else { return };
        let Some(cell) = self.store.get(&key).cloned() else { return };
        fx.explain(Why::Replayed { key, value: cell.value(), by: cell.tag().node });
        self.announce(cx, op, cell, fx);
    }

    /// The dead do not speak.
    pub fn ignore(&mut self, from: NodeId, fx: &mut Do<'_>) {
        fx.explain(Why::Ignored { from });
    }
}
