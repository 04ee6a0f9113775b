//! What must hold, judged by what clients were told, by what nodes hold, and by which message reached whom.
//!
//! The ghost keeps every write that was ever made, and of each node the writes it has been told of. No question
//! walks along all of them: each key has them in the order in which they are asked for.

use super::card::*;
use super::msg::*;
use super::node::Node;
use super::sentences::reading;
use super::{EventualCache, Knobs};
use crate::ids::{MS, NodeId, OpId, Us};
use crate::protocol::{Court, Happened, Op, Outcome, Step, Witness};
use crate::scenario::ast::Out;
use crate::seq::{Map, Seq};
use crate::value::Value;

type See<'a> = Step<'a, EventualCache>;

#[derive(Clone, Default)]
pub struct Ghost {
    writes: Seq<Write>,
    keys: Vec<(Value, Told)>,
    /// Of each key how often it was added to.
    added: Vec<(Value, u64)>,
    counted: Option<Counted>,
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
    /// The keys it has been told of.
    took: Vec<Value>,
    /// The newest delete of each key it knows of.
    buried: Vec<(Value, Version)>,
    open: Vec<(OpId, usize)>,
}

/// The versions of a key, and who has been told of them.
#[derive(Clone, Default)]
struct Told {
    versions: Map<Rank, Known>,
    /// Row by row for each two nodes: how many versions only one of them has been told of.
    apart: Vec<u32>,
    /// What was acknowledged and does not go by itself: the greatest last, with the time it was written.
    acked: Map<(Rank, usize), Us>,
}

type Rank = (u64, u16, u32);

#[derive(Clone, Default)]
struct Known {
    /// A bit for each node.
    by: u64,
    write: Option<usize>,
}

/// What was found when the nodes' increments were last compared: it holds until there is another.
#[derive(Clone)]
struct Counted {
    /// Of each node its life and how many it had: in one life there are only more.
    of: Vec<(u32, usize)>,
    /// Whether a node and the first differ.
    apart: Vec<bool>,
    /// Of each key the first node with a wrong sum.
    wrong: Vec<Option<usize>>,
}

impl Told {
    fn add(&mut self, node: usize, nodes: usize, version: Version) {
        let (rank, mine) = (version.rank(false), 1 << node);
        if self.versions.get(&rank).is_some_and(|known| known.by & mine != 0) {
            return;
        }
        let known = self.versions.slot(rank);
        let others = known.by;
        known.by |= mine;
        self.moved(node, nodes, |other| others >> other & 1 == 1);
    }

    /// The node knows nothing of the key any more.
    fn forget(&mut self, node: usize, nodes: usize) {
        let mine = 1 << node;
        let told = self.versions.iter().filter(|(_, known)| known.by & mine != 0);
        let told: Vec<Rank> = told.map(|(rank, _)| *rank).collect();
        for rank in told {
            let known = self.versions.slot(rank);
            known.by &= !mine;
            let others = known.by;
            self.moved(node, nodes, |other| others >> other & 1 == 0);
        }
    }

    /// A node and each of the others: one version less that only one of them knows, or one more.
    fn moved(&mut self, node: usize, nodes: usize, closer: impl Fn(usize) -> bool) {
        self.apart.resize(nodes * nodes, 0);
        for other in (0..nodes).filter(|other| *other != node) {
            for at in [node * nodes + other, other * nodes + node] {
                let apart = &mut self.apart[at];
                *apart = if closer(other) { *apart - 1 } else { *apart + 1 };
            }
        }
    }

