//! CAP: one register on several replicas, and what each design does with a cut network.
//!
//! **Promise.** None that holds for all: that is the theorem. The same register, clients and faults under
//! six designs. The CP modes keep one history whatever happens and refuse where they cannot; the AP modes
//! answer everywhere, at once, and agree again afterwards; the two "CA" modes have no plan for a cut.
//!
//! ```text
//!   c1 ── n1   n2   n3 ╎ n4   n5 ── c2        w(x,1) at n1, then r(x) at n5, and nothing crosses ╎
//!
//!   cp-quorum       n5 refuses        the majority goes on
//!   cp-lease        n5 refuses        who holds the lease goes on, until it has run out
//!   ap-lww          n5 answers 0      after the heal the greater stamp wins
//!   ap-siblings     n5 answers 0      after the heal both values stand side by side
//!   ca-block        w never ends      and no read of a key caught half-way
//!   ca-assume-dead  n5 answers 0      two registers from now on
//! ```
//!
//! **From.** Brewer, PODC 2000 keynote; Gilbert and Lynch, *Brewer's Conjecture*, SIGACT News 33(2) 2002:
//! theorem 1 is `theorem-*` among the scenarios. Abadi, IEEE Computer 45(2) 2012, for "else latency".
//!
//! | here | there |
//! |---|---|
//! | `quorum` | Attiya, Bar-Noy, Dolev, JACM 42(1) 1995; several writers: Lynch and Shvartsman, FTCS 1997 |
//! | `lease` | Gray and Cheriton, SOSP 1989, on a primary that keeps its state on a majority |
//! | `local` | Terry et al., Bayou, SOSP 1995; version vectors: Parker et al. 1983 |
//! | `write_all` | Katsarakis et al., Hermes, ASPLOS 2020: Inv and Val, reads at every replica |
//!
//! **Where it goes beyond the card.** A vote for a new primary comes with the voter's state, and a primary
//! that takes over first puts what it found on a majority: it may have seen a write that is on one replica
//! alone. A claimant binds itself only when a majority is bound, so that one that was cut off comes back
//! without a term nobody knows. Both local modes keep version vectors; last-writer-wins decides by stamps
//! alone, and uses the vectors only to know, and say, that what it drops was concurrent. A stamp is also the
//! write's dot in the vector: two clients of one replica do not overwrite each other. A put in the siblings
//! mode is answered with what the replica then holds, so that the client's next put knows of it. A put is
//! taken up once, whatever the network copies: the replica that has it writes that down first.
//!
//! **Left out, and what it costs.** Raft as a mode of its own: it stands beside in `pacelc-beside-raft`, and its
//! reads in a cut are in `raft/stale-read`. The lease mode's forwarded write ends as `unknown` where the card's CP table has
//! `fail`: the replica cannot know whether the primary has it. Write-all sends each message once: what a cut
//! has swallowed stays unfinished after the heal, until the key is written again. Quorums are majorities, for
//! reads and writes alike; ABD's own scenarios and mistakes belong to its own entry. Nothing is ever deleted.

mod card;
mod claims;
mod client;
mod exhibit;
mod lease;
mod local;
mod msg;
mod quorum;
mod sentences;
mod server;
mod why;
mod write_all;

use serde::Serialize;

use crate::card::Entry as Card;
use crate::ids::{NodeId, OpId, Us};
use crate::named;
use crate::protocol::{
    Cast, Court, Cx, Face, Fx, Input, ParamSet, Params as ReadParams, Protocol, Refusal, Step,
};
use crate::seq::Seq;
use crate::show::Showcase;
use crate::value::Value;

use client::Client;
use msg::{Cell, Msg, Store};
use server::Server;
use why::Why;

pub struct CapRegister;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, CapRegister>;
type Do<'a> = Fx<'a, CapRegister>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Quorum,
    Lease,
    LastWriter,
    Siblings,
    Block,
    AssumeDead,
}

impl Mode {
    /// Refuses rather than answer wrongly.
    pub fn refuses(self) -> bool {
        matches!(self, Mode::Quorum | Mode::Lease)
    }
    /// Answers at once from what it has.
    pub fn local(self) -> bool {
        matches!(self, Mode::LastWriter | Mode::Siblings)
    }
}

