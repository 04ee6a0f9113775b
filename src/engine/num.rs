//! Numbers that come out the same on every machine: random streams and distributions without a float.
//!
//! A stream is named (`link/n1/n2/latency`) and random-access: its `k`-th draw is output `k + 1` of
//! SplitMix64 (Steele, Lea & Flood 2014) seeded with `mix64(seed ⊕ fnv1a64(name))`. A run therefore keeps
//! one counter a stream and nothing else, and an extra draw on one stream moves no other.

use crate::ids::Us;
use crate::scenario::ast::Law;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// ln 2 in 32.32 fixed point.
const LN2: u128 = 2_977_044_472;
/// No draw is longer than a day.
const DAY: u128 = 86_400_000_000;

/// The finaliser of SplitMix64.
pub const fn mix64(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub const fn fnv1a64(bytes: &[u8]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    let mut i = 0;
    while i < bytes.len() {
        h = (h ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    h
}

/// A named stream of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(u64);

impl Stream {
    pub fn new(seed: u64, name: &str) -> Stream {
        Stream(mix64(seed ^ fnv1a64(name.as_bytes())))
    }

    /// The `k`-th draw, from 0.
    pub const fn draw(self, k: u64) -> u64 {
        mix64(self.0.wrapping_add((k.wrapping_add(1)).wrapping_mul(GOLDEN)))
    }
}

/// A draw as a number below `n` (0 if `n` is 0), by the high half of a 128-bit product.
pub const fn below(draw: u64, n: u64) -> u64 {
    ((draw as u128 * n as u128) >> 64) as u64
}

/// A draw as a number in `lo..=hi`.
pub const fn within(draw: u64, lo: u64, hi: u64) -> u64 {
    if hi <= lo {
        return lo;
    }
    match (hi - lo).checked_add(1) {
        Some(n) => lo + below(draw, n),
        None => draw,
    }
}

/// Whether a draw falls on something that happens `ppm` times in a million.
pub const fn happens(draw: u64, ppm: u32) -> bool {
    below(draw, 1_000_000) < ppm as u64
}

/// log2 of `v ≥ 1` in 32.32 fixed point, a bit at a time by squaring.
pub const fn log2_q32(v: u64) -> u64 {
    let whole = 63 - v.leading_zeros() as u64;
    let mut m = (v as u128) << (63 - whole);
    let mut bits = 0u64;
    let mut i = 0;
    while i < 32 {
        m = (m * m) >> 63;
        bits <<= 1;
        if m >> 64 != 0 {
            bits |= 1;
            m >>= 1;
        }
        i += 1;
    }
    (whole << 32) | bits
}

/// Square root, rounded down.
pub const fn sqrt(n: u128) -> u128 {
    if n < 2 {
        return n;
    }
    let mut x = 1u128 << ((128 - n.leading_zeros()).div_ceil(2));
    loop {
        let y = (x + n / x) / 2;
        if y >= x {
            return x;
        }
        x = y;
    }
}

/// 2^(2^-i) for i = 1..=32 in 2.62 fixed point.
const ROOTS: [u128; 32] = {
    let mut out = [0u128; 32];
    let mut r = 2u128 << 62;
    let mut i = 0;
    while i < 32 {
        r = sqrt(r << 62);
        out[i] = r;
        i += 1;
    }
    out
};

/// 2^q for q in 32.32 fixed point, as 32.32, capped at 2^63.
pub const fn exp2_q32(q: u64) -> u128 {
    let whole = q >> 32;
    if whole >= 63 {
        return 1 << 95;
    }
    let mut m = 1u128 << 62;
    let mut i = 0;
    while i < 32 {
        if q & (1 << (31 - i)) != 0 {
            m = (m * ROOTS[i]) >> 62;
        }
        i += 1;
    }
    (m << whole) >> 30
}

/// −log2 of the draw as a fraction of 2⁶⁴, in 32.32.
const fn surprise(draw: u64) -> u64 {
    (64u64 << 32) - log2_q32(draw | 1)
}

/// −ln of the draw as a fraction of 2⁶⁴, in 32.32: exponentially distributed with mean 1.
pub const fn exp_q32(draw: u64) -> u64 {
    ((surprise(draw) as u128 * LN2) >> 32) as u64
}

impl Law {
    /// The length of time this law gives for a draw.
    pub fn draw(&self, draw: u64) -> Us {
        match *self {
            Law::Constant(t) => t,
            Law::Uniform(lo, hi) => within(draw, lo, hi),
            Law::Exp { base, mean } => {
                clip(base as u128 + ((mean as u128 * exp_q32(draw) as u128) >> 32))
            }
            Law::Pareto { base, scale, shape } => clip(base as u128 + pareto(draw, scale, shape)),
            Law::Normal { base, mean, sd } => clip(base as u128 + normal(draw, mean, sd) as u128),
        }
    }

    /// The middle of the law, for the page's default pace.
    pub fn median(&self) -> Us {
        self.draw(1 << 63)
    }
}

fn clip(t: u128) -> Us {
    t.min(DAY) as Us
}

fn pareto(draw: u64, scale: Us, shape: u32) -> u128 {
    let q = surprise(draw) as u128 * 1000 / shape.max(1) as u128;
    let factor = exp2_q32(q.min(u64::MAX as u128) as u64);
    (scale as u128).saturating_mul(factor) >> 32
}

/// A sum of twelve uniform draws (Irwin–Hall), which a reader cannot tell from a normal law.
fn normal(draw: u64, mean: Us, sd: Us) -> Us {
    let sum: i128 =
        (0..12).map(|i| (mix64(draw.wrapping_add(GOLDEN.wrapping_mul(i))) >> 32) as i128).sum();
    let z = (sum - (6i128 << 32)).clamp(-(4i128 << 32), 4i128 << 32);
    (mean as i128 + ((z * sd as i128) >> 32)).max(0) as Us
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published vectors: whoever writes another engine for these links checks against them.
    #[test]
    fn splitmix_gives_its_published_outputs() {
        let s = Stream(0);
        assert_eq!(
            [s.draw(0), s.draw(1), s.draw(2)],
            [0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f]
        );
        assert_eq!(Stream(1234567).draw(0), 0x599ed017fb08fc85);
    }

    #[test]
    fn fnv_gives_its_published_outputs() {
        assert_eq!(fnv1a64(b""), 0xcbf29ce484222325);
        assert_eq!(fnv1a64(b"foobar"), 0x85944171f73967e8);
    }

    #[test]
    fn a_named_stream_is_fixed() {
        let s = Stream::new(7, "link/n1/n2/latency");
        assert_eq!(s, Stream(mix64(7 ^ fnv1a64(b"link/n1/n2/latency"))));
        assert_eq!([s.draw(0), s.draw(1)], [0x36aef2941a69eb09, 0xaf1f365fa80a8327]);
    }

    #[test]
    fn logarithm_and_power_agree_with_the_closed_form() {
        assert_eq!(log2_q32(1), 0);
        assert_eq!(log2_q32(8), 3 << 32);
        assert_eq!(log2_q32(3), 6_807_362_105); // 1.5849625007 · 2³², rounded down
        assert_eq!(exp2_q32(3 << 32), 8 << 32);
        assert!((exp2_q32(1 << 31) as i128 - 6_074_000_999).abs() < 4); // √2 · 2³²
    }

    #[test]
    fn laws_have_their_means() {
        let s = Stream::new(1, "law");
        let mean = |law: Law| (0..20_000).map(|k| law.draw(s.draw(k))).sum::<u64>() / 20_000;
        assert!(mean(Law::Exp { base: 0, mean: 10_000 }).abs_diff(10_000) < 300);
        assert!(mean(Law::Uniform(5_000, 15_000)).abs_diff(10_000) < 100);
        assert!(mean(Law::Normal { base: 0, mean: 10_000, sd: 2_000 }).abs_diff(10_000) < 100);
        // Pareto with shape 3 has mean 1.5 times its scale.
        assert!(mean(Law::Pareto { base: 0, scale: 10_000, shape: 3000 }).abs_diff(15_000) < 500);
    }

    #[test]
    fn laws_are_fixed_for_good() {
        let d = [1u64, 0x0123_4567_89ab_cdef, u64::MAX / 2, u64::MAX];
        let all = |law: Law| d.map(|x| law.draw(x));
        assert_eq!(all(Law::Exp { base: 0, mean: 10_000 }), [443614, 54161, 6931, 0]);
        assert_eq!(all(Law::Pareto { base: 0, scale: 10_000, shape: 1500 })[2], 15874);
        assert_eq!(all(Law::Uniform(5_000, 15_000)), [5000, 5044, 10000, 15000]);
    }

    #[test]
    fn ranges_reach_both_ends_and_no_further() {
        assert_eq!((within(0, 3, 5), within(u64::MAX, 3, 5)), (3, 5));
        assert_eq!((within(9, 5, 5), within(9, 6, 5)), (5, 6));
    }
}
