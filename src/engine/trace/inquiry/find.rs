//! Events found by what they are and say.
//!
//! ```text
//!   n2 AppendEntries term=3        all of it must hold: on n2, about that kind of message, with that field
//!   crash      elected      ElectionSafety      a kind of event, a reason, a claim
//!   "crash"    becomes leader                   words anywhere in the event's line
//! ```
//!
//! A word that names something of this run means that; any other is looked for in the text, as is whatever
//! stands in quotation marks. The text is the one legend of `trace::text`, and what a page shows instead. A
//! search stops at its limit and says where to go on, so that a long run can be searched while it grows.

use crate::ids::{EventId, NodeId};
use crate::run::Run;
use crate::trace::text::Legend;
use crate::trace::{Event, What};
use crate::tree::Tree;

/// A question that means nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nonsense {
    Empty,
    /// A quotation mark that is not closed.
    Open,
    /// Nothing this protocol says has such a field.
    Field(String),
    /// A field without a value.
    Value(String),
    /// More than [`LENGTH`] letters.
    Long,
}

/// Letters of a query.
pub const LENGTH: usize = 200;

impl Nonsense {
    /// What is wrong and what to do, for the one who typed it.
    pub fn message(&self) -> String {
        match self {
            Nonsense::Empty => "Type a word, a node, a kind of message or field=value.".into(),
            Nonsense::Open => "A quotation mark is not closed.".into(),
            Nonsense::Field(f) => {
                format!(
                    "Nothing here has a field `{f}`. In quotation marks it is looked for as text."
                )
            }
            Nonsense::Value(f) => format!("Which value of `{f}`? Write `{f}=1`."),
            Nonsense::Long => format!("At most {LENGTH} letters."),
        }
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
enum Term {
    Node(NodeId),
    /// A kind of message, by its place in the entry's.
    Kind(u8),
    /// A word for events: `crash`.
    Event(&'static str),
    /// A reason, by its place in the entry's.
    Reason(u8),
    Claim(u8),
    Field(String, String),
    /// In lower case.
    Text(String),
}

/// A question that has been understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Query(Vec<Term>);

/// What was found, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub events: Vec<EventId>,
    /// The event to go on from; the trace's length where all of it was searched.
    pub next: usize,
}

/// The first events that fit, at most `limit`.
pub fn find(run: &Run, query: &str, limit: usize) -> Result<Found, Nonsense> {
    Ok(Query::read(run, query)?.find(run, 0, limit))
}

impl Query {
    pub fn read(run: &Run, text: &str) -> Result<Query, Nonsense> {
        if text.chars().count() > LENGTH {
            return Err(Nonsense::Long);
        }
        let mut terms = vec![];
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (term, left) = first(run, rest)?;
            terms.push(term);
            rest = left.trim_start();
        }
        if terms.is_empty() { Err(Nonsense::Empty) } else { Ok(Query(terms)) }
    }

    /// The same with words that stand side by side as one phrase: `leads term 3`. None where no two do.
    pub fn phrased(&self) -> Option<Query> {
        let mut terms: Vec<Term> = vec![];
        for term in &self.0 {
            match (terms.last_mut(), term) {
                (Some(Term::Text(before)), Term::Text(word)) => {
                    before.push(' ');
                    before.push_str(word);
                }
                _ => terms.push(term.clone()),
            }
        }
        (terms.len() < self.0.len()).then_some(Query(terms))
    }

    /// The events from one on that fit, at most `limit`.
    pub fn find(&self, run: &Run, from: usize, limit: usize) -> Found {
        self.find_said(run, &|_| String::new(), from, limit)
    }

    /// The same, where events are shown in other words than the legend's: text is looked for in both.
    pub fn find_said(
        &self,
        run: &Run,
        says: &dyn Fn(&Event) -> String,
        from: usize,
        limit: usize,
    ) -> Found {
        let trace = run.trace();
        let mut legend = Legend::new(run);
        trace.range(0, from).for_each(|e| legend.pass(&e));
        let mut found = Found { events: vec![], next: from };
        for e in trace.range(from, trace.len()) {
            if found.events.len() >= limit {
                return found;
            }
            if self.fits(run, &mut legend, says, &e) {
                found.events.push(e.id);
            }
            legend.pass(&e);
            found.next = e.id.index() + 1;
        }
        found
    }

    /// The sentence is made only for what fits so far, and once.
    fn fits(
        &self,
        run: &Run,
        legend: &mut Legend<'_>,
        says: &dyn Fn(&Event) -> String,
        e: &Event,
    ) -> bool {
        if !self.0.iter().all(|t| is_so(run, t, e)) {
            return false;
        }
        let words = |t: &&Term| matches!(t, Term::Text(_));
        if !self.0.iter().any(|t| words(&t)) {
            return true;
        }
        let (line, said) = (legend.tell(e).to_lowercase(), says(e).to_lowercase());
        let there = |words: &str| line.contains(words) || said.contains(words);
        self.0.iter().all(|t| !matches!(t, Term::Text(words) if !there(words)))
    }
}

/// The first condition of a query, and what is left of it.
fn first<'a>(run: &Run, text: &'a str) -> Result<(Term, &'a str), Nonsense> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (inside, rest) = quoted.split_once('"').ok_or(Nonsense::Open)?;
        let words = inside.trim().to_lowercase();
        return if words.is_empty() { Err(Nonsense::Empty) } else { Ok((Term::Text(words), rest)) };
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.contains('"') {
        return Err(Nonsense::Open);
    }
    match word.split_once('=') {
        Some((field, value)) => Ok((pair(run, field, value)?, rest)),
        None => Ok((named(run, word), rest)),
    }
}

