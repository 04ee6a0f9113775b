//! Writes, and what clients and replicas say to each other.

use serde::Serialize;

use crate::few::Few;
use crate::ids::{NodeId, OpId};
use crate::named;
use crate::protocol::Message;
use crate::seq::Seq;
use crate::value::Value;

/// The `seq`-th write of the replica it was given to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Write {
    pub origin: NodeId,
    pub seq: u64,
    pub op: OpId,
    pub key: Value,
    pub val: Value,
}

/// What a client has seen: a replica that has delivered less is behind it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Context {
    /// All up to this number.
    pub gseq: u64,
    /// Own writes that were answered before they had a number: by origin, up to which.
    pub wrote: Few<NodeId, u64>,
}

/// A client's operation.
#[derive(Clone, Debug, Serialize)]
pub struct Ask {
    pub op: OpId,
    pub key: Value,
    /// None reads.
    pub val: Option<Value>,
    pub context: Context,
}

/// What a replica brings into a new epoch.
#[derive(Clone, Debug, Serialize)]
pub struct Brought {
    /// The epoch in which it got its log.
    pub settled: u64,
    pub log: Seq<Write>,
    pub delivered: u64,
}

/// `order` says in which sequence, where there are several.
#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Get { ask: Ask },
    Put { ask: Ask },
    Answer { op: OpId, key: Value, val: Option<Value>, context: Context },
    ToBcast { order: u8, write: Write },
    Order { order: u8, epoch: u64, gseq: u64, write: Write, stable: u64 },
    Missing { order: u8, settled: u64, from: u64, gap: bool },
    Have { order: u8, epoch: u64, upto: u64 },
    Stable { order: u8, epoch: u64, upto: u64 },
    Alive { order: u8, epoch: u64, upto: u64 },
    NewEpoch { order: u8, epoch: u64 },
    Promise { order: u8, epoch: u64, brought: Brought },
    Start { order: u8, epoch: u64, log: Seq<Write>, upto: u64 },
}

named!(Msg {
    Get,
    Put,
    Answer,
    ToBcast,
    Order,
    Missing,
    Have,
    Stable,
    Alive,
    NewEpoch,
    Promise,
    Start,
});

impl Msg {
    /// Which sequence it speaks of.
    pub fn order(&self) -> u8 {
        match self {
            Msg::Get { .. } | Msg::Put { .. } | Msg::Answer { .. } => 0,
            Msg::ToBcast { order, .. }
            | Msg::Order { order, .. }
            | Msg::Missing { order, .. }
            | Msg::Have { order, .. }
            | Msg::Stable { order, .. }
            | Msg::Alive { order, .. }
            | Msg::NewEpoch { order, .. }
            | Msg::Promise { order, .. }
            | Msg::Start { order, .. } => *order,
        }
    }
}

impl Message for Msg {
    /// The number it brings is its colour.
    fn epoch(&self) -> u64 {
        match self {
            Msg::Order { gseq, .. } => *gseq,
            _ => 0,
        }
    }

    fn quiet(&self) -> bool {
        matches!(self, Msg::Alive { .. } | Msg::Missing { gap: false, .. })
    }
}
