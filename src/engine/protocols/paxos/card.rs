//! What Paxos declares about itself.

use crate::card::*;
use crate::ids::SEC;

const fn role(
    name: &'static str,
    prefix: &'static str,
    count: &'static str,
    tier: u8,
    states: &'static [&'static str],
) -> Role {
    Role { name, prefix, first: 1, count: Count::Param(count), tier, states }
}
const UP_TO_15: Unit = Unit::Count { min: 0, max: 15 };
const TIME: Unit = Unit::Time { min: 0, max: 3600 * SEC };
const PROPOSING: &[&str] = &["idle", "preparing", "accepting", "decided"];

/// Proposers first and acceptors behind them, so that each is a range of the cast, peers being both.
pub static ENTRY: Entry = Entry {
    id: "paxos",
    title: "Paxos",
    says: "Some agree on one value for ever: a promise given to a newer ballot binds, and what a majority accepted in one ballot is chosen.",
    rows: &["3.1"],
    sources: listed(&[
        "Lamport: The Part-Time Parliament, ACM TOCS 16(2), 1998",
        "Lamport: Paxos Made Simple, 2001, sections 2.2 to 2.5",
        "Howard, Malkhi, Spiegelman: Flexible Paxos, OPODIS 2016",
    ]),
    roles: &[
        role("proposer", "p", "proposers", 0, PROPOSING),
        role("peer", "n", "peers", 1, PROPOSING),
        role("acceptor", "a", "acceptors", 1, &["free", "promised", "accepted"]),
        role("learner", "l", "learners", 2, &["listening", "decided"]),
    ],
    params: &[
        param("proposers", UP_TO_15, "2", "nodes that propose"),
        param("acceptors", UP_TO_15, "3", "nodes that promise and accept"),
        param("learners", UP_TO_15, "1", "nodes that only learn"),
        param("peers", UP_TO_15, "0", "nodes that do all three"),
        param("q1", UP_TO_15, "0", "promises a proposer needs; 0 is a majority of all acceptors"),
        param(
            "q2",
            UP_TO_15,
            "0",
            "acceptances that choose; 0 is a majority. Together q1 and q2 must be more than all acceptors",
        ),
        param(
            "learning",
            Unit::Choice(&["proposer", "all"]),
            "proposer",
            "among peers: the proposer tells the others, or each acceptance goes to everybody",
        ),
        param(
            "retry",
            TIME,
            "100ms",
            "how long a proposer waits for a decision before its next ballot, at least; 0 is for ever",
        ),
        param("backoff", TIME, "200ms", "how much longer it waits at most: drawn anew each time"),
        param(
            "exponential",
            Unit::Flag,
            "on",
            "the random part doubles with each try, twice at most",
        ),
        param("nack", Unit::Flag, "on", "acceptors say no instead of nothing"),
        param(
            "learn-request",
            TIME,
            "500ms",
            "how long after the last message a learner asks for the decision; 0 is never",
        ),
    ],
    givens: &[("round", printed("the last round a proposer has used: it goes on with the next"))],
    ops: &[OpCard {
        verb: Verb::Call("propose"),
        role: "proposer peer",
        args: &["value"],
        says: "asks for a value to be chosen, and answers with the one that is",
    }],
    kinds: &[
        kind("Prepare", &["b"], "1a: promise me to accept nothing below this ballot"),
        kind("Promise", &["b", "ab", "av"], "1b: I do, and this is the newest I have accepted"),
        kind("Accept", &["b", "v"], "2a: accept this value in this ballot"),
        kind("Accepted", &["b", "v"], "2b: I have"),
        kind("Nack", &["b", "promised"], "I have promised more than that"),
        kind("Learn", &["v"], "this value is chosen"),
        kind("LearnReq", &[], "what has been decided?"),
    ],
    timers: &["retry", "learn"],
    reasons: &[
        why("returned", Weight::Key, &["round"]),
        why("prepared", Weight::Key, &["ballot", "round", "value", "tries", "after"]),
        why("unbound", Weight::Key, &["ballot", "value", "on", "of"]),
        why("bound", Weight::Key, &["ballot", "value", "acceptor", "accepted"]),
        why("preempted", Weight::Aside, &["ballot", "acceptor", "promised"]),
        why("known", Weight::Key, &["value"]),
        why("recovered", Weight::Key, &["promised", "accepted", "value"]),
        why("promised", Weight::Aside, &["ballot", "proposer", "was", "accepted", "value"]),
        why("refused", Weight::Key, &["ballot", "promised", "proposer", "asked"]),
        why("repeated", Weight::Quiet, &["ballot", "proposer"]),
        why("accepted", Weight::Aside, &["ballot", "value", "proposer"]),
        why("counted", Weight::Quiet, &["ballot", "value", "on", "needed"]),
        why("differ", Weight::Key, &["value", "by"]),
        why("decided", Weight::Key, &["ballot", "value", "by", "of"]),
        why("learned", Weight::Aside, &["value", "from"]),
        why("asked", Weight::Aside, &["silent"]),
    ],
    claims: &[
        claim(CHOSEN_UNIQUE, ClaimKind::Safety, "No two different values are ever chosen."),
        claim(
            LEARNED_UNIQUE,
            ClaimKind::Safety,
            "No two different values are announced, and only what is chosen is.",
        ),
        claim(VALIDITY, ClaimKind::Safety, "What is chosen was proposed by somebody."),
        claim(
            CHOSEN_STAYS,
            ClaimKind::Safety,
            "Once a value is chosen, every higher ballot carries it (P2b).",
        ),
        claim(
            SAFE_AT,
            ClaimKind::Safety,
            "A value is proposed only if a quorum has accepted nothing below its ballot, or nothing newer than this very value (P2c).",
        ),
        claim(
            ONE_VALUE,
            ClaimKind::Safety,
            "A ballot carries one value, restarts of its proposer included.",
        ),
        claim(
            PROMISE_BINDS,
            ClaimKind::Safety,
            "An acceptor accepts nothing below a ballot it has promised.",
        ),
        claim(
            PROMISE_NEVER_SINKS,
            ClaimKind::Safety,
            "An acceptor never goes back behind what it has promised, restarts included, nor has it accepted above it.",
        ),
        claim(
            SAVED_FIRST,
            ClaimKind::Safety,
            "No promise, no acceptance and no Prepare leaves before the disk has it.",
        ),
        claim(
            DECIDES_IN_TIME,
            ClaimKind::Liveness,
            "With a quorum up and nothing disturbed, a proposer that keeps trying has a decision within five of its longest waits.",
        ),
        claim(
            ALL_LEARN,
            ClaimKind::Liveness,
            "With somebody up who knows and nothing disturbed, every learner that heard of the matter is told within ten of its requests.",
        ),
    ],
    bugs: &[
        bug(
            "forget-promise",
            &[PROMISE_NEVER_SINKS, CHOSEN_UNIQUE, PROMISE_BINDS, SAVED_FIRST, CHOSEN_STAYS],
            "forgotten-promise",
            "Promises are not written to disk.",
        ),
        bug(
            "own-value",
            &[SAFE_AT, CHOSEN_UNIQUE, CHOSEN_STAYS],
            "chosen-then-challenge",
            "A proposer proposes its own value, whatever was reported.",
        ),
        bug(
            "first-value",
            &[CHOSEN_UNIQUE, SAFE_AT, CHOSEN_STAYS],
            "highest-wins",
            "A proposer takes the first value reported, not the one of the highest ballot.",
        ),
        bug(
            "accept-any",
            &[CHOSEN_UNIQUE, PROMISE_BINDS, CHOSEN_STAYS],
            "late-accept",
            "An acceptor accepts whatever it is sent, whatever it has promised.",
        ),
        bug(
            "minority-quorum",
            &[LEARNED_UNIQUE],
            "even-split",
            "Half of an even number of acceptors counts as a majority.",
        ),
        bug(
            "count-by-value",
            &[LEARNED_UNIQUE],
            "two-ballot-trap",
            "A learner counts acceptors of the same value over different ballots.",
        ),
        bug(
            "count-dups",
            &[LEARNED_UNIQUE],
            "dup-votes",
            "Messages are counted instead of acceptors: a copy counts again.",
        ),
        bug(
            "reuse-ballot",
            &[ONE_VALUE, CHOSEN_UNIQUE, SAVED_FIRST],
            "reuse",
            "A proposer does not write its round to disk, and begins at the same one again.",
        ),
        bug(
            "flexible-bad",
            &[CHOSEN_UNIQUE, SAFE_AT, CHOSEN_STAYS],
            "flexible",
            "One promise too few: q1 and q2 together are not more than all acceptors.",
        ),
    ],
    lies: &[],
    meters: &[
        meter("decide-latency", "us", "from a proposer's first Prepare to its decision"),
        meter("round", "", "the round a proposer begins"),
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
    epoch: "ballot",
    layout: Layout::Tiers,
    view: View::Messages,
    views: &[
        ("chosen-then-challenge", View::Exhibit("ballots")),
        ("highest-wins", View::Exhibit("ballots")),
        ("two-ballot-trap", View::Exhibit("ballots")),
    ],
    disk: 0,
    left_out: printed(
        "Multi-Paxos: one value is decided, and each costs both phases. A distinguished proposer with a lease: rivals are kept apart only by random waits. Sending again within a ballot: a lost message costs a new ballot.",
    ),
    first: "chosen-then-challenge",
    stirs: &[StirCard {
        name: "start a duel",
        says: "A second proposer begins as soon as the first one's Prepare has arrived: its ballot is promised before the first one's Accept is there.",
        acts: &[(
            "{proposer|peer} propose X",
            "then when delivered Prepare {proposer|peer} -> {acceptor|peer 2}  {proposer|peer 2} propose Y",
        )],
    }],
};

pub const CHOSEN_UNIQUE: &str = "ChosenUnique";
pub const LEARNED_UNIQUE: &str = "LearnedUnique";
pub const VALIDITY: &str = "Validity";
pub const CHOSEN_STAYS: &str = "ChosenStays";
pub const SAFE_AT: &str = "SafeAt";
pub const ONE_VALUE: &str = "OneValuePerBallot";
pub const PROMISE_BINDS: &str = "PromiseBinds";
pub const PROMISE_NEVER_SINKS: &str = "PromiseNeverSinks";
pub const SAVED_FIRST: &str = "SavedFirst";
pub const DECIDES_IN_TIME: &str = "DecidesInTime";
pub const ALL_LEARN: &str = "AllLearn";
