//! What the eventually consistent store declares about itself.

use crate::card::*;

/// Place of the replicas among the roles: they are the end of the cast.
pub const REPLICAS: u8 = 1;

const REPLICA: Role = Role {
    name: "replica",
    prefix: "n",
    first: 1,
    count: Count::Param("nodes"),
    tier: 1,
    states: &["replica"],
};

pub static ENTRY: Entry = Entry {
    id: "eventual-store",
    title: "Eventual consistency: the last writer wins",
    says: "Every replica takes every write at once, and in the end all hold the same: the one with the greatest stamp. Who gives the stamps decides what is lost.",
    rows: &["4.4"],
    sources: listed(&[
        "Vogels: Eventually Consistent, CACM 52(1) 2009",
        "Johnson, Thomas: The Maintenance of Duplicate Databases, RFC 677, 1975",
        "Terry et al.: Managing Update Conflicts in Bayou, SOSP 1995",
        "DeCandia et al.: Dynamo, SOSP 2007, section 4.4",
        "Demers et al.: Epidemic Algorithms for Replicated Database Maintenance, PODC 1987",
        "Kulkarni, Demirbas, Madappa, Avva, Leone: Logical Physical Clocks, OPODIS 2014",
    ]),
    roles: &[CLIENT, REPLICA],
    params: &[
        param("nodes", Unit::Count { min: 1, max: 16 }, "3", "replicas"),
        param(
            "clients",
            Unit::Count { min: 0, max: 20 },
            "2",
            "clients, spread over the replicas: the first at the first, the last at the last",
        ),
        param(
            "stamps",
            Unit::Choice(&["hybrid", "wall", "lamport"]),
            "hybrid",
            "where a stamp's tick comes from: the wall clock, a count above all that was seen, or the larger of the two",
        ),
        param(
            "tie",
            Unit::Choice(&["high", "low"]),
            "high",
            "which node wins between equal ticks; any rule will do, if all have the same",
        ),
        param("flush", ANY, "100ms", "how long writes are collected before the others are told"),
        param(
            "retransmit",
            ANY,
            "300ms",
            "how long until what was not acknowledged is sent again; 0 is never",
        ),
        param(
            "anti-entropy",
            ANY,
            "2s",
            "how often a replica compares its store with the others; 0 is never",
        ),
        param(
            "spread",
            Unit::Choice(&["all", "one"]),
            "all",
            "whether it compares with every peer, or with one drawn by lot",
        ),
        param("grace", ANY, "10s", "how long a tombstone is kept: longer than anybody may be away"),
        param(
            "max-offset",
            ANY,
            "0ms",
            "what comes with a stamp further ahead of the clock than this is refused; 0 takes everything",
        ),
        param("timeout", LONG, "500ms", "how long a client waits"),
        param("client-link", ANY, "0ms", "how far a client is from a replica, any replica"),
    ],
    givens: &[("home", printed("the replica a client belongs to"))],
    ops: &[
        op(Verb::Put, &["key", "value"], "writes a value"),
        op(Verb::Get, &["key"], "reads a value, 0 where none was written or it was deleted"),
        op(Verb::Call("delete"), &["key"], "leaves a tombstone"),
        op(Verb::Call("move"), &["replica"], "belongs to another replica from now on"),
    ],
    kinds: &[
        kind("Get", &["op", "key"], "a client reads"),
        kind("Put", &["op", "key", "val", "seen"], "a client writes, or deletes"),
        kind("Answer", &["op", "val", "seen"], "a value, and the tick of its stamp"),
        kind("Replicate", &["boot", "seq", "items"], "what was written here lately"),
        kind("ReplicateAck", &["boot", "seq"], "that batch, of that life of yours, is here"),
        kind("Digest", &["stamps"], "what I have"),
        kind("DigestDiff", &["items", "want"], "what you lack, and what I want"),
    ],
    timers: &["flush", "retransmit", "anti-entropy", "grace", "patience"],
    reasons: &[
        key("wrote", &["key", "value", "ts"]),
        key("deleted", &["key", "ts", "grace"]),
        key("outrun", &["key", "value", "ts", "kept", "kept_ts", "by"]),
        quiet("read", &["key", "value"]),
        aside("flushed", &["entries", "peers"]),
        aside("resent", &["to", "entries"]),
        key("applied", &["key", "value", "ts", "node", "from", "over", "over_ts"]),
        key("discarded", &["key", "value", "ts", "node", "kept", "kept_ts", "by"]),
        quiet("again", &["key", "from"]),
        key("from-the-future", &["key", "value", "from", "ahead"]),
        aside("compared", &["with", "gives", "wants"]),
        key("collected", &["key", "grace"]),
        key("recovered", &["keys", "own"]),
        key("moved", &["from", "to"]),
        aside("gave-up", &["home", "waited"]),
    ],
    claims: &[
        safety(
            GREATEST,
            "what a replica holds of a key is the greatest of all it was told of; so replicas that were told of the same hold the same, whatever the order",
        ),
        safety(GROWS, "what a replica holds of a key is replaced only by a greater stamp"),
        safety(ONE_WRITE, "a stamp belongs to one write, and what is held under it is that write"),
        safety(
            NO_CAUSAL_LOSS,
            "a write never loses to one that its writer had seen; wall clocks promise it only as long as they agree",
        ),
        safety(
            STAYS_DELETED,
            "a replica that knows of a delete does not hold an older value again; as long as the grace is longer than anybody is away",
        ),
        claim(
            CONVERGED,
            ClaimKind::Liveness,
            "one flush, one retransmission, one period of anti-entropy (2⌈log₂ n⌉ + 4 where one peer is drawn by lot) and 100 ms after the last write and the last fault all replicas hold the same, if nothing was refused",
        ),
    ],
    bugs: &[
        bug(
            "arrival",
            &[GREATEST, GROWS, CONVERGED],
            "tie",
            "a replica takes whatever comes, older or newer",
        ),
        bug(
            "no-tiebreak",
            &[GREATEST, CONVERGED],
            "tie",
            "between equal ticks every replica keeps its own",
        ),
        bug(
            "ge",
            &[GREATEST, GROWS, CONVERGED],
            "tie",
            "only ticks are compared, and between equal ones every replica takes what comes",
        ),
    ],
    lies: &[],
    meters: &[
        meter("propagation", "us", "from a write to its being held by another replica"),
        meter("divergence", "stores", "different stores among the replicas that are up"),
        meter("apart", "us", "how long replicas differed until all held the same"),
        meter(
            "lost-writes",
            "writes",
            "acknowledged writes dropped for one whose writer and replica had not heard of them",
        ),
    ],
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
    epoch: "",
    layout: Layout::Tiers,
    view: View::Messages,
    views: &[("gossip", View::Measures), ("lossy", View::Measures), ("partition", View::Measures)],
    disk: 0,
    left_out: printed(
        "Loss of a disk: who forgets must not keep its name. Forwarding what one was told: a write whose origin dies half way waits for anti-entropy. Times to live and increments, which the eventual cache has. What the guard against the future refuses, its origin goes on holding until the clocks catch up.",
    ),
    first: "skew",
    stirs: &[],
};

pub const GREATEST: &str = "GreatestStays";
pub const GROWS: &str = "StampsOnlyGrow";
pub const ONE_WRITE: &str = "OneWritePerStamp";
pub const NO_CAUSAL_LOSS: &str = "NoCausalLoss";
pub const STAYS_DELETED: &str = "DeletedStaysDeleted";
pub const CONVERGED: &str = "Converged";