    fn same(&self, a: usize, b: usize, nodes: usize) -> bool {
        self.apart.get(a * nodes + b) == Some(&0)
    }
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
                [&longest.to_string(), " entries are queued at ", s.name()].concat(),
            )
        });
        self.converged(s, court);
        self.diverged(s, court);
    }

    // ---------------------------------------------------------------- what happened

    /// Items whose grace was over when the step began are gone, and what was known of them with them.
    fn collected(&mut self, s: &See<'_>) {
        let (at, nodes) = (s.node.index(), self.nodes.len());
        let gone = |i: &Item| over(s.params, i, s.wall as i64);
        while let Some(i) = self.nodes[at].store.iter().position(gone) {
            let seen = &mut self.nodes[at];
            let key = seen.store.remove(i).key;
            seen.took.retain(|k| *k != key);
            self.told_of(&key).forget(at, nodes);
        }
    }

    fn told_of(&mut self, key: &Value) -> &mut Told {
        let known = self.keys.iter().position(|(k, _)| k == key);
        let at = known.unwrap_or(self.keys.len());
        if known.is_none() {
            self.keys.push((key.clone(), Told::default()));
        }
        &mut self.keys[at].1
    }

    fn known_of(&self, key: &Value) -> Option<&Told> {
        self.keys.iter().find(|(k, _)| k == key).map(|(_, told)| told)
    }

    /// The node has been told of a version.
    fn take(&mut self, node: NodeId, key: &Value, version: Version) {
        let nodes = self.nodes.len();
        let took = &mut self.nodes[node.index()].took;
        if !took.contains(key) {
            took.push(key.clone());
        }
        self.told_of(key).add(node.index(), nodes, version);
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
            self.take_back(s.node, s.params.low);
        }
        self.counted = None;
        for w in self.writes.iter().filter(|w| mine(w) && w.acked) {
            court.hold(SURVIVES, self.survives(s, w), || {
                Witness::new([s.node], [&w.item.key.print(), " is gone at ", s.name()].concat())
            });
        }
        let writes = &self.writes;
        self.unsent.retain(|i| !mine(&writes[*i]));
        let (at, nodes) = (s.node.index(), self.nodes.len());
        self.keys.iter_mut().for_each(|(_, told)| told.forget(at, nodes));
        let mut seen = Seen { store: me.store.clone(), ..Seen::default() };
        if !amnesia && s.params.durable {
            seen.remembers(&self.nodes[at], s.params);
        }
        self.nodes[at] = seen;
        me.store.iter().for_each(|i| self.take(s.node, &i.key, i.version));
    }

    /// Of what a node has forgotten nothing counts as acknowledged.
    fn take_back(&mut self, node: NodeId, low: bool) {
        for at in 0..self.writes.len() {
            let w = &self.writes[at];
            if w.item.version.node != node || !w.acked {
                continue;
            }
            let (key, rank) = (w.item.key.clone(), w.item.version.rank(low));
            if let Some(w) = self.writes.get_mut(at) {
                w.acked = false;
            }
            self.told_of(&key).acked.remove(&(rank, at));
        }
    }

    fn survives(&self, s: &See<'_>, w: &Write) -> bool {
        let v = w.item.version;
        if w.by.is_some() {
            return s.me().has((v.node, v.boot, v.counter));
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
            Witness::new([s.node], [s.name(), " goes on holding another ", &key.print()].concat())
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
            self.take(s.node, key, version);
            self.told_of(key).versions.slot(version.rank(false)).write.get_or_insert(at);
            if write.item.value.is_none() {
                self.nodes[s.node.index()].bury(key, version, s.params);
            }
        } else {
            match self.added.iter_mut().find(|(k, _)| k == key) {
                Some((_, times)) => *times += 1,
                None => self.added.push((key.clone(), 1)),
            }
        }
        self.counted = None;
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
            self.take(s.node, &item.key, item.version);
        }
    }

    fn acknowledged(&mut self, s: &See<'_>) {
        for (op, _) in s.replied.iter().filter(|(_, out)| out.out == Out::Ok) {
            let open = &mut self.nodes[s.node.index()].open;
            let Some(at) = open.iter().position(|(o, _)| o == op) else { continue };
            let (_, at) = open.remove(at);
            self.counted = None;
            let Some(w) = self.writes.get_mut(at) else { continue };
            w.acked = true;
            let lives = w.item.value.is_none() || w.item.expires_at.is_none();
            if w.by.is_none() && lives {
                let (key, when) = (w.item.key.clone(), w.at);
                let rank = w.item.version.rank(s.params.low);
                self.told_of(&key).acked.insert((rank, at), when);
            }
        }
    }

    // ---------------------------------------------------------------- what nodes hold

    fn wrote(&self, item: &Item) -> Option<&Write> {
        let known = self.known_of(&item.key)?.versions.get(&item.version.rank(false))?;
        self.writes.get(known.write?)
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
                        ["Another value of ", &item.key.print(), " at ", s.name()].concat(),
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
                    let clock = s.params.clock.reads();
                    let says = [
                        "At ",
                        s.name(),
                        " ",
                        &reading(clock, a),
                        " was replaced by ",
                        &reading(clock, b),
                    ];
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
        let (at, nodes) = (s.node.index(), self.nodes.len());
        let me = &self.nodes[at];
        for key in me.took.iter().filter(|_| told) {
            let Some(told) = self.known_of(key) else { continue };
            for (n, other) in self.nodes.iter().enumerate() {
                if n == at || !s.alive[n] || !told.same(at, n, nodes) {
                    continue;
                }
                let pair = me.find(key).zip(other.find(key).filter(|i| {
                    let wall = s.now as i64 + (s.clock)(NodeId(n as u16)).0;
                    !over(s.params, i, wall)
                }));
                let Some((a, b)) = pair else { continue };
                court.hold(SAME_WRITES, a == b, || {
                    let n = NodeId(n as u16);
                    let both = [s.name(), " and ", s.cast.name(n), " differ in "].concat();
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
                    [&key.print(), " was deleted at ", s.name(), " and is back"].concat(),
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
                        [&w.item.key.print(), " still waits at ", s.name()].concat(),
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
        let Some(told) = self.known_of(key) else { return };
        // From here on they are newer than what is held.
        let from = item.map_or(Default::default(), |i| (rank(i), usize::MAX));
        let newest = told.acked.iter().next_back().filter(|(at, _)| **at >= from);
        let Some(((_, newest), _)) = newest else { return };
        // To miss what has been deleted is right, whether or not one knows why.
        if value.is_some() || self.writes[*newest].item.value.is_some() {
            let since = told.acked.tail(&from).map(|(_, at)| *at).min();
            court.meter("stale-read", (s.now - since.unwrap_or(s.now)) as i64);
        }
    }

    // ---------------------------------------------------------------- whether they agree

    fn converged(&mut self, s: &See<'_>, court: &mut Court) {
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
        self.count(s.nodes);
        let Some(counted) = &self.counted else { return };
        let other = s.nodes.iter().enumerate().position(|(n, node)| {
            counted.apart[n] || lacks(p, first, node, walls(n)) || lacks(p, node, first, walls(0))
        });
        court.hold(CONVERGED, other.is_none(), || {
            let nodes = [NodeId(0), NodeId(other.unwrap_or(0) as u16)];
            let both = [s.cast.name(nodes[0]), " and ", s.cast.name(nodes[1])].concat();
            Witness::new(nodes, [&both, " still do not hold the same."].concat())
        });
        if self.forgot {
            return;
        }
        // A question for each increment; those of one key have one answer.
        for ((key, times), wrong) in self.added.iter().zip(&counted.wrong) {
            court.hold_each(SUM, *times, wrong.is_none(), || {
                let n = wrong.unwrap_or(0);
                let have = s.nodes[n].sum(key).unwrap_or(0).to_string();
                let at = s.cast.name(NodeId(n as u16));
                let says = [&key.print(), " stands at ", &have, " at ", at].concat();
                Witness::new([NodeId(n as u16)], says)
            });
        }
    }

    /// Compare the increments that nodes have, unless they are those that were compared last.
    fn count(&mut self, nodes: &[Node]) {
        let now = || nodes.iter().map(|n| (n.boot, n.adds.len()));
        if self.counted.as_ref().is_some_and(|c| now().eq(c.of.iter().copied())) {
            return;
        }
        let first = &nodes[0];
        let apart = nodes.iter().map(|n| misses(first, n) || misses(n, first)).collect();
        let of_key =
            |(key, _): &(Value, u64)| nodes.iter().position(|n| n.sum(key) != self.sum(n, key));
        let wrong = self.added.iter().map(of_key).collect();
        self.counted = Some(Counted { of: now().collect(), apart, wrong });
    }

    /// What a node's counter must be: all that was acknowledged, and what it has of what was left open.
    fn sum(&self, node: &Node, key: &Value) -> Option<i64> {
        let mut sum = None;
        for w in self.writes.iter().filter(|w| w.item.key == *key) {
            let v = w.item.version;
            let has = || node.has((v.node, v.boot, v.counter));
            let Some(by) = w.by.filter(|_| w.acked || has()) else { continue };
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

    /// The deletes that its disk had, too: those it holds, and those which it had thrown away before.
    fn remembers(&mut self, before: &Seen, p: &Knobs) {
        for (key, delete) in &before.buried {
            let kept = match self.find(key) {
                Some(item) => item.version.rank(p.low) >= delete.rank(p.low),
                None => before.find(key).is_none(),
            };
            if kept {
                self.bury(key, *delete, p);
            }
        }
        for item in self.store.clone().iter().filter(|i| i.value.is_none()) {
            self.bury(&item.key, item.version, p);
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

fn nobody(s: &See<'_>, key: &Value) -> Witness {
    Witness::new([s.node], ["Nobody wrote this ", &key.print(), " of ", s.name()].concat())
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

/// Whether `b` lacks an increment that `a` has.
fn misses(a: &Node, b: &Node) -> bool {
    a.adds.iter().any(|add| !b.has(add.id()))
}

/// Whether `b`, whose clock says this, lacks an item that `a` has and has not merely outlived it.
fn lacks(p: &Knobs, a: &Node, b: &Node, wall: i64) -> bool {
    a.store.iter().any(|item| match b.find(&item.key) {
        Some(theirs) => theirs != item,
        None => !over(p, item, wall),
    })
}

fn same(a: &Node, b: &Node) -> bool {
    let one = |i: &Item| b.find(&i.key).is_some_and(|x| x.version == i.version);
    a.store.len() == b.store.len() && a.adds.len() == b.adds.len() && a.store.iter().all(one)
}
