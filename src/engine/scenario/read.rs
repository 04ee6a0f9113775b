//! The reader: one line after another, each word by the table that knows it.
//!
//! A reading function returns `None` when its line cannot be read further; the fault is then already
//! noted. A word that is merely unknown is noted and believed, and its line goes on.

use super::ast::{Place, RunLine, Scenario, Who};
use super::fault::{Bad, Fault, suggest};
use super::known::{Known, is_name, is_word};
use super::lex::{Line, Word, lines, unquote};
use super::num::clip;
use super::terms::{LABEL_MAX, LINES_MAX, TEXT_MAX};
use super::{expects, settings, steps};
use crate::card::Entry;
use crate::few;
use crate::value::Value;

/// The first word of a line, and how the rest is read.
pub struct LineWord {
    pub term: super::terms::Term,
    pub(super) read: fn(&mut Reader<'_>) -> Option<()>,
}

/// Faults beyond this many help nobody.
const FAULTS_MAX: usize = 1_000;

pub(super) struct Reader<'a> {
    pub known: Known,
    pub faults: Vec<Fault>,
    pub out: Scenario,
    /// The word the current line began with.
    pub head: Word<'a>,
    line: Line<'a>,
    next: usize,
    /// Settings already given that may be given once.
    pub once: Vec<&'static str>,
    /// A step stands above, readable or not.
    pub chain: bool,
    /// Columns at which a step's act began, for `tidy`.
    pub act_at: Option<u32>,
}

/// `key=value` with its places.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub key: &'a str,
    pub value: &'a str,
    pub key_at: Place,
    pub value_at: Place,
}

/// Where entries are looked up: among these, or not at all.
pub(super) type Catalogue<'c> = Option<&'c [&'static Entry]>;

pub(super) fn read(text: &str, catalogue: Catalogue<'_>) -> Result<Scenario, Vec<Fault>> {
    if let Some(fault) = oversize(text) {
        return Err(vec![fault]);
    }
    let mut reader = Reader::default();
    let lines = lines(text);
    if reader.version(&lines).is_none() {
        return Err(reader.faults);
    }
    reader.run_line(&lines, catalogue);
    reader.labels(&lines);
    let first = lines.iter().position(|l| !l.words.is_empty()).unwrap_or(0);
    for line in lines.into_iter().skip(first) {
        reader.one(line);
    }
    reader.finish()
}

fn oversize(text: &str) -> Option<Fault> {
    let place = |line| Place { line, col: 1, len: 0 };
    let lines = text.trim_end().split('\n').count();
    if text.len() > TEXT_MAX {
        let bad = Bad::new("too-large", format!("The text has {} bytes.", text.len()));
        return Some(bad.hint(format!("At most {TEXT_MAX}.")).at(place(1)));
    }
    let bad = || Bad::new("too-large", format!("The text has {lines} lines."));
    let hint = || format!("At most {LINES_MAX}.");
    (lines > LINES_MAX).then(|| bad().hint(hint()).at(place(LINES_MAX as u32 + 1)))
}

impl Default for Reader<'_> {
    fn default() -> Self {
        Reader {
            known: Known::default(),
            faults: vec![],
            out: Scenario::default(),
            head: Word { raw: "", col: 1, len: 0 },
            line: Line::default(),
            next: 0,
            once: vec![],
            chain: false,
            act_at: None,
        }
    }
}

