//! What a run of the ring may choose, and what follows from it for each node.

use std::cell::OnceCell;

use super::NODE;
use super::ring::{self, Mistakes, Placing, Scheme};
use super::view::View;
use crate::hash::Hash;
use crate::ids::{NodeId, Us};
use crate::protocol::{Cast, ParamSet, Refusal};
use crate::value::Value;

/// Tokens on one ring: more are not drawn, and would only be slow.
const MAX_TOKENS: u64 = 65_536;
const MAX_KEYS: u32 = 20_000;

#[derive(Clone, Debug)]
pub struct Params {
    pub placing: Placing,
    names: Vec<String>,
    weights: Vec<u32>,
    racks: Vec<u16>,
    /// As the scenario calls them.
    rack_words: Vec<String>,
    rack_aware: bool,
    /// Copies of each key (RF).
    pub replicas: usize,
    quorum: Quorum,
    /// How long a router waits for a node.
    pub timeout: Us,
    /// How long a coordinator waits for a home before it leaves a hint.
    pub patience: Us,
    /// Time between attempts to bring a hint home.
    pub handoff: Us,
    /// Load of every node at the start, in parts per million of what it can bear; 0: nobody is counting.
    pub utilisation: i64,
    genesis: OnceCell<View>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quorum {
    One,
    Majority,
    All,
}

impl crate::protocol::Params for Params {
    fn read(from: &ParamSet) -> Result<Params, Refusal> {
        let nodes = from.count("nodes") as usize;
        let placing = Placing {
            scheme: scheme(from)?,
            vnodes: from.count("vnodes"),
            normalised: from.word("weighting") == "libketama",
        };
        let params = Params {
            placing,
            names: names(from.word("names"), nodes)?,
            weights: per_node("weights", from.get("weights"), nodes)?,
            racks: racks(from.get("racks"), nodes)?,
            rack_words: rack_words(from.get("racks")),
            rack_aware: from.flag("rack-aware"),
            replicas: from.count("replicas") as usize,
            quorum: quorum(from.word("quorum")),
            timeout: from.time("timeout"),
            patience: from.time("patience"),
            handoff: from.time("handoff"),
            utilisation: from.int("utilisation"),
            genesis: OnceCell::new(),
        };
        params.within_limits()
    }
}

impl Params {
    fn within_limits(self) -> Result<Params, Refusal> {
        let weight: u64 = self.weights.iter().map(|w| u64::from(*w)).sum();
        let tokens = weight * u64::from(self.placing.vnodes);
        let again = |(i, name): (usize, &String)| self.names[..i].contains(name);
        let twice = self.names.iter().enumerate().any(again);
        match () {
            () if tokens > MAX_TOKENS => Err(Refusal::of(
                "vnodes",
                format!(
                    "{tokens} tokens are more than {MAX_TOKENS}: fewer vnodes, nodes or weight"
                ),
            )),
            () if twice => {
                Err(Refusal::of("names", "two nodes have one name, so every token collides"))
            }
            () => Ok(self),
        }
    }

    /// The first view: everybody who is there at the start, in order.
    pub fn genesis(&self, cast: &Cast, mistakes: Mistakes) -> View {
        let present = || cast.of_role(NODE).filter(|n| !cast.members[n.index()].absent);
        let seats = || present().map(|n| (n, 0)).collect();
        self.genesis.get_or_init(|| View::of(self, cast, 1, seats(), mistakes)).clone()
    }

    /// A node as the ring sees it.
    pub fn member(&self, cast: &Cast, node: NodeId, salt: u64) -> ring::Member {
        let place = cast.members[node.index()].place as usize;
        ring::Member {
            node,
            name: self.names.get(place).cloned().unwrap_or_default(),
            weight: self.weights.get(place).copied().unwrap_or(1),
            salt,
        }
    }

    /// How many tokens a node brings along.
    pub fn tokens(&self, cast: &Cast, node: NodeId) -> u32 {
        self.placing.vnodes.saturating_mul(self.member(cast, node, 0).weight)
    }

    /// Where a node stands: nodes without racks each have their own.
    pub fn rack(&self, cast: &Cast, node: NodeId) -> u16 {
        let place = cast.members[node.index()].place;
        self.racks.get(place as usize).copied().unwrap_or(1_000 + place)
    }

