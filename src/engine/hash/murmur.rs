//! MurmurHash: version 3 as in smhasher, version 2 as in Kafka.

use super::mix::{fmix32, fmix64};

pub fn murmur3_x86_32(bytes: &[u8], seed: u32) -> u32 {
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut h = seed;
    for block in blocks {
        h ^= scramble32(u32::from_le_bytes(*block));
        h = h.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    h ^= scramble32(little_endian(tail) as u32);
    fmix32(h ^ bytes.len() as u32)
}

fn scramble32(k: u32) -> u32 {
    k.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

pub fn murmur3_x64_128(bytes: &[u8], seed: u32) -> (u64, u64) {
    let (blocks, tail) = bytes.as_chunks::<16>();
    let (mut h1, mut h2) = (u64::from(seed), u64::from(seed));
    for block in blocks {
        h1 ^= scramble_low(little_endian(&block[..8]));
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= scramble_high(little_endian(&block[8..]));
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let (low, high) = tail.split_at(tail.len().min(8));
    h1 ^= scramble_low(little_endian(low)) ^ bytes.len() as u64;
    h2 ^= scramble_high(little_endian(high)) ^ bytes.len() as u64;
    finish(h1, h2)
}

fn scramble_low(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn scramble_high(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn finish(mut h1: u64, mut h2: u64) -> (u64, u64) {
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (h1, h2) = (fmix64(h1), fmix64(h2));
    h1 = h1.wrapping_add(h2);
    (h1, h2.wrapping_add(h1))
}

/// Up to eight bytes as a number.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Kafka's partitioner: MurmurHash2 with its own seed, signed as Java sees it.
pub fn murmur2(bytes: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    let (blocks, tail) = bytes.as_chunks::<4>();
    let mut h = 0x9747_b28c ^ bytes.len() as u32;
    for block in blocks {
        let k = u32::from_le_bytes(*block).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ (k ^ k >> 24).wrapping_mul(M);
    }
    if !tail.is_empty() {
        h = (h ^ little_endian(tail) as u32).wrapping_mul(M);
    }
    h = (h ^ h >> 13).wrapping_mul(M);
    (h ^ h >> 15) as i32
}
