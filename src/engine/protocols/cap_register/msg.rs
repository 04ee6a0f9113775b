//! What clients and replicas say to each other, and what they say it about.

use serde::Serialize;

use crate::few::Few;
use crate::ids::{NodeId, OpId};
use crate::named;
use crate::protocol::Message;
use crate::value::Value;

/// A write's stamp: a counter, and the replica that gave it. No two writes share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Tag {
    pub ts: u64,
    pub node: NodeId,
}

/// A version vector: of each replica the highest stamp whose write is known, or known to be overwritten.
pub type Vector = Few<NodeId, u64>;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Version {
    pub tag: Tag,
    pub value: Value,
}

/// One key as a replica has it. All modes but siblings keep one version.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    pub key: Value,
    pub versions: Vec<Version>,
    /// The local modes' version vector.
    pub seen: Vector,
    /// Write-all: everybody is known to have this version.
    pub sure: bool,
}

impl Cell {
    pub fn one(key: &Value, tag: Tag, value: &Value) -> Cell {
        let versions = vec![Version { tag, value: value.clone() }];
        Cell { key: key.clone(), versions, seen: Vector::default(), sure: true }
    }
    pub fn tag(&self) -> Tag {
        self.versions.last().map_or(Tag::default(), |v| v.tag)
    }
    /// The newest value; a register nobody has written holds 0.
    pub fn value(&self) -> Value {
        self.versions.last().map_or(Value::Int(0), |v| v.value.clone())
    }
    pub fn values(&self) -> Vec<Value> {
        self.versions.iter().map(|v| v.value.clone()).collect()
    }
}

/// All keys a replica knows, in their order: equal stores look equal.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Store(pub Vec<Cell>);

impl Store {
    pub fn get(&self, key: &Value) -> Option<&Cell> {
        self.0.iter().find(|c| c.key == *key)
    }
    pub fn tag(&self, key: &Value) -> Tag {
        self.get(key).map_or(Tag::default(), Cell::tag)
    }
    pub fn value(&self, key: &Value) -> Value {
        self.get(key).map_or(Value::Int(0), Cell::value)
    }
    pub fn put(&mut self, cell: Cell) {
        let at = self.0.partition_point(|c| c.key < cell.key);
        match self.0.get_mut(at).filter(|c| c.key == cell.key) {
            Some(old) => *old = cell,
            None => self.0.insert(at, cell),
        }
    }
    /// Take over a version with a greater stamp; true if it was greater.
    pub fn adopt(&mut self, cell: &Cell) -> bool {
        let greater = cell.tag() > self.tag(&cell.key);
        if greater {
            self.put(cell.clone());
        }
        greater
    }
}

/// What a client wants: to read a key, or to write a value into it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wish {
    pub op: OpId,
    pub key: Value,
    /// None reads.
    pub value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Ok,
    /// Surely not executed.
    Unavailable,
    /// Begun, and perhaps not ended.
    Unknown,
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Get { wish: Wish },
    Put { wish: Wish, seen: Vector },
    Answer { op: OpId, key: Value, status: Status, values: Vec<Value>, seen: Vector },
    Forward { wish: Wish, term: u64 },
    ReadQuery { op: OpId, key: Value },
    ReadReply { op: OpId, cell: Cell },
    Update { op: OpId, cell: Cell },
    Ack { op: OpId },
    LeaseRequest { term: u64, round: u64, claim: bool },
    LeaseGrant { term: u64, round: u64, cells: Store },
    LeaseRefusal { term: u64 },
    Replicate { term: u64, nr: u64, cells: Store },
    Stored { term: u64, nr: u64 },
    Flush { cells: Store },
    Digest { vectors: Vec<(Value, Vector)> },
    Repair { cells: Store },
    Inv { cell: Cell },
    InvAck { key: Value, tag: Tag },
    Val { key: Value, tag: Tag },
}

named!(Msg {
    Get,
    Put,
    Answer,
    Forward,
    ReadQuery,
    ReadReply,
    Update,
    Ack,
    LeaseRequest,
    LeaseGrant,
    LeaseRefusal,
    Replicate,
    Stored,
    Flush,
    Digest,
    Repair,
    Inv,
    InvAck,
    Val,
});

impl Message for Msg {
    fn epoch(&self) -> u64 {
        match self {
            Msg::Forward { term, .. }
            | Msg::LeaseRequest { term, .. }
            | Msg::LeaseGrant { term, .. }
            | Msg::LeaseRefusal { term }
            | Msg::Replicate { term, .. }
            | Msg::Stored { term, .. } => *term,
            _ => 0,
        }
    }

    /// Renewals of the lease, and digests.
    fn quiet(&self) -> bool {
        match self {
            Msg::LeaseRequest { claim, .. } => !claim,
            Msg::LeaseGrant { cells, .. } => cells.0.is_empty(),
            Msg::Digest { .. } => true,
            _ => false,
        }
    }
}
