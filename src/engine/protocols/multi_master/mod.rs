//! Multi-master replication: every master takes writes, and what that costs is a conflict.
//!
//! **Promise.** A write is accepted at once, wherever it is made, whatever is cut. Masters that have applied
//! the same updates hold the same. With siblings no write is dropped that another did not knowingly
//! replace. Not promised: that two who wrote at once are told before it is too late.
//!
//! ```text
//!   c1 ─▶ n1  a [1,0,0] ─▶ b [2,0,0] ──╮       b was written by one who had seen a: it replaces a
//!   ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┼╌╌     [2,0,0] and [0,1,0] each have what the other lacks:
//!   c2 ─▶ n2  c [0,1,0] ───────────────┴▶ {b, c}    concurrent, and siblings
//!                                          │
//!                     whoever is shown both writes d [3,1,0], and it replaces both
//! ```
//!
//! **From.** Saito and Shapiro, *Optimistic Replication*, ACM Computing Surveys 37(1) 2005, for the kinds of
//! conflict; Terry et al., Bayou, SOSP 1995, for logs exchanged in each origin's order; Parker et al. 1983 for
//! version vectors; DeCandia et al., Dynamo, SOSP 2007, section 4.4, for siblings and the context a client
//! hands back; Preguiça et al. 2010 for the dot: a version is (origin, seq) and a past, so that two clients
//! of one master do not overwrite each other.
//!
//! | file | holds |
//! |---|---|
//! | `merge` | which versions stay, and what a reader is shown: the conflict, whole |
//! | `master` | accepting, applying, passing on, asking for what is missing |
//! | `client` | the context |
//!
//! **Where it departs from the card.** A version's counter is its origin's `seq`, not one per key: an entry
//! of a vector jumps where other keys were written between, and compares the same. Siblings stay as they
//! are and a resolver decides at the read, so that the order of arrival cannot matter; last-writer-wins alone
//! throws versions away, and by stamps alone, as its own card (S4.5) says: that is what a wrong clock turns
//! against a reader who wrote later. A put is answered with what the master then holds. The out-queue is not
//! on the disk: after a crash, whoever misses an update asks for it.
//!
//! **Left out, and what it costs.** CRDTs as resolvers: they have a card of their own (S4.11). Tombstones and
//! the log are never collected, and the parts of a sum never folded: a run that deletes or counts much only
//! grows. Who owns a name does not change: where the owner is cut off, no name can be given. Where a conflict is
//! no sum, an `incr` adds to the greatest number its master has and replaces all siblings, as if its client had
//! been shown them.

mod card;
mod claims;
mod client;
mod exhibit;
mod master;
mod merge;
mod msg;
mod why;

use serde::Serialize;

use crate::card::Entry as Card;
use crate::ids::{OpId, Us};
use crate::named;
use crate::protocol::{
    Court, Cx, Face, Fx, Input, ParamSet, Params as ReadParams, Protocol, Refusal, Step,
};
use crate::seq::Seq;
use crate::show::Showcase;
use crate::value::Value;

use client::Client;
use master::Master;
use msg::{Msg, Update};
use why::Why;

pub struct MultiMaster;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, MultiMaster>;
type Do<'a> = Fx<'a, MultiMaster>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    Mesh,
    Ring,
    Star,
    StarRing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolver {
    Siblings,
    LastWriter,
    Union,
    Tombstones,
    Priority,
    Sum,
}

