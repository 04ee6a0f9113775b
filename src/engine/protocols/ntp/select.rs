//! Whom to believe: Marzullo's intersection as RFC 5905 has it (§11.2.1), clustering, and the mean.

use serde::Serialize;

use super::aged;
use crate::ids::{NodeId, Span};
use crate::num;

/// What one server says of the true offset: somewhere in `low..=high`, most likely `mid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub mid: i64,
    pub low: i64,
    pub high: i64,
}

/// A server that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Candidate {
    pub server: NodeId,
    pub offset: Span,
    /// Λ, the root distance: how far the true offset may be away.
    pub distance: Span,
    pub jitter: Span,
}

impl Candidate {
    pub fn interval(&self) -> Interval {
        let (mid, far) = (self.offset.0, self.distance.0);
        Interval { mid, low: mid - far, high: mid + far }
    }
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chosen {
    pub low: Span,
    pub high: Span,
    /// How many servers were taken to be false.
    pub f: u64,
    pub survivors: Vec<NodeId>,
    pub offset: Span,
}

/// The lowest and the highest point that lie in at least `need` intervals.
pub fn hull(all: &[Interval], need: usize) -> Option<(i64, i64)> {
    let enough = |x: i64| all.iter().filter(|i| i.low <= x && x <= i.high).count() >= need;
    let (mut low, mut high) = (None, None);
    for i in all {
        if enough(i.low) && low.is_none_or(|l| i.low < l) {
            low = Some(i.low);
        }
        if enough(i.high) && high.is_none_or(|h| i.high > h) {
            high = Some(i.high);
        }
    }
    Some((low?, high?))
}

/// The first number of false servers, less than half, for which the rest agree: (low, high, f).
pub fn intersect(all: &[Interval]) -> Option<(i64, i64, usize)> {
    let mut f = 0;
    while 2 * f < all.len() {
        if let Some((low, high)) = hull(all, all.len() - f)
            && low < high
            && all.iter().filter(|i| i.mid < low || i.mid > high).count() <= f
        {
            return Some((low, high, f));
        }
        f += 1;
    }
    None
}

/// Select, cluster and combine.
pub fn choose(candidates: &[Candidate]) -> Option<Chosen> {
    let mut intervals = vec![];
    for c in candidates {
        intervals.push(c.interval());
    }
    let (low, high, f) = intersect(&intervals)?;
    let mut good = candidates.to_vec();
    good.retain(|c| low <= c.offset.0 && c.offset.0 <= high);
    while let Some(at) = outlier(&good) {
        good.remove(at);
    }
    let survivors = good.iter().map(|c| c.server).collect();
    let offset = Span(combine(&good)?);
    Some(Chosen { low: Span(low), high: Span(high), f: f as u64, survivors, offset })
}

/// The survivor furthest from the others (§11.2.2), while there are more than three and dropping it would
/// gain more than their own jitter takes away.
fn outlier(good: &[Candidate]) -> Option<usize> {
    if good.len() <= 3 {
        return None;
    }
    let quietest = good.iter().map(|c| c.jitter.0).min()?;
    let (mut worst, mut most) = (None, quietest);
    for (i, c) in good.iter().enumerate() {
        let spread = spread(c.offset.0, good.iter().map(|o| o.offset.0), good.len() - 1);
        if spread > most {
            (worst, most) = (Some(i), spread);
        }
    }
    worst
}

/// Root mean square distance from a point.
pub fn spread(from: i64, points: impl Iterator<Item = i64>, of: usize) -> i64 {
    let mut sum = 0u128;
    for p in points {
        let d = (p - from).unsigned_abs() as u128;
        sum += d * d;
    }
    num::sqrt(sum / of.max(1) as u128) as i64
}

/// The mean, each weighted by how near it is to the truth (§11.2.3).
fn combine(good: &[Candidate]) -> Option<i64> {
    let (mut sum, mut weights) = (0i128, 0i128);
    for c in good {
        let weight = 1_000_000_000_000 / c.distance.0.max(1) as i128;
        sum += c.offset.0 as i128 * weight;
        weights += weight;
    }
    (weights > 0).then(|| (2 * sum + weights).div_euclid(2 * weights) as i64)
}

/// Root distance of a sample: half the round trip, its dispersion, its age and its neighbours' jitter.
pub fn distance(delay: i64, disp: i64, age: i64, jitter: i64, root: (i64, i64)) -> i64 {
    (delay + root.0) / 2 + disp + root.1 + aged(age) + jitter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(of: &[(i64, i64)]) -> Vec<Interval> {
        of.iter().map(|&(mid, far)| Interval { mid, low: mid - far, high: mid + far }).collect()
    }

    #[test]
    fn one_false_server_of_four_is_outvoted_and_two_are_not() {
        let one = intervals(&[(0, 10), (2, 10), (-3, 10), (500, 10)]);
        assert_eq!(intersect(&one), Some((-8, 7, 1)));
        assert_eq!(intersect(&intervals(&[(0, 10), (2, 10), (500, 10), (500, 10)])), None);
    }

    #[test]
    fn a_small_lie_hides_behind_asymmetry() {
        assert_eq!(intersect(&intervals(&[(6, 10), (6, 10), (14, 10)])), Some((4, 16, 0)));
    }

    #[test]
    fn one_server_is_believed_and_none_is_not() {
        assert_eq!(intersect(&intervals(&[(5, 2)])), Some((3, 7, 0)));
        assert_eq!(intersect(&[]), None);
    }

    #[test]
    fn the_nearer_server_weighs_more() {
        let c = |node, offset, far| Candidate {
            server: NodeId(node),
            offset: Span(offset),
            distance: Span(far),
            jitter: Span(0),
        };
        let chosen = choose(&[c(1, 0, 10), c(2, 4, 30)]).unwrap();
        assert_eq!((chosen.offset, chosen.survivors.len()), (Span(1), 2));
        let chosen = choose(&[c(1, 0, 10), c(2, 1, 10), c(3, 2, 10), c(4, 9, 10)]).unwrap();
        assert_eq!(chosen.survivors, [NodeId(1), NodeId(2), NodeId(3)]);
    }
}
