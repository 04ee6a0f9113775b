//! Whether an entry's card fits the language: the registry's test asks this of every protocol, so that no
//! name of a node, reason or parameter can ever be taken for a word of the grammar.

use super::facts::{fate, is_life, out};
use super::known::{is_name, is_word};
use super::settings::of_unit;
use super::steps::{is_reserved, is_verb};
use crate::card::{Count, Entry, OpCard, Unit};

/// Keys of links and words of the `run` line: no parameter may be called so. (One letter is enough for a
/// name where it is the paper's: `f` of PBFT.)
pub const RESERVED: &[&str] = &["seed", "check", "bug", "sel", "in", "as", "t"];

/// What of this card the language cannot say, a sentence each.
pub fn card_faults(entry: &Entry) -> Vec<String> {
    let mut faults = vec![];
    let mut check = |ok: bool, what: &str, word: &str| {
        if !ok {
            faults.push(format!("{}: {what} `{word}`", entry.id));
        }
    };
    check(is_word(entry.id), "is not a word:", entry.id);
    check(entry.bugs.len() <= 64, "has more than 64 bugs:", "bugs");
    for p in entry.params {
        let free = !RESERVED.contains(&p.name) && is_word(p.name);
        check(free, "may not name a parameter:", p.name);
        check(of_unit(p.default, p.unit).is_ok(), "has a default that cannot be read:", p.name);
    }
    for r in entry.roles {
        check(is_word(r.prefix) && is_free(r.prefix), "may not name nodes:", r.prefix);
        check(is_word(r.name) && is_free(r.name), "may not name a role:", r.name);
        check(counts(entry, r.count), "has a role without a number:", r.name);
        r.states.iter().for_each(|s| check(is_word(s) && is_free(s), "may not name a state:", s));
    }
    for r in entry.reasons {
        check(is_word(r.slug) && is_free(r.slug), "may not name a reason:", r.slug);
        r.fields.iter().for_each(|f| check(is_field(f), "may not name a field:", f));
    }
    for k in entry.kinds {
        check(is_name(k.name), "may not name a kind:", k.name);
        k.fields.iter().for_each(|f| check(is_field(f), "may not name a field:", f));
    }
    for o in entry.ops {
        let word = o.verb.word();
        check(is_word(word) && is_free(word), "may not name an operation:", word);
        check(in_order(o), "has an argument that may be left away before one that may not:", word);
        check(entry.roles.iter().any(|r| super::known::takes(o, r.name)), "is nobody's:", word);
    }
    for b in entry.bugs {
        check(is_word(b.slug), "may not name a bug:", b.slug);
        let claim =
            |name: &&str| *name == "history" || entry.claims.iter().any(|c| c.name == *name);
        check(b.breaks.iter().all(claim), "breaks a claim that is not there:", b.slug);
    }
    entry.claims.iter().for_each(|c| check(is_name(c.name), "may not name a claim:", c.name));
    entry.timers.iter().for_each(|t| check(is_word(t), "may not name a timer:", t));
    entry.lies.iter().for_each(|l| check(is_word(l.slug), "may not name a lie:", l.slug));
    entry.meters.iter().for_each(|m| check(is_word(m.name), "may not name a meter:", m.name));
    entry.givens.iter().for_each(|(f, _)| check(is_field(f), "may not be given:", f));
    faults
}

/// Not a word that means something where names stand.
fn is_free(word: &str) -> bool {
    let fact = fate(word).is_some() || out(word).is_some() || is_life(word);
    let part = matches!(word, "it" | "every" | "next" | "quiet" | "is" | "not" | "amnesia");
    !(fact || part || is_verb(word) || is_reserved(word))
}

/// Paths of fields are cut at dots.
fn is_field(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn counts(entry: &Entry, count: Count) -> bool {
    match count {
        Count::One | Count::Fixed(_) => true,
        Count::Param(name) => {
            entry.param(name).is_some_and(|p| matches!(p.unit, Unit::Count { min: 0.., .. }))
        }
    }
}

fn in_order(op: &OpCard) -> bool {
    op.args.is_sorted_by_key(|a| match a.chars().last() {
        Some('*') => 2,
        Some('?') => 1,
        _ => 0,
    })
}
