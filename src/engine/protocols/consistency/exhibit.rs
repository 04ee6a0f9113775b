//! What a session and the checker show of their inside.

use super::Know;
use super::checker::{Checker, Heard, Judged};
use super::session::{Session, show};
use crate::check::history::Model;
use crate::protocol::prose_time;
use crate::show::{Exhibit, Showcase, Table};

pub fn session(s: &Session, to: &mut Showcase) {
    if !s.open.is_empty() {
        let open = s.open.iter().map(|d| show(d, None)).collect();
        to.add("under-way", Exhibit::Queue(open));
    }
    if !s.copy.is_empty() {
        let row = |(key, value, _): &(_, _, _)| row_of(key, value);
        let rows = s.copy.iter().map(row).collect();
        to.add("copy", Exhibit::Table(Table { head: head(&["key", "value"]), rows }));
    }
}

fn row_of(key: &crate::value::Value, value: &crate::value::Value) -> Vec<String> {
    vec![key.print(), value.print()]
}

fn head(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).into()).collect()
}

pub fn checker(cx: &Know<'_>, c: &Checker, to: &mut Showcase) {
    let rows = c.heard.values().filter_map(|h| told(cx, h)).collect();
    let names = ["session", "operation", "from", "to", "ended"];
    to.add("history", Exhibit::Table(Table { head: head(&names), rows }));
    if c.verdicts.is_empty() {
        return;
    }
    let row = |j: &Judged| vec![j.model.into(), mark(j).into(), j.says.clone()];
    let rows = c.verdicts.iter().map(row).collect();
    to.add("verdicts", Exhibit::Table(Table { head: head(&["model", "", "why"]), rows }));
    to.add("models", Exhibit::Tree(lattice(&c.verdicts)));
}

fn told(cx: &Know<'_>, h: &Heard) -> Option<Vec<String>> {
    let began = h.began.as_ref()?;
    let ended = h.ended.as_ref();
    let got = ended.and_then(|e| e.got.as_ref()).map_or("…".into(), |v| v.print());
    let what = match &began.put {
        Some(value) => ["w(", &began.key.print(), ",", &value.print(), ")"].concat(),
        None => ["r(", &began.key.print(), ")=", &got].concat(),
    };
    Some(vec![
        cx.cast.name(began.session).into(),
        what,
        prose_time(began.at),
        ended.map_or(String::new(), |e| prose_time(e.at)),
        ended.map_or("open", |e| e.end.word()).into(),
    ])
}

fn mark(j: &Judged) -> &'static str {
    match j.holds {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "?",
    }
}

/// Stronger models above and to the left of those they imply.
fn lattice(verdicts: &[Judged]) -> Vec<(u32, String)> {
    use Model::*;
    let rows: [(u32, Model); 11] = [
        (0, Linearizable),
        (1, Sequential),
        (2, CausalMemory),
        (3, Pram),
        (2, CausalConvergence),
        (3, WeakCausal),
        (4, ReadYourWrites),
        (4, MonotonicReads),
        (4, MonotonicWrites),
        (4, WritesFollowReads),
        (0, Eventual),
    ];
    let line = |(depth, model): &(u32, Model)| {
        let j = verdicts.iter().find(|j| j.model == model.word())?;
        Some((*depth, [mark(j), " ", j.model].concat()))
    };
    rows.iter().filter_map(line).collect()
}
