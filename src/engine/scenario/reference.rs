//! The reference page, and the words an editor completes: made from the tables the reader reads.

use super::terms::{self, Term};
use super::{expects, facts, fault, num, read, settings, steps};
use crate::world::Limit;

/// A part of the language and its words.
pub struct Chapter {
    pub title: &'static str,
    pub says: &'static str,
    pub terms: Vec<Term>,
}

/// Words that begin a setting.
pub fn settings() -> Vec<Term> {
    settings::SETTINGS.iter().map(|s| s.term).collect()
}

/// Words that begin a step.
pub fn triggers() -> Vec<Term> {
    steps::TRIGGERS.iter().map(|t| t.term).collect()
}

/// Words that begin any line.
pub fn line_words() -> Vec<Term> {
    read::line_words().map(|l| l.term).collect()
}

pub fn verbs() -> Vec<Term> {
    steps::VERBS.iter().map(|v| v.term).collect()
}

pub fn facts() -> Vec<Term> {
    let fates = facts::FATES.iter().map(|(t, _)| *t);
    let lives = facts::LIVES.iter().map(|(t, _)| *t);
    let outs = facts::OUTS.iter().map(|(t, _)| *t);
    facts::OTHERS.iter().copied().chain(fates).chain(lives).chain(outs).collect()
}

/// Words after `expect`.
pub fn expectations() -> Vec<Term> {
    expects::EXPECTS.iter().map(|e| e.term).collect()
}

/// Keys of `net`; those of `link` are the ones a link has too.
pub fn net_keys(link: bool) -> Vec<Term> {
    terms::NET_KEYS.iter().filter(|k| k.link || !link).map(|k| k.term).collect()
}

fn link_keys() -> Vec<Term> {
    net_keys(true)
}

fn all_net_keys() -> Vec<Term> {
    net_keys(false)
}

fn units() -> Vec<Term> {
    terms::UNITS.iter().map(|(t, _)| *t).collect()
}

fn profiles() -> Vec<Term> {
    terms::PROFILES.iter().map(|(t, ..)| *t).collect()
}

fn models() -> Vec<Term> {
    terms::MODELS.to_vec()
}

fn messages() -> Vec<Term> {
    steps::MESSAGES.iter().map(|(t, _)| *t).collect()
}

fn windows() -> Vec<Term> {
    expects::WINDOWS.iter().map(|(t, _)| *t).collect()
}

fn bytes() -> Vec<Term> {
    num::BYTES.iter().map(|(t, _)| *t).collect()
}

type Words = fn() -> Vec<Term>;

#[rustfmt::skip]
const CHAPTERS: &[(&str, &str, Words)] = &[
    ("Settings", "What runs, on which network, from which state. In any order; `run` must be there. They hold in every run of the text.", settings),
    ("Steps", "Acts, and when they happen. `then` is armed when the line above has fired. A step without `in` is done to every run, and its words must mean the same in each.", triggers),
    ("Verbs", "What an act does. An operation of the protocol stands in a verb's place: `c1 put x 1`.", verbs),
    ("Facts", "What becomes true in a run. WHO is a node, its label, or a role or state word, resolved when the line fires: the node in the highest epoch, then the lowest.", facts),
    ("Expectations", "What must hold when the verdicts are settled, in every run or in the one that `in` names. Claims hold always without being asked.", expectations),
    ("Keys of `net` and `set net`", "All links, all disks.", all_net_keys),
    ("Keys of `link` and `set link`", "One link; they win over the net's.", link_keys),
    ("Keys of `node` and `set node`", "One node's clocks and disk.", || terms::NODE_KEYS.to_vec()),
    ("Keys of `load`", "Operations that keep coming.", || terms::LOAD_KEYS.to_vec()),
    ("Profiles", "Values of `net profile=`.", profiles),
    ("Units of time", "A time is a number and a unit, exact to the microsecond.", units),
    ("Laws of chance", "DIST is a time, a range `10ms..15ms`, or a law.", || terms::LAWS.to_vec()),
    ("Arrows", "ARROW between two nodes.", || terms::ARROWS.to_vec()),
    ("Comparisons", "CMP in an expectation.", || terms::CMPS.to_vec()),
    ("Folds", "AGG in `expect measure`.", || terms::AGGS.to_vec()),
    ("Measures of the engine", "A protocol's meters come beside them.", || terms::MEASURES.to_vec()),
    ("Consistency models", "What a history may be.", models),
    ("Lies of the world", "A protocol's own come beside them.", || terms::LIES.to_vec()),
    ("Endings", "Words after `shows`.", || terms::SHOWS.to_vec()),
];

