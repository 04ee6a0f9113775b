//! Copies of a key on several nodes: a coordinator, quorums, and hints for homes that do not answer
//! (Dynamo §4.5, §4.6). With one copy all of it happens inside one node.

use std::rc::Rc;

use serde::Serialize;

use super::msg::*;
use super::server::{Admission, Server};
use super::{Cx, Fx};
use crate::few::{Few, Nodes};
use crate::ids::NodeId;
use crate::scenario::ast::Out;
use crate::value::Value;

/// A request this node coordinates.
#[derive(Clone, Debug, Serialize)]
pub struct Pending {
    pub router: NodeId,
    pub req: u32,
    pub key: Key,
    /// None: a read.
    pub value: Option<Value>,
    pub version: Version,
    /// The epoch it was taken on at.
    epoch: u64,
    pub homes: Vec<NodeId>,
    /// Who has it, or who answered with what.
    pub acks: Few<NodeId, (Version, Option<Value>)>,
    hinted: Nodes,
    replied: bool,
    lagged: bool,
}

impl Server {
    /// Send a request to all homes of its key, this node first among equals.
    pub(super) fn coordinate(&mut self, cx: &Cx, router: NodeId, msg: Msg, fx: &mut Fx) {
        let (req, key, value) = match msg {
            Msg::Put { req, key, value, .. } => (req, key, Some(value)),
            Msg::Get { req, key, .. } => (req, key, None),
            _ => return,
        };
        if value.is_some() && !self.asked.put((router, req), ()) {
            return; // the network's own copy of a write
        }
        let homes = self.homes_or_me(cx, &key);
        if value.is_some() {
            fx.note(Record::Asked { from: router, req });
            if homes.len() > 1 {
                let skipped = self.view.skipped(&key, &homes);
                let racks = cx.params.racks_given() && cx.params.rack_aware();
                let (key, homes) = (key.clone(), homes.clone());
                fx.explain(Why::Replicated { key, homes, skipped, racks });
            }
        }
        let version = Version { counter: self.items.version(&key).counter + 1, by: cx.me };
        let writes = value.is_some();
        let pending = Pending {
            router,
            req,
            key,
            value,
            version,
            epoch: self.view.epoch,
            homes,
            acks: Few::default(),
            hinted: Nodes::default(),
            replied: false,
            lagged: false,
        };
        self.next += 1;
        self.ask_homes(self.next, &pending, fx);
        self.pending.put(self.next, pending);
        if cx.params.replicas > 1 {
            // A read is hinted to nobody: it is kept for as long as its router waits.
            let wait = if writes { cx.params.patience } else { cx.params.timeout };
            fx.arm(Timer::Lag(self.next), wait..=wait);
        }
    }

    /// Only without the epoch check does a node coordinate what is not its own.
    fn homes_or_me(&self, cx: &Cx, key: &Key) -> Vec<NodeId> {
        let homes = self.view.homes(key);
        if homes.contains(&cx.me) { homes } else { vec![cx.me] }
    }

    fn ask_homes(&self, req: u32, pending: &Pending, fx: &mut Fx) {
        let epoch = self.view.epoch;
        for home in &pending.homes {
            let (key, version) = (pending.key.clone(), pending.version);
            fx.send(
                *home,
                match pending.value.clone() {
                    Some(value) => Msg::ReplicaPut { req, key, value, version, epoch },
                    None => Msg::ReplicaGet { req, key, epoch },
                },
            );
        }
    }

    pub(super) fn replicate(&mut self, cx: &Cx, from: NodeId, msg: Msg, fx: &mut Fx) {
        let (Msg::ReplicaPut { req, key, epoch, .. } | Msg::ReplicaGet { req, key, epoch }) =
            msg.clone()
        else {
            return;
        };
        match self.admit(cx, &key, epoch) {
            Admission::Yes => self.keep_replica(from, msg, fx),
            Admission::NotMine(owner) => self.refuse(from, req, key, owner, fx),
            Admission::NotYet => self.park(from, msg, fx),
            Admission::Behind => {
                self.park(from, msg, fx);
                self.fetch(cx, fx);
            }
        }
    }

    fn keep_replica(&mut self, from: NodeId, msg: Msg, fx: &mut Fx) {
        match msg {
            Msg::ReplicaPut { req, key, value, version, .. } => {
                if version > self.items.version(&key) {
                    fx.explain(Why::Stored { key: key.clone(), version: version.counter });
                    self.keep(&Batch::one(&key, Item { value, version }), None, fx);
                }
                let version = self.items.version(&key);
                fx.once_saved(|fx| fx.send(from, Msg::ReplicaAck { req, version, value: None }));
            }
            Msg::ReplicaGet { req, key, .. } => {
                let (version, value) = self.item(&key);
                fx.once_saved(|fx| fx.send(from, Msg::ReplicaAck { req, version, value }));
            }
            _ => {}
        }
    }

