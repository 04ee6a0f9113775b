//! Short sorted lists where one would reach for a tree.
//!
//! Every kind of `BTreeMap`, every sort and every `collect` into a tree is compiled anew, at two to five
//! kilobytes of download each, and a protocol alone would need a dozen kinds. A handful of nodes in a
//! sorted `Vec` is found as fast.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};

use crate::ids::NodeId;

/// A map of few keys, in their order.
#[derive(Clone, Debug)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Few(vec![])
    }
}

impl<K: Ord + Copy, V> Few<K, V> {
    fn at(&self, key: K) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| k.cmp(&key))
    }
    pub fn get(&self, key: K) -> Option<&V> {
        self.at(key).ok().map(|i| &self.0[i].1)
    }
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.at(key).ok().map(|i| &mut self.0[i].1)
    }
    pub fn has(&self, key: K) -> bool {
        self.at(key).is_ok()
    }
    /// Put a value in its place; true where there was none.
    pub fn put(&mut self, key: K, value: V) -> bool {
        match self.at(key) {
            Ok(i) => self.0[i].1 = value,
            Err(i) => {
                self.0.insert(i, (key, value));
                return true;
            }
        }
        false
    }
    pub fn take(&mut self, key: K) -> Option<V> {
        self.at(key).ok().map(|i| self.0.remove(i).1)
    }
    /// The value of a key, made if there is none.
    pub fn slot(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.slot_or(key, V::default)
    }
    pub fn slot_or(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let i = self.at(key).unwrap_or_else(|i| {
            self.0.insert(i, (key, make()));
            i
        });
        &mut self.0[i].1
    }
    pub fn iter(&self) -> std::slice::Iter<'_, (K, V)> {
        self.0.iter()
    }
    pub fn keys(&self) -> impl Iterator<Item = K> + '_ {
        self.0.iter().map(|(k, _)| *k)
    }
    pub fn values(&self) -> impl Iterator<Item = &V> + '_ {
        self.0.iter().map(|(_, v)| v)
    }
    pub fn retain(&mut self, keep: impl Fn(K) -> bool) {
        self.0.retain(|(k, _)| keep(*k));
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, V> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Ord + Copy, V> FromIterator<(K, V)> for Few<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut all = Few::default();
        items.into_iter().for_each(|(k, v)| {
            all.put(k, v);
        });
        all
    }
}

impl<K: Serialize, V: Serialize> Serialize for Few<K, V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.iter().map(|(k, v)| (k, v)))
    }
}

/// Some nodes, each once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Nodes(Vec<NodeId>);

impl Nodes {
    pub fn has(&self, node: NodeId) -> bool {
        self.0.contains(&node)
    }
    /// True if it was not there.
    pub fn add(&mut self, node: NodeId) -> bool {
        let at = self.0.partition_point(|n| *n < node);
        let new = self.0.get(at) != Some(&node);
        if new {
            self.0.insert(at, node);
        }
        new
    }
    /// True if it was there.
    pub fn drop(&mut self, node: NodeId) -> bool {
        let at = self.0.iter().position(|n| *n == node);
        at.map(|at| self.0.remove(at)).is_some()
    }
    pub fn list(&self) -> &[NodeId] {
        &self.0
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<NodeId> for Nodes {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Nodes {
        let mut all = Nodes::default();
        nodes.into_iter().for_each(|n| {
            all.add(n);
        });
        all
    }
}

/// Some of many things, by their number: a claim's memory of which writes somebody knows.
#[derive(Clone, Debug, Default)]
pub struct Bits(Vec<u64>);

impl Bits {
    pub fn has(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1)
    }
    pub fn add(&mut self, i: usize) {
        if self.0.len() <= i / 64 {
            self.0.resize(i / 64 + 1, 0);
        }
        self.0[i / 64] |= 1 << (i % 64);
    }
    pub fn join(&mut self, more: &Bits) {
        if self.0.len() < more.0.len() {
            self.0.resize(more.0.len(), 0);
        }
        for (mine, word) in self.0.iter_mut().zip(&more.0) {
            *mine |= word;
        }
    }
    pub fn drop(&mut self, i: usize) {
        if let Some(word) = self.0.get_mut(i / 64) {
            *word &= !(1 << (i % 64));
        }
    }
    pub fn count(&self) -> u64 {
        self.common(self)
    }
    /// How many are in both.
    pub fn common(&self, other: &Bits) -> u64 {
        let both = self.0.iter().zip(&other.0).map(|(a, b)| (a & b).count_ones());
        both.map(u64::from).sum()
    }
    /// Those from a number on.
    pub fn tail(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        (from..self.0.len() * 64).filter(|i| self.has(*i))
    }
    /// The first that is here and not there.
    pub fn beyond(&self, other: &Bits) -> Option<usize> {
        let word = |i: usize| self.0[i] & !other.0.get(i).copied().unwrap_or(0);
        let at = (0..self.0.len()).find(|i| word(*i) != 0)?;
        Some(at * 64 + word(at).trailing_zeros() as usize)
    }
}

/// The places of `count` things in their order; equals keep theirs. One sort, whatever the things.
pub fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    let mut merged = vec![0; count];
    // Runs of a length are sorted; two of them make one of twice the length.
    let mut run = 1;
    while run < count {
        for from in (0..count).step_by(2 * run) {
            let (middle, end) = ((from + run).min(count), (from + 2 * run).min(count));
            let (mut a, mut b) = (from, middle);
            for slot in &mut merged[from..end] {
                let first = b == end || (a < middle && compare(places[a], places[b]).is_le());
                let taken = if first { &mut a } else { &mut b };
                *slot = places[*taken];
                *taken += 1;
            }
        }
        std::mem::swap(&mut places, &mut merged);
        run *= 2;
    }
    places
}

