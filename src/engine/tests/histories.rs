//! The history checker against the litmus histories, two checkers written by others, and brute force.

// The engine has no clock; its tests measure with one.
#![allow(clippy::disallowed_types)]

use std::collections::BTreeMap;

use engine::check::history::*;
use engine::ids::NodeId;
use engine::value::Value;
use stateright::semantics::{
    ConsistencyTester, LinearizabilityTester, SequentialConsistencyTester, SequentialSpec,
};
use todc_utils::{Action, History as TodcHistory, Specification, WGLChecker};

/// `A w(x,1)[0,10] r(y)=0; B …`: the canon's notation. Without instants, the k-th operations of all
/// sessions are concurrent with one another and precede the k+1-st.
fn history(text: &str) -> History {
    let mut ops = Vec::new();
    for (s, line) in text.split(';').enumerate() {
        for (k, word) in line.split_whitespace().skip(1).enumerate() {
            ops.push(operation(s as u32, k as u64, word));
        }
    }
    History::from_instants(ops)
}

fn operation(session: u32, k: u64, word: &str) -> HistOp {
    let (what, when) = word.split_once('[').unwrap_or((word, ""));
    let times: Vec<u64> =
        when.trim_end_matches(']').split(',').filter_map(|t| t.parse().ok()).collect();
    let (invoke, ret) = match times[..] {
        [a, b] => (a, Some(b)),
        [a] => (a, None),
        _ => (10 * k, Some(10 * k + 9)),
    };
    let status = if ret.is_some() { Status::Ok } else { Status::Unknown };
    let (key, kind) = kind(what);
    HistOp { session, node: NodeId(session as u16), key, kind, invoke, ret, status }
}

fn kind(what: &str) -> (String, Kind) {
    let int = |s: &str| Value::Int(s.trim_end_matches(')').parse().expect("a number"));
    let (verb, rest) = what.split_once('(').expect("an operation");
    let (key, arg) = rest.split_once([',', ')']).expect("a key");
    let kind = match verb {
        "w" => Kind::Write(int(arg)),
        "r" if arg.contains(',') || arg.contains('|') => Kind::Read(list(&arg[1..])),
        "r" => Kind::Read(int(&arg[1..])),
        "cas" => match arg.trim_end_matches(')').split_once('>').expect("cas(x,1>2)") {
            (from, "") => Kind::Missed { from: int(from) },
            (from, to) => Kind::Cas { from: int(from), to: int(to) },
        },
        "add" => Kind::Add(arg.trim_end_matches(')').parse().expect("a number")),
        "append" => Kind::Append(int(arg)),
        other => panic!("no operation {other}"),
    };
    (key.to_string(), kind)
}

fn list(text: &str) -> Value {
    let items = text.split('|').filter(|s| !s.is_empty());
    Value::List(items.map(|s| Value::Int(s.parse().expect("a number"))).collect())
}

fn name(n: NodeId) -> String {
    char::from(b'A' + n.0 as u8).to_string()
}

fn lin(text: &str) -> Option<bool> {
    linearizable(&history(text), BUDGET).holds()
}

/// Sixteen histories, then whether each is linearizable, sequential, causal memory, causally
/// convergent, weakly causal, PRAM. A brute-force program had the same verdicts. Then the session
/// guarantees: their reads, writes and names as in the title.
const LITMUS: [(&str, &str, &str); 16] = [
    ("L1 fresh", "A w(x,1)[0,10]; B r(x)=1[12,20]", "111111"),
    ("L2 stale read", "A w(x,1)[0,10]; B r(x)=0[20,30]", "011111"),
    ("L3 inversion", "A w(x,1)[0,100]; B r(x)=1[10,20]; C r(x)=0[30,40]", "011111"),
    ("L4 store buffering", "A w(x,1) r(y)=0; B w(y,1) r(x)=0", "001111"),
    ("L5 IRIW", "A w(x,1); B w(y,1); C r(x)=1 r(y)=0; D r(y)=1 r(x)=0", "001111"),
    ("L6 disagreement", "A w(x,1); B w(x,2); C r(x)=1 r(x)=2; D r(x)=2 r(x)=1", "001011"),
    ("L7 causality", "A w(x,1); B r(x)=1 w(y,1); C r(y)=1 r(x)=0", "000001"),
    ("L8 read your writes", "A w(x,1) r(x)=0", "000000"),
    ("L9 monotonic reads", "A w(x,1) w(x,2); B r(x)=2 r(x)=1", "000000"),
    ("L10 monotonic writes", "A w(x,1) w(y,1); B r(y)=1 r(x)=0", "000000"),
    ("L11 CCv not CM", "A w(z,1) w(x,1) w(y,1); B w(x,2) r(z)=0 r(y)=1 r(x)=2", "000110"),
    ("L12 CM not CCv", "A w(x,1) r(x)=2; B w(x,2) r(x)=1", "001011"),
    ("L13 only CC", "A w(x,1); B w(x,2) r(x)=1 r(x)=2", "000010"),
    ("L14 writes follow reads", "A w(x,1); B r(x)=1 w(x,2); C r(x)=2 r(x)=1", "000001"),
    ("L15 message passing", "A w(x,1)[0,30] w(y,1)[31,60]; B r(y)=0[0,20] r(x)=1[25,60]", "111111"),
    (
        "L16 fixpoint",
        "A w(z,1) w(y,1) w(x,1) w(k,1); B w(x,2) w(m,1); C w(y,2) w(q,1); \
         D r(q)=1 r(z)=0 r(m)=1 r(y)=2 r(k)=1 r(x)=2",
        "000110",
    ),
];

