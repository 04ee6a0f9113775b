//! What proposers, acceptors and learners say to each other.

use serde::Serialize;

use crate::named;
use crate::protocol::Message;
use crate::value::Value;

/// A pair (round, proposer) as one number; 0 is none.
pub type Ballot = u64;

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    /// 1a
    Prepare {
        b: Ballot,
    },
    /// 1b: with the newest ballot it has accepted in, and the value.
    Promise {
        b: Ballot,
        ab: Option<Ballot>,
        av: Option<Value>,
    },
    /// 2a
    Accept {
        b: Ballot,
        v: Value,
    },
    /// 2b
    Accepted {
        b: Ballot,
        v: Value,
    },
    Nack {
        b: Ballot,
        promised: Ballot,
    },
    Learn {
        v: Value,
    },
    LearnReq,
}

named!(Msg { Prepare, Promise, Accept, Accepted, Nack, Learn, LearnReq });

impl Message for Msg {
    fn epoch(&self) -> u64 {
        match self {
            Msg::Prepare { b }
            | Msg::Promise { b, .. }
            | Msg::Accept { b, .. }
            | Msg::Accepted { b, .. }
            | Msg::Nack { b, .. } => *b,
            Msg::Learn { .. } | Msg::LearnReq => 0,
        }
    }
}
