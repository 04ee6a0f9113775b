//! Expectations: what must hold when the verdicts are settled. Claims hold always without being asked.

use super::ast::{Agg, Cmp, Expect, Instant, What, Window};
use super::facts::{claim, fact, fate, maybe_path, must_ord, out, pattern};
use super::fault::suggest;
use super::known::is_word;
use super::num;
use super::num::clip;
use super::read::{LineWord, Reader};
use super::steps::argument;
use super::terms::{AGGS, CMPS, MEASURES, MODELS, Term, term};
use crate::value::Value;

#[rustfmt::skip]
pub(super) static LINES: &[LineWord] = &[LineWord {
    term: term("expect", "EXPECTATION", "what must hold; without it only the claims are judged", "expect history linearizable"),
    read: expect,
}];

/// The word after `expect`, and how the rest is read.
pub struct ExpectWord {
    pub term: Term,
    pub(super) read: fn(&mut Reader<'_>) -> Option<What>,
}

const fn kind(term: Term, read: fn(&mut Reader<'_>) -> Option<What>) -> ExpectWord {
    ExpectWord { term, read }
}

#[rustfmt::skip]
pub(super) static EXPECTS: &[ExpectWord] = &[
    kind(term("always", "CLAIM", "the claim holds, and was put to the test", "expect always StateMachineSafety"), |r| claim(r).map(What::Always)),
    kind(term("broken", "CLAIM [by TIME]", "the claim breaks: the lesson", "expect broken BoundedStaleness by 5s"), broken),
    kind(term("never", "FACT", "the fact never becomes true", "expect never n1 committed index=2"), |r| fact(r).map(What::Never)),
    kind(term("sometimes", "FACT [by TIME] [times N]", "it becomes true, by then, and exactly so often where it is said", "expect sometimes n3 elected term=3 by 1s"), sometimes),
    kind(term("count", "sent | delivered | lost KIND [FIELD=VALUE …] [PATH] [WINDOW] CMP N", "how many messages", "expect count sent RequestVote from 0ms to 1s <= 8"), count),
    kind(term("measure", "[AGG] MEASURE [VALUE …] [WINDOW] CMP NUMBER [tol NUMBER]", "a measure of the engine or a meter of the protocol", "expect measure share n4 = 21.965% tol 0.001%"), measure),
    kind(term("state", "NODE.FIELD [at TIME] CMP VALUE", "a field of a node, then or at the end", "expect state n1.term = 3"), state),
    kind(term("answer", "NODE #N ok | failed | unknown [VALUE]", "what a client's N-th operation came back with", "expect answer c1 #2 ok 7"), answer),
    kind(term("history", "[not] MODEL", "whether the clients' history fits a consistency model", "expect history not linearizable"), history),
    kind(term("in", "NAME EXPECTATION", "of one run alone", "expect in raft history linearizable"), within),
];

fn expect(r: &mut Reader<'_>) -> Option<()> {
    let place = r.whole();
    let within = if r.eat("in") { Some(r.run_name()?) } else { None };
    let what = what(r)?;
    r.out.expects.push(Expect { within, what, place });
    Some(())
}

fn what(r: &mut Reader<'_>) -> Option<What> {
    let word = r.need("an expectation")?;
    let Some(kind) = EXPECTS.iter().find(|k| k.term.word == word.raw) else {
        let words: Vec<&str> = EXPECTS.iter().map(|k| k.term.word).collect();
        r.unknown("unknown-expect", "an expectation", word.raw, &words, r.place(word));
        return None;
    };
    (kind.read)(r)
}

/// Met only where it stands a second time.
fn within(r: &mut Reader<'_>) -> Option<What> {
    let hint = Some("An expectation is of one run, or of all.".to_string());
    r.note("unexpected", "`in` stands twice on this line.".into(), hint, r.head);
    None
}

fn by(r: &mut Reader<'_>) -> Option<Option<Instant>> {
    if r.eat("by") { r.read("a time", num::instant).map(Some) } else { Some(None) }
}

fn broken(r: &mut Reader<'_>) -> Option<What> {
    Some(What::Broken { claim: claim(r)?, by: by(r)? })
}

fn sometimes(r: &mut Reader<'_>) -> Option<What> {
    let fact = fact(r)?;
    let by = by(r)?;
    let times = if r.eat("times") { Some(r.read("a number", num::ordinal)?) } else { None };
    Some(What::Sometimes { fact, by, times })
}

type ReadWindow = fn(&mut Reader<'_>) -> Option<Window>;

/// Stretches of a run; without one it is the whole.
#[rustfmt::skip]
pub(super) static WINDOWS: &[(Term, ReadWindow)] = &[
    (term("from", "TIME to TIME", "from the first time on, and before the second; an operation counts when it is asked for", "expect measure availability c1 from 1s to 2s >= 99%"), stretch),
    (term("at", "TIME[.STEP]", "all there was before that time, or up to its STEP-th step", "expect measure last clock-error n2 at 10s < 5ms"), |r| r.read("a time", num::instant).map(Window::At)),
];

fn window(r: &mut Reader<'_>) -> Option<Window> {
    match WINDOWS.iter().find(|(t, _)| r.eat(t.word)) {
        Some((_, read)) => read(r),
        None => Some(Window::Whole),
    }
}

fn stretch(r: &mut Reader<'_>) -> Option<Window> {
    let from = r.read("a time", num::time)?;
    r.must("to")?;
    let word = r.peek();
    let to = r.read("a time", num::time)?;
    if let Some(word) = word.filter(|_| to < from) {
        let hint = Some("The earlier time comes first.".to_string());
        r.note("bad-value", "This stretch of time runs backwards.".into(), hint, word);
    }
    Some(Window::FromTo(from, to))
}

fn cmp(r: &mut Reader<'_>) -> Option<Cmp> {
    let word = r.need("`=`, `<`, `<=`, `>` or `>=`")?;
    Some(match word.raw {
        "=" => Cmp::Eq,
        "<" => Cmp::Lt,
        "<=" => Cmp::Le,
        ">" => Cmp::Gt,
        ">=" => Cmp::Ge,
        _ => return no_cmp(r, word),
    })
}

fn no_cmp(r: &mut Reader<'_>, word: super::lex::Word<'_>) -> Option<Cmp> {
    let words: Vec<&str> = CMPS.iter().map(|t| t.word).collect();
    let message = format!("A comparison is expected here, not `{}`.", clip(word.raw));
    r.note("unexpected", message, suggest(word.raw, &words), word);
    None
}

fn count(r: &mut Reader<'_>) -> Option<What> {
    let word = r.need("`sent`, `delivered` or `lost`")?;
    let Some(fate) = fate(word.raw) else {
        let words = ["sent", "delivered", "lost"];
        let message = format!("`{}` is not a fate of messages.", clip(word.raw));
        r.note("unexpected", message, suggest(word.raw, &words), word);
        return None;
    };
    let kind = pattern(r)?;
    let path = maybe_path(r)?;
    let window = window(r)?;
    let cmp = cmp(r)?;
    Some(What::Count { fate, kind, path, window, cmp, n: r.read("a number", num::integer)? })
}

fn measure(r: &mut Reader<'_>) -> Option<What> {
    let agg = r.peek().and_then(|w| agg(w.raw));
    if agg.is_some() {
        r.take();
    }
    let name = measure_name(r)?;
    let args = measured(r)?;
    let window = window(r)?;
    let cmp = cmp(r)?;
    let want = r.read("a number", num::number)?;
    let tol = if r.eat("tol") { Some(tolerance(r, &want)?) } else { None };
    Some(What::Measure { agg, name, args, window, cmp, want, tol })
}

pub(super) fn agg(word: &str) -> Option<Agg> {
    let all = [Agg::Mean, Agg::P50, Agg::P95, Agg::P99, Agg::Max, Agg::Sum, Agg::Last];
    let at = AGGS.iter().position(|t| t.word == word)?;
    all.get(at).copied()
}

fn measure_name(r: &mut Reader<'_>) -> Option<String> {
    let word = r.need("a measure")?;
    let mut words: Vec<&str> = MEASURES.iter().map(|t| t.word).collect();
    words.extend(r.known.entry.iter().flat_map(|e| e.meters.iter().map(|m| m.name)));
    let fits = if r.known.entry.is_some() { words.contains(&word.raw) } else { is_word(word.raw) };
    if !fits {
        r.unknown("unknown-measure", "a measure", word.raw, &words, r.place(word));
    }
    Some(word.raw.to_string())
}

/// Of what the measure is: nodes, as a rule, so that a label stands for its node.
fn measured(r: &mut Reader<'_>) -> Option<Vec<Value>> {
    let mut args = vec![];
    while let Some(word) = r.peek() {
        if matches!(word.raw, "from" | "at") || CMPS.iter().any(|t| t.word == word.raw) {
            break;
        }
        r.take();
        let value = argument(r, word)?;
        let node = value.as_word().and_then(|w| r.known.node(w)).map(Value::word);
        args.push(node.unwrap_or(value));
    }
    Some(args)
}

fn tolerance(r: &mut Reader<'_>, want: &Value) -> Option<Value> {
    let word = r.peek();
    let tol = r.read("a number", num::number)?;
    let plain = |v: &Value| matches!(v, Value::Int(_) | Value::Decimal(_));
    let same = std::mem::discriminant(&tol) == std::mem::discriminant(want);
    let wrong = !(same || plain(&tol) && plain(want)) || tol.print().starts_with('-');
    if let Some(word) = word.filter(|_| wrong) {
        let hint = Some(format!("In the unit of `{}`, and not negative.", want.print()));
        r.note("bad-value", "This is no tolerance for that number.".into(), hint, word);
    }
    Some(tol)
}

fn state(r: &mut Reader<'_>) -> Option<What> {
    let word = r.need("`NODE.FIELD`")?;
    let (node, field) = word.raw.split_once('.').unwrap_or((word.raw, ""));
    let named = r.known.node(node).map(str::to_string);
    if named.is_none() && (r.known.entry.is_some() || !is_word(node)) {
        r.no_node(
            super::lex::Word { raw: node, len: node.chars().count() as u32, ..word },
            "a node",
        );
    }
    if field.is_empty() {
        let hint = Some("Write it as `n1.term`.".to_string());
        r.note("missing", "The field is missing.".into(), hint, word);
        return None;
    }
    let at = if r.eat("at") { Some(r.read("a time", num::instant)?) } else { None };
    let cmp = cmp(r)?;
    let node = named.unwrap_or_else(|| node.to_string());
    Some(What::State {
        node,
        field: field.to_string(),
        at,
        cmp,
        want: r.read("a value", num::value)?,
    })
}

fn answer(r: &mut Reader<'_>) -> Option<What> {
    let node = r.node()?;
    let ord = must_ord(r)?;
    let word = r.need("`ok`, `failed` or `unknown`")?;
    let Some(out) = out(word.raw) else {
        let message = format!("`{}` is not how an operation ends.", clip(word.raw));
        r.note("unexpected", message, suggest(word.raw, &["ok", "failed", "unknown"]), word);
        return None;
    };
    let value = if r.peek().is_some() { Some(r.read("a value", num::value)?) } else { None };
    Some(What::Answer { node, ord, out, value })
}

fn history(r: &mut Reader<'_>) -> Option<What> {
    let not = r.eat("not");
    let word = r.need("a consistency model")?;
    if !MODELS.iter().any(|t| t.word == word.raw) {
        let words: Vec<&str> = MODELS.iter().map(|t| t.word).collect();
        r.unknown("unknown-model", "a consistency model", word.raw, &words, r.place(word));
    }
    Some(What::History { not, model: word.raw.to_string() })
}
