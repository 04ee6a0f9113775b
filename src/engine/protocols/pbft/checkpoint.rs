//! Checkpoints (§4.3): what enough replicas have proved to be the state may be forgotten how it came about.

use std::rc::Rc;

use super::Hand;
use super::log::proves;
use super::msg::*;
use super::replica::Replica;
use super::why::Why;
use crate::few::Nodes;
use crate::ids::NodeId;
use crate::protocol::Signed;

impl Replica {
    /// Every K-th execution.
    pub fn take_checkpoint(&mut self, h: &mut Hand) {
        let n = self.last_executed;
        self.states.put(n, self.app.clone());
        let mine = h.sign(Checkpoint { n, d: self.app.digest(), i: h.cx.me });
        h.explain(Why::Checkpointed { n });
        h.all(Msg::Checkpoint(mine));
        if h.bug("gc-without-stable") {
            self.log.forget(n);
        }
        self.count(h, mine);
    }

    pub fn checkpoint(&mut self, h: &mut Hand, from: NodeId, c: &Signed<Checkpoint>) {
        if c.signer() == from && c.body().i == from {
            self.count(h, *c);
        }
    }

    /// Enough that match make it stable.
    fn count(&mut self, h: &mut Hand, c: Signed<Checkpoint>) {
        let n = c.body().n;
        if n <= self.h || self.checkpoints.contains(&c) {
            return;
        }
        self.checkpoints.push(c);
        let same = |o: &&Signed<Checkpoint>| o.body().n == n && o.body().d == c.body().d;
        let proof: Proof = self.checkpoints.iter().filter(same).copied().collect();
        if proves(&proof, n, h.quorum()) {
            let by: Nodes = proof.iter().map(Signed::signer).collect();
            h.explain(Why::Stable { n, by: by.list().to_vec() });
            self.stable(h, n, proof);
            self.settle(h);
        }
    }

    /// The window moves; whoever has not come so far asks for the state.
    pub fn stable(&mut self, h: &mut Hand, n: SeqNo, proof: Proof) {
        (self.h, self.proof, self.n) = (n, proof, self.n.max(n));
        self.log.forget(n);
        self.checkpoints.retain(|c| c.body().n > n);
        self.states.retain(|s| s >= n);
        // A window of what is past stays, for whoever looks on.
        let window = h.cx.params.window;
        self.executed.retain(|e| e + window > n);
        self.forget_requests();
        if self.last_executed < n {
            h.explain(Why::Behind { n, last: self.last_executed });
            self.ask_all(h);
        }
        self.watch(h);
        if self.leads() {
            self.propose(h);
        }
    }

    /// Requests that nothing in the log speaks of any more.
    fn forget_requests(&mut self) {
        let (app, orders) = (self.app.clone(), self.log.orders());
        self.requests.retain(|m| {
            let id = m.body().id();
            !app.is_past(id) || orders.iter().any(|o| o.d == Some(id))
        });
    }

    /// The state at a checkpoint, from one who has it: the proof is of many.
    pub fn state(&mut self, h: &mut Hand, from: NodeId, state: &Rc<State>) {
        let n = state.n;
        let fits = state.c.first().is_some_and(|c| c.body().d == state.app.digest());
        if n <= self.last_executed || !fits || !proves(&state.c, n, h.quorum()) {
            return;
        }
        (self.last_executed, self.app, self.tentative) = (n, state.app.clone(), None);
        self.states.put(n, self.app.clone());
        h.explain(Why::Transferred { n, from });
        if n > self.h {
            self.stable(h, n, state.c.clone());
        }
        self.advanced(h);
        self.settle(h);
    }
}
