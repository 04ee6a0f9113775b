//! Names of things, as small integers. Every id is an index into something append-only, given out in
//! order, so that a replay gives the same thing the same id.

use serde::{Serialize, Serializer};

/// Microseconds: of simulated time, of a node's clock, or a length of time.
pub type Us = u64;

pub const MS: Us = 1_000;
pub const SEC: Us = 1_000_000;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
        pub struct $name(pub $int);
        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id! {
    /// A member of the cast, by its place in it.
    NodeId(u16)
}
id! {
    /// A message as sent: copies made by the network have their own.
    MsgId(u32)
}
id! {
    /// An event of the trace.
    EventId(u32)
}
id! {
    /// A client operation.
    OpId(u32)
}
id! {
    /// A timer from the arming that found it unarmed to its firing, disarming or loss.
    TimerId(u32)
}
id! {
    /// A record on its way to a node's disk.
    Mark(u32)
}

impl EventId {
    /// No event: an effect nobody caused (a node's first start).
    pub const NONE: EventId = EventId(u32::MAX);
    pub fn some(self) -> Option<EventId> {
        (self != Self::NONE).then_some(self)
    }
}

/// A protocol writes a node's id into its messages; readers see the node's name.
impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_newtype_struct("NodeId", &self.0)
    }
}

impl Serialize for OpId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(self.0)
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(self.0)
    }
}

/// A length of time inside a message, reason or state: shown with its unit, compared with one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Span(pub i64);

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_newtype_struct("Span", &self.0)
    }
}

/// A position in a hash space: shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Hex(pub u64);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_newtype_struct("Hex", &self.0)
    }
}
