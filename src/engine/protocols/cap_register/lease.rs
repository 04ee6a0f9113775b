//! CP by a lease: one primary, which answers alone as long as a majority has promised to have no other.
//!
//! A lease runs from the moment it was *asked for*, on the primary's clock; a promise from the moment it was
//! *given*, on the promiser's, and lasts longer by (1+ρ)/(1−ρ). So if no clock errs by more than ρ, the
//! lease is over before anybody may lead instead. Whether it runs is looked up in the handler that answers:
//! a primary may have been asleep a moment ago.
//!
//! ```text
//!   primary   │asked────────lease────────┤
//!   replica      └given───────promise × (1+ρ)/(1−ρ)────────┤ another may claim
//! ```

use std::cmp::Ordering;

use serde::Serialize;

use super::msg::*;
use super::server::{Phase, Server};
use super::why::Why;
use super::{Do, Know, Record, Timer, replicas};
use crate::few::Nodes;
use crate::ids::{NodeId, OpId, Span, Us};
use crate::seq::Seq;
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Lease {
    pub role: Role,
    pub term: u64,
    /// The highest term it has heard of.
    pub newest: u64,
    /// Whose the term is, and until when by its own clock it is promised to him.
    pub holder: Option<NodeId>,
    pub promise: Us,
    /// Who serves, as far as it knows.
    pub primary: Option<NodeId>,
    /// Until when its own lease runs.
    pub until: Us,
    /// It has said that its lease ran out.
    pub warned: bool,
    pub round: u64,
    pub rounds: Vec<Round>,
    /// The term it claims, and the first of an unbroken reign.
    pub reign: u64,
    /// Number of the last replication.
    pub nr: u64,
    /// Taking over: its number, and who has what was found.
    pub written_back: Option<(u64, Nodes)>,
    /// What a majority is known to have: reads are answered from it.
    pub safe: Store,
    /// Forwarded puts of this reign: each is done once.
    #[serde(skip)]
    pub taken: Seq<OpId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    #[default]
    Backup,
    Claiming,
    Primary,
}

/// One request for the lease, and who has granted it.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    pub round: u64,
    pub asked: Us,
    pub heard: Nodes,
}

impl Lease {
    pub fn boot(term: u64, holder: Option<NodeId>) -> Lease {
        Lease { term, holder, ..Lease::default() }
    }
    fn round_of(&mut self, round: u64) -> Option<&mut Round> {
        self.rounds.iter_mut().find(|r| r.round == round)
    }
    fn runs(&self, now: Us) -> bool {
        self.role == Role::Primary && now < self.until
    }
}

/// How long a replica waits behind the promise: one after the other, so that they do not claim at once.
fn turn(cx: &Know<'_>, holder: Option<NodeId>) -> Us {
    let all: Vec<NodeId> = replicas(cx.params, cx.cast).collect();
    let place = |n: NodeId| all.iter().position(|r| *r == n).unwrap_or(0);
    let after = holder.map_or(0, |h| place(h) + 1);
    let turn = (place(cx.me) + 2 * all.len() - after) % all.len().max(1);
    cx.params.promise() + cx.params.stagger * turn as Us
}

impl Server {
    /// At the very beginning nobody has promised anything, and the first replica may claim at once. Who
    /// comes back does not know when it promised, and waits as if it had been just now.
    pub fn start_lease(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.incarnation > 0 {
            self.lease.promise = cx.mono + cx.params.promise();
        } else if replicas(cx.params, cx.cast).next() == Some(cx.me) {
            return self.claim(cx, fx);
        }
        self.await_turn(cx, fx);
    }

    fn await_turn(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let wait = turn(cx, self.lease.holder.filter(|h| *h != cx.me));
        fx.arm(Timer::Takeover, wait..=wait);
    }

    // ---------------------------------------------------------------- leases, asked for and granted

