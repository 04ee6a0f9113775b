//! A client: it runs each of its operations itself, in rounds, and no replica stands between.
//!
//! ```text
//!   read    ReadQuery ─▶ all, ReadReply ◀─ a majority     the greatest tag of them, and its value
//!           WriteBack ─▶ all, Ack       ◀─ a majority     then return it
//!   write   ReadQuery ─▶ all, ReadReply ◀─ a majority     a tag greater than all of them
//!           Update    ─▶ all, Ack       ◀─ a majority     then return
//! ```

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{Abd, Disk, Do, Know, Record, Timer, replicas};
use crate::few::{Few, Nodes};
use crate::ids::{NodeId, OpId, Span};
use crate::protocol::{Face, Input, Op, Outcome};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub open: Vec<Job>,
    /// The highest ts it ever gave to a write; on its disk before it is used.
    pub issued: u64,
    /// The last operation that came to its end.
    pub done: Option<Done>,
    /// The last one did not.
    pub stuck: bool,
}

/// An operation under way.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    pub op: OpId,
    /// What is to be written; None reads.
    pub value: Option<Value>,
    pub phase: Phase,
    /// The greatest it was told of; from the second phase on, what it tells.
    pub cell: Cell,
    /// Who told of it.
    pub from: NodeId,
    /// Who has answered the query, and with what tag.
    pub replied: Few<NodeId, Tag>,
    pub acked: Nodes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Query,
    Update,
}

#[derive(Clone, Debug, Serialize)]
pub struct Done {
    pub op: OpId,
    pub cell: Cell,
}

impl Job {
    /// Who need not be asked again in this phase.
    fn has_heard(&self, n: NodeId) -> bool {
        if self.phase == Phase::Query { self.replied.has(n) } else { self.acked.has(n) }
    }
    pub fn heard(&self) -> usize {
        if self.phase == Phase::Query { self.replied.len() } else { self.acked.len() }
    }
    /// Not all who replied have the same.
    fn differ(&self) -> bool {
        self.replied.values().any(|tag| *tag != self.cell.tag)
    }
}

impl Client {
    pub fn boot(disk: &Disk) -> Client {
        Client { open: vec![], issued: disk.issued, done: None, stuck: false }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, Abd>, fx: &mut Do<'_>) {
        match input {
            Input::Start => self.start(cx, fx),
            Input::Request { op, call } => self.request(cx, op, call, fx),
            Input::Deliver { from, msg: Msg::ReadReply { op, key, tag, val } } => {
                let cell = Cell { key: key.clone(), tag: *tag, val: val.clone() };
                self.read_reply(cx, from, *op, cell, fx)
            }
            Input::Deliver { from, msg: Msg::Ack { op } } => self.ack(cx, from, *op, fx),
            Input::Timeout(Timer::Retransmit(op)) => self.retransmit(cx, *op, fx),
            Input::Timeout(Timer::Timeout(op)) => self.give_up(cx, *op, fx),
            _ => {}
        }
    }

    fn start(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation > 0 {
            fx.explain(Why::Remembered { issued: self.issued });
        }
    }

    fn request(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let key = call.key().cloned().unwrap_or(Value::Int(0));
        match call.verb {
            "put" if cx.params.one_writer && cx.me != NodeId(0) => {
                fx.explain(Why::NotTheWriter { writer: NodeId(0) });
                fx.reply(op, Outcome::failed());
            }
            "put" => self.begin(cx, op, &key, call.arg(1).cloned(), fx),
            "get" => self.begin(cx, op, &key, None, fx),
            _ => {
                fx.explain(Why::Moved { to: key });
                fx.reply(op, Outcome::ok(None));
            }
        }
    }

    fn begin(
        &mut self,
        cx: &Know<'_>,
        op: OpId,
        key: &Value,
        value: Option<Value>,
        fx: &mut Do<'_>,
    ) {
        // Who alone gives tags knows the highest.
        let knows = value.is_some() && (cx.params.one_writer || cx.bug("no-query"));
        self.open.push(Job {
            op,
            value,
            phase: Phase::Query,
            cell: Cell::unwritten(key),
            from: cx.me,
            replied: Few::default(),
            acked: Nodes::default(),
        });
        fx.arm(Timer::Timeout(op), cx.params.timeout..=cx.params.timeout);
        if knows {
            self.write(cx, op, fx);
        } else {
            self.send_round(cx, op, fx);
        }
    }

    fn job(&mut self, op: OpId, phase: Phase) -> Option<&mut Job> {
        self.open.iter_mut().find(|j| j.op == op && j.phase == phase)
    }

    /// Ask, or tell, all who have not answered in this phase.
    fn send_round(&self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.open.iter().find(|j| j.op == op) else { return };
        fx.arm(Timer::Retransmit(op), cx.params.retransmit.clone());
        for n in replicas(cx.params, cx.cast).filter(|n| !job.has_heard(*n)) {
            let Cell { key, tag, val } = job.cell.clone();
            let msg = match (job.phase, &job.value) {
                (Phase::Query, _) => Msg::ReadQuery { op, key },
                (Phase::Update, Some(_)) => Msg::Update { op, key, tag, val },
                (Phase::Update, None) => Msg::WriteBack { op, key, tag, val },
            };
            fx.send(n, msg);
        }
    }

    fn retransmit(&self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.open.iter().find(|j| j.op == op) else { return };
        let silent = replicas(cx.params, cx.cast).filter(|n| !job.has_heard(*n));
        fx.explain(Why::Retransmitted { to: silent.collect() });
        self.send_round(cx, op, fx);
    }

