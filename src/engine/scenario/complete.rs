//! What may stand at the caret. Nothing here knows the grammar: every word the tables and the cards have is put there
//! in turn, and the reader says whether it would take it.

use super::fault::Fault;
use super::known::Known;
use super::lex::{Word, line, quote};
use super::reference::{chapters, line_words};
use super::steps::is_step;
use super::{Shelf, edit, read, settings};
use crate::card::{Entry, Unit};

/// A word that may stand there, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub word: String,
    /// The rest of its grammar, or what it is.
    pub form: String,
}

/// Words that join others, besides those in the tables.
#[rustfmt::skip]
const JOINTS: &[&str] = &[
    "absent", "amnesia", "as", "at", "by", "every", "for", "from", "it", "link", "net", "next", "node", "not", "times",
    "to", "tol", "when", "x", "*", "|", "#1",
];

const OFFERED_MAX: usize = 60;

/// Columns, from 1, of the word that ends or is being written at the caret: from its first letter to behind its last.
pub fn word_at(text: &str, row: u32, column: u32) -> (u32, u32) {
    let raw = text.split('\n').nth(row.saturating_sub(1) as usize).unwrap_or("");
    let holds = |w: &&Word<'_>| w.col < column && column <= w.col + w.len;
    line(raw, row).words.iter().find(holds).map_or((column, column), |w| (w.col, w.col + w.len))
}

/// Words that may stand at the caret, begun as the letters before it. Rows and columns count characters from 1.
pub fn complete(text: &str, row: u32, column: u32, entries: &dyn Shelf) -> Vec<Completion> {
    let rows: Vec<&str> = text.split('\n').collect();
    let raw = rows.get(row.saturating_sub(1) as usize).copied().unwrap_or("");
    let (from, to) = word_at(text, row, column);
    let tail: String = raw.chars().skip(to as usize - 1).collect();
    let before: String = raw.chars().take(from as usize - 1).collect();
    let begun: String =
        raw.chars().skip(from as usize - 1).take((column - from) as usize).collect();
    if !line(&before, row).comment.is_empty() || begun.starts_with('"') {
        return vec![];
    }
    let trial = Trial::new(&rows, row, &before, entries);
    let (key, _) = begun.split_once('=').map_or((None, ""), |(k, v)| (Some(k), v));
    let words = match key {
        Some(key) => values(key, text, entries),
        None => vocabulary(text, entries),
    };
    let mut out: Vec<Completion> = vec![];
    let mut plain = None;
    let mut pair = None;
    for c in words {
        let fits = c.word.starts_with(&begun);
        if !fits || out.len() >= OFFERED_MAX || out.iter().any(|o| o.word == c.word) {
            continue;
        }
        // A word is offered where it is taken, and means something: a word without sense is not taken as well.
        let nonsense = match (key, c.word.ends_with('=')) {
            (Some(key), _) => pair.get_or_insert_with(|| trial.says(&format!("{key}=zq-zq"))),
            (None, true) => pair.get_or_insert_with(|| trial.says("zq-zq=")),
            (None, false) => plain.get_or_insert_with(|| trial.says("zq-zq")),
        };
        let said = trial.says(&c.word);
        if said.taken
            && !(nonsense.taken && nonsense.rest == said.rest)
            && trial.stays_known(&c.word, &tail)
        {
            out.push(c);
        }
    }
    out
}

/// The text with one word in question.
struct Trial<'e> {
    above: String,
    before: String,
    below: String,
    row: u32,
    column: u32,
    entries: &'e dyn Shelf,
}

struct Said {
    taken: bool,
    /// Faults of the line elsewhere: what it goes on to want.
    rest: Vec<(&'static str, String)>,
}

impl<'e> Trial<'e> {
    /// Of the other lines only those stay that say what words mean.
    fn new(rows: &[&str], row: u32, before: &str, entries: &'e dyn Shelf) -> Self {
        let here = row.saturating_sub(1) as usize;
        let head = |r: &str| line(r, 1).words.first().map_or(String::new(), |w| w.raw.to_string());
        let kept = |r: &&str| {
            let head = head(r);
            head == "lamplight"
                || settings::SETTINGS.iter().any(|s| s.term.word == head)
                    && !matches!(head.as_str(), "about" | "given" | "link" | "load")
        };
        let chain = |r: &&&str| is_step(&head(r)) && head(r) != "then";
        let above = rows.get(..here).unwrap_or(rows);
        let step = above.iter().rev().find(chain);
        let settings = above.iter().copied().filter(kept).chain(step.copied());
        let above = settings.map(|r| format!("{r}\n")).collect::<String>();
        let below = rows.get(here + 1..).unwrap_or(&[]).iter().copied().filter(kept);
        let below = below.map(|r| format!("\n{r}")).collect();
        let (row, column) = (above.split('\n').count() as u32, before.chars().count() as u32 + 1);
        Trial { above, before: before.into(), below, row, column, entries }
    }

    fn faults(&self, word: &str, tail: &str) -> impl Iterator<Item = Fault> {
        let text = format!("{}{}{word}{tail}{}", self.above, self.before, self.below);
        let faults = read::read(&text, Some(self.entries)).err().unwrap_or_default();
        let row = self.row;
        faults.into_iter().filter(move |f| f.place.line == row)
    }