    pub fn rack_word(&self, cast: &Cast, node: NodeId) -> Option<&str> {
        let place = cast.members[node.index()].place as usize;
        self.rack_words.get(place).filter(|_| self.racks_given()).map(String::as_str)
    }

    pub fn racks_given(&self) -> bool {
        !self.racks.is_empty()
    }

    pub fn rack_aware(&self) -> bool {
        self.rack_aware
    }

    /// The rack as the preference list sees it.
    pub fn rack_in_lists(&self, cast: &Cast, node: NodeId) -> u16 {
        match self.rack_aware {
            true => self.rack(cast, node),
            false => node.0,
        }
    }

    pub fn equal_weights(&self) -> bool {
        self.weights.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// Homes that must have a write before it is acknowledged (W).
    pub fn write_quorum(&self, homes: usize) -> usize {
        match self.quorum {
            Quorum::One => 1,
            Quorum::Majority => homes / 2 + 1,
            Quorum::All => homes,
        }
    }

    /// Homes that must answer a read (R = RF − W + 1), so that it meets every acknowledged write.
    pub fn read_quorum(&self, homes: usize) -> usize {
        (homes + 1).saturating_sub(self.write_quorum(homes)).max(1)
    }
}

fn scheme(from: &ParamSet) -> Result<Scheme, Refusal> {
    let separator = from.word("separator").chars().next().unwrap_or('_');
    match from.word("hash") {
        "ketama" => Ok(Scheme::Ketama),
        name => Hash::named(name)
            .map(|hash| Scheme::Plain(hash, separator))
            .ok_or_else(|| Refusal::of("hash", format!("no hash is called {name}"))),
    }
}

/// `10.0.0.%:11211` with each node's number for the `%`, or a name for each node.
fn names(text: &str, nodes: usize) -> Result<Vec<String>, Refusal> {
    if text.contains('%') {
        return Ok((1..=nodes).map(|n| text.replace('%', &n.to_string())).collect());
    }
    let names: Vec<String> = text.split(',').map(str::to_string).collect();
    match names.len() == nodes {
        true => Ok(names),
        false => Err(Refusal::of(
            "names",
            format!("names: {} for {nodes} nodes; give one each, or a pattern with %", names.len()),
        )),
    }
}

fn per_node(what: &'static str, value: Option<&Value>, nodes: usize) -> Result<Vec<u32>, Refusal> {
    let text = value.map(Value::print).unwrap_or_default();
    let read = |word: &str| word.parse::<u32>().ok().filter(|w| (1..=16).contains(w));
    let list: Option<Vec<u32>> = text.split(',').map(read).collect();
    match list {
        Some(list) if list.len() == 1 => Ok(vec![list[0]; nodes]),
        Some(list) if list.len() == nodes => Ok(list),
        _ => Err(Refusal::of(
            what,
            format!("{what}: a number from 1 to 16 for each of {nodes} nodes"),
        )),
    }
}

/// `a,a,b,b`: equal words, equal racks. `none`: every node its own.
fn racks(value: Option<&Value>, nodes: usize) -> Result<Vec<u16>, Refusal> {
    let words = rack_words(value);
    if words == ["none"] {
        return Ok(vec![]);
    }
    let first = |word: &String| words.iter().position(|w| w == word).unwrap_or(0) as u16;
    match words.len() == nodes {
        true => Ok(words.iter().map(first).collect()),
        false => {
            Err(Refusal::of("racks", format!("racks: a word for each of {nodes} nodes, or none")))
        }
    }
}

fn rack_words(value: Option<&Value>) -> Vec<String> {
    let text = value.map(Value::print).unwrap_or_default();
    text.split(',').map(String::from).collect()
}

fn quorum(word: &str) -> Quorum {
    match word {
        "one" => Quorum::One,
        "all" => Quorum::All,
        _ => Quorum::Majority,
    }
}

/// The keys a word stands for: `user(10000)` is `user:0` to `user:9999`, any other word is itself.
pub fn dataset(word: &str) -> Result<Vec<String>, Refusal> {
    let Some((stem, count)) = word.strip_suffix(')').and_then(|w| w.split_once('(')) else {
        return Ok(vec![word.to_string()]);
    };
    match count.parse::<u32>() {
        Ok(count) if count <= MAX_KEYS => Ok((0..count).map(|i| format!("{stem}:{i}")).collect()),
        _ => Err(Refusal::new(format!("{word}: at most {MAX_KEYS} keys, as in user(10000)"))),
    }
}
