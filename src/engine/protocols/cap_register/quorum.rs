//! CP by majorities (ABD): two rounds, each answered by a majority, and no leader.
//!
//! A writer first asks a majority for its stamps, so that its own is higher than that of any write that has
//! ended. A reader writes back the newest it has found before it returns it, so that no later reader can
//! find less. Two majorities share a replica; who reaches none refuses.

use super::msg::*;
use super::server::{Phase, Server};
use super::why::Why;
use super::{Do, Know, Timer, replicas};
use crate::few::Nodes;
use crate::ids::{NodeId, OpId};
use crate::value::Value;

impl Server {
    pub fn begin_query(&mut self, cx: &Know<'_>, from: NodeId, wish: &Wish, fx: &mut Do<'_>) {
        self.begin(cx, from, wish, Phase::Query, fx);
        self.send_phase(cx, wish.op, fx);
    }

    /// Send this phase's message to everybody who has not answered, oneself included.
    fn send_phase(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        fx.arm(Timer::Resend(op), cx.params.retransmit..=cx.params.retransmit);
        let Some(job) = self.job(op) else { return };
        for n in replicas(cx.params, cx.cast) {
            if job.heard.has(n) {
                continue;
            }
            fx.send(
                n,
                match job.phase {
                    Phase::Update => Msg::Update { op, cell: job.cell.clone() },
                    _ => Msg::ReadQuery { op, key: job.wish.key.clone() },
                },
            );
        }
    }

    pub fn resend_phase(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        if self.job(op).is_some() {
            self.send_phase(cx, op, fx);
        }
    }

    // ---------------------------------------------------------------- on every replica

    pub fn read_query(&mut self, from: NodeId, op: OpId, key: &Value, fx: &mut Do<'_>) {
        let none = || Cell::one(key, Tag::default(), &Value::Int(0));
        let cell = self.store.get(key).cloned().unwrap_or_else(none);
        // What is shown must outlive a crash.
        fx.once_saved(|fx| fx.send(from, Msg::ReadReply { op, cell }));
    }

    /// Adopt what is newer, acknowledge in any case.
    pub fn update(&mut self, from: NodeId, op: OpId, cell: &Cell, fx: &mut Do<'_>) {
        if self.store.adopt(cell) {
            self.keep(&cell.key, fx);
        }
        fx.once_saved(|fx| fx.send(from, Msg::Ack { op }));
    }

    // ---------------------------------------------------------------- on the one that coordinates

    pub fn read_reply(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        op: OpId,
        cell: &Cell,
        fx: &mut Do<'_>,
    ) {
        let Some(job) = self.job(op).filter(|j| j.phase == Phase::Query) else { return };
        if !job.heard.add(from) {
            return;
        }
        let first = job.heard.len() == 1;
        job.differ |= !first && job.cell.tag() != cell.tag();
        if first || cell.tag() > job.cell.tag() {
            job.cell = cell.clone();
        }
        if job.heard.len() >= quorum(cx) {
            self.queried(cx, op, fx);
        }
    }

    /// A majority has said what it has.
    fn queried(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.job(op) else { return };
        let (key, heard, differ) = (job.wish.key.clone(), job.heard.len() as u64, job.differ);
        let (found, value) = (job.cell.clone(), job.wish.value.clone());
        let (of, Tag { ts, node }) = (cx.params.nodes as u64, found.tag());
        match value {
            Some(value) => {
                let tag = Tag { ts: self.issue(ts, fx), node: cx.me };
                fx.explain(Why::Stamped {
                    key: key.clone(),
                    value: value.clone(),
                    highest: ts,
                    ts: tag.ts,
                    heard,
                    of,
                });
                self.write_round(cx, op, Cell::one(&key, tag, &value), fx);
            }
            None if cx.params.fast_path && !differ => self.done(cx, op, fx),
            None => {
                let value = found.value();
                fx.explain(Why::Found { key, value, ts, node, differ, heard, of });
                self.write_round(cx, op, found, fx);
            }
        }
    }

    /// The second round; from here on the operation may take effect.
    fn write_round(&mut self, cx: &Know<'_>, op: OpId, cell: Cell, fx: &mut Do<'_>) {
        let Some(job) = self.job(op) else { return };
        (job.phase, job.heard) = (Phase::Update, Nodes::default());
        (job.cell, job.begun) = (cell, true);
        fx.once_saved(|fx| self.send_phase(cx, op, fx));
    }

    pub fn ack(&mut self, cx: &Know<'_>, from: NodeId, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.job(op).filter(|j| j.phase == Phase::Update) else { return };
        if job.heard.add(from) && job.heard.len() >= quorum(cx) {
            self.done(cx, op, fx);
        }
    }

    fn done(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.end(op, fx) else { return };
        self.refusing = false;
        fx.explain(Why::Done {
            key: job.wish.key.clone(),
            value: job.cell.value(),
            write: job.wish.value.is_some(),
            heard: job.heard.len() as u64,
            of: cx.params.nodes as u64,
        });
        let value = vec![job.cell.value()];
        self.answer_with(job.asker, &job.wish, Status::Ok, value, Vector::default(), fx);
    }
}

/// How many must have answered.
pub fn quorum(cx: &Know<'_>) -> usize {
    if cx.bug("quorum-half") { (cx.params.nodes / 2).max(1) } else { cx.params.majority() }
}
