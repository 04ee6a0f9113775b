//! Bad input that is nearly good: texts and links with words exchanged, lines doubled, numbers blown up,
//! bytes knocked over. Everything follows from a seed.
#![allow(dead_code)]

use std::collections::BTreeSet;

use engine::scenario::reference::chapters;

/// SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.roll() % n as u64) as usize }
    }
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const ODD: &[&str] = &[
    "99999999999999999999999999",
    "-1",
    "0",
    "18446744073709551615",
    "9223372036854775808ms",
    "23.9999999999h",
    "1e9",
    "0.0000000000000000000000000000000000000000000000000000001s",
    "\"",
    "\"a b\"",
    "\\",
    "#",
    "# x",
    "#0",
    "#1",
    "=",
    "a=",
    "=a",
    "a=b=c",
    "term=1,,2",
    "+",
    "+5ms",
    "|",
    "*",
    "->",
    "5ms..1ms",
    "exp(",
    "1ms+exp(2ms)",
    "pareto(1ms,99999999999)",
    "é\u{301}",
    "\u{202e}",
    "\u{0}",
    "\r",
    "\t",
    "\u{feff}",
    "n1",
    "n99999",
    "leader",
    "it",
    "x",
];

/// A word that is wrong nearly everywhere.
pub fn odd(dice: &mut Dice) -> &'static str {
    ODD[dice.below(ODD.len())]
}

/// Words of the language, and some of none.
pub fn vocabulary() -> Vec<String> {
    let terms = chapters().into_iter().flat_map(|c| c.terms);
    let examples = terms.flat_map(|t| t.example.split(' ').map(String::from).collect::<Vec<_>>());
    examples.chain(ODD.iter().map(|s| s.to_string())).collect()
}

/// The same, and the words of these texts.
pub fn vocabulary_of<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let words = texts.flat_map(str::split_whitespace).map(String::from);
    let all: BTreeSet<String> = words.chain(vocabulary()).collect();
    all.into_iter().collect()
}

/// A text changed in up to six places.
pub fn mutate(text: &str, words: &[String], dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    for _ in 0..=dice.below(6) {
        let (i, j) = (dice.below(lines.len()), dice.below(lines.len()));
        match dice.below(9) {
            0 => lines.swap(i, j),
            1 => lines.insert(j, lines[i].clone()),
            2 => drop(lines.remove(i)),
            3 => lines[i] = bytes(&lines[i], dice),
            4 => lines[i] = cut(&lines[i], dice),
            _ => lines[i] = shuffled(&lines[i], words, dice),
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
    }
    lines.join("\n")
}

fn shuffled(line: &str, words: &[String], dice: &mut Dice) -> String {
    let mut own: Vec<String> =
        line.split(' ').filter(|w| !w.is_empty()).map(String::from).collect();
    own.push(String::new());
    let (i, j) = (dice.below(own.len()), dice.below(own.len()));
    match dice.below(4) {
        0 => own.swap(i, j),
        1 => own.insert(i, dice.one(words).clone()),
        2 => own[i] = dice.one(words).clone(),
        _ => drop(own.remove(i)),
    }
    own.join(" ")
}

pub fn bytes(line: &str, dice: &mut Dice) -> String {
    let mut raw = line.as_bytes().to_vec();
    if raw.is_empty() {
        return "\u{1}".into();
    }
    let at = dice.below(raw.len());
    raw[at] = dice.roll() as u8;
    String::from_utf8_lossy(&raw).into_owned()
}

fn cut(line: &str, dice: &mut Dice) -> String {
    let keep = dice.below(line.chars().count() + 1);
    line.chars().take(keep).collect()
}