    /// Nobody has kept the lease up: ask for it, in a new term. The claimant itself is bound only when a
    /// majority is: one that is cut off must not come back with a term nobody knows.
    pub fn claim(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let waited = Span(cx.params.promise() as i64);
        let was = self.lease.primary.take();
        self.lease.role = Role::Claiming;
        self.lease.reign = self.lease.term.max(self.lease.newest) + 1;
        self.lease.rounds.clear();
        self.lease.written_back = None;
        fx.explain(Why::Claimed { term: self.lease.reign, was, waited });
        self.ask_for_lease(cx, fx);
        self.await_turn(cx, fx);
        self.count_votes(cx, fx);
    }

    /// Ask everybody for a promise; of itself a claimant asks it last.
    fn ask_for_lease(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let lease = &mut self.lease;
        lease.round += 1;
        if lease.rounds.len() >= 8 {
            lease.rounds.remove(0);
        }
        let claim = lease.role == Role::Claiming;
        let (term, round) = (if claim { lease.reign } else { lease.term }, lease.round);
        lease.rounds.push(Round { round, asked: cx.mono, heard: Nodes::default() });
        for n in replicas(cx.params, cx.cast).filter(|n| !claim || *n != cx.me) {
            fx.send(n, Msg::LeaseRequest { term, round, claim });
        }
    }

    pub fn lease_request(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        term: u64,
        round: u64,
        claim: bool,
        fx: &mut Do<'_>,
    ) {
        if !self.may_grant(cx, from, term) {
            if term > self.lease.term {
                let left = Span(self.lease.promise.saturating_sub(cx.mono) as i64);
                let claims = self.lease.role == Role::Claiming && term <= self.lease.reign;
                let (holder, leads) = (self.lease.holder, self.lease.role == Role::Primary);
                fx.explain(Why::Declined { claimant: from, term, holder, left, claims, leads });
            }
            return self.refuse(from, fx);
        }
        self.follow(cx, from, term, fx);
        self.lease.promise = cx.mono + cx.params.promise();
        let cells = if claim { self.store.clone() } else { Store::default() };
        fx.once_saved(|fx| fx.send(from, Msg::LeaseGrant { term, round, cells }));
        match claim {
            true => self.lease.primary = None,
            false if from == cx.me => {}
            false => {
                self.lease.primary = Some(from);
                self.route_waiting(cx, fx);
            }
        }
    }

    fn refuse(&self, to: NodeId, fx: &mut Do<'_>) {
        let claims = if self.lease.role == Role::Claiming { self.lease.reign } else { 0 };
        fx.send(to, Msg::LeaseRefusal { term: self.lease.term.max(claims) });
    }

    /// A term has one holder here. A new one must wait until the promise to the last is over.
    fn may_grant(&self, cx: &Know<'_>, to: NodeId, term: u64) -> bool {
        if self.lease.role == Role::Claiming && to != cx.me && term <= self.lease.reign {
            // It is asking for as much itself: two claimants that gave way to each other would never end.
            return false;
        }
        let held = self.lease.holder == Some(to);
        // What it promised itself is worth nothing once its lease is over.
        let mine = self.lease.holder == Some(cx.me);
        let over = mine && self.lease.role == Role::Primary && !self.lease.runs(cx.mono);
        match term.cmp(&self.lease.term) {
            Ordering::Less => false,
            Ordering::Equal => held,
            Ordering::Greater => held || over || cx.mono >= self.lease.promise,
        }
    }

    /// Be of this term, and know whose it is.
    fn follow(&mut self, cx: &Know<'_>, holder: NodeId, term: u64, fx: &mut Do<'_>) {
        if term > self.lease.term {
            (self.lease.term, self.lease.holder) = (term, Some(holder));
            fx.save(Record::Term { term, holder });
        }
        if holder != cx.me {
            self.step_down(cx, fx);
        }
    }

    fn step_down(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.lease.role == Role::Primary {
            fx.explain(Why::SteppedDown { term: self.lease.term.max(self.lease.newest) });
        }
        if self.lease.role != Role::Backup {
            (self.lease.role, self.lease.primary, self.lease.until) = (Role::Backup, None, 0);
            self.lease.written_back = None;
            fx.disarm(&Timer::Renew);
        }
        self.await_turn(cx, fx);
    }

