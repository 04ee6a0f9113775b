//! Which of two writes stays: the whole of conflict resolution.
//!
//! The greater rank, whatever comes first, however often, in whatever company: merging is commutative,
//! associative and idempotent, and that alone makes replicas agree.

use super::Know;
use super::msg::*;
use crate::ids::Span;
use crate::value::Value;

/// Of each key the greatest write known, in the order of keys.
pub type Store = Vec<Item>;

pub fn find<'a>(store: &'a Store, key: &Value) -> Option<&'a Item> {
    store.iter().find(|i| i.key == *key)
}

pub fn hold(store: &mut Store, item: Item) {
    let at = store.partition_point(|i| i.key < item.key);
    match store.get_mut(at).filter(|i| i.key == item.key) {
        Some(old) => *old = item,
        None => store.insert(at, item),
    }
}

/// Whether a write takes the place of another.
pub fn beats(low: bool, new: Stamp, old: Stamp) -> bool {
    new.rank(low) > old.rank(low)
}

/// What this replica does, mistakes included.
pub fn replaces(cx: &Know<'_>, new: Stamp, old: Stamp) -> bool {
    if cx.bug("arrival") {
        return new != old;
    }
    if cx.bug("ge") {
        return new.ts >= old.ts && new != old;
    }
    if cx.bug("no-tiebreak") {
        return new.ts > old.ts;
    }
    beats(cx.params.low, new, old)
}

/// Whether nobody keeps this tombstone any longer.
pub fn over(item: &Item, wall: u64) -> bool {
    item.until.is_some_and(|Span(t)| t <= wall as i64)
}

/// How far a stamp of milliseconds is ahead of a clock, beyond what is allowed; 0 allows all.
pub fn ahead(item: &Item, wall: u64, max_offset: u64) -> Option<u64> {
    let ahead = (item.stamp.ts.ts * 1_000).saturating_sub(wall);
    (max_offset > 0 && ahead > max_offset).then_some(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;

    fn merge(low: bool, a: &Store, b: &Store) -> Store {
        let mut all = a.clone();
        for item in b {
            if find(&all, &item.key).is_none_or(|mine| beats(low, item.stamp, mine.stamp)) {
                hold(&mut all, item.clone());
            }
        }
        all
    }

    /// Every store of at most one write of each of two keys, among few stamps.
    fn stores() -> Vec<Store> {
        let mut writes = vec![];
        for (key, n) in [("x", 3), ("y", 2)] {
            for i in 0..n * 4 {
                let (ts, c, node) = (i / 4, i / 2 % 2, i % 2);
                let stamp = Stamp { ts: Tick { ts, c }, node: NodeId(node as u16) };
                let val = (i % 3 > 0).then_some(Value::Int(i as i64));
                writes.push(Item { key: Value::word(key), val, stamp, until: None });
            }
        }
        let mut all = vec![vec![]];
        for (i, a) in writes.iter().enumerate() {
            all.push(vec![a.clone()]);
            for b in writes[i + 1..].iter().filter(|b| b.key != a.key) {
                all.push(vec![a.clone(), b.clone()]);
            }
        }
        all
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent() {
        let all = stores();
        for low in [false, true] {
            for a in &all {
                assert_eq!(merge(low, a, a), *a);
                for b in &all {
                    let ab = merge(low, a, b);
                    assert_eq!(ab, merge(low, b, a));
                    for c in all.iter().step_by(7) {
                        assert_eq!(merge(low, &ab, c), merge(low, a, &merge(low, b, c)));
                    }
                }
            }
        }
    }
}
