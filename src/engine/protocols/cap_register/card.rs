//! What the CAP register declares about itself.

use crate::card::*;

const REPLICA: Role = Role {
    name: "replica",
    prefix: "n",
    first: 1,
    count: Count::Param("nodes"),
    tier: 1,
    states: &["replica", "refusing", "split", "claiming", "primary"],
};

/// Place of the replicas among the roles.
pub const REPLICAS: u8 = 1;

pub static ENTRY: Entry = Entry {
    id: "cap-register",
    title: "CAP: one register, six designs",
    says: "When the network is cut, a register refuses, diverges, or turns out to have had no plan: the same workload under each design.",
    rows: &["1.1"],
    sources: listed(&[
        "Brewer: Towards Robust Distributed Systems, PODC 2000 keynote",
        "Gilbert, Lynch: Brewer's Conjecture and the Feasibility of Consistent, Available, Partition-Tolerant Web Services, SIGACT News 33(2) 2002",
        "Attiya, Bar-Noy, Dolev: Sharing Memory Robustly in Message-Passing Systems, JACM 42(1) 1995",
        "Katsarakis et al.: Hermes, ASPLOS 2020",
        "Abadi: Consistency Tradeoffs in Modern Distributed Database System Design, IEEE Computer 45(2) 2012",
    ]),
    roles: &[CLIENT, REPLICA],
    params: PARAMS,
    givens: &[("home", printed("the replica a client belongs to"))],
    ops: &[
        op(Verb::Put, &["key", "value"], "writes a value"),
        op(Verb::Get, &["key"], "reads a value, 0 where none was written; siblings come as a list"),
    ],
    kinds: KINDS,
    timers: &[
        "resend",
        "deadline",
        "patience",
        "suspect",
        "flush",
        "anti-entropy",
        "takeover",
        "renew",
    ],
    reasons: REASONS,
    claims: CLAIMS,
    bugs: BUGS,
    lies: &[],
    meters: &[
        meter("siblings", "values", "values that stood side by side when a conflict was found"),
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
    ],
    epoch: "term",
    layout: Layout::Tiers,
    view: View::Messages,
    views: &[
        ("lease-drift", View::Operations),
        ("partition-ca-block", View::Measures),
        ("partition-ca-split", View::Measures),
        ("partition-cp", View::Measures),
        ("partition-lease", View::Measures),
        ("partition-lww", View::Measures),
        ("partition-siblings", View::Measures),
        ("primary-in-minority", View::Operations),
        ("theorem-ca-block", View::Operations),
        ("theorem-ca-split", View::Operations),
        ("theorem-lease", View::Operations),
        ("theorem-lww", View::Operations),
        ("theorem-quorum", View::Operations),
    ],
    disk: 0,
    left_out: printed(
        "A Raft register as a mode of its own: one scenario runs Raft beside, and its reads in a cut are shown with Raft. Quorums are majorities for reads and writes alike. A put that was sent on to a primary ends as unknown, not as failed. Write-all sends each message once, so what a cut has swallowed stays unfinished until the key is written again. Nothing is ever deleted.",
    ),
    first: "partition-cp",
    stirs: &[],
};