    pub fn lease_grant(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        term: u64,
        round: u64,
        cells: &Store,
        fx: &mut Do<'_>,
    ) {
        let Some(r) = self.reigns(term).then(|| self.lease.round_of(round)).flatten() else {
            return;
        };
        if !r.heard.add(from) {
            return;
        }
        let (asked, votes) = (r.asked, r.heard.len());
        self.adopt_all(cells, fx);
        if self.lease.role == Role::Primary && votes == cx.params.majority() {
            self.lease.until = self.lease.until.max(asked + cx.params.lease);
            return self.route_waiting(cx, fx);
        }
        self.count_votes(cx, fx);
    }

    fn reigns(&self, term: u64) -> bool {
        let newest = self.lease.term.max(self.lease.reign);
        self.lease.role != Role::Backup && (self.lease.reign..=newest).contains(&term)
    }

    fn adopt_all(&mut self, cells: &Store, fx: &mut Do<'_>) {
        for cell in &cells.0 {
            if self.store.adopt(cell) {
                self.keep(&cell.key, fx);
            }
        }
    }

    // ---------------------------------------------------------------- taking over

    /// With its own promise it would be a majority: then it promises, and has the lease.
    fn count_votes(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let (term, claiming) = (self.lease.reign, self.lease.role == Role::Claiming);
        let Some(r) = self.lease.rounds.last() else { return };
        let (asked, mut votes) = (r.asked, r.heard.clone());
        votes.add(cx.me);
        let done = self.lease.term >= term && self.lease.holder == Some(cx.me);
        if !claiming
            || done
            || votes.len() < cx.params.majority()
            || !self.may_grant(cx, cx.me, term)
        {
            return;
        }
        self.follow(cx, cx.me, term, fx);
        self.lease.promise = cx.mono + cx.params.promise();
        self.lease.until = asked + cx.params.lease;
        self.take_over(cx, votes.list().to_vec(), fx);
    }

    /// A majority has promised, and shown what it has. The newest of it may be on one replica alone: first
    /// it goes to a majority.
    fn take_over(&mut self, cx: &Know<'_>, votes: Vec<NodeId>, fx: &mut Do<'_>) {
        let (term, keys) = (self.lease.term, self.store.0.len() as u64);
        fx.explain(Why::Granted { term, votes, of: cx.params.nodes as u64, keys });
        fx.arm(Timer::Renew, cx.params.lease / 3..=cx.params.lease / 3);
        if keys == 0 {
            return fx.once_saved(|fx| self.serve(cx, fx));
        }
        self.lease.nr += 1;
        self.lease.written_back = Some((self.lease.nr, Nodes::default()));
        fx.once_saved(|fx| self.write_back(cx, fx));
    }

    fn write_back(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let Some((nr, heard)) = &self.lease.written_back else { return };
        for n in replicas(cx.params, cx.cast).filter(|n| !heard.has(*n)) {
            let (term, nr, cells) = (self.lease.term, *nr, self.store.clone());
            fx.send(n, Msg::Replicate { term, nr, cells });
        }
    }

    fn serve(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.lease.role = Role::Primary;
        self.lease.primary = Some(cx.me);
        self.lease.safe = self.store.clone();
        self.lease.taken = Seq::default();
        self.lease.written_back = None;
        fx.disarm(&Timer::Takeover);
        fx.explain(Why::Serving { term: self.lease.term });
        self.ask_for_lease(cx, fx);
        self.route_waiting(cx, fx);
    }

    /// Time to renew; what has not been answered is sent again.
    pub fn renew(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        match self.lease.role {
            Role::Backup => return,
            Role::Claiming => self.write_back(cx, fx),
            Role::Primary => self.ask_for_lease(cx, fx),
        }
        fx.arm(Timer::Renew, cx.params.lease / 3..=cx.params.lease / 3);
    }

