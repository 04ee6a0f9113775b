//! The entry's card: every word a scenario may use with this protocol.

use crate::card::*;
use crate::ids::{MS, SEC};

pub static ENTRY: Entry = Entry {
    id: "consistent-hashing",
    title: "Consistent hashing",
    says: "Servers and keys on one ring: a server comes, and only the keys of its arcs move.",
    rows: &["6.3"],
    sources: listed(&[
        "Karger et al., Consistent hashing and random trees, STOC 1997",
        "Karger et al., Web caching with consistent hashing, 1999",
        "Stoica et al., Chord, SIGCOMM 2001",
        "DeCandia et al., Dynamo, SOSP 2007, §4.2–§4.6, §6.2",
        "libketama; Envoy, ring hash load balancer",
    ]),
    roles: ROLES,
    params: PARAMS,
    givens: &[(
        "keys",
        printed("keys its router imports at the start: `user(10000)` is user:0 to user:9999"),
    )],
    ops: OPS,
    kinds: KINDS,
    timers: &["patience", "reload", "retry", "lag", "replay", "nudge"],
    reasons: REASONS,
    claims: CLAIMS,
    bugs: BUGS,
    lies: &[],
    meters: METERS,
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
    epoch: "epoch",
    layout: Layout::Ring,
    view: View::Exhibit("ring"),
    views: &[
        ("mystery-too-much-money", View::Operations),
        ("outvoted", View::Messages),
        ("owner-down", View::Messages),
        ("restart", View::Messages),
        ("tokens-beside", View::Exhibit("ring")),
        ("two-maps", View::Messages),
        ("two-writers", View::Operations),
        ("write-during-join", View::Messages),
    ],
    disk: 0,
    left_out: printed(
        "The map is one keeper, not a replicated log: while it is down nothing changes, and everything \
               is served. A change waits for a participant that is down. No Merkle trees and no read repair: \
               a copy whose hint died with its coordinator stays old until the next write. No deletes. A \
               router that restarts may run a late copy of a write twice. Bounded loads, jump hash, HRW and \
               Maglev are entries of their own.",
    ),
    first: "join",
    stirs: &[],
};

const ROLES: &[Role] = &[
    role("client", "c", Count::Param("clients"), 0, &["idle", "waiting"]),
    role("router", "r", Count::Param("routers"), 1, &["routing"]),
    role("map", "map", Count::One, 1, &["settled", "copying", "flipping"]),
    role(
        "node",
        "n",
        Count::Param("nodes"),
        2,
        &["serving", "joining", "receiving", "leaving", "outside"],
    ),
];

const fn role(
    name: &'static str,
    prefix: &'static str,
    count: Count,
    tier: u8,
    states: &'static [&'static str],
) -> Role {
    Role { name, prefix, first: 1, count, tier, states }
}

const PARAMS: &[ParamCard] = &[
    param(
        "nodes",
        count(1, 64),
        "4",
        "servers on the ring, those that are absent at the start included",
    ),
    param("routers", count(1, 8), "1", "each with its own copy of the map"),
    param("clients", count(1, 16), "1", "spread over the routers in turn"),
    param(
        "hash",
        Unit::Choice(HASHES),
        "xxh64",
        "where tokens and keys go; ketama is libketama's MD5 layout",
    ),
    param(
        "names",
        Unit::Text,
        "n%",
        "what is hashed for a node: % is its number, or a name for each",
    ),
    param("separator", Unit::Text, "_", "between a node's name and its token's number"),
    param(
        "vnodes",
        count(1, 1024),
        "128",
        "tokens (virtual nodes) of a node of weight 1; not its copies",
    ),
    param(
        "weights",
        Unit::Text,
        "1",
        "one weight for all, or one for each node: w times the tokens",
    ),
    param(
        "weighting",
        Unit::Choice(&["absolute", "libketama"]),
        "absolute",
        "libketama divides by the sum of all weights, so a join moves everybody's tokens",
    ),
    param("replicas", count(1, 7), "1", "copies of each key (RF)"),
    param(
        "quorum",
        Unit::Choice(&["one", "majority", "all"]),
        "majority",
        "copies that must have a write before it is acknowledged; a read asks the rest and one more",
    ),
    param("racks", Unit::Text, "none", "a word for each node: equal words, one rack"),
    param(
        "rack-aware",
        Unit::Flag,
        "on",
        "a key's copies go to distinct racks while there are any",
    ),
    param("timeout", time(10 * MS, 60 * SEC), "200ms", "a router's patience with a node"),
    param(
        "patience",
        time(10 * MS, 60 * SEC),
        "50ms",
        "a coordinator's patience with a copy, before a hint",
    ),
    param("handoff", time(10 * MS, 60 * SEC), "500ms", "between attempts to bring a hint home"),
    param("utilisation", Unit::Share, "0%", "every node's load at the start; 0% counts none"),
];

