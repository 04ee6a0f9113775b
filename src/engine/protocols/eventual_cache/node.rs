//! A node: its store, its increments, and for each peer a queue of what that peer has not acknowledged.

use serde::Serialize;

use super::msg::*;
use super::why::Why;
use super::{Clock, Do, EventualCache, Know, Record, Timer};
use crate::few::sort;
use crate::ids::{NodeId, OpId, Span, Us};
use crate::protocol::{Input, Op, Outcome};
use crate::seq::{Map, Seq};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Node {
    pub boot: u32,
    /// The highest it has used or seen.
    pub counter: u64,
    /// The highest it has used.
    pub used: u64,
    /// By key; of each the newest version known.
    pub store: Vec<Item>,
    pub adds: Seq<Add>,
    /// The same by id, and their sum by key.
    #[serde(skip)]
    ids: Map<AddId, ()>,
    #[serde(skip)]
    sums: Vec<(Value, i64)>,
    pub next_add: u64,
    pub peers: Vec<Peer>,
    /// Something is queued that has not been sent: the flush is coming.
    pub flushing: bool,
    /// It has forgotten everything, and waits for this peer to tell it all.
    pub asked: Option<NodeId>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Peer {
    pub node: NodeId,
    /// In the order of asking: what this peer has not acknowledged.
    pub out_queue: Vec<Queued>,
    pub next_seq: u64,
    pub acked_seq: u64,
}

/// A key, to be read from the store when it is sent; an increment as itself.
#[derive(Clone, Debug, Serialize)]
pub struct Queued {
    pub key: Value,
    pub add: Option<Add>,
    /// The batch it was sent in; 0 if it has not been.
    pub seq: u64,
}

impl Queued {
    fn is(&self, key: &Value) -> bool {
        self.add.is_none() && self.key == *key
    }
}

impl Node {
    /// With nothing: at the very first, or in a later life that remembers nothing.
    pub fn empty(cx: &Know<'_>) -> Node {
        let others = cx.cast.all().filter(|n| *n != cx.me);
        let peer = |node| Peer { node, out_queue: vec![], next_seq: 0, acked_seq: 0 };
        let peers: Vec<Peer> = others.map(peer).collect();
        let asked = if cx.incarnation == 0 { None } else { peers.first().map(|p| p.node) };
        Node {
            boot: cx.incarnation,
            counter: 0,
            used: 0,
            store: vec![],
            adds: Seq::default(),
            ids: Map::default(),
            sums: vec![],
            next_add: 0,
            peers,
            flushing: false,
            asked,
        }
    }

    /// From its disk: all that is queued counts as not sent.
    pub fn again(&self, cx: &Know<'_>) -> Node {
        let mut node = Node { boot: cx.incarnation, flushing: false, ..self.clone() };
        for peer in &mut node.peers {
            peer.out_queue.iter_mut().for_each(|q| q.seq = 0);
        }
        node
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, EventualCache>, fx: &mut Do<'_>) {
        self.collect(cx, fx);
        match input {
            Input::Start => self.wake(cx, fx),
            Input::Request { op, call } => self.request(cx, op, call, fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg, fx),
            Input::Timeout(Timer::Flush) => self.flush(cx, fx),
            Input::Timeout(Timer::Retransmit(to, seq)) => self.retransmit(cx, *to, *seq, fx),
            Input::Timeout(Timer::AntiEntropy) => self.anti_entropy(cx, fx),
            Input::Timeout(Timer::CatchUp) => self.ask_the_next(cx, fx),
            Input::Saved(_) => {}
        }
    }

    fn deliver(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        match msg {
            Msg::Replicate { boot, seq, items, adds } => {
                self.take_all(cx, from, items, adds, fx);
                fx.once_saved(|fx| fx.send(from, Msg::ReplicateAck { boot: *boot, seq: *seq }));
            }
            Msg::ReplicateAck { boot, seq } => self.acknowledged(cx, from, *boot, *seq, fx),
            Msg::Digest { whole, versions, adds } => {
                self.digest(cx, from, *whole, versions, adds, fx)
            }
            Msg::DigestDiff { whole, items, adds, want } => {
                self.take_all(cx, from, items, adds, fx);
                self.give(from, want, fx);
                self.caught_up(cx, from, *whole, fx);
            }
        }
    }

    fn wake(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.arm_anti_entropy(cx, fx);
        if let Some(from) = self.asked {
            fx.explain(Why::Forgot { boot: self.boot, from });
            self.ask(cx, from, fx);
        } else if self.boot > 0 {
            let (keys, queued) = (self.store.len() as u64, self.queued() as u64);
            fx.explain(Why::Recovered { keys, queued });
            self.arm_flush(cx, fx);
        }
    }

    // ---------------------------------------------------------------- what clients ask

    fn request(&mut self, cx: &Know<'_>, op: OpId, call: &Op, fx: &mut Do<'_>) {
        let Some(key) = call.key() else { return fx.reply(op, Outcome::failed()) };
        if call.verb == "get" {
            let value = self.get(cx, key, fx);
            return fx.once_saved(|fx| fx.reply(op, Outcome::ok(Some(value))));
        }
        if let Some(why) = self.cannot(cx, key, call.verb == "incr") {
            fx.explain(why);
            return fx.reply(op, Outcome::failed());
        }
        match call.verb {
            "put" => self.put(cx, key, call.arg(1).cloned(), ttl(cx, call), fx),
            "delete" => self.put(cx, key, None, Some(0), fx),
            _ => self.incr(cx, key, call.arg(1).and_then(Value::as_int).unwrap_or(1), fx),
        }
        self.keep(cx, fx);
        fx.once_saved(|fx| fx.reply(op, Outcome::ok(None)));
    }

    /// A miss reads 0.
    fn get(&self, cx: &Know<'_>, key: &Value, fx: &mut Do<'_>) -> Value {
        let found = self.find(key).filter(|i| i.value.is_some());
        if let Some(item) = found {
            let left = item.expires_at.map_or(1, |t| t.0 - cx.wall as i64);
            let (key, value) = (key.clone(), item.value.clone().unwrap_or(Value::Int(0)));
            if left <= 0 {
                fx.explain(Why::Expired { key, ago: Span(-left) });
                return Value::Int(0);
            }
            let (counter, clock) = (item.version.counter, cx.params.clock.reads());
            fx.explain(Why::Hit { key, value: value.clone(), counter, clock });
            return value;
        }
        if let Some(sum) = self.sum(key) {
            return Value::Int(sum);
        }
        fx.explain(Why::Missed { key: key.clone(), deleted: self.find(key).is_some() });
        Value::Int(0)
    }

    /// Why a write cannot be taken now.
    fn cannot(&self, cx: &Know<'_>, key: &Value, incr: bool) -> Option<Why> {
        let key = key.clone();
        if let Some(from) = self.asked {
            return Some(Why::NotYet { key, from });
        }
        let full = |p: &&Peer| {
            p.out_queue.len() >= cx.params.bound
                && (incr || !p.out_queue.iter().any(|q| q.is(&key)))
        };
        let peer = self.peers.iter().find(full)?;
        Some(Why::Full { peer: peer.node, queued: peer.out_queue.len() as u64, key })
    }

    fn put(
        &mut self,
        cx: &Know<'_>,
        key: &Value,
        value: Option<Value>,
        ttl: Option<Us>,
        fx: &mut Do<'_>,
    ) {
        let version = self.stamp(cx);
        let expires_at = ttl.map(|t| Span((cx.wall + t) as i64));
        let item = Item { key: key.clone(), value, version, expires_at };
        if let Some(mine) = self.find(key)
            && !beats(cx, version, mine.version)
        {
            let (key, value, counter) = (item.key, item.value, version.counter);
            let mine = mine.version;
            return fx.explain(Why::Outrun {
                key,
                value,
                counter,
                kept: mine.counter,
                by: mine.node,
            });
        }
        let (value, peers) = (item.value.clone(), self.peers.len() as u64);
        self.hold(item);
        let over = self.enqueue(key, None, true);
        if over > 0 {
            fx.explain(Why::Coalesced { key: key.clone(), peers: over });
        }
        let (key, counter, durable) = (key.clone(), version.counter, cx.params.durable);
        let removes = value.is_none() && cx.bug("delete-removes");
        if removes {
            self.forget(&key);
        }
        let clock = cx.params.clock.reads();
        fx.explain(match value {
            Some(value) => Why::Put { key, value, counter, peers, durable },
            None => Why::Deleted { key, counter, peers, clock, removes },
        });
        self.arm_flush(cx, fx);
    }

    /// Larger than all that was ever seen here, if the counter is counted.
    fn stamp(&mut self, cx: &Know<'_>) -> Version {
        let counter = match cx.params.clock {
            Clock::Logical => self.counter + 1,
            // Its clock may stand still, or go back: no version is used twice.
            Clock::Wall => cx.wall.max(self.used + 1),
            Clock::Hybrid => cx.wall.max(self.counter + 1),
        };
        (self.counter, self.used) = (self.counter.max(counter), counter);
        Version { counter, node: cx.me, boot: self.boot }
    }

    fn incr(&mut self, cx: &Know<'_>, key: &Value, by: i64, fx: &mut Do<'_>) {
        self.next_add += 1;
        let seq = self.next_add;
        let add = Add { key: key.clone(), by, origin: cx.me, boot: self.boot, seq };
        self.add(&add);
        self.enqueue(key, Some(add), cx.bug("coalesce-incr"));
        let (sum, peers) = (self.sum(key).unwrap_or(0), self.peers.len() as u64);
        fx.explain(Why::Incremented { key: key.clone(), by, sum, peers });
        self.arm_flush(cx, fx);
    }

    /// In every queue. A put takes the place of an older one of its key; says in how many queues one had
    /// not been sent yet. What was sent and not acknowledged is to be sent again, in another batch: the old
    /// batch's acknowledgement says nothing of the new version.
    fn enqueue(&mut self, key: &Value, add: Option<Add>, coalesce: bool) -> u64 {
        let mut over = 0;
        for peer in &mut self.peers {
            let same = |q: &Queued| coalesce && q.key == *key && q.add.is_some() == add.is_some();
            over += u64::from(peer.out_queue.iter().any(|q| same(q) && q.seq == 0));
            peer.out_queue.retain(|q| !same(q));
            peer.out_queue.push(Queued { key: key.clone(), add: add.clone(), seq: 0 });
        }
        over
    }

    // ---------------------------------------------------------------- the queues

    /// The first that waits starts the clock.
    fn arm_flush(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if !self.flushing && self.queued() > 0 {
            self.flushing = true;
            fx.arm(Timer::Flush, cx.params.flush..=cx.params.flush);
        }
    }

    fn flush(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.flushing = false;
        let (mut batches, mut entries) = (vec![], 0);
        for peer in &mut self.peers {
            for q in &mut peer.out_queue {
                if q.seq > 0 {
                    continue;
                }
                let open = batches.last().is_some_and(|(n, _)| *n == peer.node);
                if !open || !cx.params.batch {
                    peer.next_seq += 1;
                    batches.push((peer.node, peer.next_seq));
                }
                q.seq = peer.next_seq;
                entries += 1;
            }
        }
        // What is unsent is the same for all: it was queued for all at once.
        let entries = entries / self.peers.len().max(1) as u64;
        fx.explain(Why::Flushed { entries, batches: batches.len() as u64 });
        self.keep(cx, fx);
        for (to, seq) in batches {
            self.send(cx, to, seq, fx);
        }
    }

    /// What of a batch is not acknowledged, as the store has it now.
    fn send(&self, cx: &Know<'_>, to: NodeId, seq: u64, fx: &mut Do<'_>) -> u64 {
        let (mut items, mut adds) = (vec![], vec![]);
        let queue = self.peers.iter().filter(|p| p.node == to).flat_map(|p| &p.out_queue);
        for q in queue.filter(|q| q.seq == seq) {
            match &q.add {
                Some(add) => adds.push(add.clone()),
                None => items.extend(self.find(&q.key).cloned()),
            }
        }
        let entries = items.len() + adds.len();
        if entries > 0 {
            let boot = self.boot;
            fx.once_saved(|fx| fx.send(to, Msg::Replicate { boot, seq, items, adds }));
            if !cx.bug("no-retransmit") {
                let after = cx.params.retransmit;
                fx.arm(Timer::Retransmit(to, seq), after..=after);
            }
        }
        entries as u64
    }

    fn retransmit(&mut self, cx: &Know<'_>, to: NodeId, seq: u64, fx: &mut Do<'_>) {
        let entries = self.send(cx, to, seq, fx);
        if entries > 0 {
            let after = Span(cx.params.retransmit as i64);
            fx.explain(Why::Resent { to, seq, entries, after });
        }
    }

    fn acknowledged(&mut self, cx: &Know<'_>, by: NodeId, boot: u32, seq: u64, fx: &mut Do<'_>) {
        if boot != self.boot {
            return fx.explain(Why::OldAck { by, seq, boot });
        }
        let Some(peer) = self.peers.iter_mut().find(|p| p.node == by) else { return };
        peer.out_queue.retain(|q| q.seq != seq);
        peer.acked_seq = peer.acked_seq.max(seq);
        fx.explain(Why::Acknowledged { by, seq, left: peer.out_queue.len() as u64 });
        fx.disarm(&Timer::Retransmit(by, seq));
        self.keep(cx, fx);
    }

    // ---------------------------------------------------------------- what others say

    fn take_all(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        items: &[Item],
        adds: &[Add],
        fx: &mut Do<'_>,
    ) {
        for item in items {
            self.take(cx, from, item, fx);
        }
        for add in adds {
            self.count(from, add, fx);
        }
        self.keep(cx, fx);
    }

    fn take(&mut self, cx: &Know<'_>, from: NodeId, item: &Item, fx: &mut Do<'_>) {
        let (key, theirs) = (item.key.clone(), item.version);
        self.counter = self.counter.max(theirs.counter);
        if over(cx, item) {
            return;
        }
        let (mine, clock) = (self.find(&key).map(|i| i.version), cx.params.clock.reads());
        if mine == Some(theirs) {
            return fx.explain(Why::Again { key, from });
        }
        if let Some(mine) = mine
            && !beats(cx, theirs, mine)
            && !cx.bug("apply-arrival-order")
        {
            let greater = mine.rank(cx.params.low) > theirs.rank(cx.params.low);
            return fx.explain(Why::Kept { key, from, theirs, mine, clock, greater });
        }
        self.hold(item.clone());
        let value = item.value.clone();
        let greater = mine.is_none_or(|mine| beats(cx, theirs, mine));
        fx.explain(Why::Applied { key, value, from, theirs, mine, clock, greater });
    }

    fn count(&mut self, from: NodeId, add: &Add, fx: &mut Do<'_>) {
        let key = add.key.clone();
        if self.has(add.id()) {
            return fx.explain(Why::Again { key, from });
        }
        self.add(add);
        let sum = self.sum(&key).unwrap_or(0);
        fx.explain(Why::Counted { key, by: add.by, origin: add.origin, seq: add.seq, sum });
    }

    // ---------------------------------------------------------------- anti-entropy

    fn arm_anti_entropy(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.params.anti_entropy > 0 {
            fx.arm(Timer::AntiEntropy, cx.params.anti_entropy..=cx.params.anti_entropy);
        }
    }

    /// Show the others what is here; they send what is missing, and ask for what they miss.
    fn anti_entropy(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.arm_anti_entropy(cx, fx);
        if self.asked.is_some() || self.peers.is_empty() {
            return;
        }
        let lot = if cx.params.every_peer {
            None
        } else {
            Some(fx.pick("peer", self.peers.len() as u64) as usize)
        };
        for (i, peer) in self.peers.iter().enumerate() {
            if lot.is_none_or(|lot| lot == i) {
                self.show(peer.node, None, fx);
            }
        }
    }

    fn show(&self, to: NodeId, whole: Option<u32>, fx: &mut Do<'_>) {
        let versions = self.store.iter().map(|i| (i.key.clone(), i.version)).collect();
        let adds = self.adds.iter().map(Add::id).collect();
        fx.once_saved(|fx| fx.send(to, Msg::Digest { whole, versions, adds }));
    }

    fn digest(
        &self,
        cx: &Know<'_>,
        from: NodeId,
        whole: Option<u32>,
        versions: &[(Value, Version)],
        ids: &[AddId],
        fx: &mut Do<'_>,
    ) {
        let (mut items, mut adds, mut want) = (vec![], vec![], vec![]);
        for item in &self.store {
            let theirs = versions.iter().find(|(k, _)| *k == item.key);
            if theirs.is_none_or(|(_, v)| beats(cx, item.version, *v)) {
                items.push(item.clone());
            }
        }
        for (key, version) in versions {
            if self.find(key).is_none_or(|mine| beats(cx, *version, mine.version)) {
                want.push(key.clone());
            }
        }
        let mut theirs = ids.to_vec();
        sort(&mut theirs);
        for add in self.adds.iter() {
            if theirs.binary_search(&add.id()).is_err() {
                adds.push(add.clone());
            }
        }
        let (gives, wants) = ((items.len() + adds.len()) as u64, want.len() as u64);
        if gives + wants > 0 || whole.is_some() {
            fx.explain(Why::Compared { with: from, gives, wants });
            fx.once_saved(|fx| fx.send(from, Msg::DigestDiff { whole, items, adds, want }));
        }
    }

    fn give(&self, to: NodeId, want: &[Value], fx: &mut Do<'_>) {
        let items: Vec<Item> = want.iter().filter_map(|key| self.find(key).cloned()).collect();
        if !items.is_empty() {
            let diff = Msg::DigestDiff { whole: None, items, adds: vec![], want: vec![] };
            fx.once_saved(|fx| fx.send(to, diff));
        }
    }

    // ---------------------------------------------------------------- after forgetting everything

    fn ask(&mut self, cx: &Know<'_>, peer: NodeId, fx: &mut Do<'_>) {
        self.asked = Some(peer);
        self.show(peer, Some(self.boot), fx);
        fx.arm(Timer::CatchUp, cx.params.retransmit..=cx.params.retransmit);
    }

    fn ask_the_next(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let Some(silent) = self.asked else { return };
        let at = self.peers.iter().position(|p| p.node == silent).unwrap_or(0);
        if let Some(next) = self.peers.get((at + 1) % self.peers.len().max(1)).map(|p| p.node) {
            fx.explain(Why::AskedAnother { silent, next });
            self.ask(cx, next, fx);
        }
    }

    fn caught_up(&mut self, cx: &Know<'_>, from: NodeId, whole: Option<u32>, fx: &mut Do<'_>) {
        if self.asked.is_none() || whole != Some(self.boot) {
            return;
        }
        self.asked = None;
        fx.disarm(&Timer::CatchUp);
        let (keys, counter) = (self.store.len() as u64, self.counter);
        fx.explain(Why::CaughtUp { from, keys, counter, clock: cx.params.clock.reads() });
        self.keep(cx, fx);
    }

    // ---------------------------------------------------------------- the store

    pub fn find(&self, key: &Value) -> Option<&Item> {
        self.store.iter().find(|i| i.key == *key)
    }

    fn hold(&mut self, item: Item) {
        let at = self.store.partition_point(|i| i.key < item.key);
        match self.store.get_mut(at).filter(|i| i.key == item.key) {
            Some(old) => *old = item,
            None => self.store.insert(at, item),
        }
    }

    /// The store has it no more, and so has no queue: a queue holds keys, not copies.
    fn forget(&mut self, key: &Value) {
        self.store.retain(|i| i.key != *key);
        for peer in &mut self.peers {
            peer.out_queue.retain(|q| !q.is(key));
        }
    }

    /// Tombstones and expired items whose grace is over.
    fn collect(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        while let Some(item) = self.store.iter().find(|i| over(cx, i)) {
            let (key, tombstone) = (item.key.clone(), item.value.is_none());
            self.forget(&key);
            fx.explain(Why::Collected { key, tombstone, grace: Span(cx.params.grace as i64) });
        }
    }

    /// None where nothing was ever added.
    pub fn sum(&self, key: &Value) -> Option<i64> {
        self.sums.iter().find(|(k, _)| k == key).map(|(_, sum)| *sum)
    }

    pub fn has(&self, add: AddId) -> bool {
        self.ids.contains_key(&add)
    }

    fn add(&mut self, add: &Add) {
        self.adds.push(add.clone());
        self.ids.insert(add.id(), ());
        match self.sums.iter_mut().find(|(k, _)| *k == add.key) {
            Some((_, sum)) => *sum += add.by,
            None => self.sums.push((add.key.clone(), add.by)),
        }
    }

    /// The longest queue.
    pub fn queued(&self) -> usize {
        self.peers.iter().map(|p| p.out_queue.len()).max().unwrap_or(0)
    }

    /// What this step has changed goes to the disk before anything of it leaves.
    fn keep(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.params.durable {
            fx.save(Record::State(Box::new(self.clone())));
        }
    }
}

/// Whether one version replaces another.
fn beats(cx: &Know<'_>, new: Version, old: Version) -> bool {
    if cx.bug("no-tiebreak") {
        return new.counter > old.counter;
    }
    new.rank(cx.params.low) > old.rank(cx.params.low)
}

/// Whether nobody keeps it any longer.
fn over(cx: &Know<'_>, item: &Item) -> bool {
    item.expires_at.is_some_and(|t| t.0 + cx.params.grace as i64 <= cx.wall as i64)
}

fn ttl(cx: &Know<'_>, call: &Op) -> Option<Us> {
    let own = match call.arg(2) {
        Some(Value::Time(t)) => (*t).max(0) as Us,
        _ => cx.params.ttl,
    };
    (own > 0).then_some(own)
}
