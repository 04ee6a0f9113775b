//! The entry's card: what the parser, the checker and the page read.

use crate::card::*;

pub static ENTRY: Entry = Entry {
    id: "lamport-clocks",
    title: "Lamport clocks",
    says: "One number an event, never larger at the cause than at the effect; with the node's name it puts \
           everything in one order.",
    rows: &["2.2"],
    sources: listed(&[
        "L. Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, CACM 21(7), 1978",
    ]),
    roles: &[Role {
        name: "node",
        prefix: "n",
        first: 1,
        count: Count::Param("nodes"),
        tier: 1,
        states: &[],
    }],
    params: &[
        param("nodes", Unit::Count { min: 2, max: 16 }, "3", "how many nodes"),
        param(
            "order",
            Unit::Choice(&["total", "arrival"]),
            "total",
            "when a command is applied: in its place in the total order, or as it arrives",
        ),
        param("infer", Unit::Flag, "off", "take a smaller number for a cause, as one must not"),
        param("aloud", Unit::Flag, "off", "whoever phones reads the number out"),
        param(
            "patience",
            Unit::Time { min: 1_000, max: 60_000_000 },
            "200ms",
            "how long a node waits for the others before it asks again",
        ),
        param(
            "balance",
            Unit::Count { min: 0, max: 1_000_000 },
            "1000",
            "what every copy of the account holds at first",
        ),
    ],
    givens: &[],
    ops: &[
        op("tell", &["node"], "send a message to one node"),
        op("chat", &[], "send a message to a node the dice name"),
        op("shout", &[], "send one message to everybody: one event, one number on every copy"),
        op("local", &[], "an event that concerns nobody else"),
        op("phone", &["node"], "call somebody up, outside the system"),
        op("deposit", &["amount"], "add to every copy of the account"),
        op("interest", &["percent"], "add so many percent to every copy of the account"),
    ],
    kinds: &[
        kind("Note", &["ts"], "a message with the number of its sending"),
        kind("Command", &["ts", "nth", "command"], "what is to be done to every copy"),
        kind(
            "Ack",
            &["ts", "nth", "of", "by"],
            "to everybody: I have the command (of, by), and am past it",
        ),
        kind(
            "Sync",
            &["have", "sent"],
            "I have so many letters of yours and have written so many; no event of its own",
        ),
        kind("Phone", &["ts"], "a call from person to person"),
    ],
    timers: &["again"],
    reasons: &[
        why("stamped", Weight::Key, &["c", "act", "to"]),
        why("received", Weight::Key, &["from", "ts", "was", "c"]),
        why("inferred", Weight::Key, &["from", "theirs", "mine"]),
        why("proposed", Weight::Key, &["c", "command"]),
        why("acknowledged", Weight::Aside, &["c", "of", "by"]),
        why("applied", Weight::Key, &["c", "by", "command", "place", "balance"]),
        why("stuck", Weight::Key, &["c", "by", "waits", "silent"]),
        why("resent", Weight::Aside, &["to", "first", "last"]),
        why("held-back", Weight::Key, &["from", "nth", "next"]),
        why("repeated", Weight::Quiet, &["from", "nth"]),
        why("phoned", Weight::Key, &["to", "aloud"]),
        why("rang", Weight::Key, &["from", "c"]),
        why("recovered", Weight::Key, &["c"]),
        why("refused", Weight::Aside, &["op"]),
    ],
    claims: &[
        safety("ClockCondition", "an event that could have caused another has the smaller number"),
        safety("UniqueStamps", "no two events have the same number and the same node"),
        safety("SameSequence", "all nodes apply the same commands in the same order"),
        safety("StampOrder", "commands waited for are applied in the order of number, then node"),
        ClaimCard {
            name: "SameBalance",
            kind: ClaimKind::AtRest,
            says: "when nothing is under way, all copies of the account are equal",
        },
        ClaimCard {
            name: "Applied",
            kind: ClaimKind::Liveness,
            says: "two seconds after the last trouble a command is applied everywhere",
        },
        safety("Converse", "a smaller number taken for a cause was one; nobody promised that"),
        safety(
            "StrongCondition",
            "what follows a phone call has a larger number than what led to it",
        ),
    ],
    bugs: &[
        BugCard {
            slug: "no-max",
            says: "a receiver does not look at the number it is sent",
            breaks: &["ClockCondition"],
            shown_by: printed("basic"),
        },
        BugCard {
            slug: "no-inc-on-recv",
            says: "a receiver takes over the larger number and does not count the receipt",
            breaks: &["ClockCondition", "UniqueStamps"],
            shown_by: printed("basic"),
        },
        BugCard {
            slug: "no-tiebreak",
            says: "equal numbers stay in the order in which they came, not in that of their nodes",
            breaks: &["SameSequence", "StampOrder", "SameBalance"],
            shown_by: printed("total-order"),
        },
        BugCard {
            slug: "amnesia",
            says: "the counter starts at 0 again after a crash",
            breaks: &["ClockCondition", "UniqueStamps"],
            shown_by: printed("restart"),
        },
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
    epoch: "",
    layout: Layout::Circle,
    view: View::Messages,
    views: &[("bank-arrival", View::Exhibit("applied")), ("total-order", View::Exhibit("applied"))],
    disk: 0,
    left_out: printed(
        "The paper's mutual exclusion in its own messages, 3(n-1) for one entry: the queue is the same, \
               but nobody releases anything here. \
               Throwing old commands away: every node keeps all it has sent. \
               Amnesia: a node that forgets its counter must not keep its name; the scenario `amnesia` shows why.",
    ),
    first: "basic",
    stirs: &[],
};

const fn op(word: &'static str, args: &'static [&'static str], says: &'static str) -> OpCard {
    OpCard { verb: Verb::Call(word), role: "node", args, says }
}
