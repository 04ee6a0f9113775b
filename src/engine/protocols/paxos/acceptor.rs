//! An acceptor: it promises, and accepts what its promises allow. Both are on disk before it says so.

use serde::Serialize;

use super::msg::{Ballot, Msg};
use super::why::{Asked, Why};
use super::{Disk, Do, Know, Node, Record};
use crate::ids::NodeId;
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Acceptor {
    /// It accepts nothing below this ballot.
    pub promised: Ballot,
    /// The newest it has accepted.
    pub accepted: Option<(Ballot, Value)>,
}

impl Acceptor {
    pub fn boot(disk: &Disk) -> Acceptor {
        Acceptor { promised: disk.promised, accepted: disk.accepted.clone() }
    }

    /// The newest pair it has accepted, apart.
    fn report(&self) -> (Option<Ballot>, Option<Value>) {
        (self.accepted.as_ref().map(|(b, _)| *b), self.accepted.as_ref().map(|(_, v)| v.clone()))
    }

    pub fn explain_recovery(&self, fx: &mut Do<'_>) {
        let (accepted, value) = self.report();
        fx.explain(Why::Recovered { promised: self.promised, accepted, value });
    }

    fn refuse(&self, cx: &Know<'_>, to: NodeId, b: Ballot, asked: Asked, fx: &mut Do<'_>) {
        let promised = self.promised;
        fx.explain(Why::Refused { ballot: b, promised, proposer: to, asked });
        if cx.params.nack {
            fx.once_saved(|fx| fx.send(to, Msg::Nack { b, promised }));
        }
    }

    /// Say once more what it has accepted: to its proposer, who may have missed it, or to who asks.
    pub fn repeat(&self, to: NodeId, fx: &mut Do<'_>) {
        if let Some((b, v)) = self.accepted.clone() {
            fx.once_saved(|fx| fx.send(to, Msg::Accepted { b, v }));
        }
    }
}

impl Node {
    /// 1a arrives. The same ballot again is a duplicate: it is answered again.
    pub fn prepared(&mut self, cx: &Know<'_>, from: NodeId, b: Ballot, fx: &mut Do<'_>) {
        let Some(a) = &mut self.acceptor else { return };
        if b < a.promised {
            return a.refuse(cx, from, b, Asked::Prepare, fx);
        }
        let (ab, av) = a.report();
        let why = if b > a.promised {
            let (was, accepted, value) = (a.promised, ab, av.clone());
            a.promised = b;
            let written = !cx.bug("forget-promise");
            if written {
                fx.save(Record::Promise { b });
            }
            Why::Promised { ballot: b, proposer: from, was, accepted, value, written }
        } else {
            Why::Repeated { ballot: b, proposer: from }
        };
        fx.once_saved(|fx| {
            fx.explain(why);
            fx.send(from, Msg::Promise { b, ab, av });
        });
    }

    /// 2a arrives: accepted unless a higher ballot has its promise.
    pub fn accept(&mut self, cx: &Know<'_>, from: NodeId, b: Ballot, v: &Value, fx: &mut Do<'_>) {
        let Some(a) = &mut self.acceptor else { return };
        if b < a.promised && !cx.bug("accept-any") {
            return a.refuse(cx, from, b, Asked::Accept, fx);
        }
        let pair = Some((b, v.clone()));
        if a.accepted != pair {
            (a.promised, a.accepted) = (a.promised.max(b), pair);
            fx.save(Record::Accept { b, v: v.clone() });
            let why = Why::Accepted { ballot: b, value: v.clone(), proposer: from };
            fx.once_saved(|fx| fx.explain(why));
        }
        let learners = who_learns(cx, from);
        fx.once_saved(|fx| {
            learners.for_each(|l| fx.send(l, Msg::Accepted { b, v: v.clone() }));
        });
    }
}

/// The proposer and the learners; with `learning=all` every peer.
fn who_learns(cx: &Know<'_>, proposer: NodeId) -> impl Iterator<Item = NodeId> {
    let (p, all) = (cx.params.clone(), cx.params.learn_all);
    let learns = move |n: NodeId| !p.proposes(n) && !p.accepts(n) || all && p.is_peer(n);
    cx.cast.all().filter(move |n| *n == proposer || learns(*n))
}