#[test]
fn litmus_histories_have_the_canons_verdicts() {
    for (id, text, verdicts) in LITMUS {
        let h = history(text);
        let judge = |m: &Model| {
            if m.judge(&h, BUDGET).holds().expect("settled") { '1' } else { '0' }
        };
        let judged = String::from_iter(Model::ALL[..6].iter().map(judge));
        assert_eq!(judged, verdicts, "{id}");
        let guarantees = String::from_iter(Model::ALL[6..10].iter().map(judge));
        let broken = match id.split_once(' ').expect("a name").1 {
            "read your writes" => "0111",
            "monotonic reads" => "1011",
            "monotonic writes" => "1101",
            "causality" | "writes follow reads" => "1110",
            _ => "1111",
        };
        assert_eq!(guarantees, broken, "{id}");
        assert_eq!(
            search_linearizable(&h, BUDGET).0,
            Some(verdicts.starts_with('1')),
            "{id}: search"
        );
    }
}

#[test]
fn a_witness_says_what_clashed() {
    let say = |text: &str| {
        let h = history(text);
        linearizable(&h, BUDGET).sentence(&h, &name)
    };
    assert_eq!(
        say("A w(x,1)[0,100]; B r(x)=1[10,20]; C r(x)=0[30,40]; D w(x,2)[50,60]; E r(x)=2[70,80]"),
        "r(x)=0 by C begins after r(x)=1 by B ended, and 0 was there first: \
         no order of these 3 operations that keeps real time explains both."
    );
    assert_eq!(
        say("A w(x,1)[0,10] w(x,2)[20,30]; B r(x)=2[40,50] r(x)=1[60,70]"),
        "w(x,2) by A begins after w(x,1) by A ended, and r(x)=1 by B begins after w(x,2) by A ended: \
         no order of these 3 operations that keeps real time explains both."
    );
    assert_eq!(say("A r(x)=7"), "r(x)=7 by A returned what nobody wrote.");
    assert_eq!(
        say("A r(x)=1[0,5]; B w(x,1)[10,20]"),
        "w(x,1) by B begins after r(x)=1 by A ended: the value came later."
    );
}

#[test]
fn a_circle_is_told_in_words() {
    let say = |model: Model, text: &str| {
        let h = history(text);
        model.judge(&h, BUDGET).sentence(&h, &name)
    };
    assert_eq!(
        say(Model::Sequential, LITMUS[3].1),
        "No single order of these 4 operations that keeps each client's own explains every answer. \
         In a circle: w(x,1) by A, before r(y)=0 by A (the same client), before w(y,1) by B (its answer is older), \
         before r(x)=0 by B (the same client), before w(x,1) by A (its answer is older)."
    );
    assert_eq!(
        say(Model::CausalConvergence, LITMUS[11].1),
        "No one order of the writes agrees with all 4 operations. \
         In a circle: w(x,1) by A, before w(x,2) by B (r(x)=2 by A knew of both), \
         before w(x,1) by A (r(x)=1 by B knew of both)."
    );
    assert_eq!(
        say(Model::ReadYourWrites, LITMUS[7].1),
        "r(x)=0 by A misses w(x,1) by A, its own earlier write."
    );
    assert_eq!(
        say(Model::MonotonicReads, LITMUS[8].1),
        "r(x)=1 by B is older than w(x,2) by A, which that client had read before."
    );
    assert_eq!(
        say(Model::MonotonicWrites, LITMUS[9].1),
        "r(x)=0 by B misses w(x,1) by A, though that client had read what was written after it."
    );
    assert_eq!(
        say(Model::WritesFollowReads, LITMUS[6].1),
        "r(x)=0 by C misses w(x,1) by A: its client knew of that, and of its place, by what others had read \
         before they wrote."
    );
    assert_eq!(
        say(Model::WritesFollowReads, "A w(x,1); B r(x)=1 w(x,2) r(x)=1"),
        "r(x)=1 by B misses w(x,2) by B, which its client wrote knowing of the older value."
    );
}

#[test]
fn sequential_does_not_compose_of_keys() {
    let whole = history(LITMUS[3].1);
    for key in ["x", "y"] {
        let ops = whole.ops.iter().filter(|op| op.key == key).cloned().collect();
        let one = History { ops, ..History::default() };
        assert_eq!(sequential(&one, BUDGET).holds(), Some(true), "{key} alone");
    }
    assert_eq!(sequential(&whole, BUDGET).holds(), Some(false));
}

#[test]
fn an_unknown_write_may_have_happened_or_not() {
    assert_eq!(lin("A w(x,1)[0]; B r(x)=1[900,910]"), Some(true));
    assert_eq!(lin("A w(x,1)[0]; B r(x)=0[900,910]"), Some(true));
    assert_eq!(lin("A w(x,1)[0]; B r(x)=1[900,910] r(x)=0[920,930]"), Some(false));
    assert_eq!(lin("A w(x,1)[0]; B r(x)=0[900,910] r(x)=1[920,930]"), Some(true));
    // A miss may be all that is known of it.
    assert_eq!(lin("A w(x,1)[0]; B cas(x,0>)[900,910]"), Some(true));
    assert_eq!(lin("B cas(x,0>)[900,910]"), Some(false));
    // The client goes on under a new session: its next read need not follow the write.
    let h = history("A w(x,1)[0] r(x)=0[100,110] r(x)=1[120,130]");
    assert_eq!(sequential(&h, BUDGET).holds(), Some(true));
}