const HASHES: &[&str] = &[
    "ketama",
    "xxh64",
    "xxh3",
    "xxh32",
    "murmur3",
    "murmur3-128",
    "murmur2",
    "md5",
    "sha1",
    "fnv1a32",
    "fnv1a64",
    "crc32",
    "fnv1a32-mixed",
    "fnv1a64-mixed",
    "crc32-mixed",
];

const fn count(min: i64, max: i64) -> Unit {
    Unit::Count { min, max }
}

const fn time(min: u64, max: u64) -> Unit {
    Unit::Time { min, max }
}

const OPS: &[OpCard] = &[
    op(Verb::Get, "client", &["key"], "ask for a key's value"),
    op(Verb::Put, "client", &["key", "value"], "write a key"),
    op(
        Verb::Lookup,
        "client",
        &["key"],
        "ask the router where a key lives; of many keys, how many each node has",
    ),
    op(Verb::Call("join"), "node", &[], "become a member: copy first, then flip"),
    op(Verb::Call("leave"), "node", &[], "hand over every arc and go"),
];

const fn op(
    verb: Verb,
    role: &'static str,
    args: &'static [&'static str],
    says: &'static str,
) -> OpCard {
    OpCard { verb, role, args, says }
}

const KINDS: &[KindCard] = &[
    kind("Put", &["req", "key", "value", "epoch"], "a write, by the map of this epoch"),
    kind("Get", &["req", "key", "epoch"], "a read, by the map of this epoch"),
    kind("Load", &["req", "keys", "epoch"], "an import of many keys at once"),
    kind("Lookup", &["req", "keys"], "where do these keys live?"),
    kind("Reply", &["req", "out", "value", "version", "epoch"], "what became of a request"),
    kind("Found", &["req", "value", "epoch"], "where keys live, by this router's map"),
    kind("WrongOwner", &["req", "epoch", "owner"], "not mine since this epoch: ask the owner"),
    kind("ReplicaPut", &["req", "key", "value", "version", "epoch"], "keep a copy"),
    kind("ReplicaGet", &["req", "key", "epoch"], "what is your copy?"),
    kind("ReplicaAck", &["req", "version", "value"], "the newest version here"),
    kind(
        "Hint",
        &["req", "for", "key", "value", "version", "epoch"],
        "keep this for a home that is silent",
    ),
    kind("HandoffReplay", &["keys", "epoch"], "hinted writes come home"),
    kind("HandoffAck", &["keys"], "they have arrived"),
    kind("Join", &["node", "tokens", "epoch"], "I want to be a member"),
    kind("Leave", &["node", "epoch"], "I want to go"),
    kind("Plan", &["base", "epoch", "members"], "the next view: copy what you will lose"),
    kind("TransferRange", &["epoch", "arcs", "keys", "last"], "keys of arcs that change hands"),
    kind("Received", &["epoch", "last"], "they are on my disk"),
    kind("Copied", &["epoch", "keys"], "everything I will lose is copied"),
    kind("View", &["epoch", "members"], "the committed map"),
    kind("Done", &["epoch"], "I have let go"),
    kind("FetchView", &["epoch"], "there is a newer map than mine: tell me"),
];

const REASONS: &[ReasonCard] = &[
    why("routed", Weight::Aside, &["key", "place", "token", "closed", "owner", "passed", "epoch"]),
    why("no-owner", Weight::Key, &["key", "place"]),
    why("corrected", Weight::Key, &["key", "was", "owner", "epoch"]),
    why("suspected", Weight::Key, &["node"]),
    why("gave-up", Weight::Key, &["key", "node"]),
    why("learned", Weight::Aside, &["epoch", "members"]),
    why("looked-up", Weight::Aside, &["keys", "epoch"]),
    why("stored", Weight::Quiet, &["key", "version"]),
    why("answered", Weight::Quiet, &["key", "version"]),
    why("refused", Weight::Key, &["key", "owner", "epoch"]),
    why("waited", Weight::Key, &["key", "epoch"]),
    why("outvoted", Weight::Key, &["key", "version"]),
    why("replicated", Weight::Aside, &["key", "homes", "skipped", "racks"]),
    why("hinted", Weight::Key, &["key", "target", "keeper"]),
    why("drained", Weight::Key, &["target", "keys"]),
    why("copying", Weight::Key, &["to", "keys", "arcs", "epoch"]),
    why("handed", Weight::Aside, &["to", "keys", "epoch"]),
    why("joined", Weight::Key, &["tokens", "share", "keys", "epoch"]),
    why("left", Weight::Key, &["keys", "heirs", "epoch"]),
    why("overloaded", Weight::Key, &["load"]),
    why("planned", Weight::Aside, &["node", "givers", "epoch"]),
    why("committed", Weight::Key, &["epoch", "members", "moved", "copied"]),
    why("settled", Weight::Quiet, &["epoch"]),
];

