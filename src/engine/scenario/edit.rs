//! Edits of a text: what a hand does on the page is one of these.
//!
//! Lines and comments stay. Whatever is put in is made one line first: no control character of a label,
//! a link or a field ever begins a line of its own.

use super::ast::Instant;
use super::lex::{Line, Word, line, quote};
use super::num;
use super::print::print_sentence;
use super::steps::is_step;
use super::tidy::tidy;
use crate::ids::Us;
use crate::value::print_time;

/// Put `at TIME ACT` in: behind everything the clock does up to then, and never between a line and the
/// `then` that hangs on it.
pub fn insert_step(text: &str, at: Instant, act: &str) -> String {
    insert_step_in(text, None, at, act)
}

/// The same in one of the runs alone.
pub fn insert_step_in(text: &str, run: Option<&str>, at: Instant, act: &str) -> String {
    insert(text, run, at, act, "")
}

/// A step, and below it what hangs on it: `then when delivered … release …`. Nothing where `then` is empty.
pub fn insert_chain(text: &str, at: Instant, act: &str, then: &str) -> String {
    insert(text, None, at, act, then)
}

/// The same in one of several runs side by side, or in all of them.
pub fn insert_chain_in(
    text: &str,
    run: Option<&str>,
    at: Instant,
    act: &str,
    then: &str,
) -> String {
    insert(text, run, at, act, then)
}

fn insert(text: &str, run: Option<&str>, at: Instant, act: &str, then: &str) -> String {
    let mut doc = Doc::of(text);
    let place = place_for(&doc, at);
    let within = run.map_or(String::new(), |run| format!("in {} ", one_line(run)));
    doc.rows.insert(place, format!("{within}at {}  {}", print_instant(at), one_line(act)));
    if !then.is_empty() {
        doc.rows.insert(place + 1, one_line(then));
    }
    tidy(&doc.text())
}

fn print_instant(at: Instant) -> String {
    let k = if at.k == 0 { String::new() } else { format!(".{}", at.k) };
    format!("{}{k}", crate::value::print_time(at.at as i64))
}

/// Take a step away, and the `then` lines that hang on it. `index` as in `Scenario.steps`.
pub fn remove_step(text: &str, index: usize) -> String {
    let mut doc = Doc::of(text);
    let steps = doc.steps();
    let Some(first) = steps.get(index).copied() else { return text.to_string() };
    let hangs = |row: &&usize| doc.head(**row) == "then";
    let chain: Vec<usize> = steps.iter().skip(index + 1).take_while(hangs).copied().collect();
    for row in chain.into_iter().rev().chain([first]) {
        doc.rows.remove(row);
    }
    tidy(&doc.text())
}

/// Write another line in a step's place; its comment stays.
pub fn replace_step(text: &str, index: usize, line: &str) -> String {
    let mut doc = Doc::of(text);
    let Some(row) = doc.steps().get(index).copied() else { return text.to_string() };
    let comment = doc.comment(row);
    let gap = if comment.is_empty() { "" } else { "  " };
    doc.set(row, format!("{}{gap}{comment}", one_line(line)));
    tidy(&doc.text())
}

/// Give an `at` step another time. The line stays where it stands, with its chain and its comment; a step of the
/// queue (`at 2s.4`) is left away unless the new instant has one. None where the step has no time of its own.
pub fn move_step(text: &str, index: usize, to: Instant) -> Option<String> {
    let mut doc = Doc::of(text);
    let row = doc.steps().get(index).copied()?;
    let old = doc.instant(row)?;
    if old == to {
        return Some(doc.text());
    }
    let line = doc.line(row);
    let after_at = line.words.iter().skip_while(|w| w.raw != "at").nth(1).copied()?;
    let new = splice(&line.raw, after_at, &print_instant(to));
    doc.set(row, new);
    Some(tidy(&doc.text()))
}

/// Write another word over the last one of a step that is this time. None where there is none.
pub fn change_time(text: &str, index: usize, old: Us, new: Us) -> Option<String> {
    let mut doc = Doc::of(text);
    let row = doc.steps().get(index).copied()?;
    let line = doc.line(row);
    // The first is when the step acts.
    let is_it = |w: &&Word<'_>| num::time(w.raw).is_ok_and(|t| t == old);
    let act = line.words.iter().skip_while(|w| w.raw != "at").skip(2);
    let word = act.filter(is_it).last().copied()?;
    let new = splice(&line.raw, word, &print_time(new as i64));
    doc.set(row, new);
    Some(tidy(&doc.text()))
}

