//! How even a ring is, and how even theory says it should be: integers in millionths, square roots of
//! integers, no floats.
//!
//! A node's share of a ring with V tokens for each of N nodes is Beta(V, V(N−1)): mean 1/N, coefficient
//! of variation √((N−1)/(NV+1)), which is about 1/√V. Counting K keys adds √((N−1)/K) of its own.

use crate::num::sqrt;

/// One, in millionths.
const ONE: u128 = 1_000_000;

/// Standard deviation over mean of some nodes' parts, in millionths (divisor N).
pub fn variation(parts: &[u128]) -> u64 {
    let parts: Vec<u128> = squeezed(parts);
    let (n, sum) = (parts.len() as u128, parts.iter().sum::<u128>());
    let squares: u128 = parts.iter().map(|p| p * p).sum();
    let spread = n * squares - sum * sum;
    sqrt(spread * ONE * ONE / (sum * sum).max(1)) as u64
}

/// The same proportions in numbers whose squares times 10¹² still fit.
fn squeezed(parts: &[u128]) -> Vec<u128> {
    let bits = 128 - parts.iter().sum::<u128>().leading_zeros();
    parts.iter().map(|p| p >> bits.saturating_sub(36)).collect()
}

/// The largest part over the mean, in millionths.
pub fn peak_to_mean(parts: &[u128]) -> u64 {
    let sum = parts.iter().sum::<u128>().max(1);
    let peak = parts.iter().max().copied().unwrap_or(0);
    let shift = (128 - sum.leading_zeros()).saturating_sub(64);
    ((peak >> shift) * parts.len() as u128 * ONE / (sum >> shift)) as u64
}

/// Expected variation of the shares: √((N−1)/(NV+1)), in millionths.
pub fn expected_variation(nodes: u64, vnodes: u64) -> u64 {
    let (n, v) = (u128::from(nodes), u128::from(vnodes));
    sqrt((n.saturating_sub(1)) * ONE * ONE / (n * v + 1)) as u64
}

/// Expected variation of the counts of K keys: the shares' and the sample's, squares added.
pub fn expected_count_variation(nodes: u64, vnodes: u64, keys: u64) -> u64 {
    let (n, v, k) = (u128::from(nodes), u128::from(vnodes), u128::from(keys));
    let spare = n.saturating_sub(1) * ONE * ONE;
    sqrt(spare / (n * v + 1) + spare / k.max(1)) as u64
}

/// How far one ring of N nodes may vary by chance: its own variation scatters by 1/√(2(N−1)); four of those.
pub fn at_most(expected: u64, nodes: u64) -> u64 {
    let scatter = sqrt(2 * u128::from(nodes.saturating_sub(1).max(1)) * ONE * ONE) as u64;
    expected + expected * 4_000_000 / scatter
}

/// Expected largest of N arcs with one token each: (1 + 1/2 + … + 1/N)/N, in millionths.
pub fn expected_largest_arc(nodes: u64) -> u64 {
    let harmonic: u128 = (1..=u128::from(nodes)).map(|i| ONE * ONE / i).sum();
    (harmonic / ONE / u128::from(nodes.max(1))) as u64
}

/// Expected smallest: 1/N², in millionths.
pub fn expected_smallest_arc(nodes: u64) -> u64 {
    (ONE / u128::from(nodes * nodes).max(1)) as u64
}

/// Keys expected to move when one node joins `nodes` others: K/(N+1), in millionths of a key.
pub fn expected_moved(nodes: u64, keys: u64) -> u64 {
    (u128::from(keys) * ONE / u128::from(nodes + 1)) as u64
}

/// Relative standard deviation of a joiner's count: √(N/((N+1)V+1) + N/K), in millionths.
pub fn expected_moved_deviation(nodes: u64, vnodes: u64, keys: u64) -> u64 {
    let (n, v, k) = (u128::from(nodes), u128::from(vnodes), u128::from(keys));
    let spare = n * ONE * ONE;
    sqrt(spare / ((n + 1) * v + 1) + spare / k.max(1)) as u64
}
