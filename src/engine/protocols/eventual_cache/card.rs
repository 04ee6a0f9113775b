//! The entry's card: what the parser, the checker and the page read.

use crate::card::*;
use crate::ids::{SEC, Us};

const fn op(verb: Verb, args: &'static [&'static str], says: &'static str) -> OpCard {
    OpCard { verb, role: "node", args, says }
}

const LONG: Us = 3600 * SEC;

pub static ENTRY: Entry = Entry {
    id: "eventual-cache",
    title: "Eventually consistent cache",
    says: "A put is applied and acknowledged here and now, queued, and told to the others later: what a reader sees in between, and what a crash takes.",
    rows: &["1.2"],
    sources: listed(&[
        "W. Vogels, Eventually Consistent, CACM 52(1), 2009",
        "A. Demers et al., Epidemic Algorithms for Replicated Database Maintenance, PODC 1987, sections 1.2, 1.3 and 2",
    ]),
    roles: &[Role {
        name: "node",
        prefix: "n",
        first: 1,
        count: Count::Param("nodes"),
        tier: 1,
        states: &["serving", "catching-up"],
    }],
    params: &[
        param("nodes", Unit::Count { min: 1, max: 16 }, "4", "how many nodes"),
        param(
            "flush",
            Unit::Time { min: 0, max: LONG },
            "100ms",
            "how long a write waits in the queues, with what joins it, before all are sent",
        ),
        param(
            "batch",
            Unit::Flag,
            "on",
            "one message for all that waits for a peer, or one for each",
        ),
        param(
            "retransmit",
            Unit::Time { min: 0, max: LONG },
            "200ms",
            "how long a batch may go unacknowledged before it is sent again",
        ),
        param(
            "anti-entropy",
            Unit::Time { min: 0, max: LONG },
            "2s",
            "how often a node compares its store with the others; 0 is never",
        ),
        param(
            "spread",
            Unit::Choice(&["all", "one"]),
            "all",
            "whether it compares with every peer, or with one drawn by lot",
        ),
        param(
            "durable",
            Unit::Flag,
            "off",
            "store and queues are on the disk before a write is acknowledged",
        ),
        param(
            "versions",
            Unit::Choice(&["logical", "wall", "hybrid"]),
            "logical",
            "where a write's counter comes from: one more than any seen, the wall clock, or the larger of the two",
        ),
        param(
            "tie",
            Unit::Choice(&["high", "low"]),
            "high",
            "which node wins between equal counters; any rule will do, if all have the same",
        ),
        param(
            "ttl",
            Unit::Time { min: 0, max: LONG },
            "0ms",
            "how long a value lives if its put does not say; 0 is for ever",
        ),
        param(
            "grace",
            Unit::Time { min: 0, max: LONG },
            "10s",
            "how long a tombstone, or an expired value, is kept: longer than anybody may be away",
        ),
        param(
            "bound",
            Unit::Count { min: 1, max: 100_000 },
            "64",
            "entries in the queue for one peer; a write that would make it longer is refused",
        ),
    ],
    givens: &[],
    ops: &[
        op(Verb::Put, &["key", "value", "ttl?"], "writes a value, to live so long"),
        op(Verb::Get, &["key"], "reads what this node has; 0 is a miss"),
        op(Verb::Call("delete"), &["key"], "leaves a tombstone"),
        op(Verb::Call("incr"), &["key", "by?"], "adds to a counter"),
    ],
    kinds: &[
        kind("Replicate", &["boot", "seq", "items", "adds"], "a batch of what was written here"),
        kind("ReplicateAck", &["boot", "seq"], "that batch, of that life of yours, is here"),
        kind("Digest", &["whole", "versions", "adds"], "what I have; `whole` asks for everything"),
        kind("DigestDiff", &["whole", "items", "adds", "want"], "what you lack, and what I want"),
    ],
    timers: &["flush", "retransmit", "anti-entropy", "catch-up"],
    reasons: &[
        why("put", Weight::Key, &["key", "value", "counter", "peers", "durable"]),
        why("deleted", Weight::Key, &["key", "counter", "peers"]),
        why("incremented", Weight::Aside, &["key", "by", "sum", "peers"]),
        why("coalesced", Weight::Aside, &["key", "peers"]),
        why("outrun", Weight::Key, &["key", "value", "counter", "kept", "by"]),
        why("hit", Weight::Aside, &["key", "value", "counter"]),
        why("missed", Weight::Key, &["key", "deleted"]),
        why("expired", Weight::Key, &["key", "ago"]),
        why("not-yet", Weight::Key, &["key", "from"]),
        why("full", Weight::Key, &["key", "peer", "queued"]),
        why("flushed", Weight::Key, &["entries", "batches"]),
        why("resent", Weight::Aside, &["to", "seq", "entries", "after"]),
        why("acknowledged", Weight::Quiet, &["by", "seq", "left"]),
        why("old-ack", Weight::Key, &["by", "seq", "boot"]),
        why("applied", Weight::Key, &["key", "value", "from", "theirs", "mine"]),
        why("kept", Weight::Key, &["key", "from", "theirs", "mine"]),
        why("again", Weight::Quiet, &["key", "from"]),
        why("counted", Weight::Aside, &["key", "by", "origin", "seq", "sum"]),
        why("compared", Weight::Aside, &["with", "gives", "wants"]),
        why("collected", Weight::Key, &["key", "tombstone", "grace"]),
        why("forgot", Weight::Key, &["boot", "from"]),
        why("asked-another", Weight::Aside, &["silent", "next"]),
        why("caught-up", Weight::Key, &["from", "keys", "counter"]),
        why("recovered", Weight::Key, &["keys", "queued"]),
    ],
    claims: &[
        claim(TAKES_EFFECT, ClaimKind::Safety, "What a node has acknowledged it holds, at once."),
        claim(
            GROWS,
            ClaimKind::Safety,
            "What a node holds of a key is replaced only by a greater version.",
        ),
        claim(
            THIN_AIR,
            ClaimKind::Safety,
            "Every value held or read was written by somebody, under that version.",
        ),
        claim(ONE_VALUE, ClaimKind::Safety, "Equal versions of a key have equal values."),
        claim(
            SAME_WRITES,
            ClaimKind::Safety,
            "Two nodes that were told of the same writes of a key hold the same, in whatever order they were told.",
        ),
        claim(
            STAYS_DELETED,
            ClaimKind::Safety,
            "A node that knows of a delete does not hold an older value again; as long as the grace is longer than anybody is away.",
        ),
        claim(
            IN_TIME,
            ClaimKind::Safety,
            "As long as nothing has failed, a write leaves for every peer within one flush: what is read is at most that and the way behind.",
        ),
        claim(BOUNDED, ClaimKind::Safety, "No queue is longer than its bound."),
        claim(
            SURVIVES,
            ClaimKind::Safety,
            "With `durable`, what a node has acknowledged it still has when it is back.",
        ),
        claim(
            CONVERGED,
            ClaimKind::Liveness,
            "One flush, one retransmission, one period of anti-entropy (with `spread=one` 2⌈log₂ n⌉ + 4 of them) and 100 ms after the last write and the last fault, all nodes hold the same.",
        ),
        claim(
            SUM,
            ClaimKind::Liveness,
            "By then, too, every node's counter is the sum of the acknowledged increments, if nobody has forgotten anything.",
        ),
    ],
    bugs: &[
        BugCard {
            slug: "apply-arrival-order",
            says: "A node takes whatever comes, older or newer.",
            breaks: &[GROWS, SAME_WRITES, CONVERGED],
            shown_by: printed("concurrent"),
        },
        BugCard {
            slug: "no-tiebreak",
            says: "Between equal counters every node keeps its own.",
            breaks: &[SAME_WRITES, CONVERGED],
            shown_by: printed("concurrent"),
        },
        BugCard {
            slug: "no-retransmit",
            says: "A batch is sent once, whether or not anybody acknowledges it.",
            breaks: &[CONVERGED],
            shown_by: printed("lossy"),
        },
        BugCard {
            slug: "delete-removes",
            says: "A delete leaves no tombstone: the key is just missing.",
            breaks: &[STAYS_DELETED],
            shown_by: printed("delete-safe"),
        },
        BugCard {
            slug: "coalesce-incr",
            says: "An increment takes the place of the one that waits before it, as a put may.",
            breaks: &[SUM],
            shown_by: printed("incr"),
        },
    ],
    lies: &[],
    meters: &[
        meter("propagation", "us", "from a put to its being held by another node"),
        meter("stale-read", "us", "how long what a read returned had been overtaken"),
        meter("divergence", "stores", "different sets of versions among the nodes that are up"),
        meter("lost-writes", "writes", "acknowledged writes that died in a queue with their node"),
    ],
    tolerates: &[
        Fault::Crash,
        Fault::Amnesia,
        Fault::Pause,
        Fault::Loss,
        Fault::Duplication,
        Fault::Reordering,
        Fault::Partition,
        Fault::ClockError,
        Fault::SlowDisk,
    ],
    epoch: "",
    layout: Layout::Circle,
    view: View::Messages,
    views: &[
        ("alone", View::Exhibit("queues")),
        ("anti-entropy", View::Measures),
        ("crash-queue", View::Exhibit("queues")),
        ("durable-queue", View::Exhibit("queues")),
        ("incr", View::Exhibit("queues")),
        ("lan", View::Measures),
        ("lossy", View::Measures),
        ("partition", View::Measures),
    ],
    disk: 0,
    left_out: printed(
        "Forwarding what one was told: a put whose origin dies half way waits for anti-entropy. Folding old increments into a sum: a digest lists each that was ever made. Increments are pushed after a digest, never asked for. A full queue refuses writes, so one peer that stays away can stop them. Deleting a counter; a key is either put or incremented. Clients sit at their node.",
    ),
    first: "happy",
    stirs: &[],
};

pub const TAKES_EFFECT: &str = "PutTakesEffect";
pub const GROWS: &str = "VersionsOnlyGrow";
pub const THIN_AIR: &str = "NoThinAir";
pub const ONE_VALUE: &str = "OneValuePerVersion";
pub const SAME_WRITES: &str = "SameWritesSameState";
pub const STAYS_DELETED: &str = "DeletedStaysDeleted";
pub const IN_TIME: &str = "LeavesWithinFlush";
pub const BOUNDED: &str = "QueueBounded";
pub const SURVIVES: &str = "AcknowledgedSurvives";
pub const CONVERGED: &str = "Converged";
pub const SUM: &str = "SumOfIncrements";
