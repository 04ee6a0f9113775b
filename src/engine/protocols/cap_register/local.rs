//! AP: every replica answers at once from what it has, and tells the others afterwards.
//!
//! What was written goes out once in a while, unacknowledged; now and then replicas compare version
//! vectors, and each sends what the other lacks. So all come to have the same, if only they can talk. Two
//! writes that did not know of each other are a conflict: either both are kept, or the greater stamp wins.

use super::msg::*;
use super::server::{Server, peers};
use super::why::Why;
use super::{Do, Know, Mode, Timer};
use crate::ids::NodeId;
use crate::value::Value;

impl Server {
    pub fn write_here(
        &mut self,
        cx: &Know<'_>,
        from: NodeId,
        wish: &Wish,
        value: &Value,
        seen: Option<&Vector>,
        fx: &mut Do<'_>,
    ) {
        let key = &wish.key;
        let mut cell = self.store.get(key).cloned().unwrap_or_else(|| empty(key));
        // A stamp above all that is known of the key, so that what is written now counts as newer.
        let known = highest(&cell.seen).max(seen.map_or(0, highest));
        let tag = Tag { ts: self.issue(known, fx), node: cx.me };
        let over = overwrite(cx, &mut cell, tag, value, seen);
        fx.explain(match over {
            0 | 1 => Why::Wrote {
                key: key.clone(),
                value: value.clone(),
                ts: tag.ts,
                peers: cx.params.nodes as u64 - 1,
            },
            over => Why::Resolved { key: key.clone(), value: value.clone(), over },
        });
        let (values, shown) = (cell.values(), cell.seen.clone());
        self.store.put(cell);
        self.keep(key, fx);
        if self.dirty.is_empty() {
            fx.arm(Timer::Flush, cx.params.flush..=cx.params.flush);
        }
        if !self.dirty.contains(key) {
            self.dirty.push(key.clone());
        }
        fx.once_saved(|fx| self.answer_with(from, wish, Status::Ok, values, shown, fx));
    }

    /// Tell everybody, once, what has been written lately.
    pub fn flush(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let dirty = std::mem::take(&mut self.dirty);
        let cells = dirty.iter().filter_map(|key| self.store.get(key).cloned());
        let cells = Store(cells.collect());
        fx.explain(Why::Flushed { keys: cells.0.len() as u64, peers: cx.params.nodes as u64 - 1 });
        fx.once_saved(|fx| {
            for n in peers(cx) {
                fx.send(n, Msg::Flush { cells: cells.clone() });
            }
        });
    }

    // ---------------------------------------------------------------- anti-entropy

    pub fn start_anti_entropy(&self, cx: &Know<'_>, fx: &mut Do<'_>) {
        fx.arm(Timer::AntiEntropy, cx.params.anti_entropy..=cx.params.anti_entropy);
    }

    /// Show the others how much one knows; they send what is missing.
    pub fn anti_entropy(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        self.start_anti_entropy(cx, fx);
        if cx.bug("ap-no-antientropy") || cx.params.nodes < 2 {
            return;
        }
        let vectors = self.store.0.iter().map(|c| (c.key.clone(), c.seen.clone()));
        let vectors: Vec<(Value, Vector)> = vectors.collect();
        let lot = if cx.params.every_peer {
            None
        } else {
            Some(fx.pick("peer", cx.params.nodes as u64 - 1) as usize)
        };
        for (i, n) in peers(cx).enumerate() {
            if lot.is_none_or(|lot| lot == i) {
                fx.send(n, Msg::Digest { vectors: vectors.clone() });
            }
        }
    }

    pub fn digest(&self, from: NodeId, vectors: &[(Value, Vector)], fx: &mut Do<'_>) {
        let lacks = |c: &&Cell| {
            let theirs = vectors.iter().find(|(k, _)| *k == c.key);
            theirs.is_none_or(|(_, seen)| !covers_all(seen, &c.seen))
        };
        let cells = Store(self.store.0.iter().filter(lacks).cloned().collect());
        if let Some(first) = cells.0.first() {
            let (key, keys) = (first.key.clone(), cells.0.len() as u64);
            fx.explain(Why::Repaired { to: from, key, keys });
            fx.once_saved(|fx| fx.send(from, Msg::Repair { cells }));
        }
    }