#[derive(Clone, Debug)]
pub struct Params {
    nodes: usize,
    mode: Mode,
    timeout: Us,
    retransmit: Us,
    client_link: Us,
    fast_path: bool,
    lease: Us,
    rho: u64,
    stagger: Us,
    flush: Us,
    anti_entropy: Us,
    /// Anti-entropy goes to every peer, not to one drawn by lot.
    every_peer: bool,
    suspect: Us,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Params {
            nodes: from.count("nodes") as usize,
            mode: match from.word("mode") {
                "cp-lease" => Mode::Lease,
                "ap-lww" => Mode::LastWriter,
                "ap-siblings" => Mode::Siblings,
                "ca-block" => Mode::Block,
                "ca-assume-dead" => Mode::AssumeDead,
                _ => Mode::Quorum,
            },
            timeout: from.time("timeout").max(1),
            retransmit: from.time("retransmit").max(1),
            client_link: from.time("client-link"),
            fast_path: from.flag("fast-path"),
            lease: from.time("lease").max(1),
            rho: (from.int("rho") as u64).min(500_000),
            stagger: from.time("stagger"),
            flush: from.time("flush").max(1),
            anti_entropy: from.time("anti-entropy").max(1),
            every_peer: from.word("spread") != "one",
            suspect: from.time("suspect").max(1),
        })
    }
}

impl Params {
    fn majority(&self) -> usize {
        self.nodes / 2 + 1
    }
    /// How long whoever granted a lease grants no other: by a clock that runs ρ too fast it is still as
    /// long as the lease by one that runs ρ too slow.
    fn promise(&self) -> Us {
        (self.lease * (1_000_000 + self.rho)).div_ceil(1_000_000 - self.rho)
    }
    /// A client gives up by itself a little after its replica must have.
    fn patience(&self) -> Us {
        self.timeout + 2 * self.client_link + 20_000
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Client(Box<Client>),
    Server(Box<Server>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Ask again those who have not answered.
    Resend(OpId),
    /// A replica that has not reached enough others by then says so.
    Deadline(OpId),
    /// A client waits no longer.
    Patience(OpId),
    /// A write-all without all: who has been silent until then is taken for dead.
    Suspect(OpId),
    /// Send on what has been written.
    Flush,
    /// Compare with the others.
    AntiEntropy,
    /// The promise to the primary is over: somebody else may lead.
    Takeover,
    /// A primary renews its lease.
    Renew,
}

named!(Timer { Resend, Deadline, Patience, Suspect, Flush, AntiEntropy, Takeover, Renew });

/// One write to the disk.
#[derive(Clone, Serialize)]
pub enum Record {
    Stored {
        cell: Cell,
    },
    /// The highest counter this replica has put into a stamp.
    Issued {
        ts: u64,
    },
    /// A put that was taken up: a second copy of it is not.
    Began {
        op: OpId,
    },
    Term {
        term: u64,
        holder: NodeId,
    },
}

named!(Record { Stored, Issued, Began, Term });

/// What a restart finds.
#[derive(Clone, Default, Serialize)]
pub struct Disk {
    pub store: Store,
    pub issued: u64,
    pub began: Seq<OpId>,
    pub term: u64,
    pub holder: Option<NodeId>,
}

impl Protocol for CapRegister {
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
            card::REPLICAS => Node::Server(Box::new(Server::boot(disk))),
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
        match (node, field, cx.cast.named(value, card::REPLICAS)) {
            (Node::Client(c), "home", Some(home)) => c.home = home,
            _ => return Err(Refusal::new("a client has a home, and that is a replica")),
        }
        Ok(())
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, CapRegister>, fx: &mut Do<'_>) {
        match node {
            Node::Client(c) => c.step(cx, input, fx),
            Node::Server(s) => s.step(cx, input, fx),
        }
    }

    fn write(disk: &mut Disk, record: &Record) {
        match record {
            Record::Stored { cell } => disk.store.put(cell.clone()),
            Record::Issued { ts } => disk.issued = disk.issued.max(*ts),
            Record::Began { op } => disk.began.push(*op),
            Record::Term { term, holder } => {
                (disk.term, disk.holder) = (*term, Some(*holder));
            }
        }
    }

    fn face(node: &Node) -> Face {
        match node {
            Node::Client(c) => c.face(),
            Node::Server(s) => s.face(),
        }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Client(c) => c.line(),
            Node::Server(s) => s.line(),
        }
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        match node {
            Node::Client(c) => exhibit::client(cx, c, to),
            Node::Server(s) => exhibit::server(cx, s, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, CapRegister>, court: &mut Court) {
        claims::judge(ghost, step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Client(c) => c.open.is_empty(),
            Node::Server(s) => s.jobs.is_empty() && s.dirty.is_empty(),
        }
    }
}

/// The replicas: the end of the cast.
fn replicas(params: &Params, cast: &Cast) -> impl Iterator<Item = NodeId> + Clone + use<> {
    let end = cast.len();
    (end.saturating_sub(params.nodes) as u16..end as u16).map(NodeId)
}
