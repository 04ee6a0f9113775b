//! What nodes hold and what they say to each other about it.

use serde::Serialize;

use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::Message;
use crate::value::Value;

/// What decides between two writes of a key: the counter, then the node, then the node's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Version {
    pub counter: u64,
    pub node: NodeId,
    /// How often the node had been started again: a forgetful one does not use a version twice.
    pub boot: u32,
}

impl Version {
    /// Greater wins. Between equal counters it may be the lower node, as long as all agree.
    pub fn rank(self, low: bool) -> (u64, u16, u32) {
        let node = if low { u16::MAX - self.node.0 } else { self.node.0 };
        (self.counter, node, self.boot)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    pub key: Value,
    /// None is a tombstone.
    pub value: Option<Value>,
    pub version: Version,
    /// By the wall clock of whoever wrote it. A tombstone has been expired from its first moment.
    pub expires_at: Option<Span>,
}

/// An increment. It is the origin's `seq`-th of that life, so it is counted once wherever it comes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Add {
    pub key: Value,
    pub by: i64,
    pub origin: NodeId,
    pub boot: u32,
    pub seq: u64,
}

pub type AddId = (NodeId, u32, u64);

impl Add {
    pub fn id(&self) -> AddId {
        (self.origin, self.boot, self.seq)
    }
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Replicate { boot: u32, seq: u64, items: Vec<Item>, adds: Vec<Add> },
    ReplicateAck { boot: u32, seq: u64 },
    Digest { whole: Option<u32>, versions: Vec<(Value, Version)>, adds: Vec<AddId> },
    DigestDiff { whole: Option<u32>, items: Vec<Item>, adds: Vec<Add>, want: Vec<Value> },
}

named!(Msg { Replicate, ReplicateAck, Digest, DigestDiff });

impl Message for Msg {
    fn quiet(&self) -> bool {
        matches!(self, Msg::Digest { whole: None, .. })
    }
    fn bytes(&self) -> u32 {
        let entries = match self {
            Msg::Replicate { items, adds, .. } => items.len() + adds.len(),
            Msg::ReplicateAck { .. } => 0,
            Msg::Digest { versions, adds, .. } => versions.len() + adds.len(),
            Msg::DigestDiff { items, adds, want, .. } => items.len() + adds.len() + want.len(),
        };
        32 + 32 * entries as u32
    }
}
