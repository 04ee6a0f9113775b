//! Raft: a log that a majority agrees on, kept the same by one leader at a time.
//!
//! **Promise.** Every server applies the same commands in the same order, and what a client was told has
//! happened stays so, whatever crashes, is lost, delayed, doubled or cut off, as long as disks keep what
//! was forced to them. With a majority of servers in touch, commands go through. (Reads by lease ask more:
//! that clocks differ by less than a quarter.)
//!
//! ```text
//!   client ──ClientRequest──▶ leader ──AppendEntries──▶ followers
//!      ▲                        │  ◀──────success───────┘
//!      └──────ClientReply───────┘  committed: on a majority, and of the leader's own term
//!
//!   follower ──no leader heard──▶ candidate ──votes of a majority──▶ leader
//!       ▲  ▲                          │                                 │
//!       │  └── somebody leads ────────┘                                 │
//!       └───────────────────── a newer term ────────────────────────────┘
//! ```
//!
//! **From.** Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm*, USENIX ATC 2014
//! (extended), figure 2 and section 5; Ongaro's dissertation, 2014. Part by part:
//!
//! | here | there |
//! |---|---|
//! | `election` | §5.2, §5.4.1; dissertation 3.4, 3.6.1, and 9.6 for PreVote |
//! | `replication` | §5.3, §5.4.2, figure 8; dissertation 3.5, 3.6.2, and 6.2 for CheckQuorum |
//! | `snapshot` | §7; dissertation 5 |
//! | `read` | dissertation 6.4 |
//! | `machine`, `client` | dissertation 6.3 |
//! | `claims` | figure 3, and what an implementation may still get wrong |
//!
//! **Left out, and what it costs.** Changes of membership (dissertation 4): the servers are who they are
//! from the beginning. Transfer of leadership (3.10): a leader that should go is waited out. Sessions
//! never expire: the table grows with every client. Reads that come in while a round is out begin one of their own; only those
//! held back for a new leader's first entry share one.

mod card;
mod claims;
mod client;
mod election;
mod exhibit;
mod log;
mod machine;
mod msg;
mod read;
mod replication;
mod sentences;
mod server;
mod snapshot;
mod why;

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::card::Entry as Card;
use crate::ids::{NodeId, Us};
use crate::named;
use crate::protocol::{
    Cast, Court, Cx, Face, Fx, Input, ParamSet, Params as ReadParams, Protocol, Refusal, Step,
};
use crate::show::Showcase;
use crate::value::Value;

use client::Client;
use log::Log;
use machine::{Sessions, Snapshot};
use msg::{Command, Entry, Index, Msg, Term};
use server::Server;
use std::rc::Rc;
use why::Why;

pub struct Raft;

/// A handler's knowledge and its way out.
type Know<'a> = Cx<'a, Raft>;
type Do<'a> = Fx<'a, Raft>;

#[derive(Clone, Debug)]
pub struct Params {
    nodes: usize,
    election: RangeInclusive<Us>,
    heartbeat: Us,
    noop: bool,
    hints: bool,
    checkquorum: bool,
    prevote: bool,
    sticky: bool,
    pipeline: bool,
    empty_heartbeat: bool,
    batch: usize,
    compact: u64,
    /// Rows of the state in one InstallSnapshot at most; 0: all of them.
    piece: usize,
    reads: Reads,
    sessions: Sessions,
    retry: Us,
    timeout: Us,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    Log,
    ReadIndex,
    Lease,
    Follower,
    Local,
}

impl ReadParams for Params {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Params {
            nodes: from.count("nodes") as usize,
            election: from.range("election"),
            heartbeat: from.time("heartbeat").max(1),
            noop: from.flag("noop"),
            hints: from.flag("hints"),
            checkquorum: from.flag("checkquorum"),
            prevote: from.flag("prevote"),
            sticky: from.flag("sticky"),
            pipeline: from.flag("pipeline"),
            empty_heartbeat: from.flag("empty-heartbeat"),
            batch: from.count("batch").max(1) as usize,
            compact: from.count("compact").into(),
            piece: from.count("piece") as usize,
            reads: match from.word("reads") {
                "readindex" => Reads::ReadIndex,
                "lease" => Reads::Lease,
                "follower" => Reads::Follower,
                "local" => Reads::Local,
                _ => Reads::Log,
            },
            sessions: match from.word("sessions") {
                "on" => Sessions::Registered,
                "off" => Sessions::Off,
                _ => Sessions::Auto,
            },
            retry: from.time("retry").max(1),
            timeout: from.time("timeout").max(1),
        })
    }
}

#[derive(Clone, Serialize)]
pub enum Node {
    Server(Box<Server>),
    Client(Box<Client>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// A server that hears no leader until then wants to be one.
    Election,
    /// A leader's sign of life, and its retry.
    Heartbeat,
    /// The retry alone, where heartbeats carry nothing.
    Resend,
    /// A client asks somebody else.
    Retry,
    /// A client waits no longer for this operation.
    Deadline(crate::ids::OpId),
}

named!(Timer { Election, Heartbeat, Resend, Retry, Deadline });

/// One write to the disk.
#[derive(Clone, Serialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Record {
    Vote {
        current_term: Term,
        voted_for: Option<NodeId>,
    },
    Truncate {
        from: Index,
    },
    Append {
        entries: msg::Entries,
    },
    /// The state, and the log behind it. Installed: the log held something else and starts anew.
    Snapshot {
        snapshot: Rc<Snapshot>,
        keep: bool,
    },
}

named!(Record { Vote, Truncate, Append, Snapshot });

