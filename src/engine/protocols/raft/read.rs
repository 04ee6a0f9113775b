//! Reads that leave no entry (dissertation 6.4).
//!
//! A leader may have been deposed without knowing it, so it answers from its own state only after three
//! steps: it has committed an entry of its own term (else it cannot know what is committed); a round of
//! heartbeats begun *after* the read arrived was answered by a majority (so it still led then); and it has
//! applied everything committed when it noted `readIndex`. A follower asks its leader for that index,
//! waits until it has applied that far itself, and answers.
//!
//! With a lease (6.4.1) the round need not come after the read: whoever answered it votes for nobody else
//! for an election timeout, so for that long, less what clocks may differ by, the leader asks nobody. This
//! is the one place where safety rests on clocks.

use std::rc::Rc;

use serde::Serialize;

use super::msg::*;
use super::server::{Role, Server, majority};
use super::why::Why;
use super::{Do, Know, Reads, place};
use crate::ids::{NodeId, Span};

/// By how much two clocks are trusted to differ at most, in percent: a lease is so much shorter than the
/// shortest election timeout.
const DRIFT: u64 = 25;

/// Who waits for a read.
#[derive(Clone, Debug, Serialize)]
pub enum Reader {
    Client(Rc<Request>),
    /// A follower, with its number for the read.
    Follower(NodeId, u64),
}

/// A read on its way through the leader.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    pub reader: Reader,
    /// None until the leader has committed an entry of its term.
    pub read_index: Option<Index>,
    /// The round that must be answered.
    pub round: u64,
    /// Servers that have, one bit each, the leader included.
    pub heard: u64,
}

/// A read a follower has asked its leader about.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    pub read: u64,
    pub request: Rc<Request>,
    pub read_index: Option<Index>,
}

impl Server {
    pub fn client_query(&mut self, cx: &Know<'_>, r: &Rc<Request>, fx: &mut Do<'_>) {
        match (cx.params.reads, self.role) {
            (Reads::Local, _) => self.answer_read(r, fx),
            (_, Role::Leader) if cx.bug("local-read") => self.answer_read(r, fx),
            (Reads::Lease, Role::Leader) if self.lease_left(cx).is_some() => {
                let left = self.lease_left(cx).unwrap_or_default();
                let (client, applied) = (r.client_id, self.last_applied);
                fx.explain(Why::LeaseRead { client, left, applied });
                self.answer_read(r, fx);
            }
            (_, Role::Leader) => self.begin_read(cx, Reader::Client(r.clone()), fx),
            (Reads::Follower, _) if self.leader_id.is_some() => self.ask_leader(cx, r, fx),
            _ => self.redirect(r.client_id, r.session, r.sequence_num, fx),
        }
    }

    /// Answer from the state as it is here and now.
    fn answer_read(&self, r: &Request, fx: &mut Do<'_>) {
        let response = r.call.key().map(|k| self.machine.get(k));
        let (session, sequence_num) = (r.session, r.sequence_num);
        let reply =
            ClientReply { status: Status::Ok, session, sequence_num, response, leader_hint: None };
        fx.send(r.client_id, Msg::ClientReply(reply));
    }

    // ---------------------------------------------------------------- the lease

    /// Note when a round of heartbeats was begun: a lease counts from there, not from the answers.
    pub fn round_begun(&mut self, cx: &Know<'_>) {
        if cx.params.reads == Reads::Lease {
            self.lead.rounds.push((self.lead.round, cx.mono));
            self.extend_lease(cx);
        }
    }

    /// The newest round that a majority has answered gives a lease from its beginning on.
    pub fn extend_lease(&mut self, cx: &Know<'_>) {
        let needed = majority(cx);
        let answered = |round: u64| self.lead.acked.iter().filter(|a| **a >= round).count();
        let newest = self.lead.rounds.iter().rposition(|(round, _)| answered(*round) >= needed);
        let Some((_, begun)) = newest.and_then(|at| self.lead.rounds.drain(..=at).next_back())
        else {
            return;
        };
        // The least that any server waits: `given` lets none stand sooner.
        let timeout = *cx.params.election.start();
        let drift = if cx.bug("lease-ignores-drift") { 0 } else { DRIFT };
        self.lead.lease_until = Some(begun + timeout * 100 / (100 + drift));
    }

    fn lease_left(&self, cx: &Know<'_>) -> Option<Span> {
        let until = self.lead.lease_until.filter(|_| self.knows_what_is_committed(cx))?;
        (cx.mono < until).then(|| Span((until - cx.mono) as i64))
    }

    // ---------------------------------------------------------------- on the leader

    fn begin_read(&mut self, cx: &Know<'_>, reader: Reader, fx: &mut Do<'_>) {
        let read = Read { reader, read_index: None, round: 0, heard: 0 };
        if self.knows_what_is_committed(cx) {
            self.confirm_by_a_round(cx, vec![read], fx);
        } else {
            let client = read.reader.node();
            fx.explain(Why::ReadHeld { client, term: self.current_term });
            self.lead.reads.push(read);
        }
    }

