//! A replica, and the normal case (§4.2): a primary gives each request a number, and three rounds make sure
//! that no two honest replicas ever execute different requests under one number.

use std::rc::Rc;

use serde::Serialize;

use super::app::App;
use super::log::{Log, Phase};
use super::msg::*;
use super::why::Why;
use super::{Hand, Know, Pbft, Timer};
use crate::few::{Few, Nodes};
use crate::ids::{NodeId, Span, Us};
use crate::protocol::{Face, Input, Signed};

#[derive(Clone, Debug, Default, Serialize)]
pub struct Replica {
    #[serde(skip)]
    pub me: NodeId,
    #[serde(skip)]
    pub nodes: u16,
    pub v: View,
    pub in_view_change: bool,
    /// View changes begun since the last execution: each doubles what it waits.
    pub j: u32,
    /// The last stable checkpoint: the low watermark.
    pub h: SeqNo,
    /// The newest number given or learned of a new view.
    pub n: SeqNo,
    pub last_executed: SeqNo,
    pub log: Log,
    pub app: Rc<App>,
    /// What is executed as the next number without being committed, and the state before it.
    pub tentative: Option<(Digest, Rc<App>)>,
    /// Requests it can execute, should their digest be agreed on.
    pub requests: Vec<Body>,
    /// Reads that wait until what is executed early is committed or taken back.
    pub reads: Vec<Body>,
    /// Requests known and not executed, in the order in which they came.
    pub waiting: Vec<Waiting>,
    /// What it has executed above h.
    pub executed: Few<SeqNo, Digest>,
    pub checkpoints: Proof,
    /// Its own state at its checkpoints from h on.
    pub states: Few<SeqNo, Rc<App>>,
    pub proof: Proof,
    /// The newest view change of each replica.
    pub changes: Few<NodeId, Change>,
    pub new_view: Option<Rc<NewView>>,
    /// What others say they have executed.
    pub told: Vec<Told>,
    /// Its timers: for a request or a new view, and for asking again.
    pub timing: bool,
    pub asking: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    pub id: Id,
    pub since: Us,
}

#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub by: NodeId,
    pub n: SeqNo,
    pub d: Digest,
}

impl Replica {
    pub fn step(&mut self, h: &mut Hand, input: &Input<'_, Pbft>) {
        match input {
            Input::Start => self.start(h),
            Input::Deliver { from, msg } => self.receive(h, *from, msg),
            Input::Timeout(Timer::ViewChange) => self.expire(h),
            Input::Timeout(Timer::Status) => self.ask(h),
            _ => {}
        }
    }

    fn receive(&mut self, h: &mut Hand, from: NodeId, msg: &Msg) {
        match msg {
            Msg::Request(m) => self.request(h, from, m),
            Msg::PrePrepare(p) => self.pre_prepare(h, from, p),
            Msg::Prepare(vote) => self.vote(h, from, Phase::Prepare, vote),
            Msg::Commit(vote) => self.vote(h, from, Phase::Commit, vote),
            Msg::Checkpoint(c) => self.checkpoint(h, from, c),
            Msg::ViewChange(change) => self.view_change(h, from, change),
            Msg::NewView(new) => self.new_view(h, from, new),
            Msg::Status { v, changing, n } => self.answer_status(h, from, *v, *changing, *n),
            Msg::Executed { n, d } => self.told(h, from, *n, *d),
            Msg::Fetch { d } => self.fetch(h, from, *d),
            Msg::State(state) => self.state(h, from, state),
            Msg::Read(m) => self.read(h, m),
            Msg::Reply(_) | Msg::ReadReply(_) => {}
        }
    }

    /// Back from its disk: what it said still holds, and its timers begin anew.
    fn start(&mut self, h: &mut Hand) {
        if h.cx.incarnation == 0 {
            return;
        }
        (self.timing, self.asking) = (false, false);
        h.explain(Why::Recovered { v: self.v, last: self.last_executed });
        self.watch(h);
        self.weigh(h);
    }

    // ---------------------------------------------------------------- requests

