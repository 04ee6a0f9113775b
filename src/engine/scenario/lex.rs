//! Lines into words. Blanks separate; `"…"` is one word, in which `\"` and `\\` stand for `"` and `\`;
//! `#` before a blank, or at the end of a line, begins a comment.

use super::ast::Place;
use super::fault::Bad;

/// A word and where it stands, in characters from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Word<'a> {
    /// As written, quotation marks included.
    pub raw: &'a str,
    pub col: u32,
    pub len: u32,
}

impl<'a> Word<'a> {
    pub fn is(self, s: &str) -> bool {
        self.raw == s
    }

    /// `key=value`, the value as written.
    pub fn pair(self) -> Option<(&'a str, &'a str)> {
        let (key, value) = self.raw.split_once('=')?;
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        (!key.is_empty() && key.chars().all(fits)).then_some((key, value))
    }
}

/// A line cut into words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line<'a> {
    /// From 1.
    pub number: u32,
    pub words: Vec<Word<'a>>,
    /// The comment with its `#`, or nothing.
    pub comment: &'a str,
    /// Column behind the last word.
    pub end: u32,
    pub bad: Option<(Place, Bad)>,
}

/// Cut a text into lines of words.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.split('\n').zip(1..).map(|(raw, number)| line(raw, number)).collect()
}

/// Cut one line into words.
pub(super) fn line(raw: &str, number: u32) -> Line<'_> {
    let raw = raw.trim_end();
    let mut line = Line { number, end: 1, ..Line::default() };
    let mut scan = Scan { raw, at: 0, col: 1 };
    while let Some(word) = scan.word(&mut line) {
        line.end = word.col + word.len;
        line.words.push(word);
        if line.words.len() == 1 && matches!(word.raw, "title" | "about") {
            scan.sentence(&mut line);
            break;
        }
    }
    line
}

struct Scan<'a> {
    raw: &'a str,
    at: usize,
    col: u32,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        self.raw.get(self.at..).unwrap_or("")
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.pass(rest.len() - rest.trim_start().len());
    }

    fn pass(&mut self, bytes: usize) -> &'a str {
        let text = self.rest().get(..bytes).unwrap_or("");
        self.at += text.len();
        self.col += text.chars().count() as u32;
        text
    }

    /// The next word, unless a comment, the end or a mistake comes first.
    fn word(&mut self, line: &mut Line<'a>) -> Option<Word<'a>> {
        self.skip_blanks();
        if self.rest().is_empty() || starts_comment(self.rest()) {
            line.comment = self.rest();
            return None;
        }
        let col = self.col;
        match word_end(self.rest()) {
            Ok(bytes) => Some(self.cut(bytes, col)),
            Err((chars, bad)) => {
                line.bad = Some((Place { line: line.number, col: col + chars, len: 1 }, bad));
                None
            }
        }
    }

    fn cut(&mut self, bytes: usize, col: u32) -> Word<'a> {
        let raw = self.pass(bytes);
        Word { raw, col, len: self.col - col }
    }

    /// The rest of a `title` or `about` line is one word.
    fn sentence(&mut self, line: &mut Line<'a>) {
        self.skip_blanks();
        let (text, comment) = sentence(self.rest());
        line.comment = comment;
        if let Some(i) = text.chars().position(|c| c.is_control() && c != '\t') {
            line.bad = Some((place(line.number, self.col + i as u32, 1), control()));
        } else if !text.is_empty() {
            let col = self.col;
            let word = self.cut(text.len(), col);
            line.end = word.col + word.len;
            line.words.push(word);
        }
    }
}

fn place(line: u32, col: u32, len: u32) -> Place {
    Place { line, col, len }
}

fn control() -> Bad {
    Bad::new("control", "This is a control character.".into()).hint("Delete it.")
}

pub(super) fn starts_comment(rest: &str) -> bool {
    rest.strip_prefix('#').is_some_and(|r| r.chars().next().is_none_or(char::is_whitespace))
}

