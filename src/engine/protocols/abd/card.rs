//! What ABD declares about itself.

use crate::card::*;

const REPLICA: Role = Role {
    name: "replica",
    prefix: "n",
    first: 1,
    count: Count::Param("nodes"),
    tier: 1,
    states: &["replica"],
};

/// Place of the replicas among the roles.
pub const REPLICAS: u8 = 1;

const QUORUM: Unit = Unit::Count { min: 0, max: 15 };

pub static ENTRY: Entry = Entry {
    id: "abd",
    title: "ABD: a linearizable register",
    says: "Several copies that behave as one, without a leader: every operation asks a majority and then tells one, reads too.",
    rows: &["4.1", "1.5"],
    sources: listed(&[
        "Attiya, Bar-Noy, Dolev: Sharing Memory Robustly in Message-Passing Systems, JACM 42(1) 1995",
        "Lynch, Shvartsman: Robust Emulation of Shared Memory Using Dynamic Quorum-Acknowledged Broadcasts, FTCS 1997",
        "Gibbons, Korach: Testing Shared Memories, SIAM J. Comput. 26(4) 1997",
    ]),
    roles: &[CLIENT, REPLICA],
    params: &[
        param("nodes", Unit::Count { min: 1, max: 15 }, "3", "replicas"),
        param(
            "clients",
            Unit::Count { min: 0, max: 20 },
            "2",
            "clients, each of which asks all replicas",
        ),
        param(
            "writers",
            Unit::Choice(&["many", "one"]),
            "many",
            "who may write: everybody, or the first client alone, which then need not ask for the highest ts",
        ),
        param("read-quorum", QUORUM, "0", "replies a query waits for; 0 is a majority"),
        param(
            "write-quorum",
            QUORUM,
            "0",
            "acknowledgements a second phase waits for; 0 is a majority",
        ),
        param(
            "fast-path",
            Unit::Flag,
            "off",
            "a read skips its second phase if all of its quorum agree",
        ),
        param("timeout", LONG, "500ms", "how long a client waits before it gives an operation up"),
        param(
            "retransmit",
            Unit::TimeRange,
            "50ms..100ms",
            "how long until it asks the silent again",
        ),
    ],
    givens: &[("home", printed("nothing: a client asks all replicas"))],
    ops: &[
        op(Verb::Put, &["key", "value"], "writes a value"),
        op(Verb::Get, &["key"], "reads a value, 0 where none was written"),
        op(Verb::Call("move"), &["replica"], "nothing: a client asks all replicas"),
    ],
    kinds: &[
        kind("ReadQuery", &["op", "key"], "what do you have?"),
        kind("ReadReply", &["op", "key", "tag", "val"], "this, with this tag"),
        kind("Update", &["op", "key", "tag", "val"], "a writer's: take this, if yours is older"),
        kind("WriteBack", &["op", "key", "tag", "val"], "a reader's: the same"),
        kind("Ack", &["op"], "taken, or already newer"),
    ],
    timers: &["retransmit", "timeout"],
    reasons: &[
        key("stamped", &["key", "value", "tag", "highest", "own", "heard", "of"]),
        key("writes-back", &["key", "value", "tag", "from", "differ", "heard", "of"]),
        key("agreed", &["key", "value", "tag", "heard"]),
        aside("stored", &["key", "value", "tag", "write", "heard", "of"]),
        quiet("adopted", &["key", "value", "tag", "was"]),
        aside("kept", &["key", "value", "tag", "mine"]),
        quiet("retransmitted", &["to"]),
        key("gave-up", &["write", "told", "heard", "needed", "of", "waited", "again"]),
        key("not-the-writer", &["writer"]),
        aside("moved", &["to"]),
        aside("remembered", &["issued"]),
        key("recovered", &["keys"]),
    ],
    claims: &[
        safety(
            LINEARIZABLE,
            "Each operation seems to happen at one instant between its call and its answer.",
        ),
        safety(ONE_VALUE_PER_TAG, "A tag belongs to one write."),
        safety(
            TAGS_FOLLOW_TIME,
            "An operation's tag is no less than that of any operation that had ended when it began; a write's is greater.",
        ),
        safety(
            TAGS_ONLY_GROW,
            "What a replica has is replaced only by something with a greater tag.",
        ),
        safety(
            ON_DISK_BEFORE_ACK,
            "What a replica acknowledges or shows is on its disk; so is the ts of a write, at its writer, before anybody is told.",
        ),
        claim(
            A_MAJORITY_IS_ENOUGH,
            ClaimKind::Liveness,
            "As soon as a majority has answered, a phase is over: nobody waits for the slow or the dead. In calm, with a majority up and nobody slower than before, no operation is given up: not after the slowest answer so far, one retransmission and 100 ms.",
        ),
    ],
    bugs: &[
        bug(
            "no-writeback",
            &[LINEARIZABLE, "history"],
            "inversion",
            "A reader returns what it found without writing it back.",
        ),
        bug(
            "no-query",
            &[LINEARIZABLE, "history"],
            "mw-seq",
            "A writer does not ask for the highest ts, it counts by itself.",
        ),
        bug(
            "quorum-half",
            &[LINEARIZABLE, "history"],
            "partition",
            "Half of the replicas, rounded down, count as a majority.",
        ),
        bug(
            "no-tiebreak",
            &[ONE_VALUE_PER_TAG, LINEARIZABLE, "history"],
            "mw-race",
            "A writer leaves its name out of the tag.",
        ),
        bug(
            "tag-reuse",
            &[ONE_VALUE_PER_TAG, LINEARIZABLE, "history"],
            "tag-reuse",
            "A writer forgets which ts it has issued.",
        ),
        bug(
            "amnesia",
            &[LINEARIZABLE, ON_DISK_BEFORE_ACK, "history"],
            "restart-stable",
            "A replica acknowledges what it has not written to its disk.",
        ),
    ],
    lies: &[],
    meters: &[],
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
    epoch: "version",
    layout: Layout::Tiers,
    view: View::Operations,
    views: &[],
    disk: 0,
    left_out: printed(
        "Replicas are not replaced: one that has lost its disk keeps its name, and a majority of such loses what was acknowledged. Timestamps grow without bound. An operation that times out is given up as unknown even where only its query was under way.",
    ),
    first: "inversion",
    stirs: &[],
};

pub const LINEARIZABLE: &str = "Linearizable";
pub const ONE_VALUE_PER_TAG: &str = "OneValuePerTag";
pub const TAGS_FOLLOW_TIME: &str = "TagsFollowTime";
pub const TAGS_ONLY_GROW: &str = "TagsOnlyGrow";
pub const ON_DISK_BEFORE_ACK: &str = "OnDiskBeforeAck";
pub const A_MAJORITY_IS_ENOUGH: &str = "AMajorityIsEnough";
