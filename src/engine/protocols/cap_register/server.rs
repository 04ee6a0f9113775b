//! A replica: what all modes share. It coordinates the operations of its own clients.

use serde::Serialize;

use super::lease::{Lease, Role};
use super::msg::*;
use super::quorum::quorum;
use super::why::Why;
use super::{CapRegister, Disk, Do, Know, Mode, Record, Timer, replicas};
use crate::few::Nodes;
use crate::ids::{NodeId, OpId};
use crate::protocol::{Face, Input};
use crate::seq::Seq;
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Server {
    pub store: Store,
    /// Operations under way here.
    pub jobs: Vec<Job>,
    /// The highest counter it has put into a stamp.
    pub issued: u64,
    #[serde(skip)]
    pub began: Seq<OpId>,
    /// Its last answer was a refusal.
    pub refusing: bool,
    pub lease: Lease,
    /// Keys written since the last flush.
    pub dirty: Vec<Value>,
    /// Taken for dead, and heard no more.
    pub dead: Nodes,
}

/// An operation, and how far it has come.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    pub wish: Wish,
    /// A client, or the replica that sent the wish on.
    pub asker: NodeId,
    pub phase: Phase,
    /// Who has answered in this phase.
    pub heard: Nodes,
    /// What is written, or the newest that was found.
    pub cell: Cell,
    /// Somebody answered with an older version than another.
    pub differ: bool,
    /// Something has left that may yet take effect.
    pub begun: bool,
    /// Lease: term in which it was sent on, number under which it is replicated.
    pub term: u64,
    pub nr: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// For a lease, a primary, or for a key to be sure.
    Waiting,
    /// Asking a majority what it has.
    Query,
    /// Telling others what to have.
    Update,
    /// The primary has it.
    Forwarded,
}

impl Server {
    pub fn boot(disk: &Disk) -> Server {
        Server {
            store: disk.store.clone(),
            jobs: vec![],
            issued: disk.issued,
            began: disk.began.clone(),
            refusing: false,
            lease: Lease::boot(disk.term, disk.holder),
            dirty: vec![],
            dead: Nodes::default(),
        }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, CapRegister>, fx: &mut Do<'_>) {
        match input {
            Input::Start => self.start(cx, fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg, fx),
            Input::Timeout(timer) => self.timeout(cx, timer, fx),
            Input::Request { .. } | Input::Saved(_) => {}
        }
    }

    fn start(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation > 0 {
            fx.explain(Why::Recovered { keys: self.store.0.len() as u64 });
        }
        match cx.params.mode {
            Mode::Lease => self.start_lease(cx, fx),
            Mode::LastWriter | Mode::Siblings => self.start_anti_entropy(cx, fx),
            _ => {}
        }
    }

    fn deliver(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        if self.dead.has(from) {
            return self.ignore(from, fx);
        }
        match msg {
            Msg::Get { wish } => self.take_up(cx, from, wish, None, fx),
            Msg::Put { wish, seen } => self.take_up(cx, from, wish, Some(seen), fx),
            Msg::Answer { op, status, values, .. } => self.relay(*op, *status, values, fx),
            Msg::Forward { wish, term } => self.forwarded(cx, from, wish, *term, fx),
            Msg::ReadQuery { op, key } => self.read_query(from, *op, key, fx),
            Msg::ReadReply { op, cell } => self.read_reply(cx, from, *op, cell, fx),
            Msg::Update { op, cell } => self.update(from, *op, cell, fx),
            Msg::Ack { op } => self.ack(cx, from, *op, fx),
            Msg::LeaseRequest { term, round, claim } => {
                self.lease_request(cx, from, *term, *round, *claim, fx)
            }
            Msg::LeaseGrant { term, round, cells } => {
                self.lease_grant(cx, from, *term, *round, cells, fx)
            }
            Msg::LeaseRefusal { term } => self.lease_refusal(cx, *term, fx),
            Msg::Replicate { term, nr, cells } => self.replicate(cx, from, *term, *nr, cells, fx),
            Msg::Stored { term, nr } => self.stored(cx, from, *term, *nr, fx),
            Msg::Flush { cells } | Msg::Repair { cells } => self.merge_all(cx, from, cells, fx),
            Msg::Digest { vectors } => self.digest(from, vectors, fx),
            Msg::Inv { cell } => self.inv(cx, from, cell, fx),
            Msg::InvAck { key, tag } => self.inv_ack(cx, from, key, *tag, fx),
            Msg::Val { key, tag } => self.val(cx, key, *tag, fx),
        }
    }