/// Bytes of the word at the start, or how many characters in it goes wrong.
fn word_end(rest: &str) -> Result<usize, (u32, Bad)> {
    let (mut inside, mut escaped, mut opened) = (false, false, 0);
    for ((at, c), chars) in rest.char_indices().zip(0..) {
        match c {
            c if c.is_control() && c != '\t' => return Err((chars, control())),
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => (inside, opened) = (!inside, chars),
            c if c.is_whitespace() && !inside => return Ok(at),
            _ => {}
        }
    }
    if inside { Err((opened, unclosed())) } else { Ok(rest.len()) }
}

fn unclosed() -> Bad {
    Bad::new("quote", "This quotation mark is never closed.".into()).hint("Close it with `\"`.")
}

/// A sentence and the comment behind it. In quotation marks as a whole, or as it stands up to ` # `.
pub(super) fn sentence(rest: &str) -> (&str, &str) {
    if let Some(end) = quoted_end(rest) {
        let behind = rest.get(end..).unwrap_or("").trim_start();
        if behind.is_empty() || starts_comment(behind) {
            return (rest.get(..end).unwrap_or(""), behind);
        }
    }
    let mut blank = true;
    for (at, c) in rest.char_indices() {
        let (text, tail) = rest.split_at(at);
        if blank && starts_comment(tail) {
            return (text.trim_end(), tail);
        }
        blank = c.is_whitespace();
    }
    (rest.trim_end(), "")
}

/// Where a quoted string at the start ends.
fn quoted_end(rest: &str) -> Option<usize> {
    let mut escaped = true; // as if behind a backslash: the opening mark closes nothing
    if !rest.starts_with('"') {
        return None;
    }
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// What a word says: without its quotation marks.
pub(super) fn unquote(raw: &str) -> Result<String, Bad> {
    let Some(end) = quoted_end(raw) else { return unmarked(raw) };
    if end != raw.len() {
        return Err(inner_mark());
    }
    let mut out = String::new();
    let mut chars = raw.get(1..end - 1).unwrap_or("").chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '\\' && matches!(chars.peek(), Some('"' | '\\'));
        out.push(if escapes { chars.next().unwrap_or(c) } else { c });
    }
    Ok(out)
}

fn unmarked(raw: &str) -> Result<String, Bad> {
    if raw.contains('"') { Err(inner_mark()) } else { Ok(raw.to_string()) }
}

fn inner_mark() -> Bad {
    Bad::new("quote", "A quotation mark stands inside this word.".into())
        .hint("Put the whole word in quotation marks, with \\\" for a mark inside.")
}

/// The inverse of [`unquote`].
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(raw: &str) -> Vec<&str> {
        line(raw, 1).words.iter().map(|w| w.raw).collect()
    }

    #[test]
    fn a_hash_before_a_blank_is_a_comment_and_before_a_digit_an_ordinal() {
        assert_eq!(words("drop A n1 -> n2 #7 # why"), ["drop", "A", "n1", "->", "n2", "#7"]);
        assert_eq!(line("say \"a # b\"#", 1).words.len(), 2);
        assert_eq!(line("heal #", 1).comment, "#");
    }

    #[test]
    fn a_title_keeps_its_blanks_and_marks() {
        assert_eq!(words("title  The \"stale\"  set # note"), ["title", "The \"stale\"  set"]);
        assert_eq!(words("title \"a # b\" # note"), ["title", "\"a # b\""]);
        assert_eq!(words("title 5\" disks"), ["title", "5\" disks"]);
    }

    #[test]
    fn columns_are_characters() {
        let l = line("say \"ü\" \"x", 3);
        assert_eq!(l.bad.map(|b| (b.0.line, b.0.col, b.1.code)), Some((3, 9, "quote")));
    }

    #[test]
    fn quoting_is_undone() {
        for s in ["", "a b", "\\", "\\\"", "a\\n", "\"\""] {
            assert_eq!(unquote(&quote(s)).as_deref(), Ok(s));
        }
    }
}
