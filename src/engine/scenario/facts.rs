//! Facts of the trace: what `when`, `until` and `expect` wait for. Also paths, ordinals and delays, which
//! facts and acts share.

use super::ast::{Basic, Fact, Fate, Life, Out, Path, Pattern, Who};
use super::fault::{nearest, suggest};
use super::known::is_word;
use super::num;
use super::num::clip;
use super::read::Reader;
use super::steps::{CallPlace, call, is_verb};
use super::terms::{CONNECTIVES, Term, term};
use crate::card::Entry;
use crate::ids::Us;

#[rustfmt::skip]
pub(super) static FATES: &[(Term, Fate)] = &[
    (term("sent", "KIND [FIELD=VALUE …] [PATH] [#N]", "a message was sent", "when sent Row db -> a1  heal"), Fate::Sent),
    (term("delivered", "KIND [FIELD=VALUE …] [PATH] [#N]", "a message arrived", "when delivered Note n1 -> n2  heal"), Fate::Delivered),
    (term("lost", "KIND [FIELD=VALUE …] [PATH] [#N]", "a message was lost", "when lost Ack #2  heal"), Fate::Lost),
];

#[rustfmt::skip]
pub(super) static LIVES: &[(Term, Life)] = &[
    (term("crashed", "[#N]", "the node crashed", "when n1 crashed  heal"), Life::Crashed),
    (term("restarted", "[#N]", "the node came back", "when n1 restarted #2  heal"), Life::Restarted),
    (term("paused", "[#N]", "the node was paused", "when n1 paused  heal"), Life::Paused),
    (term("resumed", "[#N]", "the node was resumed", "when n1 resumed  heal"), Life::Resumed),
];

#[rustfmt::skip]
pub(super) static OUTS: &[(Term, Out)] = &[
    (term("ok", "OP [VALUE …] [#N]", "an operation of the node came back with success", "when c1 ok put x 1  heal"), Out::Ok),
    (term("failed", "OP [VALUE …] [#N]", "an operation was refused", "when c1 failed put x  heal"), Out::Failed),
    (term("unknown", "OP [VALUE …] [#N]", "an operation was given up, and may have happened", "when c1 unknown put x  heal"), Out::Unknown),
];

/// Forms of facts that begin with no word of their own.
#[rustfmt::skip]
pub(super) static OTHERS: &[Term] = &[
    term("is", "WHO is STATE [FIELD=VALUE …]", "a node is in a state, with these fields", "when n3 is candidate  heal"),
    term("REASON", "[WHO] REASON [FIELD=VALUE …] [#N]", "a node gave this reason", "when n5 elected term=3  heal"),
    term("broken", "broken CLAIM", "a claim broke", "when broken ElectionSafety  say \"Two leaders.\""),
    term("quiet", "quiet", "nothing is under way or armed", "until quiet by 1s"),
    term("and", "FACT and FACT", "both have become true", "when n1 crashed and n2 elected  heal"),
];

pub(super) fn fate(word: &str) -> Option<Fate> {
    FATES.iter().find(|(t, _)| t.word == word).map(|(_, f)| *f)
}

pub(super) fn out(word: &str) -> Option<Out> {
    OUTS.iter().find(|(t, _)| t.word == word).map(|(_, o)| *o)
}

fn life(word: &str) -> Option<Life> {
    LIVES.iter().find(|(t, _)| t.word == word).map(|(_, l)| *l)
}

pub(super) fn is_life(word: &str) -> bool {
    life(word).is_some()
}

/// Parts of a fact: the world keeps a bit of each.
pub const PARTS_MAX: usize = 32;

/// `basic and basic …`
pub(super) fn fact(r: &mut Reader<'_>) -> Option<Fact> {
    let mut parts = vec![basic(r)?];
    while let Some(and) = r.peek().filter(|_| r.eat("and")) {
        if parts.len() == PARTS_MAX {
            let says = format!("This fact has more than {PARTS_MAX} parts.");
            r.note("too-large", says, Some("Chain lines with `then when`.".into()), and);
            return None;
        }
        parts.push(basic(r)?);
    }
    Some(Fact(parts))
}

fn basic(r: &mut Reader<'_>) -> Option<Basic> {
    let word = r.peek().map_or("", |w| w.raw);
    match word {
        "quiet" => r.take().map(|_| Basic::Quiet),
        "broken" => broken(r),
        _ => match fate(word) {
            Some(fate) => message(r, fate),
            None => told(r),
        },
    }
}

