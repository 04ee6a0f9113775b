//! The entry's card: what the parser, the checker and the page read.

use crate::card::*;

/// Places in `roles`.
pub const SESSIONS: u8 = 0;
pub const CHECKER: u8 = 1;

pub static ENTRY: Entry = Entry {
    id: "consistency",
    title: "Consistency models",
    says: "A history of reads and writes, and a checker that says which models allow it, with an order that \
           explains it or the few operations that contradict it.",
    rows: &["4.1", "4.2", "4.3", "4.4"],
    sources: listed(&[
        "M. Herlihy, J. Wing, Linearizability, TOPLAS 12(3), 1990",
        "L. Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs, IEEE \
         TC C-28(9), 1979",
        "M. Ahamad et al., Causal Memory, Distributed Computing 9, 1995",
        "D. Terry et al., Session Guarantees for Weakly Consistent Replicated Data, PDIS 1994",
        "P. Gibbons, E. Korach, Testing Shared Memories, SIAM J. Comput. 26(4), 1997",
        "G. Lowe, Testing for Linearizability, CCPE 29(4), 2017",
        "A. Bouajjani, C. Enea, R. Guerraoui, J. Hamza, On Verifying Causal Consistency, POPL 2017",
    ]),
    roles: &[
        Role {
            name: "session",
            prefix: "p",
            first: 1,
            count: Count::Param("sessions"),
            tier: 0,
            states: &["idle", "busy"],
        },
        Role {
            name: "checker",
            prefix: "checker",
            first: 1,
            count: Count::One,
            tier: 1,
            states: &["listening", "done"],
        },
    ],
    params: &[
        param(
            "sessions",
            Unit::Count { min: 1, max: 40 },
            "3",
            "how many clients, each one operation after the other",
        ),
        param(
            "takes",
            Unit::TimeRange,
            "10ms",
            "how long an operation takes that says nothing of it",
        ),
        param(
            "copies",
            Unit::Choice(&["off", "arrival", "newest"]),
            "off",
            "whether sessions tell each other what they write, and what then stays: what comes last, or \
                   what was written last",
        ),
        param("unsure", Unit::Share, "0%", "how many writes time out; about half of them happen"),
        param("refuse", Unit::Share, "0%", "how many writes are refused"),
        param(
            "patience",
            Unit::Time { min: 1_000, max: 60_000_000 },
            "100ms",
            "the checker judges when it has heard nothing for so long",
        ),
        param(
            "search",
            Unit::Choice(&["structure", "bare"]),
            "structure",
            "whether linearizability of a register is decided by its values, or by search alone",
        ),
        param(
            "budget",
            Unit::Count { min: 10, max: 10_000_000 },
            "100000",
            "configurations a search may visit before it gives up",
        ),
    ],
    givens: &[],
    ops: &[
        OpCard {
            verb: Verb::Put,
            role: "session",
            args: &["key", "value", "takes?", "ends?"],
            says: "write; `put x 1 10ms unknown` says how long it takes and that it ends ok, failed, unknown \
                   or stays open",
        },
        OpCard {
            verb: Verb::Get,
            role: "session",
            args: &["key", "value?", "takes?", "ends?"],
            says: "read, and return this value; without one, what the session's own copy holds",
        },
    ],
    kinds: &[
        KindCard {
            name: "Began",
            fields: &["op", "lane", "key", "put", "at"],
            says: "to the checker: an operation begins",
        },
        KindCard {
            name: "Ended",
            fields: &["op", "status", "got", "at"],
            says: "to the checker: it has ended, like this",
        },
        KindCard {
            name: "Wrote",
            fields: &["key", "value", "at"],
            says: "to the other sessions' copies",
        },
    ],
    timers: &["return", "judge"],
    reasons: &[
        why("wrote", Weight::Aside, &["key", "value"]),
        why("read", Weight::Aside, &["key", "value"]),
        why("turned-down", Weight::Aside, &["key"]),
        why("gave-up", Weight::Key, &["key", "value"]),
        why("accepted", Weight::Aside, &["model"]),
        why("refused", Weight::Aside, &["model", "few"]),
        why("unsettled", Weight::Aside, &["model"]),
        why("judged", Weight::Key, &["ops", "holds", "not"]),
    ],
    claims: &[
        safety(
            "OrderExplains",
            "an order the checker gives holds every operation, explains every answer, and keeps real time, or \
             each session's order; where it gives none, a short history has one",
        ),
        safety(
            "RefusalProved",
            "the few operations that refuse a model come with every write they could have seen, and have no \
             order by themselves; for a session guarantee, a read and a write it should have seen are among them",
        ),
        safety(
            "ViewsExist",
            "where a causal model or PRAM is accepted of a short history, each session has an order of its own, each \
             read one of its past, or all writes one",
        ),
        safety("Lattice", "what a stronger model allows, a weaker one does not refuse"),
    ],
    bugs: &[
        BugCard {
            slug: "ignore-rt",
            says: "linearizable is judged without asking what had ended before what began",
            breaks: &["OrderExplains"],
            shown_by: "stale-read",
        },
        BugCard {
            slug: "sc-per-key",
            says: "sequential is judged key by key, as is right for linearizable alone",
            breaks: &["OrderExplains"],
            shown_by: "store-buffering",
        },
        BugCard {
            slug: "drop-unknown",
            says: "operations that timed out are left out of the history",
            breaks: &["RefusalProved"],
            shown_by: "unknown-write",
        },
        BugCard {
            slug: "hb-one-pass",
            says: "causal memory draws the losses once and not to the fixpoint",
            breaks: &["ViewsExist"],
            shown_by: "fixpoint",
        },
        BugCard {
            slug: "failed-happened",
            says: "a write that was refused counts as done",
            breaks: &["OrderExplains", "RefusalProved"],
            shown_by: "failed-write",
        },
    ],
    lies: &[],
    meters: &[meter(
        "apart",
        "us",
        "how long after the last write somebody still read what was not to stay",
    )],
    tolerates: &[Fault::Pause, Fault::Duplication, Fault::Reordering, Fault::SlowDisk],
    epoch: "",
    layout: Layout::Tiers,
    view: View::Operations,
    views: &[],
    disk: 0,
    left_out: printed(
        "Compare-and-set, counters and lists as operations, though the engine's checker knows them. \
               The servers' side of the session guarantees: a history does not show which writes a server had. \
               A checker that survives crashes and lost messages: both leave a hole in its history. Choosing which models are judged: all always are.",
    ),
    first: "inversion",
    stirs: &[],
};
