//! Replication: how a leader makes the other logs like its own, and when it may call an entry committed.
//!
//! ```text
//!   leader    1 1 2 3 3        AppendEntries { prev (3, term 2), entries 4..5 }
//!   follower  1 1 2            has term 2 at 3: appends, answers matchIndex 5
//!   follower  1 1 1 1          has term 1 at 3: refuses, "try again from 1"
//! ```
//!
//! A refusal carries a hint, the follower's term there and where that term begins, so that the leader goes
//! back a term at a time (end of §5.3). An entry is committed when a majority has it on disk *and* it is
//! of the leader's own term; earlier ones are committed with it (§5.4.2, figure 8).

use super::card::MOST;
use super::msg::*;
use super::server::{Lead, Role, Server, majority};
use super::why::{Because, Why};
use super::{Do, Know, Timer, place, servers};
use crate::few;
use crate::ids::{NodeId, Us};

/// What a new leader's tables begin with.
pub struct LeadInit {
    servers: usize,
    now: Us,
}

impl LeadInit {
    pub fn of(cx: &Know<'_>) -> LeadInit {
        LeadInit { servers: cx.params.nodes, now: cx.mono }
    }
}

impl Server {
    // ---------------------------------------------------------------- leading

    pub fn begin_to_lead(&mut self, cx: &Know<'_>, init: LeadInit, fx: &mut Do<'_>) {
        let n = init.servers;
        self.next_index = vec![self.log.last_index() + 1; n];
        self.match_index = vec![0; n];
        self.match_index[place(cx.cast, cx.me)] = self.durable;
        self.lead = Lead {
            acked: vec![0; n],
            installing: vec![None; n],
            contact: vec![init.now; n],
            since: init.now,
            ..Lead::default()
        };
        fx.arm(Timer::Heartbeat, cx.params.heartbeat..=cx.params.heartbeat);
        if cx.params.empty_heartbeat {
            fx.arm(Timer::Resend, cx.params.heartbeat..=cx.params.heartbeat);
        }
        if cx.params.noop && !cx.bug("readindex-no-noop") {
            self.append(cx, Command::Noop, fx);
        } else {
            self.tick(cx, fx);
        }
    }

    /// Append a command to the leader's own log and send it on at once.
    pub fn append(&mut self, cx: &Know<'_>, command: Command, fx: &mut Do<'_>) {
        let (index, term) = (self.log.last_index() + 1, self.current_term);
        self.extend_log(cx, Entries::of(vec![Entry { term, index, command }]), fx);
        self.lead.appended.push((index, cx.mono));
        fx.explain(Why::Appended { index, from: index, term });
        self.replicate_all(cx, fx);
        if cx.bug("log-not-persisted") {
            self.match_index[place(cx.cast, cx.me)] = self.durable;
        }
        self.act_on_uncommitted(cx, fx);
    }

    pub fn heartbeat(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.role != Role::Leader {
            return;
        }
        if self.has_lost_its_quorum(cx) {
            let term = self.current_term;
            return self.step_down(cx, Because::Quorum, term, cx.me, fx);
        }
        fx.arm(Timer::Heartbeat, cx.params.heartbeat..=cx.params.heartbeat);
        self.tick(cx, fx);
    }

    /// One round: every follower hears from its leader, and gets what it has not acknowledged.
    pub fn tick(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.lead.round += 1;
        let me = place(cx.cast, cx.me);
        self.lead.acked[me] = self.lead.round;
        self.round_begun(cx);
        if cx.params.empty_heartbeat {
            return self.each_follower(cx, |s, n, _| s.send_entries(cx, n, Entries::default(), fx));
        }
        self.replicate_all(cx, fx);
    }

    /// The retry of entries, where heartbeats carry none.
    pub fn resend(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if self.role == Role::Leader {
            fx.arm(Timer::Resend, cx.params.heartbeat..=cx.params.heartbeat);
            self.replicate_some(cx, |s, at| s.match_index[at] < s.log.last_index(), fx);
        }
    }