    fn timeout(&mut self, cx: &Know<'_>, timer: &Timer, fx: &mut Do<'_>) {
        match timer {
            Timer::Resend(op) if cx.params.mode == Mode::Lease => self.resend_lease(cx, *op, fx),
            Timer::Resend(op) => self.resend_phase(cx, *op, fx),
            Timer::Deadline(op) => self.deadline(cx, *op, fx),
            Timer::Suspect(op) => self.suspect(cx, *op, fx),
            Timer::Flush => self.flush(cx, fx),
            Timer::AntiEntropy => self.anti_entropy(cx, fx),
            Timer::Takeover => self.claim(cx, fx),
            Timer::Renew => self.renew(cx, fx),
            Timer::Patience(_) => {}
        }
    }

    // ---------------------------------------------------------------- a client's operation

    /// A put is taken up once, whatever the network copies: that it was is on the disk before it can have
    /// an effect.
    fn take_up(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        wish: &Wish,
        seen: Option<&Vector>,
        fx: &mut Do<'_>,
    ) {
        if self.job(wish.op).is_some() || self.began.iter().rev().any(|op| *op == wish.op) {
            return;
        }
        if wish.value.is_some() {
            self.began.push(wish.op);
            fx.save(Record::Began { op: wish.op });
        }
        match (cx.params.mode, &wish.value) {
            (Mode::Quorum, None) if cx.bug("cp-local-read") => self.answer_here(from, wish, fx),
            (Mode::Quorum, _) => self.begin_query(cx, from, wish, fx),
            (Mode::Lease, _) => self.begin_lease(cx, from, wish, fx),
            (Mode::LastWriter | Mode::Siblings, None) => self.answer_here(from, wish, fx),
            (Mode::LastWriter | Mode::Siblings, Some(v)) => {
                self.write_here(cx, from, wish, v, seen, fx)
            }
            (Mode::Block | Mode::AssumeDead, None) => self.read_if_sure(cx, from, wish, fx),
            (Mode::Block | Mode::AssumeDead, Some(v)) => self.write_all(cx, from, wish, v, fx),
        }
    }