    // ---------------------------------------------------------------- first phase

    fn read_reply(&mut self, cx: &Know<'_>, from: NodeId, op: OpId, cell: Cell, fx: &mut Do<'_>) {
        // It may be late, or a copy.
        let Some(job) = self.job(op, Phase::Query) else { return };
        let first = job.replied.is_empty();
        if !job.replied.put(from, cell.tag) {
            return;
        }
        if first || cell.tag > job.cell.tag {
            (job.cell, job.from) = (cell, from);
        }
        if job.replied.len() < quorum(cx, cx.params.read_quorum) {
            return;
        }
        if job.value.is_some() { self.write(cx, op, fx) } else { self.found(cx, op, fx) }
    }

    /// A tag greater than that of every write that has ended, and than any this writer ever gave: one that
    /// was given up may still be on some replica.
    fn write(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let own = if cx.bug("tag-reuse") { 0 } else { self.issued };
        let Some(job) = self.job(op, Phase::Query) else { return };
        let (highest, heard) = (job.cell.tag.ts, job.replied.len() as u64);
        let ts = highest.max(own) + 1;
        let tag = Tag { ts, writer: (!cx.bug("no-tiebreak")).then_some(cx.me) };
        let (key, value) = (job.cell.key.clone(), job.value.clone().unwrap_or(Value::Int(0)));
        job.cell = Cell { key: key.clone(), tag, val: value.clone() };
        job.phase = Phase::Update;
        self.issued = self.issued.max(ts);
        fx.save(Record::Issued { ts });
        // Until it is saved nothing leaves, and nobody is asked again.
        fx.disarm(&Timer::Retransmit(op));
        let of = cx.params.nodes as u64;
        fx.explain(Why::Stamped { key, value, tag, highest, own, heard, of });
        fx.once_saved(|fx| self.send_round(cx, op, fx));
    }

    /// The newest of a quorum is known. It may be on one replica alone, and a later reader might miss that.
    fn found(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.job(op, Phase::Query) else { return };
        let (from, heard, of) = (job.from, job.replied.len() as u64, cx.params.nodes as u64);
        let Cell { key, tag, val: value } = job.cell.clone();
        let differ = job.differ();
        // As many as a second phase would wait for have it.
        let enough = job.replied.len() >= quorum(cx, cx.params.write_quorum);
        if cx.params.fast_path && enough && !differ {
            fx.explain(Why::Agreed { key, value, tag, heard });
            return self.finish(cx, op, fx);
        }
        if cx.bug("no-writeback") {
            return self.finish(cx, op, fx);
        }
        job.phase = Phase::Update;
        fx.explain(Why::WritesBack { key, value, tag, from, differ, heard, of });
        self.send_round(cx, op, fx);
    }

    // ---------------------------------------------------------------- second phase

    fn ack(&mut self, cx: &Know<'_>, from: NodeId, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.job(op, Phase::Update) else { return };
        if !job.acked.add(from) || job.acked.len() < quorum(cx, cx.params.write_quorum) {
            return;
        }
        let Cell { key, tag, val: value } = job.cell.clone();
        let (write, heard) = (job.value.is_some(), job.acked.len() as u64);
        let of = cx.params.nodes as u64;
        fx.explain(Why::Stored { key, value, tag, write, heard, of });
        self.finish(cx, op, fx);
    }

    fn end(&mut self, op: OpId, fx: &mut Do<'_>) -> Option<Job> {
        let at = self.open.iter().position(|j| j.op == op)?;
        fx.disarm(&Timer::Retransmit(op));
        fx.disarm(&Timer::Timeout(op));
        Some(self.open.remove(at))
    }

    fn finish(&mut self, _cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.end(op, fx) else { return };
        let read = job.value.is_none().then(|| job.cell.val.clone());
        (self.done, self.stuck) = (Some(Done { op, cell: job.cell }), false);
        fx.reply(op, Outcome::ok(read));
    }

    /// Nobody knows whether a write that is given up will be found.
    fn give_up(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.end(op, fx) else { return };
        let query = job.phase == Phase::Query;
        let wanted = if query { cx.params.read_quorum } else { cx.params.write_quorum };
        fx.explain(Why::GaveUp {
            write: job.value.is_some(),
            told: !query,
            heard: job.heard() as u64,
            needed: quorum(cx, wanted) as u64,
            of: cx.params.nodes as u64,
            waited: Span(cx.params.timeout as i64),
            again: std::mem::replace(&mut self.stuck, true),
        });
        fx.reply(op, Outcome::unknown());
    }

    // ---------------------------------------------------------------- what it shows

    pub fn face(&self) -> Face {
        let state = if self.open.is_empty() { "idle" } else { "waiting" };
        Face { state, leads: false, epoch: 0 }
    }

    pub fn line(&self) -> String {
        let Some(job) = self.open.first() else { return String::new() };
        let key = job.cell.key.print();
        let what = match &job.value {
            Some(value) => ["put ", &key, " ", &value.print()].concat(),
            None => ["get ", &key].concat(),
        };
        let heard = if job.phase == Phase::Query { ": replies " } else { ": acks " };
        [&what, heard, &job.heard().to_string()].concat()
    }
}

/// How many make a quorum.
fn quorum(cx: &Know<'_>, wanted: usize) -> usize {
    if cx.bug("quorum-half") { (cx.params.nodes / 2).max(1) } else { wanted }
}
