//! Changing the view (§4.4): another primary, who may not undo what any honest replica has executed.
//!
//! A view change shows what its sender has prepared. Whatever is committed anywhere honest has been prepared
//! by f + 1 honest replicas; any 2f + 1 view changes hold one of theirs; so it is shown, and the new primary
//! must ask for it again under the same number. Everybody can compute what the new primary must ask for.

use std::rc::Rc;

use super::Hand;
use super::log::{Phase, proves};
use super::msg::*;
use super::replica::Replica;
use super::why::Why;
use crate::few::Nodes;
use crate::ids::{NodeId, Span};
use crate::protocol::Signed;

/// What a set of view changes leads to.
pub struct Outcome {
    /// The highest stable checkpoint among them.
    pub low: SeqNo,
    pub proof: Proof,
    pub o: Vec<Kept>,
}

/// A number of the new view.
pub struct Kept {
    pub n: SeqNo,
    /// Prepared in this view; none: nowhere, so nothing is done under this number.
    pub of: Option<Vote>,
}

impl Replica {
    /// What it waits for takes too long.
    pub fn expire(&mut self, h: &mut Hand) {
        let (waited, began) = (Span(self.patience(h.cx) as i64), !self.in_view_change);
        let v = self.v + 1;
        let (waiting, led) = (self.waiting.len() as u64, self.leads());
        h.explain(Why::ViewChanged { v, waited, began, waiting, led });
        self.leave(h, v);
    }

    /// Stop taking part in the view, and ask for another.
    fn leave(&mut self, h: &mut Hand, v: View) {
        (self.v, self.in_view_change) = (v, true);
        if !h.bug("no-timer-doubling") {
            self.j += 1;
        }
        self.stop_timing(h);
        let p = if h.bug("vc-no-certs") { vec![] } else { self.certs(h) };
        let change = ViewChange { v, n: self.h, c: self.proof.clone(), p, i: h.cx.me };
        let change = Rc::new(h.sign(change));
        self.changes.put(h.cx.me, change.clone());
        h.all(Msg::ViewChange(change));
        self.watch(h);
        self.weigh(h);
    }

    /// P: of each number above h what is prepared, in the highest view.
    fn certs(&self, h: &Hand) -> Vec<Cert> {
        let mut p: Vec<Cert> = vec![];
        for o in self.log.orders() {
            let Some(cert) = self.log.cert(&o, h.quorum() - 1) else { continue };
            if !cert.is_valid(h.cx.params, h.quorum() - 1) {
                continue;
            }
            match p.iter().position(|c| c.pre.body().n == o.n) {
                Some(at) if p[at].pre.body().v < o.v => p[at] = cert,
                Some(_) => {}
                None => p.push(cert),
            }
        }
        p
    }

    pub fn view_change(&mut self, h: &mut Hand, from: NodeId, change: &Change) {
        let newer = self.changes.get(from).is_none_or(|had| had.body().v < change.body().v);
        if change.signer() == from && newer && is_valid(h, change) {
            self.changes.put(from, change.clone());
            self.weigh(h);
        }
    }

    /// Join others, wait for the new primary, or be it.
    pub fn weigh(&mut self, h: &mut Hand) {
        let ahead: Vec<_> = self.changes.iter().filter(|(_, c)| c.body().v > self.v).collect();
        let first = ahead.iter().map(|(_, c)| c.body().v).min();
        let by: Vec<NodeId> = ahead.iter().map(|(i, _)| *i).collect();
        if let Some(v) = first.filter(|_| by.len() > h.cx.params.f && !h.bug("no-join-rule")) {
            h.explain(Why::Joined { v, by });
            return self.leave(h, v);
        }
        let same = self.changes.values().filter(|c| c.body().v == self.v);
        let all: Vec<Change> = same.cloned().collect();
        if self.in_view_change && all.len() >= h.quorum() {
            self.start_timing(h);
            if h.primary(self.v) == h.cx.me {
                self.begin(h, all);
            }
        }
    }

    /// As its primary, begin the view.
    fn begin(&mut self, h: &mut Hand, changes: Vec<Change>) {
        let v = self.v;
        let out = outcome(h, &changes);
        let of = changes.iter().map(|c| c.signer()).collect();
        h.explain(Why::NewView { v, of, low: out.low, kept: out.o.len() as u64 });
        let mut o = vec![];
        for kept in &out.o {
            h.explain(match kept.of {
                Some(Vote { v: from, d, .. }) => {
                    Why::Kept { v, n: kept.n, d, from, highest: !h.bug("o-lowest-view") }
                }
                None => Why::NullFilled { v, n: kept.n },
            });
            o.push(h.sign(Vote { v, n: kept.n, d: kept.of.and_then(|of| of.d), i: h.cx.me }));
        }
        let new = Rc::new(NewView { v, changes, o });
        h.all(Msg::NewView(new.clone()));
        self.enter(h, &new, out);
    }

