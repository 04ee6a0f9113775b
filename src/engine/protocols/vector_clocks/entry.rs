//! The entry's card: what the parser, the checker and the page read.

use crate::card::*;

pub static ENTRY: Entry = Entry {
    id: "vector-clocks",
    title: "Vector clocks",
    says: "Each node counts its own events and carries what it knows of the others': two vectors tell whether \
           one event could have caused the other.",
    rows: &["2.3"],
    sources: listed(&[
        "C. Fidge, Timestamps in message-passing systems that preserve the partial ordering, ACSC 1988",
        "F. Mattern, Virtual time and global states of distributed systems, 1989",
        "B. Charron-Bost, Concerning the size of logical clocks in distributed systems, IPL 1991",
        "R. Schwarz and F. Mattern, Detecting causal relationships in distributed computations, 1994",
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
        param(
            "nodes",
            Unit::Count { min: 2, max: 64 },
            "3",
            "how many nodes, and so how many entries a vector has",
        ),
        param(
            "count",
            Unit::Choice(&["both", "sends"]),
            "both",
            "which events a node counts: all of them, as in Fidge and Mattern, or only what it sends and writes",
        ),
        param(
            "prune",
            Unit::Count { min: 0, max: 64 },
            "0",
            "how many entries a vector keeps, the oldest news thrown away first; 0 keeps all",
        ),
        param(
            "lamport",
            Unit::Flag,
            "off",
            "carry Lamport's one number beside the vector, to see what it loses",
        ),
    ],
    givens: &[],
    ops: &[
        op("tell", &["node"], "send a message to one node"),
        op("chat", &[], "send a message to a node the dice name"),
        op("shout", &[], "send one message to everybody: one event, one vector on every copy"),
        op("local", &[], "an event that concerns nobody else"),
        OpCard {
            verb: Verb::Put,
            role: "node",
            args: &["key", "value"],
            says: "write a version of a key here; nobody is told until a sync",
        },
        OpCard {
            verb: Verb::Get,
            role: "node",
            args: &["key"],
            says: "read the versions held here: more than one if writes were in conflict",
        },
        op("sync", &["node"], "send every version held here to another node"),
        op("record", &["cut"], "draw a numbered cut through this node, here and now"),
    ],
    kinds: &[
        KindCard {
            name: "Note",
            fields: &["v", "c"],
            says: printed("a message with its sender's vector"),
        },
        KindCard {
            name: "Versions",
            fields: &["v", "c", "held"],
            says: printed("every version its sender holds"),
        },
        KindCard {
            name: "Point",
            fields: &["cut", "v"],
            says: printed(
                "a node's point of a cut, for the first node to judge; no event of its own",
            ),
        },
    ],
    timers: &[],
    reasons: &[
        why("stamped", Weight::Key, &["v", "c", "act", "to"]),
        why("merged", Weight::Key, &["from", "theirs", "mine", "v", "c", "counted"]),
        why("compared", Weight::Aside, &["with", "theirs", "mine", "relation"]),
        why("concurrent", Weight::Key, &["with", "theirs", "mine"]),
        why("misordered", Weight::Key, &["with", "theirs", "mine"]),
        why("wrote", Weight::Key, &["key", "value", "v", "over"]),
        why("sibling", Weight::Key, &["key", "value", "v", "other", "than"]),
        why("adopted", Weight::Key, &["key", "value", "v", "over"]),
        why("ignored", Weight::Key, &["key", "value", "v", "relation", "held"]),
        why("pruned", Weight::Aside, &["dropped", "kept"]),
        why("recorded", Weight::Aside, &["cut", "v"]),
        why("consistent", Weight::Key, &["cut"]),
        why("orphan", Weight::Key, &["cut", "inside", "of", "knows", "has"]),
        why("recovered", Weight::Key, &["v"]),
        why("uncounted", Weight::Aside, &["v"]),
        why("refused", Weight::Aside, &["op", "because"]),
    ],
    claims: &[
        safety(
            "ClockCondition",
            "an event could have caused another exactly if its vector is the smaller one",
        ),
        safety("OwnEntryCounts", "a node's own entry is the number of events it has counted"),
        safety("NobodyAhead", "nobody knows of more events of a node than that node has had"),
        safety("FrozenCopy", "a message carries the vector of its send, whatever came after it"),
        safety("RelationIsTruth", "what a node concludes from two vectors is what really happened"),
        safety(
            "KeepsConflicts",
            "of the writes a node has heard of, it holds exactly those that no other came after",
        ),
        safety("CutIsTruth", "a cut is called inconsistent exactly if it holds an orphan receipt"),
        safety(
            "LamportCondition",
            "an event that could have caused another has the smaller number",
        ),
    ],
    bugs: &[
        BugCard {
            slug: "no-merge",
            says: "a receiver counts the receipt but does not take in what the message knows",
            breaks: &["ClockCondition"],
            shown_by: printed("triangle-both"),
        },
        BugCard {
            slug: "merge-no-inc",
            says: "a receiver takes in what the message knows but does not count the receipt",
            breaks: &["ClockCondition", "OwnEntryCounts"],
            shown_by: printed("triangle-both"),
        },
        BugCard {
            slug: "inc-all",
            says: "an event adds one to every entry, not to the node's own alone",
            breaks: &["NobodyAhead", "ClockCondition"],
            shown_by: printed("basic"),
        },
        BugCard {
            slug: "compare-sum",
            says: "vectors are compared by the sum of their entries",
            breaks: &["RelationIsTruth"],
            shown_by: printed("basic"),
        },
        BugCard {
            slug: "shared-ref",
            says: "a message points to the sender's live vector, which is read when it leaves",
            breaks: &["ClockCondition", "FrozenCopy"],
            shown_by: printed("slow-disk"),
        },
    ],
    lies: &[],
    meters: &[
        meter("entries", "entries", "filled entries in a vector sent"),
        meter(
            "concurrent",
            "pairs",
            "a message whose send was concurrent with the receiver's newest event",
        ),
        meter(
            "misordered",
            "pairs",
            "of these, pairs Lamport's numbers put in an order all the same",
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
    layout: Layout::Circle,
    view: View::Points { told: "recorded", of: "cut" },
    views: &[("counts-beside", View::Messages)],
    disk: 0,
    left_out: printed(
        "Compression of vectors (Singhal and Kshemkalyani's differences): every message carries every entry. \
               Members beyond those declared: who comes later must be `absent` from the start. \
               Amnesia: a node that forgets its vector must not keep its name; the scenario `amnesia` shows why.",
    ),
    first: "triangle",
    stirs: &[],
};

const fn op(word: &'static str, args: &'static [&'static str], says: &'static str) -> OpCard {
    OpCard { verb: Verb::Call(word), role: "node", args, says }
}
