//! The log of a replica: what was said about who comes n-th, and what of it may be believed.
//!
//! One list of signed votes, each once, of every view and number above the last stable checkpoint. The
//! paper's predicates count in it; nothing else is remembered about a request on its way.

use serde::Serialize;

use super::Params;
use super::msg::*;
use crate::few::Nodes;
use crate::ids::NodeId;
use crate::protocol::Signed;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Phase {
    PrePrepare,
    Prepare,
    Commit,
}

#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub phase: Phase,
    pub vote: Signed<Vote>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Log(Vec<Entry>);

impl Log {
    /// True if it was not there: a copy changes nothing.
    pub fn add(&mut self, phase: Phase, vote: Signed<Vote>) -> bool {
        let new = !self.0.iter().any(|e| e.phase == phase && e.vote == vote);
        if new {
            self.0.push(Entry { phase, vote });
        }
        new
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.0.iter()
    }

    /// The pre-prepares, those of newer views later.
    pub fn orders(&self) -> Vec<Vote> {
        let orders = self.0.iter().filter(|e| e.phase == Phase::PrePrepare);
        orders.map(|e| *e.vote.body()).collect()
    }

    /// What is accepted as n-th in a view.
    pub fn order(&self, v: View, n: SeqNo) -> Option<Vote> {
        self.orders().into_iter().find(|o| o.v == v && o.n == n)
    }

    /// Who says the same as this vote, as this phase; for `d` itself only if it is to be compared.
    pub fn who(&self, phase: Phase, like: &Vote, compare: bool) -> Nodes {
        let same = |e: &&Entry| e.phase == phase && like.is_matched_by(e.vote.body(), compare);
        self.0.iter().filter(same).map(|e| e.vote.signer()).collect()
    }

    pub fn has(&self, phase: Phase, like: &Vote, by: NodeId) -> bool {
        self.who(phase, like, true).has(by)
    }

    /// prepared(m, v, n, i), as the certificate that proves it to others.
    pub fn cert(&self, order: &Vote, prepares: usize) -> Option<Cert> {
        let of = |phase| {
            let same =
                move |e: &&Entry| e.phase == phase && order.is_matched_by(e.vote.body(), true);
            self.0.iter().filter(same).map(|e| e.vote)
        };
        let pre = of(Phase::PrePrepare).next()?;
        let prepares: Vec<_> = of(Phase::Prepare).take(prepares).collect();
        Some(Cert { pre, prepares })
    }

    pub fn forget(&mut self, up_to: SeqNo) {
        self.0.retain(|e| e.vote.body().n > up_to);
    }
}

impl Vote {
    fn is_matched_by(&self, other: &Vote, compare: bool) -> bool {
        (self.v, self.n) == (other.v, other.n) && (!compare || self.d == other.d)
    }
}

impl Cert {
    /// Enough backups, each once, have prepared what the primary of that view asked for.
    pub fn is_valid(&self, params: &Params, prepares: usize) -> bool {
        let order = self.pre.body();
        let primary = params.primary(order.v);
        let good = |p: &&Signed<Vote>| {
            params.is_backup(order.v, p.signer()) && order.is_matched_by(p.body(), true)
        };
        let by: Nodes = self.prepares.iter().filter(good).map(Signed::signer).collect();
        self.pre.signer() == primary && by.len() >= prepares
    }
}

/// Signed checkpoints of one state at n, enough of them.
pub fn proves(proof: &Proof, n: SeqNo, quorum: usize) -> bool {
    let Some(first) = proof.first().map(Signed::body) else { return false };
    let same = |c: &&Signed<Checkpoint>| c.body().n == n && c.body().d == first.d;
    let by: Nodes = proof.iter().filter(same).map(Signed::signer).collect();
    by.len() >= quorum
}
