//! A server: its state as in figure 2, and the rules that hold whatever its role.
//!
//! `current_term`, `voted_for`, `log` and `snapshot` are kept on disk and mirrored here; everything else is
//! gone after a crash. Whatever promises something to another server waits for the disk first.

use std::rc::Rc;

use serde::Serialize;

use super::log::Log;
use super::machine::{Applied, Machine, Sessions, Snapshot};
use super::msg::*;
use super::read::{Asked, Read};
use super::snapshot::{Arriving, Installing};
use super::why::{Because, Why};
use super::{Disk, Do, Know, Raft, Record, Timer, place};
use crate::ids::{Mark, NodeId, Span, Us};
use crate::protocol::{Face, Input};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    #[default]
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    pub role: Role,
    pub current_term: Term,
    pub voted_for: Option<NodeId>,
    pub log: Log,
    pub commit_index: Index,
    pub last_applied: Index,
    pub leader_id: Option<NodeId>,
    /// Who has granted its vote, itself included: distinct servers.
    pub votes: Vec<NodeId>,
    /// By place of the server; empty unless it leads.
    pub next_index: Vec<Index>,
    pub match_index: Vec<Index>,
    pub machine: Machine,
    pub snapshot: Rc<Snapshot>,
    /// The pieces of a snapshot that have come in so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arriving: Option<Arriving>,
    /// Its log is on disk up to here.
    pub durable: Index,
    pub lead: Lead,
    /// Reads it has asked the leader about (`reads=follower`).
    pub asked: Vec<Asked>,
    /// When it last heard from a leader of its term.
    #[serde(skip)]
    pub heard: Option<Us>,
    /// Since when it has heard no leader.
    #[serde(skip)]
    pub silent_since: Us,
    /// Reads asked of leaders so far.
    #[serde(skip)]
    pub reads_asked: u64,
    /// Term or vote have changed and are not on their way to the disk yet.
    #[serde(skip)]
    vote_unsaved: bool,
    /// Log writes under way: once the mark is durable the log is, up to the index.
    #[serde(skip)]
    saving: Vec<(Mark, Index)>,
    #[serde(skip)]
    pub election: Option<(Us, Us)>,
}

/// What a leader knows besides.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Lead {
    /// Heartbeat rounds begun.
    pub round: u64,
    /// The newest round each server has answered.
    pub acked: Vec<u64>,
    pub reads: Vec<Read>,
    /// Until when, by its own clock, nobody else can have been elected (`reads=lease`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Us>,
    /// When rounds not yet answered by a majority were begun.
    #[serde(skip)]
    pub rounds: Vec<(u64, Us)>,
    /// The snapshot that is on its way to each server, while it is not acknowledged.
    #[serde(skip)]
    pub installing: Vec<Option<Installing>>,
    /// When each server was last heard in this term.
    #[serde(skip)]
    pub contact: Vec<Us>,
    #[serde(skip)]
    pub since: Us,
    /// The entry of an earlier term it has already been told to wait for.
    #[serde(skip)]
    pub waits: Index,
    /// When the entries not yet committed were appended.
    #[serde(skip)]
    pub appended: Vec<(Index, Us)>,
}

impl Server {
    pub fn boot(disk: &Disk) -> Server {
        let base = disk.snapshot.last_included_index;
        Server {
            current_term: disk.current_term,
            voted_for: disk.voted_for,
            log: disk.log.clone(),
            snapshot: disk.snapshot.clone(),
            machine: disk.snapshot.machine.clone(),
            commit_index: base,
            last_applied: base,
            durable: disk.log.last_index(),
            election: disk.election,
            ..Server::default()
        }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, Raft>, fx: &mut Do<'_>) {
        self.log.begin_step();
        match input {
            Input::Start => self.start(cx, fx),
            Input::Deliver { from, msg } => self.receive(cx, from, msg, fx),
            Input::Timeout(Timer::Election) => self.election_timeout(cx, fx),
            Input::Timeout(Timer::Heartbeat) => self.heartbeat(cx, fx),
            Input::Timeout(Timer::Resend) => self.resend(cx, fx),
            Input::Saved(mark) => self.saved(cx, mark, fx),
            Input::Timeout(_) | Input::Request { .. } => {}
        }
        self.save_vote(cx, fx);
    }

