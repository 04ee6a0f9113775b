//! Snapshots: the state in place of the entries that made it (§7, dissertation chapter 5).
//!
//! Only what is applied is compacted, and only what is committed is applied. The snapshot is written
//! before the entries go. A follower that needs entries nobody has any more gets the snapshot instead; one
//! that is further already puts it aside, and one whose log agrees at its end keeps what follows.

use std::rc::Rc;

use serde::Serialize;

use super::log::Log;
use super::machine::{Machine, Snapshot};
use super::msg::*;
use super::server::{Role, Server};
use super::why::Why;
use super::{Do, Know, Record, place};
use crate::ids::{NodeId, Us};

/// Let the log begin behind a snapshot: keep what follows it, or begin anew.
pub fn trim(log: &mut Log, s: &Snapshot, keep: bool) {
    if keep {
        log.compact(s.last_included_index, s.last_included_term);
    } else {
        log.restart_at(s.last_included_index, s.last_included_term);
    }
}

/// A snapshot on its way to a follower.
#[derive(Clone, Debug)]
pub struct Installing {
    /// When a piece of it was last sent.
    pub sent: Us,
    pub snapshot: Rc<Snapshot>,
    /// Rows the follower has, as far as the leader knows.
    pub offset: usize,
}

/// A snapshot of which only the first rows are here.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Arriving {
    pub index: Index,
    pub term: Term,
    pub held: usize,
    #[serde(skip)]
    machine: Machine,
}

enum Gathered {
    Whole(Rc<Snapshot>),
    Part {
        part: Part,
        /// None for rows that were here already.
        why: Option<Why>,
    },
}

impl Snapshot {
    /// Some of its rows, and where they stand.
    fn piece(&self, offset: usize, most: usize) -> (Rc<Snapshot>, Option<Piece>) {
        let rows = Snapshot { machine: self.machine.rows(offset, most), ..self.clone() };
        let done = offset + most >= self.machine.len();
        (Rc::new(rows), Some(Piece { offset, done }))
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
        let before = self.lead.installing[at].take();
        if before.as_ref().is_some_and(|b| cx.mono < b.sent + cx.params.heartbeat) {
            self.lead.installing[at] = before;
            return;
        }
        let known = before.as_ref().map(|b| b.snapshot.last_included_index);
        // What a follower has pieces of is sent to its end, even if there is a newer one by then.
        let (snapshot, offset) = match before {
            Some(b) if b.offset > 0 => (b.snapshot, b.offset),
            _ => (self.snapshot.clone(), 0),
        };
        let index = snapshot.last_included_index;
        if known != Some(index) {
            let next = self.next_index[at];
            fx.explain(Why::SentSnapshot { follower: to, index, next });
        }
        self.send_rows(cx, to, Installing { sent: cx.mono, snapshot, offset }, fx);
    }

    /// All there is, or the next piece.
    fn send_rows(&mut self, cx: &Know<'_>, to: NodeId, from: Installing, fx: &mut Do<'_>) {
        let (data, piece) = match cx.params.piece {
            0 => (from.snapshot.clone(), None),
            most => from.snapshot.piece(from.offset, most),
        };
        let m = InstallSnapshot {
            term: self.current_term,
            leader_id: cx.me,
            last_included_index: data.last_included_index,
            last_included_term: data.last_included_term,
            data,
            piece,
        };
        self.lead.installing[place(cx.cast, to)] = Some(from);
        fx.send(to, Msg::InstallSnapshot(m));
    }

    pub fn install_snapshot(&mut self, cx: &Know<'_>, m: &InstallSnapshot, fx: &mut Do<'_>) {
        let mut part = None;
        // Nothing of it, where it is refused: who sent it may lead again by then, and would count on it.
        let mut last_included_index = 0;
        if m.term == self.current_term {
            if self.role == Role::Leader {
                return;
            }
            self.hear_leader(cx, m.leader_id, fx);
            last_included_index = m.last_included_index;
            match self.gather(cx, m) {
                Gathered::Whole(snapshot) => self.install(cx, snapshot, fx),
                Gathered::Part { part: is, why } => {
                    part = Some(is);
                    why.into_iter().for_each(|why| fx.explain(why));
                }
            }
        }
        let reply = InstallSnapshotReply { term: self.current_term, last_included_index, part };
        self.promise(cx, m.leader_id, Msg::InstallSnapshotReply(reply), fx);
    }

