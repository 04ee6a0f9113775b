//! Every number of every lesson is one that a run gives, or is given with its reason.
//!
//! Beside each `lesson.md` stands `figures.txt`. A row of it begins with words of the lesson, in quotation marks and
//! as a reader sees them; below them stands what they rest on, a line each:
//!
//! ```text
//! "5 commands are each committed 20 ms after"
//! happy expect sometimes committed times 5       a line that holds in the shipped scenario `happy`
//! happy first n3 elected = 699ms                 when a fact comes true there first
//! happy text latency=10ms                        words of the scenario's own text
//! happy nodes=3 bug=no-x expect …                the same with another parameter, or with a mistake
//! given election=150ms..300ms                    a parameter's default, from the card
//! so 199ms = 699ms - 500ms                       arithmetic with numbers of the lines above
//! so 332ms ~ 331.579ms                           the same, rounded as the lesson says it
//! said a node's own number                       why no run need give it: a rule, a name, another's example
//! ```
//!
//! Numbers are digits, and the words from two to twelve. Each must stand within the words of a row, and each number
//! within the words of a row must stand in what the row rests on, so that neither can change alone.

mod house;

use std::collections::BTreeMap;
use std::fs;

use engine::protocols::Bill;
use house::*;

// -------------------------------------------------------------------- numbers

/// A number where it stands: its value, its unit or nothing, and its place in bytes.
#[derive(Clone, Debug, PartialEq)]
struct Number {
    value: f64,
    unit: &'static str,
    at: std::ops::Range<usize>,
}

const WORDS: &[(&str, f64)] = &[
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
];

/// Units, and how many of the smallest of their sort one is.
const UNITS: &[(&str, &str, f64)] = &[
    ("us", "time", 1.0),
    ("ms", "time", 1e3),
    ("s", "time", 1e6),
    ("seconds", "time", 1e6),
    ("min", "time", 6e7),
    ("minutes", "time", 6e7),
    ("h", "time", 3.6e9),
    ("hours", "time", 3.6e9),
    ("%", "share", 1.0),
    ("ppm", "ppm", 1.0),
];

/// All numbers of a text, but for those that are part of a name such as `n1`.
fn numbers(text: &str) -> Vec<Number> {
    let (mut all, mut at) = (vec![], 0);
    while let Some(c) = text[at..].chars().next() {
        let before = text[..at].chars().next_back();
        let fresh = !before.is_some_and(|b| b.is_alphanumeric() || b == '_');
        let found = if fresh && c.is_ascii_digit() {
            digits(&text[at..])
        } else if fresh && c.is_alphabetic() {
            word(&text[at..])
        } else {
            None
        };
        let Some((value, len)) = found else {
            // What begins with a letter or goes on from a digit is passed whole.
            at += c.len_utf8();
            continue;
        };
        let (unit, scale) = unit(&text[at + len..]);
        all.push(Number { value: value * scale, unit, at: at..at + len });
        at += len;
    }
    all
}

/// `10,485,762` and `0.9`: the value and how long it is. A comma parts thousands only before three digits.
fn digits(text: &str) -> Option<(f64, usize)> {
    let run = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    let mut len = run(text);
    while len <= 9 && text[len..].starts_with(',') && run(&text[len + 1..]) == 3 {
        len += 4;
    }
    if text[len..].starts_with('.') && run(&text[len + 1..]) > 0 {
        len += 1 + run(&text[len + 1..]);
    }
    Some((text[..len].replace(',', "").parse().ok()?, len))
}

fn word(text: &str) -> Option<(f64, usize)> {
    let len = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let lower = text[..len].to_lowercase();
    WORDS.iter().find(|(w, _)| *w == lower).map(|(_, n)| (*n, len))
}

/// The unit behind a number, with or without a blank.
fn unit(text: &str) -> (&'static str, f64) {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let len = text.find(|c: char| !(c.is_alphabetic() || c == '%')).unwrap_or(text.len());
    let known = UNITS.iter().find(|(u, ..)| *u == &text[..len]);
    known.map_or(("", 1.0), |(_, sort, scale)| (sort, *scale))
}

/// Whether two numbers say the same; a unit left out is any.
fn same(a: &Number, b: &Number) -> bool {
    let bare = |n: &Number| {
        let scale = |u: &(&str, &str, f64)| n.value / u.2;
        let of = UNITS.iter().filter(|u| u.1 == n.unit).map(scale);
        of.chain([n.value]).collect::<Vec<_>>()
    };
    let near = |x: f64, y: f64| (x - y).abs() < 1e-6 * x.abs().max(1.0);
    match (a.unit, b.unit) {
        (x, y) if x == y => near(a.value, b.value),
        ("", _) => bare(b).iter().any(|v| near(*v, a.value)),
        (_, "") => bare(a).iter().any(|v| near(*v, b.value)),
        _ => false,
    }
}