    pub(super) fn acknowledged(
        &mut self,
        cx: &Cx,
        from: NodeId,
        rep: u32,
        version: Version,
        value: Option<Value>,
        fx: &mut Fx,
    ) {
        let Some(pending) = self.pending.get_mut(rep) else { return };
        if pending.value.is_some() && version > pending.version && !pending.replied {
            return self.outvoted(cx, rep, version, fx);
        }
        // A home that went beyond a write after it was answered lacks nothing of it.
        if pending.value.is_none() || version >= pending.version {
            pending.acks.put(from, (version, value));
        }
        self.settle(cx, rep, fx);
    }

    /// A home has a newer write: go above it, so that an acknowledged write is never overwritten by an
    /// older one.
    fn outvoted(&mut self, cx: &Cx, rep: u32, version: Version, fx: &mut Fx) {
        let Some(mut pending) = self.pending.take(rep) else { return };
        pending.version = Version { counter: version.counter + 1, by: cx.me };
        (pending.acks, pending.hinted) = (Few::default(), Nodes::default());
        pending.lagged = false;
        fx.arm(Timer::Lag(rep), cx.params.patience..=cx.params.patience);
        fx.explain(Why::Outvoted { key: pending.key.clone(), version: pending.version.counter });
        self.ask_homes(rep, &pending, fx);
        self.pending.put(rep, pending);
    }

    fn settle(&mut self, cx: &Cx, rep: u32, fx: &mut Fx) {
        let Some(pending) = self.pending.get_mut(rep) else { return };
        let homes = pending.homes.len();
        let enough = match pending.value.is_some() {
            true => cx.params.write_quorum(homes),
            false => cx.params.read_quorum(homes),
        };
        if pending.acks.len() >= enough && !pending.replied {
            pending.replied = true;
            let (router, answer) = (pending.router, pending.answer(fx));
            fx.send(router, answer);
        }
        let distinct: Nodes = pending.homes.iter().copied().collect();
        let over = pending.value.is_none() || pending.acks.len() >= distinct.len();
        if pending.replied && over {
            self.pending.take(rep);
            fx.disarm(&Timer::Lag(rep));
            self.measure_keys(fx);
        }
    }

    // ------------------------------------------------------------ hints

    /// Homes that have not answered in time: the next nodes on the list keep the write for them.
    pub(super) fn lagging(&mut self, cx: &Cx, rep: u32, fx: &mut Fx) {
        let Some(mut pending) = self.pending.take(rep) else { return };
        if pending.lagged || pending.value.is_none() {
            return; // the router has its own patience
        }
        pending.lagged = true;
        let missing: Vec<NodeId> =
            pending.homes.iter().filter(|n| !pending.acks.has(**n)).copied().collect();
        for target in missing {
            self.hint(cx, rep, &mut pending, target, fx);
        }
        self.pending.put(rep, pending);
        let rest = cx.params.timeout.saturating_sub(cx.params.patience).max(cx.params.patience);
        fx.arm(Timer::Lag(rep), rest..=rest);
    }

    fn hint(&mut self, cx: &Cx, req: u32, pending: &mut Pending, target: NodeId, fx: &mut Fx) {
        let Some(value) = pending.value.clone() else { return };
        let (key, version, epoch) = (pending.key.clone(), pending.version, self.view.epoch);
        let list = self.view.preference(&key);
        let free = |n: &&NodeId| !pending.homes.contains(n) && !pending.hinted.has(**n);
        let keeper = list.iter().find(free).copied().unwrap_or(cx.me);
        pending.hinted.add(keeper);
        fx.explain(Why::Hinted { key: key.clone(), target, keeper });
        fx.send(keeper, Msg::Hint { req, target, key, value, version, epoch });
    }

    #[allow(clippy::too_many_arguments)] // the fields of one message
    pub(super) fn keep_hint(
        &mut self,
        cx: &Cx,
        from: NodeId,
        req: u32,
        target: NodeId,
        key: Key,
        item: Item,
        fx: &mut Fx,
    ) {
        let version = item.version;
        let keys = Batch::one(&key, item);
        self.hints.slot(target).merge(&keys);
        fx.save(Record::Hinted { target, keys });
        self.measure_hints(fx);
        self.watch_hints(cx, fx);
        if from != cx.me {
            fx.once_saved(|fx| fx.send(from, Msg::ReplicaAck { req, version, value: None }));
        }
    }