impl<'a> Reader<'a> {
    /// The first line must say which language this is. `None`: no use reading on.
    fn version(&mut self, lines: &[Line<'a>]) -> Option<()> {
        let blank = Line { number: 1, end: 1, ..Line::default() };
        let line = lines.iter().find(|l| !l.words.is_empty() || l.bad.is_some()).unwrap_or(&blank);
        self.enter(line.clone());
        let words: Vec<&str> = line.words.iter().map(|w| w.raw).collect();
        match words.as_slice() {
            ["lamplight", "1"] => Some(()),
            ["lamplight", n] if n.parse::<u32>().is_ok_and(|n| n > 1) => self.newer(n),
            _ => {
                let bad = Bad::new("version", "A scenario begins with `lamplight 1`.".into());
                self.push(bad.at(self.whole()));
                Some(())
            }
        }
    }

    fn newer(&mut self, n: &str) -> Option<()> {
        let bad = Bad::new("newer", format!("This text is of version {n}; this page reads 1."));
        self.push(bad.hint("Open it on a newer page.").at(self.whole()));
        None
    }

    /// `run` is read first, wherever it stands: it says what the other words mean.
    fn run_line(&mut self, lines: &[Line<'a>], catalogue: Catalogue<'_>) {
        let Some(line) = lines.iter().find(|l| l.words.first().is_some_and(|w| w.is("run"))) else {
            let bad = Bad::new("no-run", "No line says which protocol runs.".into());
            let place = Place { line: lines.first().map_or(1, |l| l.number), col: 1, len: 0 };
            return self.push(bad.hint("Write one: `run raft nodes=5`.").at(place));
        };
        self.enter(line.clone());
        if self.line.bad.is_none() {
            settings::run(self, catalogue);
        }
    }

    /// Labels may be used above the line that gives them.
    fn labels(&mut self, lines: &[Line<'a>]) {
        for line in lines.iter().filter(|l| l.bad.is_none()) {
            if let [node, name, with, label, ..] = line.words.as_slice()
                && node.is("node")
                && with.is("as")
                && let Ok(label) = unquote(label.raw)
            {
                self.known.labels.push((label, name.raw.to_string()));
            }
        }
        let names: Vec<String> = self.known.nodes.iter().map(|(n, _)| n.clone()).collect();
        let known = |node: &String| names.is_empty() || names.contains(node);
        self.known.labels.retain(|(label, node)| !names.contains(label) && known(node));
    }

    fn enter(&mut self, line: Line<'a>) {
        (self.line, self.next, self.act_at) = (line, 0, None);
        if let Some(word) = self.take() {
            self.head = word;
        }
    }

    pub fn one(&mut self, line: Line<'a>) {
        self.enter(line);
        if let Some((place, bad)) = self.line.bad.take() {
            self.chain |= steps::is_step(self.head.raw);
            return self.push(bad.at(place));
        }
        if self.line.words.is_empty() {
            return;
        }
        match line_word(self.head.raw) {
            Some(word) if (word.read)(self).is_some() => self.end(),
            Some(_) => {}
            None if self.head.is("lamplight") => self.second_version(),
            None => self.unknown_line(),
        }
    }

    fn second_version(&mut self) {
        let first = self.once.contains(&"lamplight");
        self.once.push("lamplight");
        if first {
            self.twice("`lamplight` stands once, on the first line.");
        }
    }

    fn unknown_line(&mut self) {
        let words: Vec<&str> = line_words().map(|w| w.term.word).collect();
        let message = format!("No line begins with `{}`.", clip(self.head.raw));
        self.note("unknown-word", message, suggest(self.head.raw, &words), self.head);
    }

    /// Nothing may follow.
    fn end(&mut self) {
        if let Some(word) = self.peek() {
            let message = format!("`{}` does not belong here.", clip(word.raw));
            let hint = "The line is complete before it.".to_string();
            self.note("unexpected", message, Some(hint), word);
        }
    }

    fn finish(mut self) -> Result<Scenario, Vec<Fault>> {
        settings::fill(&mut self);
        if self.faults.is_empty() {
            return Ok(self.out);
        }
        few::sort_by_key(&mut self.faults, |f| (f.place.line, f.place.col));
        self.faults.dedup();
        Err(self.faults)
    }

    // Noting faults.

    pub fn push(&mut self, fault: Fault) {
        if !self.full() {
            self.faults.push(fault);
        }
    }

    /// No more faults are wanted; looking for the nearest word would be for nothing.
    fn full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    pub fn note(
        &mut self,
        code: &'static str,
        message: String,
        hint: Option<String>,
        at: Word<'_>,
    ) {
        let place = self.place(at);
        self.push(Fault { place, code, message, hint });
    }

    pub fn place(&self, word: Word<'_>) -> Place {
        Place { line: self.line.number, col: word.col, len: word.len }
    }

    /// The line's words from the first to the last.
    pub fn whole(&self) -> Place {
        let col = self.line.words.first().map_or(1, |w| w.col);
        Place { line: self.line.number, col, len: self.line.end.saturating_sub(col) }
    }

    /// Keep what was read, or note why it could not be and end the line.
    pub fn keep<T>(&mut self, read: Result<T, Bad>, at: Place) -> Option<T> {
        read.map_err(|bad| self.push(bad.at(at))).ok()
    }

    pub fn twice(&mut self, message: &str) {
        let hint = "Keep one of them.".to_string();
        self.note("twice", message.to_string(), Some(hint), self.head);
    }

    // Taking words.

    pub fn peek(&self) -> Option<Word<'a>> {
        self.line.words.get(self.next).copied()
    }

    pub fn peek_second(&self) -> Option<Word<'a>> {
        self.line.words.get(self.next + 1).copied()
    }

    pub fn take(&mut self) -> Option<Word<'a>> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    pub fn sees(&self, word: &str) -> bool {
        self.peek().is_some_and(|w| w.is(word))
    }

