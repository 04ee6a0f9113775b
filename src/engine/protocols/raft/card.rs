//! What Raft declares about itself.

use crate::card::*;

const SERVER: Role = Role {
    name: "server",
    prefix: "n",
    first: 1,
    count: Count::Param("nodes"),
    tier: 1,
    states: &["follower", "pre-candidate", "candidate", "leader"],
};

/// Place of the servers among the roles.
pub const SERVERS: u8 = 1;
/// Room for one bit per server.
pub const MOST: usize = 15;

const fn liveness(name: &'static str, says: &'static str) -> ClaimCard {
    ClaimCard { name, kind: ClaimKind::Liveness, says }
}
const VOTE: &[&str] = &["term", "candidateId", "lastLogIndex", "lastLogTerm"];
const REQUEST: &[&str] = &["clientId", "session", "sequenceNum", "call"];

pub static ENTRY: Entry = Entry {
    id: "raft",
    title: "Raft",
    says: "One leader per term keeps every server's log the same, and says nothing is done before a majority has it.",
    rows: &["3.2"],
    sources: listed(&[
        "Ongaro, Ousterhout: In Search of an Understandable Consensus Algorithm, USENIX ATC 2014, extended version",
        "Ongaro: Consensus: Bridging Theory and Practice, dissertation, Stanford 2014, chapters 3, 5, 6, 9",
    ]),
    roles: &[CLIENT, SERVER],
    params: PARAMS,
    givens: &[
        ("log", printed("terms of the entries a server begins with: `log=1,1,2`")),
        ("term", printed("a server's current term")),
        ("voted", printed("whom a server has voted for in its term")),
        ("commit", printed("how far a server knows its log to be committed")),
        ("election", printed("a server's own range of election timeouts")),
        ("leader", printed("whom a client believes to lead")),
        ("reader", printed("whom a client sends its reads to, with `reads=follower`")),
    ],
    ops: &[
        op(Verb::Put, &["key", "value"], "writes a value"),
        op(Verb::Get, &["key"], "reads a value, 0 where none was written"),
        op(Verb::Add, &["key", "by?"], "adds to a number, and answers the sum"),
        op(
            Verb::Cas,
            &["key", "from", "to"],
            "writes a value where another one stands, else fails",
        ),
    ],
    kinds: KINDS,
    timers: &["election", "heartbeat", "resend", "retry", "deadline"],
    reasons: REASONS,
    claims: CLAIMS,
    bugs: BUGS,
    lies: &[],
    meters: &[meter("commit-latency", "us", "from a leader's append to its commit")],
    tolerates: &[
        Fault::Crash,
        Fault::Pause,
        Fault::Loss,
        Fault::Duplication,
        Fault::Reordering,
        Fault::Partition,
        Fault::ClockError,
        Fault::SlowDisk,
    ],
    epoch: "term",
    layout: Layout::Circle,
    view: View::Messages,
    views: &[
        ("figure7", View::Exhibit("log")),
        ("figure7-no-hints", View::Exhibit("log")),
        ("figure8", View::Exhibit("log")),
        ("figure8-safe", View::Exhibit("log")),
        ("lease-drift", View::Operations),
        ("longer-stale-log", View::Exhibit("log")),
        ("new-leader-gap", View::Exhibit("log")),
        ("old-leader-heals", View::Exhibit("log")),
        ("partition-minority", View::Exhibit("log")),
        ("retry-twice", View::Exhibit("log")),
        ("snap-suffix", View::Exhibit("log")),
        ("snapshot-lag", View::Exhibit("log")),
        ("snapshot-pieces", View::Exhibit("log")),
        ("stale-read-local", View::Operations),
    ],
    disk: 0,
    left_out: printed(
        "Membership changes and leadership transfer: the set of servers is fixed, and a leader gives way only by a timeout. Sessions never expire.",
    ),
    first: "leader-crash",
    stirs: &[
        StirCard {
            name: "split the vote",
            says: "The election timer of every follower fires now: each votes for itself, and nobody gets a majority.",
            acts: &[("fire {follower *} election", "")],
        },
        StirCard {
            name: "spread the timers",
            says: "One follower's election timer fires long before the others': it stands alone.",
            acts: &[("fire {follower} election", "")],
        },
    ],
};

