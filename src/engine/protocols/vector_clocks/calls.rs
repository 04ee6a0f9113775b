//! What a node may be asked, read from the words of a scenario.

use crate::ids::NodeId;
use crate::protocol::{Cast, Op};
use crate::value::Value;

#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// One message to one node.
    Tell(NodeId),
    /// One message to a node the dice name.
    Chat,
    /// The same message to everybody: one event.
    Shout,
    Local,
    Put {
        key: String,
        value: Value,
    },
    Get {
        key: String,
    },
    /// Everything this node holds, to another.
    Sync(NodeId),
    /// A point of a cut.
    Record(i64),
}

impl Call {
    /// `None` if it names nobody else, or nothing at all.
    pub fn read(cast: &Cast, me: NodeId, op: &Op) -> Option<Call> {
        let other = || cast.find(&op.arg(0)?.print()).filter(|n| *n != me);
        let key = || op.key().map(Value::print);
        Some(match op.verb {
            "tell" => Call::Tell(other()?),
            "sync" => Call::Sync(other()?),
            "chat" if cast.len() > 1 => Call::Chat,
            "shout" if cast.len() > 1 => Call::Shout,
            "local" => Call::Local,
            "put" => Call::Put { key: key()?, value: op.arg(1)?.clone() },
            "get" => Call::Get { key: key()? },
            "record" => Call::Record(op.arg(0)?.as_int()?),
            _ => return None,
        })
    }
}