    fn request(&mut self, h: &mut Hand, from: NodeId, m: &Body) {
        let r = m.body();
        if self.app.last(r.c) == r.t {
            return self.reply(h, r.id());
        }
        let known = self.body(r.id()).is_some();
        if !self.learn(h, m) {
            return;
        }
        if self.leads() {
            self.propose(h);
        } else if from == r.c && !self.in_view_change {
            let (primary, wait) = (h.primary(self.v), Span(self.patience(h.cx) as i64));
            if !known {
                h.explain(Why::Forwarded { c: r.c, t: r.t, primary, wait });
            }
            h.send(primary, Msg::Request(m.clone()));
        }
        self.settle(h);
    }

    /// What only reads needs no order: it is answered from what is committed here (§5.1).
    fn read(&mut self, h: &mut Hand, m: &Body) {
        let r = m.body();
        let Some(key) = r.o.key().filter(|_| r.o.verb == "get" && m.signer() == r.c) else {
            return;
        };
        if self.tentative.is_none() {
            let (t, c, i, r) = (r.t, r.c, h.cx.me, self.app.read(key));
            h.send(c, Msg::ReadReply(ReadReply { t, c, i, r }));
        } else if !self.reads.iter().any(|w| w.body().id() == r.id()) {
            self.reads.push(m.clone());
        }
    }

    /// Take note of a request; false if there is nothing left to do for it.
    pub fn learn(&mut self, h: &mut Hand, m: &Body) -> bool {
        let id = m.body().id();
        if m.signer() != id.0 || self.app.is_past(id) {
            return false;
        }
        if self.body(id).is_none() {
            self.requests.push(m.clone());
        }
        if !self.waiting.iter().any(|w| w.id == id) {
            self.waiting.push(Waiting { id, since: h.cx.mono });
        }
        self.watch(h);
        true
    }

    pub fn body(&self, id: Id) -> Option<&Body> {
        self.requests.iter().find(|m| m.body().id() == id)
    }

    pub fn can_execute(&self, d: Digest) -> bool {
        self.app.needs_no_body(d) || d.is_some_and(|id| self.body(id).is_some())
    }

    /// The result of the newest request of its client, once more if need be.
    fn reply(&self, h: &mut Hand, (c, t): Id) {
        if let Some((_, r)) = self.app.last_reply.get(c).filter(|(last, _)| *last == t) {
            let (r, tentative) = (r.clone(), self.is_tentative(Some((c, t))));
            h.send(c, Msg::Reply(Reply { v: self.v, t, c, i: h.cx.me, r, tentative }));
        }
    }

    // ---------------------------------------------------------------- three phases

    /// The primary numbers whatever waits and has no number in this view.
    pub fn propose(&mut self, h: &mut Hand) {
        let all: Vec<Id> = self.waiting.iter().map(|w| w.id).collect();
        for id in all {
            let numbered = |o: &Vote| o.v == self.v && o.d == Some(id);
            if self.log.orders().iter().any(numbered) || self.n >= self.h + h.cx.params.window {
                continue;
            }
            self.n += 1;
            let order = Vote { v: self.v, n: self.n, d: Some(id), i: h.cx.me };
            h.explain(Why::Proposed { v: order.v, n: order.n, d: order.d });
            let order = h.sign(order);
            self.log.add(Phase::PrePrepare, order);
            h.all(Msg::PrePrepare(PrePrepare { order, m: self.body(id).cloned() }));
        }
    }

    fn pre_prepare(&mut self, h: &mut Hand, from: NodeId, p: &PrePrepare) {
        let o = p.order.body();
        let its = p.m.as_ref().map(|m| m.body().id());
        if p.order.signer() != from || from != h.primary(o.v) || !self.listens(o.v) || o.d != its {
            return;
        }
        if let Some(m) = &p.m {
            self.learn(h, m);
        }
        if !self.within(h, o.n) {
            let (low, high) = (self.h, self.h + h.cx.params.window);
            return h.explain(Why::Outside { n: o.n, low, high });
        }
        match self.log.order(o.v, o.n).filter(|had| had.d != o.d) {
            Some(had) if !h.bug("accept-second-preprepare") => {
                return h.explain(Why::Conflicting { v: o.v, n: o.n, d: o.d, had: had.d });
            }
            _ => {}
        }
        if self.log.add(Phase::PrePrepare, p.order) {
            h.explain(Why::PrePrepared { v: o.v, n: o.n, d: o.d });
        }
        self.settle(h);
    }

