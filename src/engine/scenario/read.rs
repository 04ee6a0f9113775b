//! The reader: one line after another, each word by the table that knows it.
//!
//! A reading function returns `None` when its line cannot be read further; the fault is then already
//! noted. A word that is merely unknown is noted and believed, and its line goes on.
//!
//! Words mean what the run's protocol says. A text with several runs is read once, and each line that is
//! for all of them is tried with every run's words besides: it must be right, and the same, in each.

use super::ast::{Place, RunLine, Scenario, Who};
use super::fault::{Bad, Fault, suggest};
use super::known::{Known, is_name, is_word};
use super::lex::{Line, Word, lines, unquote};
use super::num::clip;
use super::terms::{LABEL_MAX, LINES_MAX, RUNS_MAX, TEXT_MAX};
use super::{expects, settings, steps, sweep};
use crate::card::Entry;
use crate::few;
use crate::ids::Us;
use crate::value::Value;

/// The first word of a line, and how the rest is read.
pub struct LineWord {
    pub term: super::terms::Term,
    pub(super) read: fn(&mut Reader<'_>) -> Option<()>,
}

/// Faults beyond this many help nobody.
const FAULTS_MAX: usize = 1_000;

pub(super) struct Reader<'a> {
    /// What words mean in the run that is read for.
    pub known: Known,
    pub sides: Vec<Side>,
    /// The one whose words are in `known`.
    side: usize,
    /// The run of the step above, where it is not for all.
    pub within: Option<String>,
    /// What a forced write takes where the text does not say; none where the runs' cards differ.
    pub disk: Option<Us>,
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

/// A run of the text. Its words are elsewhere while they are being used.
pub(super) struct Side {
    pub name: String,
    known: Known,
}

/// Place of a run that is not there: without cards, all words are believed.
const NOBODY: usize = usize::MAX;

/// `key=value` with its places.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub key: &'a str,
    pub value: &'a str,
    pub key_at: Place,
    pub value_at: Place,
}

/// Cards, to be looked up by name.
pub trait Shelf {
    fn ids(&self) -> Vec<&'static str>;
    fn find(&self, id: &str) -> Option<&'static Entry>;
}

impl Shelf for &[&'static Entry] {
    fn ids(&self) -> Vec<&'static str> {
        self.iter().map(|e| e.id).collect()
    }
    fn find(&self, id: &str) -> Option<&'static Entry> {
        self.iter().find(|e| e.id == id).copied()
    }
}

/// Where entries are looked up: among these, or not at all.
pub(super) type Catalogue<'c> = Option<&'c dyn Shelf>;

pub(super) fn read(text: &str, catalogue: Catalogue<'_>) -> Result<Scenario, Vec<Fault>> {
    if let Some(fault) = oversize(text) {
        return Err(vec![fault]);
    }
    let mut reader = Reader::default();
    let lines = lines(text);
    if reader.version(&lines).is_none() {
        return Err(reader.faults);
    }
    reader.run_lines(&lines, catalogue);
    reader.sweep_line(&lines);
    (0..reader.sides.len()).for_each(|side| reader.labels(side, &lines));
    let first = lines.iter().position(|l| !l.words.is_empty()).unwrap_or(0);
    for line in lines.into_iter().skip(first) {
        reader.one(line);
    }
    reader.finish()
}