fn pair(run: &Run, field: &str, value: &str) -> Result<Term, Nonsense> {
    let head = field.split('.').next().unwrap_or(field);
    match () {
        _ if !has_field(run, head) => Err(Nonsense::Field(field.into())),
        _ if value.is_empty() => Err(Nonsense::Value(field.into())),
        _ => Ok(Term::Field(field.into(), value.into())),
    }
}

/// Whether messages, reasons or operations of this protocol have such a field.
fn has_field(run: &Run, field: &str) -> bool {
    let entry = run.entry();
    let has = |fields: &[&str]| fields.iter().any(|f| f.trim_end_matches(['?', '*']) == field);
    entry.kinds.iter().any(|k| has(k.fields))
        || entry.reasons.iter().any(|r| has(r.fields))
        || entry.ops.iter().any(|o| has(o.args))
}

/// What a bare word means in this run.
fn named(run: &Run, word: &str) -> Term {
    let same = |name: &str| name.eq_ignore_ascii_case(word);
    let entry = run.entry();
    let node = |n: &NodeId| same(run.name(*n)) || same(&run.cast().members[n.index()].id);
    let place = |i: Option<usize>| i.map(|i| i as u8);
    if let Some(n) = run.cast().all().find(node) {
        return Term::Node(n);
    }
    if let Some(k) = place(entry.kinds.iter().position(|k| same(k.name))) {
        return Term::Kind(k);
    }
    if let Some(r) = place(entry.reasons.iter().position(|r| same(r.slug))) {
        return Term::Reason(r);
    }
    if let Some(c) = place(entry.claims.iter().position(|c| same(c.name))) {
        return Term::Claim(c);
    }
    match WORDS.iter().find(|w| same(w)) {
        Some(w) => Term::Event(w),
        None => Term::Text(word.to_lowercase()),
    }
}

/// The words of events, as the trace's JSON has them; `say` beside `mark`.
#[rustfmt::skip]
const WORDS: [&str; 25] = [
    "start", "crash", "pause", "resume", "restart", "send", "deliver", "lose", "copy", "hold", "release",
    "fire", "save", "saved", "unsaved", "invoke", "return", "role", "why", "meter", "clock", "act", "void",
    "broke", "mark",
];

fn word(what: What) -> &'static str {
    let place = match what {
        What::Start { .. } => 0,
        What::Crash => 1,
        What::Pause => 2,
        What::Resume => 3,
        What::Restart { .. } => 4,
        What::Send { .. } => 5,
        What::Deliver { .. } => 6,
        What::Lose { .. } => 7,
        What::Copy { .. } => 8,
        What::Hold { .. } => 9,
        What::Release { .. } => 10,
        What::Fire { .. } => 11,
        What::Save { .. } => 12,
        What::Saved { .. } => 13,
        What::Unsaved { .. } => 14,
        What::Invoke { .. } => 15,
        What::Return { .. } => 16,
        What::Role { .. } => 17,
        What::Why { .. } => 18,
        What::Meter { .. } => 19,
        What::Clock { .. } => 20,
        What::Act { .. } => 21,
        What::Void { .. } => 22,
        What::Broke { .. } => 23,
        What::Mark { .. } => 24,
    };
    WORDS[place]
}

/// Whether a condition on facts holds; one on words is asked elsewhere.
fn is_so(run: &Run, term: &Term, e: &Event) -> bool {
    let message = || about(e.what).and_then(|m| run.trace().msg(m));
    match term {
        Term::Node(n) => match e.node {
            Some(on) => on == *n,
            None => message().is_some_and(|r| r.from == *n || r.to == *n),
        },
        Term::Kind(k) => message().is_some_and(|r| r.kind == *k),
        Term::Event(w) => word(e.what) == *w,
        Term::Reason(r) => matches!(e.what, What::Why { slug, .. } if slug == *r),
        Term::Claim(c) => matches!(e.what, What::Broke { claim, .. } if claim == *c),
        Term::Field(field, value) => has(run, e, field, value),
        Term::Text(_) => true,
    }
}

/// The message an event is about.
fn about(what: What) -> Option<crate::ids::MsgId> {
    match what {
        What::Send { m } | What::Deliver { m } | What::Lose { m, .. } => Some(m),
        What::Copy { m, .. } | What::Hold { m } | What::Release { m } => Some(m),
        _ => None,
    }
}

/// Whether what an event carries has a field of this value, as a scenario would write it.
fn has(run: &Run, e: &Event, field: &str, value: &str) -> bool {
    let body = match e.what {
        What::Why { why, .. } => run.reason(why),
        What::Invoke { op } | What::Return { op } => return argument(run, op, field, value),
        what => about(what).map_or(Tree::None, |m| run.message(m)),
    };
    let name = |n: NodeId| run.name(n).to_string();
    body.get(field).is_some_and(|t| t.plain(&name).eq_ignore_ascii_case(value))
}

fn argument(run: &Run, op: crate::ids::OpId, field: &str, value: &str) -> bool {
    let Some(rec) = run.trace().op(op) else { return false };
    let card = run.entry().ops.iter().find(|o| o.verb.word() == rec.verb);
    let is = |a: &str| a.trim_end_matches(['?', '*']) == field;
    let place = card.and_then(|c| c.args.iter().position(|a| is(a)));
    place.and_then(|i| rec.args.get(i)).is_some_and(|v| v.print().eq_ignore_ascii_case(value))
}