    pub fn merge_all(&mut self, cx: &Know<'_>, from: NodeId, cells: &Store, fx: &mut Do<'_>) {
        for cell in &cells.0 {
            self.merge(cx, from, cell, fx);
        }
    }

    fn merge(&mut self, cx: &Know<'_>, from: NodeId, theirs: &Cell, fx: &mut Do<'_>) {
        let key = &theirs.key;
        let mine = self.store.get(key).cloned().unwrap_or_else(|| empty(key));
        if covers_all(&mine.seen, &theirs.seen) {
            return;
        }
        let mut both = union(&mine, theirs);
        let values = both.values();
        if values.len() > mine.versions.len().max(1) {
            self.conflict(cx, from, &mut both, fx);
        }
        self.store.put(both);
        self.keep(key, fx);
    }

    /// Versions that did not know of each other.
    fn conflict(&self, cx: &Know<'_>, from: NodeId, cell: &mut Cell, fx: &mut Do<'_>) {
        let (key, values) = (cell.key.clone(), cell.values());
        fx.meter("siblings", values.len() as i64);
        if cx.params.mode == Mode::Siblings {
            return fx.explain(Why::Conflict { key, from, values });
        }
        let lost = keep_greatest(cell);
        // Each lost write is counted where it was accepted.
        let own = lost.iter().filter(|v| v.tag.node == cx.me).count();
        if own > 0 {
            fx.meter("lost-writes", own as i64);
        }
        let lost = lost.into_iter().map(|v| v.value).collect();
        let (kept, ts) = (cell.value(), cell.tag().ts);
        fx.explain(Why::Discarded { key, from, kept, ts, lost, own: own > 0 });
    }
}

fn empty(key: &Value) -> Cell {
    Cell { key: key.clone(), versions: vec![], seen: Vector::default(), sure: true }
}

fn highest(seen: &Vector) -> u64 {
    seen.values().copied().max().unwrap_or(0)
}

fn covers(seen: &Vector, tag: Tag) -> bool {
    seen.get(tag.node).is_some_and(|ts| *ts >= tag.ts)
}

fn covers_all(more: &Vector, less: &Vector) -> bool {
    less.iter().all(|(node, ts)| covers(more, Tag { ts: *ts, node: *node }))
}

/// Entry by entry the larger.
pub fn join(seen: &mut Vector, more: &Vector) {
    for (node, ts) in more.iter() {
        let mine = seen.slot(*node);
        *mine = (*mine).max(*ts);
    }
}

/// A new version replaces those its writer was shown; where the last writer wins, all that are here. Says
/// how many that were.
fn overwrite(
    cx: &Know<'_>,
    cell: &mut Cell,
    tag: Tag,
    value: &Value,
    seen: Option<&Vector>,
) -> u64 {
    let before = cell.versions.len();
    let shown = seen.filter(|_| cx.params.mode == Mode::Siblings);
    cell.versions.retain(|v| shown.is_some_and(|seen| !covers(seen, v.tag)));
    let over = before - cell.versions.len();
    cell.versions.push(Version { tag, value: value.clone() });
    if let Some(seen) = seen {
        join(&mut cell.seen, seen);
    }
    cell.seen.put(tag.node, tag.ts);
    over as u64
}

/// All versions of both that neither side knows to be overwritten.
fn union(a: &Cell, b: &Cell) -> Cell {
    let mut both = empty(&a.key);
    let has = |c: &Cell, tag: Tag| c.versions.iter().any(|v| v.tag == tag);
    for v in &a.versions {
        if has(b, v.tag) || !covers(&b.seen, v.tag) {
            both.versions.push(v.clone());
        }
    }
    for v in &b.versions {
        if !has(a, v.tag) && !covers(&a.seen, v.tag) {
            let at = both.versions.partition_point(|w| w.tag < v.tag);
            both.versions.insert(at, v.clone());
        }
    }
    both.seen = a.seen.clone();
    join(&mut both.seen, &b.seen);
    both
}

/// The last writer wins: versions stand in the order of their stamps.
fn keep_greatest(cell: &mut Cell) -> Vec<Version> {
    let last = cell.versions.len().saturating_sub(1);
    cell.versions.drain(..last).collect()
}