#[derive(Clone, Debug)]
pub struct Params {
    nodes: usize,
    topology: Topology,
    resolver: Resolver,
    /// Whether a delete wins against an update; None keeps both.
    deletes: Option<bool>,
    hybrid: bool,
    owner: bool,
    striped: bool,
    push: Us,
    retry: Us,
    sync: Us,
    timeout: Us,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Params {
            nodes: from.count("nodes").max(1) as usize,
            topology: match from.word("topology") {
                "ring" => Topology::Ring,
                "star" => Topology::Star,
                "star-ring" => Topology::StarRing,
                _ => Topology::Mesh,
            },
            resolver: match from.word("resolver") {
                "lww" => Resolver::LastWriter,
                "union" => Resolver::Union,
                "tombstones" => Resolver::Tombstones,
                "priority" => Resolver::Priority,
                "sum" => Resolver::Sum,
                _ => Resolver::Siblings,
            },
            deletes: match from.word("deletes") {
                "win" => Some(true),
                "lose" => Some(false),
                _ => None,
            },
            hybrid: from.word("stamps") == "hybrid",
            owner: from.word("names") == "owner",
            striped: from.word("ids") == "striped",
            push: from.time("push"),
            retry: from.time("retry"),
            sync: from.time("sync"),
            timeout: from.time("timeout"),
        })
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Client(Box<Client>),
    Master(Box<Master>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Send on what is new.
    Push,
    /// Send again what nobody has acknowledged.
    Retry,
    /// Ask the others for what is missing here.
    Sync,
    /// A client waits no longer.
    Patience(OpId),
}

named!(Timer { Push, Retry, Sync, Patience });

#[derive(Clone, Serialize)]
pub enum Record {
    Applied {
        update: Update,
    },
    /// Surely not executed: not later either.
    Refused {
        op: OpId,
    },
}

named!(Record { Applied, Refused });

/// What a restart finds.
#[derive(Clone, Default, Serialize)]
pub struct Disk {
    pub log: Seq<Update>,
    pub refused: Seq<OpId>,
}

impl Protocol for MultiMaster {
    type Params = Params;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = Disk;
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Card = &card::ENTRY;

    fn boot(cx: &Know<'_>, disk: &Disk) -> Node {
        match cx.cast.role(cx.me) {
            card::MASTERS => Node::Master(Box::new(Master::boot(cx, disk))),
            _ => Node::Client(Box::new(Client::boot(cx))),
        }
    }

    fn given(
        cx: &Know<'_>,
        node: &mut Node,
        _disk: &mut Disk,
        field: &str,
        value: &Value,
    ) -> Result<(), Refusal> {
        let home = value.as_word().and_then(|w| cx.cast.find(w));
        match (node, field, value, home) {
            (Node::Master(m), "last-id", Value::Int(id), _) => m.last_id = *id,
            (Node::Client(c), "home", _, Some(n)) if cx.cast.role(n) == card::MASTERS => c.home = n,
            (Node::Client(c), "context", _, _) if matches!(value.as_word(), Some("on" | "off")) => {
                c.silent = value.as_word() == Some("off");
            }
            _ => {
                return Err(Refusal::new(
                    "a client has a home, which is a master, and context: on or off; a master a last-id",
                ));
            }
        }
        Ok(())
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, MultiMaster>, fx: &mut Do<'_>) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Master(m) => m.step(cx, input, fx),
        }
    }

    fn write(disk: &mut Disk, record: &Record) {
        match record {
            Record::Applied { update } => disk.log.push(update.clone()),
            Record::Refused { op } => disk.refused.push(*op),
        }
    }

    fn merges(params: &Params) -> bool {
        matches!(params.resolver, Resolver::Union | Resolver::Tombstones | Resolver::Sum)
    }

    fn face(node: &Node) -> Face {
        let state = match node {
            Node::Client(c) if c.open.is_empty() => "idle",
            Node::Client(_) => "waiting",
            Node::Master(m) if m.conflicts() => "conflict",
            Node::Master(_) => "master",
        };
        Face { state, leads: false, epoch: 0 }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Client(_) => String::new(),
            Node::Master(m) => exhibit::line(m),
        }
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        match node {
            Node::Client(c) => exhibit::client(cx, c, to),
            Node::Master(m) => exhibit::master(cx, m, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, MultiMaster>, court: &mut Court) {
        claims::judge(ghost, step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(c) => c.open.is_empty(),
            Node::Master(m) => m.out.is_empty(),
        }
    }
}
