//! What clients and replicas say to each other, in the paper's letters.

use std::rc::Rc;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::app::App;
use crate::ids::{Hex, NodeId};
use crate::named;
use crate::protocol::{Message, Op, Signed};
use crate::value::Value;

pub type View = u64;
pub type SeqNo = u64;
/// A client and its timestamp: a request's name.
pub type Id = (NodeId, u64);
/// D(m), which nobody can make for another request: a client signs one request under each of its
/// timestamps, so the name is as good as a hash, and can be read. `None` is the null request.
pub type Digest = Option<Id>;
/// A request as its client signed it.
pub type Body = Rc<Signed<Request>>;

#[derive(Clone, Debug, serde::Serialize)]
pub struct Request {
    pub o: Op,
    pub t: u64,
    pub c: NodeId,
}

impl Request {
    pub fn id(&self) -> Id {
        (self.c, self.t)
    }
}

/// ⟨v, n, d, i⟩, as pre-prepare, prepare or commit.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Vote {
    pub v: View,
    pub n: SeqNo,
    pub d: Digest,
    pub i: NodeId,
}

/// ⟨⟨PRE-PREPARE, v, n, d⟩, m⟩
#[derive(Clone, Debug)]
pub struct PrePrepare {
    pub order: Signed<Vote>,
    pub m: Option<Body>,
}

impl Serialize for PrePrepare {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let Vote { v, n, d, .. } = self.order.body();
        let mut s = s.serialize_struct("PrePrepare", 4)?;
        s.serialize_field("v", v)?;
        s.serialize_field("n", n)?;
        s.serialize_field("d", d)?;
        s.serialize_field("m", &self.m)?;
        s.end()
    }
}

#[derive(Clone, Debug, serde::Serialize)]
pub struct Reply {
    pub v: View,
    pub t: u64,
    pub c: NodeId,
    pub i: NodeId,
    pub r: Value,
    /// Executed, and not yet committed.
    pub tentative: bool,
}

/// The answer to a request that only reads: what i holds at that moment.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ReadReply {
    pub t: u64,
    pub c: NodeId,
    pub i: NodeId,
    pub r: Value,
}

/// ⟨CHECKPOINT, n, d, i⟩: d is the digest of the state after n.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Checkpoint {
    pub n: SeqNo,
    pub d: Hex,
    pub i: NodeId,
}

/// Enough signed checkpoints of one state.
pub type Proof = Vec<Signed<Checkpoint>>;

/// One of P: a pre-prepare and 2f prepares that match it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Cert {
    pub pre: Signed<Vote>,
    pub prepares: Vec<Signed<Vote>>,
}

/// ⟨VIEW-CHANGE, v, n, C, P, i⟩: v is the view that is wanted, n the stable checkpoint.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ViewChange {
    pub v: View,
    pub n: SeqNo,
    pub c: Proof,
    pub p: Vec<Cert>,
    pub i: NodeId,
}

pub type Change = Rc<Signed<ViewChange>>;

/// ⟨NEW-VIEW, v, V, O⟩: V are the view changes it rests on.
#[derive(Clone, Debug, serde::Serialize)]
pub struct NewView {
    pub v: View,
    pub changes: Vec<Change>,
    pub o: Vec<Signed<Vote>>,
}

/// The state at a stable checkpoint, and what proves it.
#[derive(Debug, serde::Serialize)]
pub struct State {
    pub n: SeqNo,
    pub app: Rc<App>,
    pub c: Proof,
}

#[derive(Clone, Debug, serde::Serialize)]
pub enum Msg {
    Request(Body),
    PrePrepare(PrePrepare),
    Prepare(Signed<Vote>),
    Commit(Signed<Vote>),
    Reply(Reply),
    Checkpoint(Signed<Checkpoint>),
    ViewChange(Change),
    NewView(Rc<NewView>),
    /// n is the last executed.
    Status {
        v: View,
        changing: bool,
        n: SeqNo,
    },
    Executed {
        n: SeqNo,
        d: Digest,
    },
    Fetch {
        d: Digest,
    },
    State(Rc<State>),
    /// A request that only reads, and needs no number.
    Read(Body),
    ReadReply(ReadReply),
}

named!(Msg {
    Request,
    PrePrepare,
    Prepare,
    Commit,
    Reply,
    Checkpoint,
    ViewChange,
    NewView,
    Status,
    Executed,
    Fetch,
    State,
    Read,
    ReadReply,
});

impl Message for Msg {
    fn epoch(&self) -> u64 {
        match self {
            Msg::PrePrepare(PrePrepare { order: vote, .. })
            | Msg::Prepare(vote)
            | Msg::Commit(vote) => vote.body().v,
            Msg::ViewChange(change) => change.body().v,
            Msg::NewView(new) => new.v,
            _ => 0,
        }
    }
}