    pub fn eat(&mut self, word: &str) -> bool {
        let seen = self.sees(word);
        self.next += usize::from(seen);
        seen
    }

    /// The next word; `what` says what was expected if there is none.
    pub fn need(&mut self, what: &str) -> Option<Word<'a>> {
        let word = self.take();
        if word.is_none() {
            let place = Place { line: self.line.number, col: self.line.end, len: 0 };
            let bad = Bad::new("missing", format!("The line ends where {what} is expected."));
            self.push(bad.at(place));
        }
        word
    }

    /// Exactly this word.
    pub fn must(&mut self, word: &str) -> Option<()> {
        let found = self.need(&format!("`{word}`"))?;
        if found.is(word) {
            return Some(());
        }
        let message = format!("`{word}` is expected here, not `{}`.", clip(found.raw));
        self.note("unexpected", message, None, found);
        None
    }

    /// The next word, read by `as_what`.
    pub fn read<T>(&mut self, what: &str, as_what: fn(&str) -> Result<T, Bad>) -> Option<T> {
        let word = self.need(what)?;
        self.keep(as_what(word.raw), self.place(word))
    }

    /// A word of free text, no longer than a label.
    pub fn label(&mut self, what: &str) -> Option<String> {
        let word = self.need(what)?;
        self.short(word, LABEL_MAX)
    }

    pub fn short(&mut self, word: Word<'a>, max: usize) -> Option<String> {
        let text = self.keep(unquote(word.raw), self.place(word))?;
        let long = text.chars().count();
        if long > max {
            let hint = Some(format!("At most {max}."));
            self.note("too-large", format!("This is {long} characters long."), hint, word);
        }
        Some(text)
    }

    /// `key=value` words as far as they go. A key given twice is noted.
    pub fn pairs(&mut self) -> Vec<Pair<'a>> {
        let mut pairs: Vec<Pair<'a>> = vec![];
        while let Some(word) = self.peek()
            && let Some((key, value)) = word.pair()
        {
            self.next += 1;
            if pairs.iter().any(|p| p.key == key) {
                let message = format!("`{}` is given twice on this line.", clip(key));
                self.note("twice", message, Some("Keep one of them.".into()), word);
            } else {
                pairs.push(self.pair(word, key, value));
            }
        }
        pairs
    }

    fn pair(&self, word: Word<'a>, key: &'a str, value: &'a str) -> Pair<'a> {
        let (key_len, at) = (key.chars().count() as u32, self.place(word));
        let value_at = Place { col: at.col + key_len + 1, len: at.len - key_len - 1, ..at };
        Pair { key, value, key_at: Place { len: key_len, ..at }, value_at }
    }

    /// At least one `key=value`.
    pub fn some_pairs(&mut self) -> Option<Vec<Pair<'a>>> {
        if self.peek().is_some_and(|w| w.pair().is_none()) {
            let word = self.take()?;
            let message = format!("`key=value` is expected here, not `{}`.", clip(word.raw));
            self.note("unexpected", message, Some("No blanks round the `=`.".into()), word);
            return None;
        }
        let pairs = self.pairs();
        if pairs.is_empty() { self.need("`key=value`").map(|_| vec![]) } else { Some(pairs) }
    }

    /// Pairs as fields and values; a field must be one of `fields`, if they are known. `log.3` is a
    /// field of `log`.
    pub fn fields(&mut self, fields: Option<&[&str]>, of: &str) -> Vec<(String, Value)> {
        let pairs = self.pairs();
        pairs.into_iter().filter_map(|p| self.field(p, fields, of)).collect()
    }

    pub fn field(
        &mut self,
        p: Pair<'a>,
        fields: Option<&[&str]>,
        of: &str,
    ) -> Option<(String, Value)> {
        let head = p.key.split('.').next().unwrap_or(p.key);
        if let Some(fields) = fields
            && !fields.contains(&head)
        {
            self.unknown("unknown-field", &format!("a field of {of}"), head, fields, p.key_at);
        }
        let value = self.keep(super::num::value(p.value), p.value_at)?;
        Some((p.key.to_string(), value))
    }

    /// Note that `word` is not `what`, with the nearest of `among`.
    pub fn unknown(
        &mut self,
        code: &'static str,
        what: &str,
        word: &str,
        among: &[&str],
        at: Place,
    ) {
        if self.full() {
            return;
        }
        let message = format!("`{}` is not {what}.", clip(word));
        self.push(Fault { place: at, code, message, hint: suggest(word, among) });
    }

    // Words the cards know.

    /// A word of a list of the entry's card; without an entry one of the right shape.
    pub fn listed(
        &mut self,
        what: &str,
        code: &'static str,
        list: fn(&Entry) -> Vec<&'static str>,
    ) -> Option<String> {
        let word = self.need(what)?;
        match self.known.entry.map(list) {
            Some(list) if !list.contains(&word.raw) => {
                self.unknown(code, what, word.raw, &list, self.place(word));
            }
            None if !is_word(word.raw) && !is_name(word.raw) => {
                self.unknown(code, what, word.raw, &[], self.place(word));
            }
            _ => {}
        }
        Some(word.raw.to_string())
    }

    /// A node by its name or label: the node's own name.
    pub fn node(&mut self) -> Option<String> {
        let word = self.need("a node")?;
        let said = self.keep(unquote(word.raw), self.place(word))?;
        if let Some(node) = self.known.node(&said) {
            return Some(node.to_string());
        }
        if self.known.entry.is_some() || !is_word(&said) {
            self.no_node(word, "a node");
        }
        Some(said)
    }

    /// A node, or a role or state word.
    pub fn who(&mut self) -> Option<Who> {
        let word = self.need("a node or a role")?;
        let said = self.keep(unquote(word.raw), self.place(word))?;
        let who = self.known.who(&said);
        if who.is_none() {
            self.no_node(word, "a node, a role or a state");
        }
        Some(who.unwrap_or(Who::Node(said)))
    }

    pub fn no_node(&mut self, word: Word<'a>, what: &str) {
        if self.full() {
            return;
        }
        let words = self.known.who_words();
        let near = super::fault::nearest(word.raw, &words).map(str::to_string);
        let near = near.map_or(String::new(), |n| format!("Did you mean `{n}`? "));
        let cast = self.known.cast_words();
        let hint = (!cast.is_empty()).then(|| format!("{near}The nodes of this run are {cast}."));
        self.note("unknown-node", format!("`{}` is not {what}.", clip(word.raw)), hint, word);
    }

    /// Refuse, in words, what a later part of the work brings.
    pub fn later(&mut self, what: &str) -> Option<()> {
        let hint = "Leave the line out for now.".to_string();
        self.note("later", what.to_string(), Some(hint), self.head);
        None
    }

    pub fn comparison(&mut self) -> Option<()> {
        let head = self.head.raw.to_string();
        self.later(&format!("`{head}`: comparison comes with the workbench."))
    }
}

/// All words that begin a line.
pub(super) fn line_words() -> impl Iterator<Item = &'static LineWord> {
    settings::SETTINGS.iter().chain(steps::TRIGGERS).chain(expects::LINES)
}

pub(super) fn line_word(word: &str) -> Option<&'static LineWord> {
    line_words().find(|w| w.term.word == word)
}

impl RunLine {
    pub(super) fn at(place: Place) -> RunLine {
        RunLine { seed: 1, place, ..RunLine::default() }
    }
}

/// Where the act of a step begins, for `tidy`; without an entry's help.
pub(super) fn act_column(line: Line<'_>) -> Option<u32> {
    let mut reader = Reader { chain: true, ..Reader::default() };
    reader.one(line);
    reader.act_at
}