    fn knows_what_is_committed(&self, cx: &Know<'_>) -> bool {
        cx.bug("readindex-no-noop")
            || self.log.term_at(self.commit_index) == Some(self.current_term)
    }

    /// Something of this term is committed: reads held back for it go on, in one round.
    pub fn release_reads(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.role != Role::Leader || !self.lead.reads.iter().any(|r| r.read_index.is_none()) {
            return;
        }
        let all = std::mem::take(&mut self.lead.reads);
        let (held, rest) = all.into_iter().partition(|r| r.read_index.is_none());
        self.lead.reads = rest;
        self.confirm_by_a_round(cx, held, fx);
    }

    fn confirm_by_a_round(&mut self, cx: &Know<'_>, reads: Vec<Read>, fx: &mut Do<'_>) {
        let (read_index, me) = (Some(self.commit_index), place(cx.cast, cx.me));
        let round = self.lead.round + 1;
        let begun = |r: Read| Read { read_index, round, heard: 1 << me, ..r };
        self.lead.reads.extend(reads.into_iter().map(begun));
        self.tick(cx, fx);
        self.confirm_reads(cx, me, fx);
    }

    /// A server has answered: reads whose round it has seen have one more witness.
    pub fn confirm_reads(&mut self, cx: &Know<'_>, at: usize, fx: &mut Do<'_>) {
        if self.lead.reads.is_empty() {
            return;
        }
        let acked = self.lead.acked.get(at).copied().unwrap_or(0);
        let any_will_do = cx.bug("readindex-old-acks");
        for r in self.lead.reads.iter_mut().filter(|r| r.read_index.is_some()) {
            if acked >= r.round || any_will_do {
                r.heard |= 1 << at;
            }
        }
        let enough = majority(cx) as u32;
        let done = |r: &Read| r.read_index.is_some() && r.heard.count_ones() >= enough;
        let all = std::mem::take(&mut self.lead.reads);
        let (confirmed, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(done);
        self.lead.reads = rest;
        confirmed.into_iter().for_each(|r| self.finish_read(cx, r, fx));
    }

    fn finish_read(&self, cx: &Know<'_>, r: Read, fx: &mut Do<'_>) {
        let read_index = r.read_index.unwrap_or(0);
        let (heard, of) = (u64::from(r.heard.count_ones()), cx.params.nodes as u64);
        let (client, applied) = (r.reader.node(), self.last_applied);
        let any = cx.bug("readindex-old-acks");
        fx.explain(Why::ReadConfirmed { client, read_index, heard, of, applied, any });
        match r.reader {
            // What is committed is applied in the same step: nothing is left to wait for.
            Reader::Client(request) => self.answer_read(&request, fx),
            Reader::Follower(n, read) => {
                let term = self.current_term;
                fx.send(n, Msg::ReadIndexReply(ReadIndexReply { term, read, read_index }));
            }
        }
    }

    pub fn read_index(&mut self, cx: &Know<'_>, from: NodeId, m: &ReadIndex, fx: &mut Do<'_>) {
        if self.role == Role::Leader && m.term == self.current_term {
            self.begin_read(cx, Reader::Follower(from, m.read), fx);
        }
    }

    // ---------------------------------------------------------------- on a follower

    fn ask_leader(&mut self, cx: &Know<'_>, r: &Rc<Request>, fx: &mut Do<'_>) {
        let Some(leader) = self.leader_id.filter(|l| *l != cx.me) else { return };
        // Never the number of an earlier read, not even of an earlier life: answers may be late.
        self.reads_asked += 1;
        let read = u64::from(cx.incarnation) << 32 | self.reads_asked;
        // One read a client at a time: an older one has been given up.
        self.asked.retain(|a| a.request.client_id != r.client_id);
        self.asked.push(Asked { read, request: r.clone(), read_index: None });
        let ask = ReadIndex { term: self.current_term, read };
        self.promise(cx, leader, Msg::ReadIndex(ask), fx);
    }

    pub fn read_index_reply(&mut self, cx: &Know<'_>, m: &ReadIndexReply, fx: &mut Do<'_>) {
        if let Some(a) = self.asked.iter_mut().find(|a| a.read == m.read) {
            a.read_index = a.read_index.or(Some(m.read_index));
            self.serve_asked(cx, fx);
        }
    }

    /// Answer the reads whose index this server has applied.
    pub fn serve_asked(&mut self, _cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.asked.is_empty() {
            return;
        }
        let applied = self.last_applied;
        let ready = |a: &Asked| a.read_index.is_some_and(|i| i <= applied);
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.asked).into_iter().partition(ready);
        self.asked = later;
        now.iter().for_each(|a| self.answer_read(&a.request, fx));
    }
}

impl Reader {
    fn node(&self) -> NodeId {
        match self {
            Reader::Client(r) => r.client_id,
            Reader::Follower(n, _) => *n,
        }
    }
}