    pub(super) fn watch_hints(&mut self, cx: &Cx, fx: &mut Fx) {
        let wanted = !self.hints.is_empty() && !cx.bug("no-handoff");
        if wanted {
            fx.arm(Timer::Replay, cx.params.handoff..=cx.params.handoff);
        }
        self.replaying = wanted;
    }

    pub(super) fn replay(&mut self, cx: &Cx, fx: &mut Fx) {
        let epoch = self.view.epoch;
        for (home, shelf) in self.hints_by_home().iter() {
            let keys = shelf.0.clone();
            if *home == cx.me {
                self.keep(&keys, None, fx);
                self.drop_hints(cx.me, &keys, fx);
            } else {
                fx.send(*home, Msg::HandoffReplay { keys, epoch });
            }
        }
        self.watch_hints(cx, fx);
    }

    fn hints_by_home(&self) -> Few<NodeId, Shelf> {
        let mut all: Few<NodeId, Shelf> = Few::default();
        for (target, shelf) in self.hints.iter() {
            for (key, item) in shelf.iter() {
                let home = self.home_of_hint(*target, key);
                all.slot(home).merge(&Batch::one(key, item.clone()));
            }
        }
        all
    }

    /// A hint goes to its target, or, if the ring has turned meanwhile, to the key's first home.
    fn home_of_hint(&self, target: NodeId, key: &Key) -> NodeId {
        let homes = self.view.homes(key);
        if homes.contains(&target) { target } else { homes.first().copied().unwrap_or(target) }
    }

    /// Hints have come home: keep those that are this node's.
    pub(super) fn bring_home(&mut self, cx: &Cx, from: NodeId, msg: Msg, fx: &mut Fx) {
        let Msg::HandoffReplay { keys, epoch } = msg.clone() else { return };
        if epoch < self.view.epoch {
            return fx.send(from, Msg::View(self.view.clone()));
        }
        if epoch > self.view.epoch || !self.awaiting.is_empty() {
            self.park(from, msg, fx);
            return self.fetch(cx, fx);
        }
        self.keep(&keys, None, fx);
        self.measure_keys(fx);
        fx.once_saved(|fx| fx.send(from, Msg::HandoffAck { keys }));
    }

    pub(super) fn drained(&mut self, from: NodeId, keys: &Batch, fx: &mut Fx) {
        let had = self.count_hints();
        self.drop_hints(from, keys, fx);
        let gone = had - self.count_hints();
        if gone > 0 {
            fx.explain(Why::Drained { target: from, keys: gone });
        }
        if self.hints.is_empty() {
            self.replaying = false;
            fx.disarm(&Timer::Replay);
        }
    }

    /// Forget hints for `home` that are no newer than what it has.
    fn drop_hints(&mut self, home: NodeId, keys: &Batch, fx: &mut Fx) {
        let targets: Vec<NodeId> = self.hints.keys().collect();
        for target in targets {
            let shelf = self.hints.get(target).cloned().unwrap_or_default();
            let there = |(key, item): &&(Key, Item)| {
                let kept = shelf.get(key).is_some_and(|hint| hint.version <= item.version);
                kept && self.home_of_hint(target, key) == home
            };
            let gone: Vec<Key> = keys.0.iter().filter(there).map(|(key, _)| key.clone()).collect();
            if !gone.is_empty() {
                let keys = Names(Rc::new(gone));
                unhint(&mut self.hints, target, &keys);
                fx.save(Record::Unhinted { target, keys });
            }
        }
        self.measure_hints(fx);
    }

    fn count_hints(&self) -> u32 {
        self.hints.values().map(|shelf| shelf.len() as u32).sum()
    }

    fn measure_hints(&mut self, fx: &mut Fx) {
        let hints = self.count_hints();
        if std::mem::replace(&mut self.told.1, hints) != hints {
            fx.meter("hints", hints.into());
        }
    }
}

impl Pending {
    /// What the router is told: of a read, the newest answer.
    fn answer(&self, fx: &mut Fx) -> Msg {
        let newest = self.acks.values().max_by_key(|(version, _)| *version).cloned();
        let (version, value) = newest.unwrap_or_default();
        let (req, epoch, out) = (self.req, self.epoch, Out::Ok);
        if self.value.is_none() {
            fx.explain(Why::Answered { key: self.key.clone(), version: version.counter });
            return Msg::Reply { req, out, value, version, epoch };
        }
        Msg::Reply { req, out, value: None, version: self.version, epoch }
    }
}
