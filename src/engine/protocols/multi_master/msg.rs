//! What clients and masters say to each other, and the versions they say it about.

use serde::Serialize;

use crate::ids::{NodeId, OpId};
use crate::named;
use crate::protocol::Message;
use crate::value::Value;

/// Of each master, up to which of its updates; masters are the first of the cast.
pub type Vector = Vec<u64>;

/// What stands where a key was deleted.
pub const DELETED: &str = "deleted";

/// One write, and the version it makes: its dot is (origin, seq), its causal past a version vector.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Update {
    pub origin: NodeId,
    pub seq: u64,
    pub key: Value,
    /// What the client had been shown of this key when it wrote.
    pub past: Vector,
    /// By the origin's wall clock, in milliseconds; only last-writer-wins looks at it.
    pub ts: u64,
    pub val: Value,
    /// Items taken out of a set, for the merge that knows of removals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Value>,
    pub op: OpId,
}

impl Update {
    /// The version as one vector: the past, and itself.
    pub fn version(&self) -> Vector {
        let mut v = self.past.clone();
        join_at(&mut v, self.origin, self.seq);
        v
    }
    /// Whether whoever wrote this had seen that version.
    pub fn covers(&self, other: &Update) -> bool {
        known(&self.past, other.origin) >= other.seq
    }
    pub fn dot(&self) -> (NodeId, u64) {
        (self.origin, self.seq)
    }
    pub fn deletes(&self) -> bool {
        self.val.as_word() == Some(DELETED)
    }
}

pub fn known(v: &Vector, n: NodeId) -> u64 {
    v.get(n.index()).copied().unwrap_or(0)
}

fn join_at(v: &mut Vector, n: NodeId, seq: u64) {
    if v.len() <= n.index() {
        v.resize(n.index() + 1, 0);
    }
    v[n.index()] = v[n.index()].max(seq);
}

/// Entry by entry the larger.
pub fn join(v: &mut Vector, more: &Vector) {
    for (i, seq) in more.iter().enumerate() {
        join_at(v, NodeId(i as u16), *seq);
    }
}

/// How a write is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    Put,
    /// Only if there is none yet.
    Create,
    /// Under a number nobody has yet.
    Allocate,
    /// So much more than there is.
    Add,
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Get { op: OpId, key: Value },
    Put { op: OpId, how: How, key: Value, val: Value, context: Vector, gone: Vec<Value> },
    Answer { op: OpId, ok: bool, key: Value, values: Vec<Value>, context: Vector, gone: Vec<Value> },
    Update(Update),
    Ack { origin: NodeId, seq: u64 },
    SyncReq { vv: Vector },
    SyncResp { missing: Vec<Update> },
}

named!(Msg { Get, Put, Answer, Update, Ack, SyncReq, SyncResp });

impl Message for Msg {
    fn quiet(&self) -> bool {
        matches!(self, Msg::SyncReq { .. })
    }
}