/// The line of a step as the text has it, without its comment and its wide blanks.
pub fn step_line(text: &str, index: usize) -> Option<String> {
    let doc = Doc::of(text);
    let row = doc.steps().get(index).copied()?;
    Some(doc.words(row).join(" "))
}

/// How many `then` lines hang on a step: they go with it when it is taken away.
pub fn hangs_on(text: &str, index: usize) -> usize {
    let doc = Doc::of(text);
    doc.steps().iter().skip(index + 1).take_while(|row| doc.head(**row) == "then").count()
}

/// Which step stands on this line of the text, counted from 1 as a [`Place`](super::ast::Place) does.
pub fn step_at(text: &str, line: u32) -> Option<usize> {
    let row = (line as usize).checked_sub(1)?;
    Doc::of(text).steps().iter().position(|r| *r == row)
}

/// Set a parameter of the line `run`, or with `None` leave it to its default.
pub fn set_param(text: &str, name: &str, value: Option<&str>) -> String {
    let mut doc = Doc::of(text);
    if let Some(row) = doc.find("run") {
        doc.set_pair(row, name, value);
    }
    doc.text()
}

/// The same for the run of this name, whether it stands on `run` or on `beside`.
pub fn set_param_in(text: &str, run: &str, name: &str, value: Option<&str>) -> String {
    let mut doc = Doc::of(text);
    let row = doc.runs().into_iter().find(|row| doc.called(*row) == Some(run));
    if let Some(row) = row {
        doc.set_pair(row, name, value);
    }
    doc.text()
}

/// The names of the text's runs, as far as they can be read.
pub fn run_names(text: &str) -> Vec<String> {
    let doc = Doc::of(text);
    doc.runs().into_iter().filter_map(|row| doc.called(row)).map(str::to_string).collect()
}

/// All runs have one seed; it is said on `run`.
pub fn set_seed(text: &str, seed: u64) -> String {
    let mut doc = Doc::of(text);
    for row in doc.runs() {
        let first = doc.head(row) == "run";
        doc.set_pair(row, "seed", first.then(|| seed.to_string()).as_deref());
    }
    doc.text()
}

/// Give the scenario a title; an empty one takes it away.
pub fn set_title(text: &str, title: &str) -> String {
    let mut doc = Doc::of(text);
    let title = one_line(title);
    let line = format!("title  {}", print_sentence(&title));
    match (doc.find("title"), title.is_empty()) {
        (Some(row), true) => drop(doc.rows.remove(row)),
        (Some(row), false) => doc.set(row, line),
        (None, true) => {}
        (None, false) => doc.rows.insert(doc.find("lamplight").map_or(0, |r| r + 1), line),
    }
    doc.text()
}

/// Switch a deliberate mistake on or off.
pub fn set_bug(text: &str, slug: &str, on: bool) -> String {
    let mut doc = Doc::of(text);
    let is_bug = |row: &usize| doc.words(*row) == ["bug", slug];
    let row = (0..doc.rows.len()).find(is_bug);
    match (row, on) {
        (Some(row), false) => drop(doc.rows.remove(row)),
        (None, true) => {
            let below = doc.find("run").map_or(doc.end(), |r| r + 1);
            doc.rows.insert(below, format!("bug    {}", one_line(slug)));
        }
        _ => {}
    }
    doc.text()
}

/// Text as rows, looked at one by one.
struct Doc {
    rows: Vec<String>,
}

/// A row and its words.
struct Looked<'a> {
    raw: String,
    words: Vec<Word<'a>>,
    end: u32,
}

impl Doc {
    fn of(text: &str) -> Doc {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end();
        Doc { rows: text.split('\n').map(|l| l.trim_end().to_string()).collect() }
    }

    fn text(&self) -> String {
        let mut out = self.rows.join("\n");
        out.push('\n');
        out
    }