// -------------------------------------------------------------------- rows

#[derive(Default, Debug)]
struct Row {
    words: Vec<String>,
    rests: Vec<Rest>,
}

#[derive(Debug)]
enum Rest {
    /// A run, a line it is to show, and for `first` when.
    Run {
        of: Of,
        line: String,
        at: Option<String>,
    },
    Text {
        of: Of,
        words: String,
    },
    Given(String),
    So(String),
    Said(String),
}

/// A shipped scenario, as it is or with other settings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Of {
    slug: String,
    with: Vec<String>,
}

fn rows(text: &str) -> Vec<Row> {
    let mut all: Vec<Row> = vec![];
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if line.starts_with('"') {
            if all.last().is_none_or(|r| !r.rests.is_empty()) {
                all.push(Row::default());
            }
            let words: Vec<String> =
                line.split('"').skip(1).step_by(2).map(str::to_string).collect();
            assert!(words.iter().all(|w| !w.is_empty()), "no words: {line}");
            all.last_mut().expect("a row").words.extend(words);
        } else {
            all.last_mut().expect("words come first").rests.push(rest(line));
        }
    }
    all
}

fn rest(line: &str) -> Rest {
    let (first, more) = line.split_once(' ').unwrap_or((line, ""));
    match first {
        "said" => return Rest::Said(more.into()),
        "given" => return Rest::Given(more.into()),
        "so" => return Rest::So(more.into()),
        _ => {}
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let kind = words.iter().position(|w| ["expect", "first", "text"].contains(w));
    let kind = kind.unwrap_or_else(|| panic!("no row rests on: {line}"));
    let with = words[1..kind].iter().map(|w| w.to_string()).collect();
    let (of, more) = (Of { slug: first.into(), with }, words[kind + 1..].join(" "));
    match words[kind] {
        "text" => Rest::Text { of, words: more },
        "expect" => Rest::Run { of, line: format!("expect {more}"), at: None },
        _ => {
            let (fact, at) = more.rsplit_once(" = ").unwrap_or_else(|| panic!("when? {line}"));
            let (run, fact) = match fact.strip_prefix("in ").and_then(|f| f.split_once(' ')) {
                Some((run, fact)) => (format!("in {run} "), fact),
                None => (String::new(), fact),
            };
            let line = format!("expect {run}sometimes {fact}");
            Rest::Run { of, line, at: Some(at.into()) }
        }
    }
}

impl Row {
    fn is_said(&self) -> bool {
        self.rests.iter().any(|r| matches!(r, Rest::Said(_)))
    }

    /// Every number a line of the row has, and what arithmetic makes of them.
    fn numbers(&self) -> Vec<Number> {
        let of = |r: &Rest| match r {
            Rest::Run { line, at, .. } => {
                numbers(&format!("{line} {}", at.as_deref().unwrap_or("")))
            }
            Rest::Text { words, .. } => numbers(words),
            Rest::Given(text) => numbers(text),
            Rest::So(text) => numbers(text.split(['=', '~']).next().unwrap_or("")),
            Rest::Said(_) => vec![],
        };
        self.rests.iter().flat_map(of).collect()
    }

    /// What is wrong with the row by itself: arithmetic, or a number that nothing below gives.
    fn wrong(&self, bill: &Bill) -> Vec<String> {
        let (have, mut wrong) = (self.numbers(), vec![]);
        if !self.is_said() {
            for (words, n) in
                self.words.iter().flat_map(|w| numbers(w).into_iter().map(move |n| (w, n)))
            {
                if !have.iter().any(|h| same(h, &n)) {
                    wrong.push(format!(
                        "\"{words}\" rests on nothing that says {}",
                        &words[n.at.clone()]
                    ));
                }
            }
        }
        for rest in &self.rests {
            match rest {
                Rest::So(text) => wrong.extend(sum(text, &have)),
                Rest::Given(text) => wrong.extend(default_of(bill, text)),
                Rest::Said(why) if why.is_empty() => wrong.push("said for no reason".into()),
                _ => {}
            }
        }
        wrong
    }
}

/// `199ms = 699ms - 500ms`, from left to right; `332ms ~ 331.579ms` where the lesson rounds.
fn sum(text: &str, have: &[Number]) -> Option<String> {
    let round = text.contains(" ~ ");
    let (want, terms) = text.split_once(if round { " ~ " } else { " = " })?;
    let (mut total, mut sort, mut op) = (0.0, "", "+");
    for word in terms.split_whitespace() {
        if let "+" | "-" | "*" | "/" = word {
            op = word;
            continue;
        }
        let n = numbers(word).into_iter().next()?;
        if !have.iter().any(|h| same(h, &n)) {
            return Some(format!("so {text}: nothing says {word}"));
        }
        sort = if n.unit.is_empty() { sort } else { n.unit };
        total = match op {
            "+" => total + n.value,
            "-" => total - n.value,
            "*" => total * n.value,
            _ => total / n.value,
        };
    }
    let said = want;
    let want = numbers(want).into_iter().next()?;
    let got = Number { value: total, unit: sort, at: 0..0 };
    let right = if round { rounded(said, &want, total) } else { same(&want, &got) };
    (!right).then(|| format!("so {text}: it is {total}"))
}

/// Whether a value, in the smallest unit of its sort, is within half of the last digit that is said.
fn rounded(said: &str, want: &Number, value: f64) -> bool {
    let digits = &said[want.at.clone()];
    let decimals = digits.split_once('.').map_or(0, |(_, d)| d.len());
    let scale = want.value / digits.replace(',', "").parse::<f64>().unwrap_or(1.0);
    (want.value - value).abs() <= scale * 0.5 / 10f64.powi(decimals as i32) + 1e-9
}

fn default_of(bill: &Bill, text: &str) -> Option<String> {
    let (name, want) = text.split_once('=')?;
    let param = bill.entry().params.iter().find(|p| p.name == name);
    match param {
        Some(p) if p.default == want => None,
        Some(p) => Some(format!("given {text}: it is {}", p.default)),
        None => Some(format!("given {text}: no such parameter")),
    }
}

// -------------------------------------------------------------------- what a reader sees

/// The lesson without its marks: of a link only the words.
fn seen(lesson: &str) -> String {
    let mut out = String::new();
    let mut rest = lesson;
    while let Some(at) = rest.find("](#") {
        let open = rest[..at].rfind('[').expect("a link has words");
        out += &rest[..open];
        out += &rest[open + 1..at];
        rest = rest[at..].split_once(')').expect("a link has an end").1;
    }
    out += rest;
    out.replace(['*', '`'], "")
}

/// Places where the words stand.
fn places(text: &str, words: &str) -> Vec<std::ops::Range<usize>> {
    text.match_indices(words).map(|(at, w)| at..at + w.len()).collect()
}

/// Words that are not there, or stand twice where they should say one thing; numbers in no row.
fn uncovered(lesson: &str, rows: &[Row]) -> Vec<String> {
    let (mut wrong, mut covered) = (vec![], vec![]);
    for row in rows {
        for words in &row.words {
            let at = places(lesson, words);
            let once = at.len() == 1 || row.is_said() && !at.is_empty();
            if !once {
                wrong.push(format!("\"{words}\" stands in the lesson {} times", at.len()));
            }
            covered.extend(at);
        }
    }
    for n in numbers(lesson) {
        if !covered.iter().any(|c| c.start <= n.at.start && n.at.end <= c.end) {
            let from = lesson[..n.at.start].char_indices().rev().nth(30).map_or(0, |c| c.0);
            let to =
                lesson[n.at.end..].char_indices().nth(30).map_or(lesson.len(), |c| n.at.end + c.0);
            wrong.push(format!("no run gives it: … {} …", lesson[from..to].replace('\n', " ")));
        }
    }
    wrong
}

// -------------------------------------------------------------------- runs

/// The shipped text with other settings. A sweep is run at the value that is set.
fn text_of(bill: &Bill, of: &Of) -> String {
    let shipped = of_entry(bill).into_iter().find(|s| s.slug == of.slug);
    let mut text = shipped.unwrap_or_else(|| panic!("{} is not shipped", of.slug)).text;
    for with in &of.with {
        let (name, value) = with.split_once('=').expect("NAME=VALUE");
        text = if name == "bug" { with_bug(&text, value) } else { with_param(&text, name, value) };
    }
    text
}

fn with_param(text: &str, name: &str, value: &str) -> String {
    let set = |line: &str| {
        let other = |w: &&str| !w.starts_with(&format!("{name}="));
        let words: Vec<&str> = line.split_whitespace().filter(other).collect();
        format!("{} {name}={value}\n", words.join(" "))
    };
    let line = |l: &str| match l.split_whitespace().next() {
        Some("run") => set(l),
        Some("sweep") => String::new(),
        _ => format!("{l}\n"),
    };
    text.lines().map(line).collect()
}

/// Runs each text once with every line rows ask of it, and says which do not hold.
fn not_shown(bill: &Bill, rows: &[Row]) -> Vec<String> {
    let mut asked: BTreeMap<&Of, Vec<(&str, Option<&str>)>> = BTreeMap::new();
    let mut wrong = vec![];
    for rest in rows.iter().flat_map(|r| &r.rests) {
        match rest {
            Rest::Run { of, line, at } => asked.entry(of).or_default().push((line, at.as_deref())),
            Rest::Text { of, words } => {
                let text = text_of(bill, of);
                let plain = |l: &str| l.split_whitespace().collect::<Vec<_>>().join(" ");
                if !text.lines().any(|l| plain(l).contains(words.as_str())) {
                    wrong.push(format!("{} does not say: {words}", of.slug));
                }
            }
            _ => {}
        }
    }
    for (of, lines) in asked {
        let mut text = text_of(bill, of).trim_end().to_string();
        let before = text.lines().count();
        lines.iter().for_each(|(l, _)| text += &format!("\n{l}"));
        let scenario = match read(&text) {
            Ok(s) => s,
            Err(faults) => {
                wrong.push(format!("{}: {faults}", of.slug));
                continue;
            }
        };
        let all = together(scenario);
        for (i, (line, at)) in lines.iter().enumerate() {
            let place = (before + 1 + i) as u32;
            let of_line = |run| verdicts(run).expects.iter().filter(move |e| e.line == place);
            let got: Vec<_> = all.runs().iter().flat_map(of_line).collect();
            let late = |e: &engine::check::verdict::ExpectVerdict| {
                at.is_some_and(|at| !comes_at(&e.got, at))
            };
            for e in got.iter().filter(|e| !e.ok || late(e)) {
                let at = at.map_or(String::new(), |at| format!(" = {at}"));
                wrong.push(format!("{} {}: {line}{at}: {}", of.slug, of.with.join(" "), e.got));
            }
            if got.is_empty() {
                wrong.push(format!("{}: {line}: not judged", of.slug));
            }
        }
    }
    wrong
}

/// `twice, first at 30 ms`
fn comes_at(got: &str, at: &str) -> bool {
    let first = got.split_once("first at ").map(|(_, t)| numbers(t));
    let (have, want) = (first.unwrap_or_default(), numbers(at));
    have.first().zip(want.first()).is_some_and(|(h, w)| same(h, w))
}

// -------------------------------------------------------------------- the tests

fn complaints(bill: &Bill) -> Vec<String> {
    let file = |name: &str| fs::read_to_string(folder(bill).join(name)).unwrap_or_default();
    let (lesson, rows) = (seen(&file("lesson.md")), rows(&file("figures.txt")));
    let mut all = uncovered(&lesson, &rows);
    all.extend(rows.iter().flat_map(|r| r.wrong(bill)));
    all.extend(not_shown(bill, &rows));
    all.into_iter().map(|c| format!("{}: {c}", bill.entry().id)).collect()
}

#[test]
fn every_number_of_every_lesson_comes_from_a_run() {
    let all: Vec<String> = std::thread::scope(|s| {
        let each: Vec<_> = bills().map(|b| s.spawn(move || complaints(b))).collect();
        each.into_iter().flat_map(|e| e.join().expect("it ends")).collect()
    });
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}

/// The test can fail: a number changed in the lesson, in a row, or in both.
#[test]
fn a_number_without_a_run_is_found() {
    let row = |text: &str| rows(text);
    let lesson = seen("It takes [20 ms](#toy/put), and two messages.");
    assert_eq!(lesson, "It takes 20 ms, and two messages.");
    assert_eq!(uncovered(&lesson, &row("\"20 ms\"\nput expect measure messages = 1")).len(), 1);
    assert_eq!(uncovered(&lesson, &row("\"20 ms, and two\"\nsaid so")), [""; 0]);
    assert_eq!(uncovered(&lesson, &row("\"21 ms, and two\"\nsaid so")).len(), 3);
    let bill = bills().next().expect("an entry");
    let wrong = |text: &str| row(text)[0].wrong(bill).len();
    assert_eq!(wrong("\"20 ms\"\nput first a = 20ms"), 0);
    assert_eq!(wrong("\"20 ms\"\nput first a = 20s"), 1);
    assert_eq!(wrong("\"two\"\nput first a = 5ms\nput first b = 3ms\nso 2ms = 5ms - 3ms"), 0);
    assert_eq!(wrong("\"two\"\nput first a = 5ms\nso 2ms = 5ms - 4ms"), 1);
    assert!(comes_at("once, first at 30 ms", "30ms") && !comes_at("once, first at 30 ms", "31ms"));
    assert_eq!(numbers("n1 has 10,485,762 of [1,0,0] in 0.9 ms. Seven").len(), 6);
}