    /// A prepare or a commit of another.
    fn vote(&mut self, h: &mut Hand, from: NodeId, phase: Phase, vote: &Signed<Vote>) {
        let o = vote.body();
        let may = phase == Phase::Commit || h.cx.params.is_backup(o.v, from);
        let own = vote.signer() == from && o.i == from;
        if own && may && self.listens(o.v) && self.within(h, o.n) && self.log.add(phase, *vote) {
            self.settle(h);
        }
    }

    pub fn listens(&self, v: View) -> bool {
        v == self.v && !self.in_view_change
    }

    fn within(&self, h: &Hand, n: SeqNo) -> bool {
        h.bug("no-watermark") || n > self.h && n <= self.h + h.cx.params.window
    }

    /// Whatever its log allows now: prepare, commit, execute.
    pub fn settle(&mut self, h: &mut Hand) {
        for o in self.log.orders() {
            if self.listens(o.v) {
                self.prepare(h, &o);
                self.commit(h, &o);
            }
        }
        while let Some((d, by)) = self.next(h) {
            self.execute(h, d, by);
        }
        if h.cx.params.tentative && self.tentative.is_none() && !self.in_view_change {
            self.execute_early(h);
        }
        if self.tentative.is_none() {
            for m in std::mem::take(&mut self.reads) {
                self.read(h, &m);
            }
        }
    }

    fn prepare(&mut self, h: &mut Hand, o: &Vote) {
        if h.cx.params.is_backup(o.v, h.cx.me) && self.can_execute(o.d) {
            self.say(h, Phase::Prepare, o);
        }
    }

    fn commit(&mut self, h: &mut Hand, o: &Vote) {
        let prepares = self.prepares(h, o);
        if prepares >= h.quorum() - 1 && self.can_execute(o.d) && self.say(h, Phase::Commit, o) {
            let params = h.cx.params;
            let same = self.log.who(Phase::Prepare, o, true).len();
            let liars = (same >= params.quorum() - 1).then_some(params.f as u64 + 1);
            let (prepares, alike) = (prepares as u64, same == prepares);
            h.explain(Why::Prepared { v: o.v, n: o.n, d: o.d, prepares, alike, liars });
        }
    }

    /// Its own vote, to everybody, once.
    fn say(&mut self, h: &mut Hand, phase: Phase, o: &Vote) -> bool {
        let vote = h.sign(Vote { i: h.cx.me, ..*o });
        let new = self.log.add(phase, vote);
        if new {
            h.all(if phase == Phase::Prepare { Msg::Prepare(vote) } else { Msg::Commit(vote) });
        }
        new
    }

    /// Matching prepares of backups: with the pre-prepare, 2f make it prepared.
    fn prepares(&self, h: &Hand, o: &Vote) -> usize {
        self.log.who(Phase::Prepare, o, !h.bug("no-digest-check")).len()
    }

    // ---------------------------------------------------------------- execution

    /// What comes next in order, if it is certain: committed-local, or f + 1 others have executed it.
    fn next(&self, h: &Hand) -> Option<(Digest, By)> {
        let n = self.last_executed + 1;
        for o in self.log.orders().iter().filter(|o| o.n == n && self.can_execute(o.d)) {
            let commits = self.log.who(Phase::Commit, o, !h.bug("no-digest-check"));
            let enough = commits.len() >= h.quorum() || h.bug("execute-on-prepared");
            if enough && self.prepares(h, o) >= h.quorum() - 1 {
                let alike = self.log.who(Phase::Commit, o, true).len() == commits.len();
                return Some((o.d, By::Commits(commits.len() as u64, alike)));
            }
        }
        for one in self.told.iter().filter(|t| t.n == n && self.can_execute(t.d)) {
            let same = self.told.iter().filter(|t| t.n == n && t.d == one.d);
            let by: Nodes = same.map(|t| t.by).collect();
            if by.len() > h.cx.params.f {
                return Some((one.d, By::Others(by)));
            }
        }
        None
    }