    fn each_follower(&mut self, cx: &Know<'_>, mut f: impl FnMut(&mut Self, NodeId, usize)) {
        for n in servers(cx.params, cx.cast).filter(|n| *n != cx.me) {
            f(self, n, place(cx.cast, n));
        }
    }

    fn replicate_all(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.replicate_some(cx, |_, _| true, fx);
    }

    fn replicate_some(
        &mut self,
        cx: &Know<'_>,
        who: impl Fn(&Self, usize) -> bool,
        fx: &mut Do<'_>,
    ) {
        // Followers mostly need the same entries: cut them out once.
        let mut cut: Option<(Index, Entries)> = None;
        self.each_follower(cx, |s, n, at| {
            if !who(s, at) {
                return;
            }
            let next = s.next_index[at];
            if next <= s.log.base() {
                return s.send_snapshot(cx, n, fx);
            }
            let entries = match &cut {
                Some((from, entries)) if *from == next => entries.clone(),
                _ => s.log.slice(next, cx.params.batch),
            };
            cut = Some((next, entries.clone()));
            s.send_entries(cx, n, entries, fx);
        });
    }

    pub fn replicate(&mut self, cx: &Know<'_>, to: NodeId, fx: &mut Do<'_>) {
        let next = self.next_index[place(cx.cast, to)];
        if next <= self.log.base() {
            return self.send_snapshot(cx, to, fx);
        }
        let entries = self.log.slice(next, cx.params.batch);
        self.send_entries(cx, to, entries, fx);
    }

    fn send_entries(&mut self, cx: &Know<'_>, to: NodeId, entries: Entries, fx: &mut Do<'_>) {
        let at = place(cx.cast, to);
        let prev_log_index = self.next_index[at] - 1;
        let Some(prev_log_term) = self.log.term_at(prev_log_index) else {
            return self.send_snapshot(cx, to, fx);
        };
        if cx.params.pipeline {
            self.next_index[at] += entries.len() as Index;
        }
        let m = AppendEntries {
            term: self.current_term,
            leader_id: cx.me,
            prev_log_index,
            prev_log_term,
            entries,
            leader_commit: self.commit_index,
            round: self.lead.round,
        };
        fx.send(to, Msg::AppendEntries(m));
    }

    pub fn append_reply(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        m: &AppendEntriesReply,
        fx: &mut Do<'_>,
    ) {
        if self.role != Role::Leader || m.term != self.current_term {
            return;
        }
        let at = place(cx.cast, from);
        self.lead.contact[at] = cx.mono;
        self.lead.acked[at] = self.lead.acked[at].max(m.round);
        self.extend_lease(cx);
        if m.success {
            self.matched(cx, at, m.match_index, fx);
        } else {
            self.back_up(cx, from, m, fx);
        }
        self.confirm_reads(cx, at, fx);
    }

    /// The follower agrees up to what was *sent* to it, not up to what the log has become since.
    pub fn matched(&mut self, cx: &Know<'_>, at: usize, index: Index, fx: &mut Do<'_>) {
        let index = if cx.bug("match-from-log-len") { self.log.last_index() } else { index };
        let next = self.next_index[at];
        if index > self.match_index[at] {
            self.match_index[at] = index;
            self.is_past(at, index);
            self.advance_commit(cx, fx);
        }
        let agreed = self.match_index.get(at).copied().unwrap_or(0) + 1;
        if let Some(slot) = self.next_index.get_mut(at) {
            *slot = if cx.params.pipeline { next.max(agreed) } else { agreed };
        }
    }

    fn back_up(&mut self, cx: &Know<'_>, from: NodeId, m: &AppendEntriesReply, fx: &mut Do<'_>) {
        let at = place(cx.cast, from);
        // A late refusal of something it has long agreed to.
        if m.prev_log_index <= self.match_index[at] {
            return;
        }
        let hinted = self.hinted(m).min(m.prev_log_index).max(self.match_index[at] + 1);
        self.next_index[at] = hinted;
        fx.explain(Why::BackedUp { follower: from, next: hinted, index: m.prev_log_index });
        self.replicate(cx, from, fx);
    }

