//! Logs and tables that a snapshot may keep for next to nothing.
//!
//! A snapshot every thousand steps would copy a log of a thousand entries a thousand times. `Seq` keeps
//! its items in shared chunks and `Map` keeps its table behind a counted pointer: a clone shares, the
//! first write after a clone copies what it touches.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut, Index};
use std::rc::Rc;

use serde::{Serialize, Serializer};

const CHUNK: usize = 64;

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

/// An ordered table that is shared until written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<K, V>(Rc<BTreeMap<K, V>>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map(Rc::new(BTreeMap::new()))
    }
}

impl<K, V> Deref for Map<K, V> {
    type Target = BTreeMap<K, V>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Clone, V: Clone> DerefMut for Map<K, V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Rc::make_mut(&mut self.0)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        Map(Rc::new(items.into_iter().collect()))
    }
}

impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
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
}
