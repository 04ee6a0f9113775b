//! What an entry of the catalogue declares about itself: constants the parser, the checker and the page
//! read without knowing which protocol they belong to.

use crate::ids::{MS, SEC, Us};

/// A sentence that only printed pages, tests and tools read: the page would carry it for nothing.
pub const fn printed(says: &'static str) -> &'static str {
    if cfg!(target_arch = "wasm32") { "" } else { says }
}

/// The same for a list.
pub const fn listed(all: &'static [&'static str]) -> &'static [&'static str] {
    if cfg!(target_arch = "wasm32") { &[] } else { all }
}

/// The declaration of one protocol.
#[derive(Debug)]
pub struct Entry {
    /// The word after `run`, and the folder's name with `_` for `-`.
    pub id: &'static str,
    pub title: &'static str,
    /// One sentence for the catalogue.
    pub says: &'static str,
    /// Rows of the subject this entry keeps, such as `"3.2"`.
    pub rows: &'static [&'static str],
    /// Where it is from: papers and sections. `listed`.
    pub sources: &'static [&'static str],
    pub roles: &'static [Role],
    pub params: &'static [ParamCard],
    /// Fields `given NODE field=…` may set, each with a sentence that is `printed`.
    pub givens: &'static [(&'static str, &'static str)],
    pub ops: &'static [OpCard],
    pub kinds: &'static [KindCard],
    pub timers: &'static [&'static str],
    pub reasons: &'static [ReasonCard],
    pub claims: &'static [ClaimCard],
    pub bugs: &'static [BugCard],
    /// Byzantine behaviours of its own, for `turn`.
    pub lies: &'static [LieCard],
    pub meters: &'static [MeterCard],
    pub tolerates: &'static [Fault],
    /// What the paper calls its epochs: term, ballot, view. Empty where it has none.
    pub epoch: &'static str,
    pub layout: Layout,
    /// What stands below its topology first.
    pub view: View,
    /// The same for single shipped scenarios, by slug, that teach better with another.
    pub views: &'static [(&'static str, View)],
    /// Write delay assumed where the text gives none.
    pub disk: Us,
    /// What of the card is not built, and what that costs. `printed`.
    pub left_out: &'static str,
    /// The scenario a first visit to the entry opens.
    pub first: &'static str,
    /// What makes a run interesting at once.
    pub stirs: &'static [StirCard],
}

/// Acts that lead into what a protocol is famous for, at whatever moment they are done.
#[derive(Debug)]
pub struct StirCard {
    /// The verb on its button.
    pub name: &'static str,
    /// What comes of it, in a sentence.
    pub says: &'static str,
    /// Each with the line below that hangs on it, or `""`. Names of roles and states stand for nodes: `{leader}`,
    /// `{proposer 2}`, `{follower *}` for each of them in turn.
    pub acts: &'static [(&'static str, &'static str)],
}

/// A way of lying.
#[derive(Debug)]
pub struct LieCard {
    pub slug: &'static str,
    pub says: &'static str,
    /// What it may be told, as `key=value`.
    pub fields: &'static [(&'static str, Takes)],
}

/// What stands behind the `=` of a lie's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nodes of the run, by commas.
    Nodes,
    /// A time, perhaps with a sign.
    Time,
}

pub const fn lie(
    slug: &'static str,
    says: &'static str,
    fields: &'static [(&'static str, Takes)],
) -> LieCard {
    LieCard { slug, says, fields }
}

/// A part of the cast.
#[derive(Debug)]
pub struct Role {
    pub name: &'static str,
    /// Nodes are called by it and a number: `n1`; `Count::One` leaves the number away.
    pub prefix: &'static str,
    /// The first number.
    pub first: u8,
    pub count: Count,
    /// 0 at the top (clients), higher further down (servers, storage).
    pub tier: u8,
    /// Words for `is`: the states its nodes may be in.
    pub states: &'static [&'static str],
}