fn broken(r: &mut Reader<'_>) -> Option<Basic> {
    r.take()?;
    claim(r).map(Basic::Broken)
}

pub(super) fn claim(r: &mut Reader<'_>) -> Option<String> {
    let claims = |e: &Entry| e.claims.iter().map(|c| c.name).collect();
    r.listed("a claim of this protocol", "unknown-claim", claims)
}

fn message(r: &mut Reader<'_>, fate: Fate) -> Option<Basic> {
    r.take()?;
    let kind = pattern(r)?;
    let path = maybe_path(r)?;
    Some(Basic::Message { fate, kind, path, ord: ord(r)? })
}

/// A fact that names a node, or a reason whoever gave it.
fn told(r: &mut Reader<'_>) -> Option<Basic> {
    if bare_reason(r) {
        return reason(r, None);
    }
    if no_fact(r) {
        return None;
    }
    let who = r.who()?;
    let word = r.peek().map_or("", |w| w.raw);
    match (life(word), out(word)) {
        (Some(change), _) => r.take().and(ord(r)).map(|ord| Basic::Life { who, change, ord }),
        (_, Some(out)) => answer(r, who, out),
        _ if word == "is" => state(r, who),
        _ => reason(r, Some(who)),
    }
}

/// Whether the next word is a reason with nobody in front of it.
fn bare_reason(r: &Reader<'_>) -> bool {
    let Some(first) = r.peek() else { return false };
    let second = r.peek_second().map_or("", |w| w.raw);
    let Some(entry) = r.known.entry else { return !follows_who(second) };
    let reason = |word: &str| entry.reasons.iter().any(|c| c.slug == word);
    let verb = second == "is" || life(second).is_some() || out(second).is_some();
    reason(first.raw) && !(r.known.who(first.raw).is_some() && (verb || reason(second)))
}

/// Whether the next word is nobody's name and what follows speaks of nobody: then it was meant for a fact, and what
/// facts there are is said.
fn no_fact(r: &mut Reader<'_>) -> bool {
    let (Some(entry), Some(first)) = (r.known.entry, r.peek()) else { return false };
    let second = r.peek_second().map_or("", |w| w.raw);
    let reasons: Vec<&str> = entry.reasons.iter().map(|c| c.slug).collect();
    if !is_word(first.raw) || r.known.who(first.raw).is_some() || follows_who(second) {
        return false;
    }
    let near = nearest(first.raw, &reasons).map(|n| ["Did you mean `", n, "`? "].concat());
    let kinds: Vec<&str> = entry.kinds.iter().map(|k| k.name).collect();
    let hint = [
        &near.unwrap_or_default(),
        "What nodes tell here: ",
        &reasons.join(", "),
        ". Or a node and `crashed`, `restarted` or `is` with a state; or `sent`, `delivered` or `lost` with ",
        &kinds.join(", "),
        ".",
    ];
    let message = format!("`{}` is nothing this protocol tells.", clip(first.raw));
    r.note("unknown-reason", message, Some(hint.concat()), first);
    true
}

/// Whether a word says something about the one before it, as far as that is seen without cards.
fn follows_who(second: &str) -> bool {
    is_word(second) && !is_verb(second) && (second == "is" || !CONNECTIVES.contains(&second))
}

fn state(r: &mut Reader<'_>, who: Who) -> Option<Basic> {
    r.take()?;
    let state = r.listed("a state", "unknown-state", states)?;
    Some(Basic::Is { who, state, fields: r.fields(None, "a state") })
}

fn states(entry: &Entry) -> Vec<&'static str> {
    let own = entry.roles.iter().flat_map(|role| role.states.iter().copied());
    own.chain(entry.roles.iter().map(|role| role.name)).collect()
}

fn answer(r: &mut Reader<'_>, who: Who, out: Out) -> Option<Basic> {
    r.take()?;
    let node = match &who {
        Who::Node(n) => Some(n.clone()),
        Who::Role(_) => None,
    };
    let call = call(r, node.as_deref(), CallPlace::Fact)?;
    Some(Basic::Answer { who, out, call, ord: ord(r)? })
}

fn reason(r: &mut Reader<'_>, who: Option<Who>) -> Option<Basic> {
    let word = r.need("a fact")?;
    let entry = r.known.entry;
    let card = entry.and_then(|e| e.reasons.iter().find(|c| c.slug == word.raw));
    if card.is_none() && (entry.is_some() || !is_word(word.raw)) {
        no_reason(r, word);
        return None;
    }
    let fields = card.map(|c| c.fields);
    let fields = r.fields(fields, &format!("`{}`", clip(word.raw)));
    Some(Basic::Why { who, slug: word.raw.to_string(), fields, ord: ord(r)? })
}

