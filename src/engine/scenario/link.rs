//! Links: a scenario, and how it is looked at, in the fragment of an address.
//!
//! ```text
//!   raft/leader-crash&seed=7&t=1.2s.3               written by hand: a shipped scenario, overrides, a moment
//!   s1.raft/leader-crash&seed=7&t=1.2s.3&check=…    the same, shared: sealed
//!   z1.…&t=1.2s.3&check=…                           any other text, zlib in base64url
//!   p1.…                                            the same as it stands, where that is shorter
//! ```
//!
//! **A link cut off anywhere is an error or the same run.** A text carries its own checksum (zlib's Adler;
//! `p1` has its length and an Adler in front). A readable address has none, and `raft/leader-crash` is a
//! prefix of every link made from it, as `seed=1` is of `seed=12`. So what Share writes is *sealed*: `s1.`
//! in front promises a `check` of eight digits at the very end, and without it the link is refused. Behind a
//! text, keys that would change the run (seed, bug, parameters) demand the same; the writer never writes
//! them there but puts them into the text. Links written by hand need neither seal nor check.
//!
//! Reading tolerates what chat programs do: a `#` in front, punctuation behind, percent-encoding once.

use std::fmt;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};

use super::ast::Instant;
use super::fault::nearest;
use super::known::is_word;
use super::num;
use super::terms::{LABEL_MAX, TEXT_MAX};
use super::{base64url, edit};
use crate::value::print_time;

/// Longest fragment that is read or written.
pub const LINK_MAX: usize = 32 * 1024;
/// Most keys of a link.
const KEYS_MAX: usize = 128;
/// Most bytes a text may unfold to before it is given up.
const INFLATE_MAX: usize = 256 * 1024;
/// Zlib's slowest and densest level that still pays.
const LEVEL: u8 = 9;

/// What a fragment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub source: Source,
    pub seed: Option<u64>,
    /// Bugs switched on besides the text's own.
    pub bugs: Vec<String>,
    pub params: Vec<Param>,
    /// Of which of two runs the moment and the selection are.
    pub within: Option<String>,
    pub sel: Option<Sel>,
    /// The moment to show.
    pub at: Option<Instant>,
    /// Low half of the trace's hash at that moment. Share always gives it.
    pub check: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A scenario of the catalogue; its text is fetched.
    Shipped {
        entry: String,
        slug: String,
    },
    Text(String),
}

/// A run's parameter, overridden: of the run it names, or of every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Which run, where there are two.
    pub run: Option<String>,
    pub name: String,
    pub value: String,
}

/// What is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sel {
    Event(u32),
    Node(String),
}

/// Why a fragment cannot be read, or an address not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// It ends too early: at this character.
    CutOff {
        at: usize,
    },
    /// Of a codec this page does not know.
    Newer {
        tag: String,
    },
    TooLarge {
        what: &'static str,
        limit: usize,
    },
    /// Each is looked for among the others, and read with the whole text.
    TooManyKeys {
        limit: usize,
    },
    /// Letters were changed on the way.
    Damaged,
    UnknownKey {
        key: String,
    },
    BadValue {
        key: String,
        value: String,
        says: String,
    },
    UnknownScenario {
        name: String,
        nearest: Option<String>,
    },
}

impl fmt::Display for LinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkFault::CutOff { at } => {
                write!(f, "This link was cut off at character {at}. Copy it again, to its end.")
            }
            LinkFault::Newer { tag } => {
                write!(f, "This link is of a newer kind (`{tag}`). Open it on a newer page.")
            }
            LinkFault::TooLarge { what, limit } => {
                write!(f, "The {what} of this link is too large: at most {limit} bytes.")
            }
            LinkFault::TooManyKeys { limit } => {
                write!(f, "This link has more than {limit} keys. Write them into a text instead.")
            }
            LinkFault::Damaged => {
                f.write_str("This link was damaged on its way: its checksum does not fit.")
            }
            LinkFault::UnknownKey { key } => write!(f, "`{key}` is not a key of links."),
            LinkFault::BadValue { key, value, says } => write!(f, "`{key}={value}`: {says}"),
            LinkFault::UnknownScenario { name, nearest: None } => {
                write!(f, "There is no scenario `{name}`.")
            }
            LinkFault::UnknownScenario { name, nearest: Some(near) } => {
                write!(f, "There is no scenario `{name}`. Did you mean `{near}`?")
            }
        }
    }
}

impl std::error::Error for LinkFault {}

impl LinkFault {
    /// Stable, for tests and for the page.
    pub fn code(&self) -> &'static str {
        match self {
            LinkFault::CutOff { .. } => "cut-off",
            LinkFault::Newer { .. } => "newer",
            LinkFault::TooLarge { .. } | LinkFault::TooManyKeys { .. } => "too-large",
            LinkFault::Damaged => "damaged",
            LinkFault::UnknownKey { .. } => "unknown-key",
            LinkFault::BadValue { .. } => "bad-value",
            LinkFault::UnknownScenario { .. } => "unknown-scenario",
        }
    }
}

