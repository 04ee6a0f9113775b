//! Tags, and what clients and replicas say to each other.

use serde::{Serialize, Serializer};

use crate::ids::{NodeId, OpId};
use crate::named;
use crate::protocol::Message;
use crate::value::Value;

/// A write's place in the one order of all writes: its timestamp, then who wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    pub ts: u64,
    /// None: nobody has written yet.
    pub writer: Option<NodeId>,
}

/// `4,c1`
impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (self.ts, self.writer).serialize(s)
    }
}

/// One register.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    pub key: Value,
    pub tag: Tag,
    pub val: Value,
}

impl Cell {
    /// As it is before anybody has written.
    pub fn unwritten(key: &Value) -> Cell {
        Cell { key: key.clone(), tag: Tag::default(), val: Value::Int(0) }
    }
}

/// A register for each key, in their order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Store(pub Vec<Cell>);

impl Store {
    pub fn get(&self, key: &Value) -> Cell {
        let found = self.0.iter().find(|c| c.key == *key);
        found.cloned().unwrap_or_else(|| Cell::unwritten(key))
    }
    pub fn put(&mut self, cell: &Cell) {
        let at = self.0.partition_point(|c| c.key < cell.key);
        match self.0.get_mut(at).filter(|c| c.key == cell.key) {
            Some(old) => *old = cell.clone(),
            None => self.0.insert(at, cell.clone()),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    ReadQuery { op: OpId, key: Value },
    ReadReply { op: OpId, key: Value, tag: Tag, val: Value },
    Update { op: OpId, key: Value, tag: Tag, val: Value },
    WriteBack { op: OpId, key: Value, tag: Tag, val: Value },
    Ack { op: OpId },
}

named!(Msg { ReadQuery, ReadReply, Update, WriteBack, Ack });

impl Message for Msg {
    fn epoch(&self) -> u64 {
        match self {
            Msg::ReadReply { tag, .. } | Msg::Update { tag, .. } | Msg::WriteBack { tag, .. } => {
                tag.ts
            }
            _ => 0,
        }
    }
}
