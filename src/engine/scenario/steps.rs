//! Steps: a trigger and an act. What a hand does with the mouse is written as one of these.

use super::ast::{Act, Call, Every, Msg, Path, Pattern, Step, Trigger, Who};
use super::facts::{arrow, delay, fact, has_message, maybe_path, must_ord, path, pattern};
use super::fault::suggest;
use super::known::{arity, is_word, takes};
use super::lex::Word;
use super::num;
use super::num::clip;
use super::read::{LineWord, Reader};
use super::settings::{net_values, node_set};
use super::terms::{CMPS, CONNECTIVES, LABEL_MAX, LIE_FIELDS, LIES, Term, term};
use crate::card::{Entry, OpCard, Takes};
use crate::value::Value;

const fn trigger(term: Term, read: fn(&mut Reader<'_>) -> Option<()>) -> LineWord {
    LineWord { term, read }
}

#[rustfmt::skip]
pub(super) static TRIGGERS: &[LineWord] = &[
    trigger(term("at", "TIME[.STEP] [every TIME [x N]] ACT", "acts by the clock: before anything else at that time, or after its STEP-th step", "at 20ms.3 every 1s x 5  crash leader"), at),
    trigger(term("when", "FACT [+TIME] ACT", "acts the first time the fact becomes true, or so much later", "when n3 elected +5ms  crash n3"), when),
    trigger(term("then", "[when FACT] [+TIME] ACT", "acts once the line above has fired", "then +40ms  restart n1"), then),
    trigger(term("in", "NAME at … | NAME when …", "a step of one run alone, and the `then` lines that hang on it", "in raft at 27ms crash n1"), within),
];

/// A verb and how its act is read.
pub struct VerbWord {
    pub term: Term,
    pub(super) read: fn(&mut Reader<'_>) -> Option<Act>,
}

const fn verb(term: Term, read: fn(&mut Reader<'_>) -> Option<Act>) -> VerbWord {
    VerbWord { term, read }
}

#[rustfmt::skip]
pub(super) static VERBS: &[VerbWord] = &[
    verb(term("crash", "WHO …", "stops a node; what it had not saved is gone, what it has sent is not", "at 500ms crash leader"), |r| many(r).map(Act::Crash)),
    verb(term("restart", "WHO … [amnesia]", "starts it again from its disk, or with an empty one", "at 2s restart n1"), restart),
    verb(term("pause", "WHO …", "stops a node that forgets nothing: its messages wait", "at 1s pause n2"), |r| many(r).map(Act::Pause)),
    verb(term("resume", "WHO …", "lets a paused node go on", "at 2s resume n2"), |r| many(r).map(Act::Resume)),
    verb(term("start", "WHO …", "starts a node declared `absent`", "at 100ms start n4"), |r| many(r).map(Act::Start)),
    verb(term("isolate", "WHO", "cuts every link of a node", "at 1s isolate n1"), |r| r.who().map(Act::Isolate)),
    verb(term("partition", "WHO … | WHO … [| …]", "cuts all links between the groups; replaces the last partition", "at 1s partition n1 n2 | n3 n4 n5"), partition),
    verb(term("cut", "WHO ARROW WHO", "cuts one link", "at 1s cut n1 -> n2"), cut),
    verb(term("heal", "[WHO ARROW WHO]", "mends one link, or everything", "at 2s heal"), heal),
    verb(term("drop", "MESSAGE", "loses a message", "at 1s drop every AppendEntries n5 -> * for 100ms"), |r| msg(r).map(Act::Drop)),
    verb(term("hold", "MESSAGE", "keeps a message back until `release`", "at 1s hold RequestVote n3 -> n4 #1"), |r| msg(r).map(Act::Hold)),
    verb(term("release", "MESSAGE", "lets a held message go", "at 2s release RequestVote n3 -> n4 #1"), |r| msg(r).map(Act::Release)),
    verb(term("pass", "MESSAGE", "ends a rule made with `every`", "at 2s pass every AppendEntries n5 -> *"), |r| msg(r).map(Act::Pass)),
    verb(term("delay", "MESSAGE by TIME", "makes a message that much later", "when sent Row db -> a1  delay it by 10ms"), put_off),
    verb(term("duplicate", "MESSAGE [by TIME]", "sends a second copy, that much later", "at 1s duplicate next Ack n2 -> n1 by 5ms"), duplicate),
    verb(term("skew", "WHO by SIGNED TIME", "sets a wall clock forward or back", "at 1s skew n2 by -50ms"), skew),
    verb(term("drift", "WHO to PPM", "makes a clock run too fast or too slow", "at 1s drift n2 to 200ppm"), drift),
    verb(term("turn", "WHO LIE [FIELD=VALUE …]", "makes a node a liar", "at 0ms turn r0 equivocate to=r3"), turn),
    verb(term("fire", "WHO TIMER", "fires a timer now", "at 0ms fire n5 election"), fire),
    verb(term("set", "net KEY=VALUE … | link WHO ARROW WHO KEY=VALUE … | node WHO KEY=VALUE …", "changes the network or a node", "at 1s set link n1 <-> n2 latency=80ms"), set),
    verb(term("say", "STRING", "a caption", "then say \"The old term is over.\""), |r| r.label("a string").map(Act::Say)),
    verb(term("mark", "STRING", "a bookmark on the timeline", "at 1s mark \"half time\""), |r| r.label("a string").map(Act::Mark)),
];

pub(super) fn is_verb(word: &str) -> bool {
    VERBS.iter().any(|v| v.term.word == word)
}

/// Whether a line that begins so is a step.
pub(super) fn is_step(head: &str) -> bool {
    TRIGGERS.iter().any(|t| t.term.word == head)
}

// Triggers.

fn at(r: &mut Reader<'_>) -> Option<()> {
    r.chain = true;
    let at = r.read("a time", num::instant)?;
    let every = if r.eat("every") { Some(every(r)?) } else { None };
    step(r, Trigger::At { at, every }, false)
}

fn every(r: &mut Reader<'_>) -> Option<Every> {
    let word = r.peek();
    let period = r.read("a time", num::time)?;
    let times = if r.eat("x") { Some(r.read("a number", num::ordinal)?) } else { None };
    if let Some(word) = word.filter(|_| period == 0) {
        let hint = Some("More than 0ms.".to_string());
        r.note("out-of-range", "`every 0ms` would never let time pass.".into(), hint, word);
    }
    Some(Every { period, times })
}

fn when(r: &mut Reader<'_>) -> Option<()> {
    r.chain = true;
    let fact = fact(r)?;
    let delay = delay(r)?;
    let it = has_message(&fact);
    step(r, Trigger::When { fact, delay }, it)
}

fn then(r: &mut Reader<'_>) -> Option<()> {
    if !std::mem::replace(&mut r.chain, true) {
        let hint = Some("Begin a chain with `at` or `when`.".to_string());
        r.note("alone", "`then` follows a step, and there is none above.".into(), hint, r.head);
    }
    let fact = if r.eat("when") { Some(fact(r)?) } else { None };
    let delay = delay(r)?;
    let it = fact.as_ref().is_some_and(has_message);
    step(r, Trigger::Then { fact, delay }, it)
}

/// `in NAME`, before a line that begins a chain.
fn within(r: &mut Reader<'_>) -> Option<()> {
    r.chain = true;
    r.run_name()?;
    let word = r.need("`at` or `when`")?;
    match word.raw {
        "at" => at(r),
        "when" => when(r),
        "then" => {
            let hint = Some("`then` is done in the run of the line above.".to_string());
            r.note("unexpected", "`in` does not go before `then`.".into(), hint, word);
            None
        }
        _ => {
            let message = format!("`at` or `when` is expected here, not `{}`.", clip(word.raw));
            r.note("unexpected", message, suggest(word.raw, &["at", "when"]), word);
            None
        }
    }
}

fn step(r: &mut Reader<'_>, trigger: Trigger, it: bool) -> Option<()> {
    let place = r.whole();
    r.act_at = r.peek().map(|w| w.col);
    let act = act(r)?;
    if !it && speaks_of_it(&act) {
        let bad =
            super::fault::Bad::new("no-it", "`it` is the message of this line's fact.".into());
        let hint = "Begin with `when sent KIND` or `when delivered KIND`, or name the message.";
        r.push(bad.hint(hint).at(place));
    }
    r.out.steps.push(Step { within: r.within.clone(), trigger, act, place });
    Some(())
}

fn speaks_of_it(act: &Act) -> bool {
    match act {
        Act::Drop(m) | Act::Hold(m) | Act::Release(m) | Act::Pass(m) => *m == Msg::It,
        Act::Delay { msg, .. } | Act::Duplicate { msg, .. } => *msg == Msg::It,
        _ => false,
    }
}

// Acts.

fn act(r: &mut Reader<'_>) -> Option<Act> {
    let word = r.peek().map_or("", |w| w.raw);
    match VERBS.iter().find(|v| v.term.word == word) {
        Some(verb) => r.take().and_then(|_| (verb.read)(r)),
        None => request(r),
    }
}

/// `c1 put x 1`
fn request(r: &mut Reader<'_>) -> Option<Act> {
    let word = r.need("an act")?;
    let said = r.keep(super::lex::unquote(word.raw), r.place(word))?;
    let Some(who) = r.known.who(&said) else { return no_act(r, word) };
    let node = match &who {
        Who::Node(n) => Some(n.clone()),
        Who::Role(_) => None,
    };
    let call = call(r, node.as_deref(), CallPlace::Act)?;
    Some(Act::Call { who, call })
}

fn no_act(r: &mut Reader<'_>, word: Word<'_>) -> Option<Act> {
    let mut words: Vec<&str> = VERBS.iter().map(|v| v.term.word).collect();
    words.extend(r.known.who_words());
    let hint = suggest(word.raw, &words);
    r.note(
        "unknown-act",
        format!("`{}` is neither a verb nor a node.", clip(word.raw)),
        hint,
        word,
    );
    None
}

fn many(r: &mut Reader<'_>) -> Option<Vec<Who>> {
    let mut all = vec![r.who()?];
    while r.peek().is_some_and(|w| !matches!(w.raw, "amnesia" | "|")) {
        let word = r.peek()?;
        let who = r.who()?;
        if all.contains(&who) {
            let message = format!("`{}` is named twice.", clip(word.raw));
            r.note("twice", message, Some("Keep one of them.".into()), word);
        }
        all.push(who);
    }
    Some(all)
}

fn restart(r: &mut Reader<'_>) -> Option<Act> {
    Some(Act::Restart { who: many(r)?, amnesia: r.eat("amnesia") })
}

fn partition(r: &mut Reader<'_>) -> Option<Act> {
    let mut groups = vec![many(r)?];
    r.must("|")?;
    groups.push(many(r)?);
    while r.eat("|") {
        groups.push(many(r)?);
    }
    let all: Vec<&Who> = groups.iter().flatten().collect();
    if all.iter().enumerate().any(|(i, w)| all.iter().take(i).any(|v| v == w)) {
        r.twice("A node can be on one side of a partition only.");
    }
    Some(Act::Partition(groups))
}

fn cut(r: &mut Reader<'_>) -> Option<Act> {
    let (from, to, both) = between(r)?;
    Some(Act::Cut { from, to, both })
}

fn between(r: &mut Reader<'_>) -> Option<(Who, Who, bool)> {
    let from = r.who()?;
    let both = arrow(r)?;
    Some((from, r.who()?, both))
}

fn heal(r: &mut Reader<'_>) -> Option<Act> {
    let link = if r.peek().is_some() { Some(between(r)?) } else { None };
    Some(Act::Heal(link))
}

fn put_off(r: &mut Reader<'_>) -> Option<Act> {
    let msg = msg(r)?;
    r.must("by")?;
    Some(Act::Delay { msg, by: r.read("a time", num::time)? })
}

fn duplicate(r: &mut Reader<'_>) -> Option<Act> {
    let msg = msg(r)?;
    let by = if r.eat("by") { Some(r.read("a time", num::time)?) } else { None };
    Some(Act::Duplicate { msg, by })
}

fn skew(r: &mut Reader<'_>) -> Option<Act> {
    let who = r.who()?;
    r.must("by")?;
    Some(Act::Skew { who, by: r.read("a signed time", num::signed_time)? })
}

fn drift(r: &mut Reader<'_>) -> Option<Act> {
    let who = r.who()?;
    r.must("to")?;
    Some(Act::Drift { who, ppm: r.read("a drift such as `200ppm`", num::ppm)? })
}

fn turn(r: &mut Reader<'_>) -> Option<Act> {
    let who = r.who()?;
    let lie = r.listed("a lie", "unknown-lie", lies)?;
    let world = LIE_FIELDS.iter().find(|l| l.0 == lie).map(|l| l.1);
    let own = || r.known.entry?.lies.iter().find(|l| l.slug == lie).map(|l| l.fields);
    let fields = world.or_else(own);
    let Some(known) = fields else {
        return Some(Act::Turn { who, lie, args: r.fields(None, "a lie") });
    };
    let names: Vec<&str> = known.iter().map(|f| f.0).collect();
    let of = format!("the lie `{lie}`");
    let mut args = vec![];
    for pair in r.pairs() {
        let takes = known.iter().find(|f| f.0 == pair.key).map(|f| f.1);
        let fits = match takes {
            Some(Takes::Nodes) => r.nodes(pair.value, pair.value_at),
            Some(Takes::Time) => {
                let time = num::signed_time(pair.value);
                r.keep(time, pair.value_at).is_some()
            }
            None => true,
        };
        args.extend(r.field(pair, Some(&names), &of).filter(|_| fits));
    }
    Some(Act::Turn { who, lie, args })
}

fn lies(entry: &Entry) -> Vec<&'static str> {
    LIES.iter().map(|t| t.word).chain(entry.lies.iter().map(|l| l.slug)).collect()
}

fn fire(r: &mut Reader<'_>) -> Option<Act> {
    let who = r.who()?;
    let timer = r.listed("a timer of this protocol", "unknown-timer", |e| e.timers.to_vec())?;
    Some(Act::Fire { who, timer })
}

fn set(r: &mut Reader<'_>) -> Option<Act> {
    let word = r.need("`net`, `link` or `node`")?;
    match word.raw {
        "net" => net_values(r, true).map(Act::SetNet),
        "link" => set_link(r),
        "node" => Some(Act::SetNode { who: r.who()?, set: node_set(r)? }),
        _ => {
            let message =
                format!("`set` is followed by net, link or node, not `{}`.", clip(word.raw));
            r.note("unexpected", message, suggest(word.raw, &["net", "link", "node"]), word);
            None
        }
    }
}

fn set_link(r: &mut Reader<'_>) -> Option<Act> {
    let (from, to, both) = between(r)?;
    Some(Act::SetLink { from, to, both, set: net_values(r, false)? })
}

// Messages.

type ReadMsg = fn(&mut Reader<'_>) -> Option<Msg>;

/// How an act names a message, by the word it begins with; the last begins with a kind.
#[rustfmt::skip]
pub(super) static MESSAGES: &[(Term, ReadMsg)] = &[
    (term("it", "", "the message of the fact this line waits for", "when sent Row db -> a1  drop it"), |_| Some(Msg::It)),
    (term("next", "KIND [FIELD=VALUE …] [PATH]", "the first that is sent from now on", "at 1s duplicate next Ack n2 -> n1 by 5ms"), next),
    (term("every", "KIND [FIELD=VALUE …] [PATH] [for TIME]", "all that are sent from now on: for so long, or until `pass` or `heal`", "at 1s drop every AppendEntries n5 -> * for 100ms"), rule),
    (term("KIND", "[FIELD=VALUE …] PATH #N", "the N-th of its kind on its link, in flight, held, or still to be sent; of several links on the path, whichever comes first", "at 1s hold RequestVote n3 -> n4 #1"), named),
];

fn msg(r: &mut Reader<'_>) -> Option<Msg> {
    let (kind, words) = MESSAGES.split_last()?;
    let (_, read) = words.iter().find(|(t, _)| r.eat(t.word)).unwrap_or(kind);
    read(r)
}

fn named(r: &mut Reader<'_>) -> Option<Msg> {
    Some(Msg::Named { kind: pattern(r)?, path: path(r)?, ord: must_ord(r)? })
}

fn next(r: &mut Reader<'_>) -> Option<Msg> {
    Some(Msg::Next { kind: pattern(r)?, path: maybe_path(r)? })
}

fn rule(r: &mut Reader<'_>) -> Option<Msg> {
    let kind: Pattern = pattern(r)?;
    let path: Option<Path> = maybe_path(r)?;
    let span = if r.eat("for") { Some(r.read("a time", num::time)?) } else { None };
    Some(Msg::Every { kind, path, span })
}

// Operations.

#[derive(Clone, Copy, PartialEq)]
pub(super) enum CallPlace {
    /// To the end of the line.
    Act,
    /// Up to the next part of the fact or line; arguments may be left away.
    Fact,
    /// Up to the first `key=value`.
    Load,
}

pub(super) fn call(r: &mut Reader<'_>, node: Option<&str>, place: CallPlace) -> Option<Call> {
    let word = r.need("an operation")?;
    let card = r.known.op(word.raw, node);
    if card.is_none() && (r.known.entry.is_some() || !is_word(word.raw)) {
        return no_op(r, word);
    }
    if let (Some(card), Some(node)) = (card, node) {
        right_role(r, card, node, word);
    }
    let (least, most) = card.map_or((0, usize::MAX), arity);
    let args = arguments(r, place, most)?;
    let few = match place {
        CallPlace::Act => args.len() < least,
        // A load makes up the last argument: a new value every time.
        CallPlace::Load => args.len() + 1 < least,
        CallPlace::Fact => false,
    };
    if let Some(card) = card.filter(|_| few || args.len() > most) {
        wrong_number(r, card, word);
    }
    Some(Call { op: word.raw.to_string(), args })
}

fn no_op(r: &mut Reader<'_>, word: Word<'_>) -> Option<Call> {
    let ops = r.known.entry.iter().flat_map(|e| e.ops.iter().map(|o| o.verb.word()));
    let ops: Vec<&str> = ops.collect();
    let message = format!("`{}` is not an operation of this protocol.", clip(word.raw));
    r.note("unknown-op", message, suggest(word.raw, &ops), word);
    None
}

fn right_role(r: &mut Reader<'_>, card: &OpCard, node: &str, word: Word<'_>) {
    let Some(role) = r.known.role_of(node) else { return };
    if !takes(card, role.name) {
        let message = format!("`{node}` does not take `{}`.", card.verb.word());
        r.note("unknown-op", message, Some(format!("It is for a {}.", card.role)), word);
    }
}

fn wrong_number(r: &mut Reader<'_>, card: &OpCard, word: Word<'_>) {
    let form = card.args.join(" ");
    let message = format!("`{}` has other arguments.", card.verb.word());
    let hint = Some(format!("Write it as `{} {form}`.", card.verb.word()).replace(" `.", "`."));
    r.note("arity", message, hint, word);
}

fn arguments(r: &mut Reader<'_>, place: CallPlace, most: usize) -> Option<Vec<Value>> {
    let mut args = vec![];
    while let Some(word) = r.peek() {
        let full = place == CallPlace::Fact && args.len() >= most;
        if full || ends_arguments(word, place) {
            break;
        }
        r.take();
        args.push(argument(r, word)?);
    }
    Some(args)
}

pub(super) fn argument(r: &mut Reader<'_>, word: Word<'_>) -> Option<Value> {
    if word.pair().is_some() {
        let hint = Some("Put it in quotation marks if it is one word.".to_string());
        r.note("unexpected", "A plain value is expected here, not `key=value`.".into(), hint, word);
        return None;
    }
    let value = r.keep(num::value(word.raw), r.place(word))?;
    if let Value::Word(w) = &value
        && w.chars().count() > LABEL_MAX
    {
        let hint = Some(format!("At most {LABEL_MAX} characters."));
        r.note("too-large", "This word is too long.".into(), hint, word);
    }
    Some(value)
}

fn ends_arguments(word: Word<'_>, place: CallPlace) -> bool {
    match place {
        CallPlace::Act => false,
        CallPlace::Load => word.pair().is_some(),
        CallPlace::Fact => word.raw.starts_with(['+', '#']) || is_reserved(word.raw),
    }
}

/// Words that are never read as a plain value in the middle of a line.
pub(super) fn is_reserved(word: &str) -> bool {
    is_verb(word) || CONNECTIVES.contains(&word) || CMPS.iter().any(|t| t.word == word)
}