    /// Prepared, and all before it committed: it will almost surely stay.
    fn execute_early(&mut self, h: &mut Hand) {
        let n = self.last_executed + 1;
        let next = self.log.order(self.v, n).filter(|o| o.d.is_some() && self.can_execute(o.d));
        if let Some(o) = next.filter(|o| self.prepares(h, o) >= h.quorum() - 1) {
            self.tentative = Some((o.d, self.app.clone()));
            h.explain(Why::Tentative { v: o.v, n, d: o.d });
            self.apply(o.d);
            o.d.into_iter().for_each(|id| self.reply(h, id));
        }
    }

    fn is_tentative(&self, d: Digest) -> bool {
        self.tentative.as_ref().is_some_and(|(early, _)| *early == d)
    }

    /// What was executed early does not come next after all.
    pub fn undo(&mut self, h: &mut Hand, v: Option<View>) {
        if let Some((d, before)) = self.tentative.take() {
            h.explain(Why::Undone { n: self.last_executed + 1, d, v });
            self.app = before;
        }
    }

    fn apply(&mut self, d: Digest) {
        let body = d.filter(|id| !self.app.is_past(*id)).and_then(|id| self.body(id).cloned());
        if let Some(m) = body {
            Rc::make_mut(&mut self.app).execute(m.body());
        }
    }

    fn execute(&mut self, h: &mut Hand, d: Digest, by: By) {
        let early = self.is_tentative(d);
        if early {
            self.tentative = None;
        } else {
            self.undo(h, None);
            self.apply(d);
        }
        self.last_executed += 1;
        let n = self.last_executed;
        self.executed.put(n, d);
        h.explain(match (by, d) {
            (By::Others(by), _) => Why::CaughtUp { n, d, by: by.list().to_vec() },
            (By::Commits(..), None) => Why::Skipped { n },
            (By::Commits(commits, alike), _) => Why::Executed { n, d, commits, alike },
        });
        if let Some(id) = d.filter(|_| !early) {
            self.reply(h, id);
        }
        self.advanced(h);
        if n.is_multiple_of(h.cx.params.k) {
            self.take_checkpoint(h);
        }
    }

    /// Something is executed: it waits for less, and is patient again.
    pub fn advanced(&mut self, h: &mut Hand) {
        let (app, last) = (self.app.clone(), self.last_executed);
        self.waiting.retain(|w| !app.is_past(w.id));
        self.told.retain(|t| t.n > last);
        self.j = 0;
        if !self.in_view_change && self.timing {
            self.stop_timing(h);
            if !self.waiting.is_empty() {
                self.start_timing(h);
            }
        }
        self.watch(h);
    }

    // ---------------------------------------------------------------- timers

    /// X = 300 ms · 2^j
    pub fn patience(&self, cx: &Know) -> Us {
        cx.params.timer << self.j.min(16)
    }

    pub fn start_timing(&mut self, h: &mut Hand) {
        if !self.timing {
            self.timing = true;
            h.arm(Timer::ViewChange, self.patience(h.cx));
        }
    }

    pub fn stop_timing(&mut self, h: &mut Hand) {
        self.timing = false;
        h.fx.disarm(&Timer::ViewChange);
    }

    /// A backup with something to wait for has its timer running, and asks around after a while.
    pub fn watch(&mut self, h: &mut Hand) {
        let waits = !self.waiting.is_empty();
        if waits && !self.in_view_change && h.cx.params.is_backup(self.v, h.cx.me) {
            self.start_timing(h);
        }
        let late = waits || self.in_view_change || self.last_executed < self.h;
        if late && !self.asking {
            h.arm(Timer::Status, h.cx.params.resend);
        } else if !late && self.asking {
            h.fx.disarm(&Timer::Status);
        }
        self.asking = late;
    }

    // ---------------------------------------------------------------- what it looks like

    pub fn leads(&self) -> bool {
        !self.in_view_change && self.v % u64::from(self.nodes.max(1)) == u64::from(self.me.0)
    }

    pub fn face(&self) -> Face {
        let leads = self.leads();
        let state = match (self.in_view_change, leads) {
            (true, _) => "changing",
            (false, true) => "primary",
            (false, false) => "backup",
        };
        Face { state, leads, epoch: self.v }
    }
}

/// Why something may be executed.
enum By {
    /// So many, and whether all are for what is executed.
    Commits(u64, bool),
    Others(Nodes),
}
