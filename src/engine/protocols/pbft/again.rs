//! Asking and telling again, for whoever was cut off or came late. Silent while nothing is late.

use std::rc::Rc;

use super::Hand;
use super::Timer;
use super::log::Phase;
use super::msg::*;
use super::replica::{Replica, Told};
use super::why::Why;
use crate::ids::NodeId;

impl Replica {
    pub fn ask(&mut self, h: &mut Hand) {
        if let Some(mine) = self.changes.get(h.cx.me).filter(|_| self.in_view_change) {
            h.all(Msg::ViewChange(mine.clone()));
        }
        let oldest = self.waiting.iter().map(|w| w.since).min();
        let late = oldest.is_some_and(|since| since + h.cx.params.resend <= h.cx.mono);
        if late || self.in_view_change || self.last_executed < self.h {
            h.explain(Why::Asked { v: self.v, last: self.last_executed });
            self.ask_all(h);
        }
        h.arm(Timer::Status, h.cx.params.resend);
    }

    pub fn ask_all(&self, h: &mut Hand) {
        h.all(Msg::Status { v: self.v, changing: self.in_view_change, n: self.last_executed });
    }

    /// Tell the asker what it may have missed.
    pub fn answer_status(&mut self, h: &mut Hand, from: NodeId, v: View, changing: bool, n: SeqNo) {
        let ahead = |mine: View| mine > v || mine == v && changing;
        if let Some(mine) = self.changes.get(h.cx.me).filter(|c| ahead(c.body().v)) {
            h.send(from, Msg::ViewChange(mine.clone()));
        }
        let mine = |new: &&Rc<NewView>| h.primary(new.v) == h.cx.me && ahead(new.v);
        if let Some(new) = self.new_view.as_ref().filter(mine) {
            h.send(from, Msg::NewView(new.clone()));
        }
        if !changing {
            self.repeat_votes(h, from, v, n);
        }
        self.tell_executed(h, from, n);
    }

    /// Its own votes in a view, as they were sent, even if it has moved on.
    fn repeat_votes(&self, h: &mut Hand, to: NodeId, v: View, n: SeqNo) {
        for e in self.log.iter() {
            let (vote, o) = (e.vote, e.vote.body());
            if o.v != v || o.n <= n || vote.signer() != h.cx.me {
                continue;
            }
            let m = o.d.and_then(|id| self.body(id).cloned());
            h.send(
                to,
                match e.phase {
                    Phase::PrePrepare => Msg::PrePrepare(PrePrepare { order: vote, m }),
                    Phase::Prepare => Msg::Prepare(vote),
                    Phase::Commit => Msg::Commit(vote),
                },
            );
        }
    }

    fn tell_executed(&self, h: &mut Hand, to: NodeId, n: SeqNo) {
        if let Some(app) = self.states.get(self.h).filter(|_| n < self.h) {
            let state = State { n: self.h, app: app.clone(), c: self.proof.clone() };
            h.send(to, Msg::State(Rc::new(state)));
        }
        for (m, d) in self.executed.iter().filter(|(m, _)| *m > n.max(self.h)) {
            h.send(to, Msg::Executed { n: *m, d: *d });
        }
    }

    /// f + 1 that say the same have one honest among them.
    pub fn told(&mut self, h: &mut Hand, by: NodeId, n: SeqNo, d: Digest) {
        if n <= self.last_executed || n > self.last_executed + h.cx.params.window {
            return;
        }
        self.told.retain(|t| (t.by, t.n) != (by, n));
        self.told.push(Told { by, n, d });
        if !self.can_execute(d) {
            h.send(by, Msg::Fetch { d });
        }
        self.settle(h);
    }

    pub fn fetch(&mut self, h: &mut Hand, from: NodeId, d: Digest) {
        if let Some(m) = d.and_then(|id| self.body(id)) {
            h.send(from, Msg::Request(m.clone()));
        }
    }
}