    fn lexed(&self, row: usize) -> Line<'_> {
        let raw = self.rows.get(row).map_or("", String::as_str);
        line(raw, 1)
    }

    fn line(&self, row: usize) -> Looked<'_> {
        let raw = self.rows.get(row).cloned().unwrap_or_default();
        let line = self.lexed(row);
        Looked { raw, words: line.words, end: line.end }
    }

    fn words(&self, row: usize) -> Vec<&str> {
        self.lexed(row).words.iter().map(|w| w.raw).collect()
    }

    fn head(&self, row: usize) -> &str {
        self.lexed(row).words.first().map_or("", |w| w.raw)
    }

    fn comment(&self, row: usize) -> String {
        self.lexed(row).comment.trim_end().to_string()
    }

    /// Put `name=value` on a line, or take it away.
    fn set_pair(&mut self, row: usize, name: &str, value: Option<&str>) {
        let line = self.line(row);
        let old = line.words.iter().find(|w| w.pair().is_some_and(|(k, _)| k == name)).copied();
        let pair = value.map(|v| format!("{name}={}", param_word(v)));
        let end = Word { raw: "", col: line.end, len: 0 };
        let new = match (old, pair) {
            (Some(old), Some(pair)) => splice(&line.raw, old, &pair),
            (Some(old), None) => without(&line.raw, old),
            (None, Some(pair)) => splice(&line.raw, end, &format!(" {pair}")),
            (None, None) => return,
        };
        self.set(row, new);
    }

    /// Rows of the runs: the first `run`, then all `beside`.
    fn runs(&self) -> Vec<usize> {
        let beside = (0..self.rows.len()).filter(|row| self.head(*row) == "beside");
        self.find("run").into_iter().chain(beside).collect()
    }

    /// What a run's line calls it.
    fn called(&self, row: usize) -> Option<&str> {
        match self.words(row).as_slice() {
            [_, _, "as", name, ..] | [_, name, ..] => Some(name),
            _ => None,
        }
    }

    fn set(&mut self, row: usize, line: String) {
        if let Some(r) = self.rows.get_mut(row) {
            *r = line;
        }
    }

    fn find(&self, head: &str) -> Option<usize> {
        (0..self.rows.len()).find(|row| self.head(*row) == head)
    }

    /// Rows of the steps, in their order.
    fn steps(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|row| is_step(self.head(*row))).collect()
    }

    /// Above the first expectation or the end.
    fn end(&self) -> usize {
        let last = |row: &usize| matches!(self.head(*row), "expect" | "until");
        (0..self.rows.len()).find(last).unwrap_or(self.rows.len())
    }

    fn instant(&self, row: usize) -> Option<Instant> {
        match self.words(row).as_slice() {
            ["at", time, ..] | ["in", _, "at", time, ..] => num::instant(time).ok(),
            _ => None,
        }
    }

    /// The first of the comment lines that stand directly above.
    fn with_comments(&self, mut row: usize) -> usize {
        let is_comment = |row: usize| self.head(row).is_empty() && !self.comment(row).is_empty();
        while row > 0 && is_comment(row - 1) {
            row -= 1;
        }
        row
    }
}

/// Above the first step the clock fires later (such a line hangs on no other), else below all steps.
fn place_for(doc: &Doc, at: Instant) -> usize {
    let steps = doc.steps();
    let later = steps.iter().find(|row| doc.instant(**row).is_some_and(|i| i > at));
    match (later, steps.last()) {
        (Some(row), _) => doc.with_comments(*row),
        (None, Some(last)) => last + 1,
        (None, None) => doc.end(),
    }
}

/// No control characters, no blanks at the ends.
fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_string()
}

fn param_word(value: &str) -> String {
    let value = one_line(value);
    let odd = |c: char| c.is_whitespace() || c == '"';
    if value.contains(odd) { quote(&value) } else { value }
}

/// The line with a word replaced.
fn splice(raw: &str, word: Word<'_>, new: &str) -> String {
    let (from, to) = (word.col as usize - 1, (word.col + word.len) as usize - 1);
    let before: String = raw.chars().take(from).collect();
    let after: String = raw.chars().skip(to).collect();
    format!("{before}{new}{after}")
}

fn without(raw: &str, word: Word<'_>) -> String {
    let cut = splice(raw, word, "");
    let before: String = cut.chars().take(word.col as usize - 1).collect();
    let after: String = cut.chars().skip(word.col as usize - 1).collect();
    match after.trim_start() {
        "" => before.trim_end().to_string(),
        rest => format!("{} {rest}", before.trim_end()),
    }
}
