//! Cards of protocols that are not there (or not yet), enough for the ten scenarios the language was
//! designed on.
#![allow(dead_code)]

pub mod links;
pub mod mutate;
pub mod slowest;

use engine::card::*;
use engine::ids::{MS, SEC};

/// The ten scenarios, one text each.
pub fn ten() -> Vec<String> {
    let all = include_str!("ten.txt");
    let parts = all.split("lamplight 1").skip(1);
    parts.map(|part| format!("lamplight 1{}\n", part.trim_end())).collect()
}

/// The scenarios that ship with the entries, as `entry/slug` and text, in order.
pub fn shipped() -> Vec<(String, String)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/protocols");
    let mut all: Vec<(String, String)> =
        engine::protocols::CATALOGUE.iter().flat_map(|b| of_entry(root, b.id)).collect();
    all.sort();
    all
}

fn of_entry(root: &str, id: &str) -> Vec<(String, String)> {
    let folder = format!("{root}/{}/scenarios", id.replace('-', "_"));
    let files = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let paths = files.flatten().map(|f| f.path());
    let lamps = paths.filter(|p| p.extension().is_some_and(|e| e == "lamp"));
    let named = |p: std::path::PathBuf| {
        let slug = p.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (
            format!("{id}/{slug}"),
            std::fs::read_to_string(&p).unwrap_or_else(|e| panic!("{slug}: {e}")),
        )
    };
    lamps.map(named).collect()
}

const BASE: Entry = Entry {
    id: "",
    title: "",
    says: "",
    rows: &[],
    sources: &[],
    roles: &[],
    params: &[],
    givens: &[],
    ops: &[],
    kinds: &[],
    timers: &[],
    reasons: &[],
    claims: &[],
    bugs: &[],
    lies: &[],
    meters: &[],
    tolerates: &[],
    epoch: "",
    layout: Layout::Tiers,
    view: View::Messages,
    views: &[],
    disk: 0,
    left_out: "",
    first: "",
    stirs: &[],
};

const fn role(
    name: &'static str,
    prefix: &'static str,
    first: u8,
    count: Count,
    states: &'static [&'static str],
) -> Role {
    Role { name, prefix, first, count, tier: 1, states }
}

const fn count(name: &'static str, default: &'static str) -> ParamCard {
    param(name, Unit::Count { min: 0, max: 100_000 }, default)
}

const fn param(name: &'static str, unit: Unit, default: &'static str) -> ParamCard {
    engine::card::param(name, unit, default, "")
}

