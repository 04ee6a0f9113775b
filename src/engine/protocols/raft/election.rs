//! Elections: who may lead, and who says so.
//!
//! A term has at most one leader because a server has one vote in it and writes it down before it says
//! so, and because two majorities always share a server (§5.2). The winner's log has everything committed
//! because voters refuse a log older than their own (§5.4.1).
//!
//! PreVote (dissertation 9.6) asks the same question without raising anybody's term, so that a server that
//! was cut off comes back quietly.

use super::msg::*;
use super::replication::LeadInit;
use super::server::{Role, Server, majority};
use super::why::{Because, Last, Why};
use super::{Do, Know, Reads, servers};
use crate::ids::{NodeId, Span};

impl Server {
    pub fn election_timeout(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.role == Role::Leader {
            return;
        }
        if self.role == Role::Candidate {
            self.explain_split(cx, self.current_term, fx);
        }
        if cx.params.prevote { self.ask_first(cx, fx) } else { self.start_election(cx, fx) }
    }

    pub fn explain_split(&self, cx: &Know<'_>, term: Term, fx: &mut Do<'_>) {
        let (votes, needed) = (self.votes.len() as u64, majority(cx) as u64);
        fx.explain(Why::Split { term, votes, needed });
    }

    fn start_election(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let silent = self.silent(cx);
        self.set_term(self.current_term + 1);
        self.role = Role::Candidate;
        self.vote_for(cx.me);
        self.votes = vec![cx.me];
        fx.explain(Why::TimedOut { term: self.current_term, silent });
        self.await_leader(cx, fx);
        self.campaign(cx, self.current_term, Msg::RequestVote, fx);
        self.count_votes(cx, fx);
    }

    /// Would I win? Nobody's term moves, not even its own.
    fn ask_first(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let silent = self.silent(cx);
        self.leader_id = None;
        self.role = Role::PreCandidate;
        self.votes = vec![cx.me];
        let moves = cx.bug("prevote-bumps-term");
        if moves {
            self.set_term(self.current_term + 1);
        }
        let term = self.current_term + 1;
        fx.explain(Why::PreAsked { term, silent, moves });
        self.await_leader(cx, fx);
        self.campaign(cx, term, Msg::PreVote, fx);
        self.count_pre_votes(cx, fx);
    }

    fn campaign(
        &mut self,
        cx: &Know<'_>,
        term: Term,
        kind: fn(RequestVote) -> Msg,
        fx: &mut Do<'_>,
    ) {
        self.save_vote(cx, fx);
        let ask = RequestVote {
            term,
            candidate_id: cx.me,
            last_log_index: self.log.last_index(),
            last_log_term: self.log.last_term(),
        };
        fx.once_saved(|fx| {
            servers(cx.params, cx.cast)
                .filter(|n| *n != cx.me)
                .for_each(|n| fx.send(n, kind(ask.clone())));
        });
    }

    // ---------------------------------------------------------------- voting

    /// With `sticky`, whoever has just heard a leader does not even look at a RequestVote. A lease is built on
    /// that; there a server that has just come back is as careful, for it may have answered a leader before.
    pub fn turns_a_deaf_ear(&self, cx: &Know<'_>, msg: &Msg, fx: &mut Do<'_>) -> bool {
        let Msg::RequestVote(m) = msg else { return false };
        let leases = cx.params.reads == Reads::Lease;
        let heard = self.heard_leader(cx).filter(|_| cx.params.sticky || leases);
        let woken = self.just_woken(cx).filter(|_| leases);
        let (because, ago) = match (heard, woken) {
            (Some(ago), _) => (Because::Leader, ago),
            (None, Some(ago)) => (Because::Woken, Some(ago)),
            (None, None) => return false,
        };
        fx.explain(Why::Ignored { candidate: m.candidate_id, term: m.term, because, ago });
        true
    }

    /// How long ago it came back, if that is within the minimum election timeout and it has heard nobody since.
    fn just_woken(&self, cx: &Know<'_>) -> Option<Span> {
        let back = cx.incarnation > 0 && self.heard.is_none();
        let ago = self.silent(cx);
        (back && ago.0 < self.election_range(cx).0 as i64).then_some(ago)
    }

    pub fn request_vote(&mut self, cx: &Know<'_>, m: &RequestVote, fx: &mut Do<'_>) {
        let refusal = self.why_not(cx, m);
        match refusal {
            None => self.grant(cx, m, fx),
            Some(because) => self.refuse(m, because, fx),
        }
        let vote_granted = refusal.is_none();
        let reply = RequestVoteReply { term: self.current_term, vote_granted };
        self.promise(cx, m.candidate_id, Msg::RequestVoteReply(reply), fx);
    }

