//! What clients and replicas say to each other, and the writes they say it about.

use serde::Serialize;

use crate::ids::{NodeId, OpId};
use crate::named;
use crate::protocol::Message;
use crate::value::Value;

/// Of each replica, how many of its writes: those applied here, or those a write came after.
pub type Vector = Vec<u64>;

/// A write on its way: the `seq`-th of its origin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Write {
    pub origin: NodeId,
    pub seq: u64,
    /// What was applied at its origin when it was made, and itself.
    pub vc: Vector,
    pub key: Value,
    pub val: Value,
    /// Lamport's number: with the origin, an order of all writes that no write's causes come after.
    pub lww_stamp: u64,
    pub op: OpId,
}

impl Write {
    pub fn dot(&self) -> (NodeId, u64) {
        (self.origin, self.seq)
    }
    pub fn rank(&self) -> (u64, NodeId) {
        (self.lww_stamp, self.origin)
    }
}

/// The entry of the replica at this place.
pub fn known(v: &Vector, at: usize) -> u64 {
    v.get(at).copied().unwrap_or(0)
}

/// Entry by entry the larger.
pub fn join(v: &mut Vector, more: &Vector) {
    if v.len() < more.len() {
        v.resize(more.len(), 0);
    }
    for (mine, n) in v.iter_mut().zip(more) {
        *mine = (*mine).max(*n);
    }
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Get { op: OpId, key: Value, context: Vector },
    Put { op: OpId, key: Value, val: Value, context: Vector },
    Answer { op: OpId, val: Value, seen: Vector },
    Write(Write),
    Ack { have: u64 },
}

named!(Msg { Get, Put, Answer, Write, Ack });

impl Message for Msg {
    /// The vector is what causality costs: a counter for every replica.
    fn bytes(&self) -> u32 {
        let entries = match self {
            Msg::Get { context: v, .. } | Msg::Put { context: v, .. } => v.len(),
            Msg::Answer { seen: v, .. } => v.len(),
            Msg::Write(w) => w.vc.len(),
            Msg::Ack { .. } => 0,
        };
        32 + 8 * entries as u32
    }
}
