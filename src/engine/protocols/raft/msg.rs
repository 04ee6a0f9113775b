//! What servers and clients say to each other: the paper's messages with the paper's field names.

use std::ops::Deref;
use std::rc::Rc;

use serde::{Serialize, Serializer};

use crate::ids::NodeId;
use crate::named;
use crate::protocol::{Message, Op};
use crate::value::Value;

use super::machine::Snapshot;

pub type Term = u64;
pub type Index = u64;

/// One cell of the log. Its index is its place: writing it down costs nothing and shows a gap.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    pub term: Term,
    pub index: Index,
    pub command: Command,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Command {
    /// What a new leader appends so that something of its own term can be committed.
    Noop,
    /// Opens a session; its number is the entry's index.
    Register {
        client: NodeId,
    },
    Request(Rc<Request>),
}

/// A client's command, with what makes a second copy of it recognisable (dissertation §6.3).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub client_id: NodeId,
    pub session: u64,
    pub sequence_num: u64,
    pub call: Op,
}

/// The entries of one AppendEntries, shared by all copies of it; a heartbeat's are nothing at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entries(Option<Rc<[Entry]>>);

impl Entries {
    pub fn of(list: Vec<Entry>) -> Entries {
        Entries((!list.is_empty()).then(|| list.into()))
    }
}

impl Deref for Entries {
    type Target = [Entry];
    fn deref(&self) -> &[Entry] {
        self.0.as_deref().unwrap_or(&[])
    }
}

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Msg {
    RequestVote(RequestVote),
    RequestVoteReply(RequestVoteReply),
    PreVote(RequestVote),
    PreVoteReply(RequestVoteReply),
    AppendEntries(AppendEntries),
    AppendEntriesReply(AppendEntriesReply),
    InstallSnapshot(InstallSnapshot),
    InstallSnapshotReply(InstallSnapshotReply),
    ReadIndex(ReadIndex),
    ReadIndexReply(ReadIndexReply),
    RegisterClient(RegisterClient),
    ClientRequest(Rc<Request>),
    ClientQuery(Rc<Request>),
    ClientReply(ClientReply),
}

named!(Msg {
    RequestVote,
    RequestVoteReply,
    PreVote,
    PreVoteReply,
    AppendEntries,
    AppendEntriesReply,
    InstallSnapshot,
    InstallSnapshotReply,
    ReadIndex,
    ReadIndexReply,
    RegisterClient,
    ClientRequest,
    ClientQuery,
    ClientReply,
});

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestVote {
    pub term: Term,
    pub candidate_id: NodeId,
    pub last_log_index: Index,
    pub last_log_term: Term,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestVoteReply {
    pub term: Term,
    pub vote_granted: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppendEntries {
    pub term: Term,
    pub leader_id: NodeId,
    pub prev_log_index: Index,
    pub prev_log_term: Term,
    pub entries: Entries,
    pub leader_commit: Index,
    /// Heartbeat round it belongs to; the reply echoes it (dissertation §6.4).
    pub round: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppendEntriesReply {
    pub term: Term,
    pub success: bool,
    /// Echo of the request: links reorder.
    pub prev_log_index: Index,
    /// prevLogIndex + entries.len() of the request, 0 where it failed.
    pub match_index: Index,
    /// The follower's term at prevLogIndex, where it has another one there.
    pub conflict_term: Option<Term>,
    /// First index of that term; or one after its last entry.
    pub conflict_index: Option<Index>,
    pub round: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallSnapshot {
    pub term: Term,
    pub leader_id: NodeId,
    pub last_included_index: Index,
    pub last_included_term: Term,
    /// The state, or the rows of this piece of it.
    pub data: Rc<Snapshot>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub piece: Option<Piece>,
}

/// Where the rows of a message stand in a snapshot that takes several (`piece=`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Piece {
    /// Rows before these.
    pub offset: usize,
    /// Whether none come after.
    pub done: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallSnapshotReply {
    pub term: Term,
    /// Echo of the request, 0 where it was refused.
    pub last_included_index: Index,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// What is there of a snapshot while rows are missing: the leader goes on behind them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Echo of the piece it answers: links reorder.
    pub offset: usize,
    pub held: usize,
}

/// A follower asks its leader from which index on a read is safe.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadIndex {
    pub term: Term,
    /// The follower's own number for the read.
    pub read: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadIndexReply {
    pub term: Term,
    pub read: u64,
    pub read_index: Index,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterClient {
    pub client_id: NodeId,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientReply {
    pub status: Status,
    pub session: u64,
    pub sequence_num: u64,
    pub response: Option<Value>,
    pub leader_hint: Option<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Ok,
    /// Executed, and refused by the state machine: a compare-and-set that found another value.
    Failed,
    Registered,
    NotLeader,
    /// The command belongs to a session nobody opened, or to a place in one that is past.
    NoSession,
}

impl Message for Msg {
    fn epoch(&self) -> u64 {
        self.term().unwrap_or(0)
    }

    /// Heartbeats and their answers.
    fn quiet(&self) -> bool {
        match self {
            Msg::AppendEntries(m) => m.entries.is_empty(),
            Msg::AppendEntriesReply(m) => m.success && m.match_index == m.prev_log_index,
            _ => false,
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Msg::AppendEntries(m) => 48 + 32 * m.entries.len() as u32,
            Msg::InstallSnapshot(m) => 48 + 32 * m.data.machine.len() as u32,
            _ => 48,
        }
    }
}

impl Msg {
    /// The term a server's message carries; clients have none.
    pub fn term(&self) -> Option<Term> {
        match self {
            Msg::RequestVote(m) | Msg::PreVote(m) => Some(m.term),
            Msg::RequestVoteReply(m) | Msg::PreVoteReply(m) => Some(m.term),
            Msg::AppendEntries(m) => Some(m.term),
            Msg::AppendEntriesReply(m) => Some(m.term),
            Msg::InstallSnapshot(m) => Some(m.term),
            Msg::InstallSnapshotReply(m) => Some(m.term),
            Msg::ReadIndex(m) => Some(m.term),
            Msg::ReadIndexReply(m) => Some(m.term),
            Msg::RegisterClient(_)
            | Msg::ClientRequest(_)
            | Msg::ClientQuery(_)
            | Msg::ClientReply(_) => None,
        }
    }
}
