//! What must hold, judged by what clients were told, by what nodes hold, and by which message reached whom.
//!
//! The ghost keeps every write that was ever made, and of each node the writes it has been told of.

use super::card::*;
use super::msg::*;
use super::node::Node;
use super::{EventualCache, Knobs};
use crate::ids::{MS, NodeId, OpId, Us};
use crate::protocol::{Court, Happened, Op, Outcome, Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

type See<'a> = Step<'a, EventualCache>;

#[derive(Clone, Default)]
pub struct Ghost {
    writes: Vec<Write>,
    nodes: Vec<Seen>,
    /// When somebody last wrote, or came back.
    stirred: Us,
    /// Somebody came back without what it had known.
    forgot: bool,
    /// Writes that have not left their node.
    unsent: Vec<usize>,
    divergence: i64,
}

/// A put, a delete or, with `by`, an increment: its version is then its id.
#[derive(Clone)]
struct Write {
    item: Item,
    by: Option<i64>,
    at: Us,
    acked: bool,
}

/// A node as it was last seen.
#[derive(Clone, Default)]
struct Seen {
    store: Vec<Item>,
    /// Of each key the versions it has been told of.
    took: Vec<(Value, Vec<Version>)>,
    /// The newest delete of each key it knows of.
    buried: Vec<(Value, Version)>,
    open: Vec<(OpId, usize)>,
}

impl Ghost {
    pub fn judge(&mut self, s: &See<'_>, court: &mut Court) {
        if self.nodes.is_empty() {
            self.nodes = vec![Seen::default(); s.nodes.len()];
        }
        if s.at_rest {
            return self.converged(s, court);
        }
        self.collected(s);
        match &s.happened {
            Happened::Crash => return self.diverged(s, court),
            Happened::Start { amnesia } => self.started(s, *amnesia, court),
            Happened::Request { op, call } => self.asked(s, *op, call, court),
            Happened::Deliver { msg, .. } => self.told(s, msg),
            _ => {}
        }
        self.held(s, court);
        self.same_writes(s, court);
        self.stays_deleted(s, court);
        self.left(s, court);
        self.acknowledged(s);
        let (longest, bound) = (s.me().queued(), s.params.bound);
        court.hold(BOUNDED, longest <= bound, || {
            Witness::new(
                [s.node],
                [&longest.to_string(), " entries are queued at ", name(s)].concat(),
            )
        });
        self.converged(s, court);
        self.diverged(s, court);
    }

    // ---------------------------------------------------------------- what happened

    /// Items whose grace was over when the step began are gone, and what was known of them with them.
    fn collected(&mut self, s: &See<'_>) {
        let seen = &mut self.nodes[s.node.index()];
        while let Some(at) = seen.store.iter().position(|i| over(s.params, i, s.wall as i64)) {
            let key = seen.store.remove(at).key;
            seen.took.retain(|(k, _)| *k != key);
        }
    }

    fn started(&mut self, s: &See<'_>, amnesia: bool, court: &mut Court) {
        let me = s.me();
        if me.boot == 0 {
            return;
        }
        self.stirred = s.now;
        let mine = |w: &Write| w.item.version.node == s.node;
        if amnesia || !s.params.durable {
            self.forgot = true;
            let writes = &self.writes;
            let lost = self.unsent.iter().filter(|i| mine(&writes[**i]) && writes[**i].acked);
            match lost.count() {
                0 => {}
                n => court.meter("lost-writes", n as i64),
            }
            self.writes.iter_mut().filter(|w| mine(w)).for_each(|w| w.acked = false);
        }
        for w in self.writes.iter().filter(|w| mine(w) && w.acked) {
            court.hold(SURVIVES, self.survives(s, w), || {
                Witness::new([s.node], [&w.item.key.print(), " is gone at ", name(s)].concat())
            });
        }
        let writes = &self.writes;
        self.unsent.retain(|i| !mine(&writes[*i]));
        let took = me.store.iter().map(|i| (i.key.clone(), vec![i.version])).collect();
        let store = me.store.clone();
        self.nodes[s.node.index()] = Seen { store, took, buried: vec![], open: vec![] };
    }

    fn survives(&self, s: &See<'_>, w: &Write) -> bool {
        let v = w.item.version;
        if w.by.is_some() {
            return s.me().adds.iter().any(|a| a.id() == (v.node, v.boot, v.counter));
        }
        let rank = |v: Version| v.rank(s.params.low);
        match s.me().find(&w.item.key) {
            Some(item) => rank(item.version) >= rank(v),
            // Its grace, or that of what replaced it, may be over.
            None => self.writes.iter().any(|u| {
                let later = u.item.key == w.item.key && rank(u.item.version) >= rank(v);
                later && over(s.params, &u.item, s.wall as i64)
            }),
        }
    }

    fn asked(&mut self, s: &See<'_>, op: OpId, call: &Op, court: &mut Court) {
        let Some(key) = call.key() else { return };
        let reply = s.replied.iter().find(|(o, _)| *o == op).map(|(_, out)| out);
        if call.verb == "get" {
            return reply.into_iter().for_each(|out| self.read(s, key, out, court));
        }
        if reply.is_some_and(|out| out.out == Out::Failed) {
            return;
        }
        let value = call.arg(1).filter(|_| call.verb == "put").cloned();
        let written = match call.verb {
            "incr" => added(s, key),
            _ => self.put(s, key, value),
        };
        court.hold(TAKES_EFFECT, written.is_some(), || {
            Witness::new([s.node], [name(s), " goes on holding another ", &key.print()].concat())
        });
        let Some(write) = written else { return };
        self.stirred = s.now;
        let (version, at) = (write.item.version, self.writes.len());
        if write.by.is_none() {
            // What was not sent yet never will be.
            let writes = &self.writes;
            self.unsent.retain(|i| {
                let w = &writes[*i];
                w.by.is_some() || w.item.key != *key || w.item.version.node != s.node
            });
            let seen = &mut self.nodes[s.node.index()];
            seen.take(key, version);
            if write.item.value.is_none() {
                seen.bury(key, version, s.params);
            }
        }
        self.writes.push(write);
        self.unsent.push(at);
        self.nodes[s.node.index()].open.push((op, at));
    }

    /// A put or delete, if it took effect. One that a node made is known by the counter it used.
    fn put(&self, s: &See<'_>, key: &Value, value: Option<Value>) -> Option<Write> {
        let was = self.nodes[s.node.index()].store.iter().find(|i| i.key == *key);
        let item = match s.me().find(key) {
            Some(item) => Some(item.clone()).filter(|i| i.value == value),
            None if value.is_none() => {
                let me = s.me();
                let version = Version { counter: me.counter, node: s.node, boot: me.boot };
                Some(Item { key: key.clone(), value, version, expires_at: None })
            }
            None => None,
        };
        let item = item.filter(|i| was.is_none_or(|w| w.version != i.version))?;
        Some(Write { item, by: None, at: s.now, acked: false })
    }

    fn told(&mut self, s: &See<'_>, msg: &Msg) {
        let (Msg::Replicate { items, .. } | Msg::DigestDiff { items, .. }) = msg else { return };
        for item in items.iter().filter(|i| !over(s.params, i, s.wall as i64)) {
            self.nodes[s.node.index()].take(&item.key, item.version);
        }
    }

    fn acknowledged(&mut self, s: &See<'_>) {
        for (op, _) in s.replied.iter().filter(|(_, out)| out.out == Out::Ok) {
            let open = &mut self.nodes[s.node.index()].open;
            let Some(at) = open.iter().position(|(o, _)| o == op) else { continue };
            let (_, write) = open.remove(at);
            self.writes[write].acked = true;
        }
    }

    // ---------------------------------------------------------------- what nodes hold

    fn wrote(&self, item: &Item) -> Option<&Write> {
        let same =
            |w: &&Write| w.by.is_none() && w.item.key == item.key && w.item.version == item.version;
        self.writes.iter().find(same)
    }

    /// Look at what has changed.
    fn held(&mut self, s: &See<'_>, court: &mut Court) {
        let at = s.node.index();
        if self.nodes[at].store == s.me().store {
            return;
        }
        let was = std::mem::replace(&mut self.nodes[at].store, s.me().store.clone());
        for item in &s.me().store {
            let old = was.iter().find(|i| i.key == item.key);
            if old == Some(item) {
                continue;
            }
            let write = self.wrote(item);
            court.hold(THIN_AIR, write.is_some(), || nobody(s, &item.key));
            if let Some(w) = write {
                court.hold(ONE_VALUE, w.item.value == item.value, || {
                    Witness::new(
                        [s.node],
                        ["Another value of ", &item.key.print(), " at ", name(s)].concat(),
                    )
                });
                if item.version.node != s.node {
                    court.meter("propagation", (s.now - w.at) as i64);
                }
            }
            if let Some(old) = old {
                let low = s.params.low;
                court.hold(GROWS, item.version.rank(low) > old.version.rank(low), || {
                    let (a, b) = (old.version.counter, item.version.counter);
                    let says =
                        ["At ", name(s), " ", &a.to_string(), " was replaced by ", &b.to_string()];
                    Witness::new([s.node], says.concat())
                });
            }
            if item.value.is_none() {
                self.nodes[at].bury(&item.key, item.version, s.params);
            }
        }
    }

    /// Compare with whoever was told of the same.
    fn same_writes(&self, s: &See<'_>, court: &mut Court) {
        let told = matches!(s.happened, Happened::Deliver { .. } | Happened::Request { .. });
        let me = &self.nodes[s.node.index()];
        for (key, mine) in me.took.iter().filter(|_| told) {
            for (n, other) in self.nodes.iter().enumerate().filter(|(n, _)| *n != s.node.index()) {
                let theirs = other.took.iter().find(|(k, _)| k == key).map(|(_, v)| v);
                let same = theirs
                    .is_some_and(|v| v.len() == mine.len() && mine.iter().all(|m| v.contains(m)));
                let pair = me.find(key).zip(other.find(key).filter(|i| {
                    let wall = s.now as i64 + (s.clock)(NodeId(n as u16)).0;
                    !over(s.params, i, wall)
                }));
                let Some((a, b)) = pair.filter(|_| same && s.alive[n]) else { continue };
                court.hold(SAME_WRITES, a == b, || {
                    let n = NodeId(n as u16);
                    let both = [name(s), " and ", s.cast.name(n), " differ in "].concat();
                    Witness::new([s.node, n], [&both, &*key.print()].concat())
                });
            }
        }
    }

    fn stays_deleted(&self, s: &See<'_>, court: &mut Court) {
        let low = s.params.low;
        for (key, delete) in &self.nodes[s.node.index()].buried {
            let held = s.me().find(key).filter(|i| i.value.is_some());
            let ok = held.is_none_or(|i| i.version.rank(low) > delete.rank(low));
            court.hold(STAYS_DELETED, ok, || {
                Witness::new(
                    [s.node],
                    [&key.print(), " was deleted at ", name(s), " and is back"].concat(),
                )
            });
        }
    }

    // ---------------------------------------------------------------- what leaves

    /// Nothing has gone wrong so far, and the node's clock goes right.
    fn healthy(s: &See<'_>) -> bool {
        s.calm_since == 0 && s.steady && !s.params.durable && (s.clock)(s.node).1 == 0
    }

    fn left(&mut self, s: &See<'_>, court: &mut Court) {
        let (low, healthy) = (s.params.low, Self::healthy(s) && s.cast.len() > 1);
        let writes = &self.writes;
        self.unsent.retain(|i| {
            let w = &writes[*i];
            let v = w.item.version;
            if v.node != s.node {
                return true;
            }
            let sent = s.sent().any(|m| match m.msg {
                Msg::Replicate { adds, .. } if w.by.is_some() => {
                    adds.iter().any(|a| a.id() == (v.node, v.boot, v.counter))
                }
                Msg::Replicate { items, .. } => {
                    items.iter().any(|i| i.key == w.item.key && i.version.rank(low) >= v.rank(low))
                }
                _ => false,
            });
            let late = s.now > w.at + s.params.flush;
            if healthy && (sent || late) && !over(s.params, &w.item, s.wall as i64) {
                court.hold(IN_TIME, !late, || {
                    Witness::new(
                        [s.node],
                        [&w.item.key.print(), " still waits at ", name(s)].concat(),
                    )
                });
            }
            !sent
        });
    }

    // ---------------------------------------------------------------- what is read

    fn read(&self, s: &See<'_>, key: &Value, out: &Outcome, court: &mut Court) {
        let item = s.me().find(key);
        let value = out.value.as_ref().filter(|v| **v != Value::Int(0));
        if let Some(value) = value {
            let held = item.filter(|i| i.value.as_ref() == Some(value));
            let known = match held {
                Some(item) => self.wrote(item).is_some_and(|w| w.item.value == item.value),
                None => s.me().sum(key).is_some_and(|sum| *value == Value::Int(sum)),
            };
            court.hold(THIN_AIR, known, || nobody(s, key));
            if held.is_none() {
                return;
            }
        }
        let rank = |i: &Item| i.version.rank(s.params.low);
        let newer = |w: &&Write| {
            let lives = w.item.value.is_none() || w.item.expires_at.is_none();
            let newer = item.is_none_or(|i| rank(&w.item) > rank(i));
            w.by.is_none() && w.item.key == *key && w.acked && lives && newer
        };
        let newest = self.writes.iter().filter(newer).max_by_key(|w| rank(&w.item));
        // To miss what has been deleted is right, whether or not one knows why.
        if newest.is_some_and(|w| value.is_some() || w.item.value.is_some()) {
            let since = self.writes.iter().filter(newer).map(|w| w.at).min();
            court.meter("stale-read", (s.now - since.unwrap_or(s.now)) as i64);
        }
    }

    // ---------------------------------------------------------------- whether they agree

    fn converged(&self, s: &See<'_>, court: &mut Court) {
        let p = s.params;
        let since = s.calm_since.max(self.stirred);
        let over_by_now = s.now > since + patience(p, s.nodes.len());
        // Without anti-entropy nobody makes up for what a dead node's queue had held.
        let mended = p.anti_entropy > 0 || !self.forgot;
        if self.writes.is_empty() || !over_by_now || !mended || !s.steady || !all(s.alive) {
            return;
        }
        let Some(first) = s.nodes.first() else { return };
        let walls = |n: usize| s.now as i64 + (s.clock)(NodeId(n as u16)).0;
        let other = s.nodes.iter().enumerate().position(|(n, node)| {
            lacks(p, first, node, walls(n)) || lacks(p, node, first, walls(0))
        });
        court.hold(CONVERGED, other.is_none(), || {
            let nodes = [NodeId(0), NodeId(other.unwrap_or(0) as u16)];
            let both = [s.cast.name(nodes[0]), " and ", s.cast.name(nodes[1])].concat();
            Witness::new(nodes, [&both, " still do not hold the same."].concat())
        });
        if self.forgot {
            return;
        }
        for add in self.writes.iter().filter(|w| w.by.is_some()) {
            let wrong =
                s.nodes.iter().position(|n| n.sum(&add.item.key) != self.sum(n, &add.item.key));
            court.hold(SUM, wrong.is_none(), || {
                let n = wrong.unwrap_or(0);
                let have = s.nodes[n].sum(&add.item.key).unwrap_or(0).to_string();
                let at = s.cast.name(NodeId(n as u16));
                let says = [&add.item.key.print(), " stands at ", &have, " at ", at].concat();
                Witness::new([NodeId(n as u16)], says)
            });
        }
    }

    /// What a node's counter must be: all that was acknowledged, and what it has of what was left open.
    fn sum(&self, node: &Node, key: &Value) -> Option<i64> {
        let mut sum = None;
        for w in self.writes.iter().filter(|w| w.item.key == *key) {
            let v = w.item.version;
            let has = |a: &Add| a.id() == (v.node, v.boot, v.counter);
            let Some(by) = w.by.filter(|_| w.acked || node.adds.iter().any(has)) else { continue };
            sum = Some(sum.unwrap_or(0) + by);
        }
        sum
    }

    fn diverged(&mut self, s: &See<'_>, court: &mut Court) {
        let mut different: Vec<&Node> = vec![];
        for (node, _) in s.nodes.iter().zip(s.alive).filter(|(_, alive)| **alive) {
            if !different.iter().any(|d| same(d, node)) {
                different.push(node);
            }
        }
        let n = different.len() as i64;
        if n != self.divergence {
            self.divergence = n;
            court.meter("divergence", n);
        }
    }
}

impl Seen {
    fn find(&self, key: &Value) -> Option<&Item> {
        self.store.iter().find(|i| i.key == *key)
    }

    fn take(&mut self, key: &Value, version: Version) {
        match self.took.iter_mut().find(|(k, _)| k == key) {
            Some((_, versions)) if versions.contains(&version) => {}
            Some((_, versions)) => versions.push(version),
            None => self.took.push((key.clone(), vec![version])),
        }
    }

    fn bury(&mut self, key: &Value, version: Version, p: &Knobs) {
        match self.buried.iter_mut().find(|(k, _)| k == key) {
            Some((_, v)) if v.rank(p.low) >= version.rank(p.low) => {}
            Some((_, v)) => *v = version,
            None => self.buried.push((key.clone(), version)),
        }
    }
}

/// An increment, if it took effect.
fn added(s: &See<'_>, key: &Value) -> Option<Write> {
    let me = s.me();
    let add = me.adds.last().filter(|a| a.origin == s.node && a.seq == me.next_add)?;
    let version = Version { counter: add.seq, node: add.origin, boot: add.boot };
    let item = Item { key: key.clone(), value: None, version, expires_at: None };
    Some(Write { item, by: Some(add.by), at: s.now, acked: false })
}

fn name<'a>(s: &'a See<'_>) -> &'a str {
    s.cast.name(s.node)
}

fn nobody(s: &See<'_>, key: &Value) -> Witness {
    Witness::new([s.node], ["Nobody wrote this ", &key.print(), " of ", name(s)].concat())
}

fn all(alive: &[bool]) -> bool {
    !alive.contains(&false)
}

/// How long after the last trouble all must be equal.
fn patience(p: &Knobs, nodes: usize) -> Us {
    let rounds = u64::from(nodes.next_power_of_two().trailing_zeros());
    let periods = if p.every_peer { 1 } else { 2 * rounds + 4 };
    p.flush + p.retransmit + periods * p.anti_entropy + 100 * MS
}

fn over(p: &Knobs, item: &Item, wall: i64) -> bool {
    item.expires_at.is_some_and(|t| t.0 + p.grace as i64 <= wall)
}

/// Whether `b`, whose clock says this, lacks something that `a` has and has not merely outlived it.
fn lacks(p: &Knobs, a: &Node, b: &Node, wall: i64) -> bool {
    a.adds.iter().any(|add| !b.adds.iter().any(|x| x.id() == add.id()))
        || a.store.iter().any(|item| match b.find(&item.key) {
            Some(theirs) => theirs != item,
            None => !over(p, item, wall),
        })
}

fn same(a: &Node, b: &Node) -> bool {
    let one = |i: &Item| b.find(&i.key).is_some_and(|x| x.version == i.version);
    a.store.len() == b.store.len() && a.adds.len() == b.adds.len() && a.store.iter().all(one)
}
