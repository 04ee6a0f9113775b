//! What must hold, judged by what clients were told, by what replicas hold, and by which message reached whom.
//!
//! Which write came after which no stamp can say; it is known here: a client's write comes after all that the
//! client has written and been shown, and after what that came after.

use super::card::*;
use super::merge::*;
use super::msg::*;
use super::replica::Replica;
use super::{EventualStore, Node, Params};
use crate::few::{Bits, Few};
use crate::ids::{MS, NodeId, OpId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

type See<'a> = Step<'a, EventualStore>;

#[derive(Clone, Default)]
pub struct Ghost {
    writes: Vec<Known>,
    asked: Few<OpId, Asked>,
    /// What an answer shows: a write, and all that it came after.
    shown: Few<OpId, Bits>,
    /// What each client has written and been shown.
    clients: Few<NodeId, Bits>,
    replicas: Few<NodeId, Seen>,
    /// When somebody last wrote, or came back.
    stirred: Us,
    /// The guard has refused something: replicas need not agree any more.
    refused: bool,
    divergence: i64,
    apart: Us,
}

#[derive(Clone)]
struct Asked {
    key: Value,
    /// What its client had written or been shown.
    knew: Bits,
}

#[derive(Clone)]
struct Known {
    item: Item,
    op: OpId,
    at: Us,
    /// What its writer had written or been shown.
    after: Bits,
    /// That, and what its replica had been told of.
    had: Bits,
    /// Counted as lost; or undone by a crash before anybody knew of it.
    lost: bool,
    gone: bool,
}

/// A replica as it was last seen.
#[derive(Clone, Default)]
struct Seen {
    store: Store,
    told: Bits,
    /// The greatest it was told of each key.
    best: Vec<(Value, Stamp)>,
    /// The newest delete of each key that it has held.
    buried: Vec<(Value, Stamp)>,
}

impl Ghost {
    pub fn judge(&mut self, s: &See<'_>, court: &mut Court) {
        if s.at_rest {
            return;
        }
        match s.me() {
            Node::Client(_) => self.client(s),
            Node::Replica(r) => self.replica(s, r, court),
        }
    }

    fn client(&mut self, s: &See<'_>) {
        let past = self.clients.slot(s.node);
        if let Happened::Request { op, call } = &s.happened {
            if call.verb != "move" {
                let key = call.key().cloned().unwrap_or(Value::Int(0));
                self.asked.put(*op, Asked { key, knew: past.clone() });
            }
            return;
        }
        for (op, _) in s.replied.iter().filter(|(_, out)| out.out == Out::Ok) {
            if let Some(shown) = self.shown.get(*op) {
                past.join(shown);
            }
        }
    }

    fn replica(&mut self, s: &See<'_>, r: &Replica, court: &mut Court) {
        self.collected(s);
        match &s.happened {
            Happened::Crash => return self.diverged(s, court),
            Happened::Start { .. } => self.started(s, r),
            Happened::Deliver { msg, .. } => self.delivered(s, r, msg, court),
            _ => {}
        }
        self.held(s, r, court);
        self.stays_deleted(s, r, court);
        self.answers(s);
        self.converged(s, court);
        self.diverged(s, court);
    }

    /// Tombstones whose grace was over when the step began are gone, and what was known with them.
    fn collected(&mut self, s: &See<'_>) {
        let seen = self.replicas.slot(s.node);
        while let Some(at) = seen.store.iter().position(|i| over(i, s.wall)) {
            let key = seen.store.remove(at).key;
            seen.best.retain(|(k, _)| *k != key);
        }
    }

    /// What its disk did not have yet, nobody has seen.
    fn started(&mut self, s: &See<'_>, r: &Replica) {
        self.stirred = self.stirred.max(s.now);
        for w in self.writes.iter_mut().filter(|w| w.item.stamp.node == s.node) {
            w.gone |= !r.ops.iter().any(|op| *op == w.op);
        }
        let best = r.store.iter().map(|i| (i.key.clone(), i.stamp)).collect();
        let mut told = Bits::default();
        for at in r.store.iter().filter_map(|i| self.of(i)) {
            told.join(&self.writes[at].had);
            told.add(at);
        }
        let before = self.replicas.take(s.node).unwrap_or_default();
        let buried = remembered(&before, &r.store, s.params.low);
        self.replicas.put(s.node, Seen { store: r.store.clone(), told, best, buried });
    }

    // ---------------------------------------------------------------- what it is told

    fn delivered(&mut self, s: &See<'_>, r: &Replica, msg: &Msg, court: &mut Court) {
        match msg {
            Msg::Put { op, key, val, .. } => {
                let new = r.ops.last() == Some(op) && !self.writes.iter().any(|w| w.op == *op);
                if new {
                    let item = self.written(s, r, *op, key, val, court);
                    self.told(s, r, &item, court);
                }
            }
            Msg::Replicate { items, .. } | Msg::DigestDiff { items, .. } => {
                for item in items.iter().filter(|i| !over(i, s.wall)) {
                    if ahead(item, s.wall, s.params.max_offset).is_some() {
                        self.refused = true;
                    } else {
                        self.told(s, r, item, court);
                    }
                }
            }
            _ => {}
        }
    }

    fn written(
        &mut self,
        s: &See<'_>,
        r: &Replica,
        op: OpId,
        key: &Value,
        val: &Option<Value>,
        court: &mut Court,
    ) -> Item {
        let stamp = Stamp { ts: r.last, node: s.node };
        let until = find(&r.store, key).filter(|i| i.stamp == stamp).and_then(|i| i.until);
        let item = Item { key: key.clone(), val: val.clone(), stamp, until };
        let twice = self.writes.iter().any(|w| !w.gone && w.item.stamp == stamp);
        court.hold(ONE_WRITE, !twice, || {
            Witness::new(
                [s.node],
                [s.name(), " gives ", &stamp.ts.print(), " a second time."].concat(),
            )
        });
        let after = self.asked.get(op).map_or_else(Bits::default, |a| a.knew.clone());
        let mut had = self.replicas.slot(s.node).told.clone();
        had.join(&after);
        self.stirred = s.now;
        let (lost, gone) = (false, false);
        self.writes.push(Known { item: item.clone(), op, at: s.now, after, had, lost, gone });
        item
    }

    fn of(&self, item: &Item) -> Option<usize> {
        self.writes
            .iter()
            .position(|w| !w.gone && w.item.stamp == item.stamp && w.item.key == item.key)
    }

    /// Of what it is told and what it held one stays.
    fn told(&mut self, s: &See<'_>, r: &Replica, item: &Item, court: &mut Court) {
        let low = s.params.low;
        let write = self.of(item);
        let seen = self.replicas.slot(s.node);
        if let Some(at) = write {
            seen.told.join(&self.writes[at].had);
            seen.told.add(at);
        }
        let old = find(&seen.store, &item.key).cloned();
        let at = seen.best.iter().position(|(k, _)| *k == item.key);
        match at {
            Some(at) if beats(low, item.stamp, seen.best[at].1) => seen.best[at].1 = item.stamp,
            Some(_) => {}
            None => seen.best.push((item.key.clone(), item.stamp)),
        }
        let best = seen.best.iter().find(|(k, _)| *k == item.key).map(|(_, stamp)| *stamp);
        let held = find(&r.store, &item.key);
        court.hold(GREATEST, held.map(|h| h.stamp) == best, || {
            Witness::new(
                [s.node],
                [s.name(), " was told of a greater ", &item.key.print()].concat(),
            )
        });
        if let (Some(old), Some(held)) = (old.filter(|o| o.stamp != item.stamp), held) {
            self.lost(s, if held.stamp == item.stamp { &old } else { item }, held, court);
        }
    }

    /// One write is dropped for another.
    fn lost(&mut self, s: &See<'_>, lost: &Item, kept: &Item, court: &mut Court) {
        let (Some(l), Some(k)) = (self.of(lost), self.of(kept)) else { return };
        let knew = self.writes[l].after.has(k);
        if knew || self.writes[k].after.has(l) {
            court.hold(NO_CAUSAL_LOSS, !knew, || {
                let value = |i: &Item| i.val.clone().unwrap_or(Value::Int(0)).print();
                let says = [&value(lost), " is dropped for ", &value(kept)].concat();
                let nodes = [s.node, lost.stamp.node];
                Witness::new(nodes, says + ", which its writer had seen.")
            });
        }
        // What stood where it was overwritten is not lost.
        let key = &self.writes[l].item.key;
        let over = |w: &Known| !w.gone && !w.lost && w.item.key == *key && w.had.has(l);
        let overwritten = self.writes.iter().any(over);
        if !overwritten && !self.writes[l].lost {
            self.writes[l].lost = true;
            court.meter("lost-writes", 1);
        }
    }

    // ---------------------------------------------------------------- what it holds

    /// Look at what has changed.
    fn held(&mut self, s: &See<'_>, r: &Replica, court: &mut Court) {
        let mut seen = self.replicas.take(s.node).unwrap_or_default();
        let low = s.params.low;
        for item in &r.store {
            let old = find(&seen.store, &item.key);
            if old == Some(item) {
                continue;
            }
            let write = self.of(item).map(|at| &self.writes[at]);
            court.hold(ONE_WRITE, write.is_some_and(|w| w.item.val == item.val), || {
                Witness::new([s.node], ["Nobody wrote this ", &item.key.print()].concat())
            });
            if let Some(old) = old {
                court.hold(GROWS, beats(low, item.stamp, old.stamp), || {
                    let (a, b) = (old.stamp.ts.print(), item.stamp.ts.print());
                    Witness::new([s.node], [&a, " was replaced by ", &b].concat())
                });
            }
            if let Some(w) = write.filter(|_| item.stamp.node != s.node) {
                court.meter("propagation", (s.now - w.at) as i64);
            }
            if item.val.is_none() {
                seen.buried.retain(|(k, _)| *k != item.key);
                seen.buried.push((item.key.clone(), item.stamp));
            }
        }
        seen.best.retain(|(key, _)| find(&r.store, key).is_some());
        seen.store = r.store.clone();
        self.replicas.put(s.node, seen);
    }

    fn stays_deleted(&self, s: &See<'_>, r: &Replica, court: &mut Court) {
        let Some(seen) = self.replicas.get(s.node) else { return };
        for (key, delete) in &seen.buried {
            let held = find(&r.store, key).filter(|i| i.val.is_some());
            let ok = held.is_none_or(|i| beats(s.params.low, i.stamp, *delete));
            court.hold(STAYS_DELETED, ok, || {
                Witness::new([s.node], [&key.print(), " was deleted and is back"].concat())
            });
        }
    }

    fn answers(&mut self, s: &See<'_>) {
        for sent in s.sent() {
            let Msg::Answer { op, val, seen } = sent.msg else { continue };
            let key = self.asked.get(*op).map(|a| &a.key);
            let same = |w: &Known| {
                let of = w.item.val.as_ref().unwrap_or(&Value::Int(0)) == val;
                let held = w.item.stamp.ts == *seen && Some(&w.item.key) == key && of;
                w.op == *op || !w.gone && held
            };
            let mut shown = Bits::default();
            if let Some(at) = self.writes.iter().position(same) {
                shown.join(&self.writes[at].after);
                shown.add(at);
            }
            self.shown.put(*op, shown);
        }
    }

    // ---------------------------------------------------------------- whether they agree

    fn converged(&self, s: &See<'_>, court: &mut Court) {
        let p = s.params;
        let due = s.calm_since.max(self.stirred) + patience(p);
        let promised = p.retransmit + p.anti_entropy > 0 && !self.refused;
        let whole = s.steady && s.alive.iter().all(|a| *a);
        if self.writes.is_empty() || s.now <= due || !promised || !whole {
            return;
        }
        let Node::Replica(me) = s.me() else { return };
        let wall = |n: NodeId| (s.now as i64 + (s.clock)(n).0).max(0) as Us;
        let apart = replicas(s).find(|(n, other)| {
            lacks(&me.store, &other.store, wall(*n)) || lacks(&other.store, &me.store, wall(s.node))
        });
        court.hold(CONVERGED, apart.is_none(), || {
            let other = apart.map(|(n, _)| n);
            Witness::new([s.node].into_iter().chain(other), "They still do not hold the same.")
        });
    }

    fn diverged(&mut self, s: &See<'_>, court: &mut Court) {
        let mut different: Vec<&Store> = vec![];
        for (_, r) in replicas(s) {
            if !different.contains(&&r.store) {
                different.push(&r.store);
            }
        }
        let n = different.len() as i64;
        if n == self.divergence {
            return;
        }
        if self.divergence == 1 {
            self.apart = s.now;
        } else if n == 1 && self.divergence > 1 {
            court.meter("apart", (s.now - self.apart) as i64);
        }
        self.divergence = n;
        court.meter("divergence", n);
    }
}

/// The deletes that a disk had, too: those it holds, and those which were thrown away before.
fn remembered(before: &Seen, store: &Store, low: bool) -> Vec<(Value, Stamp)> {
    let kept = |(key, delete): &&(Value, Stamp)| match find(store, key) {
        Some(item) => !beats(low, *delete, item.stamp),
        None => find(&before.store, key).is_none(),
    };
    let mut buried: Vec<_> = before.buried.iter().filter(kept).cloned().collect();
    for item in store.iter().filter(|i| i.val.is_none()) {
        if !buried.iter().any(|(key, _)| *key == item.key) {
            buried.push((item.key.clone(), item.stamp));
        }
    }
    buried
}

/// Those that are up.
fn replicas<'a>(s: &'a See<'_>) -> impl Iterator<Item = (NodeId, &'a Replica)> {
    s.nodes.iter().enumerate().filter(|(i, _)| s.alive[*i]).filter_map(|(i, node)| match node {
        Node::Replica(r) => Some((NodeId(i as u16), &**r)),
        Node::Client(_) => None,
    })
}

/// How long after the last trouble all must be equal.
fn patience(p: &Params) -> Us {
    let rounds = u64::from(p.nodes.next_power_of_two().trailing_zeros());
    let periods = if p.every_peer { 1 } else { 2 * rounds + 4 };
    p.flush + p.retransmit + periods * p.anti_entropy + 100 * MS
}

/// Whether `b`, whose clock says this, lacks something that `a` has, and has not merely thrown it away.
fn lacks(a: &Store, b: &Store, wall: Us) -> bool {
    a.iter().any(|item| match find(b, &item.key) {
        Some(theirs) => theirs != item,
        None => !over(item, wall),
    })
}