    /// Before what follows on the line it does not become a word nobody knows.
    fn stays_known(&self, word: &str, tail: &str) -> bool {
        let here = |f: Fault| f.place.col == self.column && f.code.starts_with("unknown");
        tail.trim().is_empty() || !self.faults(word, tail).any(here)
    }

    /// What the reader says of the line that ends with this word.
    fn says(&self, word: &str) -> Said {
        let key = word.ends_with('=').then(|| word.chars().count() as u32);
        let here = |f: &Fault| {
            let end = f.place.col + f.place.len;
            let value = key.is_some_and(|k| f.place.col >= self.column + k);
            end > self.column && f.place.len > 0 && !value && !open(f.code)
        };
        let (on, rest): (Vec<Fault>, Vec<Fault>) = self.faults(word, "").partition(here);
        let rest = rest.into_iter().map(|f| (f.code, f.message)).collect();
        Said { taken: on.is_empty(), rest }
    }
}

/// The line may go on and be right.
fn open(code: &str) -> bool {
    matches!(code, "missing" | "arity")
}

/// Every word there is, each once where it stands first.
fn vocabulary(text: &str, entries: &dyn Shelf) -> Vec<Completion> {
    let mut all = vec![];
    let mut add = |word: &str, form: String| all.push(Completion { word: word.into(), form });
    let known = read::known(text, entries);
    for known in &known {
        nodes(known, &mut add);
        if let Some(e) = known.entry {
            cards(e, &mut add);
        }
    }
    for name in edit::run_names(text) {
        add(&name, String::new());
    }
    for t in line_words() {
        add(t.word, t.form.into());
    }
    for chapter in chapters() {
        let keys = chapter.title.starts_with("Keys");
        for t in chapter.terms.iter().filter(|t| t.word != "REASON") {
            let word = if keys { format!("{}=", t.word) } else { t.word.into() };
            add(&word, t.form.into());
        }
    }
    for word in JOINTS {
        add(word, String::new());
    }
    add("seed=", "N".into());
    for id in entries.ids() {
        add(id, "protocol".into());
    }
    all
}

fn nodes(known: &Known, add: &mut impl FnMut(&str, String)) {
    for (name, role) in &known.nodes {
        add(name, role.name.into());
        add(&format!("{name}."), "FIELD".into());
    }
    for (label, node) in &known.labels {
        let plain = label.chars().all(char::is_alphanumeric);
        add(&if plain { label.clone() } else { quote(label) }, node.clone());
    }
    for word in known.role_words() {
        add(word, String::new());
    }
}

fn cards(e: &Entry, add: &mut impl FnMut(&str, String)) {
    for p in e.params {
        add(&format!("{}=", p.name), range(p.unit));
    }
    for (field, says) in e.givens {
        add(&format!("{field}="), (*says).into());
    }
    for o in e.ops {
        add(o.verb.word(), o.args.join(" "));
    }
    for k in e.kinds {
        add(k.name, k.fields.join(" "));
    }
    for r in e.reasons {
        add(r.slug, r.fields.join(" "));
    }
    let fields = e.kinds.iter().flat_map(|k| k.fields);
    for field in fields.chain(e.reasons.iter().flat_map(|r| r.fields)) {
        add(&format!("{field}="), "VALUE".into());
    }
    for c in e.claims {
        add(c.name, c.says.into());
    }
    for b in e.bugs {
        add(b.slug, b.says.into());
    }
    for lie in e.lies {
        add(lie.slug, lie.says.into());
    }
    for timer in e.timers {
        add(timer, String::new());
    }
    for m in e.meters {
        add(m.name, m.says.into());
    }
}

/// What a unit allows, in words.
pub fn range(unit: Unit) -> String {
    let time = |us: u64| crate::value::print_time(us as i64);
    match unit {
        Unit::Count { min, max } => format!("{min} to {max}"),
        Unit::Time { min, max } => format!("{} to {}", time(min), time(max)),
        Unit::TimeRange => "a time, or two with .. between".into(),
        Unit::Share => "0% to 100%".into(),
        Unit::Rate => "a rate such as 10/s".into(),
        Unit::Choice(words) => words.join(" | "),
        Unit::Flag => "on | off".into(),
        Unit::Text => "a word".into(),
    }
}

/// Values that a key is known to take.
fn values(key: &str, text: &str, entries: &dyn Shelf) -> Vec<Completion> {
    let known = read::known(text, entries);
    let cards = known.iter().filter_map(|k| k.entry?.param(key));
    let mut words: Vec<String> = vec![];
    for card in cards {
        if let Unit::Choice(choice) = card.unit {
            words.extend(choice.iter().map(|w| print_word(w)));
        }
        words.push(print_word(card.default));
    }
    let table = |w: &&str| !w.contains(' ');
    let fixed = ["on", "off", "drop", "deliver", "even", "poisson"];
    let profiles = super::terms::PROFILES.iter().map(|(t, ..)| t.word);
    words.extend(fixed.into_iter().chain(profiles).filter(table).map(String::from));
    let full = |w: String| Completion { word: format!("{key}={w}"), form: String::new() };
    words.into_iter().map(full).collect()
}

fn print_word(word: &str) -> String {
    if word.contains(' ') { quote(word) } else { word.into() }
}
