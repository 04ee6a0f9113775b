//! SHA-1 (FIPS 180-4): where Chord puts its nodes and keys.

use super::md5::for_each_block;

pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
    let bits = (bytes.len() as u64).wrapping_mul(8);
    for_each_block(bytes, bits.to_be_bytes(), |block| compress(&mut state, block));
    let mut digest = [0; 20];
    for (out, word) in digest.chunks_exact_mut(4).zip(state) {
        out.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

fn compress(state: &mut [u32; 5], block: &[u8; 64]) {
    let w = schedule(block);
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (i, w) in w.iter().enumerate() {
        let (f, k) = match i / 20 {
            0 => (d ^ (b & (c ^ d)), 0x5a827999),
            1 => (b ^ c ^ d, 0x6ed9eba1),
            2 => ((b & c) | (d & (b | c)), 0x8f1bbcdc),
            _ => (b ^ c ^ d, 0xca62c1d6),
        };
        let sum: u32 = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, sum.wrapping_add(*w));
    }
    for (s, x) in state.iter_mut().zip([a, b, c, d, e]) {
        *s = s.wrapping_add(x);
    }
}

fn schedule(block: &[u8; 64]) -> [u32; 80] {
    let mut w = [0; 80];
    for (w, bytes) in w.iter_mut().zip(block.as_chunks::<4>().0) {
        *w = u32::from_be_bytes(*bytes);
    }
    for i in 16..80 {
        w[i] = (w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1);
    }
    w
}