    fn start(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.commit_index = self.commit_index.min(self.log.last_index());
        self.silent_since = cx.mono;
        if cx.incarnation > 0 {
            let (term, voted_for, last) =
                (self.current_term, self.voted_for, self.log.last_index());
            let base = self.log.base();
            fx.explain(Why::Recovered { term, voted_for, last, base });
        }
        self.apply_committed(cx, fx);
        self.await_leader(cx, fx);
    }

    fn receive(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        if self.turns_a_deaf_ear(cx, msg, fx) {
            return;
        }
        self.observe_term(cx, from, msg, fx);
        if cx.bug("reset-timer-any") && matches!(msg, Msg::RequestVote(_) | Msg::PreVote(_)) {
            self.await_leader(cx, fx);
        }
        match msg {
            Msg::RequestVote(m) => self.request_vote(cx, m, fx),
            Msg::RequestVoteReply(m) => self.vote_reply(cx, from, m, fx),
            Msg::PreVote(m) => self.pre_vote(cx, m, fx),
            Msg::PreVoteReply(m) => self.pre_vote_reply(cx, from, m, fx),
            Msg::AppendEntries(m) => self.append_entries(cx, m, fx),
            Msg::AppendEntriesReply(m) => self.append_reply(cx, from, m, fx),
            Msg::InstallSnapshot(m) => self.install_snapshot(cx, m, fx),
            Msg::InstallSnapshotReply(m) => self.snapshot_reply(cx, from, m, fx),
            Msg::ReadIndex(m) => self.read_index(cx, from, m, fx),
            Msg::ReadIndexReply(m) => self.read_index_reply(cx, m, fx),
            Msg::RegisterClient(m) => self.register_client(cx, m, fx),
            Msg::ClientRequest(r) => self.client_request(cx, r, fx),
            Msg::ClientQuery(r) => self.client_query(cx, r, fx),
            Msg::ClientReply(_) => {}
        }
    }

    // ---------------------------------------------------------------- terms

    /// A newer term makes a follower of anybody. A PreVote and the grant of one only talk of a term.
    fn observe_term(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        let only_talk = match msg {
            Msg::PreVote(_) => !cx.bug("prevote-bumps-term"),
            Msg::PreVoteReply(m) => m.vote_granted,
            _ => false,
        };
        if let Some(term) = msg.term().filter(|t| *t > self.current_term && !only_talk) {
            let led = self.current_term;
            self.set_term(term);
            self.step_down(cx, Because::Term, led, from, fx);
        }
    }

    pub fn set_term(&mut self, term: Term) {
        self.current_term = term;
        self.voted_for = None;
        self.leader_id = None;
        self.vote_unsaved = true;
    }

    pub fn vote_for(&mut self, candidate: NodeId) {
        self.voted_for = Some(candidate);
        self.vote_unsaved = true;
    }

    /// Become a follower; a follower stays one, and its election timer runs on.
    pub fn step_down(
        &mut self,
        cx: &Know<'_>,
        because: Because,
        led: Term,
        by: NodeId,
        fx: &mut Do<'_>,
    ) {
        let was = std::mem::take(&mut self.role);
        if was == Role::Follower {
            return;
        }
        match was {
            Role::Leader => self.stop_leading(cx, because, led, by, fx),
            Role::Candidate if because == Because::Term => self.explain_split(cx, led, fx),
            _ if because == Because::Leader => self.explain_giving_way(by, fx),
            _ => {}
        }
        self.votes.clear();
        self.await_leader(cx, fx);
    }

    /// Somebody else was faster.
    fn explain_giving_way(&self, by: NodeId, fx: &mut Do<'_>) {
        let (term, because) = (self.current_term, Because::Leader);
        fx.explain(Why::SteppedDown { term, led: 0, because, by, heard: 0, needed: 0 });
    }

    fn stop_leading(
        &mut self,
        cx: &Know<'_>,
        because: Because,
        led: Term,
        by: NodeId,
        fx: &mut Do<'_>,
    ) {
        let heard = self.heard_lately(cx) as u64;
        let needed = majority(cx) as u64;
        fx.explain(Why::SteppedDown { term: self.current_term, led, because, by, heard, needed });
        fx.disarm(&Timer::Heartbeat);
        fx.disarm(&Timer::Resend);
        self.silent_since = cx.mono;
        self.leader_id = None;
        self.lead = Lead::default();
        self.next_index.clear();
        self.match_index.clear();
    }

    // ---------------------------------------------------------------- the election timer

    /// Its own range of election timeouts.
    pub fn election_range(&self, cx: &Know<'_>) -> (Us, Us) {
        self.election.unwrap_or((*cx.params.election.start(), *cx.params.election.end()))
    }

