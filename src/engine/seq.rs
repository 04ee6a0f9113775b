//! Logs and tables that a snapshot may keep for next to nothing.
//!
//! A snapshot every few hundred steps would copy a log of a thousand entries a thousand times. `Seq` and `Map`
//! keep their items in shared chunks: a clone shares, the first write after a clone copies what it touches.

use std::borrow::Borrow;
use std::ops::Index;
use std::rc::Rc;

use serde::{Serialize, Serializer};

const CHUNK: usize = 64;
/// A block of a [`Roll`]: long enough that passing from one to the next costs nothing.
const BLOCK: usize = 512;

/// A list that grows and shrinks at its end.
#[derive(Clone, Debug)]
pub struct Seq<T> {
    chunks: Vec<Rc<Vec<T>>>,
    len: usize,
}

impl<T> Default for Seq<T> {
    fn default() -> Self {
        Seq { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Clone> Seq<T> {
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    pub fn get(&self, i: usize) -> Option<&T> {
        if i >= self.len {
            return None;
        }
        self.chunks.get(i / CHUNK)?.get(i % CHUNK)
    }
    pub fn last(&self) -> Option<&T> {
        self.len.checked_sub(1).and_then(|i| self.get(i))
    }
    pub fn push(&mut self, item: T) {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Rc::new(Vec::with_capacity(4)));
        }
        if let Some(last) = self.chunks.last_mut() {
            Rc::make_mut(last).push(item);
            self.len += 1;
        }
    }
    pub fn get_mut(&mut self, i: usize) -> Option<&mut T> {
        Rc::make_mut(self.chunks.get_mut(i / CHUNK)?).get_mut(i % CHUNK)
    }
    /// Write over an item; writing at the end appends.
    pub fn set(&mut self, i: usize, item: T) {
        if i >= self.len {
            return self.push(item);
        }
        if let Some(slot) = Rc::make_mut(&mut self.chunks[i / CHUNK]).get_mut(i % CHUNK) {
            *slot = item;
        }
    }
    /// Keep the first `len` items.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.chunks.truncate(len.div_ceil(CHUNK));
        if let (Some(last), rest @ 1..) = (self.chunks.last_mut(), len % CHUNK) {
            Rc::make_mut(last).truncate(rest);
        }
        self.len = len;
    }
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.chunks.iter().flat_map(|c| c.iter())
    }
    /// Items from `from` on.
    pub fn tail(&self, from: usize) -> impl Iterator<Item = &T> {
        (from..self.len).filter_map(|i| self.get(i))
    }
    /// The first place where two lists may differ: equal shared chunks are passed over unread.
    pub fn changed_from(&self, other: &Seq<T>) -> usize
    where
        T: PartialEq,
    {
        let same =
            self.chunks.iter().zip(&other.chunks).take_while(|(a, b)| Rc::ptr_eq(a, b)).count()
                * CHUNK;
        let end = self.len.min(other.len);
        (same.min(end)..end).find(|&i| self.get(i) != other.get(i)).unwrap_or(end)
    }
}

impl<T: Clone> Index<usize> for Seq<T> {
    type Output = T;
    fn index(&self, i: usize) -> &T {
        &self.chunks[i / CHUNK][i % CHUNK]
    }
}

impl<T: Clone + PartialEq> PartialEq for Seq<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.changed_from(other) == self.len
    }
}

impl<T: Clone + Eq> Eq for Seq<T> {}

impl<T: Clone> FromIterator<T> for Seq<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut seq = Seq::default();
        items.into_iter().for_each(|i| seq.push(i));
        seq
    }
}

impl<T: Clone + Serialize> Serialize for Seq<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

/// What a run has said, in the order in which it was said. Grows only, and a branch shares with its stem all
/// the blocks that lie before the fork. Growing never moves what is there, but for the first few.
#[derive(Clone, Debug)]
pub struct Roll<T> {
    full: Vec<Rc<Vec<T>>>,
    /// The block that grows: nobody else's.
    last: Vec<T>,
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        Roll { full: Vec::new(), last: Vec::new() }
    }
}