    fn hinted(&self, m: &AppendEntriesReply) -> Index {
        let ours = m.conflict_term.and_then(|t| self.log.last_of_term(t, m.prev_log_index));
        ours.map(|i| i + 1).or(m.conflict_index).unwrap_or(m.prev_log_index).max(1)
    }

    // ---------------------------------------------------------------- committing

    /// Commit what a majority has on disk, if it is of this term.
    pub fn advance_commit(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let n = self.on_majority(cx);
        if n <= self.commit_index {
            return;
        }
        let of_term = self.log.term_at(n).unwrap_or(0);
        if of_term == self.current_term || cx.bug("commit-prior-term") {
            self.commit(cx, n, fx);
        } else if n > self.lead.waits {
            self.lead.waits = n;
            let (on, of) = self.copies(n);
            fx.explain(Why::Waits { index: n, of_term, term: self.current_term, on, of });
        }
    }

    /// The highest index that a majority has.
    fn on_majority(&self, cx: &Know<'_>) -> Index {
        let mut sorted = [0; MOST];
        let n = self.match_index.len().min(MOST);
        sorted[..n].copy_from_slice(&self.match_index[..n]);
        few::sort(&mut sorted[..n]);
        sorted[..n]
            .get(n.wrapping_sub(majority(cx)))
            .copied()
            .unwrap_or(0)
            .min(self.log.last_index())
    }

    fn copies(&self, index: Index) -> (u64, u64) {
        let on = self.match_index.iter().filter(|m| **m >= index).count();
        (on as u64, self.match_index.len() as u64)
    }

    fn commit(&mut self, cx: &Know<'_>, index: Index, fx: &mut Do<'_>) {
        let from = self.commit_index + 1;
        let (on, of) = self.copies(index);
        let term = self.log.term_at(index).unwrap_or(0);
        self.commit_index = index;
        fx.explain(Why::Committed { index, from, term, leads: self.current_term, on, of });
        let done = self.lead.appended.iter().take_while(|(i, _)| *i <= index).count();
        for (_, at) in self.lead.appended.drain(..done) {
            fx.meter("commit-latency", cx.mono.saturating_sub(at) as i64);
        }
        self.apply_committed(cx, fx);
        self.release_reads(cx, fx);
    }

    // ---------------------------------------------------------------- quorum

    /// Servers heard within an election timeout, itself included.
    pub fn heard_lately(&self, cx: &Know<'_>) -> usize {
        let window = self.election_range(cx).1;
        let me = place(cx.cast, cx.me);
        let lately = |(at, t): (usize, &Us)| at == me || cx.mono.saturating_sub(*t) <= window;
        self.lead.contact.iter().enumerate().filter(|c| lately(*c)).count()
    }

    fn has_lost_its_quorum(&self, cx: &Know<'_>) -> bool {
        let led = cx.mono.saturating_sub(self.lead.since);
        cx.params.checkquorum
            && led >= self.election_range(cx).1
            && self.heard_lately(cx) < majority(cx)
    }

    // ---------------------------------------------------------------- following

    /// Hear a leader of the own term: whoever wanted to lead gives way.
    pub fn hear_leader(&mut self, cx: &Know<'_>, leader: NodeId, fx: &mut Do<'_>) {
        if self.role != Role::Follower {
            self.step_down(cx, Because::Leader, self.current_term, leader, fx);
        }
        self.leader_id = Some(leader);
        (self.heard, self.silent_since) = (Some(cx.mono), cx.mono);
        self.await_leader(cx, fx);
    }