/// What words mean in each of the text's runs, as far as its lines can be read.
pub(super) fn known(text: &str, entries: &dyn Shelf) -> Vec<Known> {
    let mut reader = Reader::default();
    let lines = lines(text);
    reader.run_lines(&lines, Some(entries));
    (0..reader.sides.len()).for_each(|side| reader.labels(side, &lines));
    reader.turn_to(NOBODY);
    reader.sides.into_iter().map(|s| s.known).collect()
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
            sides: vec![],
            side: NOBODY,
            within: None,
            disk: Some(0),
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

    /// `run` and `beside` are read first, wherever they stand: they say what the other words mean.
    fn run_lines(&mut self, lines: &[Line<'a>], catalogue: Catalogue<'_>) {
        let Some(run) = headed(lines, "run").next() else {
            let bad = Bad::new("no-run", "No line says which protocol runs.".into());
            let place = Place { line: lines.first().map_or(1, |l| l.number), col: 1, len: 0 };
            let first = catalogue.and_then(|c| c.ids().first().copied()).unwrap_or("ENTRY");
            let hint = ["Write one: `run ", first, "`."].concat();
            return self.push(bad.hint(&hint).at(place));
        };
        for line in std::iter::once(run).chain(headed(lines, "beside")) {
            self.enter(line.clone());
            if self.line.bad.is_none() {
                self.run_line(catalogue);
            }
        }
        let disks = self.sides.iter().map(|s| s.known.entry.map_or(0, |e| e.disk));
        let first = disks.clone().next();
        self.disk = first.filter(|first| disks.clone().all(|d| d == *first));
        if first.is_none() {
            self.disk = Some(0);
        }
    }

    fn run_line(&mut self, catalogue: Catalogue<'_>) {
        if self.sides.len() == RUNS_MAX {
            let bad = Bad::new("too-large", "More runs than can stand side by side.".into());
            return self.push(bad.hint(format!("At most {RUNS_MAX}.")).at(self.whole()));
        }
        let (run, known) = settings::run(self, catalogue);
        let name = run.called().to_string();
        if self.sides.iter().any(|s| s.name == name) {
            let message = format!("Two runs are called `{}`.", clip(&name));
            let hint = "Give this one a name of its own with `as`.".to_string();
            self.note("twice", message, Some(hint), self.head);
        }
        match self.sides.is_empty() {
            true => self.out.run = run,
            false => self.out.beside.push(run),
        }
        self.sides.push(Side { name, known });
    }

    /// A sweep is read before the lines that name nodes: those must be there at its smallest value.
    fn sweep_line(&mut self, lines: &[Line<'a>]) {
        let Some(line) = headed(lines, "sweep").next() else { return };
        self.enter(line.clone());
        if self.line.bad.is_some() || sweep::ahead(self).is_none() {
            return;
        }
        let Some(sweep) = self.out.sweep.clone() else { return };
        let runs: Vec<RunLine> = self.out.runs().cloned().collect();
        for (side, run) in runs.iter().enumerate() {
            self.turn_to(side);
            let Some((entry, own)) = self.known.entry.zip(run.param(&sweep.param)) else {
                continue;
            };
            let cast = |value: &Value| {
                let mut run = run.clone();
                run.set(&sweep.param, value);
                Known::cast(entry, &run.params)
            };
            let ((known, _), (_, size)) = (cast(own.min(&sweep.from)), cast(own.max(&sweep.to)));
            self.known = known;
            settings::crowd(self, size, sweep.place);
        }
    }

    /// Labels may be used above the line that gives them.
    fn labels(&mut self, side: usize, lines: &[Line<'a>]) {
        self.turn_to(side);
        for line in headed(lines, "node").filter(|l| l.bad.is_none()) {
            if let [_, name, with, label, ..] = line.words.as_slice()
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

    /// From here on words mean what they mean in this run.
    pub fn turn_to(&mut self, side: usize) {
        for side in [self.side, side] {
            if let Some(side) = self.sides.get_mut(side) {
                std::mem::swap(&mut self.known, &mut side.known);
            }
        }
        self.side = side;
    }

    fn enter(&mut self, line: Line<'a>) {
        (self.line, self.next, self.act_at) = (line, 0, None);
        if let Some(word) = self.take() {
            self.head = word;
        }
    }

    /// Read a line for the run it is of, or for all of them.
    pub fn one(&mut self, line: Line<'a>) {
        match self.run_of(&line) {
            Some(side) => {
                self.turn_to(side);
                self.read_line(line);
            }
            None => self.by_all(line),
        }
    }

    /// Which run's words a line is in; none where it is in all of them.
    fn run_of(&mut self, line: &Line<'a>) -> Option<usize> {
        let word = |i: usize| line.words.get(i).map_or("", |w| w.raw);
        let named = |name: &str| self.sides.iter().position(|s| s.name == name).unwrap_or(NOBODY);
        let step = match word(0) {
            "in" => {
                self.within = Some(word(1).to_string());
                return Some(named(word(1)));
            }
            "expect" if word(1) == "in" => return Some(named(word(2))),
            "then" => self.within.as_deref().map(named),
            "at" | "when" => {
                self.within = None;
                None
            }
            _ => None,
        };
        step.or((self.sides.len() < 2).then_some(0))
    }

    /// Read a line for all runs, then try it for each. What only some of them do not know is said of
    /// those, with the way out.
    fn by_all(&mut self, line: Line<'a>) {
        let (start, chain) = (self.faults.len(), self.chain);
        self.turn_to(0);
        self.read_line(line.clone());
        let said = self.faults.split_off(start);
        let (out, once, after) =
            (std::mem::take(&mut self.out), std::mem::take(&mut self.once), self.chain);
        let mut tried = vec![];
        let mut meant = vec![];
        for side in 0..self.sides.len() {
            self.turn_to(side);
            (self.chain, self.out) = (chain, Scenario::default());
            self.once.clear();
            self.read_line(line.clone());
            tried.push(self.faults.split_off(start));
            meant.push(std::mem::take(&mut self.out));
        }
        (self.out, self.once, self.chain) = (out, once, after);
        self.compare(said, &tried, &meant);
    }

    fn compare(&mut self, said: Vec<Fault>, tried: &[Vec<Fault>], meant: &[Scenario]) {
        let has =
            |all: &[Fault], f: &Fault| all.iter().any(|g| g.place == f.place && g.code == f.code);
        let everywhere = |f: &Fault| tried.iter().all(|all| has(all, f));
        let of_the_text = |f: &Fault| !tried.first().is_some_and(|all| has(all, f));
        let clean = tried.iter().position(|all| all.is_empty());
        self.faults.extend(said.into_iter().filter(|f| everywhere(f) || of_the_text(f)));
        for (side, faults) in tried.iter().enumerate() {
            for f in faults.iter().filter(|f| !everywhere(f)) {
                let aside = self.aside(f.clone(), side, clean);
                self.push(aside);
            }
        }
        if tried.iter().all(|all| all.is_empty())
            && meant.windows(2).any(|w| matches!(w, [a, b] if a != b))
        {
            let bad = Bad::new(
                "unlike",
                "This line means one thing in one run and another in the next.".into(),
            );
            self.push(bad.hint(self.way_out(Some(0))).at(self.whole()));
        }
    }

    /// A fault that a line has in one of the runs it is for.
    fn aside(&self, fault: Fault, side: usize, clean: Option<usize>) -> Fault {
        let name = self.sides.get(side).map_or("", |s| &s.name);
        let near = fault.hint.map_or(String::new(), |hint| format!("{hint} "));
        let (message, hint) =
            (format!("In {name}: {}", fault.message), near + &self.way_out(clean));
        Fault { message, hint: Some(hint), ..fault }
    }

    /// How a line is made to be for one run; a setting cannot.
    fn way_out(&self, clean: Option<usize>) -> String {
        let name = clean.and_then(|c| self.sides.get(c)).map_or("NAME", |s| &s.name);
        match self.head.raw {
            "expect" => format!("For one run alone: `expect in {name} …`."),
            head if steps::is_step(head) => {
                format!("For one run alone, begin the line with `in {name}`.")
            }
            _ => "A setting holds in every run.".into(),
        }
    }

    fn read_line(&mut self, line: Line<'a>) {
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

    /// Names of nodes by commas: whether all of them are nodes of the run.
    pub fn nodes(&mut self, names: &str, at: Place) -> bool {
        let cast: Vec<String> = self.known.nodes.iter().map(|(n, _)| n.clone()).collect();
        let is_one = |n: &&str| cast.is_empty() || cast.iter().any(|c| c == n);
        let Some(name) = names.split(',').find(|n| !is_one(n)) else { return true };
        let near: Vec<&str> = cast.iter().map(String::as_str).collect();
        self.unknown("unknown-node", "a node", name, &near, at);
        false
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

    /// The name of a run of this text.
    pub fn run_name(&mut self) -> Option<String> {
        let word = self.need("the name of a run")?;
        let names: Vec<&str> = self.sides.iter().map(|s| s.name.as_str()).collect();
        if !names.is_empty() && !names.contains(&word.raw) || !is_word(word.raw) {
            let message = format!("No run of this text is called `{}`.", clip(word.raw));
            let hint = suggest(word.raw, &names);
            self.note("unknown-run", message, hint, word);
        }
        Some(word.raw.to_string())
    }
}

/// Lines that begin with this word.
fn headed<'l, 'a>(lines: &'l [Line<'a>], head: &'l str) -> impl Iterator<Item = &'l Line<'a>> {
    lines.iter().filter(move |l| l.words.first().is_some_and(|w| w.is(head)))
}

/// All words that begin a line.
pub(super) fn line_words() -> impl Iterator<Item = &'static LineWord> {
    settings::SETTINGS.iter().chain(steps::TRIGGERS).chain(expects::LINES)
}

pub(super) fn line_word(word: &str) -> Option<&'static LineWord> {
    line_words().find(|w| w.term.word == word)
}

/// Where the act of a step begins, for `tidy`; without an entry's help.
pub(super) fn act_column(line: Line<'_>) -> Option<u32> {
    let mut reader = Reader { chain: true, ..Reader::default() };
    reader.one(line);
    reader.act_at
}
