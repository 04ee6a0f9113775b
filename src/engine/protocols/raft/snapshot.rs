//! Snapshots: the state in place of the entries that made it (§7, dissertation chapter 5).
//!
//! Only what is applied is compacted, and only what is committed is applied. The snapshot is written
//! before the entries go. A follower that needs entries nobody has any more gets the snapshot instead; one
//! that is further already puts it aside, and one whose log agrees at its end keeps what follows.

use std::rc::Rc;

use super::log::Log;
use super::machine::Snapshot;
use super::msg::*;
use super::server::{Role, Server};
use super::why::Why;
use super::{Do, Know, Record, place};
use crate::ids::NodeId;

/// Let the log begin behind a snapshot: keep what follows it, or begin anew.
pub fn trim(log: &mut Log, s: &Snapshot, keep: bool) {
    if keep {
        log.compact(s.last_included_index, s.last_included_term);
    } else {
        log.restart_at(s.last_included_index, s.last_included_term);
    }
}

impl Server {
    /// Take a snapshot, if enough was applied since the last one.
    pub fn compact(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let since = self.last_applied.saturating_sub(self.log.base());
        if cx.params.compact == 0 || since < cx.params.compact {
            return;
        }
        let index = self.last_applied;
        let Some(term) = self.log.term_at(index) else { return };
        let machine = if cx.bug("snap-no-sessions") {
            self.machine.without_answers()
        } else {
            self.machine.clone()
        };
        self.snapshot =
            Rc::new(Snapshot { last_included_index: index, last_included_term: term, machine });
        fx.save(Record::Snapshot { snapshot: self.snapshot.clone(), keep: true });
        self.log.compact(index, term);
        fx.explain(Why::Compacted { index, dropped: since });
    }

    /// The deliberate mistake `snap-uncommitted`: to apply and compact whatever is in the log.
    pub fn act_on_uncommitted(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let long = self.log.last_index() - self.log.base() >= cx.params.compact;
        if !cx.bug("snap-uncommitted") || cx.params.compact == 0 || !long {
            return;
        }
        let committed = self.commit_index;
        self.commit_index = self.log.last_index();
        self.apply_committed(cx, fx);
        self.commit_index = committed;
    }

    /// One snapshot at a time is on its way to a follower; after a heartbeat's time it is sent again.
    pub fn send_snapshot(&mut self, cx: &Know<'_>, to: NodeId, fx: &mut Do<'_>) {
        let at = place(cx.cast, to);
        let (index, next) = (self.snapshot.last_included_index, self.next_index[at]);
        let before = self.lead.installing[at];
        if before.is_some_and(|(t, _)| cx.mono < t + cx.params.heartbeat) {
            return;
        }
        self.lead.installing[at] = Some((cx.mono, index));
        if before.is_none_or(|(_, i)| i != index) {
            fx.explain(Why::SentSnapshot { follower: to, index, next });
        }
        let m = InstallSnapshot {
            term: self.current_term,
            leader_id: cx.me,
            last_included_index: index,
            last_included_term: self.snapshot.last_included_term,
            data: self.snapshot.clone(),
        };
        fx.send(to, Msg::InstallSnapshot(m));
    }

    pub fn install_snapshot(&mut self, cx: &Know<'_>, m: &InstallSnapshot, fx: &mut Do<'_>) {
        if m.term == self.current_term {
            if self.role == Role::Leader {
                return;
            }
            self.hear_leader(cx, m.leader_id, fx);
            self.install(cx, m, fx);
        }
        let last_included_index = m.last_included_index;
        let reply = InstallSnapshotReply { term: self.current_term, last_included_index };
        self.promise(cx, m.leader_id, Msg::InstallSnapshotReply(reply), fx);
    }

    fn install(&mut self, cx: &Know<'_>, m: &InstallSnapshot, fx: &mut Do<'_>) {
        let (index, term) = (m.last_included_index, m.last_included_term);
        if index <= self.commit_index && !cx.bug("snap-rollback") {
            return fx.explain(Why::Outdated { index, commit: self.commit_index });
        }
        let agrees = self.log.term_at(index) == Some(term);
        let keep = agrees && !cx.bug("snap-discards-suffix");
        trim(&mut self.log, &m.data, keep);
        if !keep {
            self.forget_saving_from(index + 1);
        }
        self.durable = self.durable.max(index);
        self.snapshot = m.data.clone();
        self.machine = m.data.machine.clone();
        (self.commit_index, self.last_applied) = (index, index);
        fx.save(Record::Snapshot { snapshot: m.data.clone(), keep });
        fx.explain(Why::Installed { index, kept: self.log.len() as u64 });
        self.serve_asked(cx, fx);
    }

    pub fn snapshot_reply(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        m: &InstallSnapshotReply,
        fx: &mut Do<'_>,
    ) {
        if self.role != Role::Leader || m.term != self.current_term {
            return;
        }
        let at = place(cx.cast, from);
        self.lead.contact[at] = cx.mono;
        self.lead.installing[at] = None;
        if m.last_included_index > self.match_index[at] {
            self.match_index[at] = m.last_included_index;
            self.next_index[at] = m.last_included_index + 1;
            self.advance_commit(cx, fx);
            if self.role == Role::Leader && self.next_index[at] <= self.log.last_index() {
                self.replicate(cx, from, fx);
            }
        }
    }
}
