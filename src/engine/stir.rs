//! What makes a run interesting at once: acts of an entry's card, filled in with who is what at a moment.

use crate::card::StirCard;
use crate::ids::NodeId;
use crate::run::{Peek, Run};
use crate::world::Life;

/// An act as the text has it, and the line below that hangs on it, if there is one.
pub type Lines = (String, String);

/// The lines that stir a run at a moment, or who is missing for it.
pub fn lines(run: &Run, peek: &Peek, card: &StirCard) -> Result<Vec<Lines>, String> {
    let mut out = vec![];
    for (act, then) in card.acts {
        let each = match holes(act).find_map(|h| h.strip_suffix(" *")) {
            Some(word) => who(run, peek, word),
            None => vec![NodeId(0)],
        };
        for n in each {
            out.push((fill(run, peek, act, n)?, fill(run, peek, then, n)?));
        }
    }
    if out.is_empty() { Err("nobody is there for it".into()) } else { Ok(out) }
}

/// `{follower *}` is each in turn, `{proposer 2}` the second, `{leader}` the first.
fn fill(run: &Run, peek: &Peek, line: &str, each: NodeId) -> Result<String, String> {
    let mut out = line.to_string();
    for hole in holes(line) {
        let (word, place) = hole.split_once(' ').unwrap_or((hole, "1"));
        let node = match place.parse::<usize>() {
            Ok(nth) => who(run, peek, word).get(nth - 1).copied(),
            Err(_) => Some(each),
        };
        let missing = || {
            let other = if place == "1" { "" } else { "other " };
            format!("there is no {other}{} now", word.replace('|', " or "))
        };
        let id = &run.cast().members[node.ok_or_else(missing)?.index()].id;
        out = out.replace(&format!("{{{hole}}}"), id);
    }
    Ok(out)
}

fn holes(line: &str) -> impl Iterator<Item = &str> {
    line.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

/// Those that run and are in this role, or in this state; `a|b` is either.
fn who(run: &Run, peek: &Peek, word: &str) -> Vec<NodeId> {
    let roles = run.entry().roles;
    let is = |n: &NodeId| {
        let (role, state) = (roles[run.cast().role(*n) as usize].name, peek.face(*n).state);
        peek.life(*n) == Life::Up && word.split('|').any(|w| w == role || w == state)
    };
    run.cast().all().filter(is).collect()
}