impl<T> Roll<T> {
    /// How many lie in full blocks.
    fn settled(&self) -> usize {
        self.full.len() * BLOCK
    }
    pub fn len(&self) -> usize {
        self.settled() + self.last.len()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, i: usize) -> Option<&T> {
        match self.full.get(i / BLOCK) {
            Some(block) => block.get(i % BLOCK),
            None => self.last.get(i - self.settled()),
        }
    }
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.full.iter().flat_map(|b| b.iter()).chain(&self.last)
    }
    /// How many items at the beginning are so, where all that are so come first.
    pub fn partition_point(&self, so: impl Fn(&T) -> bool) -> usize {
        let so = &so;
        if self.last.first().is_some_and(so) {
            return self.settled() + self.last.partition_point(so);
        }
        match self.full.partition_point(|b| b.first().is_some_and(so)).checked_sub(1) {
            Some(b) => b * BLOCK + self.full[b].partition_point(so),
            None => 0,
        }
    }
    pub fn push(&mut self, item: T) {
        self.last.push(item);
        self.settle();
    }
    pub fn append(&mut self, items: &mut Vec<T>) {
        self.last.append(items);
        while self.last.len() >= BLOCK {
            self.settle();
        }
    }
    /// Begin a new block where the last is full. A short run stays small; a long one does not move its items.
    fn settle(&mut self) {
        if self.last.len() < BLOCK {
            return;
        }
        let mut next = Vec::with_capacity(BLOCK);
        next.extend(self.last.drain(BLOCK..));
        self.full.push(Rc::new(std::mem::replace(&mut self.last, next)));
    }
}

impl<T: Clone> Roll<T> {
    pub fn get_mut(&mut self, i: usize) -> Option<&mut T> {
        let settled = self.settled();
        match self.full.get_mut(i / BLOCK) {
            Some(block) => Rc::make_mut(block).get_mut(i % BLOCK),
            None => self.last.get_mut(i - settled),
        }
    }
    /// The first `len` items: whole blocks are shared.
    pub fn prefix(&self, len: usize) -> Roll<T> {
        let len = len.min(self.len());
        let full = self.full[..len / BLOCK].to_vec();
        let block = self.full.get(len / BLOCK).map_or(&self.last[..], |b| b);
        Roll { full, last: block[..len % BLOCK].to_vec() }
    }
}

impl<T> Index<usize> for Roll<T> {
    type Output = T;
    fn index(&self, i: usize) -> &T {
        match self.full.get(i / BLOCK) {
            Some(block) => &block[i % BLOCK],
            None => &self.last[i - self.settled()],
        }
    }
}

/// Where a key is, or would be: the chunk, and the place in it.
type Place = (usize, usize);

/// A table in the order of its keys. Each kind of it is a third of the code that a kind of `BTreeMap` is.
#[derive(Clone, Debug)]
pub struct Map<K, V> {
    /// None is empty, and none is longer than `CHUNK`.
    chunks: Vec<Rc<Vec<(K, V)>>>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map { chunks: Vec::new() }
    }
}

impl<K, V> Map<K, V> {
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|c| c.len()).sum()
    }
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
    pub fn first(&self) -> Option<&(K, V)> {
        self.chunks.first()?.first()
    }
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.chunks.iter().flat_map(|c| c.iter()).map(|(k, v)| (k, v))
    }
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(k, _)| k)
    }
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, v)| v)
    }
}

impl<K: Ord, V> Map<K, V> {
    fn at<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Place, Place>
    where
        K: Borrow<Q>,
    {
        let begins = |c: &Rc<Vec<(K, V)>>| c.first().is_some_and(|(k, _)| k.borrow() <= key);
        let c = self.chunks.partition_point(begins).saturating_sub(1);
        let chunk = self.chunks.get(c).map_or(&[][..], |c| c);
        match chunk.binary_search_by(|(k, _)| k.borrow().cmp(key)) {
            Ok(i) => Ok((c, i)),
            Err(i) => Err((c, i)),
        }
    }
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.at(key).ok().map(|(c, i)| &self.chunks[c][i].1)
    }
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.at(key).is_ok()
    }
    /// Entries from a key on.
    pub fn tail(&self, from: &K) -> impl Iterator<Item = (&K, &V)> {
        let (Ok((c, i)) | Err((c, i))) = self.at(from);
        let chunks = self.chunks.iter().enumerate().skip(c);
        chunks
            .flat_map(move |(at, chunk)| chunk[if at == c { i } else { 0 }..].iter())
            .map(|(k, v)| (k, v))
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.at(key).ok()?;
        Some(self.value(at))
    }
    fn value(&mut self, (c, i): Place) -> &mut V {
        &mut Rc::make_mut(&mut self.chunks[c])[i].1
    }
    /// The value of a key, made if there is none.
    pub fn slot(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let at = self.at(&key).unwrap_or_else(|at| self.put(at, key, V::default()));
        self.value(at)
    }
    /// Put a value in its place; the one before it, if there was one.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.at(&key) {
            Ok(at) => Some(std::mem::replace(self.value(at), value)),
            Err(at) => {
                self.put(at, key, value);
                None
            }
        }
    }
    fn put(&mut self, (c, i): Place, key: K, value: V) -> Place {
        let Some(chunk) = self.chunks.get_mut(c) else {
            self.chunks.push(Rc::new(vec![(key, value)]));
            return (c, 0);
        };
        let chunk = Rc::make_mut(chunk);
        if chunk.len() < CHUNK {
            chunk.insert(i, (key, value));
            return (c, i);
        }
        // At the end a new chunk begins: keys mostly come in order, and then all chunks are full.
        let cut = if i == CHUNK { CHUNK } else { CHUNK / 2 };
        let mut rest = chunk.split_off(cut);
        let at = if i < cut {
            chunk.insert(i, (key, value));
            (c, i)
        } else {
            rest.insert(i - cut, (key, value));
            (c + 1, i - cut)
        };
        self.chunks.insert(c + 1, Rc::new(rest));
        at
    }
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.at(key).ok()?;
        Some(self.take(at).1)
    }
    fn take(&mut self, (c, i): Place) -> (K, V) {
        let chunk = Rc::make_mut(&mut self.chunks[c]);
        let taken = chunk.remove(i);
        if chunk.is_empty() {
            self.chunks.remove(c);
        }
        taken
    }
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.is_empty()).then(|| self.take((0, 0)))
    }
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.chunks.iter_mut().flat_map(|c| Rc::make_mut(c).iter_mut()).map(|(_, v)| v)
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut map = Map::default();
        items.into_iter().for_each(|(k, v)| {
            map.insert(k, v);
        });
        map
    }
}

impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_agrees_with_a_vector() {
        let (mut seq, mut vec) = (Seq::default(), vec![]);
        for i in 0..500u64 {
            if i % 7 == 3 {
                let len = vec.len() * 2 / 3;
                seq.truncate(len);
                vec.truncate(len);
            }
            seq.push(i);
            vec.push(i);
            if i % 5 == 0 {
                let at = (i as usize * 31) % vec.len();
                seq.set(at, i * 9);
                vec[at] = i * 9;
            }
            assert!(
                seq.iter().eq(vec.iter()) && seq.len() == vec.len() && seq.last() == vec.last()
            );
        }
    }

    #[test]
    fn a_clone_keeps_what_it_had() {
        let mut a: Seq<u32> = (0..200).collect();
        let b = a.clone();
        a.truncate(130);
        a.push(7);
        assert_eq!((b.len(), b[130], a[130]), (200, 130, 7));
        assert_eq!(a.changed_from(&b), 130);
    }

    #[test]
    fn a_branch_of_a_roll_leaves_its_stem_alone() {
        let mut stem = Roll::default();
        (0..2_000u32).for_each(|i| stem.push(i));
        for cut in [0, 1, 511, 512, 513, 1_024, 1_999, 2_000, 9_999] {
            let mut branch = stem.prefix(cut);
            let mut list: Vec<u32> = (0..cut.min(2_000) as u32).collect();
            assert!(branch.len() == list.len() && branch.iter().eq(list.iter()));
            branch.append(&mut vec![7; 600]);
            list.extend([7; 600]);
            for at in [0, list.len() / 2, list.len() - 1] {
                list[at] = 9;
                *branch.get_mut(at).unwrap() = 9;
                assert_eq!(branch[at], 9);
            }
            assert!(branch.iter().eq(list.iter()) && branch.get(list.len()).is_none());
            assert!(stem.iter().copied().eq(0..2_000) && stem.len() == 2_000);
        }
        for limit in [0, 1, 500, 512, 513, 1_024, 1_999, 2_000, 3_000] {
            assert_eq!(stem.partition_point(|&i| i < limit), limit.min(2_000) as usize);
        }
        assert_eq!(Roll::<u32>::default().partition_point(|_| true), 0);
    }

    #[test]
    fn a_table_agrees_with_a_tree() {
        let (mut map, mut tree) = (Map::default(), std::collections::BTreeMap::new());
        let mut draw = 5u64;
        for i in 0..6000u64 {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = (draw >> 33) % 900;
            match i % 5 {
                0 => assert_eq!(map.remove(&key), tree.remove(&key)),
                1 if i % 25 == 1 => assert_eq!(map.pop_first(), tree.pop_first()),
                2 => {
                    *map.slot(key) += i;
                    *tree.entry(key).or_default() += i;
                }
                _ => assert_eq!(map.insert(key, i), tree.insert(key, i)),
            }
            assert_eq!(map.get(&key), tree.get(&key));
            if i % 50 == 0 {
                let before = map.clone();
                assert!(map.iter().eq(tree.iter()) && map.len() == tree.len() && map == before);
                assert!(map.tail(&key).eq(tree.range(key..)));
                map.values_mut().for_each(|v| *v += 1);
                tree.values_mut().for_each(|v| *v += 1);
                assert!(map.values().eq(tree.values()) && (map.is_empty() || map != before));
            }
        }
    }
}