    /// Put a piece behind those that are there. Pieces are kept in memory until the last one is in: a
    /// crash loses them, and the leader begins anew.
    fn gather(&mut self, cx: &Know<'_>, m: &InstallSnapshot) -> Gathered {
        let outdated = m.last_included_index <= self.commit_index && !cx.bug("snap-rollback");
        let Some(piece) = m.piece.filter(|_| !outdated) else {
            return Gathered::Whole(m.data.clone());
        };
        let arriving = self.arriving.get_or_insert_default();
        if arriving.index != m.last_included_index || arriving.term != m.last_included_term {
            let (index, term) = (m.last_included_index, m.last_included_term);
            *arriving = Arriving { index, term, ..Arriving::default() };
        }
        let (index, offset) = (arriving.index, piece.offset);
        let fits = arriving.held == offset;
        if fits {
            arriving.machine.take_rows(&m.data.machine);
            arriving.held += m.data.machine.len();
        }
        if !(fits && piece.done) {
            let held = arriving.held;
            let why = match (fits, held as u64, offset as u64) {
                (true, held, _) => Some(Why::Gathered { index, held }),
                (false, held, offset) if held < offset => Some(Why::Gap { index, held, offset }),
                _ => None,
            };
            return Gathered::Part { part: Part { offset, held }, why };
        }
        let machine = std::mem::take(&mut arriving.machine);
        self.arriving = None;
        Gathered::Whole(Rc::new(Snapshot { machine, ..(*m.data).clone() }))
    }

    fn install(&mut self, cx: &Know<'_>, snapshot: Rc<Snapshot>, fx: &mut Do<'_>) {
        let (index, term) = (snapshot.last_included_index, snapshot.last_included_term);
        if index <= self.commit_index && !cx.bug("snap-rollback") {
            return fx.explain(Why::Outdated { index, commit: self.commit_index });
        }
        let agrees = self.log.term_at(index) == Some(term);
        let keep = agrees && !cx.bug("snap-discards-suffix");
        trim(&mut self.log, &snapshot, keep);
        if !keep {
            self.forget_saving_from(index + 1);
        }
        self.durable = self.durable.max(index);
        self.machine = snapshot.machine.clone();
        self.snapshot = snapshot.clone();
        (self.commit_index, self.last_applied) = (index, index);
        fx.save(Record::Snapshot { snapshot, keep });
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
        if let Some(part) = m.part {
            return self.go_on_behind(cx, from, m.last_included_index, part, fx);
        }
        self.is_past(at, m.last_included_index);
        if m.last_included_index > self.match_index[at] {
            self.match_index[at] = m.last_included_index;
            self.next_index[at] = m.last_included_index + 1;
            self.advance_commit(cx, fx);
            if self.role == Role::Leader && self.next_index[at] <= self.log.last_index() {
                self.replicate(cx, from, fx);
            }
        }
    }

    /// Whoever has this index needs no snapshot of it or of less.
    pub fn is_past(&mut self, at: usize, index: Index) {
        self.lead.installing[at].take_if(|b| b.snapshot.last_included_index <= index);
    }

    /// The next piece; or an earlier one, where a follower lost what it had. Only the answer to the piece
    /// sent last counts: others are late, or came twice.
    fn go_on_behind(
        &mut self,
        cx: &Know<'_>,
        to: NodeId,
        index: Index,
        part: Part,
        fx: &mut Do<'_>,
    ) {
        let begun = &self.lead.installing[place(cx.cast, to)];
        let answered = |b: &&Installing| {
            (b.snapshot.last_included_index, b.offset) == (index, part.offset)
                && part.held <= b.snapshot.machine.len()
        };
        if let Some(snapshot) = begun.as_ref().filter(answered).map(|b| b.snapshot.clone()) {
            self.send_rows(cx, to, Installing { sent: cx.mono, snapshot, offset: part.held }, fx);
        }
    }
}
