//! Links that are nearly good, made by their grammar, and what must be true of whatever the reader makes of them.
#![allow(dead_code)]

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use engine::card::Entry;
use engine::ids::Us;
use engine::scenario::ast::Instant;
use engine::scenario::link::{Address, Param, Sel, Source, apply, parse_fragment, write};
use engine::scenario::{canonical, edit, parse, time};

use super::mutate::{Dice, bytes, odd};

/// Links as the page writes them: to a shipped scenario, one in other settings, a fork of its text, and a text too short
/// to be packed; each at a moment and with a check. (The reader knows no run: any check will do.)
pub fn written(shipped: &[(String, String)], cards: &[&'static Entry]) -> Vec<String> {
    let mut dice = Dice(7);
    shipped
        .iter()
        .flat_map(|(name, text)| addresses(name, text, cards, &mut dice))
        .map(link)
        .collect()
}

fn link(a: Address) -> String {
    write(&a).unwrap_or_else(|e| panic!("{a:?}: {e}"))
}

fn addresses(name: &str, text: &str, cards: &[&'static Entry], dice: &mut Dice) -> Vec<Address> {
    let (entry, slug) = name.split_once('/').expect("entry/slug");
    let plain = Address::shipped(entry, slug);
    let at = Instant { at: dice.roll() % 9_000_000, k: dice.below(3) as u32 };
    let viewed = |a: Address, dice: &mut Dice| Address {
        at: Some(at),
        check: Some(dice.roll() as u32),
        sel: sel(dice),
        ..a
    };
    let card = cards.iter().find(|c| c.id == entry).expect("its card");
    let param = dice.one(card.params);
    let param = Param { run: None, name: param.name.into(), value: param.default.into() };
    let set = Address {
        seed: Some(dice.roll() >> dice.below(60)),
        bugs: card.bugs.first().map(|b| b.slug.to_string()).into_iter().collect(),
        params: vec![param],
        ..plain.clone()
    };
    let fork = edit::insert_step(text, at, "mark \"here\"");
    let fork = parse(&fork, cards).map_or(fork, |s| canonical(&s));
    let short = format!("lamplight 1\nrun {entry}\n");
    [plain, set, Address::text(&fork), Address::text(&short)].map(|a| viewed(a, dice)).into()
}

fn sel(dice: &mut Dice) -> Option<Sel> {
    match dice.below(3) {
        0 => Some(Sel::Event(dice.below(10_000) as u32)),
        1 => Some(Sel::Node("n1".into())),
        _ => None,
    }
}

// ---------------------------------------------------------------- mutation

const TAGS: &[&str] = &["", "s1.", "z1.", "p1.", "s2.", "z1", ".", "s1.s1."];
const KEYS: &[&str] = &[
    "seed", "t", "check", "bug", "in", "sel", "nodes", "a.nodes", "n", "", "N", "a.b.c", "clients",
];
const VALUES: &[&str] = &[
    "00000000",
    "ffffffff",
    "FFFFFFFF",
    "0000000",
    "e:1",
    "n:n1",
    "e:",
    "1.2s.34",
    "24h",
    "24h.1",
    "25h",
    "%41",
    "%",
    "%zz",
    "%26check%3D00000000",
    "%26",
    "%2526",
    "%c3%28",
    "%00",
    "7",
    "",
];
const AROUND: &[&str] = &["#", ")", ").", ",", ">", " ", "\n", "&", "%29", "»", "?", "*"];

/// A link in its parts.
struct Parts {
    tag: String,
    head: String,
    /// `key=value`
    keys: Vec<String>,
}

fn parts(link: &str) -> Parts {
    let mut all = link.split('&').map(String::from);
    let head = all.next().unwrap_or_default();
    let cut = head.find('.').map_or(0, |dot| if dot < 4 { dot + 1 } else { 0 });
    Parts { tag: head[..cut].into(), head: head[cut..].into(), keys: all.collect() }
}

impl Parts {
    fn print(&self) -> String {
        let keys: String = self.keys.iter().map(|k| format!("&{k}")).collect();
        [self.tag.as_str(), self.head.as_str(), keys.as_str()].concat()
    }
}

/// A link changed in up to four places; `other` is one whose parts may be taken over.
pub fn mutate_link(link: &str, other: &str, dice: &mut Dice) -> String {
    let mut link = link.to_string();
    for _ in 0..=dice.below(4) {
        link = match dice.below(4) {
            0 => changed_letters(&link, other, dice),
            1 => changed_head(parts(&link), parts(other), dice).print(),
            _ => changed_keys(parts(&link), parts(other), dice).print(),
        };
    }
    link
}

fn changed_letters(link: &str, other: &str, dice: &mut Dice) -> String {
    let letters: Vec<char> = link.chars().collect();
    let (at, others) = (dice.below(letters.len() + 1), other.chars().count());
    let (before, after): (String, String) =
        (letters[..at].iter().collect(), letters[at..].iter().collect());
    match dice.below(7) {
        0 => before,
        1 => after,
        2 => bytes(link, dice),
        // the beginning of one and the end of another
        3 => before + &other.chars().skip(dice.below(others + 1)).collect::<String>(),
        4 => format!("{before}{}{after}", dice.one(AROUND)),
        5 => format!("{link}{}", dice.one(AROUND)),
        _ => encoded(link, dice),
    }
}

/// In codes, in part or as a whole, as some chat programs have it.
fn encoded(link: &str, dice: &mut Dice) -> String {
    let every = 1 + dice.below(3);
    let code = |(i, b): (usize, u8)| {
        let plain = b.is_ascii() && (b.is_ascii_alphanumeric() || i % every != 0);
        if plain { char::from(b).to_string() } else { format!("%{b:02X}") }
    };
    link.bytes().enumerate().map(code).collect()
}

fn changed_keys(mut p: Parts, other: Parts, dice: &mut Dice) -> Parts {
    let (i, j) = (dice.below(p.keys.len()), dice.below(p.keys.len()));
    if p.keys.is_empty() {
        p.keys = other.keys;
        return p;
    }
    match dice.below(8) {
        0 => p.keys.swap(i, j),
        1 => drop(p.keys.remove(i)),
        2 => p.keys.insert(j, p.keys[i].clone()),
        3 if !other.keys.is_empty() => p.keys.insert(i, dice.one(&other.keys).clone()),
        4 if !other.keys.is_empty() => p.keys[i] = dice.one(&other.keys).clone(),
        5 => p.keys[i] = bytes(&p.keys[i], dice),
        6 => p.keys[i] = format!("{}={}", dice.one(KEYS), value_of(&p.keys[j])),
        _ => p.keys[i] = format!("{}={}", key_of(&p.keys[i]), odd_value(dice)),
    }
    p
}

fn key_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

fn value_of(pair: &str) -> &str {
    pair.split_once('=').map_or("", |(_, value)| value)
}

fn odd_value(dice: &mut Dice) -> &'static str {
    if dice.below(3) == 0 { odd(dice) } else { VALUES[dice.below(VALUES.len())] }
}

fn changed_head(mut p: Parts, other: Parts, dice: &mut Dice) -> Parts {
    match dice.below(6) {
        0 => p.tag = (*dice.one(TAGS)).into(),
        1 => p.head = other.head,
        2 => (p.tag, p.head) = (other.tag, other.head),
        3 => p.head = bytes(&p.head, dice),
        4 => p.head = moved(&p.head, dice),
        // letters that are still Base64, of bytes that are not those of the text any more
        _ => p.head = reborn(&p.head, dice),
    }
    p
}

/// Some letters of a text elsewhere, twice or away.
fn moved(text: &str, dice: &mut Dice) -> String {
    let mut all: Vec<char> = text.chars().collect();
    let from = dice.below(all.len());
    let some: Vec<char> = all.iter().skip(from).take(1 + dice.below(8)).copied().collect();
    if dice.below(2) == 0 {
        all.drain(from..from + some.len());
    }
    if dice.below(3) > 0 {
        let to = dice.below(all.len() + 1);
        all.splice(to..to, some);
    }
    all.into_iter().collect()
}

fn reborn(head: &str, dice: &mut Dice) -> String {
    let Ok(mut raw) = BASE64URL_NOPAD.decode(head.as_bytes()) else { return moved(head, dice) };
    let (i, j) = (dice.below(raw.len()), dice.below(raw.len()));
    match dice.below(5) {
        _ if raw.is_empty() => raw.push(0),
        0 => raw[i] ^= 1 << dice.below(8),
        1 => raw.swap(i, j),
        2 => drop(raw.remove(i)),
        3 => raw.insert(i, dice.roll() as u8),
        _ => raw.truncate(i),
    }
    BASE64URL_NOPAD.encode(&raw)
}

// ---------------------------------------------------------------- judgement

const CODES: &[&str] =
    &["cut-off", "newer", "too-large", "damaged", "unknown-key", "bad-value", "unknown-scenario"];

/// What must be true of any link, however it came to be: it is refused with a reason, or it opens just the run
/// that it says itself, read here once more by other means. `texts` are all that anybody ever wrote into a link: a
/// text that is none of them came out of damage.
pub fn judge(link: &str, texts: &[String]) -> Option<Address> {
    let address = match parse_fragment(link) {
        Ok(address) => address,
        Err(fault) => {
            assert!(CODES.contains(&fault.code()), "{link}");
            assert!(fault.to_string().chars().count() < 1_000, "{link}");
            return None;
        }
    };
    assert!(link.trim().len() <= 32 * 1024 + 100, "too long: {}", link.len());
    assert_eq!(said(link), said_by(&address), "{link}\n{address:?}");
    if let Source::Text(text) = &address.source {
        assert!(texts.contains(text), "{link}\n{text}");
    }
    comes_back(&address);
    Some(address)
}

/// Written again it is the same.
fn comes_back(a: &Address) {
    let Ok(link) = write(a) else { return };
    let again = parse_fragment(&link).unwrap_or_else(|e| panic!("{a:?}\n{link}\n{e}"));
    match &a.source {
        Source::Text(text) if a.overrides() => {
            assert_eq!(Ok(again.source), apply(a, text).map(Source::Text), "{link}");
        }
        _ => assert_eq!(again, *a, "{link}"),
    }
}

type Said = BTreeMap<String, Vec<String>>;

/// What a link says, by its own letters. A promise at its end that it does not keep is said too.
fn said(link: &str) -> Said {
    let link = link.trim();
    let link = link.strip_prefix('#').unwrap_or(link);
    let link = link.trim_end_matches(|c: char| ".,;:!?)]}>'\"*\u{2019}\u{201d}»".contains(c));
    let (head, keys) = link.split_once('&').unwrap_or((link, ""));
    // A name in codes may hold everything; beside plain keys it is one that was plain itself.
    let whole = match (head.contains('%'), link.contains('&')) {
        (true, true) => [&plain(head), "&", keys].concat(),
        (true, false) => plain(link),
        _ => link.to_string(),
    };
    let p = parts(&whole);
    let mut said = Said::new();
    let mut say = |key: &str, value: String| said.entry(key.into()).or_default().push(value);
    match p.tag.as_str() {
        "z1." | "p1." => say("text", text_in(&p).unwrap_or_else(|| "damaged".into())),
        _ => say("name", p.head.clone()),
    }
    p.keys.iter().for_each(|k| say(key_of(k), normal(key_of(k), &plain(value_of(k)))));
    let runs = |k: &str| !["in", "sel", "t", "check"].contains(&key_of(k));
    let promises = p.tag == "s1." || (!p.tag.is_empty() && p.keys.iter().any(|k| runs(k)));
    let sealed = p.keys.last().is_some_and(|k| key_of(k) == "check" && value_of(k).len() == 8);
    if promises && !sealed {
        say("cut off", String::new());
    }
    said
}

fn text_in(p: &Parts) -> Option<String> {
    let raw = BASE64URL_NOPAD.decode(p.head.as_bytes()).ok()?;
    let text = match p.tag.as_str() {
        "z1." => miniz_oxide::inflate::decompress_to_vec_zlib(&raw).ok()?,
        _ => raw.get(7..)?.to_vec(),
    };
    String::from_utf8(text).ok()
}

/// Without its codes.
fn plain(value: &str) -> String {
    let mut out = vec![];
    let mut rest = value.as_bytes();
    while let Some(first) = rest.first() {
        let code = rest.get(1..3).filter(|c| *first == b'%' && c.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|c| u8::from_str_radix(std::str::from_utf8(c).ok()?, 16).ok());
        out.push(code.unwrap_or(*first));
        rest = &rest[if code.is_some() { 3 } else { 1 }..];
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// One spelling of each number.
fn normal(key: &str, value: &str) -> String {
    let number = |v: &str| v.parse::<u64>().map_or(v.to_string(), |n| n.to_string());
    match (key, value.split_once(':')) {
        ("seed", _) => number(value),
        ("check", _) => value.to_ascii_lowercase(),
        ("sel", Some(("e", n))) => format!("e:{}", number(n)),
        ("t", _) => instant(value).map_or(value.into(), |(at, k)| format!("{at}.{k}")),
        _ => value.into(),
    }
}

fn instant(value: &str) -> Option<(Us, u32)> {
    let unit = value.find(|c: char| c.is_ascii_alphabetic())?;
    match value[unit..].split_once('.') {
        Some((rest, k)) => Some((time(&[&value[..unit], rest].concat()).ok()?, k.parse().ok()?)),
        None => Some((time(value).ok()?, 0)),
    }
}

fn said_by(a: &Address) -> Said {
    let mut said = Said::new();
    let mut say = |key: &str, value: String| said.entry(key.into()).or_default().push(value);
    match &a.source {
        Source::Shipped { entry, slug } => say("name", format!("{entry}/{slug}")),
        Source::Text(text) => say("text", text.clone()),
    }
    a.seed.iter().for_each(|s| say("seed", s.to_string()));
    a.bugs.iter().for_each(|b| say("bug", b.clone()));
    a.within.iter().for_each(|n| say("in", n.clone()));
    a.at.iter().for_each(|i| say("t", format!("{}.{}", i.at, i.k)));
    a.check.iter().for_each(|c| say("check", format!("{c:08x}")));
    a.sel.iter().for_each(|s| match s {
        Sel::Event(e) => say("sel", format!("e:{e}")),
        Sel::Node(n) => say("sel", format!("n:{n}")),
    });
    for p in &a.params {
        let run = p.run.as_ref().map_or(String::new(), |run| format!("{run}."));
        say(&format!("{run}{}", p.name), p.value.clone());
    }
    said
}