const PARAMS: &[ParamCard] = &[
    param("nodes", Unit::Count { min: 1, max: MOST as i64 }, "5", "servers"),
    param("clients", Unit::Count { min: 0, max: 20 }, "1", "clients"),
    param(
        "election",
        Unit::TimeRange,
        "150ms..300ms",
        "how long a server waits for a leader before it wants to lead: drawn anew each time",
    ),
    param("heartbeat", LONG, "50ms", "how often a leader shows that it is there; also its retry"),
    param("noop", Unit::Flag, "on", "a new leader appends an empty entry of its term"),
    param("hints", Unit::Flag, "on", "a follower that refuses entries says where to go on"),
    param(
        "checkquorum",
        Unit::Flag,
        "off",
        "a leader that hears no majority for an election timeout steps down",
    ),
    param(
        "prevote",
        Unit::Flag,
        "off",
        "a server asks whether it could win before it raises its term",
    ),
    param(
        "sticky",
        Unit::Flag,
        "off",
        "a server that has just heard a leader does not listen to candidates",
    ),
    param(
        "pipeline",
        Unit::Flag,
        "off",
        "a leader's nextIndex moves when it sends, not when it is answered",
    ),
    param(
        "empty-heartbeat",
        Unit::Flag,
        "off",
        "heartbeats carry no entries; a timer of its own sends them again",
    ),
    param(
        "batch",
        Unit::Count { min: 1, max: 10_000 },
        "100",
        "entries in one AppendEntries at most",
    ),
    param(
        "compact",
        Unit::Count { min: 0, max: 10_000 },
        "0",
        "entries applied between snapshots; 0 is never",
    ),
    param(
        "piece",
        Unit::Count { min: 0, max: 10_000 },
        "0",
        "rows of the state (keys and sessions) in one InstallSnapshot; 0 is all of them",
    )
    .later(),
    param(
        "reads",
        Unit::Choice(&["log", "readindex", "lease", "follower", "local"]),
        "log",
        "how a get is served: as an entry, by a round of heartbeats, by a lease that the last round gave, by a follower, or from whatever the server has",
    ),
    param(
        "sessions",
        Unit::Choice(&["auto", "on", "off"]),
        "auto",
        "how retries are kept from counting twice: a session opened by the first command, by a registration of its own, or none",
    ),
    param("retry", LONG, "300ms", "how long a client waits before it asks the next server"),
    param("timeout", LONG, "500ms", "how long a client waits for an operation at all"),
];

const KINDS: &[KindCard] = &[
    kind("RequestVote", VOTE, "a candidate asks for a vote"),
    kind("RequestVoteReply", &["term", "voteGranted"], "a vote, or none"),
    kind("PreVote", VOTE, "would you vote for me in that term?"),
    kind("PreVoteReply", &["term", "voteGranted"], "yes, with that term; or no, with its own"),
    kind(
        "AppendEntries",
        &["term", "leaderId", "prevLogIndex", "prevLogTerm", "entries", "leaderCommit", "round"],
        "entries to put behind prevLogIndex; without entries a heartbeat",
    ),
    kind(
        "AppendEntriesReply",
        &[
            "term",
            "success",
            "prevLogIndex",
            "matchIndex",
            "conflictTerm",
            "conflictIndex",
            "round",
        ],
        "how far the logs agree, or where they may",
    ),
    kind(
        "InstallSnapshot",
        &["term", "leaderId", "lastIncludedIndex", "lastIncludedTerm", "data", "offset", "done"],
        "the state after an entry the leader no longer has, or a piece of it",
    ),
    kind(
        "InstallSnapshotReply",
        &["term", "lastIncludedIndex", "offset", "held"],
        "it is there, or so much of it",
    ),
    kind("ReadIndex", &["term", "read"], "a follower asks from where on a read is safe"),
    kind("ReadIndexReply", &["term", "read", "readIndex"], "from this entry on"),
    kind("RegisterClient", &["clientId"], "a client opens a session"),
    kind("ClientRequest", REQUEST, "a command for the log"),
    kind("ClientQuery", REQUEST, "a read that leaves no entry"),
    kind(
        "ClientReply",
        &["status", "session", "sequenceNum", "response", "leaderHint"],
        "the answer, or who to ask",
    ),
];