const PARAMS: &[ParamCard] = &[
    param(
        "mode",
        Unit::Choice(&[
            "cp-quorum",
            "cp-lease",
            "ap-lww",
            "ap-siblings",
            "ca-block",
            "ca-assume-dead",
        ]),
        "cp-quorum",
        "what the register does when it cannot have both: by majorities, by a lease, locally with the last writer winning or with siblings, or write-all without a plan",
    ),
    param("nodes", Unit::Count { min: 1, max: 15 }, "5", "replicas"),
    param(
        "clients",
        Unit::Count { min: 0, max: 20 },
        "2",
        "clients, spread over the replicas: the first at the first, the last at the last",
    ),
    param("timeout", LONG, "500ms", "CP: how long a replica tries before it says unavailable"),
    param(
        "retransmit",
        LONG,
        "100ms",
        "CP: how long a replica waits before it asks the silent again",
    ),
    param(
        "client-link",
        ANY,
        "10ms",
        "how far a client is from its replica: it gives up by itself at timeout + 2 client-link + 20 ms",
    ),
    param(
        "fast-path",
        Unit::Flag,
        "off",
        "cp-quorum: a read skips its second round if all it heard agree",
    ),
    param(
        "lease",
        LONG,
        "300ms",
        "cp-lease: how long a primary may answer alone; it renews three times as often",
    ),
    param(
        "rho",
        Unit::Share,
        "5%",
        "cp-lease: how wrong a clock's rate may be; promises are that much longer",
    ),
    param(
        "stagger",
        ANY,
        "30ms",
        "cp-lease: how much later than the one before it a replica wants to lead",
    ),
    param("flush", LONG, "100ms", "AP: how long writes are collected before the others are told"),
    param(
        "anti-entropy",
        LONG,
        "2s",
        "AP: how often a replica compares what it knows with the others",
    ),
    param(
        "spread",
        Unit::Choice(&["all", "one"]),
        "all",
        "AP: whether it compares with every peer, or one drawn by lot",
    ),
    param("suspect", LONG, "100ms", "ca-assume-dead: silence that counts as death"),
];

const KINDS: &[KindCard] = &[
    kind("Get", &["wish"], "a client reads"),
    kind("Put", &["wish", "seen"], "a client writes, and says what it was shown"),
    kind("Answer", &["op", "key", "status", "values", "seen"], "ok, unavailable or unknown"),
    kind("Forward", &["wish", "term"], "a replica sends an operation on to the primary"),
    kind("ReadQuery", &["op", "key"], "what do you have?"),
    kind("ReadReply", &["op", "cell"], "this, with this stamp"),
    kind("Update", &["op", "cell"], "take this, if yours is older"),
    kind("Ack", &["op"], "taken, or already newer"),
    kind(
        "LeaseRequest",
        &["term", "round", "claim"],
        "promise to have no other primary for a while",
    ),
    kind(
        "LeaseGrant",
        &["term", "round", "cells"],
        "promised; to a claimant with all that is here",
    ),
    kind("LeaseRefusal", &["term"], "promised to somebody else, or of a later term"),
    kind("Replicate", &["term", "nr", "cells"], "the primary's write, or what it took over"),
    kind("Stored", &["term", "nr"], "it is on this disk"),
    kind("Flush", &["cells"], "what was written here lately"),
    kind("Digest", &["vectors"], "how much is known here"),
    kind("Repair", &["cells"], "what the digest showed to be missing"),
    kind("Inv", &["cell"], "take this, and be unsure of it"),
    kind("InvAck", &["key", "tag"], "taken, or already newer"),
    kind("Val", &["key", "tag"], "all have it: be sure"),
];

const TRIED: &[&str] = &["key", "heard", "needed", "of", "again"];

const REASONS: &[ReasonCard] = &[
    aside("stamped", &["key", "value", "highest", "ts", "heard", "of"]),
    aside("found", &["key", "value", "ts", "node", "differ", "heard", "of"]),
    aside("done", &["key", "value", "write", "heard", "of"]),
    key("refused", TRIED),
    key("left-open", &["key", "heard", "needed", "of", "forwarded", "again"]),
    key("claimed", &["term", "was", "waited"]),
    aside("declined", &["claimant", "term", "holder", "left"]),
    key("granted", &["term", "votes", "of", "keys"]),
    key("serving", &["term"]),
    aside("raised", &["term"]),
    aside("read-under-lease", &["key", "value", "left"]),
    key("expired", &["key", "ago"]),
    key("no-primary", &["key", "term", "again"]),
    key("stepped-down", &["term"]),
    aside("wrote", &["key", "value", "ts", "peers"]),
    key("resolved", &["key", "value", "over"]),
    aside("read-here", &["key", "values"]),
    quiet("flushed", &["keys", "peers"]),
    aside("repaired", &["to", "key", "keys"]),
    key("conflict", &["key", "from", "values"]),
    key("discarded", &["key", "from", "kept", "ts", "lost", "own"]),
    aside("wrote-all", &["key", "value", "of"]),
    aside("read-sure", &["key", "value", "left", "reads"]),
    key("unsure", &["key", "value", "by", "again"]),
    key("gave-up-on", &["nodes", "left", "silent"]),
    key("replayed", &["key", "value", "by"]),
    quiet("ignored", &["from"]),
    aside("recovered", &["keys"]),
    aside("gave-up", &["home", "waited"]),
];

