//! A text in pieces, each with what it is to the eye. The pieces put together are the text.

use super::fault::Fault;
use super::known::is_name;
use super::lex::{Line, line};
use super::reference::{expectations, facts, line_words, verbs};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Blanks, and words that only a protocol knows.
    Plain,
    Keyword,
    /// Numbers, times, ordinals.
    Number,
    /// Nodes, kinds of messages, claims, keys.
    Name,
    Text,
    Comment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    pub text: &'a str,
    pub kind: Kind,
    /// The reader stumbles here.
    pub fault: bool,
}

const JOINTS: &[&str] =
    &["and", "as", "by", "every", "for", "from", "it", "link", "net", "next", "node", "to", "when"];

/// The text in pieces, row by row, with the places of faults marked. A row's end is a piece of its own.
pub fn highlight<'a>(text: &'a str, faults: &[Fault]) -> Vec<Piece<'a>> {
    let words = [line_words(), verbs(), facts(), expectations()].concat();
    let keyword = |w: &str| {
        words.iter().any(|t| t.word == w) || JOINTS.contains(&w) || matches!(w, "lamplight" | "->")
    };
    let mut out = vec![];
    for (raw, number) in text.split_inclusive('\n').zip(1..) {
        let body = raw.strip_suffix('\n').unwrap_or(raw);
        let on = faults.iter().filter(|f| f.place.line == number);
        let marks: Vec<(usize, usize)> = on.map(|f| bytes(body, f)).collect();
        for (from, to, kind) in kinds(body, &line(body, number), &keyword) {
            cut(body, (from, to), kind, &marks, &mut out);
        }
        if raw.len() > body.len() {
            out.push(Piece { text: "\n", kind: Kind::Plain, fault: false });
        }
    }
    out
}

/// Bytes of a row that a fault is about; one letter at least, where there is one.
fn bytes(row: &str, f: &Fault) -> (usize, usize) {
    let at =
        |chars: u32| row.char_indices().nth(chars as usize).map_or(row.len(), |(byte, _)| byte);
    let last = row.trim_end().chars().count() as u32;
    let from = (f.place.col.max(1) - 1).min(last.saturating_sub(1));
    (at(from), at(from + f.place.len.max(1)))
}

/// The row without a gap: where a piece begins and ends, and what it is.
fn kinds(row: &str, line: &Line<'_>, keyword: &dyn Fn(&str) -> bool) -> Vec<(usize, usize, Kind)> {
    let place = |part: &str| {
        let from = part.as_ptr() as usize - row.as_ptr() as usize;
        (from, from + part.len())
    };
    let mut out = vec![];
    let mut end = 0;
    let mut put = |from: usize, to: usize, kind: Kind| {
        if from > end {
            out.push((end, from, Kind::Plain));
        }
        if to > from {
            out.push((from, to, kind));
        }
        end = end.max(to);
    };
    let sentence = line.words.first().is_some_and(|w| matches!(w.raw, "title" | "about"));
    for (i, word) in line.words.iter().enumerate() {
        let (from, to) = place(word.raw);
        match word.pair() {
            Some((key, value)) if !sentence => {
                put(from, from + key.len(), Kind::Name);
                put(from + key.len() + 1, to, kind(value, keyword));
            }
            _ if sentence && i > 0 => put(from, to, Kind::Text),
            _ => put(from, to, kind(word.raw, keyword)),
        }
    }
    if !line.comment.is_empty() {
        let (from, to) = place(line.comment);
        put(from, to, Kind::Comment);
    }
    put(row.len(), row.len(), Kind::Plain);
    out
}

fn kind(word: &str, keyword: &dyn Fn(&str) -> bool) -> Kind {
    let digits = word.trim_start_matches(['+', '-', '#']);
    let numbered = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let node = numbered.len() < word.len() && numbered.chars().all(|c| c.is_ascii_lowercase());
    match word {
        _ if word.starts_with('"') => Kind::Text,
        _ if digits.starts_with(|c: char| c.is_ascii_digit()) => Kind::Number,
        _ if keyword(word) => Kind::Keyword,
        _ if is_name(word) || node => Kind::Name,
        _ => Kind::Plain,
    }
}

/// A piece, cut where a fault begins or ends.
fn cut<'a>(
    row: &'a str,
    (mut from, to): (usize, usize),
    kind: Kind,
    marks: &[(usize, usize)],
    out: &mut Vec<Piece<'a>>,
) {
    while from < to {
        let fault = marks.iter().any(|(a, b)| (*a..*b).contains(&from));
        let edges = marks.iter().flat_map(|(a, b)| [*a, *b]).filter(|e| *e > from);
        let next = edges.min().unwrap_or(to).min(to);
        out.push(Piece { text: row.get(from..next).unwrap_or(""), kind, fault });
        from = next;
    }
}