const REASONS: &[ReasonCard] = &[
    key("recovered", &["term", "votedFor", "last"]),
    key("timed-out", &["term", "silent"]),
    key("pre-asked", &["term", "silent"]),
    key("pre-refused", &["candidate", "term", "because", "ago"]),
    aside("voted", &["term", "candidate", "kept"]),
    key("refused", &["term", "candidate", "because", "mine", "theirs", "votedFor"]),
    key("ignored", &["candidate", "term", "because", "ago"]),
    key("split", &["term", "votes", "needed"]),
    key("elected", &["term", "votes", "of"]),
    key("stepped-down", &["term", "led", "because", "by", "heard", "needed"]),
    aside("appended", &["index", "from", "term"]),
    aside("conflict", &["index", "term", "have", "hint"]),
    aside("backed-up", &["follower", "next", "index"]),
    key("truncated", &["index", "last", "term", "lastTerm", "commit"]),
    key("waits", &["index", "ofTerm", "term", "on", "of"]),
    key("committed", &["index", "from", "term", "leads", "on", "of"]),
    quiet("learned", &["index", "from"]),
    quiet("applied", &["index"]),
    aside("compacted", &["index", "dropped"]),
    key("sent-snapshot", &["follower", "index", "next"]),
    key("gathered", &["index", "held"]),
    key("gap", &["index", "held", "offset"]),
    key("installed", &["index", "kept"]),
    key("outdated", &["index", "commit"]),
    key("read-held", &["client", "term"]),
    key("read-confirmed", &["client", "readIndex", "heard", "of", "applied"]),
    key("lease-read", &["client", "left", "applied"]),
    aside("redirected", &["client", "leader"]),
    key("repeated", &["client", "request", "answer"]),
    aside("retried", &["server", "request", "silent"]),
    key("gave-up", &["request", "waited"]),
];

pub const ELECTION_SAFETY: &str = "ElectionSafety";
pub const LEADER_APPEND_ONLY: &str = "LeaderAppendOnly";
pub const LOG_MATCHING: &str = "LogMatching";
pub const LEADER_COMPLETENESS: &str = "LeaderCompleteness";
pub const COMMIT_LEGALITY: &str = "CommitLegality";
pub const STATE_MACHINE_SAFETY: &str = "StateMachineSafety";
pub const NEVER_BACKWARDS: &str = "NeverBackwards";
pub const VOTE_ONCE: &str = "VoteOnce";
pub const PERSISTENCE_HOLDS: &str = "PersistenceHolds";
pub const QUORUM_INTERSECTION: &str = "QuorumIntersection";
pub const EXACTLY_ONCE: &str = "ExactlyOnce";
pub const SNAPSHOT_HOLDS: &str = "SnapshotHolds";
pub const FRESH_READS: &str = "FreshReads";
pub const PREVOTE_KEEPS_TERMS: &str = "PreVoteKeepsTerms";
pub const LEADER_IN_TIME: &str = "LeaderInTime";
pub const COMMIT_IN_TIME: &str = "CommitInTime";

const CLAIMS: &[ClaimCard] = &[
    safety(ELECTION_SAFETY, "No term ever has two leaders."),
    safety(LEADER_APPEND_ONLY, "A leader never changes or deletes an entry of its own log."),
    safety(LOG_MATCHING, "Two logs with the same term at an index are the same up to there."),
    safety(
        LEADER_COMPLETENESS,
        "What a leader has called committed is in the log of every leader of a later term.",
    ),
    safety(
        COMMIT_LEGALITY,
        "A leader commits only an entry of its own term that a majority has on disk, and what stands before it.",
    ),
    safety(
        STATE_MACHINE_SAFETY,
        "No two servers apply different commands at an index, and none applies what it does not know to be committed.",
    ),
    safety(
        NEVER_BACKWARDS,
        "A server never goes back behind a term it has spoken of, nor, while it runs, behind what it has committed and applied.",
    ),
    safety(VOTE_ONCE, "A server gives at most one vote in a term, restarts included."),
    safety(
        PERSISTENCE_HOLDS,
        "No vote and no acknowledgement leaves before the disk has it, and a restarted server is what its disk says.",
    ),
    safety(
        QUORUM_INTERSECTION,
        "Any two sets of servers that elected a leader or committed an entry have a server in common.",
    ),
    safety(EXACTLY_ONCE, "A client's command changes the state once, however often it was sent."),
    safety(
        SNAPSHOT_HOLDS,
        "A snapshot is the state after exactly the entries it stands for, and the log goes on right behind it.",
    ),
    safety(FRESH_READS, "A read sees everything that was answered before it was asked."),
    safety(PREVOTE_KEEPS_TERMS, "Asking for pre-votes changes nobody's term."),
    liveness(
        LEADER_IN_TIME,
        "With a majority up and nothing disturbed there is a leader within ten election timeouts.",
    ),
    liveness(
        COMMIT_IN_TIME,
        "With a majority up and nothing disturbed an entry of the leader's term is committed within ten election timeouts.",
    ),
];