type Read<T> = Result<T, LinkFault>;

impl Address {
    pub fn shipped(entry: &str, slug: &str) -> Address {
        Address::new(Source::Shipped { entry: entry.into(), slug: slug.into() })
    }

    /// Any other text: give it `canonical(…)`.
    pub fn text(text: &str) -> Address {
        Address::new(Source::Text(text.into()))
    }

    pub fn new(source: Source) -> Address {
        Address {
            source,
            seed: None,
            bugs: vec![],
            params: vec![],
            within: None,
            sel: None,
            at: None,
            check: None,
        }
    }

    /// Whether it runs something else than the text it names.
    pub fn overrides(&self) -> bool {
        self.seed.is_some() || !self.bugs.is_empty() || !self.params.is_empty()
    }
}

/// The address without what changes the run: text with its overrides put in, read like any other.
pub fn apply(address: &Address, text: &str) -> Read<String> {
    let mut text = text.to_string();
    let runs = edit::run_names(&text);
    for p in &address.params {
        if p.run.as_ref().is_some_and(|run| !runs.contains(run)) {
            return Err(LinkFault::UnknownKey { key: key_of(p) });
        }
        for run in runs.iter().filter(|run| p.run.as_ref().is_none_or(|r| r == *run)) {
            text = edit::set_param_in(&text, run, &p.name, Some(&p.value));
        }
    }
    if let Some(seed) = address.seed {
        text = edit::set_seed(&text, seed);
    }
    for bug in &address.bugs {
        text = edit::set_bug(&text, bug, true);
    }
    Ok(text)
}

/// Refuse a shipped address that `names` (`raft/leader-crash`, …) does not have.
pub fn known(address: &Address, names: &[&str]) -> Read<()> {
    let Source::Shipped { entry, slug } = &address.source else { return Ok(()) };
    let name = format!("{entry}/{slug}");
    if names.contains(&name.as_str()) {
        return Ok(());
    }
    let nearest = nearest(&name, names).map(str::to_string);
    Err(LinkFault::UnknownScenario { name, nearest })
}

// Writing.

/// The fragment, without `#`. What changes the run of a text is put into the text.
pub fn write(address: &Address) -> Read<String> {
    let (head, keys) = match &address.source {
        Source::Shipped { entry, slug } => {
            let seal = if address.check.is_some() { "s1." } else { "" };
            (format!("{seal}{entry}/{slug}"), write_overrides(address))
        }
        Source::Text(text) => (encode(&apply(address, text)?)?, String::new()),
    };
    let link = format!("{head}{keys}{}", write_view(address));
    if link.len() > LINK_MAX { Err(too_long()) } else { Ok(link) }
}

fn too_long() -> LinkFault {
    LinkFault::TooLarge { what: "fragment", limit: LINK_MAX }
}

fn write_overrides(a: &Address) -> String {
    let seed = a.seed.map(|s| format!("&seed={s}"));
    let bugs = a.bugs.iter().map(|b| format!("&bug={}", escape(b)));
    let params = a.params.iter().map(|p| format!("&{}={}", key_of(p), escape(&p.value)));
    seed.into_iter().chain(params).chain(bugs).collect()
}

fn key_of(p: &Param) -> String {
    p.run.as_ref().map_or(p.name.clone(), |run| format!("{run}.{}", p.name))
}

/// `check` is last, whatever else there is.
fn write_view(a: &Address) -> String {
    let within = a.within.as_ref().map(|n| format!("&in={}", escape(n)));
    let sel = a.sel.as_ref().map(|s| match s {
        Sel::Event(e) => format!("&sel=e:{e}"),
        Sel::Node(n) => format!("&sel=n:{}", escape(n)),
    });
    let at = a.at.map(|i| match i.k {
        0 => format!("&t={}", print_time(i.at as i64)),
        k => format!("&t={}.{k}", print_time(i.at as i64)),
    });
    let check = a.check.map(|c| format!("&check={c:08x}"));
    [within, sel, at, check].into_iter().flatten().collect()
}