#[test]
fn a_failed_operation_did_not_happen() {
    let mut h = history("A w(x,1)[0,10]; B r(x)=0[20,30]");
    h.ops[0].status = Status::Failed;
    assert_eq!(linearizable(&h, BUDGET).holds(), Some(true));
    let mut h = history("A w(x,1)[0,10]; B r(x)=1[20,30]");
    h.ops[0].status = Status::Failed;
    assert_eq!(linearizable(&h, BUDGET).holds(), Some(false));
}

#[test]
fn compare_and_set_counters_and_lists_are_searched() {
    assert_eq!(lin("A cas(x,0>1)[0,10]; B cas(x,1>2)[0,10]; C r(x)=2[20,30]"), Some(true));
    assert_eq!(lin("A cas(x,0>1)[0,10]; B cas(x,0>2)[0,10]"), Some(false));
    assert_eq!(lin("A cas(x,0>1)[0,10]; B cas(x,0>)[20,30]"), Some(true));
    assert_eq!(lin("A w(x,1)[0,10]; B w(x,1)[20,30]; C w(x,2)[12,18] r(x)=1[40,50]"), Some(true));
    assert_eq!(lin("A add(x,1)[0,10]; B add(x,2)[0,10]; C r(x)=2[5,9] r(x)=3[20,30]"), Some(true));
    assert_eq!(lin("A add(x,1)[0,10]; B add(x,2)[0,10]; C r(x)=4[20,30]"), Some(false));
    assert_eq!(lin("A add(x,1)[0]; B r(x)=0[10,20] r(x)=1[30,40]"), Some(true));
    assert_eq!(lin("A append(x,1)[0,10]; B append(x,2)[0,10]; C r(x)=2|1[20,30]"), Some(true));
    assert_eq!(lin("A append(x,1)[0,10] append(x,2)[20,30]; C r(x)=2|1[40,50]"), Some(false));
}

#[test]
fn equal_instants_order_invocations_before_responses() {
    assert_eq!(lin("A w(x,1)[0,10]; B r(x)=0[10,20]"), Some(true), "ends touch: concurrent");
    assert_eq!(lin("A w(x,1)[0,10] r(x)=0[10,20]"), Some(false), "of one session: in order");
    assert_eq!(lin("A w(x,1)[5,5] w(x,2)[5,5] r(x)=1[5,5]"), Some(false));
    assert_eq!(lin("A w(x,1)[5,5] w(x,2)[5,5] r(x)=2[5,5]"), Some(true));
}

/// n concurrent writes, then r=1, then r=2.
fn explosion(n: u32) -> History {
    let writes = (1..=n).map(|v| format!("W w(x,{v})[0,10];")).collect::<String>();
    history(&format!("{writes} R r(x)=1[20,30]; S r(x)=2[40,50]"))
}