    pub fn append_entries(&mut self, cx: &Know<'_>, m: &AppendEntries, fx: &mut Do<'_>) {
        let stale = m.term < self.current_term;
        if stale && !cx.bug("accept-stale-term") {
            return self.reply_append(cx, m, self.current_term, Err((None, None)), fx);
        }
        if !stale {
            if self.role == Role::Leader {
                return; // its own term, another leader: Election Safety says it cannot be
            }
            self.hear_leader(cx, m.leader_id, fx);
        }
        let verdict = self.take_entries(cx, m, fx);
        self.reply_append(cx, m, m.term, verdict, fx);
    }

    /// Rules 2 to 5 of the receiver in figure 2. A refusal carries the hint.
    fn take_entries(
        &mut self,
        cx: &Know<'_>,
        m: &AppendEntries,
        fx: &mut Do<'_>,
    ) -> Result<Index, (Option<Term>, Option<Index>)> {
        let prev = m.prev_log_index;
        if !self.log.holds(prev, m.prev_log_term) && !cx.bug("no-prev-check") {
            return Err(self.hint(cx, m, fx));
        }
        let last_new = prev + m.entries.len() as Index;
        self.store(cx, m, fx);
        let known = if cx.bug("commit-unbounded") {
            m.leader_commit
        } else {
            m.leader_commit.min(last_new)
        };
        self.learn_commit(cx, known, fx);
        Ok(last_new)
    }

    /// Keep what agrees, cut off what conflicts, append what is missing. An old, shorter message
    /// agrees with everything and must cut off nothing.
    fn store(&mut self, cx: &Know<'_>, m: &AppendEntries, fx: &mut Do<'_>) {
        let held = |e: &&Entry| self.log.holds(e.index, e.term);
        let agreeing = m.entries.iter().take_while(held).count();
        let fresh = &m.entries[agreeing..];
        let cut_at = m.prev_log_index + agreeing as Index + 1;
        let beyond = cut_at <= self.log.last_index();
        let conflict = beyond && (!fresh.is_empty() || cx.bug("truncate-always"));
        if conflict {
            self.cut_log(cx, cut_at, fx);
        }
        let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else { return };
        let (from, index, term) = (first.index, last.index, last.term);
        let entries = if agreeing == 0 { m.entries.clone() } else { Entries::of(fresh.to_vec()) };
        self.extend_log(cx, entries, fx);
        fx.explain(Why::Appended { index, from, term });
    }

    fn hint(
        &self,
        cx: &Know<'_>,
        m: &AppendEntries,
        fx: &mut Do<'_>,
    ) -> (Option<Term>, Option<Index>) {
        let prev = m.prev_log_index;
        let have = self.log.term_at(prev);
        let index = match have {
            None => self.log.last_index() + 1,
            Some(_) => self.log.first_of_term(prev),
        };
        let hint = if cx.params.hints { index } else { prev };
        fx.explain(Why::Conflict { index: prev, term: m.prev_log_term, have, hint });
        if cx.params.hints { (have, Some(index)) } else { (None, None) }
    }

    fn reply_append(
        &mut self,
        cx: &Know<'_>,
        m: &AppendEntries,
        term: Term,
        verdict: Result<Index, (Option<Term>, Option<Index>)>,
        fx: &mut Do<'_>,
    ) {
        let (conflict_term, conflict_index) = verdict.err().unwrap_or((None, None));
        let reply = AppendEntriesReply {
            term,
            success: verdict.is_ok(),
            prev_log_index: m.prev_log_index,
            match_index: verdict.unwrap_or(0),
            conflict_term,
            conflict_index,
            round: m.round,
        };
        self.promise(cx, m.leader_id, Msg::AppendEntriesReply(reply), fx);
    }

    pub fn learn_commit(&mut self, cx: &Know<'_>, known: Index, fx: &mut Do<'_>) {
        if known > self.commit_index {
            let from = self.commit_index + 1;
            self.commit_index = known;
            self.arriving.take_if(|a| a.index <= known);
            fx.explain(Why::Learned { index: known, from });
            self.apply_committed(cx, fx);
        }
        self.act_on_uncommitted(cx, fx);
    }
}
