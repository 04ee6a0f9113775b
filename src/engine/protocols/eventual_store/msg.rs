//! What replicas hold, and what clients and replicas say to each other about it.

use serde::{Serialize, Serializer};

use crate::ids::{NodeId, OpId, Span};
use crate::named;
use crate::protocol::Message;
use crate::value::Value;

/// A reading of whatever clock stamps are made from: milliseconds or a count, and behind it what a hybrid
/// clock counts while its milliseconds stand still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick {
    pub ts: u64,
    pub c: u64,
}

impl Tick {
    /// `5000`, `5000.1`
    pub fn print(self) -> String {
        match self.c {
            0 => self.ts.to_string(),
            c => [&self.ts.to_string(), ".", &c.to_string()].concat(),
        }
    }
}

impl Serialize for Tick {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.c == 0 { s.serialize_u64(self.ts) } else { s.serialize_str(&self.print()) }
    }
}

/// What decides between two writes of a key: the tick, then the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stamp {
    pub ts: Tick,
    pub node: NodeId,
}

impl Stamp {
    /// Greater wins. Between equal ticks it may be the lower node, as long as all agree.
    pub fn rank(self, low: bool) -> (Tick, u16) {
        (self.ts, if low { u16::MAX - self.node.0 } else { self.node.0 })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    pub key: Value,
    /// None is a tombstone.
    pub val: Option<Value>,
    pub stamp: Stamp,
    /// When a tombstone is thrown away, by the wall clock of whoever deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Get { op: OpId, key: Value },
    Put { op: OpId, key: Value, val: Option<Value>, seen: Tick },
    Answer { op: OpId, val: Value, seen: Tick },
    Replicate { boot: u32, seq: u64, items: Vec<Item> },
    ReplicateAck { boot: u32, seq: u64 },
    Digest { stamps: Vec<(Value, Stamp)> },
    DigestDiff { items: Vec<Item>, want: Vec<Value> },
}

named!(Msg { Get, Put, Answer, Replicate, ReplicateAck, Digest, DigestDiff });

impl Message for Msg {
    fn quiet(&self) -> bool {
        matches!(self, Msg::Digest { .. })
    }
    fn bytes(&self) -> u32 {
        let entries = match self {
            Msg::Replicate { items, .. } => items.len(),
            Msg::Digest { stamps } => stamps.len(),
            Msg::DigestDiff { items, want } => items.len() + want.len(),
            _ => 1,
        };
        32 + 32 * entries as u32
    }
}