    /// Somebody is of a later term, or this one is another's to him. Whose lease still runs has a majority's promise, and goes on in a later
    /// one still; whose lease is gone gives way.
    pub fn lease_refusal(&mut self, cx: &Know<'_>, term: u64, fx: &mut Do<'_>) {
        self.lease.newest = self.lease.newest.max(term);
        if term < self.lease.term || self.lease.role == Role::Backup {
            return;
        }
        if self.lease.runs(cx.mono) {
            self.follow(cx, cx.me, term + 1, fx);
            return fx.explain(Why::Raised { term: self.lease.term });
        }
        if self.lease.holder == Some(cx.me) {
            // Its promise to itself goes with its lease.
            self.lease.promise = 0;
            self.step_down(cx, fx);
        }
    }

    // ---------------------------------------------------------------- copies

    pub fn replicate(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        term: u64,
        nr: u64,
        cells: &Store,
        fx: &mut Do<'_>,
    ) {
        let (newer, held) = (term > self.lease.term, self.lease.holder == Some(from));
        if !(newer || term == self.lease.term && held) {
            return self.refuse(from, fx);
        }
        if newer {
            // Its sender was promised the lease by a majority: an older promise is over.
            self.follow(cx, from, term, fx);
        }
        self.adopt_all(cells, fx);
        fx.once_saved(|fx| fx.send(from, Msg::Stored { term, nr }));
    }

    pub fn stored(&mut self, cx: &Know<'_>, from: NodeId, term: u64, nr: u64, fx: &mut Do<'_>) {
        if !self.reigns(term) {
            return;
        }
        let enough = cx.params.majority();
        if let Some((_, heard)) = self.lease.written_back.as_mut().filter(|(n, _)| *n == nr) {
            if heard.add(from) && heard.len() == enough {
                self.serve(cx, fx);
            }
            return;
        }
        let job = self.jobs.iter_mut().find(|j| j.phase == Phase::Update && j.nr == nr);
        let Some(job) = job else { return };
        if job.heard.add(from) && job.heard.len() >= enough {
            let op = job.wish.op;
            self.committed(cx, op, fx);
        }
    }

    // ---------------------------------------------------------------- operations

    pub fn begin_lease(&mut self, cx: &Know<'_>, from: NodeId, wish: &Wish, fx: &mut Do<'_>) {
        self.begin(cx, from, wish, Phase::Waiting, fx);
        fx.arm(Timer::Resend(wish.op), cx.params.retransmit..=cx.params.retransmit);
        // A put must be known here for good before it goes anywhere.
        fx.once_saved(|fx| self.route(cx, wish.op, fx));
    }

    fn route_waiting(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let waiting = self.jobs.iter().filter(|j| j.phase == Phase::Waiting);
        let waiting: Vec<OpId> = waiting.map(|j| j.wish.op).collect();
        waiting.into_iter().for_each(|op| self.route(cx, op, fx));
    }

    /// Answer, replicate, send on, or wait: as one's own lease and knowledge allow.
    fn route(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let (primary, term) = (self.lease.primary, self.lease.term);
        let (runs, leads) = (self.lease.runs(cx.mono), self.lease.role == Role::Primary);
        let ago = Span(cx.mono.saturating_sub(self.lease.until) as i64);
        let told = std::mem::replace(&mut self.lease.warned, leads && !runs);
        let Some(job) = self.job(op) else { return };
        let wish = job.wish.clone();
        match (primary, &wish.value) {
            (_, None) if runs => self.read_under_lease(cx, op, fx),
            (_, Some(value)) if runs => self.write_under_lease(cx, op, value, fx),
            _ if leads && told => {}
            _ if leads => fx.explain(Why::Expired { key: wish.key, ago }),
            (Some(p), value) if p != cx.me => {
                (job.phase, job.term, job.begun) = (Phase::Forwarded, term, value.is_some());
                fx.send(p, Msg::Forward { wish, term });
            }
            _ => {}
        }
    }