    fn why_not(&self, cx: &Know<'_>, m: &RequestVote) -> Option<Because> {
        if m.term < self.current_term {
            return Some(Because::Term);
        }
        if self.voted_for.is_some_and(|v| v != m.candidate_id) {
            return Some(Because::Voted);
        }
        (!self.is_up_to_date(cx, m)).then_some(Because::Log)
    }

    /// The candidate's log is at least as new as this one: by last term, then by length.
    fn is_up_to_date(&self, cx: &Know<'_>, m: &RequestVote) -> bool {
        if cx.bug("no-uptodate") {
            return true;
        }
        if cx.bug("len-only-uptodate") {
            return m.last_log_index >= self.log.last_index();
        }
        !self.log.is_newer_than(m.last_log_index, m.last_log_term)
    }

    fn grant(&mut self, cx: &Know<'_>, m: &RequestVote, fx: &mut Do<'_>) {
        if self.voted_for.is_none() {
            self.vote_for(m.candidate_id);
            let kept = !cx.bug("no-votedfor") && !cx.bug("no-term-persist");
            fx.explain(Why::Voted { term: self.current_term, candidate: m.candidate_id, kept });
        }
        self.await_leader(cx, fx);
    }

    fn refuse(&self, m: &RequestVote, because: Because, fx: &mut Do<'_>) {
        fx.explain(Why::Refused {
            term: self.current_term,
            candidate: m.candidate_id,
            because,
            mine: Last { index: self.log.last_index(), term: self.log.last_term() },
            theirs: Last { index: m.last_log_index, term: m.last_log_term },
            voted_for: self.voted_for,
        });
    }

    pub fn vote_reply(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        m: &RequestVoteReply,
        fx: &mut Do<'_>,
    ) {
        let current = self.role == Role::Candidate && m.term == self.current_term;
        if current && m.vote_granted {
            self.note_vote(cx, from);
            self.count_votes(cx, fx);
        }
    }

    /// Voters are counted, not messages: a duplicate changes nothing.
    fn note_vote(&mut self, cx: &Know<'_>, from: NodeId) {
        if !self.votes.contains(&from) || cx.bug("count-dup-votes") {
            self.votes.push(from);
        }
    }

    fn count_votes(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.votes.len() >= majority(cx) {
            self.become_leader(cx, fx);
        }
    }

    fn become_leader(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let votes = self.votes.clone();
        let of = cx.params.nodes as u64;
        fx.explain(Why::Elected { term: self.current_term, votes, of });
        self.role = Role::Leader;
        self.leader_id = Some(cx.me);
        fx.disarm(&super::Timer::Election);
        self.begin_to_lead(cx, LeadInit::of(cx), fx);
    }

    // ---------------------------------------------------------------- asking first

    pub fn pre_vote(&mut self, cx: &Know<'_>, m: &RequestVote, fx: &mut Do<'_>) {
        let refusal = self.why_not_pre(cx, m);
        if let Some((because, ago)) = refusal {
            fx.explain(Why::PreRefused { candidate: m.candidate_id, term: m.term, because, ago });
        }
        let vote_granted = refusal.is_none();
        // A grant speaks of the term that is asked for, a refusal of the refuser's own.
        let term = if vote_granted { m.term } else { self.current_term };
        let reply = RequestVoteReply { term, vote_granted };
        self.promise(cx, m.candidate_id, Msg::PreVoteReply(reply), fx);
    }

    fn why_not_pre(&self, cx: &Know<'_>, m: &RequestVote) -> Option<(Because, Option<Span>)> {
        if m.term <= self.current_term && !cx.bug("prevote-bumps-term") {
            return Some((Because::Term, None));
        }
        if let Some(ago) = self.heard_leader(cx) {
            return Some((Because::Leader, ago));
        }
        (!self.is_up_to_date(cx, m)).then_some((Because::Log, None))
    }

    pub fn pre_vote_reply(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        m: &RequestVoteReply,
        fx: &mut Do<'_>,
    ) {
        let current = self.role == Role::PreCandidate && m.term == self.current_term + 1;
        if current && m.vote_granted {
            self.note_vote(cx, from);
            self.count_pre_votes(cx, fx);
        }
    }

    fn count_pre_votes(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.votes.len() >= majority(cx) {
            self.start_election(cx, fx);
        }
    }
}