    /// A backup believes nothing of a new view that it cannot compute.
    pub fn new_view(&mut self, h: &mut Hand, from: NodeId, new: &Rc<NewView>) {
        let v = new.v;
        if v < self.v || self.listens(v) || from != h.primary(v) || from == h.cx.me {
            return;
        }
        let out = outcome(h, &new.changes);
        if is_proved(h, new) && is_as_computed(from, new, &out) {
            h.explain(Why::Entered { v, primary: from });
            self.enter(h, new, out);
        } else if v == self.v {
            h.explain(Why::Rejected { v, primary: from });
            self.leave(h, v + 1);
        }
    }

    fn enter(&mut self, h: &mut Hand, new: &Rc<NewView>, out: Outcome) {
        // Until O is in the log nothing else may be numbered.
        (self.v, self.in_view_change, self.new_view) = (new.v, true, Some(new.clone()));
        self.stop_timing(h);
        if out.low > self.h {
            self.stable(h, out.low, out.proof);
        }
        self.n = self.h.max(out.low + out.o.len() as u64);
        for order in new.o.iter().filter(|o| o.body().n > self.h) {
            self.log.add(Phase::PrePrepare, *order);
            let d = order.body().d;
            if !self.can_execute(d) {
                h.explain(Why::Fetched { d });
                h.all(Msg::Fetch { d });
            }
        }
        let next = self.log.order(self.v, self.last_executed + 1).and_then(|o| o.d);
        if self.tentative.as_ref().is_some_and(|(d, _)| *d != next) {
            self.undo(h, Some(self.v));
        }
        self.in_view_change = false;
        if !self.waiting.is_empty() {
            self.start_timing(h);
        }
        self.hand_over(h);
        self.watch(h);
        self.settle(h);
    }

    /// What it still waits for goes to the new primary.
    fn hand_over(&mut self, h: &mut Hand) {
        if self.leads() {
            return self.propose(h);
        }
        let primary = h.primary(self.v);
        for w in &self.waiting {
            if let Some(m) = self.body(w.id) {
                h.send(primary, Msg::Request(m.clone()));
            }
        }
    }
}

/// Its checkpoint is proved, and what it calls prepared is.
fn is_valid(h: &Hand, change: &Change) -> bool {
    let c = change.body();
    let (quorum, window) = (h.quorum(), h.cx.params.window);
    let cert = |p: &Cert| {
        let o = p.pre.body();
        o.v < c.v && o.n > c.n && o.n <= c.n + window && p.is_valid(h.cx.params, quorum - 1)
    };
    c.i == change.signer() && (c.n == 0 || proves(&c.c, c.n, quorum)) && c.p.iter().all(cert)
}

/// V are valid view changes for this view, of enough replicas.
fn is_proved(h: &Hand, new: &NewView) -> bool {
    let by: Nodes = new.changes.iter().map(|c| c.signer()).collect();
    let good = |c: &Change| c.body().v == new.v && is_valid(h, c);
    by.len() >= h.quorum() && new.changes.iter().all(good)
}

/// O is what anybody computes from V, and signed by the primary.
fn is_as_computed(from: NodeId, new: &NewView, out: &Outcome) -> bool {
    let same = |(o, kept): (&Signed<Vote>, &Kept)| {
        let d = kept.of.and_then(|of| of.d);
        o.signer() == from && *o.body() == Vote { v: new.v, n: kept.n, d, i: from }
    };
    new.o.len() == out.o.len() && new.o.iter().zip(&out.o).all(same)
}

/// O, as the paper computes it: from min-s, the highest stable checkpoint, to max-s, the highest number
/// prepared; of each what was prepared in the highest view.
fn outcome(h: &Hand, changes: &[Change]) -> Outcome {
    let mut out = Outcome { low: 0, proof: vec![], o: vec![] };
    for c in changes.iter().map(|c| c.body()).filter(|c| c.n > 0) {
        if c.n > out.low {
            (out.low, out.proof) = (c.n, c.c.clone());
        }
    }
    let certs = || changes.iter().flat_map(|c| &c.body().p).map(|p| *p.pre.body());
    let high = certs().map(|o| o.n).max().unwrap_or(0);
    for n in out.low + 1..=high {
        let here = certs().filter(|o| o.n == n);
        let of = if h.bug("o-lowest-view") {
            here.min_by_key(|o| o.v)
        } else {
            here.max_by_key(|o| o.v)
        };
        out.o.push(Kept { n, of });
    }
    out
}