/// So few that moving them along by hand is as fast as anything.
const HANDFUL: usize = 16;

/// Sort things in place; equals keep their order. The sorts of the standard library are compiled anew for
/// every type and every comparison: of this one, a type has the swaps alone.
pub fn sort_by<T>(things: &mut [T], compare: &dyn Fn(&T, &T) -> Ordering) {
    if things.len() <= HANDFUL {
        for i in 1..things.len() {
            let mut at = i;
            while at > 0 && compare(&things[at - 1], &things[at]).is_gt() {
                things.swap(at - 1, at);
                at -= 1;
            }
        }
        return;
    }
    let mut places = order(things.len(), &|a, b| compare(&things[a], &things[b]));
    // Each round of places that wait for one another is gone through once.
    for start in 0..places.len() {
        let mut at = start;
        while places[at] != start {
            let next = places[at];
            things.swap(at, next);
            places[at] = at;
            at = next;
        }
        places[at] = at;
    }
}

pub fn sort_by_key<T, K: Ord>(things: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(things, &|a, b| key(a).cmp(&key(b)));
}

pub fn sort<T: Ord>(things: &mut [T]) {
    sort_by(things, &T::cmp);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_a_set_of_numbers() {
        let (mut a, mut b) = (Bits::default(), Bits::default());
        [3, 64, 200].into_iter().for_each(|i| a.add(i));
        [3, 200, 300].into_iter().for_each(|i| b.add(i));
        assert!(a.has(64) && !b.has(64) && !a.has(10_000));
        assert_eq!((a.beyond(&b), b.beyond(&a)), (Some(64), Some(300)));
        assert_eq!((a.count(), a.common(&b)), (3, 2));
        assert!(b.tail(4).eq([200, 300]) && b.tail(301).next().is_none());
        b.join(&a);
        assert_eq!((a.beyond(&b), b.beyond(&a)), (None, Some(300)));
        b.drop(300);
        b.drop(9_999);
        assert_eq!((b.count(), b.has(300), b.has(200)), (3, false, true));
    }

    #[test]
    fn a_sort_agrees_with_the_standard_one() {
        for n in (0..40).chain([100, 999]) {
            let mut draw = n as u64 + 7;
            let mut next = || {
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (draw >> 33) % 17
            };
            let mut ours: Vec<(u64, usize)> = (0..n).map(|i| (next(), i)).collect();
            let mut theirs = ours.clone();
            sort_by_key(&mut ours, |t| t.0);
            theirs.sort_by_key(|t| t.0);
            assert_eq!(ours, theirs);
            sort_by(&mut ours, &|a, b| b.cmp(a));
            assert!(ours.is_sorted_by(|a, b| a >= b));
        }
    }
}