fn no_reason(r: &mut Reader<'_>, word: super::lex::Word<'_>) {
    let mut words: Vec<&str> = LIVES.iter().map(|(t, _)| t.word).collect();
    words.extend(OUTS.iter().map(|(t, _)| t.word));
    words.push("is");
    words.extend(r.known.entry.iter().flat_map(|e| e.reasons.iter().map(|c| c.slug)));
    let message = format!("`{}` is not a fact of this protocol.", clip(word.raw));
    r.note("unknown-reason", message, suggest(word.raw, &words), word);
}

/// A kind of message and fields it must have.
pub(super) fn pattern(r: &mut Reader<'_>) -> Option<Pattern> {
    let kinds = |e: &Entry| e.kinds.iter().map(|k| k.name).collect();
    let kind = r.listed("a kind of message", "unknown-kind", kinds)?;
    let card = r.known.entry.and_then(|e| e.kinds.iter().find(|k| k.name == kind));
    let fields = r.fields(card.map(|c| c.fields), &format!("`{}`", clip(&kind)));
    Some(Pattern { kind, fields })
}

/// Forms of a path.
#[rustfmt::skip]
pub(super) static PATHS: &[Term] = &[
    term("WHO -> WHO", "", "from the one to the other", "at 1s drop next Ack n2 -> n1"),
    term("WHO <-> WHO", "", "between the two, either way", "at 1s drop every Ack n2 <-> n1"),
    term("* -> WHO", "", "from anybody", "expect count lost Ack * -> n1 = 0"),
    term("WHO -> *", "", "to anybody", "when sent Row db -> *  drop it"),
    term("WHO <-> *", "", "from it and to it", "at 1s drop every Ack n2 <-> * for 1s"),
];

/// `->` is false, `<->` true.
pub(super) fn arrow(r: &mut Reader<'_>) -> Option<bool> {
    let word = r.need("`->` or `<->`")?;
    match word.raw {
        "->" => Some(false),
        "<->" => Some(true),
        _ => {
            let message = format!("`->` or `<->` is expected here, not `{}`.", clip(word.raw));
            r.note("unexpected", message, Some("With blanks round it.".into()), word);
            None
        }
    }
}

/// A path, if the words before the line's next part are one.
pub(super) fn maybe_path(r: &mut Reader<'_>) -> Option<Option<Path>> {
    let arrow = r.peek_second().is_some_and(|w| matches!(w.raw, "->" | "<->"));
    if arrow { path(r).map(Some) } else { Some(None) }
}

pub(super) fn path(r: &mut Reader<'_>) -> Option<Path> {
    let from = end(r)?;
    let both = arrow(r)?;
    Some(Path { from, to: end(r)?, both })
}

fn end(r: &mut Reader<'_>) -> Option<Option<Who>> {
    if r.eat("*") { Some(None) } else { r.who().map(Some) }
}

/// `#7`, if it is there.
pub(super) fn ord(r: &mut Reader<'_>) -> Option<Option<u32>> {
    if r.peek().is_some_and(|w| w.raw.starts_with('#')) {
        must_ord(r).map(Some)
    } else {
        Some(None)
    }
}

pub(super) fn must_ord(r: &mut Reader<'_>) -> Option<u32> {
    r.read("an ordinal such as `#1`", |raw| match raw.strip_prefix('#') {
        Some(n) => num::ordinal(n),
        None => Err(no_hash(raw)),
    })
}

fn no_hash(raw: &str) -> super::fault::Bad {
    let message = format!("An ordinal such as `#1` is expected here, not `{}`.", clip(raw));
    super::fault::Bad::new("unexpected", message)
}

/// `+40ms`, or nothing.
pub(super) fn delay(r: &mut Reader<'_>) -> Option<Us> {
    if !r.peek().is_some_and(|w| w.raw.starts_with('+')) {
        return Some(0);
    }
    r.read("a delay", |raw| num::time(raw.get(1..).unwrap_or("")))
}

/// Whether the fact speaks of a message, so that `it` has a meaning.
pub(super) fn has_message(fact: &Fact) -> bool {
    fact.0.iter().any(|b| matches!(b, Basic::Message { .. }))
}