const fn op(verb: Verb, role: &'static str, args: &'static [&'static str]) -> OpCard {
    OpCard { verb, role, args, says: "" }
}

const fn kind(name: &'static str, fields: &'static [&'static str]) -> KindCard {
    KindCard { name, fields, says: "" }
}

const fn why(slug: &'static str, fields: &'static [&'static str]) -> ReasonCard {
    ReasonCard { slug, weight: Weight::Key, fields }
}

const fn claim(name: &'static str) -> ClaimCard {
    ClaimCard { name, kind: ClaimKind::Safety, says: "" }
}

const fn meter(name: &'static str) -> MeterCard {
    MeterCard { name, unit: "", says: "", bounds: None }
}

const LONG: Unit = Unit::Time { min: 1, max: 3600 * SEC };
const CLIENTS: ParamCard = count("clients", "1");
const NODES: ParamCard = count("nodes", "5");
const CLIENT: Role = role("client", "c", 1, Count::Param("clients"), &[]);

pub static RAFT: Entry = Entry {
    id: "raft",
    roles: &[
        CLIENT,
        role("server", "n", 1, Count::Param("nodes"), &["follower", "candidate", "leader"]),
    ],
    params: &[
        param("nodes", Unit::Count { min: 1, max: 9 }, "5"),
        CLIENTS,
        param("noop", Unit::Flag, "on"),
        param("election", Unit::TimeRange, "150ms..300ms"),
        param("heartbeat", Unit::Time { min: MS, max: 10 * SEC }, "50ms"),
        param("lost", Unit::Share, "0%"),
        param("rate", Unit::Rate, "10/s"),
        param("reads", Unit::Choice(&["log", "lease", "2"]), "log"),
        param("names", Unit::Text, "n%"),
    ],
    givens: &[("log", ""), ("term", ""), ("leader", "")],
    ops: &[
        op(Verb::Put, "client", &["key", "value"]),
        op(Verb::Get, "client", &["key"]),
        op(Verb::Transact, "client", &["part", "more*"]),
        op(Verb::Call("transfer"), "server", &["to?"]),
    ],
    kinds: &[
        kind("AppendEntries", &["term", "prevLogIndex", "entries"]),
        kind("RequestVote", &["term", "candidateId"]),
    ],
    timers: &["election", "heartbeat"],
    reasons: &[
        why("elected", &["term"]),
        why("appended", &["index", "term"]),
        why("truncated", &["index"]),
        why("committed", &["index"]),
    ],
    claims: &[claim("StateMachineSafety"), claim("ElectionSafety")],
    bugs: &[
        BugCard { slug: "no-votedfor", says: "", breaks: &["ElectionSafety"], shown_by: "" },
        BugCard { slug: "commit-old-term", says: "", breaks: &[], shown_by: "" },
    ],
    lies: &[lie("equivocate", "", &[("to", Takes::Nodes)])],
    meters: &[meter("log-length")],
    ..BASE
};

pub static VECTOR_CLOCKS: Entry = Entry {
    id: "vector-clocks",
    roles: &[role("process", "n", 1, Count::Param("nodes"), &[])],
    params: &[NODES, param("count", Unit::Choice(&["sends", "steps"]), "steps")],
    ops: &[op(Verb::Call("tell"), "process", &["to"])],
    kinds: &[kind("Note", &["v"])],
    reasons: &[why("stamped", &["v"])],
    ..BASE
};

pub static RING: Entry = Entry {
    id: "consistent-hashing",
    roles: &[
        CLIENT,
        role("router", "r", 1, Count::Param("routers"), &[]),
        role("server", "n", 1, Count::Param("nodes"), &[]),
    ],
    params: &[
        NODES,
        count("routers", "1"),
        CLIENTS,
        param("hash", Unit::Choice(&["ketama", "murmur"]), "ketama"),
        param("names", Unit::Text, "n%"),
        count("vnodes", "100"),
        count("replicas", "1"),
    ],
    givens: &[("keys", "")],
    ops: &[op(Verb::Get, "client", &["key"]), op(Verb::Call("join"), "server", &["as?"])],
    claims: &[claim("MinimalDisruption")],
    meters: &[meter("moved-keys"), meter("share")],
    layout: Layout::Ring,
    view: View::Messages,
    views: &[],
    ..BASE
};

const ATOMIC: Entry = Entry {
    id: "2pc",
    roles: &[
        role("client", "c", 1, Count::Fixed(1), &[]),
        role("coordinator", "tm", 0, Count::One, &[]),
        role("participant", "p", 1, Count::Param("participants"), &["in-doubt", "prepared"]),
    ],
    params: &[count("participants", "3")],
    ops: &[op(Verb::Transact, "client", &["part*"])],
    reasons: &[why("in-doubt", &[]), why("aborted", &[])],
    claims: &[claim("AC1")],
    meters: &[meter("lock-held")],
    disk: 5 * MS,
    ..BASE
};

pub static TWO_PC: Entry = ATOMIC;
/// Another card's disk, and no meter.
pub static THREE_PC: Entry = Entry { id: "3pc", meters: &[], disk: 0, ..ATOMIC };

/// Where Raft has a state, it has a node; and it has a slow disk.
pub static TWIN: Entry = Entry {
    id: "twin",
    roles: &[CLIENT, role("part", "candidate", 0, Count::One, &[])],
    params: &[CLIENTS, param("lost", Unit::Share, "0%")],
    disk: 3 * MS,
    ..BASE
};

pub static CACHE: Entry = Entry {
    id: "cache-aside",
    roles: &[
        role("client", "c", 1, Count::Param("apps"), &[]),
        role("app", "a", 1, Count::Param("apps"), &[]),
        role("cache", "cache", 0, Count::One, &[]),
        role("db", "db", 0, Count::One, &[]),
    ],
    params: &[count("apps", "2"), param("lease", Unit::Flag, "on"), param("ttl", LONG, "60s")],
    ops: &[op(Verb::Get, "client", &["key"]), op(Verb::Put, "client", &["key", "value"])],
    kinds: &[kind("Get", &["key"]), kind("Row", &["version"])],
    reasons: &[why("stored-stale", &["version"])],
    claims: &[claim("BoundedStaleness")],
    ..BASE
};

pub static PUB_SUB: Entry = Entry {
    id: "pub-sub",
    roles: &[
        role("publisher", "p", 1, Count::Fixed(1), &[]),
        role("broker", "broker", 0, Count::One, &[]),
        role("subscriber", "s", 1, Count::Param("subscribers"), &[]),
    ],
    params: &[count("subscribers", "3"), param("qos", Unit::Choice(&["0", "1", "2"]), "0")],
    givens: &[("durable", "")],
    ops: &[op(Verb::Publish, "publisher", &["topic", "value?"])],
    reasons: &[why("drained", &["backlog"])],
    claims: &[claim("AtLeastOnce")],
    meters: &[meter("delivered")],
    ..BASE
};

pub static CAP: Entry = Entry {
    id: "cap-register",
    roles: &[CLIENT, role("replica", "n", 1, Count::Param("nodes"), &[])],
    params: &[param("mode", Unit::Choice(&["cp-quorum", "ap-lww"]), "cp-quorum"), NODES, CLIENTS],
    ops: &[op(Verb::Get, "client", &["key"]), op(Verb::Put, "client", &["key", "value?"])],
    ..BASE
};

pub static NTP: Entry = Entry {
    id: "ntp",
    roles: &[CLIENT, role("server", "s", 1, Count::Param("servers"), &[])],
    params: &[
        count("servers", "1"),
        CLIENTS,
        param("poll", LONG, "64s"),
        count("filter", "8"),
        param("discipline", Unit::Flag, "on"),
    ],
    reasons: &[why("sampled", &["offset", "delay"])],
    claims: &[claim("WithinHalfDelay")],
    meters: &[meter("estimate-error")],
    ..BASE
};

pub static PBFT: Entry = Entry {
    id: "pbft",
    roles: &[CLIENT, role("replica", "r", 0, Count::Fixed(4), &["primary", "backup"])],
    params: &[count("f", "1"), CLIENTS],
    ops: &[op(Verb::Put, "client", &["key", "value"])],
    reasons: &[
        why("prepared", &["n"]),
        why("view-changed", &["v"]),
        why("accepted", &["matching"]),
    ],
    claims: &[claim("Agreement")],
    lies: &[lie("equivocate", "", &[("to", Takes::Nodes)])],
    ..BASE
};

pub static DISCOVERY: Entry = Entry {
    id: "discovery",
    roles: &[
        CLIENT,
        role("registry", "reg", 0, Count::One, &[]),
        role("instance", "i", 1, Count::Param("instances"), &[]),
    ],
    params: &[
        count("instances", "3"),
        CLIENTS,
        param("watch", Unit::Flag, "on"),
        param("probe", LONG, "10s"),
        param("timeout", LONG, "1s"),
        count("fall", "3"),
        param("retry", Unit::Flag, "on"),
    ],
    ops: &[op(Verb::Lookup, "client", &["name"])],
    reasons: &[why("evicted", &[])],
    meters: &[meter("failed")],
    ..BASE
};

/// A card the language cannot speak of.
pub static ODD: Entry = Entry {
    id: "Odd",
    roles: &[role("part", "heal", 1, Count::Param("none"), &["ok"])],
    params: &[count("t", "many")],
    reasons: &[why("crashed", &["a.b"])],
    kinds: &[kind("note", &[])],
    ops: &[op(Verb::Call("join"), "server", &["as?", "to"])],
    bugs: &[BugCard { slug: "b", says: "", breaks: &["None"], shown_by: "" }],
    ..BASE
};

#[rustfmt::skip]
pub static ALL: &[&Entry] = &[
    &RAFT, &VECTOR_CLOCKS, &RING, &TWO_PC, &THREE_PC, &CACHE, &PUB_SUB, &CAP, &NTP, &PBFT, &DISCOVERY, &TWIN,
];
