//! A million bad texts and links: nothing panics, and no case takes long.
//!
//! `cargo bench -p lamplight-engine --bench badinput [-- CASES]` prints the mean and the worst time.

#![allow(clippy::disallowed_types)] // it is the clock on the wall that is asked here

#[path = "../tests/fakes/mod.rs"]
mod fakes;

use std::time::{Duration, Instant};

use engine::scenario::link::{Address, parse_fragment, write};
use engine::scenario::{canonical, parse, tidy};
use fakes::mutate::{Dice, mutate, vocabulary};
use fakes::{ALL, ten};

/// Slowest case of a kind so far.
#[derive(Default)]
struct Worst {
    time: Duration,
    total: Duration,
    cases: u32,
    input: String,
}

impl Worst {
    fn time(&mut self, input: String, run: fn(&str)) {
        let took = timed(&input, run);
        self.total += took;
        self.cases += 1;
        // a case that is slow once may only have had to wait for the machine
        if took > self.time && (0..5).all(|_| timed(&input, run) > self.time) {
            (self.time, self.input) = (timed(&input, run).min(took), input);
        }
    }

    fn print(&self, what: &str) {
        let mean = self.total / self.cases.max(1);
        println!(
            "{what}: {} cases, mean {mean:?}, worst {:?} ({} bytes)",
            self.cases,
            self.time,
            self.input.len()
        );
    }
}

fn timed(input: &str, run: fn(&str)) -> Duration {
    let start = Instant::now();
    run(input);
    start.elapsed()
}

fn text_case(text: &str) {
    let _ = tidy(text);
    if let Ok(s) = parse(text, ALL) {
        assert!(parse(&canonical(&s), ALL).is_ok_and(|again| again.meaning() == s.meaning()));
    }
}

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

fn main() {
    let cases: u32 = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(1_000_000);
    let (texts, words, mut dice) = (ten(), vocabulary(), Dice(1));
    let (mut text, mut link, mut giant) = (Worst::default(), Worst::default(), Worst::default());
    let links: Vec<String> = texts.iter().flat_map(|t| write(&Address::text(t))).collect();
    for _ in 0..cases / 2 {
        let of = dice.below(texts.len());
        text.time(mutate(&texts[of], &words, &mut dice), text_case);
        link.time(link_case(&links[of], &mut dice), |l| drop(parse_fragment(l)));
    }
    giants().into_iter().for_each(|g| giant.time(g, text_case));
    text.print("texts");
    link.print("links");
    giant.print("texts at the limits");
    println!("the worst begins: {:?}", giant.input.get(..120));
}