#[derive(Debug, Clone, Copy)]
pub enum Count {
    One,
    /// As many as this parameter says.
    Param(&'static str),
    Fixed(u16),
}

#[derive(Debug)]
pub struct ParamCard {
    pub name: &'static str,
    pub unit: Unit,
    /// As a scenario would write it.
    pub default: &'static str,
    pub says: &'static str,
    /// Links were out before it was there: at its default, the identity of a run does not speak of it.
    pub later: bool,
}

impl ParamCard {
    /// Of a parameter that an entry got after its first links.
    pub const fn later(self) -> ParamCard {
        ParamCard { later: true, ..self }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    Count {
        min: i64,
        max: i64,
    },
    Time {
        min: Us,
        max: Us,
    },
    TimeRange,
    /// Parts per million from 0 to 100 %.
    Share,
    Rate,
    Choice(&'static [&'static str]),
    Flag,
    /// Any word: a pattern of names, say.
    Text,
}

/// The closed vocabulary of client operations; `Call` carries a protocol's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Put,
    Cas,
    Add,
    Append,
    Push,
    Pop,
    Publish,
    Subscribe,
    Transact,
    Lookup,
    Call(&'static str),
}

impl Verb {
    pub fn word(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Put => "put",
            Verb::Cas => "cas",
            Verb::Add => "add",
            Verb::Append => "append",
            Verb::Push => "push",
            Verb::Pop => "pop",
            Verb::Publish => "publish",
            Verb::Subscribe => "subscribe",
            Verb::Transact => "transact",
            Verb::Lookup => "lookup",
            Verb::Call(word) => word,
        }
    }
}

#[derive(Debug)]
pub struct OpCard {
    pub verb: Verb,
    /// Names of the role whose nodes take it.
    pub role: &'static str,
    /// Names of its arguments: `["key", "value"]`; one that may be left away ends in `?`, many in `*`.
    pub args: &'static [&'static str],
    pub says: &'static str,
}

#[derive(Debug)]
pub struct KindCard {
    /// The message's name in the paper.
    pub name: &'static str,
    pub fields: &'static [&'static str],
    pub says: &'static str,
}

/// How loudly a reason is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// In the event list only.
    Quiet,
    /// Told where nothing more important is.
    Aside,
    /// The caption.
    Key,
}

#[derive(Debug)]
pub struct ReasonCard {
    pub slug: &'static str,
    pub weight: Weight,
    pub fields: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    Safety,
    /// Judged when nothing is under way.
    AtRest,
    /// Something good within a deadline.
    Liveness,
}

#[derive(Debug)]
pub struct ClaimCard {
    pub name: &'static str,
    pub kind: ClaimKind,
    pub says: &'static str,
}

/// A deliberate mistake.
#[derive(Debug)]
pub struct BugCard {
    pub slug: &'static str,
    pub says: &'static str,
    /// Claims it breaks, the one that names it first; `history` for a history model.
    pub breaks: &'static [&'static str],
    /// Slug of the shipped scenario that shows it, without the entry.
    pub shown_by: &'static str,
}

#[derive(Debug)]
pub struct MeterCard {
    pub name: &'static str,
    pub unit: &'static str,
    pub says: &'static str,
    /// The meter of which this says how far it may be off, either way.
    pub bounds: Option<&'static str>,
}

/// What an entry promises to bear. The random swarm stays inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Crash,
    Amnesia,
    Pause,
    Loss,
    Duplication,
    Reordering,
    Partition,
    ClockError,
    SlowDisk,
    Lies,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Rows by tier; the first tier with three or more nodes may bend into an arc.
    Tiers,
    /// Nodes of the lowest tier on a hash ring.
    Ring,
    /// A circle without a centre: peers.
    Circle,
}

/// A view of the lower stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The run in space and time.
    Messages,
    /// The same, with what each round trip can tell and what it cannot: where clocks are compared.
    Rounds,
    /// The same, with the cuts that the nodes draw themselves: each tells its point by the reason `told`, and points of
    /// one cut have the same field `of`.
    Points { told: &'static str, of: &'static str },
    /// What the nodes hold under a key.
    Exhibit(&'static str),
    /// The operations of the clients, and whether one order explains them.
    Operations,
    /// What the run measures, over its time.
    Measures,
}

