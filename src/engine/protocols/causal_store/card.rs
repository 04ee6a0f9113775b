//! What the causal store declares about itself.

use crate::card::*;

/// Place of the replicas among the roles: they are the end of the cast.
pub const REPLICAS: u8 = 1;

const REPLICA: Role = Role {
    name: "replica",
    prefix: "n",
    first: 1,
    count: Count::Param("nodes"),
    tier: 1,
    states: &["replica", "holding"],
};

pub static ENTRY: Entry = Entry {
    id: "causal-store",
    title: "Causal consistency",
    says: "Every replica answers at once, cut off or not; no reader sees an answer before its question. What nothing connects may be seen in any order.",
    rows: &["4.3"],
    sources: listed(&[
        "Ahamad, Neiger, Burns, Kohli, Hutto: Causal Memory, Distributed Computing 9(1) 1995",
        "Lloyd, Freedman, Kaminsky, Andersen: Don't Settle for Eventual (COPS), SOSP 2011",
        "Birman, Schiper, Stephenson: Lightweight Causal and Atomic Group Multicast, ACM TOCS 9(3) 1991",
        "Terry et al.: Session Guarantees for Weakly Consistent Replicated Data, PDIS 1994",
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
            "tie-break",
            Unit::Flag,
            "on",
            "of two writes that do not know of each other the greater stamp stays; off: the one that comes last",
        ),
        param(
            "context",
            Unit::Flag,
            "on",
            "a client says what it has seen, and a replica that lacks some of it waits",
        ),
        param(
            "retransmit",
            ANY,
            "300ms",
            "how long until what was not acknowledged is sent again; 0 is never",
        ),
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
        kind("Get", &["op", "key", "context"], "a client reads, and says what it has seen"),
        kind("Put", &["op", "key", "val", "context"], "a client writes, and says what it has seen"),
        kind("Answer", &["op", "val", "seen"], "a value, and what it came after"),
        kind(
            "Write",
            &["origin", "seq", "vc", "key", "val", "lww_stamp", "op"],
            "the seq-th write of its origin, and what it came after",
        ),
        kind("Ack", &["have"], "so many of your writes are here, without a gap"),
    ],
    timers: &["resend", "patience"],
    reasons: &[
        key("wrote", &["key", "value", "vc", "peers"]),
        quiet("read", &["key", "value"]),
        aside("applied", &["from", "key", "value", "vc", "early"]),
        key("held-back", &["from", "key", "value", "vc", "of", "seq"]),
        key("released", &["from", "key", "value", "waited"]),
        key("concurrent", &["key", "came", "came_vc", "held", "held_vc", "kept", "stamps"]),
        quiet("repeated", &["origin", "seq"]),
        aside("resent", &["to", "seq"]),
        key("moved", &["from", "to", "context"]),
        key("waits", &["client", "of", "seq"]),
        key("caught-up", &["client", "waited"]),
        key("recovered", &["writes", "held"]),
        aside("gave-up", &["home", "waited"]),
    ],
    claims: &[
        safety(
            CAUSAL_ORDER,
            "a replica applies a write after all that its writer had seen or written before it",
        ),
        safety(
            FOR_A_REASON,
            "what is held back really waits for something: a write its origin had applied and this replica has not",
        ),
        safety(
            COVERS,
            "whoever answers a client has applied all that the client has seen and written; without a context, since it came to this replica",
        ),
        safety(
            SAME,
            "with the tie-break, replicas that have applied the same writes show the same",
        ),
        claim(
            DRAINS,
            ClaimKind::Liveness,
            "a replica that was sent everything there is holds nothing back",
        ),
        claim(
            SPREADS,
            ClaimKind::Liveness,
            "two retransmissions and 1 s after the last write and the last fault all replicas have applied the same",
        ),
    ],
    bugs: &[
        bug(
            "no-buffer",
            &[CAUSAL_ORDER, "history"],
            "reply-before-post",
            "a replica applies a write as soon as it comes",
        ),
        bug(
            "deps-own-only",
            &[CAUSAL_ORDER, "history"],
            "reply-before-post",
            "a write says only which of its origin's own writes it came after",
        ),
        bug(
            "vc-inc-on-apply",
            &[DRAINS, FOR_A_REASON],
            "happy",
            "a replica counts the writes of others as its own, as a vector clock counts receipts",
        ),
    ],
    lies: &[],
    meters: &[
        meter("held-back", "us", "how long a write waited for those it came after"),
        meter("session-wait", "us", "how long a client waited for what it had seen elsewhere"),
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
    views: &[],
    disk: 0,
    left_out: printed(
        "COPS's shards: a data centre is one replica here that has all keys, so nobody has to ask (DepCheck) whether a dependency is there; the price is a counter for every replica on every message, where COPS names the nearest dependencies alone. Session guarantees one by one: a client has all four or none. Writes are never collected.",
    ),
    first: "reply-before-post",
    stirs: &[],
};

pub const CAUSAL_ORDER: &str = "CausalOrder";
pub const FOR_A_REASON: &str = "HeldForAReason";
pub const COVERS: &str = "CoversTheSession";
pub const SAME: &str = "SameWritesSameStore";
pub const DRAINS: &str = "BuffersDrain";
pub const SPREADS: &str = "SpreadsInTime";
