//! The words of the language, in tables: what the parser accepts, what the page completes and what the
//! reference page prints are read from here (and from the tables of verbs, lines, facts and expectations
//! beside their readers), so none of them can say what another does not know.

use crate::card::Takes;
use crate::ids::{MS, SEC, Us};

/// A word with its form, a sentence and an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub word: &'static str,
    /// The rest of its grammar.
    pub form: &'static str,
    pub says: &'static str,
    pub example: &'static str,
}

pub(super) const fn term(
    word: &'static str,
    form: &'static str,
    says: &'static str,
    example: &'static str,
) -> Term {
    // Sentences and examples are for the printed reference: the page would carry them for nothing.
    if cfg!(target_arch = "wasm32") {
        return Term { word, form, says: "", example: "" };
    }
    Term { word, form, says, example }
}

pub const TEXT_MAX: usize = 64 * 1024;
pub const LINES_MAX: usize = 1_000;
pub const NODES_MAX: usize = 128;
/// Runs of one text side by side.
pub const RUNS_MAX: usize = 4;
/// Values of a sweep.
pub const SWEEP_MAX: usize = 256;
pub const TIME_MAX: Us = 24 * 3600 * SEC;
pub const LABEL_MAX: usize = 200;
pub const ABOUT_MAX: usize = 1_000;
pub const RATE_MAX: i64 = 1_000_000;
pub const DRIFT_MAX: i64 = 500_000;
pub const BANDWIDTH_MAX: u64 = 1_000_000_000_000;

/// Latency of every link where the text gives none.
pub const LATENCY: Us = 10 * MS;

/// Units of time, longest word first where one ends in another.
pub static UNITS: &[(Term, Us)] = &[
    (term("us", "", "microseconds, the finest there is", "800us"), 1),
    (term("ms", "", "milliseconds", "1.5ms"), MS),
    (term("min", "", "minutes", "5min"), 60 * SEC),
    (term("s", "", "seconds", "2s"), SEC),
    (term("h", "", "hours, up to 24", "1h"), 3600 * SEC),
];

/// What kind of value a key of `net`, `link` or `set` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetKind {
    Law,
    Share,
    Flag,
    Inflight,
    Bandwidth,
    Profile,
}

#[derive(Debug)]
pub struct NetKey {
    pub term: Term,
    pub kind: NetKind,
    /// Also a key of `link` and `set link`.
    pub link: bool,
}

const fn net_key(kind: NetKind, link: bool, term: Term) -> NetKey {
    NetKey { term, kind, link }
}

/// Keys of `net`, in the order `canonical` prints them.
#[rustfmt::skip]
pub static NET_KEYS: &[NetKey] = &[
    net_key(NetKind::Profile, false, term("profile", "teach | lan | wan",
        "latency and disk at once; keys given beside it win", "net profile=lan")),
    net_key(NetKind::Law, true, term("latency", "DIST",
        "how long a message is under way; 10ms where nothing is said", "net latency=10ms..15ms")),
    net_key(NetKind::Share, true, term("loss", "SHARE",
        "how many messages never arrive", "net loss=5%")),
    net_key(NetKind::Share, true, term("duplicate", "SHARE",
        "how many messages arrive twice", "net duplicate=1%")),
    net_key(NetKind::Law, true, term("copy", "DIST",
        "how long the copy is under way; as `latency` where nothing is said", "net duplicate=10% copy=1s")),
    net_key(NetKind::Flag, true, term("fifo", "on | off",
        "whether a link keeps the order of its messages; off where nothing is said", "net fifo=on")),
    net_key(NetKind::Bandwidth, true, term("bandwidth", "BYTES | none",
        "how much a link carries; without limit where nothing is said", "link n1 -> n2 bandwidth=10kB/s")),
    net_key(NetKind::Inflight, false, term("inflight", "drop | deliver",
        "what a cut does to messages under way; drop where nothing is said", "net inflight=deliver")),
    net_key(NetKind::Law, false, term("disk", "DIST",
        "how long a forced write takes; where nothing is said, as the protocol's card says", "net disk=5ms")),
];

/// Profiles: word, latency, disk (`None`: the card's).
#[rustfmt::skip]
pub static PROFILES: &[(Term, &str, Option<&str>)] = &[
    (term("teach", "", "10 ms links, the disk of the protocol's card", "net profile=teach"), "10ms", None),
    (term("lan", "", "one building: links of 0.2 to 0.5 ms, a disk of 1 ms", "net profile=lan"), "200us..500us", Some("1ms")),
    (term("wan", "", "across an ocean: links of 80 to 120 ms, a disk of 1 ms", "net profile=wan"), "80ms..120ms", Some("1ms")),
];

/// Keys of `node` and `set node`.
#[rustfmt::skip]
pub static NODE_KEYS: &[Term] = &[
    term("offset", "SIGNED TIME", "how far the node's wall clock is ahead at the start", "node c1 offset=-50ms"),
    term("drift", "PPM", "how much too fast the node's clock runs", "node n1 drift=200ppm"),
    term("disk", "TIME", "how long a forced write takes on this node", "node n1 disk=20ms"),
];