#[test]
fn the_search_visits_n_times_two_to_the_n_minus_1_plus_2_configurations() {
    for n in 2..=12 {
        let (answer, states) = search_linearizable(&explosion(n), BUDGET);
        assert_eq!((answer, states), (Some(false), u64::from(n) * (1 << (n - 1)) + 2), "n={n}");
    }
    let twenty = explosion(20);
    assert_eq!(search_linearizable(&twenty, 100_000).0, None, "gives up and says so");
    let Verdict::No { ops, .. } = linearizable(&twenty, 100_000) else {
        panic!("the value test knows")
    };
    assert_eq!(ops.len(), 4, "two writes and their reads");
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

/// What the random histories are made of.
struct Recipe {
    ops: u64,
    keys: u64,
    /// 2: writes and reads; 4: compare-and-set too.
    kinds: u64,
    unknowns: bool,
    /// Whether writes all differ.
    distinct: bool,
    /// One answer in this many is made up.
    lies: u64,
}

/// Operations of up to four sessions, most answers from one run over a random order. In half the
/// histories that order respects instants, in the others only sessions.
fn random(dice: &mut Dice, r: &Recipe) -> History {
    let sessions = 1 + dice.below(4);
    let loose = dice.below(2) == 0;
    let (mut clocks, mut last) = ([0; 4], [0; 4]);
    let mut planned = Vec::new();
    for i in 0..r.ops {
        let s = dice.below(sessions) as usize;
        let invoke = clocks[s] + dice.below(12);
        let ret = invoke + 1 + dice.below(25);
        clocks[s] = ret + 1;
        let point =
            if loose { last[s] + dice.below(60) } else { invoke + dice.below(ret - invoke) };
        last[s] = point;
        planned.push((point, i, s, invoke, ret));
    }
    planned.sort();
    let mut state = vec![0; 3];
    History::from_instants(
        planned.into_iter().map(|plan| answer(dice, r, plan, &mut state)).collect(),
    )
}

fn answer(
    dice: &mut Dice,
    r: &Recipe,
    plan: (u64, u64, usize, u64, u64),
    state: &mut [i64],
) -> HistOp {
    let (_, i, s, invoke, ret) = plan;
    let key = dice.below(r.keys) as usize;
    let new = if r.distinct { i as i64 + 1 } else { dice.below(3) as i64 };
    let lie = dice.below(r.lies) == 0;
    let seen = if lie { dice.below(r.ops.min(4) + 1) as i64 } else { state[key] };
    let value = Value::Int;
    let kind = match dice.below(r.kinds) {
        0 => Kind::Write(value(new)),
        1 => Kind::Read(value(seen)),
        2 => Kind::Cas { from: value(seen), to: value(new) },
        _ => Kind::Missed { from: value(seen + i64::from(!lie)) },
    };
    let unknown = r.unknowns && dice.below(5) == 0;
    if !unknown || dice.below(2) == 0 {
        apply(state, key, &kind);
    }
    let (status, ret) = if unknown { (Status::Unknown, None) } else { (Status::Ok, Some(ret)) };
    let key = ["x", "y", "z"][key].to_string();
    HistOp { session: s as u32, node: NodeId(s as u16), key, kind, invoke, ret, status }
}

/// The objects' meaning, written a second time.
fn apply(state: &mut [i64], key: usize, kind: &Kind) -> bool {
    let int = |v: &Value| v.as_int().expect("integers only");
    let now = state[key];
    let (fits, next) = match kind {
        Kind::Write(v) => (true, int(v)),
        Kind::Read(v) => (now == int(v), now),
        Kind::Cas { from, to } => (now == int(from), int(to)),
        Kind::Missed { from } => (now != int(from), now),
        Kind::Add(by) => (true, now + by),
        Kind::Append(_) => panic!("no lists here"),
    };
    state[key] = if fits { next } else { now };
    fits
}

/// An operation for the other checkers: its object and what it asked and was answered.
type Asked = (usize, Kind);

#[derive(Clone, Debug)]
struct Store(Vec<i64>);

impl SequentialSpec for Store {
    type Op = Asked;
    type Ret = bool;
    fn invoke(&mut self, (key, kind): &Asked) -> bool {
        apply(&mut self.0, *key, kind)
    }
}

impl Specification for Store {
    type State = Vec<i64>;
    type Operation = Asked;
    fn init() -> Vec<i64> {
        vec![0; 3]
    }
    fn apply((key, kind): &Asked, state: &Vec<i64>) -> (bool, Vec<i64>) {
        let mut next = state.clone();
        (apply(&mut next, *key, kind), next)
    }
}

fn asked(op: &HistOp) -> Asked {
    (["x", "y", "z"].iter().position(|k| *k == op.key).expect("a key"), op.kind.clone())
}

/// Invocations and responses in order: place, operation, whether it is the response.
fn events(h: &History) -> Vec<(u64, usize, bool)> {
    let both =
        |(i, op): (usize, &HistOp)| [Some((op.invoke, i, false)), op.ret.map(|r| (r, i, true))];
    let mut events: Vec<_> = h.ops.iter().enumerate().flat_map(both).flatten().collect();
    events.sort();
    events
}

/// Each operation's session, a fresh one after an unknown operation.
fn threads(h: &History) -> Vec<usize> {
    let mut bumps = BTreeMap::new();
    let mut threads = Vec::new();
    let mut sorted: Vec<usize> = (0..h.ops.len()).collect();
    sorted.sort_by_key(|i| h.ops[*i].invoke);
    for i in sorted {
        let bump: &mut usize = bumps.entry(h.ops[i].session).or_default();
        threads.push((i, h.ops[i].session as usize + 4 * *bump));
        *bump += usize::from(h.ops[i].ret.is_none());
    }
    threads.sort();
    threads.into_iter().map(|(_, t)| t).collect()
}

fn stateright<T: ConsistencyTester<usize, Store>>(h: &History, mut tester: T) -> bool {
    let threads = threads(h);
    for (_, i, is_ret) in events(h) {
        let fine = match is_ret {
            true => tester.on_return(threads[i], true).is_ok(),
            false => tester.on_invoke(threads[i], asked(&h.ops[i])).is_ok(),
        };
        assert!(fine, "well-formed");
    }
    tester.is_consistent()
}

/// This one knows no open operations: any choice of those that happened will do.
fn todc(h: &History) -> bool {
    let open: Vec<usize> = (0..h.ops.len()).filter(|i| h.ops[*i].ret.is_none()).collect();
    let threads = threads(h);
    (0..1 << open.len()).any(|chosen: u32| {
        let happened: Vec<usize> =
            (0..open.len()).filter(|k| chosen >> k & 1 == 1).map(|k| open[k]).collect();
        let mut all: Vec<(usize, bool)> = events(h).into_iter().map(|(_, i, r)| (i, r)).collect();
        all.retain(|(i, _)| !open.contains(i) || happened.contains(i));
        all.extend(happened.iter().map(|i| (*i, true)));
        let act = |i: usize, r| {
            if r { Action::Response(asked(&h.ops[i])) } else { Action::Call(asked(&h.ops[i])) }
        };
        all.is_empty()
            || WGLChecker::<Store>::is_linearizable(TodcHistory::from_actions(
                all.into_iter().map(|(i, r)| (threads[i], act(i, r))).collect(),
            ))
    })
}

/// Every order there is: whether operation `i` may come after those in `done` is `ready`'s to say.
fn brute(h: &History, done: u32, state: &[i64], ready: &dyn Fn(u32, usize) -> bool) -> bool {
    let left = |i: &usize| done >> i & 1 == 0;
    if (0..h.ops.len()).filter(left).all(|i| h.ops[i].ret.is_none()) {
        return true;
    }
    (0..h.ops.len()).filter(left).filter(|i| ready(done, *i)).any(|i| {
        let mut state = state.to_vec();
        let (key, kind) = asked(&h.ops[i]);
        apply(&mut state, key, &kind) && brute(h, done | 1 << i, &state, ready)
    })
}

fn brute_linearizable(h: &History) -> bool {
    let before = |a: &HistOp, b: &HistOp| a.ret.is_some_and(|r| r < b.invoke);
    let ready = |done: u32, i: usize| {
        (0..h.ops.len()).all(|j| done >> j & 1 == 1 || !before(&h.ops[j], &h.ops[i]))
    };
    brute(h, 0, &[0; 3], &ready)
}

fn brute_sequential(h: &History) -> bool {
    let threads = threads(h);
    let before = |a: usize, b: usize| threads[a] == threads[b] && h.ops[a].invoke < h.ops[b].invoke;
    let ready = |done: u32, i: usize| (0..h.ops.len()).all(|j| done >> j & 1 == 1 || !before(j, i));
    brute(h, 0, &[0; 3], &ready)
}

/// A yes is an order that explains; a no is a few operations that are wrong too, and no fewer.
fn check_evidence(h: &History, verdict: &Verdict, brute: fn(&History) -> bool) {
    match verdict {
        Verdict::Yes { order } => {
            let mut state = vec![0; 3];
            let fits = |i: &usize| apply(&mut state, asked(&h.ops[*i]).0, &h.ops[*i].kind);
            assert!(order.iter().all(fits), "{h:?} {order:?}");
            let all = |i: &usize| h.ops[*i].ret.is_none() || order.contains(i);
            assert!((0..h.ops.len()).collect::<Vec<_>>().iter().all(all), "complete");
        }
        Verdict::No { ops, .. } => {
            check_witness(h, ops, brute);
        }
        Verdict::Inconclusive { .. } => panic!("small histories are always settled"),
    }
}

/// A witness is wrong by itself, and none of its reads can be spared.
fn check_witness(h: &History, ops: &[usize], brute: fn(&History) -> bool) {
    assert!(ops.is_sorted_by_key(|i| h.ops[*i].invoke));
    // Sessions as the whole history ends them.
    let threads = threads(h);
    let op = |i: &usize| HistOp { session: threads[*i] as u32, ..h.ops[*i].clone() };
    let pick = |ops: &[usize]| History { ops: ops.iter().map(op).collect(), ..History::default() };
    let few = pick(ops);
    assert!(!brute(&few), "{few:?}");
    for read in ops.iter().filter(|i| matches!(h.ops[**i].kind, Kind::Read(_))) {
        let rest: Vec<usize> = ops.iter().copied().filter(|i| i != read).collect();
        assert!(brute(&pick(&rest)), "{few:?} holds more than it takes");
    }
}

fn agree(seed: u64, count: u32, r: Recipe) {
    let mut dice = Dice(seed);
    let mut tally = [0; 4];
    for _ in 0..count {
        let h = random(&mut dice, &r);
        let (l, s) = (linearizable(&h, BUDGET), sequential(&h, BUDGET));
        let (lin, seq) = (l.holds().expect("settled"), s.holds().expect("settled"));
        assert_eq!(lin, brute_linearizable(&h), "{h:#?}");
        assert_eq!(seq, brute_sequential(&h), "{h:#?}");
        assert_eq!(lin, stateright(&h, LinearizabilityTester::new(Store(vec![0; 3]))), "{h:#?}");
        assert_eq!(
            seq,
            stateright(&h, SequentialConsistencyTester::new(Store(vec![0; 3]))),
            "{h:#?}"
        );
        assert_eq!(lin, todc(&h), "{h:#?}");
        assert_eq!(search_linearizable(&h, BUDGET).0, Some(lin), "{h:#?}");
        check_evidence(&h, &l, brute_linearizable);
        check_evidence(&h, &s, brute_sequential);
        tally[usize::from(lin) * 2 + usize::from(seq)] += 1;
    }
    // Neither only, sequential only, and both: each must have been tried often.
    assert_eq!(tally[2], 0, "linearizable implies sequential");
    for n in [tally[0], tally[1], tally[3]] {
        assert!(n * 40 > count, "{tally:?}");
    }
}

#[test]
fn registers_agree_with_three_other_checkers() {
    agree(1, 6000, Recipe { ops: 6, keys: 2, kinds: 2, unknowns: false, distinct: true, lies: 8 });
    agree(2, 3000, Recipe { ops: 7, keys: 1, kinds: 2, unknowns: false, distinct: true, lies: 8 });
}

#[test]
fn unknown_operations_agree_with_three_other_checkers() {
    agree(3, 4000, Recipe { ops: 6, keys: 2, kinds: 2, unknowns: true, distinct: true, lies: 8 });
    agree(4, 2000, Recipe { ops: 6, keys: 1, kinds: 4, unknowns: true, distinct: false, lies: 8 });
}

#[test]
fn compare_and_set_and_repeated_values_agree_with_three_other_checkers() {
    agree(5, 3000, Recipe { ops: 6, keys: 2, kinds: 2, unknowns: false, distinct: false, lies: 8 });
    agree(6, 3000, Recipe { ops: 6, keys: 1, kinds: 4, unknowns: false, distinct: true, lies: 8 });
}

/// What causes what: sessions, and what was read from where, closed.
fn causes(h: &History) -> Vec<Vec<bool>> {
    let (threads, n) = (threads(h), h.ops.len());
    let from = |w: usize, r: usize| {
        let same = h.ops[w].key == h.ops[r].key && h.ops[r].ret.is_some();
        same && matches!((&h.ops[w].kind, &h.ops[r].kind), (Kind::Write(a), Kind::Read(b)) if a == b)
    };
    let po = |a: usize, b: usize| threads[a] == threads[b] && h.ops[a].invoke < h.ops[b].invoke;
    let mut co: Vec<Vec<bool>> =
        (0..n).map(|a| (0..n).map(|b| po(a, b) || from(a, b)).collect()).collect();
    for m in 0..n {
        for a in 0..n {
            (0..n).for_each(|b| co[a][b] |= co[a][m] && co[m][b]);
        }
    }
    co
}

fn is_write(h: &History, i: usize) -> bool {
    matches!(h.ops[i].kind, Kind::Write(_))
}

/// Whether some order of those that `count` keeps `before` and explains them.
fn orderable(
    h: &History,
    count: &dyn Fn(usize) -> bool,
    before: &dyn Fn(usize, usize) -> bool,
) -> bool {
    let n = h.ops.len();
    let skip = (0..n).filter(|i| !count(*i)).fold(0, |mask, i| mask | 1 << i);
    let ready = |done: u32, i: usize| (0..n).all(|j| done >> j & 1 == 1 || !before(j, i));
    brute(h, skip, &[0; 3], &ready)
}

fn brute_views(h: &History, before: &dyn Fn(usize, usize) -> bool) -> bool {
    let threads = threads(h);
    threads.iter().all(|t| orderable(h, &|i| is_write(h, i) || threads[i] == *t, before))
}

fn brute_memory(h: &History) -> bool {
    let co = causes(h);
    (0..h.ops.len()).all(|i| !co[i][i]) && brute_views(h, &|a, b| co[a][b])
}

fn brute_pram(h: &History) -> bool {
    let threads = threads(h);
    brute_views(h, &|a, b| threads[a] == threads[b] && h.ops[a].invoke < h.ops[b].invoke)
}

fn answered(h: &History) -> impl Iterator<Item = usize> {
    (0..h.ops.len()).filter(|i| !is_write(h, *i) && h.ops[*i].ret.is_some())
}

fn brute_weak(h: &History) -> bool {
    let co = causes(h);
    let past = |r: usize| move |i: usize| i == r || is_write(h, i);
    let explained =
        |r: usize| orderable(h, &|i| past(r)(i) && (i == r || co[i][r]), &|a, b| co[a][b]);
    (0..h.ops.len()).all(|i| !co[i][i]) && answered(h).all(explained)
}

fn brute_convergent(h: &History) -> bool {
    let co = causes(h);
    let writes: Vec<usize> = (0..h.ops.len()).filter(|i| is_write(h, *i)).collect();
    (0..h.ops.len()).all(|i| !co[i][i]) && arbitrated(h, &co, &writes, &mut Vec::new())
}

/// Tries every order of the writes that keeps causes; each read must return the last one it knew.
fn arbitrated(h: &History, co: &[Vec<bool>], writes: &[usize], order: &mut Vec<usize>) -> bool {
    if order.len() == writes.len() {
        let last =
            |r: usize| order.iter().rev().find(|w| co[**w][r] && h.ops[**w].key == h.ops[r].key);
        let value = |r: usize| match last(r).map(|w| &h.ops[*w].kind) {
            Some(Kind::Write(v)) => v.clone(),
            _ => Value::Int(0),
        };
        return answered(h).all(|r| h.ops[r].kind == Kind::Read(value(r)));
    }
    let next = |w: &usize, order: &[usize]| {
        !order.contains(w) && writes.iter().all(|v| !co[*v][*w] || order.contains(v))
    };
    writes.iter().any(|w| {
        next(w, order) && {
            order.push(*w);
            let found = arbitrated(h, co, writes, order);
            order.pop();
            found
        }
    })
}

#[test]
fn models_of_causes_agree_with_brute_force() {
    type Brute = fn(&History) -> bool;
    let models: [(Model, Brute); 4] = [
        (Model::CausalMemory, brute_memory),
        (Model::CausalConvergence, brute_convergent),
        (Model::WeakCausal, brute_weak),
        (Model::Pram, brute_pram),
    ];
    let mut circles = 0;
    let mut dice = Dice(9);
    let mut tally = [[0; 2]; 4];
    for i in 0..12_000 {
        let (keys, unknowns, ops) = (1 + i % 2, i % 3 == 0, 6 + i % 3);
        let h =
            random(&mut dice, &Recipe { ops, keys, kinds: 2, unknowns, distinct: true, lies: 3 });
        for (k, (model, brute)) in models.iter().enumerate() {
            let verdict = model.judge(&h, BUDGET);
            let holds = verdict.holds().expect("settled");
            assert_eq!(holds, brute(&h), "{model:?} {h:#?}");
            tally[k][usize::from(holds)] += 1;
            if let Verdict::No { ops, circle, .. } = verdict {
                check_witness(&h, &ops, *brute);
                // All but a read of what nobody wrote.
                assert_eq!(check_circle(&h, &ops, &circle), ops.len() > 1, "{h:?}");
                circles += circle.len();
            }
        }
        check_implications(&h);
    }
    assert!(circles > 10_000, "{circles}");
    assert!(tally.as_flattened().iter().all(|n| *n > 1000), "{tally:?}");
}

/// A circle goes round among the witnesses, and each step of it is what it says: a client's order, the
/// order of time, a read of the written value, or two of one key.
fn check_circle(h: &History, ops: &[usize], circle: &[Before]) -> bool {
    let threads = threads(h);
    for (i, b) in circle.iter().enumerate() {
        assert!(ops.contains(&b.from) && b.to == circle[(i + 1) % circle.len()].from, "{h:?}");
        let (from, to) = (&h.ops[b.from], &h.ops[b.to]);
        let both = (is_write(h, b.from), is_write(h, b.to));
        assert!(
            match b.because {
                Because::Session => threads[b.from] == threads[b.to] && from.invoke < to.invoke,
                Because::RealTime => from.ret.is_some_and(|r| r < to.invoke),
                Because::Read => both == (true, false) && from.key == to.key,
                Because::Replaced { read } => {
                    both == (true, true)
                        && from.key == to.key
                        && ops.contains(&read)
                        && matches!((&to.kind, &h.ops[read].kind), (Kind::Write(a), Kind::Read(b)) if a == b)
                }
                Because::Unseen => both == (false, true) && from.key == to.key,
            },
            "{b:?} {h:?}"
        );
    }
    !circle.is_empty()
}

/// The guarantees as servers would keep them: for each read some of the writes in some order, the read's
/// own the last of its key; and in it what the guarantees ask for, in the order they ask for.
fn brute_servers(h: &History, with: &[Model]) -> bool {
    let writes: Vec<usize> = (0..h.ops.len()).filter(|i| is_write(h, *i)).collect();
    answered(h).all(|r| server_for(h, with, &writes, r, &mut Vec::new()))
}

fn server_for(
    h: &History,
    with: &[Model],
    writes: &[usize],
    r: usize,
    have: &mut Vec<usize>,
) -> bool {
    explains(h, with, writes, r, have)
        || writes.iter().any(|w| {
            !have.contains(w) && {
                have.push(*w);
                let found = server_for(h, with, writes, r, have);
                have.pop();
                found
            }
        })
}

fn explains(h: &History, with: &[Model], writes: &[usize], r: usize, have: &[usize]) -> bool {
    let threads = threads(h);
    let then = |a: usize, b: usize| threads[a] == threads[b] && h.ops[a].invoke < h.ops[b].invoke;
    let value = |i: usize| match &h.ops[i].kind {
        Kind::Write(v) | Kind::Read(v) => v.clone(),
        other => panic!("{other:?}"),
    };
    let from = |read: usize| {
        let wrote = |w: &&usize| h.ops[**w].key == h.ops[read].key && value(**w) == value(read);
        writes.iter().find(wrote).copied()
    };
    let last = have.iter().rev().find(|w| h.ops[**w].key == h.ops[r].key);
    if last.map_or(Value::Int(0), |w| value(*w)) != value(r) {
        return false;
    }
    let place = |w: usize| have.iter().position(|x| *x == w);
    let before = |a: usize, b: usize| place(a).is_some_and(|at| Some(at) < place(b));
    let reads: Vec<usize> = answered(h).collect();
    with.iter().all(|model| match model {
        Model::ReadYourWrites => writes.iter().all(|w| !then(*w, r) || place(*w).is_some()),
        Model::MonotonicReads => reads
            .iter()
            .filter(|q| then(**q, r))
            .all(|q| from(*q).is_none_or(|w| place(w).is_some())),
        Model::MonotonicWrites => {
            have.iter().all(|b| writes.iter().all(|a| !then(*a, *b) || before(*a, *b)))
        }
        Model::WritesFollowReads => have.iter().all(|b| {
            let knew = |q: &&usize| then(**q, *b);
            reads.iter().filter(knew).all(|q| from(*q).is_none_or(|a| before(a, *b)))
        }),
        other => panic!("{other:?}"),
    })
}

#[test]
fn session_guarantees_are_what_some_servers_could_have_kept() {
    use Model::*;
    let three = [ReadYourWrites, MonotonicReads, MonotonicWrites];
    let four = [ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads];
    let mut dice = Dice(10);
    let mut tally = [0; 4];
    for i in 0..10_000 {
        let (keys, unknowns) = (1 + i % 2, i % 3 == 0);
        let recipe = Recipe { ops: 7, keys, kinds: 2, unknowns, distinct: true, lies: 3 };
        let h = random(&mut dice, &recipe);
        let writes = (0..7).filter(|i| is_write(&h, *i)).count();
        if writes > 5 || thin(&h) {
            continue;
        }
        let judge = |m: &Model| m.judge(&h, BUDGET).holds().expect("settled");
        assert_eq!(three.iter().all(judge), brute_servers(&h, &three), "{h:#?}");
        assert_eq!(four.iter().all(judge), brute_servers(&h, &four), "{h:#?}");
        assert_eq!(four.iter().all(judge), judge(&WeakCausal), "{h:#?}");
        assert!(!judge(&Pram) || three.iter().all(judge), "{h:#?}");
        // One row alone is broken only where the guarantees themselves cannot all be kept.
        for (k, m) in four.iter().enumerate() {
            tally[k] += usize::from(!judge(m));
        }
    }
    assert!(tally.iter().all(|n| *n > 20), "{tally:?}");
}

/// A read of what nobody wrote.
fn thin(h: &History) -> bool {
    let wrote = |r: usize| {
        (0..h.ops.len()).any(|w| {
            matches!((&h.ops[w].kind, &h.ops[r].kind), (Kind::Write(a), Kind::Read(b)) if a == b)
                && h.ops[w].key == h.ops[r].key
        })
    };
    answered(h).any(|r| h.ops[r].kind != Kind::Read(Value::Int(0)) && !wrote(r))
}

fn check_implications(h: &History) {
    let holds = |m: Model| m.judge(h, BUDGET).holds() == Some(true);
    use Model::*;
    let implied = [
        (Linearizable, Sequential),
        (Sequential, CausalMemory),
        (Sequential, CausalConvergence),
        (CausalMemory, WeakCausal),
        (CausalConvergence, WeakCausal),
        (CausalMemory, Pram),
    ];
    for (strong, weak) in implied {
        assert!(!holds(strong) || holds(weak), "{strong:?} {weak:?} {h:#?}");
    }
}

#[test]
fn eventual_compares_the_last_reads_of_those_who_read_after_everything_was_written() {
    let last = |text: &str| eventual(&history(text)).holds();
    let apart = "A w(x,1)[0,10]; B r(x)=0[20,30] r(x)=1[60,70]; C r(x)=1[40,50]";
    assert_eq!(last(apart), Some(true), "apart, then equal");
    assert_eq!(last("A w(x,1)[0,10]; B r(x)=1[20,30]; C r(x)=0[40,50]"), Some(false));
    assert_eq!(last("A w(x,1)[0,10]; B r(x)=1[20,30] r(x)=0[40,50]"), None, "one reader");
    assert_eq!(last("A w(x,1)[0,10]; B r(x)=0[5,8]; C r(x)=1[20,30]"), None, "B read too early");
    assert_eq!(last("A w(x,1)[0,10]; B r(x)=7[20,30]; C r(x)=7[20,30]"), Some(false), "thin air");
    assert_eq!(last("A w(x,1)[0,10]; B r(x)=0[20,30]; C r(y)=0[20,30]"), None, "two keys");
}

/// Ten clients, a thousand operations that really ran on one register each.
fn long(kinds: u64, keys: u64, distinct: bool) -> History {
    let mut dice = Dice(7);
    let mut planned = Vec::new();
    for s in 0..10 {
        let mut at = dice.below(10);
        for k in 0..100 {
            let ret = at + 5 + dice.below(30);
            planned.push((at + dice.below(ret - at), s as u64 * 100 + k, s, at, ret));
            at = ret + 1 + dice.below(10);
        }
    }
    planned.sort();
    let recipe = Recipe { ops: 1_000_000, keys, kinds, unknowns: false, distinct, lies: 8 };
    let mut honest = Dice(8);
    let mut state = vec![0; 3];
    let mut op = |plan| loop {
        let mut next = state.clone();
        let op = answer(&mut honest, &recipe, plan, &mut next);
        if apply(&mut state.clone(), asked(&op).0, &op.kind) {
            state = next;
            return op;
        }
    };
    History::from_instants(planned.into_iter().map(&mut op).collect())
}

#[test]
fn a_thousand_operations_of_ten_clients_are_judged_in_a_moment() {
    for (what, h) in
        [("register", long(2, 1, true)), ("three", long(2, 3, true)), ("cas", long(4, 1, false))]
    {
        let clock = std::time::Instant::now();
        assert_eq!(linearizable(&h, BUDGET).holds(), Some(true), "{what}");
        let l = clock.elapsed();
        assert_eq!(sequential(&h, BUDGET).holds(), Some(true), "{what}");
        println!("{what}: linearizable {l:?}, sequential too {:?}", clock.elapsed());
        // A few milliseconds; the bound leaves room for a busy machine.
        assert!(clock.elapsed().as_millis() < 1000, "{what}");
    }
}

#[test]
fn one_stale_read_in_a_thousand_operations_is_found() {
    let mut h = long(2, 1, true);
    let reads: Vec<usize> = (0..1000).filter(|i| matches!(h.ops[*i].kind, Kind::Read(_))).collect();
    let (early, late) = (reads[40], reads[reads.len() - 40]);
    h.ops[late].kind = h.ops[early].kind.clone();
    for model in [linearizable, sequential] {
        let clock = std::time::Instant::now();
        let verdict = model(&h, BUDGET);
        println!("{} in {:?}", verdict.sentence(&h, &name), clock.elapsed());
    }
    let Verdict::No { ops, .. } = linearizable(&h, BUDGET) else { panic!("stale") };
    assert!(ops.len() <= 4 && ops.contains(&late));
}

#[test]
fn every_model_judges_a_thousand_operations() {
    let fine = long(2, 3, true);
    // The second client's view, late by 40 operations: its reads go back, its session does not.
    let mut late = fine.clone();
    delay(&mut late, 40);
    for (what, h) in [("fine", fine), ("late", late)] {
        for model in &Model::ALL[..10] {
            let clock = std::time::Instant::now();
            let verdict = model.judge(&h, BUDGET);
            println!(
                "{what} {}: {} in {:?}",
                model.word(),
                verdict.sentence(&h, &name),
                clock.elapsed()
            );
            let linear = *model == Model::Linearizable;
            assert_eq!(verdict.holds(), Some(what == "fine" || !linear), "{what} {model:?}");
        }
    }
}

/// One client only reads, and reads what an order 40 writes old had.
fn delay(h: &mut History, by: usize) {
    let Verdict::Yes { order } = linearizable(h, BUDGET) else { panic!("it ran on one copy") };
    let (mut states, mut state) = (vec![vec![0; 3]], vec![0; 3]);
    for i in order {
        let k = asked(&h.ops[i]).0;
        let op = &mut h.ops[i];
        match (op.session, &op.kind) {
            (1, _) => {
                op.kind = Kind::Read(Value::Int(states[states.len().saturating_sub(by + 1)][k]))
            }
            (_, Kind::Read(_)) => op.kind = Kind::Read(Value::Int(state[k])),
            _ => _ = apply(&mut state, k, &h.ops[i].kind.clone()),
        }
        states.push(state.clone());
    }
}

#[test]
fn points_lie_inside_their_operations_and_never_go_back() {
    let h = long(2, 3, true);
    let Verdict::Yes { order } = linearizable(&h, BUDGET) else { panic!("it ran on one copy") };
    let points = points(&h, &order);
    assert!(points.is_sorted_by_key(|(_, at)| *at));
    assert!(
        points
            .iter()
            .all(|(i, at)| h.ops[*i].invoke <= *at && h.ops[*i].ret.is_none_or(|r| *at < r))
    );
}
