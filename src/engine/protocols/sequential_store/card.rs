//! What the sequential store declares about itself.

use crate::card::*;

const REPLICA: Role = Role {
    name: "replica",
    prefix: "n",
    first: 1,
    count: Count::Param("nodes"),
    tier: 1,
    states: &["replica", "sequencer", "changing"],
};

/// Place of the replicas among the roles.
pub const REPLICAS: u8 = 1;

pub static ENTRY: Entry = Entry {
    id: "sequential-store",
    title: "Sequential consistency",
    says: "A copy at every replica, one order for all writes, and reads that ask nobody: cheap, and free to be late.",
    rows: &["4.2"],
    sources: listed(&[
        "Attiya, Welch: Sequential Consistency versus Linearizability, ACM TOCS 12(2) 1994",
        "Lamport: How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs, IEEE TC C-28(9) 1979",
        "Lipton, Sandberg: PRAM: A Scalable Shared Memory, Princeton CS-TR-180-88, 1988",
        "Oki, Liskov: Viewstamped Replication, PODC 1988",
    ]),
    roles: &[CLIENT, REPLICA],
    params: &[
        param("nodes", Unit::Count { min: 1, max: 9 }, "3", "replicas"),
        param(
            "clients",
            Unit::Count { min: 0, max: 20 },
            "2",
            "clients, spread over the replicas: the first at the first, the last at the last",
        ),
        param(
            "variant",
            Unit::Choice(&["local-read", "fast-write"]),
            "local-read",
            "what costs nothing: reads, and writes wait until they have come back; or writes, and reads wait for them",
        ),
        param("sequencer", Unit::Count { min: 1, max: 9 }, "1", "which replica gives the numbers"),
        param(
            "orders",
            Unit::Count { min: 1, max: 3 },
            "1",
            "sequences, each for some of the keys and with a sequencer of its own, the next replica",
        ),
        param(
            "replicated",
            Unit::Flag,
            "off",
            "a number counts when a majority has it, and a silent sequencer is replaced",
        ),
        param(
            "retransmit",
            LONG,
            "100ms",
            "how long until a replica asks again for what is missing",
        ),
        param("sync", LONG, "1s", "how often it asks whether there is more"),
        param(
            "heartbeat",
            LONG,
            "50ms",
            "replicated: how often the sequencer says that it is there",
        ),
        param("suspect", LONG, "200ms", "replicated: silence after which the next takes its place"),
        param("timeout", LONG, "500ms", "how long a client waits"),
        param("client-link", ANY, "0ms", "how far a client is from a replica, any replica"),
    ],
    givens: &[("home", printed("the replica a client belongs to"))],
    ops: &[
        op(Verb::Put, &["key", "value"], "writes a value"),
        op(Verb::Get, &["key"], "reads a value, 0 where none was written"),
        op(Verb::Call("move"), &["replica"], "belongs to another replica from now on"),
    ],
    kinds: &[
        kind("Get", &["ask"], "a client reads, and says how far it has seen"),
        kind("Put", &["ask"], "a client writes, and says how far it has seen"),
        kind("Answer", &["op", "key", "val", "context"], "a value, and after how many writes"),
        kind("ToBcast", &["order", "write"], "to the sequencer: a write that wants a number"),
        kind(
            "Order",
            &["order", "epoch", "gseq", "write", "stable"],
            "to all: a write and its number",
        ),
        kind(
            "Missing",
            &["order", "settled", "from", "gap"],
            "send what comes from this number on",
        ),
        kind("Have", &["order", "epoch", "upto"], "replicated: up to here it is on this disk"),
        kind("Stable", &["order", "epoch", "upto"], "replicated: up to here a majority has it"),
        kind("Alive", &["order", "epoch", "upto"], "replicated: the same, now and then"),
        kind("NewEpoch", &["order", "epoch"], "the sequencer is silent: listen to it no more"),
        kind(
            "Promise",
            &["order", "epoch", "brought"],
            "to the next: listens to you alone, and has this",
        ),
        kind("Start", &["order", "epoch", "log", "upto"], "the log of the new epoch"),
    ],
    timers: &["retransmit", "sync", "heartbeat", "suspect", "timeout"],
    reasons: &[
        aside("read", &["key", "value", "gseq"]),
        aside("broadcast", &["key", "value", "seq", "to", "fast"]),
        key("waits-for-own", &["key", "pending"]),
        key("behind", &["client", "key", "seen", "delivered"]),
        key("numbered", &["gseq", "key", "value", "origin", "seq"]),
        key("held-back", &["origin", "seq", "next"]),
        quiet("repeated", &["origin", "seq", "gseq"]),
        aside("applied", &["gseq", "key", "value", "own", "answers"]),
        key("gap", &["gseq", "missing"]),
        aside("asked", &["to", "gseq"]),
        aside("sent-again", &["to", "first", "last"]),
        quiet("resent", &["to", "seq", "writes"]),
        key("moved", &["from", "to", "gseq"]),
        key("gave-up", &["home", "waited"]),
        key("recovered", &["delivered", "pending"]),
        aside("safe", &["upto", "have", "of"]),
        key("suspects", &["sequencer", "silent", "epoch", "next"]),
        aside("joined", &["epoch", "from"]),
        key("took-over", &["epoch", "by", "writes"]),
        aside("follows", &["sequencer", "epoch", "writes", "gone"]),
    ],
    claims: &[
        safety(
            ONE_SEQUENCE,
            "At every moment what replicas have delivered are beginnings of one sequence.",
        ),
        safety(
            OWN_ORDER,
            "In that sequence each client's operations stand in the order it made them.",
        ),
        safety(READS_ITS_PLACE, "A read returns the last write before the place it stands at."),
        claim(
            ALL_DELIVERED,
            ClaimKind::Liveness,
            "Two sync periods and four retransmissions after the last write, and after everything is mended, all replicas have delivered all writes.",
        ),
    ],
    bugs: &[
        bug(
            "ack-before-deliver",
            &[OWN_ORDER, "history"],
            "happy",
            "A write is answered before it has come back, and reads do not wait for it.",
        ),
        bug(
            "no-gseq-gap-check",
            &[ONE_SEQUENCE, "history"],
            "reorder",
            "A replica delivers writes as they come, whatever their numbers.",
        ),
        bug(
            "two-sequencers",
            &[ONE_SEQUENCE, "history"],
            "happy",
            "The last replica believes that it is the sequencer, too.",
        ),
        bug(
            "no-origin-fifo",
            &[OWN_ORDER, "history"],
            "fast-write-jitter",
            "The sequencer numbers an origin's writes as they come.",
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
    epoch: "epoch",
    layout: Layout::Tiers,
    view: View::Operations,
    views: &[],
    disk: 0,
    left_out: printed(
        "Logs are never cut short. A replica that was cut off from a replicated sequencer makes all the others change the epoch once more when it is back. Raft or Lamport clocks under the total order are entries of their own, not choices here.",
    ),
    first: "not-linearizable",
    stirs: &[],
};

pub const ONE_SEQUENCE: &str = "OneSequence";
pub const OWN_ORDER: &str = "OwnOrder";
pub const READS_ITS_PLACE: &str = "ReadsItsPlace";
pub const ALL_DELIVERED: &str = "AllDelivered";