/// What a restart finds.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    pub current_term: Term,
    pub voted_for: Option<NodeId>,
    pub log: Log,
    pub snapshot: Rc<Snapshot>,
    /// This server's own setting, where `given` made one.
    #[serde(skip)]
    pub election: Option<(Us, Us)>,
}

impl Protocol for Raft {
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
            card::SERVERS => Node::Server(Box::new(Server::boot(disk))),
            _ => Node::Client(Box::new(Client::boot(cx))),
        }
    }

    fn given(
        cx: &Know<'_>,
        node: &mut Node,
        disk: &mut Disk,
        field: &str,
        value: &Value,
    ) -> Result<(), Refusal> {
        match node {
            Node::Server(s) => given_server(cx, s, disk, field, value),
            Node::Client(c) => c.given(cx.cast, field, value),
        }
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, Raft>, fx: &mut Do<'_>) {
        match node {
            Node::Server(s) => s.step(cx, input, fx),
            Node::Client(c) => c.step(cx, input, fx),
        }
    }

    fn write(disk: &mut Disk, record: &Record) {
        match record {
            Record::Vote { current_term, voted_for } => {
                (disk.current_term, disk.voted_for) = (*current_term, *voted_for);
            }
            Record::Truncate { from } => disk.log.truncate_from(*from),
            Record::Append { entries } => entries.iter().for_each(|e| disk.log.push(e.clone())),
            Record::Snapshot { snapshot, keep } => {
                snapshot::trim(&mut disk.log, snapshot, *keep);
                disk.snapshot = snapshot.clone();
            }
        }
    }

    fn face(node: &Node) -> Face {
        match node {
            Node::Server(s) => s.face(),
            Node::Client(c) => c.face(),
        }
    }

    fn line(node: &Node) -> String {
        match node {
            Node::Server(s) => s.line(),
            Node::Client(c) => c.line(),
        }
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        match node {
            Node::Server(s) => exhibit::server(cx, s, to),
            Node::Client(c) => exhibit::client(cx, c, to),
        }
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Raft>, court: &mut Court) {
        claims::judge(ghost, step, court);
    }

    fn at_rest(node: &Node) -> bool {
        match node {
            Node::Server(s) => s.at_rest(),
            Node::Client(c) => c.at_rest(),
        }
    }
}

fn given_server(
    cx: &Know<'_>,
    s: &mut Server,
    disk: &mut Disk,
    field: &str,
    value: &Value,
) -> Result<(), Refusal> {
    match field {
        "log" => given_log(disk, terms(value)?),
        "term" => disk.current_term = natural(value)?.max(disk.log.last_term()),
        "voted" => disk.voted_for = Some(server_named(cx.cast, value)?),
        "election" => disk.election = Some(patience(cx, span(value)?)?),
        "commit" => s.commit_index = natural(value)?,
        _ => return Err(Refusal::new("a server has log, term, voted, commit and election")),
    }
    let commit = s.commit_index;
    *s = Server::boot(disk);
    s.commit_index = commit;
    Ok(())
}

/// A lease counts on everybody waiting for as long as the run's settings say.
fn patience(cx: &Know<'_>, own: (Us, Us)) -> Result<(Us, Us), Refusal> {
    if cx.params.reads == Reads::Lease && own.0 < *cx.params.election.start() {
        return Err(Refusal::new(
            "with reads=lease no server may stand for election sooner than `election` of the run says",
        ));
    }
    Ok(own)
}

fn given_log(disk: &mut Disk, terms: Vec<Term>) {
    disk.log = Log::default();
    for (i, term) in terms.into_iter().enumerate() {
        disk.log.push(Entry { term, index: i as Index + 1, command: Command::Noop });
    }
    disk.current_term = disk.current_term.max(disk.log.last_term());
}

fn terms(value: &Value) -> Result<Vec<Term>, Refusal> {
    let terms: Vec<Term> = match value {
        Value::List(items) => items.iter().map(natural).collect::<Result<_, _>>()?,
        one => vec![natural(one)?],
    };
    let rising = terms.windows(2).all(|w| w[0] <= w[1]) && terms.iter().all(|&t| t > 0);
    rising
        .then_some(terms)
        .ok_or_else(|| Refusal::new("terms begin at 1 and never fall along a log"))
}

fn natural(value: &Value) -> Result<u64, Refusal> {
    let n = value.as_int().and_then(|n| u64::try_from(n).ok());
    n.filter(|n| *n < 1 << 40).ok_or_else(|| Refusal::new("it takes a number from 0 on"))
}

fn span(value: &Value) -> Result<(Us, Us), Refusal> {
    match value {
        Value::TimeRange(a, b) if 0 < *a && a <= b => Ok((*a as Us, *b as Us)),
        Value::Time(t) if *t > 0 => Ok((*t as Us, *t as Us)),
        _ => Err(Refusal::new("it takes a range of times, such as 120ms..140ms")),
    }
}

fn server_named(cast: &Cast, value: &Value) -> Result<NodeId, Refusal> {
    let found = value.as_word().and_then(|w| cast.find(w));
    found
        .filter(|n| cast.role(*n) == card::SERVERS)
        .ok_or_else(|| Refusal::new("it takes the name of a server"))
}

/// The servers: the end of the cast.
fn servers(
    params: &Params,
    cast: &Cast,
) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + Clone {
    let end = cast.len();
    (end.saturating_sub(params.nodes) as u16..end as u16).map(NodeId)
}

/// A server's place among the servers.
fn place(cast: &Cast, n: NodeId) -> usize {
    cast.members.get(n.index()).map_or(0, |m| m.place as usize)
}