    /// Begin to wait for a leader, for a time drawn anew.
    pub fn await_leader(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let (lo, hi) = self.election_range(cx);
        let hi = if cx.bug("fixed-timeout") { lo } else { hi };
        fx.arm(Timer::Election, lo..=hi);
    }

    pub fn silent(&self, cx: &Know<'_>) -> Span {
        Span(cx.mono.saturating_sub(self.silent_since) as i64)
    }

    /// Whether it has heard a leader within the minimum election timeout, and how long ago; a leader hears
    /// itself.
    pub fn heard_leader(&self, cx: &Know<'_>) -> Option<Option<Span>> {
        if self.role == Role::Leader {
            return Some(None);
        }
        let ago = cx.mono.saturating_sub(self.heard?);
        (ago < self.election_range(cx).0).then_some(Some(Span(ago as i64)))
    }

    // ---------------------------------------------------------------- the disk

    /// Put term and vote on their way to the disk, if they have changed.
    pub fn save_vote(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if std::mem::take(&mut self.vote_unsaved) {
            let current_term = if cx.bug("no-term-persist") { 0 } else { self.current_term };
            let voted_for = if cx.bug("no-votedfor") { None } else { self.voted_for };
            fx.save(Record::Vote { current_term, voted_for });
        }
    }

    /// Send what is true only once the disk has everything so far.
    pub fn promise(&mut self, cx: &Know<'_>, to: NodeId, msg: Msg, fx: &mut Do<'_>) {
        self.save_vote(cx, fx);
        fx.once_saved(|fx| fx.send(to, msg));
    }

    /// Put entries at the end of the log, here and on disk.
    pub fn extend_log(&mut self, cx: &Know<'_>, entries: Entries, fx: &mut Do<'_>) {
        entries.iter().for_each(|e| self.log.push(e.clone()));
        if !cx.bug("log-not-persisted") {
            let mark = fx.save(Record::Append { entries });
            self.saving.push((mark, self.log.last_index()));
        } else {
            self.durable = self.log.last_index();
        }
    }

    /// Delete an entry and all that follow; the disk follows with the next write.
    pub fn cut_log(&mut self, cx: &Know<'_>, from: Index, fx: &mut Do<'_>) {
        let (last, last_term) = (self.log.last_index(), self.log.last_term());
        let (term, commit) = (self.log.term_at(from).unwrap_or(0), self.commit_index);
        self.log.truncate_from(from);
        if !cx.bug("log-not-persisted") {
            fx.note(Record::Truncate { from });
        }
        self.forget_saving_from(from);
        fx.explain(Why::Truncated { index: from, last, term, last_term, commit });
    }

    pub fn forget_saving_from(&mut self, from: Index) {
        self.saving.iter_mut().for_each(|(_, i)| *i = (*i).min(from - 1));
        self.durable = self.durable.min(from - 1);
    }

    fn saved(&mut self, cx: &Know<'_>, mark: Mark, fx: &mut Do<'_>) {
        let done = self.saving.iter().take_while(|(m, _)| *m <= mark).count();
        let newest = self.saving.drain(..done).next_back();
        if let Some((_, index)) = newest {
            self.durable = index;
            if self.role == Role::Leader {
                let me = place(cx.cast, cx.me);
                self.match_index[me] = self.match_index[me].max(index);
                self.advance_commit(cx, fx);
            }
        }
    }

    // ---------------------------------------------------------------- the state machine

    /// Apply what is committed and not yet applied, in order.
    pub fn apply_committed(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let first = self.last_applied + 1;
        while self.last_applied < self.commit_index {
            let Some(entry) = self.log.get(self.last_applied + 1).cloned() else { break };
            self.last_applied += 1;
            self.apply(cx, &entry, fx);
        }
        if first <= self.last_applied {
            fx.explain(Why::Applied { index: self.last_applied });
            self.serve_asked(cx, fx);
            self.compact(cx, fx);
        }
    }

    fn apply(&mut self, cx: &Know<'_>, entry: &Entry, fx: &mut Do<'_>) {
        let sessions = if cx.bug("no-sessions") { Sessions::Off } else { cx.params.sessions };
        // Only the leader that appended it owes its client an answer.
        let owes = self.role == Role::Leader && entry.term == self.current_term;
        let applied = self.machine.apply(entry.index, &entry.command, sessions);
        if let (Applied::Before(answer), Command::Request(r)) = (&applied, &entry.command) {
            let (client, request) = (r.client_id, r.sequence_num);
            let answer = answer.response.clone();
            fx.explain(Why::Repeated { client, request, answer, answers: owes });
        }
        if owes {
            self.answer(entry, applied, fx);
        }
    }

