//! Exhibits: the closed vocabulary in which a protocol shows its inside.
//!
//! A protocol describes a node's state in these words, on demand; views draw the words and know no
//! protocol. Exhibits with the same key on several nodes stack into one picture.

use serde::Serialize;

use crate::ids::{NodeId, Us};

/// What one node shows.
#[derive(Clone, Debug, Default)]
pub struct Showcase {
    pub items: Vec<(&'static str, Exhibit)>,
    /// What a closed form expects of a meter in this state, in the meter's unit.
    pub theory: Vec<(&'static str, i64)>,
}

impl Showcase {
    /// Show something under a key; keys are the paper's words, never a field's name (`log`, `held-back`):
    /// they head the exhibit, with spaces for hyphens, and stand in links.
    pub fn add(&mut self, key: &'static str, exhibit: Exhibit) {
        self.items.push((key, exhibit));
    }

    /// Say what the theory expects of a meter, so that whoever draws the one can draw the other.
    pub fn expect(&mut self, meter: &'static str, value: i64) {
        self.theory.push((meter, value));
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Exhibit {
    Log(Log),
    Table(Table),
    Set(Vec<String>),
    Ring(Ring),
    Ranges(Vec<Range>),
    Queue(Vec<String>),
    Gauge {
        value: i64,
        max: i64,
        unit: &'static str,
    },
    Chart {
        states: &'static [&'static str],
        edges: &'static [(&'static str, &'static str)],
        current: &'static str,
    },
    Clock {
        entries: Vec<(NodeId, u64)>,
        /// A number that is kept beside it, and whose idea that is.
        beside: Option<(&'static str, u64)>,
    },
    Tree(Vec<(u32, String)>),
    Matrix {
        rows: Vec<String>,
        cols: Vec<String>,
        cells: Vec<Vec<String>>,
    },
    Spans(Spans),
    Lines(Vec<Waiting>),
    Text(String),
}

/// What waits for one other node, the first to go first: its word, and whether it is on its way and not yet heard to have come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    pub to: NodeId,
    pub items: Vec<(String, bool)>,
}

/// What several say of one value: each a stretch of the same axis, and where enough of them meet.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spans {
    /// Of the axis, as meters have it: `us`.
    pub unit: &'static str,
    pub rows: Vec<Stretch>,
    /// Where they meet.
    pub band: Option<(i64, i64)>,
    /// What is there, or why nothing is.
    pub says: String,
    /// The axis begins where the wall clock of this node stood, which has been turned by so much since. So true time has
    /// a place on it.
    pub turned: Option<i64>,
    /// That place. No node knows it; who looks at the run may.
    pub truth: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stretch {
    pub of: NodeId,
    /// From, to, and the point between them that is held most likely.
    pub at: Option<(i64, i64, i64)>,
    pub word: &'static str,
    /// It is not believed.
    pub out: bool,
}

/// An append-only list of cells, coloured by epoch or by owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// Index of the first cell.
    pub first: u64,
    /// Cells before that one, which nobody looks at any more: what is drawn is the end of a log.
    #[serde(skip)]
    pub before: u64,
    pub cells: Vec<Cell>,
    /// Cells up to this index are committed: they stand on the rule.
    pub committed: u64,
    /// Cells up to this index are applied.
    pub applied: u64,
    /// Cells up to this index are durable; the rest is drawn lighter.
    pub durable: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    pub text: String,
    /// Below it, in small; an epoch says its own number where nothing else does.
    pub under: String,
    pub colour: Colour,
}

impl Cell {
    /// A cell of a term, ballot or view.
    pub fn of_epoch(text: String, epoch: u64) -> Cell {
        Cell { text, under: epoch.to_string(), colour: Colour::Epoch(epoch) }
    }
    /// A cell of the node it comes from, with a word below.
    pub fn of_owner(text: String, under: String, owner: NodeId) -> Cell {
        Cell { text, under, colour: Colour::Owner(owner) }
    }
}

/// What gives a cell its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Colour {
    #[default]
    Ink,
    Epoch(u64),
    Owner(NodeId),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Tokens on a circle, and who owns the arc that ends at each.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ring {
    /// Position on the circle in 2⁻³² turns, and its owner.
    pub tokens: Vec<(u32, NodeId)>,
    /// Arcs being copied: (from, to] in 2⁻³² turns, giver, taker.
    pub moving: Vec<(u32, u32, NodeId, NodeId)>,
    /// Keys: position, name, holder.
    pub keys: Vec<(u32, String, NodeId)>,
    /// How the newest key found its holders, and when by the clock of whoever looked.
    #[serde(skip)]
    pub walk: Option<(Us, Walk)>,
}

/// From a key clockwise: whose the tokens are that are met, and whether each gets the key or is passed over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk {
    pub key: String,
    pub met: Vec<(NodeId, bool)>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Range {
    pub from: String,
    pub to: String,
    pub owner: NodeId,
    pub size: u64,
}

/// A timer as it stands on a node.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerFace {
    pub name: String,
    pub armed_at: Us,
    pub due: Us,
}
