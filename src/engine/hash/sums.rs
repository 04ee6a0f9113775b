//! FNV-1a and the cyclic redundancy checks: quick, small, and good enough for `mod N`.
//!
//! Not for placing tokens: names that differ in their last digits stay close together, and a ring of
//! such tokens is several times more uneven than chance.

pub fn fnv1a32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193))
}

pub fn fnv1a64(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(OFFSET, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

/// CRC-32 as in Ethernet and zip. Bit by bit: a table would be a kilobyte of download to hash short names.
pub fn crc32(bytes: &[u8]) -> u32 {
    let eat = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| c >> 1 ^ (0xedb8_8320 & (c & 1).wrapping_neg()))
    };
    !bytes.iter().fold(!0, eat)
}

/// CRC-16/XMODEM: the one of the Redis Cluster specification.
pub fn crc16(bytes: &[u8]) -> u16 {
    let eat = |crc: u16, byte: &u8| {
        (0..8)
            .fold(crc ^ u16::from(*byte) << 8, |c, _| c << 1 ^ (0x1021 & (c >> 15).wrapping_neg()))
    };
    bytes.iter().fold(0, eat)
}

/// The slot of a key among Redis Cluster's 16,384; a tag in braces stands for the whole key.
pub fn redis_slot(key: &str) -> u16 {
    crc16(hash_tag(key).as_bytes()) % 16_384
}

/// What stands between the first `{` and the next `}`, unless that is nothing.
fn hash_tag(key: &str) -> &str {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}