    fn read_under_lease(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.end(op, fx) else { return };
        let (key, left) = (&job.wish.key, Span((self.lease.until - cx.mono) as i64));
        let value = self.lease.safe.value(key);
        self.refusing = false;
        // Renewed three times as often as it runs out, it is half over only where a renewal is slow or lost.
        let late = left.0 as u64 * 2 < cx.params.lease;
        fx.explain(Why::ReadUnderLease { key: key.clone(), value: value.clone(), left, late });
        self.answer_with(job.asker, &job.wish, Status::Ok, vec![value], Vector::default(), fx);
    }

    fn write_under_lease(&mut self, cx: &Know<'_>, op: OpId, value: &Value, fx: &mut Do<'_>) {
        let Some(key) = self.job(op).map(|j| j.wish.key.clone()) else { return };
        let tag = Tag { ts: self.issue(self.store.tag(&key).ts, fx), node: cx.me };
        self.lease.nr += 1;
        let nr = self.lease.nr;
        if let Some(job) = self.job(op) {
            (job.phase, job.nr, job.begun) = (Phase::Update, nr, true);
            job.cell = Cell::one(&key, tag, value);
        }
        fx.once_saved(|fx| self.send_copies(cx, op, fx));
    }

    fn send_copies(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let term = self.lease.term;
        let Some(job) = self.job(op) else { return };
        for n in replicas(cx.params, cx.cast).filter(|n| !job.heard.has(*n)) {
            let cells = Store(vec![job.cell.clone()]);
            fx.send(n, Msg::Replicate { term, nr: job.nr, cells });
        }
    }

    fn committed(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let Some(job) = self.end(op, fx) else { return };
        self.lease.safe.adopt(&job.cell);
        self.refusing = false;
        let (key, value) = (job.wish.key.clone(), job.cell.value());
        let (heard, of) = (job.heard.len() as u64, cx.params.nodes as u64);
        fx.explain(Why::Done { key, value, write: true, heard, of });
        self.answer(job.asker, &job.wish, Status::Ok, fx);
    }

    pub fn resend_lease(&mut self, cx: &Know<'_>, op: OpId, fx: &mut Do<'_>) {
        let (primary, role, now) = (self.lease.primary, self.lease.role, self.lease.term);
        let Some(job) = self.job(op) else { return };
        fx.arm(Timer::Resend(op), cx.params.retransmit..=cx.params.retransmit);
        let (wish, term) = (job.wish.clone(), job.term);
        match (job.phase, primary) {
            (Phase::Update, _) if role == Role::Primary => self.send_copies(cx, op, fx),
            // A put goes to one reign only: a second primary could not tell that the first has done it.
            (Phase::Forwarded, Some(p)) if p != cx.me && (wish.value.is_none() || term == now) => {
                fx.send(p, Msg::Forward { wish, term });
            }
            (Phase::Forwarded, _) if wish.value.is_none() => self.route(cx, op, fx),
            (Phase::Waiting, _) => self.route(cx, op, fx),
            _ => {}
        }
    }

    /// Another replica's client asks the primary. A put is of this reign, and done once.
    pub fn forwarded(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        wish: &Wish,
        term: u64,
        fx: &mut Do<'_>,
    ) {
        if self.lease.role != Role::Primary || self.job(wish.op).is_some() {
            return;
        }
        if wish.value.is_some() {
            let taken = self.lease.taken.iter().rev().any(|op| *op == wish.op);
            if taken || !self.reigns(term) {
                return;
            }
            self.lease.taken.push(wish.op);
        }
        self.begin(cx, from, wish, Phase::Waiting, fx);
        fx.arm(Timer::Resend(wish.op), cx.params.retransmit..=cx.params.retransmit);
        self.route(cx, wish.op, fx);
    }

    /// The primary's answer, for the client that asked here.
    pub fn relay(&mut self, op: OpId, status: Status, values: &[Value], fx: &mut Do<'_>) {
        let Some(job) = self.end(op, fx) else { return };
        self.refusing = status != Status::Ok;
        self.answer_with(job.asker, &job.wish, status, values.to_vec(), Vector::default(), fx);
    }
}