    pub fn job(&mut self, op: OpId) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|j| j.wish.op == op)
    }

    /// Begin an operation; in the CP modes with a limit to its time.
    pub fn begin(
        &mut self,
        cx: &Know<'_>,
        asker: NodeId,
        wish: &Wish,
        phase: Phase,
        fx: &mut Do<'_>,
    ) {
        let value = wish.value.clone().unwrap_or(Value::Int(0));
        self.jobs.push(Job {
            cell: Cell::one(&wish.key, Tag::default(), &value),
            wish: wish.clone(),
            asker,
            phase,
            heard: Nodes::default(),
            differ: false,
            begun: false,
            term: 0,
            nr: 0,
        });
        if cx.params.mode.refuses() {
            fx.arm(Timer::Deadline(wish.op), cx.params.timeout..=cx.params.timeout);
        }
    }

    /// Take an operation off the list, with its timers.
    pub fn end(&mut self, op: OpId, fx: &mut Do<'_>) -> Option<Job> {
        let at = self.jobs.iter().position(|j| j.wish.op == op)?;
        fx.disarm(&Timer::Resend(op));
        fx.disarm(&Timer::Deadline(op));
        fx.disarm(&Timer::Suspect(op));
        Some(self.jobs.remove(at))
    }

    pub fn answer(&self, to: NodeId, wish: &Wish, status: Status, fx: &mut Do<'_>) {
        self.answer_with(to, wish, status, vec![], Vector::default(), fx);
    }

    pub fn answer_with(
        &self,
        to: NodeId,
        wish: &Wish,
        status: Status,
        values: Vec<Value>,
        seen: Vector,
        fx: &mut Do<'_>,
    ) {
        fx.send(to, Msg::Answer { op: wish.op, key: wish.key.clone(), status, values, seen });
    }

    /// What this replica has, whatever the others have.
    fn answer_here(&self, to: NodeId, wish: &Wish, fx: &mut Do<'_>) {
        let cell = self.store.get(&wish.key);
        let values = cell.map_or_else(|| vec![Value::Int(0)], Cell::values);
        let (key, blank) = (wish.key.clone(), cell.is_none());
        fx.explain(Why::ReadHere { key, values: values.clone(), blank });
        let seen = cell.map_or_else(Vector::default, |c| c.seen.clone());
        self.answer_with(to, wish, Status::Ok, values, seen, fx);
    }

    /// The time of an operation is over and too few have answered. If nothing of it has left that could
    /// take effect, that is certain; else nobody knows.
    fn deadline(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.end(op, fx) else { return };
        let (heard, of) = (job.heard.len() as u64, cx.params.nodes as u64);
        let key = job.wish.key.clone();
        let lease = cx.params.mode == Mode::Lease;
        let needed = if lease { cx.params.majority() } else { quorum(cx) } as u64;
        let status = if job.begun { Status::Unknown } else { Status::Unavailable };
        let again = std::mem::replace(&mut self.refusing, true);
        fx.explain(match (job.begun, cx.params.mode) {
            (true, _) => Why::LeftOpen { key, heard, needed, of, forwarded: job.term > 0, again },
            (false, Mode::Lease) => {
                let forwarded = job.phase == Phase::Forwarded;
                Why::NoPrimary { key, term: self.lease.term, again, forwarded }
            }
            (false, _) => {
                let put = job.wish.value.is_some();
                Why::Refused { key, heard, needed, of, again, put }
            }
        });
        self.answer(job.asker, &job.wish, status, fx);
    }

    /// Keep a version and its stamp on the disk.
    pub fn keep(&mut self, key: &Value, fx: &mut Do<'_>) {
        if let Some(cell) = self.store.get(key) {
            fx.save(Record::Stored { cell: cell.clone() });
        }
    }

    /// A counter this replica has never put into a stamp, and never will again.
    pub fn issue(&mut self, known: u64, fx: &mut Do<'_>) -> u64 {
        self.issued = self.issued.max(known) + 1;
        fx.save(Record::Issued { ts: self.issued });
        self.issued
    }

    // ---------------------------------------------------------------- what it shows

    pub fn face(&self) -> Face {
        let state = match self.lease.role {
            Role::Primary => "primary",
            Role::Claiming => "claiming",
            _ if self.refusing => "refusing",
            _ if !self.dead.is_empty() => "split",
            _ => "replica",
        };
        Face { state, leads: self.lease.role == Role::Primary, epoch: self.lease.term }
    }

    pub fn line(&self) -> String {
        let mut line = String::new();
        for cell in &self.store.0 {
            let gap = if line.is_empty() { "" } else { " · " };
            let values: Vec<String> = cell.values().iter().map(Value::print).collect();
            let unsure = if cell.sure { "" } else { "?" };
            line = [line.as_str(), gap, &cell.key.print(), "=", &values.join("|"), unsure].concat();
        }
        line
    }
}

pub fn peers(cx: &Know<'_>) -> impl Iterator<Item = NodeId> + Clone + use<> {
    let me = cx.me;
    replicas(cx.params, cx.cast).filter(move |n| *n != me)
}
