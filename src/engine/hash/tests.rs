//! Vectors of the reference implementations.

use super::*;

const MD5_FOLD: u64 = 0x364cbd6fa4da7528;
const SHA1_FOLD: u64 = 0x98b326c9e1b421ea;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn thirty_two_bit_sums_match_their_references() {
    for (input, fnv, crc, murmur) in [
        ("", 0x811c9dc5, 0x00000000, 0x00000000),
        ("a", 0xe40c292c, 0xe8b7be43, 0x3c2569b2),
        ("foobar", 0xbf9cf968, 0x9ef61f95, 0xa4c4d4bd),
        ("hello", 0x4f9f2cab, 0x3610a686, 0x248bfa47),
        ("123456789", 0xbb86b11c, 0xcbf43926, 0xb4fef382),
        ("user:42", 0x2f6b7b82, 0x646f0d86, 0xc7a6a375),
    ] {
        assert_eq!(Hash::Fnv1a32.of(input.as_bytes()), fnv, "fnv1a32 {input}");
        assert_eq!(Hash::Crc32.of(input.as_bytes()), crc, "crc32 {input}");
        assert_eq!(Hash::Murmur3.of(input.as_bytes()), murmur, "murmur3 {input}");
    }
}

#[test]
fn fnv1a64_matches_its_reference() {
    for (input, want) in [
        ("", 0xcbf29ce484222325),
        ("a", 0xaf63dc4c8601ec8c),
        ("foobar", 0x85944171f73967e8),
        ("hello", 0xa430d84680aabd0b),
        ("123456789", 0x06d5573923c6cdfc),
        ("user:42", 0x6c151ea4dcd221c2),
    ] {
        assert_eq!(Hash::Fnv1a64.of(input.as_bytes()), want, "{input}");
    }
}

#[test]
fn xxhash_matches_its_reference() {
    for (input, xxh32, xxh64, xxh3) in [
        ("", 0x02cc5d05, 0xef46db3751d8e999, 0x2d06800538d394c2),
        ("a", 0x550d7456, 0xd24ec4f1a98c6e5b, 0xe6c632b61e964e1f),
        ("foobar", 0xeda34aaf, 0xa2aa05ed9085aaf9, 0xd78fda63144c5c84),
        ("hello", 0xfb0077f9, 0x26c7827d889f6da3, 0x9555e8555c62dcfd),
        ("user:42", 0xf64fdf97, 0xdc1fea7da8d2d1c2, 0x9fc1e605fa7174aa),
    ] {
        assert_eq!(Hash::Xxh32.of(input.as_bytes()), xxh32, "xxh32 {input}");
        assert_eq!(Hash::Xxh64.of(input.as_bytes()), xxh64, "xxh64 {input}");
        assert_eq!(Hash::Xxh3.of(input.as_bytes()), xxh3, "xxh3 {input}");
    }
}

#[test]
fn murmur3_of_128_bits_matches_its_reference() {
    for (input, want) in [
        ("", (0, 0)),
        ("a", (0x85555565f6597889, 0xe6b53a48510e895a)),
        ("foobar", (0xbdd2ae7116c85a45, 0x74a255e0baf8d6af)),
        ("hello", (0xcbd8a7b341bd9b02, 0x5b1e906a48ae1d19)),
        ("user:42", (0xcd01081bf0aa3a68, 0x8137b06702a290dd)),
    ] {
        assert_eq!(murmur3_x64_128(input.as_bytes(), 0), want, "{input}");
        assert_eq!(Hash::Murmur3x64.of(input.as_bytes()), want.0, "{input}");
    }
}

#[test]
fn md5_gives_ketamas_words() {
    assert_eq!(hex(&md5(b"hello")), "5d41402abc4b2a76b9719d911017c592");
    for (key, word) in
        [("hello", 708854109), ("foobar", 586569784), ("user:42", 417323606), ("", 3649838548)]
    {
        assert_eq!(Hash::Md5.of(key.as_bytes()), word, "{key}");
    }
    let group = md5(b"10.0.1.1:11211-0");
    assert_eq!(hex(&group), "1387ed90033bcef5a68603067d362ba2");
    let points = [0, 1, 2, 3].map(|word| md5_word(&group, word));
    assert_eq!(points, [2431485715, 4123933443, 100894374, 2720740989]);
}

#[test]
fn sha1_matches_fips() {
    assert_eq!(hex(&sha1(b"hello")), "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
    assert_eq!(hex(&sha1(b"user:42")), "adf14d23d3caa1297fd8df9a6f360b9d003ef4bc");
    assert_eq!(Hash::Sha1.of(b"hello"), 0xaaf4c61ddcc5e8a2);
}

/// Every length around a block's end, folded into one number that Python's hashlib agreed with.
#[test]
fn digests_pad_every_length_as_hashlib_does() {
    let text: Vec<u8> = (0..=255).cycle().take(300).collect();
    let fold = |digest: &dyn Fn(&[u8]) -> Vec<u8>| {
        let all: Vec<u8> = (0..300).flat_map(|n| digest(&text[..n])).collect();
        fnv1a64(&all)
    };
    assert_eq!(fold(&|b| md5(b).to_vec()), MD5_FOLD);
    assert_eq!(fold(&|b| sha1(b).to_vec()), SHA1_FOLD);
}

#[test]
fn murmur2_is_kafkas() {
    for (input, want) in [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("abc", 479470107),
        ("", 275646681),
    ] {
        assert_eq!(murmur2(input.as_bytes()), want, "{input}");
    }
    for (key, partition) in [("user:42", 1), ("foobar", 6), ("hello", 9)] {
        assert_eq!((murmur2(key.as_bytes()) & i32::MAX) % 12, partition, "{key}");
    }
}

#[test]
fn crc16_gives_the_slots_of_redis() {
    assert_eq!(crc16(b"123456789"), 0x31c3);
    for (key, slot) in [("foo", 12182), ("hello", 866), ("somekey", 11058), ("user:42", 15880)] {
        assert_eq!(redis_slot(key), slot, "{key}");
    }
    assert_eq!(redis_slot("{user1000}.following"), 3443);
    assert_eq!(redis_slot("user1000"), 3443);
    assert_eq!(redis_slot("a{}b"), crc16(b"a{}b") % 16_384, "an empty tag is no tag");
}

#[test]
fn mixers_match_their_references() {
    assert_eq!(fmix32(1), 0x514e28b7);
    assert_eq!(fmix64(1), 0xb456bcfc34c2cb2c);
    let mut zero = SplitMix64(0);
    let first: Vec<u64> = (0..3).map(|_| zero.next_u64()).collect();
    assert_eq!(first, [0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f]);
    assert_eq!(SplitMix64(1234567).next_u64(), 0x599ed017fb08fc85);
}

#[test]
fn a_name_is_read_back_as_its_function() {
    for (hash, name) in NAMES {
        assert_eq!(Hash::named(name), Some(*hash));
        assert_eq!(hash.name(), *name);
        assert_eq!(
            hash.of(b"user:42") >> (hash.bits() - 1) >> 1,
            0,
            "{name} is {} bits",
            hash.bits()
        );
    }
    assert_eq!(Hash::named("md6"), None);
}
