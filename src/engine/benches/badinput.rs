//! A million bad texts and links: nothing panics, no case takes long, and a link opens what it says or nothing.
//!
//! `cargo bench -p lamplight-engine --bench badinput [-- CASES]` prints the mean and the worst time.

#[path = "../tests/fakes/mod.rs"]
mod fakes;

use engine::card::Entry;
use engine::protocols;
use engine::scenario::link::{Address, parse_fragment, write};
use engine::scenario::{canonical, parse, tidy};
use fakes::links::{judge, mutate_link, written};
use fakes::mutate::{Dice, mutate, vocabulary, vocabulary_of};
use fakes::slowest::Slowest;
use fakes::{ALL, shipped, ten};

fn text_case(text: &str, cards: &[&'static Entry]) {
    let _ = tidy(text);
    if let Ok(s) = parse(text, cards) {
        assert!(parse(&canonical(&s), cards).is_ok_and(|again| again.meaning() == s.meaning()));
    }
}

/// Bytes knocked over, whatever they stand for.
fn link_case(link: &str, dice: &mut Dice) -> String {
    let mut bytes = link.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let i = dice.below(bytes.len());
        match dice.below(3) {
            0 => bytes.truncate(i.max(1)),
            _ => bytes[i] = dice.roll() as u8,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Texts at the limits, where a slow loop would show.
fn giants() -> Vec<String> {
    let head = "lamplight 1\nrun raft clients=119\n";
    let fill = |line: &str| {
        let rows = (65_000 / (line.len() + 1)).min(995);
        format!("{head}{}", format!("{line}\n").repeat(rows))
    };
    let wide = |word: &str| format!("{head}at 1s crash {}", word.repeat(65_000 / word.len()));
    vec![
        fill("at 1s crash n9 n8 n7 n6 n99 n98 n97 n96 n95 n94 n93"),
        fill("when n1 elekted trem=1 indx=2 and n1 apended  crsh n1"),
        fill("node n1 as A"),
        fill("then say \"a\" # why"),
        wide("n1 "),
        wide("c1 c2 c3 "),
        wide("x"),
        format!("{head}given n1 {}", "logg=1 ".repeat(9_000)),
        format!("{head}given n1 log={}", "1,".repeat(30_000)),
    ]
}

/// Texts of cards that are not there, for what no entry's card has.
fn of_fakes(cases: u32, dice: &mut Dice) {
    let (texts, words) = (ten(), vocabulary());
    let links: Vec<String> = texts.iter().flat_map(|t| write(&Address::text(t))).collect();
    let (mut text, mut link) = (Slowest::default(), Slowest::default());
    for _ in 0..cases {
        let of = dice.below(texts.len());
        text.time(mutate(&texts[of], &words, dice), |t| text_case(t, ALL));
        link.time(link_case(&links[of], dice), |l| drop(parse_fragment(l)));
    }
    text.tell("texts of the language's examples");
    link.tell("links with bytes knocked over");
}

/// What ships, and links to it as the page writes them.
fn of_shipped(cases: u32, dice: &mut Dice) {
    let (texts, cards) = (shipped(), protocols::entries());
    let words = vocabulary_of(texts.iter().map(|(_, text)| text.as_str()));
    let links = written(&texts, &cards);
    let source = |l: &String| match parse_fragment(l).ok()?.source {
        engine::scenario::link::Source::Text(text) => Some(text),
        _ => None,
    };
    let inside: Vec<String> = links.iter().filter_map(source).collect();
    let (mut text, mut link) = (Slowest::default(), Slowest::default());
    for _ in 0..cases {
        text.time(mutate(&dice.one(&texts).1, &words, dice), |t| text_case(t, &cards));
        let (i, j) = (dice.below(links.len()), dice.below(links.len()));
        let changed = mutate_link(&links[i], &links[j], dice);
        link.time(changed, |l| drop(judge(l, &inside)));
    }
    text.tell("texts of shipped scenarios");
    link.tell("links changed by their grammar, read twice and written again");
}

fn main() {
    let cases: u32 = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(1_000_000);
    let mut dice = Dice(1);
    of_fakes(cases / 4, &mut dice);
    of_shipped(cases / 4, &mut dice);
    let mut giant = Slowest::default();
    giants().into_iter().for_each(|g| giant.time(g, |t| text_case(t, ALL)));
    giant.tell("texts at the limits");
    println!("the worst begins: {:?}", giant.input.get(..120));
}
