//! Vectors and how two of them stand to each other: all the mathematics of the entry.

use std::rc::Rc;

use serde::Serialize;

use crate::ids::NodeId;
use crate::protocol::Teller;

/// A vector that nobody changes any more: one entry a node, the number of its events that are known.
pub type Stamp = Rc<[u64]>;

/// How one event stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    Equal,
    Before,
    After,
    Concurrent,
}

impl Relation {
    pub fn word(self) -> &'static str {
        match self {
            Relation::Equal => "equal",
            Relation::Before => "before",
            Relation::After => "after",
            Relation::Concurrent => "concurrent",
        }
    }

    fn from_le(a_in_b: bool, b_in_a: bool) -> Relation {
        match (a_in_b, b_in_a) {
            (true, true) => Relation::Equal,
            (true, false) => Relation::Before,
            (false, true) => Relation::After,
            (false, false) => Relation::Concurrent,
        }
    }
}

/// How `a` stands to `b`: before, if no entry is larger and one is smaller.
pub fn relation(a: &[u64], b: &[u64]) -> Relation {
    Relation::from_le(within(a, b), within(b, a))
}

/// Whether `b` knows everything `a` knows.
pub fn within(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).all(|(x, y)| x <= y)
}

/// The mistake of adding the entries up: a number again, and with it an order where there is none.
pub fn relation_by_sum(a: &[u64], b: &[u64]) -> Relation {
    let (a, b): (u64, u64) = (a.iter().sum(), b.iter().sum());
    Relation::from_le(a <= b, b <= a)
}

/// The larger of each pair of entries.
pub fn merge(into: &mut [u64], from: &[u64]) {
    into.iter_mut().zip(from).for_each(|(x, y)| *x = (*x).max(*y));
}

/// Entries that say anything: what a sparse encoding would send.
pub fn filled(v: &[u64]) -> usize {
    v.iter().filter(|&&x| x > 0).count()
}

/// `[2,1,0]`; a long vector by its filled entries alone, `[n3:2, n17:1, 48 zeros]`.
pub fn show(v: &[u64], teller: &Teller) -> String {
    if v.len() <= 8 {
        return show_all(v);
    }
    let name = |i: usize| teller.name(NodeId(i as u16));
    let filled = v.iter().enumerate().filter(|(_, x)| **x > 0);
    let mut parts: Vec<String> = filled.map(|(i, x)| format!("{}:{x}", name(i))).collect();
    let zeros = v.len() - parts.len();
    if parts.len() > 8 {
        let more = parts.len() - 8;
        parts.truncate(8);
        parts.push(format!("and {more} more"));
    }
    if zeros > 0 {
        parts.push(format!("{zeros} zeros"));
    }
    format!("[{}]", parts.join(", "))
}

/// Every entry, whatever the length.
pub fn show_all(v: &[u64]) -> String {
    format!("[{}]", v.iter().map(u64::to_string).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_ways_to_stand() {
        assert_eq!(relation(&[1, 0, 0], &[1, 1, 0]), Relation::Before);
        assert_eq!(relation(&[1, 1, 0], &[1, 0, 0]), Relation::After);
        assert_eq!(relation(&[2, 1, 0], &[1, 3, 0]), Relation::Concurrent);
        assert_eq!(relation(&[2, 1, 0], &[2, 1, 0]), Relation::Equal);
    }

    #[test]
    fn sums_see_an_order_where_there_is_none() {
        assert_eq!(relation_by_sum(&[2, 1, 0], &[1, 3, 0]), Relation::Before);
        assert_eq!(relation_by_sum(&[2, 1, 0], &[0, 3, 0]), Relation::Equal);
    }
}