/// Keys of `load`.
#[rustfmt::skip]
pub static LOAD_KEYS: &[Term] = &[
    term("rate", "RATE", "operations a second", "load c1 put x rate=10/s"),
    term("arrivals", "even | poisson", "whether they come like a clock or at random; poisson where nothing is said", "load c1 get x rate=2/s arrivals=even"),
    term("from", "TIME", "when they begin; 0ms where nothing is said", "load c1 get x rate=2/s from=1s"),
    term("to", "TIME", "when they end; the end of the run where nothing is said", "load c1 get x rate=2/s to=5s"),
];

/// Laws a length of time may be drawn from, besides a constant and a range.
#[rustfmt::skip]
pub static LAWS: &[Term] = &[
    term("exp", "(MEAN)", "exponential, after an optional base: waiting for a rare thing", "net latency=5ms+exp(10ms)"),
    term("pareto", "(SCALE,SHAPE)", "Pareto: mostly short, now and then very long", "net latency=pareto(5ms,1.5)"),
    term("normal", "(MEAN,DEVIATION)", "normal, cut off at 0 and at four deviations", "net latency=normal(20ms,4ms)"),
];

#[rustfmt::skip]
pub static SHOWS: &[Term] = &[
    term("happy", "", "all goes well", "shows happy"),
    term("survived", "", "something fails and the promise holds", "shows survived"),
    term("fails", "", "a promise breaks, or was never made", "shows fails"),
];

/// Folds `measure` may name before the measure.
#[rustfmt::skip]
pub static AGGS: &[Term] = &[
    term("mean", "", "the mean", "expect measure mean latency c1 < 50ms"),
    term("p50", "", "the median", "expect measure p50 latency c1 < 50ms"),
    term("p95", "", "the 95th of a hundred", "expect measure p95 latency c1 < 90ms"),
    term("p99", "", "the 99th of a hundred", "expect measure p99 latency c1 < 90ms"),
    term("max", "", "the largest", "expect measure max latency c1 < 1s"),
    term("sum", "", "the sum", "expect measure sum messages <= 40"),
    term("last", "", "the latest", "expect measure last clock-error n2 < 5ms"),
];

/// Measures of the engine; a protocol's meters come beside them.
#[rustfmt::skip]
pub static MEASURES: &[Term] = &[
    term("latency", "[NODE]", "from a client's call to its answer", "expect measure p99 latency c1 < 90ms"),
    term("throughput", "[NODE]", "operations answered a second", "expect measure throughput c1 >= 9/s"),
    term("availability", "[NODE]", "share of operations answered with ok", "expect measure availability c1 >= 99%"),
    term("messages", "[NODE]", "messages sent", "expect measure messages < 100"),
    term("clock-error", "[NODE]", "how far a wall clock is from true time", "expect measure max clock-error n2 < 5ms"),
];

/// Consistency models.
#[rustfmt::skip]
pub static MODELS: &[Term] = &[
    term("linearizable", "", "as if at one instant between call and answer", "expect history linearizable"),
    term("sequential", "", "as if one after another, each client in its own order", "expect history sequential"),
    term("causal", "", "causal memory: each client sees one order of the writes, effects never before their causes", "expect history causal"),
    term("causal-convergence", "", "causal, with one order of the writes for all clients", "expect history causal-convergence"),
    term("weak-causal", "", "no read misses what its causes had replaced", "expect history weak-causal"),
    term("pram", "", "each client sees every other's writes in the order they were made", "expect history pram"),
    term("read-your-writes", "", "a client sees what it wrote", "expect history read-your-writes"),
    term("monotonic-reads", "", "a client never sees time run back", "expect history monotonic-reads"),
    term("monotonic-writes", "", "a client's writes take effect in order", "expect history monotonic-writes"),
    term("writes-follow-reads", "", "a write comes after what its client had read", "expect history writes-follow-reads"),
    term("eventual", "", "once writes stop, all clients come to read the same", "expect history eventual"),
];

/// Lies the world tells for any node; a protocol's own come beside them.
#[rustfmt::skip]
pub static LIES: &[Term] = &[
    term("silent", "", "sends nothing", "at 1s turn n1 silent"),
    term("late", "[by=TIME]", "sends everything late", "at 1s turn n1 late"),
    term("selective", "to=NODES", "sends to some and not to others", "at 1s turn n1 selective to=n2,n3"),
    term("replay", "", "sends old messages again", "at 1s turn n1 replay"),
    term("honest", "", "lies no longer", "at 2s turn n1 honest"),
];

/// What the world's own lies are told.
pub static LIE_FIELDS: &[(&str, &[(&str, Takes)])] = &[
    ("silent", &[]),
    ("late", &[("by", Takes::Time)]),
    ("selective", &[("to", Takes::Nodes)]),
    ("replay", &[]),
    ("honest", &[]),
];

#[rustfmt::skip]
pub static ARROWS: &[Term] = &[
    term("->", "", "one way", "cut n1 -> n2"),
    term("<->", "", "both ways", "cut n1 <-> n2"),
];

#[rustfmt::skip]
pub static CMPS: &[Term] = &[
    term("=", "", "equal, within `tol` where it is given", "expect measure share n4 = 20% tol 1%"),
    term("<", "", "less", "expect measure messages < 100"),
    term("<=", "", "at most", "expect measure messages <= 100"),
    term(">", "", "more", "expect measure throughput c1 > 9/s"),
    term(">=", "", "at least", "expect measure throughput c1 >= 9/s"),
];

/// Words that end a list of arguments: a value spelled like one of them is printed in quotation marks.
pub(super) static CONNECTIVES: &[&str] = &["and", "by", "times", "from", "at"];
