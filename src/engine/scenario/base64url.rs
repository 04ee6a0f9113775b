//! Base64 for addresses (RFC 4648, section 5, without padding): forty lines instead of a library for every alphabet there is.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Why letters are not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// No number of bytes has this many letters, or the last one is not whole.
    Cut,
    /// A letter that is none of the sixty-four.
    Letter,
}

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let letters = (0..=chunk.len() as u32).map(|i| (bits >> (18 - 6 * i) & 63) as usize);
        out.extend(letters.filter_map(|i| LETTERS.get(i)).map(|b| char::from(*b)));
    }
    out
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, Flaw> {
    if text.len() % 4 == 1 {
        return Err(Flaw::Cut);
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for letter in chunk {
            bits = bits << 6 | value(*letter).ok_or(Flaw::Letter)?;
        }
        bits <<= 6 * (4 - chunk.len() as u32);
        let (whole, [_, bytes @ ..]) = (chunk.len() - 1, bits.to_be_bytes());
        // What is left over behind the last byte must be nothing: one text, one spelling.
        if bytes.iter().skip(whole).any(|b| *b != 0) {
            return Err(Flaw::Cut);
        }
        out.extend(bytes.iter().take(whole));
    }
    Ok(out)
}

fn value(letter: u8) -> Option<u32> {
    let (from, first) = match letter {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'-' => return Some(62),
        b'_' => return Some(63),
        _ => return None,
    };
    Some(u32::from(letter - from) + first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    #[test]
    fn agrees_with_the_library() {
        for n in 0..200usize {
            let bytes: Vec<u8> = (0..n).map(|i| (i * 89 + n * 7) as u8).collect();
            assert_eq!(encode(&bytes), BASE64URL_NOPAD.encode(&bytes));
            assert_eq!(decode(&encode(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn every_short_text_is_read_as_the_library_reads_it() {
        let letters = ["A", "B", "f", "9", "-", "_", "=", "+", "é"];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|t| letters.iter().map(move |l| format!("{t}{l}")))
                .chain(texts.clone())
                .collect();
        }
        for t in texts {
            assert_eq!(decode(&t).ok(), BASE64URL_NOPAD.decode(t.as_bytes()).ok(), "{t}");
        }
    }
}
