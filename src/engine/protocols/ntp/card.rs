//! The entry's card: what the parser, the checker and the page read.

use crate::card::*;
use crate::ids::{SEC, Us};

/// Places in `roles`.
pub const CLIENTS: u8 = 0;
pub const SERVERS: u8 = 1;

const DAY: Us = 24 * 3_600 * SEC;

pub static ENTRY: Entry = Entry {
    id: "ntp",
    title: "Physical clocks",
    says: "Setting a clock over a network that takes its time: Cristian, NTP with its filter, selection and \
           discipline, and Berkeley.",
    rows: &["2.1"],
    sources: listed(&[
        "F. Cristian, Probabilistic clock synchronization, Distributed Computing 3, 1989",
        "RFC 5905, Network Time Protocol Version 4, sections 8 to 11",
        "K. Marzullo and S. Owicki, Maintaining the time in a distributed system, PODC 1983",
        "R. Gusella and S. Zatti, The accuracy of the clock synchronization achieved by TEMPO, IEEE TSE 1989",
    ]),
    roles: &[
        Role {
            name: "client",
            prefix: "c",
            first: 1,
            count: Count::Param("clients"),
            tier: 0,
            states: &["unsynchronised", "measuring", "synchronised", "doubting", "panicked"],
        },
        Role {
            name: "server",
            prefix: "s",
            first: 1,
            count: Count::Param("servers"),
            tier: 1,
            states: &[],
        },
    ],
    params: &[
        param(
            "algorithm",
            Unit::Choice(&["ntp", "cristian", "berkeley"]),
            "ntp",
            "how clocks are set; Berkeley's master is the first server",
        ),
        param(
            "servers",
            Unit::Count { min: 1, max: 9 },
            "1",
            "how many servers; only NTP asks more than one",
        ),
        param("clients", Unit::Count { min: 1, max: 9 }, "1", "how many clients"),
        time("poll", 1_000, DAY, "1s", "how often a client asks, or Berkeley's master"),
        param(
            "filter",
            Unit::Count { min: 1, max: 8 },
            "8",
            "of how many samples NTP keeps the one with the shortest round trip",
        ),
        param("discipline", Unit::Flag, "on", "set the clock by what is found; off only looks"),
        time("step", 0, DAY, "125ms", "offsets from here on are not slewed"),
        time(
            "stepout",
            0,
            DAY,
            "900s",
            "how long such an offset must last before the clock is set at once",
        ),
        time("panic", 0, DAY, "1000s", "offsets beyond this are taken for a mistake"),
        param(
            "slew",
            Unit::Count { min: 1, max: 900_000 },
            "500",
            "how much too fast or too slow a clock is run to correct it, in ppm",
        ),
        time("hold", 0, DAY, "0ms", "how long a server takes to answer"),
        time("precision", 0, SEC, "1us", "how finely a clock is read"),
        time("accept", 0, DAY, "0ms", "Cristian: the longest round trip that counts; 0 takes any"),
        time("min", 0, DAY, "0ms", "Cristian: the shortest time a message can take"),
        time("gamma", 0, DAY, "1s", "Berkeley: how far apart clocks may be and still be averaged"),
        time("timeout", 1_000, DAY, "80ms", "how long Cristian and Berkeley wait for an answer"),
    ],
    givens: &[],
    ops: &[
        OpCard {
            verb: Verb::Call("read"),
            role: "client",
            args: &[],
            says: "look at the wall clock",
        },
        OpCard {
            verb: Verb::Put,
            role: "client",
            args: &["key", "value"],
            says: "write, stamped by the wall clock; the later stamp wins",
        },
        OpCard {
            verb: Verb::Get,
            role: "client",
            args: &["key"],
            says: "read what was written last",
        },
    ],
    kinds: &[
        kind("Request", &["poll", "xmt"], "NTP, mode 3: what time is it? xmt is T1"),
        kind(
            "Response",
            &["stratum", "precision", "root_delay", "root_disp", "org", "rec", "xmt"],
            "NTP, mode 4: org is T1, rec T2, xmt T3",
        ),
        kind("TimeReq", &["seq"], "Cristian: what time is it?"),
        kind("TimeResp", &["seq", "t_server"], "Cristian: my time"),
        kind("Poll", &["round", "master_time"], "Berkeley: my time; how far is yours from it?"),
        kind("Reply", &["round", "diff"], "Berkeley: mine minus yours"),
        kind("Adjust", &["round", "delta"], "Berkeley: go so far"),
    ],
    timers: &["poll", "hold", "overdue"],
    reasons: &[
        why(
            "sampled",
            Weight::Key,
            &["server", "t1", "t2", "t3", "t4", "offset", "delay", "bound"],
        ),
        why("kept", Weight::Key, &["server", "offset", "delay", "newest"]),
        why("bogus", Weight::Key, &["server", "org", "waits"]),
        why("seen-before", Weight::Aside, &["server", "xmt"]),
        why("silent", Weight::Aside, &["server", "times"]),
        why("selected", Weight::Key, &["low", "high", "f", "servers", "offset"]),
        why("falseticker", Weight::Key, &["server", "offset", "low", "high"]),
        why("unsynchronised", Weight::Key, &["asked"]),
        why("slewed", Weight::Key, &["by", "takes"]),
        why("stepped", Weight::Key, &["by"]),
        why("doubted", Weight::Key, &["by", "left"]),
        why("panicked", Weight::Key, &["by", "most"]),
        why("read", Weight::Key, &["server", "rtt", "offset", "bound"]),
        why("discarded", Weight::Key, &["server", "rtt", "most", "again"]),
        why("stale", Weight::Aside, &["from", "round"]),
        why("compared", Weight::Aside, &["with", "offset", "bound"]),
        why("averaged", Weight::Key, &["round", "mean", "of"]),
        why("outlier", Weight::Key, &["node", "diff", "gamma"]),
        why("missed", Weight::Aside, &["nodes", "round"]),
        why("wrote", Weight::Quiet, &["key", "value", "stamp"]),
        why("overruled", Weight::Key, &["value", "stamp", "held", "by"]),
    ],
    claims: &[
        safety(
            "WithinHalfDelay",
            "a sample is no further from the truth than the bound it claims, half its delay, and the drift meanwhile",
        ),
        safety(
            "TrueHull",
            "while fewer than half of the servers lie, true time lies within what as many intervals as are honest reach",
        ),
        safety("MajorityClique", "what is chosen lies within what a majority of the servers says"),
        safety(
            "NeverBack",
            "no clock goes back but by an operator, or a step of at least the threshold; with Berkeley by no step at all",
        ),
        safety("MonoForward", "a client's monotonic clock never goes back"),
        safety("StampsIncrease", "no later write of a node has the earlier stamp"),
        ClaimCard {
            name: "FilterBeatsMean",
            kind: ClaimKind::Liveness,
            says: "where delay alone makes the errors, the filtered offset is nearer the truth than the mean",
        },
    ],
    bugs: &[
        BugCard {
            slug: "tight-bound",
            says: "a client claims half the error bound it has measured",
            breaks: &["WithinHalfDelay"],
            shown_by: printed("asymmetric"),
        },
        BugCard {
            slug: "sign",
            says: "the offset has the wrong sign",
            breaks: &["WithinHalfDelay", "TrueHull"],
            shown_by: printed("worked"),
        },
        BugCard {
            slug: "mean-filter",
            says: "the clock filter takes the mean of its samples, not the one with the shortest delay",
            breaks: &["FilterBeatsMean"],
            shown_by: printed("filter"),
        },
        BugCard {
            slug: "accept-any",
            says: "a client does not look which request an answer belongs to",
            breaks: &["WithinHalfDelay"],
            shown_by: printed("stale-reply"),
        },
        BugCard {
            slug: "step-always",
            says: "every correction is made at once, however small",
            breaks: &["NeverBack", "StampsIncrease"],
            shown_by: printed("slew"),
        },
    ],
    lies: &[lie(
        "shift",
        "adds what stands behind by= to every time it tells",
        &[("by", Takes::Time)],
    )],
    meters: &[
        meter("estimate-error", "us", "how far the offset a node believes is from the truth"),
        bound("bound", "us", "estimate-error", "how far off a client says its sample may be"),
        meter("outside", "us", "how far true time is from the interval chosen; 0 is inside"),
        meter(
            "spread",
            "us",
            "how far apart the clients' clocks are, with Berkeley the master's too",
        ),
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
    layout: Layout::Tiers,
    view: View::Rounds,
    views: &[
        ("berkeley", View::Measures),
        ("berkeley-crash", View::Measures),
        ("drift-16s", View::Measures),
        ("drift-1s", View::Measures),
        ("falseticker", View::Exhibit("intervals")),
        ("filter", View::Measures),
        ("free-run", View::Measures),
        ("partial-liar", View::Exhibit("intervals")),
        ("slew", View::Measures),
        ("step-back", View::Measures),
        ("stepout", View::Measures),
        ("two-liars", View::Exhibit("intervals")),
    ],
    disk: 0,
    left_out: printed(
        "NTP's loop that learns a clock's drift: each offset is corrected whole, so the error is a saw-tooth \
               learning would flatten. A poll interval that adapts; the 16 s of doubt before the first eight \
               samples; setting the clock at once at the start; leap seconds, refid and authentication. \
               An election of Berkeley's master: when it dies, the others drift apart.",
    ),
    first: "worked",
    stirs: &[],
};

const fn time(
    name: &'static str,
    min: Us,
    max: Us,
    default: &'static str,
    says: &'static str,
) -> ParamCard {
    param(name, Unit::Time { min, max }, default, says)
}
