//! A replica: its store, and for each peer a queue of what that peer has not acknowledged.

use serde::Serialize;

use super::merge::*;
use super::msg::*;
use super::why::Why;
use super::{Disk, Do, EventualStore, Know, Record, Stamps, Timer, card};
use crate::ids::{NodeId, OpId, Span};
use crate::protocol::Input;
use crate::seq::Seq;
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Replica {
    pub boot: u32,
    pub store: Store,
    /// The highest tick given here, and the highest seen of all.
    pub last: Tick,
    pub top: Tick,
    /// Writes of clients that were taken up.
    pub ops: Seq<OpId>,
    pub peers: Vec<Peer>,
    /// Something waits to be sent, and the flush is coming.
    pub flushing: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct Peer {
    pub node: NodeId,
    pub out_queue: Vec<Queued>,
    pub next_seq: u64,
}

/// A key: the entry is read from the store when it is sent.
#[derive(Clone, Debug, Serialize)]
pub struct Queued {
    pub key: Value,
    /// The batch it was sent in; 0 if it has not been.
    pub seq: u64,
}

impl Replica {
    pub fn boot(cx: &Know<'_>, disk: &Disk) -> Replica {
        let others = cx.cast.of_role(card::REPLICAS).filter(|n| *n != cx.me);
        let peer = |node| Peer { node, out_queue: vec![], next_seq: 0 };
        Replica {
            boot: cx.incarnation,
            store: disk.store.clone(),
            last: disk.last,
            top: disk.top,
            ops: disk.ops.clone(),
            peers: others.map(peer).collect(),
            flushing: false,
        }
    }

    pub fn step(&mut self, cx: &Know<'_>, input: Input<'_, EventualStore>, fx: &mut Do<'_>) {
        self.collect(cx, fx);
        match input {
            Input::Start => self.start(cx, fx),
            Input::Deliver { from, msg } => self.deliver(cx, from, msg, fx),
            Input::Timeout(Timer::Flush) => self.flush(cx, fx),
            Input::Timeout(Timer::Retransmit(to, seq)) => self.retransmit(cx, *to, *seq, fx),
            Input::Timeout(Timer::AntiEntropy) => self.anti_entropy(cx, fx),
            Input::Timeout(Timer::Grace) => self.arm_grace(cx, fx),
            _ => {}
        }
    }

    fn deliver(&mut self, cx: &Know<'_>, from: NodeId, msg: &Msg, fx: &mut Do<'_>) {
        match msg {
            Msg::Get { op, key } => self.get(from, *op, key, fx),
            Msg::Put { op, key, val, seen } => self.put(cx, from, *op, key, val.clone(), *seen, fx),
            Msg::Replicate { boot, seq, items } => {
                self.take_all(cx, from, items, fx);
                let ack = Msg::ReplicateAck { boot: *boot, seq: *seq };
                fx.once_saved(|fx| fx.send(from, ack));
            }
            Msg::ReplicateAck { boot, seq } => self.acknowledged(from, *boot, *seq, fx),
            Msg::Digest { stamps } => self.compare(cx, from, stamps, fx),
            Msg::DigestDiff { items, want } => {
                self.take_all(cx, from, items, fx);
                self.give(from, want, fx);
            }
            Msg::Answer { .. } => {}
        }
    }

    /// Whom it had told before the crash it does not know: what it wrote itself it tells again.
    fn start(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.arm_anti_entropy(cx, fx);
        self.arm_grace(cx, fx);
        if self.boot == 0 {
            return;
        }
        let mut own = vec![];
        for item in self.store.iter().filter(|i| i.stamp.node == cx.me) {
            own.push(item.key.clone());
        }
        let (keys, again) = (self.store.len() as u64, own.len() as u64);
        fx.explain(Why::Recovered { keys, own: again });
        for key in own {
            self.enqueue(cx, &key, fx);
        }
    }

    // ---------------------------------------------------------------- what clients ask

    /// What is shown may not be on the disk yet, and nobody shall have seen what a crash undoes.
    fn get(&self, from: NodeId, op: OpId, key: &Value, fx: &mut Do<'_>) {
        let (mut val, mut seen) = (Value::Int(0), Tick::default());
        if let Some(item) = find(&self.store, key) {
            val = item.val.clone().unwrap_or(val);
            seen = item.stamp.ts;
        }
        fx.explain(Why::Read { key: key.clone(), value: val.clone() });
        fx.once_saved(|fx| fx.send(from, Msg::Answer { op, val, seen }));
    }

    /// Merged like any other write: if its stamp is below the one it was to replace, it is gone at once.
    #[allow(clippy::too_many_arguments)]
    fn put(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        op: OpId,
        key: &Value,
        val: Option<Value>,
        seen: Tick,
        fx: &mut Do<'_>,
    ) {
        // A copy of a request made by the network is none.
        if self.ops.iter().rev().any(|o| *o == op) {
            return;
        }
        let stamp = self.stamp(cx, seen);
        let until = val.is_none().then(|| Span((cx.wall + cx.params.grace) as i64));
        let item = Item { key: key.clone(), val, stamp, until };
        self.ops.push(op);
        let issued = Record::Issued { op, tick: stamp.ts };
        match find(&self.store, key) {
            Some(mine) if !replaces(cx, stamp, mine.stamp) => fx.save(issued),
            // It rides on the item.
            _ => fx.note(issued),
        };
        let val = item.val.clone().unwrap_or(Value::Int(0));
        self.write(cx, item, fx);
        let seen = stamp.ts;
        fx.once_saved(|fx| fx.send(from, Msg::Answer { op, val, seen }));
    }

    fn write(&mut self, cx: &Know<'_>, item: Item, fx: &mut Do<'_>) {
        let (key, value, stamp) = (item.key.clone(), item.val.clone(), item.stamp);
        if let Some(mine) = find(&self.store, &key)
            && !replaces(cx, stamp, mine.stamp)
        {
            let (kept, over) = (mine.val.clone(), mine.stamp);
            let (ts, kept_ts, by) = (stamp.ts, over.ts, over.node);
            return fx.explain(Why::Outrun { key, value, ts, kept, kept_ts, by });
        }
        self.keep(cx, item, fx);
        fx.explain(match value {
            Some(value) => Why::Wrote { key: key.clone(), value, ts: stamp.ts },
            None => {
                let grace = Span(cx.params.grace as i64);
                Why::Deleted { key: key.clone(), ts: stamp.ts, grace }
            }
        });
        self.enqueue(cx, &key, fx);
    }

    /// No tick is given twice. A wall clock knows nothing of what was seen; the others are above all of it.
    fn stamp(&mut self, cx: &Know<'_>, seen: Tick) -> Stamp {
        let (ms, top) = (cx.wall / 1_000, self.top.max(seen));
        let tick = match cx.params.stamps {
            Stamps::Wall => Tick { ts: ms.max(self.last.ts + 1), c: 0 },
            Stamps::Lamport => Tick { ts: top.ts + 1, c: 0 },
            Stamps::Hybrid if ms > top.ts => Tick { ts: ms, c: 0 },
            Stamps::Hybrid => Tick { ts: top.ts, c: top.c + 1 },
        };
        self.last = tick;
        self.top = self.top.max(tick);
        Stamp { ts: tick, node: cx.me }
    }

    /// Into the store, and onto the disk.
    fn keep(&mut self, cx: &Know<'_>, item: Item, fx: &mut Do<'_>) {
        self.top = self.top.max(item.stamp.ts);
        fx.save(Record::Held { item: item.clone() });
        let tombstone = item.until.is_some();
        hold(&mut self.store, item);
        if tombstone {
            self.arm_grace(cx, fx);
        }
    }

    // ---------------------------------------------------------------- the queues

    /// The newest of a key takes the place of an older one: its acknowledgement says nothing of this one.
    fn enqueue(&mut self, cx: &Know<'_>, key: &Value, fx: &mut Do<'_>) {
        for peer in &mut self.peers {
            peer.out_queue.retain(|q| q.key != *key);
            peer.out_queue.push(Queued { key: key.clone(), seq: 0 });
        }
        if !self.flushing && !self.peers.is_empty() {
            self.flushing = true;
            fx.arm(Timer::Flush, cx.params.flush..=cx.params.flush);
        }
    }

    fn flush(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.flushing = false;
        let mut batches = vec![];
        for peer in &mut self.peers {
            let seq = peer.next_seq + 1;
            for q in peer.out_queue.iter_mut().filter(|q| q.seq == 0) {
                q.seq = seq;
                peer.next_seq = seq;
            }
            if peer.next_seq == seq {
                batches.push((peer.node, seq));
            }
        }
        let mut entries = 0;
        let peers = batches.len() as u64;
        for (to, seq) in batches {
            entries = self.send(cx, to, seq, fx);
        }
        fx.explain(Why::Flushed { entries, peers });
    }

    /// What of a batch is not acknowledged, as the store has it now.
    fn send(&self, cx: &Know<'_>, to: NodeId, seq: u64, fx: &mut Do<'_>) -> u64 {
        let mut items = vec![];
        for q in self.peers.iter().filter(|p| p.node == to).flat_map(|p| &p.out_queue) {
            if q.seq == seq {
                items.extend(find(&self.store, &q.key).cloned());
            }
        }
        let entries = items.len() as u64;
        if entries > 0 {
            let boot = self.boot;
            fx.once_saved(|fx| fx.send(to, Msg::Replicate { boot, seq, items }));
            if cx.params.retransmit > 0 {
                let after = cx.params.retransmit;
                fx.arm(Timer::Retransmit(to, seq), after..=after);
            }
        }
        entries
    }

    fn retransmit(&mut self, cx: &Know<'_>, to: NodeId, seq: u64, fx: &mut Do<'_>) {
        let entries = self.send(cx, to, seq, fx);
        if entries > 0 {
            fx.explain(Why::Resent { to, entries });
        }
    }

    fn acknowledged(&mut self, by: NodeId, boot: u32, seq: u64, fx: &mut Do<'_>) {
        let Some(peer) = self.peers.iter_mut().find(|p| p.node == by) else { return };
        // Of another life: it says nothing of what is queued now.
        if boot == self.boot {
            peer.out_queue.retain(|q| q.seq != seq);
            fx.disarm(&Timer::Retransmit(by, seq));
        }
    }

    // ---------------------------------------------------------------- what others say

    fn take_all(&mut self, cx: &Know<'_>, from: NodeId, items: &[Item], fx: &mut Do<'_>) {
        for item in items {
            if let Some(ahead) = ahead(item, cx.wall, cx.params.max_offset) {
                let (key, ahead) = (item.key.clone(), Span(ahead as i64));
                fx.explain(Why::FromTheFuture { key, value: item.val.clone(), from, ahead });
            } else if !over(item, cx.wall) {
                self.take(cx, from, item, fx);
            }
        }
    }

    fn take(&mut self, cx: &Know<'_>, from: NodeId, item: &Item, fx: &mut Do<'_>) {
        let (key, value, Stamp { ts, node }) = (item.key.clone(), item.val.clone(), item.stamp);
        let mine = find(&self.store, &key).map(|i| (i.val.clone(), i.stamp));
        match mine {
            Some((_, stamp)) if stamp == item.stamp => fx.explain(Why::Again { key, from }),
            Some((kept, stamp)) if !replaces(cx, item.stamp, stamp) => {
                let (kept_ts, by) = (stamp.ts, stamp.node);
                fx.explain(Why::Discarded { key, value, ts, node, kept, kept_ts, by });
            }
            mine => {
                let over_ts = mine.as_ref().map(|(_, stamp)| stamp.ts);
                let over = mine.and_then(|(val, _)| val);
                self.keep(cx, item.clone(), fx);
                fx.explain(Why::Applied { key, value, ts, node, from, over, over_ts });
            }
        }
    }

    // ---------------------------------------------------------------- anti-entropy

    fn arm_anti_entropy(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        if cx.params.anti_entropy > 0 && !self.peers.is_empty() {
            fx.arm(Timer::AntiEntropy, cx.params.anti_entropy..=cx.params.anti_entropy);
        }
    }

    /// Show the others what is here: they send what is missing, and ask for what they miss.
    fn anti_entropy(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.arm_anti_entropy(cx, fx);
        let mut lot = None;
        if !cx.params.every_peer {
            lot = Some(fx.pick("peer", self.peers.len() as u64) as usize);
        }
        for (i, peer) in self.peers.iter().enumerate() {
            if lot.is_none_or(|lot| lot == i) {
                let stamps = self.store.iter().map(|i| (i.key.clone(), i.stamp)).collect();
                fx.once_saved(|fx| fx.send(peer.node, Msg::Digest { stamps }));
            }
        }
    }

    fn compare(&self, cx: &Know<'_>, with: NodeId, stamps: &[(Value, Stamp)], fx: &mut Do<'_>) {
        let (mut items, mut want) = (vec![], vec![]);
        for item in &self.store {
            let theirs = stamps.iter().find(|(k, _)| *k == item.key);
            if theirs.is_none_or(|(_, theirs)| replaces(cx, item.stamp, *theirs)) {
                items.push(item.clone());
            }
        }
        for (key, stamp) in stamps {
            if find(&self.store, key).is_none_or(|mine| replaces(cx, *stamp, mine.stamp)) {
                want.push(key.clone());
            }
        }
        let (gives, wants) = (items.len() as u64, want.len() as u64);
        if gives + wants > 0 {
            fx.explain(Why::Compared { with, gives, wants });
            fx.once_saved(|fx| fx.send(with, Msg::DigestDiff { items, want }));
        }
    }

    fn give(&self, to: NodeId, want: &[Value], fx: &mut Do<'_>) {
        let mut items = vec![];
        want.iter().for_each(|key| items.extend(find(&self.store, key).cloned()));
        if !items.is_empty() {
            fx.once_saved(|fx| fx.send(to, Msg::DigestDiff { items, want: vec![] }));
        }
    }

    // ---------------------------------------------------------------- tombstones

    /// Wake when the first of them is over.
    fn arm_grace(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let first = self.store.iter().filter_map(|i| i.until).min();
        if let Some(Span(until)) = first {
            let left = (until - cx.wall as i64).max(1) as u64;
            fx.arm(Timer::Grace, left..=left);
        }
    }

    /// The store has it no more, and so has no queue: a queue holds keys, not copies.
    fn collect(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        while let Some(key) = self.store.iter().find(|i| over(i, cx.wall)).map(|i| i.key.clone()) {
            self.store.retain(|i| i.key != key);
            for peer in &mut self.peers {
                peer.out_queue.retain(|q| q.key != key);
            }
            // If this is lost, the tombstone is found to be over once more.
            fx.note(Record::Dropped { key: key.clone() });
            fx.explain(Why::Collected { key, grace: Span(cx.params.grace as i64) });
        }
    }

    /// The longest queue.
    pub fn queued(&self) -> usize {
        self.peers.iter().map(|p| p.out_queue.len()).max().unwrap_or(0)
    }
}