impl Entry {
    pub fn param(&self, name: &str) -> Option<&'static ParamCard> {
        self.params.iter().find(|p| p.name == name)
    }
    pub fn bug_bit(&self, slug: &str) -> Option<u64> {
        self.bugs.iter().position(|b| b.slug == slug).map(|i| 1 << i)
    }
}

// ---------------------------------------------------------------- names as words

/// `ElectionTimeout` as `Election Timeout`.
pub fn split_camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(c) = letters.next() {
        // Of several capitals the last begins the next word.
        let begins = before.is_ascii_lowercase()
            || before.is_ascii_uppercase() && letters.peek().is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && begins {
            out.push(' ');
        }
        out.push(c);
        before = c;
    }
    out
}

/// The name of a claim at the beginning of a sentence: `ElectionSafety` is read as `Election safety`.
pub fn claim_words(name: &str) -> String {
    let words = split_camel(name);
    let mut words = words.split(' ');
    let mut out = words.next().unwrap_or_default().to_string();
    for word in words {
        out.push(' ');
        match word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase()) {
            true => out.push_str(word),
            false => out.push_str(&word.to_ascii_lowercase()),
        }
    }
    out
}

// ---------------------------------------------------------------- lines of a card

/// Clients `c1`, `c2` … as most entries have them: above the nodes that serve them.
pub const CLIENT: Role = Role {
    name: "client",
    prefix: "c",
    first: 1,
    count: Count::Param("clients"),
    tier: 0,
    states: &["idle", "waiting"],
};

/// A length of time that is not nothing, and any length of time.
pub const LONG: Unit = Unit::Time { min: MS, max: 3600 * SEC };
pub const ANY: Unit = Unit::Time { min: 0, max: 3600 * SEC };

/// An operation of clients.
pub const fn op(verb: Verb, args: &'static [&'static str], says: &'static str) -> OpCard {
    OpCard { verb, role: CLIENT.name, args, says }
}

pub const fn param(
    name: &'static str,
    unit: Unit,
    default: &'static str,
    says: &'static str,
) -> ParamCard {
    ParamCard { name, unit, default, says, later: false }
}

pub const fn kind(
    name: &'static str,
    fields: &'static [&'static str],
    says: &'static str,
) -> KindCard {
    KindCard { name, fields, says: printed(says) }
}

pub const fn why(
    slug: &'static str,
    weight: Weight,
    fields: &'static [&'static str],
) -> ReasonCard {
    ReasonCard { slug, weight, fields }
}

pub const fn key(slug: &'static str, fields: &'static [&'static str]) -> ReasonCard {
    why(slug, Weight::Key, fields)
}

pub const fn aside(slug: &'static str, fields: &'static [&'static str]) -> ReasonCard {
    why(slug, Weight::Aside, fields)
}

pub const fn quiet(slug: &'static str, fields: &'static [&'static str]) -> ReasonCard {
    why(slug, Weight::Quiet, fields)
}

pub const fn claim(name: &'static str, kind: ClaimKind, says: &'static str) -> ClaimCard {
    ClaimCard { name, kind, says }
}

pub const fn safety(name: &'static str, says: &'static str) -> ClaimCard {
    claim(name, ClaimKind::Safety, says)
}

pub const fn bug(
    slug: &'static str,
    breaks: &'static [&'static str],
    shown_by: &'static str,
    says: &'static str,
) -> BugCard {
    BugCard { slug, says, breaks, shown_by: printed(shown_by) }
}

pub const fn meter(name: &'static str, unit: &'static str, says: &'static str) -> MeterCard {
    MeterCard { name, unit, says: printed(says), bounds: None }
}

/// A meter that says how far the meter `of` may be off, either way.
pub const fn bound(
    name: &'static str,
    unit: &'static str,
    of: &'static str,
    says: &'static str,
) -> MeterCard {
    MeterCard { bounds: Some(of), ..meter(name, unit, says) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_words() {
        assert_eq!(split_camel("ElectionTimeout"), "Election Timeout");
        assert_eq!(claim_words("ElectionSafety"), "Election safety");
        assert_eq!(claim_words("AC1"), "AC1");
        assert_eq!(claim_words("AMajorityIsEnough"), "A majority is enough");
        assert_eq!(claim_words("FIFOOrder"), "FIFO order");
    }
}
