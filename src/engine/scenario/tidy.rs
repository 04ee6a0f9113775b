//! `tidy`: the reader's own text with its columns set straight.
//!
//! Lines, their order and their comments stay. Settings get their values into one column, and the acts of
//! steps that stand together get theirs. Only blanks between words change, so the meaning cannot.

use super::lex::{Line, lines};
use super::read::{act_column, line_word};
use super::steps::is_step;

/// Width of the longest word that begins a setting: `beside`, `expect`.
const HEAD: usize = 6;
/// A trigger longer than this does not push the others' acts to the right.
const TRIGGER_MAX: usize = 44;

/// The text with its columns set straight. Doing it twice changes nothing more.
pub fn tidy(text: &str) -> String {
    let rows: Vec<Row> = lines(text.trim_end()).into_iter().zip(raw(text)).map(row).collect();
    let mut out = String::new();
    for block in rows.chunk_by(|a, b| a.steps && b.steps) {
        let width = act_width(block);
        for row in block {
            out.push_str(&row.print(width));
            out.push('\n');
        }
    }
    out
}

/// Width of a block's triggers.
fn act_width(block: &[Row]) -> usize {
    let with_act = block.iter().filter(|r| !r.act.is_empty());
    let widths = with_act.map(|r| r.start.chars().count());
    widths.filter(|w| *w <= TRIGGER_MAX).max().unwrap_or(0)
}

fn raw(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.split('\n').map(str::trim_end)
}

/// A line: what comes before the column of its block, and what is in it.
struct Row {
    start: String,
    act: String,
    comment: String,
    /// A step or a comment of its own: what a block is made of.
    steps: bool,
}

fn row((line, raw): (Line<'_>, &str)) -> Row {
    if line.bad.is_some() {
        return Row {
            start: raw.to_string(),
            act: String::new(),
            comment: String::new(),
            steps: false,
        };
    }
    let comment = line.comment.trim_end().to_string();
    let head = line.words.first().map_or("", |w| w.raw);
    let steps = is_step(head) || (head.is_empty() && !comment.is_empty());
    let (start, act) = if is_step(head) { halves(line) } else { (setting(&line), String::new()) };
    Row { start, act, comment, steps }
}

/// Trigger and act; all of it where the act cannot be told.
fn halves(line: Line<'_>) -> (String, String) {
    let words = line.words.clone();
    let column = act_column(line).unwrap_or(u32::MAX);
    let part = |act: bool| {
        let of = words.iter().filter(|w| (w.col >= column) == act);
        of.map(|w| w.raw).collect::<Vec<_>>().join(" ")
    };
    (part(false), part(true))
}

fn setting(line: &Line<'_>) -> String {
    let rest: Vec<&str> = line.words.iter().skip(1).map(|w| w.raw).collect();
    match line.words.first().map_or("", |w| w.raw) {
        head if line_word(head).is_some() && !rest.is_empty() => {
            format!("{head:HEAD$} {}", rest.join(" "))
        }
        head => std::iter::once(head).chain(rest).collect::<Vec<_>>().join(" "),
    }
}

impl Row {
    fn print(&self, width: usize) -> String {
        let mut out = self.start.clone();
        if !self.act.is_empty() {
            out = format!("{out:width$}  {}", self.act);
        }
        match (out.is_empty(), self.comment.is_empty()) {
            (_, true) => out,
            (true, false) => self.comment.clone(),
            (false, false) => format!("{out}  {}", self.comment),
        }
    }
}
