//! What multi-master replication declares about itself.

use crate::card::*;

/// Place of the masters among the roles: they are the first of the cast, so that a master's number is its
/// place in every vector.
pub const MASTERS: u8 = 0;

const MASTER: Role = Role {
    name: "master",
    prefix: "n",
    first: 1,
    count: Count::Param("nodes"),
    tier: 1,
    states: &["master", "conflict"],
};

pub static ENTRY: Entry = Entry {
    id: "multi-master",
    title: "Multi-master replication",
    says: "Every master takes writes at once. Version vectors tell which writes never knew of each other; then somebody must decide, or a write is lost.",
    rows: &["4.5"],
    sources: listed(&[
        "Saito, Shapiro: Optimistic Replication, ACM Computing Surveys 37(1) 2005",
        "Terry et al.: Managing Update Conflicts in Bayou, SOSP 1995",
        "DeCandia et al.: Dynamo, SOSP 2007, section 4.4",
        "Parker et al.: Detection of Mutual Inconsistency in Distributed Systems, IEEE TSE 1983",
        "Preguiça et al.: Dotted Version Vectors, arXiv 1011.5808, 2010",
    ]),
    roles: &[MASTER, CLIENT],
    params: &[
        param("nodes", Unit::Count { min: 1, max: 9 }, "3", "masters"),
        param(
            "clients",
            Unit::Count { min: 0, max: 20 },
            "2",
            "clients, each at a master: the first at the first, and so round",
        ),
        param(
            "topology",
            Unit::Choice(&["mesh", "ring", "star", "star-ring"]),
            "mesh",
            "who tells whom: the origin everybody, each its successor, a hub everybody, or the last two at once",
        ),
        param(
            "resolver",
            Unit::Choice(&["siblings", "lww", "union", "tombstones", "priority", "sum"]),
            "siblings",
            "what a conflict comes to: all values side by side, the greater stamp alone, the union of both sets, the union without what was taken out, the value of the lower site, or the sum of all that was added",
        ),
        param(
            "deletes",
            Unit::Choice(&["sibling", "win", "lose"]),
            "sibling",
            "siblings: whether a delete stands beside a concurrent update, wins or loses",
        ),
        param(
            "stamps",
            Unit::Choice(&["wall", "hybrid"]),
            "wall",
            "lww: whether a stamp is the wall clock alone, or always above every stamp seen",
        ),
        param(
            "names",
            Unit::Choice(&["anywhere", "owner"]),
            "anywhere",
            "who may create a key: any master, or the first alone",
        ),
        param(
            "ids",
            Unit::Choice(&["next", "striped"]),
            "next",
            "how a master numbers a row: the next it knows of, or only every n-th",
        ),
        param("push", LONG, "100ms", "how long new updates are collected before they are sent on"),
        param("retry", LONG, "300ms", "how long until what was not acknowledged is sent again"),
        param("sync", ANY, "2s", "how often a master asks for what it has missed; 0 is never"),
        param("timeout", LONG, "500ms", "how long a client waits"),
    ],
    givens: &[
        ("home", printed("the master a client belongs to")),
        ("context", printed("off: a client that never says what it was shown")),
        ("last-id", printed("the highest number a master knows of")),
    ],
    ops: &[
        op(Verb::Put, &["key", "value"], "writes a value, replacing what the client was shown"),
        op(Verb::Get, &["key"], "reads: siblings come as a list, 0 where nothing was written"),
        op(Verb::Call("delete"), &["key"], "deletes what the client was shown"),
        op(
            Verb::Call("incr"),
            &["key", "by?"],
            "adds to what the master has; where a conflict is a sum, the addition travels and not its result",
        ),
        op(Verb::Call("create"), &["key", "value"], "writes only if the key is not there yet"),
        op(Verb::Call("allocate"), &["value"], "writes a row under a new number, and says which"),
    ],
    kinds: &[
        kind("Get", &["op", "key"], "a client reads"),
        kind(
            "Put",
            &["op", "how", "key", "val", "context", "gone"],
            "a client writes, and hands back what it was shown",
        ),
        kind(
            "Answer",
            &["op", "ok", "key", "values", "context", "gone"],
            "what the master holds, and the context to hand back",
        ),
        kind(
            "Update",
            &["origin", "seq", "key", "past", "ts", "val", "gone", "op"],
            "a write on its way: the seq-th of its origin",
        ),
        kind("Ack", &["origin", "seq"], "applied here, and on the disk"),
        kind("SyncReq", &["vv"], "this is what is applied here: what is missing?"),
        kind("SyncResp", &["missing"], "this"),
    ],
    timers: &["push", "retry", "sync", "patience"],
    reasons: &[
        why("wrote", Weight::Key, &["key", "value", "version", "over"]),
        why("resolved", Weight::Key, &["key", "value", "version", "over"]),
        why("part", Weight::Key, &["key", "value", "version", "sum"]),
        why("taken", Weight::Key, &["key", "value"]),
        why("applied", Weight::Aside, &["from", "key", "value", "version", "over"]),
        why("stale", Weight::Aside, &["key", "value", "version", "by"]),
        why("conflict", Weight::Key, &["key", "held", "came", "siblings", "shown", "all", "kind"]),
        why(
            "discarded",
            Weight::Key,
            &["lost", "lost_version", "lost_ts", "by", "kept", "kept_version", "kept_ts", "knew"],
        ),
        why("repeated", Weight::Quiet, &["origin", "seq"]),
        why("gap", Weight::Quiet, &["origin", "seq", "next"]),
        why("retried", Weight::Quiet, &["to"]),
        why("synced", Weight::Aside, &["to", "updates"]),
        why("recovered", Weight::Key, &["updates"]),
        why("gave-up", Weight::Aside, &["waited"]),
    ],
    claims: &[
        claim(
            SIBLINGS_CONCURRENT,
            ClaimKind::Safety,
            "of the versions a master holds, none has seen another",
        ),
        claim(
            NO_FALSE_SIBLINGS,
            ClaimKind::Safety,
            "there are no more siblings than writes whose clients had not been shown the others",
        ),
        claim(
            NO_WRITE_LOST,
            ClaimKind::Safety,
            "unless the last writer wins: what a master no longer holds was replaced by somebody who had been shown it, or what it came to; for `incr` and `create` the master looks in its client's place",
        ),
        claim(
            NO_CAUSAL_LOSS,
            ClaimKind::Safety,
            "last-writer-wins: a write does not lose to one its client had been shown",
        ),
        claim(
            CONVERGENCE,
            ClaimKind::Safety,
            "masters that have applied the same updates hold and show the same",
        ),
        claim(
            APPLIED_ONCE,
            ClaimKind::Safety,
            "a master applies each update once, and each origin's in order",
        ),
        claim(
            TRAFFIC_BOUND,
            ClaimKind::Safety,
            "an update that was acknowledged is not sent there again",
        ),
        claim(
            UNIQUE_KEYS,
            ClaimKind::Safety,
            "no two clients are told that they created one key; promised only where one master owns all names, or numbers are striped",
        ),
        claim(
            SPREADS_IN_TIME,
            ClaimKind::Liveness,
            "when all is well for two rounds of sync (ring and star: one round more than masters), all have applied the same",
        ),
    ],
    bugs: &[
        BugCard {
            slug: "sum-compare",
            says: "of two versions the one with the greater sum of entries wins",
            breaks: &[NO_WRITE_LOST],
            shown_by: printed("conflict"),
        },
        BugCard {
            slug: "loop",
            says: "an update that was applied before is applied and passed on again",
            breaks: &[APPLIED_ONCE, TRAFFIC_BOUND],
            shown_by: printed("loop"),
        },
        BugCard {
            slug: "nondeterministic-resolver",
            says: "of two concurrent versions each master keeps the one it had",
            breaks: &[CONVERGENCE],
            shown_by: printed("lww"),
        },
        BugCard {
            slug: "no-context",
            says: "a client that resolves a conflict does not say what it was shown",
            breaks: &[NO_FALSE_SIBLINGS],
            shown_by: printed("conflict"),
        },
    ],
    lies: &[],
    meters: &[
        meter("siblings", "versions", "versions that stood side by side when a conflict was found"),
        meter(
            "lost-writes",
            "writes",
            "acknowledged writes that the last writer dropped, counted where they were accepted",
        ),
    ],
    tolerates: &[
        Fault::Crash,
        Fault::Pause,
        Fault::Loss,
        Fault::Duplication,
        Fault::Reordering,
        Fault::Partition,
        Fault::SlowDisk,
    ],
    epoch: "",
    layout: Layout::Tiers,
    view: View::Messages,
    views: &[
        ("conflict", View::Exhibit("history")),
        ("no-context", View::Exhibit("history")),
        ("two-at-one-master", View::Exhibit("history")),
    ],
    disk: 0,
    left_out: printed(
        "CRDTs as resolvers: a card of their own. Tombstones and the log are never collected, and the parts of a sum never folded, so a run that deletes or counts only grows. Where a conflict is no sum, `incr` adds to the greatest its master has and replaces all siblings, though its client was shown none. The owner of names does not change: where it is cut off, no name can be given.",
    ),
    first: "conflict",
    stirs: &[StirCard {
        name: "write twice at once",
        says: "Two clients write the same key at the same moment, each knowing nothing of the other.",
        acts: &[("{client} put x A", ""), ("{client 2} put x B", "")],
    }],
};

pub const SIBLINGS_CONCURRENT: &str = "SiblingsConcurrent";
pub const NO_FALSE_SIBLINGS: &str = "NoFalseSiblings";
pub const NO_WRITE_LOST: &str = "NoWriteLost";
pub const NO_CAUSAL_LOSS: &str = "NoCausalLoss";
pub const CONVERGENCE: &str = "Convergence";
pub const APPLIED_ONCE: &str = "AppliedOnce";
pub const TRAFFIC_BOUND: &str = "TrafficBound";
pub const UNIQUE_KEYS: &str = "UniqueKeys";
pub const SPREADS_IN_TIME: &str = "SpreadsInTime";