/// A value as a chat program leaves it alone. Punctuation at its end would be taken for the sentence's.
fn escape(value: &str) -> String {
    let mut out = String::new();
    let last = value.len().saturating_sub(1);
    for (i, b) in value.bytes().enumerate() {
        let inner = matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b',') && i < last;
        if b.is_ascii_alphanumeric() || inner {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// The shorter of the two codecs.
fn encode(text: &str) -> Read<String> {
    if text.len() > TEXT_MAX {
        return Err(LinkFault::TooLarge { what: "text", limit: TEXT_MAX });
    }
    let dense = compress_to_vec_zlib(text.as_bytes(), LEVEL);
    let plain = framed(text);
    let (tag, bytes) = if plain.len() < dense.len() { ("p1", plain) } else { ("z1", dense) };
    Ok(format!("{tag}.{}", base64url::encode(&bytes)))
}

/// Length (three bytes), Adler-32 (four bytes), text: big-endian.
fn framed(text: &str) -> Vec<u8> {
    let len = (text.len() as u32).to_be_bytes();
    let sum = adler2::adler32_slice(text.as_bytes()).to_be_bytes();
    len.iter().skip(1).chain(&sum).copied().chain(text.bytes()).collect()
}

// Reading.

/// What a fragment says, or what is wrong with it.
pub fn parse_fragment(fragment: &str) -> Read<Address> {
    let fragment = fragment.trim();
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    let fragment = fragment.trim_end_matches(PUNCTUATION);
    if fragment.len() > LINK_MAX {
        return Err(too_long());
    }
    // Encoded as a whole it has no `&` left. One that has is as it was, or cut, but for its name, in which nothing
    // but a code has a `%`.
    match fragment.split_once('&') {
        None if fragment.contains('%') => read_address(&unescape(fragment)),
        Some((head, rest)) if head.contains('%') => {
            read_address(&[&unescape(head), "&", rest].concat())
        }
        _ => read_address(fragment),
    }
}

/// What chat programs take into a link, or put behind it.
const PUNCTUATION: &[char] = &[
    '.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '\'', '"', '*', '\u{2019}', '\u{201d}', '»',
];

/// `%41` is `A`; what is no code stays as it is.
fn unescape(text: &str) -> String {
    let mut out = vec![];
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [a, b, tail @ ..]) if hex(*a, *b).is_some() => {
                out.extend(hex(*a, *b));
                rest = tail;
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(a: u8, b: u8) -> Option<u8> {
    let digit = |c: u8| char::from(c).to_digit(16);
    u8::try_from(digit(a)? * 16 + digit(b)?).ok()
}

/// What kind of link it is, and so what it must carry.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Hand,
    Sealed,
    Text,
}

fn read_address(fragment: &str) -> Read<Address> {
    let cut = LinkFault::CutOff { at: fragment.chars().count() };
    let (head, keys) = match fragment.split_once('&') {
        Some((head, keys)) => (head, Some(keys)),
        None => (fragment, None),
    };
    let (kind, source) = read_source(head, &cut)?;
    let mut address = Address::new(source);
    let keys: Vec<&str> = keys.map_or(vec![], |k| k.split('&').collect());
    if keys.len() > KEYS_MAX {
        return Err(LinkFault::TooManyKeys { limit: KEYS_MAX });
    }
    let read = keys.iter().enumerate().try_for_each(|(i, key)| {
        once(&keys[..i], key)?;
        read_key(&mut address, key, &cut)
    });
    let broken = matches!(read, Err(LinkFault::BadValue { .. }));
    if is_whole(kind, &address, broken, keys.last().copied()) {
        return read.map(|()| address);
    }
    Err(cut)
}

/// Bugs are as many as one likes; of everything else there is one.
fn once(before: &[&str], pair: &str) -> Read<()> {
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_string();
    match pair.split_once('=') {
        Some((key, value)) if key != "bug" && before.iter().any(|b| name(b) == key) => {
            Err(bad_value(key, value, "The link says this twice."))
        }
        _ => Ok(()),
    }
}

/// Whether what is promised at the end is there. A text without it may have been written by hand, unless a value breaks off.
fn is_whole(kind: Kind, address: &Address, broken: bool, last: Option<&str>) -> bool {
    let checked =
        last.and_then(|k| k.strip_prefix("check=")).is_some_and(|c| checksum(c).is_some());
    match kind {
        Kind::Hand => true,
        Kind::Sealed => checked,
        Kind::Text => checked || !(broken || address.overrides()),
    }
}

fn checksum(raw: &str) -> Option<u32> {
    let fits = raw.len() == 8 && raw.bytes().all(|b| b.is_ascii_hexdigit());
    u32::from_str_radix(raw, 16).ok().filter(|_| fits)
}

fn read_source(head: &str, cut: &LinkFault) -> Read<(Kind, Source)> {
    match head.split_once('.') {
        Some(("s1", name)) => Ok((Kind::Sealed, shipped(name, cut)?)),
        Some(("z1", body)) => Ok((Kind::Text, Source::Text(inflate(body, cut)?))),
        Some(("p1", body)) => Ok((Kind::Text, Source::Text(unframe(body, cut)?))),
        Some((tag, _)) if is_tag(tag) => Err(LinkFault::Newer { tag: tag.to_string() }),
        _ => Ok((Kind::Hand, shipped(head, cut)?)),
    }
}

/// A letter and a number: the name of a codec.
fn is_tag(tag: &str) -> bool {
    let number = tag.strip_prefix(|c: char| c.is_ascii_lowercase()).unwrap_or("");
    (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

fn shipped(name: &str, cut: &LinkFault) -> Read<Source> {
    let Some((entry, slug)) = name.split_once('/').filter(|(_, slug)| !slug.is_empty()) else {
        return Err(cut.clone());
    };
    if is_word(entry) && is_word(slug) {
        return Ok(Source::Shipped { entry: entry.into(), slug: slug.into() });
    }
    Err(LinkFault::UnknownScenario { name: num::clip(name), nearest: None })
}

fn bytes(body: &str, cut: &LinkFault) -> Read<Vec<u8>> {
    base64url::decode(body).map_err(|flaw| match flaw {
        base64url::Flaw::Cut => cut.clone(),
        base64url::Flaw::Letter => LinkFault::Damaged,
    })
}

fn inflate(body: &str, cut: &LinkFault) -> Read<String> {
    let bytes = bytes(body, cut)?;
    let text = decompress_to_vec_zlib_with_limit(&bytes, INFLATE_MAX);
    text.map_err(|e| e.status)
        .map_err(|status| match status {
            TINFLStatus::HasMoreOutput => LinkFault::TooLarge { what: "text", limit: TEXT_MAX },
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => cut.clone(),
            _ => LinkFault::Damaged,
        })
        .and_then(as_text)
}

fn as_text(bytes: Vec<u8>) -> Read<String> {
    if bytes.len() > TEXT_MAX {
        return Err(LinkFault::TooLarge { what: "text", limit: TEXT_MAX });
    }
    String::from_utf8(bytes).map_err(|_| LinkFault::Damaged)
}

fn unframe(body: &str, cut: &LinkFault) -> Read<String> {
    let bytes = bytes(body, cut)?;
    let [a, b, c, s0, s1, s2, s3, text @ ..] = bytes.as_slice() else { return Err(cut.clone()) };
    let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
    if len > TEXT_MAX {
        return Err(LinkFault::TooLarge { what: "text", limit: TEXT_MAX });
    }
    let sum = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
    match text.len().cmp(&len) {
        std::cmp::Ordering::Less => Err(cut.clone()),
        std::cmp::Ordering::Equal if adler2::adler32_slice(text) == sum => as_text(text.to_vec()),
        _ => Err(LinkFault::Damaged),
    }
}

fn read_key(a: &mut Address, pair: &str, cut: &LinkFault) -> Read<()> {
    let Some((key, raw)) = pair.split_once('=') else { return Err(cut.clone()) };
    let value = unescape(raw);
    let bad = |says: &str| bad_value(key, &value, says);
    if value.chars().any(char::is_control) || value.chars().count() > LABEL_MAX {
        return Err(bad("This value is too long, or has control characters."));
    }
    match key {
        "seed" => a.seed = Some(num::seed(&value).map_err(|b| bad(&b.message))?),
        "t" => a.at = Some(num::instant(&value).map_err(|b| bad(&b.message))?),
        "check" => {
            a.check = Some(checksum(&value).ok_or_else(|| bad("Eight hexadecimal digits."))?)
        }
        "sel" => a.sel = Some(selection(&value).ok_or_else(|| bad("`e:12` or `n:n1`."))?),
        "bug" => a.bugs.push(word(&value).ok_or_else(|| bad("The name of a bug."))?),
        "in" => a.within = Some(word(&value).ok_or_else(|| bad("The name of a run."))?),
        _ => a.params.push(param(key, &value)?),
    }
    Ok(())
}

fn bad_value(key: &str, value: &str, says: &str) -> LinkFault {
    LinkFault::BadValue { key: num::clip(key), value: num::clip(value), says: says.into() }
}

fn word(raw: &str) -> Option<String> {
    is_word(raw).then(|| raw.to_string())
}

fn selection(raw: &str) -> Option<Sel> {
    match raw.split_once(':')? {
        ("e", n) => num::count(n).ok().map(Sel::Event),
        ("n", n) => word(n).map(Sel::Node),
        _ => None,
    }
}

/// `nodes`, or `ap.nodes` where there are two runs. Whether the entry has it, its line will say.
fn param(key: &str, value: &str) -> Read<Param> {
    let (run, name) = key.split_once('.').map_or((None, key), |(run, name)| (Some(run), name));
    let fits = is_word(name) && run.is_none_or(is_word);
    if !fits || value.is_empty() {
        return Err(LinkFault::UnknownKey { key: num::clip(key) });
    }
    Ok(Param { run: run.map(str::to_string), name: name.into(), value: value.into() })
}