pub const LINEARIZABLE: &str = "Linearizable";
pub const ONE_VALUE_PER_STAMP: &str = "OneValuePerStamp";
pub const STAMPS_ONLY_GROW: &str = "StampsOnlyGrow";
pub const NO_NEWS_WITHOUT_A_MESSAGE: &str = "NoNewsWithoutAMessage";
pub const ANSWERS_ALONE: &str = "AnswersAlone";
pub const NO_WRITE_LOST: &str = "NoWriteLost";
pub const CONVERGED: &str = "Converged";
pub const AVAILABLE_WHEN_WHOLE: &str = "AvailableWhenWhole";
pub const RESUMES_IN_TIME: &str = "ResumesInTime";

const CLAIMS: &[ClaimCard] = &[
    claim(
        LINEARIZABLE,
        ClaimKind::Safety,
        "CP and ca-block, always; ca-assume-dead, as long as nobody has been taken for dead: each operation seems to happen at one instant between its call and its answer.",
    ),
    claim(ONE_VALUE_PER_STAMP, ClaimKind::Safety, "A stamp belongs to one write."),
    claim(
        STAMPS_ONLY_GROW,
        ClaimKind::Safety,
        "What a replica has is replaced only by something with a greater stamp; in the siblings mode its vector never shrinks.",
    ),
    claim(
        NO_NEWS_WITHOUT_A_MESSAGE,
        ClaimKind::Safety,
        "A read returns only values of which its replica has been told by a message: the theorem's whole proof.",
    ),
    claim(
        ANSWERS_ALONE,
        ClaimKind::Safety,
        "AP: a replica that is up answers within 5 ms of being asked, and the time its disk takes, whomever it can reach.",
    ),
    claim(
        NO_WRITE_LOST,
        ClaimKind::Safety,
        "ap-siblings: a value disappears only under one whose writer had been shown it.",
    ),
    claim(
        CONVERGED,
        ClaimKind::Liveness,
        "AP: two periods of anti-entropy after the last write and the heal all replicas hold the same.",
    ),
    claim(
        AVAILABLE_WHEN_WHOLE,
        ClaimKind::Liveness,
        "As long as no fault has happened every operation is answered with ok.",
    ),
    claim(
        RESUMES_IN_TIME,
        ClaimKind::Liveness,
        "CP: one lease, two round trips and one retransmission after everything is mended, every operation is answered with ok. With a lease only where a round trip is shorter than `stagger`: else those who want it may refuse each other for ever.",
    ),
];

const BUGS: &[BugCard] = &[
    BugCard {
        slug: "cp-local-read",
        says: "A replica of the CP register answers reads from its own copy.",
        breaks: &[LINEARIZABLE, "history"],
        shown_by: printed("partition-cp"),
    },
    BugCard {
        slug: "quorum-half",
        says: "Half of the replicas, rounded down, count as a majority.",
        breaks: &[LINEARIZABLE, "history"],
        shown_by: printed("partition-cp"),
    },
    BugCard {
        slug: "ap-no-antientropy",
        says: "What a flush did not deliver is never sent again.",
        breaks: &[CONVERGED],
        shown_by: printed("partition-lww"),
    },
    BugCard {
        slug: "ca-one-phase",
        says: "A replica serves a new value as soon as it arrives, before all have it.",
        breaks: &[LINEARIZABLE, "history"],
        shown_by: printed("healthy-ca"),
    },
];