const CLAIMS: &[ClaimCard] = &[
    safety("Coverage", "At every epoch a key has exactly one owner."),
    safety(
        "SingleWriter",
        "With one copy, no two nodes acknowledge writes of a key at overlapping times.",
    ),
    safety(
        "FreshReads",
        "With one copy, an answer is never older than what was acknowledged before it was asked for.",
    ),
    safety(
        "SuccessorOwns",
        "A request goes to the node of the first token at or after its key's hash.",
    ),
    safety(
        "MinimalDisruption",
        "A join moves keys to the newcomer only, a leave the leaver's only, and exactly those whose successor changed.",
    ),
    safety(
        "OrderIndependence",
        "The ring follows from the set of its members, whoever came first.",
    ),
    safety("WeightedTokens", "A node has its weight's part of all tokens."),
    safety("Balance", "Shares vary no more than chance allows a well-mixed ring of this size."),
    safety("EvenCounts", "So do the counts of keys, with what sampling adds."),
    safety("MovedKeys", "One node more or less moves K/(N+1) keys, within four deviations."),
    safety(
        "DistinctHomes",
        "A write goes to as many distinct nodes, and racks, as there are copies.",
    ),
    safety("ListsAgree", "At one epoch everybody has the same list for a key."),
    safety("ListFraction", "Each node is on RF/N of all lists, within four deviations."),
    safety("CopiesMoved", "With RF copies a join copies RF·K/(N+1), within four deviations."),
    rest(
        "Conservation",
        "Every acknowledged write is at its home, and nowhere it does not belong.",
    ),
    rest("HintsDrain", "When everybody is up, no hint is left."),
];

const fn rest(name: &'static str, says: &'static str) -> ClaimCard {
    ClaimCard { name, kind: ClaimKind::AtRest, says }
}

const BUGS: &[BugCard] = &[
    bug(
        "strictly-greater",
        "The owner is the first token after the hash, not at it.",
        &["SuccessorOwns"],
        "boundary",
    ),
    bug("no-wrap", "A hash beyond the last token belongs to nobody.", &["Coverage"], "wrap"),
    bug(
        "clamp",
        "A hash beyond the last token belongs to the last token.",
        &["SuccessorOwns"],
        "leave",
    ),
    bug(
        "random-tokens",
        "A node that restarts comes back with new tokens.",
        &["MinimalDisruption", "OrderIndependence"],
        "restart",
    ),
    bug(
        "insertion-order",
        "Of two equal tokens, that of whoever came first wins.",
        &["OrderIndependence"],
        "collision",
    ),
    bug(
        "linear-rehash",
        "Every token is placed anew when the number of nodes changes.",
        &["MinimalDisruption"],
        "join",
    ),
    bug(
        "normalised-weights",
        "A weight is a share of everybody's weight.",
        &["MinimalDisruption"],
        "weights",
    ),
    bug(
        "no-epoch-check",
        "A node serves whatever it is asked for.",
        &["SingleWriter", "FreshReads"],
        "two-maps",
    ),
    bug(
        "flip-before-copy",
        "The map flips at once, and the copy follows.",
        &["FreshReads"],
        "write-during-join",
    ),
    bug("no-distinct", "The next RF tokens, whosever they are.", &["DistinctHomes"], "list"),
    bug("by-node-id", "A list is sorted by node.", &["MovedKeys"], "join-copies"),
    bug("no-handoff", "Hints are kept and never brought home.", &["HintsDrain"], "replica-down"),
];

const fn bug(
    slug: &'static str,
    says: &'static str,
    breaks: &'static [&'static str],
    shown_by: &'static str,
) -> BugCard {
    BugCard { slug, says, breaks, shown_by: printed(shown_by) }
}

const METERS: &[MeterCard] = &[
    meter("share", "ppm", "a node's part of the ring"),
    meter("keys", "", "keys a node keeps"),
    meter("moved-keys", "", "copies moved by the last change, in keys"),
    meter("donors", "", "nodes that gave arcs in the last change"),
    meter("imbalance", "ppm", "the largest share over the mean"),
    meter("variation", "ppm", "coefficient of variation of the shares"),
    meter("load", "ppm", "a node's load, of what it can bear"),
    meter("hints", "", "hints a node keeps for others"),
];