    fn answer(&self, entry: &Entry, applied: Applied, fx: &mut Do<'_>) {
        let (client, session, sequence_num) = match &entry.command {
            Command::Noop => return,
            Command::Register { client } => (*client, entry.index, 0),
            Command::Request(r) => (r.client_id, r.session, r.sequence_num),
        };
        let (status, response) = match applied {
            Applied::Done(a) | Applied::Before(a) => (a.status, a.response),
            Applied::Stale | Applied::Nothing => (Status::NoSession, None),
        };
        let reply = ClientReply { status, session, sequence_num, response, leader_hint: None };
        fx.send(client, Msg::ClientReply(reply));
    }

    // ---------------------------------------------------------------- clients

    /// Tell a client who leads, as far as this server knows.
    pub fn redirect(&self, client: NodeId, session: u64, sequence_num: u64, fx: &mut Do<'_>) {
        let leader_hint = self.leader_id;
        fx.explain(Why::Redirected { client, leader: leader_hint });
        let status = Status::NotLeader;
        let reply = ClientReply { status, session, sequence_num, response: None, leader_hint };
        fx.send(client, Msg::ClientReply(reply));
    }

    fn register_client(&mut self, cx: &Know<'_>, m: &RegisterClient, fx: &mut Do<'_>) {
        match self.role {
            Role::Leader => self.append(cx, Command::Register { client: m.client_id }, fx),
            _ => self.redirect(m.client_id, 0, 0, fx),
        }
    }

    fn client_request(&mut self, cx: &Know<'_>, r: &Rc<Request>, fx: &mut Do<'_>) {
        if self.role != Role::Leader {
            return self.redirect(r.client_id, r.session, r.sequence_num, fx);
        }
        if let Some(known) = self.known(cx, r) {
            return self.answer_known(r, known, fx);
        }
        self.append(cx, Command::Request(r.clone()), fx);
    }

    /// What the table of sessions says of a command before it is put into the log.
    fn known(&self, cx: &Know<'_>, r: &Request) -> Option<Applied> {
        let off = cx.bug("no-sessions") || cx.params.sessions == Sessions::Off;
        // A session it has not applied yet may stand in its log: what comes of that is decided there.
        let opened = self.machine.session(r.client_id, r.session).is_some();
        if off || !opened { None } else { self.machine.before(r, cx.params.sessions) }
    }

    fn answer_known(&self, r: &Request, known: Applied, fx: &mut Do<'_>) {
        let (client, request) = (r.client_id, r.sequence_num);
        let (status, response) = match known {
            Applied::Before(a) => {
                let answer = a.response.clone();
                fx.explain(Why::Repeated { client, request, answer, answers: true });
                (a.status, a.response)
            }
            _ => (Status::NoSession, None),
        };
        let (session, sequence_num) = (r.session, r.sequence_num);
        let reply = ClientReply { status, session, sequence_num, response, leader_hint: None };
        fx.send(client, Msg::ClientReply(reply));
    }

    // ---------------------------------------------------------------- looking in

    pub fn face(&self) -> Face {
        let state = match self.role {
            Role::Follower => "follower",
            Role::PreCandidate => "pre-candidate",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        };
        Face { state, leads: self.role == Role::Leader, epoch: self.current_term }
    }

    pub fn line(&self) -> String {
        let (last, commit) = (self.log.last_index(), self.commit_index);
        let term = self.current_term;
        match &self.arriving {
            Some(a) => format!("term {term} · log {last} · snapshot: {} rows", a.held),
            None => format!("term {term} · log {last} · committed {commit}"),
        }
    }

    /// A leader with something to commit is not, nor is whoever wants to lead.
    pub fn at_rest(&self) -> bool {
        match self.role {
            Role::Follower => true,
            Role::PreCandidate | Role::Candidate => false,
            Role::Leader => {
                self.commit_index == self.log.last_index()
                    || self.log.last_term() < self.current_term
            }
        }
    }
}

/// How many servers are a majority: of those there are, not of those in reach.
pub fn majority(cx: &Know<'_>) -> usize {
    let n = cx.params.nodes;
    if cx.bug("quorum-half") { (n / 2).max(1) } else { n / 2 + 1 }
}
