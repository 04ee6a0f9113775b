//! Hash functions by name: what turns a key into a place.
//!
//! A partitioned store is only as portable as its hash: two programs that disagree about one bit of one
//! key send it to two servers. So every function here is the published one, bit for bit, tested against
//! vectors of its own reference implementation, and never the standard library's, which promises nothing
//! between versions.
//!
//! | word | what it is | where it is met |
//! |---|---|---|
//! | `xxh64` `xxh3` `xxh32` | Collet's xxHash, seed 0 | Envoy's `ring_hash` |
//! | `murmur3` `murmur3-128` | Appleby's MurmurHash3, x86 32 bit; x64 128 bit, its first word | Cassandra's partitioner |
//! | `murmur2` | Kafka's, with its seed | Kafka's default partitioner |
//! | `md5` `sha1` | RFC 1321, first word little-endian; FIPS 180, first word big-endian | libketama; Chord |
//! | `fnv1a32` `fnv1a64` `crc32` | good enough for `mod N` | memcached clients |
//! | `…-mixed` | the same, then Murmur's finaliser | what repairs them for a ring |
//!
//! Left out: keyed hashes (SipHash), whose point is an attacker who chooses the keys.
//!
//! Sources: RFC 1321, FIPS 180-4, the IETF's FNV draft, smhasher, xxHash's specification, Kafka's
//! `Utils.murmur2`, the Redis Cluster specification.

mod md5;
mod mix;
mod murmur;
mod sha1;
mod sums;

pub use md5::md5;
pub use mix::{SplitMix64, fmix32, fmix64};
pub use murmur::{murmur2, murmur3_x64_128, murmur3_x86_32};
pub use sha1::sha1;
pub use sums::{crc16, crc32, fnv1a32, fnv1a64, redis_slot};

use xxhash_rust::{xxh3::xxh3_64, xxh32::xxh32, xxh64::xxh64};

/// A hash function as a scenario names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    Xxh64,
    Xxh3,
    Xxh32,
    Murmur3,
    Murmur3x64,
    Murmur2,
    /// The first four bytes, little-endian: ketama's key hash.
    Md5,
    /// The first eight bytes, big-endian.
    Sha1,
    Fnv1a32,
    Fnv1a64,
    Crc32,
    Fnv1a32Mixed,
    Fnv1a64Mixed,
    Crc32Mixed,
}

/// Words a scenario may use, in the order a reader should meet them.
const NAMES: &[(Hash, &str)] = &[
    (Hash::Xxh64, "xxh64"),
    (Hash::Xxh3, "xxh3"),
    (Hash::Xxh32, "xxh32"),
    (Hash::Murmur3, "murmur3"),
    (Hash::Murmur3x64, "murmur3-128"),
    (Hash::Murmur2, "murmur2"),
    (Hash::Md5, "md5"),
    (Hash::Sha1, "sha1"),
    (Hash::Fnv1a32, "fnv1a32"),
    (Hash::Fnv1a64, "fnv1a64"),
    (Hash::Crc32, "crc32"),
    (Hash::Fnv1a32Mixed, "fnv1a32-mixed"),
    (Hash::Fnv1a64Mixed, "fnv1a64-mixed"),
    (Hash::Crc32Mixed, "crc32-mixed"),
];

impl Hash {
    pub fn named(word: &str) -> Option<Hash> {
        NAMES.iter().find(|(_, name)| *name == word).map(|(hash, _)| *hash)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(hash, _)| *hash == self).map_or("", |(_, name)| name)
    }

    /// Width of the result: 32 or 64 bits.
    pub fn bits(self) -> u32 {
        match self {
            Hash::Xxh64 | Hash::Xxh3 | Hash::Murmur3x64 | Hash::Sha1 => 64,
            Hash::Fnv1a64 | Hash::Fnv1a64Mixed => 64,
            _ => 32,
        }
    }

    /// The hash of `bytes`; a 32-bit function fills the low half.
    pub fn of(self, bytes: &[u8]) -> u64 {
        match self {
            Hash::Xxh64 => xxh64(bytes, 0),
            Hash::Xxh3 => xxh3_64(bytes),
            Hash::Xxh32 => xxh32(bytes, 0).into(),
            Hash::Murmur3 => murmur3_x86_32(bytes, 0).into(),
            Hash::Murmur3x64 => murmur3_x64_128(bytes, 0).0,
            Hash::Murmur2 => u64::from(murmur2(bytes) as u32),
            Hash::Md5 => md5_word(&md5(bytes), 0).into(),
            Hash::Sha1 => sha1_head(&sha1(bytes)),
            Hash::Fnv1a32 => fnv1a32(bytes).into(),
            Hash::Fnv1a64 => fnv1a64(bytes),
            Hash::Crc32 => crc32(bytes).into(),
            Hash::Fnv1a32Mixed => fmix32(fnv1a32(bytes)).into(),
            Hash::Fnv1a64Mixed => fmix64(fnv1a64(bytes)),
            Hash::Crc32Mixed => fmix32(crc32(bytes)).into(),
        }
    }
}

/// One of the four little-endian words of an MD5: libketama takes all four as points.
pub fn md5_word(digest: &[u8; 16], word: usize) -> u32 {
    let at = word % 4 * 4;
    u32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]])
}

fn sha1_head(digest: &[u8; 20]) -> u64 {
    digest.iter().take(8).fold(0, |head, byte| head << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
