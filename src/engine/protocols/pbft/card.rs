//! What PBFT declares about itself.

use crate::card::*;
use crate::ids::SEC;

const fn role(
    name: &'static str,
    prefix: &'static str,
    first: u8,
    count: &'static str,
    tier: u8,
    states: &'static [&'static str],
) -> Role {
    Role { name, prefix, first, count: Count::Param(count), tier, states }
}

const fn count(min: i64, max: i64) -> Unit {
    Unit::Count { min, max }
}
const TIME: Unit = Unit::Time { min: 0, max: 3600 * SEC };
const VND: &[&str] = &["v", "n", "d"];

pub static ENTRY: Entry = Entry {
    id: "pbft",
    title: "PBFT",
    says: "Of 3f+1 replicas f may lie, each peer being told something else: three rounds, and what 2f+1 say cannot be unsaid.",
    rows: &["3.3"],
    sources: listed(&[
        "Castro, Liskov: Practical Byzantine Fault Tolerance, OSDI 1999, sections 4.1 to 4.5",
        "Castro, Liskov: Practical Byzantine Fault Tolerance and Proactive Recovery, ACM TOCS 20(4), 2002",
    ]),
    roles: &[
        role("replica", "r", 0, "nodes", 1, &["primary", "backup", "changing"]),
        role("client", "c", 1, "clients", 0, &["idle", "waiting"]),
    ],
    params: &[
        param("nodes", count(1, 31), "4", "replicas: 3f+1 bear f liars"),
        param("f", count(0, 10), "1", "how many may lie"),
        param("clients", count(1, 8), "1", "nodes that ask"),
        param("checkpoint", count(1, 1000), "10", "K: a checkpoint after so many requests"),
        param(
            "window",
            count(0, 10_000),
            "0",
            "how far numbers may be ahead of the stable checkpoint; 0 is 2K",
        ),
        param(
            "tentative",
            Unit::Flag,
            "off",
            "execute what is prepared: four steps to the answer, and 2f+1 must say it",
        ),
        param(
            "timer",
            TIME,
            "300ms",
            "X: how long a backup waits for a request, or for a new view; doubles with each view",
        ),
        param("resend", TIME, "100ms", "how long until a replica asks and tells again"),
        param("retry", TIME, "500ms", "how long until a client asks everybody"),
        param("patience", TIME, "5s", "how long until a client gives up"),
    ],
    givens: &[
        ("broadcast", "a client that asks everybody at once: on or off"),
        (
            "reads",
            "a client whose reads are `ordered` like all requests, or answered `at-once` by 2f+1 replicas",
        ),
    ],
    ops: &[
        op(Verb::Get, &["key"], "reads a register: a request like any other"),
        op(Verb::Put, &["key", "value"], "writes a register"),
        op(Verb::Add, &["key", "by?"], "adds to a register, and returns the sum"),
    ],
    kinds: &[
        kind("Request", &["o", "t", "c"], "a client's operation and timestamp, signed by it"),
        kind("PrePrepare", &["v", "n", "d", "m"], "the primary: this request is n-th in view v"),
        kind(
            "Prepare",
            &["v", "n", "d", "i"],
            "a backup: I have accepted that, and nothing else there",
        ),
        kind("Commit", &["v", "n", "d", "i"], "I know that it is prepared"),
        kind(
            "Reply",
            &["v", "t", "c", "i", "r", "tentative"],
            "the result, from each replica itself",
        ),
        kind("Checkpoint", &["n", "d", "i"], "the digest of my state after n requests"),
        kind(
            "ViewChange",
            &["v", "n", "c", "p", "i"],
            "I want view v, and this is what I have prepared",
        ),
        kind(
            "NewView",
            &["v", "changes", "o"],
            "view v begins, with these proofs and these requests",
        ),
        kind("Status", &["v", "changing", "n"], "this is how far I am: what have I missed?"),
        kind("Executed", &["n", "d"], "I have executed this as n-th"),
        kind("Fetch", &["d"], "send me the request with this digest"),
        kind("State", &["n", "app", "c"], "the state at a stable checkpoint, and its proof"),
        kind("Read", &["o", "t", "c"], "a request that only reads: what do you hold?"),
        kind("ReadReply", &["t", "c", "i", "r"], "this, at this moment"),
    ],
    timers: &["view-change", "status", "retry", "patience"],
    reasons: &[
        why("forwarded", Weight::Aside, &["c", "t", "primary", "wait"]),
        why("proposed", Weight::Key, VND),
        why("pre-prepared", Weight::Aside, VND),
        why("conflicting", Weight::Key, &["v", "n", "d", "had"]),
        why("outside", Weight::Key, &["n", "low", "high"]),
        why("prepared", Weight::Key, &["v", "n", "d", "prepares"]),
        why("executed", Weight::Key, &["n", "d", "commits"]),
        why("tentative", Weight::Key, VND),
        why("undone", Weight::Key, &["n", "d"]),
        why("skipped", Weight::Aside, &["n"]),
        why("caught-up", Weight::Key, &["n", "d", "by"]),
        why("checkpointed", Weight::Aside, &["n"]),
        why("stable", Weight::Key, &["n", "by"]),
        why("behind", Weight::Key, &["n", "last"]),
        why("transferred", Weight::Key, &["n", "from"]),
        why("view-changed", Weight::Key, &["v", "waited", "began", "waiting"]),
        why("joined", Weight::Key, &["v", "by"]),
        why("new-view", Weight::Key, &["v", "of", "low", "kept"]),
        why("kept", Weight::Key, &["v", "n", "d", "from"]),
        why("null-filled", Weight::Key, &["v", "n"]),
        why("entered", Weight::Aside, &["v", "primary"]),
        why("rejected", Weight::Key, &["v", "primary"]),
        why("fetched", Weight::Aside, &["d"]),
        why("asked", Weight::Quiet, &["v", "last"]),
        why("recovered", Weight::Key, &["v", "last"]),
        why("equivocated", Weight::Key, &["n", "d", "to", "other", "others"]),
        why("misnumbered", Weight::Key, &["n", "d", "how"]),
        why("colluded", Weight::Key, VND),
        why("altered", Weight::Key, &["how"]),
        why("forged", Weight::Key, &["c", "t", "value"]),
        why("broadcast", Weight::Key, &["t", "waited"]),
        why("counted", Weight::Aside, &["from", "value", "matching", "needed"]),
        why("accepted", Weight::Key, &["matching", "value", "t", "tentative"]),
        why("read-at-once", Weight::Key, &["matching", "value", "t"]),
        why("not-alike", Weight::Key, &["t", "waited", "needed"]),
        why("gave-up", Weight::Key, &["t", "waited"]),
    ],
    claims: &[
        safety(
            AGREEMENT,
            "No two honest replicas execute different requests under the same number.",
        ),
        safety(
            PREPARED_UNIQUE,
            "At each (view, n) at most one request is prepared at honest replicas.",
        ),
        safety(
            WIDELY_PREPARED,
            "What an honest replica executes is prepared at f+1 honest replicas or more.",
        ),
        safety(
            NEW_VIEW_KEEPS,
            "A new view that an honest replica begins or enters asks again for whatever is committed at an honest replica above the stable checkpoint.",
        ),
        safety(SAME_STATE, "Honest checkpoints at the same number have the same digest."),
        safety(
            ONE_RESULT,
            "A request has one result: all honest replicas give it, however often they are asked.",
        ),
        safety(TRUE_RESULT, "What a client accepts is what an honest replica has answered."),
        safety(LOG_BOUND, "Honest replicas vote for no number beyond their window."),
        safety(VIEWS_RISE, "A replica never goes back to an earlier view."),
        ClaimCard {
            name: ANSWERED,
            kind: ClaimKind::Liveness,
            says: "With nothing disturbed and a quorum of honest replicas up, no client waits in vain for as long as its patience (views change faster than messages at first, but ever more slowly).",
        },
    ],
    bugs: &[
        bug(
            "quorum-2f",
            &[AGREEMENT, WIDELY_PREPARED, PREPARED_UNIQUE, ONE_RESULT, TRUE_RESULT, SAME_STATE],
            "equivocate",
            "One vote too few: certificates of 2f in place of 2f+1.",
        ),
        bug(
            "execute-on-prepared",
            &[AGREEMENT, WIDELY_PREPARED, NEW_VIEW_KEEPS, ONE_RESULT, SAME_STATE],
            "hold-prepares",
            "What is prepared is executed; nobody waits for commits.",
        ),
        bug(
            "vc-no-certs",
            &[AGREEMENT, NEW_VIEW_KEEPS, ONE_RESULT, SAME_STATE],
            "commit-then-viewchange",
            "View changes do not show what is prepared.",
        ),
        bug(
            "o-lowest-view",
            &[AGREEMENT, NEW_VIEW_KEEPS, ONE_RESULT, SAME_STATE],
            "two-view-changes",
            "A new view takes what was prepared in the lowest view shown, not in the highest.",
        ),
        bug(
            "no-digest-check",
            &[AGREEMENT, PREPARED_UNIQUE, WIDELY_PREPARED, ONE_RESULT, SAME_STATE],
            "equivocate",
            "Votes are matched by view and number, whatever request they are for.",
        ),
        bug(
            "accept-second-preprepare",
            &[PREPARED_UNIQUE, AGREEMENT, ONE_RESULT, SAME_STATE],
            "double-preprepare",
            "A backup accepts another request for a number that is taken.",
        ),
        bug(
            "client-one-reply",
            &[TRUE_RESULT],
            "lying-reply",
            "A client believes the first answer.",
        ),
        bug(
            "no-watermark",
            &[LOG_BOUND],
            "high-n",
            "Any number is accepted: a primary may use them up.",
        ),
        bug(
            "no-join-rule",
            &[ANSWERED],
            "two-know",
            "A replica asks for a new view only when its own timer says so.",
        ),
        bug(
            "no-timer-doubling",
            &[ANSWERED],
            "slow-links",
            "The timer stays the same however many views have failed.",
        ),
        bug(
            "gc-without-stable",
            &[AGREEMENT, NEW_VIEW_KEEPS, ONE_RESULT, SAME_STATE],
            "unstable-gc",
            "A replica forgets at its own checkpoint, before others have the same.",
        ),
    ],
    lies: &[
        lie(
            "equivocate",
            "a primary that gives two requests one number and tells each peer of one: those behind to= hear of the second, those behind commit= are sent a commit",
            &[("to", Takes::Nodes), ("commit", Takes::Nodes)],
        ),
        lie("reuse", "a primary that gives every request the same number", &[]),
        lie("jump", "a primary that gives numbers beyond the window", &[]),
        lie("collude", "votes for whatever anybody proposes", &[]),
        lie("false-reply", "answers clients at once, and wrongly", &[]),
        lie(
            "wrong-digest",
            "votes for requests that do not exist, and signs false checkpoints",
            &[],
        ),
        lie(
            "forget",
            "shows nothing it has prepared, and leaves out of a new view what others show",
            &[],
        ),
    ],
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
        Fault::Lies,
    ],
    epoch: "view",
    layout: Layout::Tiers,
    view: View::Messages,
    views: &[
        ("equivocate", View::Exhibit("certificates")),
        ("checkpoint", View::Exhibit("log")),
        ("unstable-gc", View::Exhibit("log")),
    ],
    disk: 0,
    left_out: printed(
        "Batches: each request pays three rounds of its own. Authenticators instead of signatures, and the acknowledgements they need. Recovery of an empty replica: whoever loses its disk counts among the f. Clients that lie.",
    ),
    first: "equivocate",
    stirs: &[StirCard {
        name: "silence the primary",
        says: "The primary says nothing from now on: if a client waits, the backups change the view without it.",
        acts: &[("turn {primary} silent", "")],
    }],
};

pub const AGREEMENT: &str = "Agreement";
pub const PREPARED_UNIQUE: &str = "PreparedUnique";
pub const WIDELY_PREPARED: &str = "WidelyPrepared";
pub const NEW_VIEW_KEEPS: &str = "NewViewKeeps";
pub const SAME_STATE: &str = "SameState";
pub const ONE_RESULT: &str = "OneResult";
pub const TRUE_RESULT: &str = "TrueResult";
pub const LOG_BOUND: &str = "LogBound";
pub const VIEWS_RISE: &str = "ViewsRise";
pub const ANSWERED: &str = "Answered";