const BUGS: &[BugCard] = &[
    bug(
        "commit-prior-term",
        &[COMMIT_LEGALITY, LEADER_COMPLETENESS, STATE_MACHINE_SAFETY],
        "figure8",
        "A leader counts copies of entries from earlier terms.",
    ),
    bug(
        "no-votedfor",
        &[VOTE_ONCE, ELECTION_SAFETY, PERSISTENCE_HOLDS],
        "vote-restart",
        "Votes are not written to disk.",
    ),
    bug(
        "no-term-persist",
        &[VOTE_ONCE, ELECTION_SAFETY, PERSISTENCE_HOLDS],
        "vote-restart",
        "The term is not written to disk: a restarted server begins again at 0.",
    ),
    bug(
        "log-not-persisted",
        &[LEADER_COMPLETENESS, PERSISTENCE_HOLDS],
        "ack-then-crash",
        "Entries are acknowledged without being written to disk.",
    ),
    bug(
        "len-only-uptodate",
        &[LEADER_COMPLETENESS],
        "longer-stale-log",
        "Of two logs the longer one counts as newer, whatever the terms.",
    ),
    bug("no-uptodate", &[LEADER_COMPLETENESS], "longer-stale-log", "Voters do not compare logs."),
    bug(
        "truncate-always",
        &[LEADER_COMPLETENESS],
        "delayed-append",
        "A follower deletes everything behind the entries it is sent, even if they agree.",
    ),
    bug(
        "match-from-log-len",
        &[COMMIT_LEGALITY, LEADER_COMPLETENESS],
        "append-inflight",
        "An acknowledgement counts for all the leader has by now, not for what was sent.",
    ),
    bug(
        "commit-unbounded",
        &[STATE_MACHINE_SAFETY],
        "empty-heartbeat",
        "A follower takes over leaderCommit even beyond the entries it was just shown to share.",
    ),
    bug(
        "count-dup-votes",
        &[ELECTION_SAFETY, QUORUM_INTERSECTION],
        "dup-vote",
        "A candidate counts messages instead of voters.",
    ),
    bug(
        "quorum-half",
        &[ELECTION_SAFETY, QUORUM_INTERSECTION],
        "even-split",
        "Half of the servers count as a majority.",
    ),
    bug(
        "no-prev-check",
        &[LOG_MATCHING],
        "new-leader-gap",
        "A follower appends without looking at the entry before.",
    ),
    bug(
        "accept-stale-term",
        &[LEADER_APPEND_ONLY, STATE_MACHINE_SAFETY],
        "old-leader-heals",
        "AppendEntries of an earlier term are obeyed.",
    ),
    bug(
        "reset-timer-any",
        &[LEADER_IN_TIME],
        "starver",
        "Even a RequestVote that is refused calms the election timer.",
    ),
    bug(
        "fixed-timeout",
        &[LEADER_IN_TIME],
        "split-vote-forever",
        "All servers wait equally long for a leader.",
    ),
    bug(
        "prevote-bumps-term",
        &[PREVOTE_KEEPS_TERMS],
        "rejoin-prevote",
        "A PreVote raises the term of whoever asks and whoever is asked.",
    ),
    bug(
        "snap-uncommitted",
        &[STATE_MACHINE_SAFETY],
        "snap-minority",
        "A server applies and compacts its whole log, committed or not.",
    ),
    bug(
        "snap-rollback",
        &[NEVER_BACKWARDS],
        "snapshot-stale",
        "A server installs any snapshot, even one older than its state.",
    ),
    bug(
        "snap-no-sessions",
        &[EXACTLY_ONCE, SNAPSHOT_HOLDS],
        "snap-retry",
        "A snapshot forgets which commands were executed.",
    ),
    bug(
        "snap-discards-suffix",
        &[LEADER_COMPLETENESS, COMMIT_LEGALITY],
        "snap-suffix",
        "Installing a snapshot throws away the entries behind it, even if they agree.",
    ),
    bug(
        "local-read",
        &[FRESH_READS, "history"],
        "stale-read",
        "A leader answers reads from its own state, without asking whether it still leads.",
    ),
    bug(
        "readindex-no-noop",
        &[FRESH_READS, "history"],
        "fresh-leader-read",
        "A new leader serves reads before it has committed anything of its term.",
    ),
    bug(
        "readindex-old-acks",
        &[FRESH_READS, "history"],
        "readindex-late-acks",
        "Any acknowledgement that comes in confirms a read, even of a round begun before it.",
    ),
    bug(
        "lease-ignores-drift",
        &[FRESH_READS, "history"],
        "lease-bound",
        "A lease lasts as long as an election timeout, as if all clocks ran alike.",
    ),
    bug(
        "no-sessions",
        &[EXACTLY_ONCE],
        "retry-dup",
        "The state machine executes whatever the log says, as often as it says it.",
    ),
];