/// What stands for a part of a line. These are forms and not words: nobody completes them.
#[rustfmt::skip]
const FORMS: &[(&str, &str, Words)] = &[
    ("Messages", "MESSAGE after a verb. Messages are counted from 1, each kind on each link for itself, whatever their fields. A line whose messages never come is told at the end, and fails the run.", messages),
    ("Paths", "PATH of a message. Without one, any.", || facts::PATHS.to_vec()),
    ("Stretches of time", "WINDOW in `expect count` and `expect measure`. Without one, the whole run.", windows),
    ("Values", "VALUE of a field, a parameter or an operation; what it looks like says what it is.", || num::VALUES.to_vec()),
    ("Times", "Where a time is asked for. None is longer than a run may last.", || num::TIMES.to_vec()),
    ("Other units", "Behind a number, without a blank.", || num::SIZES.to_vec()),
    ("Units of bandwidth", "BYTES is a number and one of these.", bytes),
];

/// The language, part by part.
pub fn chapters() -> Vec<Chapter> {
    all(CHAPTERS)
}

/// The forms its words speak of.
pub fn forms() -> Vec<Chapter> {
    all(FORMS)
}

fn all(of: &'static [(&str, &str, Words)]) -> Vec<Chapter> {
    of.iter().map(|(title, says, terms)| Chapter { title, says, terms: terms() }).collect()
}

/// The reference page, in Markdown.
pub fn reference() -> String {
    let mut out = String::from(HEAD);
    for chapter in chapters().into_iter().chain(forms()) {
        out.push_str(&format!("\n## {}\n\n{}\n\n", chapter.title, chapter.says));
        out.push_str("| word | form | what it says | example |\n|---|---|---|---|\n");
        out.extend(chapter.terms.iter().map(row));
    }
    out.push_str(&limits());
    out.push_str("\n## Mistakes\n\n| code | what it stands for |\n|---|---|\n");
    out.extend(fault::CODES.iter().map(|(code, says)| format!("| `{code}` | {says} |\n")));
    out
}

const HEAD: &str = "# The scenario language\n\n\
A text is read line by line; its first line is `lamplight 1`. Blanks separate words, `\"…\"` is one word \
(`\\\"` and `\\\\` stand for `\"` and `\\` in it), and `#` before a blank begins a comment.\n";

fn row(t: &Term) -> String {
    let cell = |s: &str| if s.is_empty() { String::new() } else { format!("`{}`", bars(s)) };
    format!("| {} | {} | {} | {} |\n", cell(t.word), cell(t.form), bars(t.says), cell(t.example))
}

/// A bar inside a table's cell.
fn bars(s: &str) -> String {
    s.replace('|', "\\|")
}

fn limits() -> String {
    let (bytes, lines, nodes) = (terms::TEXT_MAX, terms::LINES_MAX, terms::NODES_MAX);
    let (label, hours) = (terms::LABEL_MAX, terms::TIME_MAX / 3_600_000_000);
    let (runs, points) = (terms::RUNS_MAX, terms::SWEEP_MAX);
    let stops: String = Limit::ALL.map(|l| format!("- {}\n", l.says())).concat();
    format!(
        "\n## Limits\n\nA text has at most {bytes} bytes and {lines} lines, a run {nodes} nodes and {hours} \
         hours, a title, label or caption {label} characters. At most {runs} runs stand side by side; a \
         sweep has at most {points} values.\n\nA run that would never end stops, keeps what it has, and says which of \
         these it met:\n\n{stops}"
    )
}
