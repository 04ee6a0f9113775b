//! Questions to a run, each against its definition by brute force on random runs.

mod house;

use engine::ids::*;
use engine::run::Run;
use engine::scene::spacetime::{self, Tiles, Viewport};
use engine::scene::topology::{self, Layout};
use engine::scene::{Form, Index, Kin, Pick, Shape, print};
use engine::trace::causality::opens;
use engine::trace::inquiry::*;
use engine::trace::text::Legend;
use engine::trace::{Event, What};
use proptest::prelude::*;

/// Talk between some nodes with faults, different by seed.
fn busy(seed: u64, nodes: u32, until_ms: u64) -> Run {
    let loads: String = (1..=nodes)
        .map(|i| {
            let rate = 8 + (i as u64 * seed) % 17;
            format!("load n{i} tell n{} rate={rate}/s\n", (i as u64 + seed) % nodes as u64 + 1)
        })
        .collect();
    let at = |share: u64| until_ms * share / 24;
    let t = format!(
        "lamplight 1\nrun vector-clocks nodes={nodes} seed={seed}\n\
         net latency=5ms..25ms loss=6% duplicate=5%\n{loads}\
         at {}ms crash n2\nat {}ms restart n2\nat {}ms pause n1\nat {}ms resume n1\n\
         at {}ms partition n1 n2 | n3\nat {}ms heal\n\
         at {}ms hold next Note n1 -> n2\nat {}ms release every Note\n\
         expect always ClockCondition\nuntil {until_ms}ms\n",
        at(3),
        at(5),
        at(6),
        at(8),
        at(12),
        at(18),
        at(2),
        at(4),
    );
    house::finished(house::read(&t).unwrap_or_else(|e| panic!("{e}")))
}

/// Raft with heartbeats, timers, a disk and an election more.
fn elected(seed: u64, until_ms: u64) -> Run {
    let t = format!(
        "lamplight 1\nrun raft nodes=5 clients=1 seed={seed}\nnet latency=5ms..15ms loss=2%\n\
         load c1 put x rate=10/s from=400ms\nat {}ms crash leader\nuntil {until_ms}ms\n",
        until_ms / 2
    );
    house::finished(house::read(&t).unwrap_or_else(|e| panic!("{e}")))
}

/// A run by its numbers; one of raft where there are no nodes.
#[derive(Clone, Copy, Debug)]
struct Made(u64, u32);

impl Made {
    fn run(self) -> Run {
        if self.1 == 0 { elected(self.0, 500) } else { busy(self.0, self.1, 500) }
    }
}

fn any_run() -> impl Strategy<Value = Made> {
    (any::<u16>(), prop::sample::select(vec![3u32, 4, 5, 0])).prop_map(|(s, n)| Made(s.into(), n))
}

// ---------------------------------------------------------------- the definition

/// The message as first sent.
fn sent(run: &Run, m: MsgId) -> EventId {
    let mut rec = run.trace().msg(m).unwrap();
    while let Some(of) = rec.of {
        rec = run.trace().msg(of).unwrap();
    }
    rec.sent
}

/// The opening of an event's step, by following causes within the instant.
fn opening(run: &Run, e: Event) -> EventId {
    let cause = e.cause.and_then(|c| run.trace().event(c));
    match cause.filter(|c| !opens(e.what) && (c.node, c.at, c.k) == (e.node, e.at, e.k)) {
        Some(c) if e.node.is_some() => opening(run, c),
        _ => e.id,
    }
}

/// What comes before each event, itself included: rows of a closed relation over events, or over steps.
fn closure(run: &Run, steps: bool) -> Vec<Vec<bool>> {
    let trace = run.trace();
    let name = |e: Event| if steps { opening(run, e).index() } else { e.id.index() };
    let mut rows = vec![vec![false; trace.len()]; trace.len()];
    let mut last = vec![None; run.cast().len()];
    for e in trace.events() {
        let me = name(e);
        rows[me][me] = true;
        let Some(n) = e.node else { continue };
        let from = if let What::Deliver { m } = e.what { Some(sent(run, m)) } else { None };
        let from = from.map(|s| name(trace.event(s).unwrap()));
        for p in [last[n.index()], from].into_iter().flatten().filter(|p| *p != me) {
            let row = rows[p].clone();
            rows[me].iter_mut().zip(row).for_each(|(a, b)| *a |= b);
        }
        last[n.index()] = Some(me);
    }
    rows
}

/// Some of a run's events, spread over it.
fn some(run: &Run, many: usize) -> Vec<Event> {
    let all: Vec<Event> = run.trace().events().filter(|e| e.node.is_some()).collect();
    let every = (all.len() / many).max(1);
    all.into_iter().step_by(every).collect()
}

// ---------------------------------------------------------------- relations and chains

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn relations_are_reachability_between_steps_and_one_entry_proves_them(made in any_run()) {
        let run = made.run();
        let (index, before) = (Index::new(&run), closure(&run, true));
        let c = &index.causality;
        for a in some(&run, 40) {
            for b in some(&run, 37) {
                let (x, y) = (opening(&run, a).index(), opening(&run, b).index());
                let want = match (x == y, before[y][x], before[x][y]) {
                    (true, ..) => Order::Same,
                    (_, true, _) => Order::Before,
                    (_, _, true) => Order::After,
                    _ => Order::Concurrent,
                };
                let r = relation(&run, c, a.id, b.id);
                prop_assert_eq!(r.order, want, "{:?} {:?}", a, b);
                prop_assert!(!r.says.is_empty() && r.entries().count() == run.cast().len());
                let (i, j) = (a.node.unwrap().index(), b.node.unwrap().index());
                let steps = opens(run.trace().what(x)) && opens(run.trace().what(y));
                if steps && x != y {
                    // Mattern's theorem, on the clocks that are shown.
                    prop_assert_eq!(r.a[i] <= r.b[i], want == Order::Before);
                    prop_assert_eq!(r.b[j] <= r.a[j], want == Order::After);
                    prop_assert!(!r.proof.is_empty());
                }
                if want == Order::Concurrent && !r.proof.is_empty() {
                    prop_assert!(r.b[i] < r.a[i] && r.a[j] < r.b[j]);
                }
                let kin = Kin::of(&run, &index, a.id, b.id);
                prop_assert_eq!(kin, match want {
                    Order::Same => Kin::Itself,
                    Order::Before => Kin::Future,
                    Order::After => Kin::Past,
                    _ => Kin::Concurrent,
                });
            }
        }
    }

    #[test]
    fn a_chain_is_the_shortest_there_is(made in any_run()) {
        let run = made.run();
        let (index, before) = (Index::new(&run), closure(&run, true));
        let c = &index.causality;
        for a in some(&run, 15) {
            let cost = costs(&run, opening(&run, a));
            for b in some(&run, 40) {
                let (x, y) = (opening(&run, a).index(), opening(&run, b).index());
                let got = chain(&run, c, a.id, b.id);
                let reached = if x == y { a.id <= b.id } else { before[y][x] };
                prop_assert_eq!(got.is_some(), reached, "{:?} {:?}", a, b);
                let Some(got) = got else { continue };
                prop_assert_eq!(got.links[0], Link { event: a.id, via: Via::Begin });
                prop_assert_eq!(got.links.last().unwrap().event, b.id);
                linked(&run, c, &got)?;
                if x != y {
                    prop_assert_eq!((got.messages() as u32, got.steps()), cost[b.id.index()].unwrap());
                }
                let told = sentences(&run, &got);
                prop_assert!(told.iter().all(|t| t.says.ends_with('.') && !t.says.ends_with("..")));
                prop_assert_eq!(told.last().unwrap().event, b.id);
            }
        }
    }

    #[test]
    fn the_cause_is_what_the_world_says(made in any_run()) {
        let run = made.run();
        let index = Index::new(&run);
        for e in run.trace().events() {
            let why = default_cause(&run, &index.causality, e.id);
            prop_assert_eq!(why.links.last().unwrap().event, e.id);
            for pair in why.links.windows(2) {
                prop_assert_eq!(run.trace().event(pair[1].event).unwrap().cause, Some(pair[0].event));
            }
            let root = run.trace().event(why.links[0].event).unwrap();
            let first = root.cause.is_none()
                || matches!(root.what, What::Fire { .. } | What::Invoke { .. } | What::Act { .. } | What::Restart { .. });
            prop_assert!(first, "{:?}", root);
        }
    }
}

/// Fewest messages and then steps from one event to each later one: forwards, where the engine looks back.
fn costs(run: &Run, from: EventId) -> Vec<Option<(u32, u32)>> {
    let trace = run.trace();
    let mut cost: Vec<Option<(u32, u32)>> = vec![None; trace.len()];
    let mut last: Vec<Option<usize>> = vec![None; run.cast().len()];
    for e in trace.events() {
        let Some(n) = e.node else { continue };
        let step = u32::from(opens(e.what));
        let lane = last[n.index()].and_then(|p| cost[p]).map(|(m, s)| (m, s + step));
        let came = if let What::Deliver { m } = e.what { cost[sent(run, m).index()] } else { None };
        let came = came.map(|(m, s)| (m + 1, s + step));
        cost[e.id.index()] =
            if e.id == from { Some((0, 0)) } else { lane.into_iter().chain(came).min() };
        last[n.index()] = Some(e.id.index());
    }
    cost
}

fn linked(
    run: &Run,
    c: &engine::trace::causality::Causality,
    chain: &Chain,
) -> Result<(), TestCaseError> {
    let trace = run.trace();
    for pair in chain.links.windows(2) {
        let (a, b) = (trace.event(pair[0].event).unwrap(), trace.event(pair[1].event).unwrap());
        match pair[1].via {
            Via::Message(m) => {
                prop_assert_eq!(b.what, What::Deliver { m });
                prop_assert_eq!(sent(run, m), a.id);
            }
            Via::Step => prop_assert_eq!(opening(run, a), opening(run, b)),
            Via::Lane { steps } => {
                prop_assert_eq!(a.node, b.node);
                let (p, q) = (c.place_of(opening(run, a)).unwrap().1, c.place_of(b.id).unwrap().1);
                let between = &c.lane(a.node.unwrap())[p as usize + 1..=q as usize];
                let count = between.iter().filter(|e| opens(trace.what(**e as usize))).count();
                prop_assert_eq!(count as u32, steps);
            }
            Via::Begin | Via::Cause => prop_assert!(false, "{:?}", pair),
        }
    }
    Ok(())
}

#[test]
fn what_stands_outside_has_no_order_and_a_lost_message_comes_after_its_sending() {
    let run = busy(4, 4, 900);
    let index = Index::new(&run);
    let c = &index.causality;
    let act = run.trace().events().find(|e| matches!(e.what, What::Act { .. })).unwrap().id;
    let lost = run.trace().events().find(|e| matches!(e.what, What::Lose { .. })).unwrap();
    let What::Lose { m, .. } = lost.what else { unreachable!() };
    let sent = run.trace().msg(m).unwrap().sent;
    assert_eq!(relation(&run, c, act, sent).order, Order::Outside);
    assert_eq!(Kin::of(&run, &index, sent, act), Kin::Outside);
    let start = c.at(run.trace().event(sent).unwrap().node.unwrap(), 0).unwrap();
    assert_eq!(relation(&run, c, start, lost.id).order, Order::Before);
    assert_eq!(relation(&run, c, lost.id, start).order, Order::After);
    let chain = chain(&run, c, start, lost.id).unwrap();
    assert_eq!(chain.links.last(), Some(&Link { event: lost.id, via: Via::Cause }));
}

// ---------------------------------------------------------------- cuts

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cut_is_judged_by_its_definition(
        made in any_run(),
        times in prop::collection::vec((0u64..500 * MS, any::<bool>()), 6),
        base in 0u64..500 * MS,
    ) {
        let run = made.run();
        let (index, before) = (Index::new(&run), closure(&run, false));
        let c = &index.causality;
        let mut cut = Cut::at(&run, c, base);
        prop_assert!(judge(&run, c, &cut).is_consistent(), "a moment of the run");
        in_flight(&run, base, &judge(&run, c, &cut))?;
        for (n, (t, dragged)) in run.cast().all().zip(&times) {
            if *dragged {
                cut.drag(&run, c, n, *t);
            }
        }
        let judged = judge(&run, c, &cut);
        let all: Vec<EventId> = run.trace().events().filter(|e| e.node.is_some()).map(|e| e.id).collect();
        let within = |cut: &Cut, e: EventId| cut.holds(c, e);
        let whole = |e: EventId| all.iter().all(|o| !before[e.index()][o.index()] || within(&cut, *o));
        let held = all.iter().filter(|e| within(&cut, **e)).all(|e| whole(*e));
        prop_assert_eq!(judged.is_consistent(), held);
        prop_assert_eq!(c.is_consistent(run.trace(), &cut.upto), held);
        for b in &judged.breaks {
            prop_assert!(!within(&cut, b.sent) && within(&cut, b.received) && sent(&run, b.m) == b.sent);
        }
        // The largest consistent one inside: exactly what is inside with its whole past.
        for e in &all {
            prop_assert_eq!(within(&judged.inner, *e), within(&cut, *e) && whole(*e));
        }
        let inner = judge(&run, c, &judged.inner);
        prop_assert!(inner.is_consistent() && inner.inner.upto == judged.inner.upto);
        for m in &judged.channel {
            let rec = run.trace().msg(*m).unwrap();
            prop_assert!(within(&cut, sent(&run, *m)) && !within(&cut, rec.end));
        }
    }
}

/// Cut at a moment, the channels hold what is in flight then.
fn in_flight(run: &Run, t: Us, judged: &Judgment) -> Result<(), TestCaseError> {
    let flies = |i: &usize| {
        let rec = &run.trace().msgs[*i];
        rec.sent_at <= t && t < rec.end_at
    };
    let want: Vec<usize> = (0..run.trace().msgs.len()).filter(flies).collect();
    let have: Vec<usize> = judged.channel.iter().map(|m| m.index()).collect();
    prop_assert_eq!(have, want);
    Ok(())
}

#[test]
fn the_past_of_an_event_is_a_consistent_cut_and_keys_move_it_by_steps() {
    let run = busy(3, 4, 600);
    let index = Index::new(&run);
    let c = &index.causality;
    for e in some(&run, 40) {
        let cut = Cut::past(&run, c, e.id);
        assert!(cut.holds(c, e.id) && judge(&run, c, &cut).is_consistent());
        let lane = e.node.unwrap();
        let mut moved = cut.clone();
        moved.nudge(&run, c, lane, false);
        assert!(!moved.holds(c, e.id));
        moved.nudge(&run, c, lane, true);
        assert!(moved.holds(c, e.id));
    }
}

// ---------------------------------------------------------------- filters

fn any_filter() -> impl Strategy<Value = Filter> {
    (0u128..64, prop::sample::select(vec![0u64, 0, 1, 2, 4, 5]), any::<bool>(), any::<bool>())
        .prop_map(|(nodes, kinds, quiet, local)| Filter {
            nodes: nodes & nodes >> 1,
            kinds,
            quiet,
            local,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_keeps_its_causality(made in any_run(), filter in any_filter()) {
        let run = made.run();
        let index = Index::new(&run);
        let sieve = Sieve::new(&run, &index.causality, filter);
        let trace = run.trace();
        let shown = |e: &Event| e.node.is_some() && sieve.shows(e.id);
        let whole = closure(&run, false);
        // Lanes, visible messages and threads, and nothing else.
        let mut rows = vec![vec![false; trace.len()]; trace.len()];
        let mut last = vec![None; run.cast().len()];
        let mut threads = sieve.threads().iter().peekable();
        for e in trace.events().filter(shown) {
            let (me, n) = (e.id.index(), e.node.unwrap().index());
            let mut from: Vec<usize> = last[n].into_iter().collect();
            if let What::Deliver { m } = e.what {
                prop_assert!(filter.shows(trace.msg(m).unwrap()));
                from.push(sent(&run, m).index());
            }
            rows[me][me] = true;
            for p in from {
                let row = rows[p].clone();
                rows[me].iter_mut().zip(row).for_each(|(a, b)| *a |= b);
            }
            while let Some(t) = threads.next_if(|t| t.to == e.id) {
                prop_assert!(sieve.shows(t.from));
                prop_assert!(!rows[me][t.from.index()], "a thread beside a visible chain: {:?}", t);
                let row = rows[t.from.index()].clone();
                rows[me].iter_mut().zip(row).for_each(|(a, b)| *a |= b);
            }
            last[n] = Some(me);
            for o in trace.events().filter(shown) {
                let (have, want) = (rows[me][o.id.index()], whole[me][o.id.index()]);
                prop_assert_eq!(have, want, "{:?} before {:?}", o, e);
            }
        }
        prop_assert!(threads.next().is_none());
        if filter == (Filter { local: filter.local, ..Filter::default() }) {
            prop_assert!(sieve.threads().is_empty(), "no message is hidden");
        }
    }

    #[test]
    fn a_sieve_kept_up_is_one_made_anew(seed in any::<u16>(), filter in any_filter()) {
        let text = format!("lamplight 1\nrun raft nodes=5 clients=1 seed={seed}\nload c1 put x rate=9/s\nuntil 600ms\n");
        let mut run = engine::protocols::open(house::read(&text).unwrap()).unwrap();
        let mut index = Index::new(&run);
        index.sift(&run, filter);
        for t in [3, 150, 151, 400, 600] {
            run.advance(t * MS, u32::MAX);
            index.catch_up(&run);
        }
        let fresh = Sieve::new(&run, &index.causality, filter);
        let Some(kept) = index.sieve() else { return Ok(()) };
        prop_assert_eq!(kept.threads(), fresh.threads());
        for n in run.cast().all() {
            prop_assert_eq!(kept.folds(n), fresh.folds(n));
        }
        prop_assert!(run.trace().events().all(|e| kept.shows(e.id) == fresh.shows(e.id)));
        // Looked up by a stretch, or all walked through.
        for (from, to) in [(0, 50), (100, 130), (200, 400), (590, 700)] {
            let mut have = vec![];
            kept.in_sight(run.trace(), from * MS, to * MS, &mut |t| have.push(t));
            let at = |e: EventId| run.trace().event(e).unwrap().at;
            let want = |t: &&Thread| at(t.to) >= from * MS && at(t.from) <= to * MS;
            let want: Vec<Thread> = kept.threads().iter().filter(want).copied().collect();
            prop_assert_eq!(have, want);
        }
    }
}

#[test]
fn hidden_heartbeats_leave_few_threads_and_folded_steps_are_counted() {
    let run = elected(7, 3_000);
    let mut index = Index::new(&run);
    let quiet = Filter { quiet: true, ..Filter::default() };
    index.sift(&run, quiet);
    let beats = run.trace().msgs.iter().filter(|m| m.quiet).count();
    let threads = index.sieve().unwrap().threads().len();
    assert!(beats > 100 && threads < beats, "{threads} threads for {beats} heartbeats");
    index.sift(&run, Filter { local: true, ..quiet });
    let sieve = index.sieve().unwrap();
    let fewer = sieve.threads().len();
    assert!(fewer <= threads, "{fewer} of {threads}");
    let folded: u32 = run.cast().all().flat_map(|n| sieve.folds(n)).map(|f| f.steps).sum();
    assert!(folded > 20, "{folded}");
    index.sift(&run, Filter::default());
    assert!(index.sieve().is_none());
}

#[test]
fn lanes_and_messages_that_are_left_out_are_not_drawn_nor_found() {
    let run = busy(6, 4, 800);
    let mut index = Index::new(&run);
    let plain = Viewport::new(&run, 100 * MS, 400 * MS, 1_000.0, 420.0);
    let filter = Filter::default().node(NodeId(1), true);
    index.sift(&run, filter);
    let view = plain.sifted(&filter);
    assert_eq!((view.lanes, view.sifted(&Filter::default())), (3, plain));
    let rows: Vec<u16> = [0, 2, 3].map(|n| view.row(NodeId(n))).to_vec();
    assert_eq!((rows, view.shows(NodeId(1))), (vec![0, 1, 2], false));
    let names: Vec<String> =
        spacetime::gutter(&run, &view, Pick::None).into_iter().map(|s| s.name).collect();
    assert_eq!(names, ["n1", "n3", "n4"]);
    for x in (60..1_000).step_by(7) {
        for y in (36..396).step_by(9) {
            let seen = match spacetime::hit(&run, &index, &view, x as f32, y as f32) {
                Pick::Event(e) => {
                    index.shows(e) && run.trace().event(e).unwrap().node != Some(NodeId(1))
                }
                Pick::Message(m) => index.shows_message(run.trace().msg(m).unwrap()),
                _ => true,
            };
            assert!(seen, "{x} {y}");
        }
    }
    let still = spacetime::still(&run, &index, &view, 300 * MS, Pick::None);
    assert!(still.iter().any(|s| s.role == "thread"));
}

#[test]
fn tiles_follow_the_filter() {
    let run = busy(6, 4, 800);
    let mut index = Index::new(&run);
    let view = Viewport::new(&run, 0, 800 * MS, 1_000.0, 420.0);
    let mut tiles = Tiles::new();
    let all = tiles.get(&run, &index, &view, 0);
    let filter = Filter::default().kind(0, true);
    index.sift(&run, filter);
    let sifted = tiles.get(&run, &index, &view, 0);
    assert!(std::rc::Rc::ptr_eq(&sifted, &tiles.get(&run, &index, &view, 0)));
    let [all, sifted] = [all, sifted].map(|t| t.seen_from(0.0));
    assert_ne!(print(&all), print(&sifted));
    assert!(sifted.iter().all(|s| !s.role.starts_with("arrow") && s.role != "message-word"));
    index.sift(&run, Filter::default());
    assert_eq!(print(&tiles.get(&run, &index, &view, 0).seen_from(0.0)), print(&all));
}

#[test]
fn a_sifted_view_of_ten_thousand_events_costs_what_is_in_sight() {
    let run = busy(3, 5, 60_000);
    assert!(run.trace().len() > 10_000, "{}", run.trace().len());
    let mut index = Index::new(&run);
    let filters = [
        Filter::default().node(NodeId(2), true),
        Filter { local: true, ..Filter::default().node(NodeId(0), true).node(NodeId(3), true) },
        Filter::default().kind(0, true),
    ];
    for filter in filters {
        index.sift(&run, filter);
        let cost = |from: Us, to: Us| {
            let view = Viewport::new(&run, from, to, 1_000.0, 420.0).sifted(&filter);
            let mut tiles = Tiles::new();
            let drawn = |k| tiles.get(&run, &index, &view, k).seen_from(0.0);
            let shapes: Vec<Shape> = view.tiles().flat_map(drawn).collect();
            let front = spacetime::front(&run, &index, &view, Pick::None);
            assert!(front.len() <= 420, "{} marks", front.len());
            let path = |s: &Shape| if let Form::Path(d) = &s.form { d.len() } else { 0 };
            (shapes.iter().map(Shape::count).sum::<usize>(), shapes.iter().map(path).sum::<usize>())
        };
        let (all, bytes) = cost(0, 60 * SEC);
        assert!(all < 60 && bytes < 120_000, "{all} elements, {bytes} bytes for everything");
        let (early, late) = (cost(SEC, 2 * SEC).0, cost(50 * SEC, 51 * SEC).0);
        assert!(early < 150 && late < 150, "{early} {late}");
    }
}

// ---------------------------------------------------------------- finding

/// What a word of a query means, asked anew of every event.
fn naive(run: &Run, word: &str, e: &Event, line: &str) -> bool {
    let trace = run.trace();
    let m = match e.what {
        What::Send { m } | What::Deliver { m } | What::Lose { m, .. } | What::Copy { m, .. } => {
            Some(m)
        }
        What::Hold { m } | What::Release { m } => Some(m),
        _ => None,
    };
    let rec = m.and_then(|m| trace.msg(m));
    if let Some(text) = word.strip_prefix('"') {
        return line.to_lowercase().contains(text.trim_end_matches('"'));
    }
    if let Some((field, value)) = word.split_once('=') {
        let tree = match e.what {
            What::Why { why, .. } => Some(run.reason(why)),
            _ => m.map(|m| run.message(m)),
        };
        let plain = |n: NodeId| run.name(n).to_string();
        return tree.is_some_and(|t| t.get(field).is_some_and(|t| t.plain(&plain) == value));
    }
    if let Some(n) = run.cast().all().find(|n| run.name(*n) == word) {
        let ends = e.node.is_none() && rec.is_some_and(|r| r.from == n || r.to == n);
        return e.node == Some(n) || ends;
    }
    if let Some(k) = run.entry().kinds.iter().position(|k| k.name == word) {
        return rec.is_some_and(|r| r.kind as usize == k);
    }
    if let Some(r) = run.entry().reasons.iter().position(|r| r.slug == word) {
        return matches!(e.what, What::Why { slug, .. } if slug as usize == r);
    }
    match word {
        "crash" => e.what == What::Crash,
        "deliver" => matches!(e.what, What::Deliver { .. }),
        "lose" => matches!(e.what, What::Lose { .. }),
        text => line.to_lowercase().contains(&text.to_lowercase()),
    }
}

#[test]
fn what_is_found_is_what_a_scan_finds() {
    let run = elected(3, 1_500);
    let mut legend = Legend::new(&run);
    let lines: Vec<(Event, String)> = run.trace().events().map(|e| (e, legend.tell(&e))).collect();
    let atoms = [
        "n2",
        "n4",
        "AppendEntries",
        "RequestVote",
        "elected",
        "crash",
        "deliver",
        "lose",
        "term=1",
        "term=2",
        "\"lost\"",
        "leader",
        "\"← n1\"",
        "Candidate",
        "zebra",
    ];
    let mut hits = 0;
    for a in atoms {
        for b in atoms {
            let query = [a, " ", b].concat();
            let fits =
                |(e, line): &&(Event, String)| [a, b].iter().all(|w| naive(&run, w, e, line));
            let want: Vec<EventId> = lines.iter().filter(fits).map(|l| l.0.id).collect();
            let found = find(&run, &query, usize::MAX).unwrap();
            assert_eq!((&found.events, found.next), (&want, run.trace().len()), "{query}");
            hits += want.len();
            // In pieces of three.
            let read = Query::read(&run, &query).unwrap();
            let (mut from, mut pieces) = (0, vec![]);
            while from < run.trace().len() {
                let piece = read.find(&run, from, 3);
                assert!(piece.events.len() <= 3 && piece.next > from);
                (from, pieces) = (piece.next, [pieces, piece.events].concat());
            }
            assert_eq!(pieces, want, "{query} in pieces");
        }
    }
    assert!(hits > 1_000, "{hits}");
}

#[test]
fn nonsense_is_named() {
    let run = elected(3, 300);
    let ask = |q: &str| find(&run, q, 10).unwrap_err();
    assert_eq!(ask("  "), Nonsense::Empty);
    assert_eq!(ask("\"\""), Nonsense::Empty);
    assert_eq!(ask("n1 \"open"), Nonsense::Open);
    assert_eq!(ask("n1 op\"en"), Nonsense::Open);
    assert_eq!(ask("colour=red"), Nonsense::Field("colour".into()));
    assert_eq!(ask("term="), Nonsense::Value("term".into()));
    assert_eq!(ask(&"x".repeat(201)), Nonsense::Long);
    for n in [
        Nonsense::Empty,
        Nonsense::Open,
        Nonsense::Field("a".into()),
        Nonsense::Value("a".into()),
        Nonsense::Long,
    ] {
        assert!(n.message().ends_with('.'));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_query_panics(query in "[ -~é≺\t]{0,30}") {
        thread_local!(static RUN: Run = elected(3, 300));
        RUN.with(|run| { let _ = find(run, &query, 5); });
    }
}

// ---------------------------------------------------------------- goldens

fn golden(name: &str, have: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, have).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == want, "{name} is drawn differently; UPDATE=1 writes it anew:\n{have}");
}

fn triangle() -> Run {
    let named = |s: &house::Shipped| s.name() == "vector-clocks/triangle";
    house::shipped().into_iter().find(named).unwrap().run()
}

/// The first receipt on a node.
fn receipt(run: &Run, n: u16) -> EventId {
    let is = |e: &Event| e.node == Some(NodeId(n)) && matches!(e.what, What::Deliver { .. });
    run.trace().events().find(is).unwrap().id
}

/// Why nobody stopped it: whom it waited for crashed, and what was on its way was lost.
#[test]
fn of_a_timer_that_ran_out_it_is_told_what_happened_while_it_ran() {
    let shipped = house::shipped().into_iter().find(|s| s.name() == "raft/leader-crash").unwrap();
    let run = shipped.run();
    let index = Index::new(&run);
    let crash = run.trace().events().find(|e| matches!(e.what, What::Crash)).unwrap();
    let fires = |e: &Event| matches!(e.what, What::Fire { .. }) && e.node != crash.node;
    let n1 = run.cast().find("n1");
    let mut later = run.trace().range(crash.id.index(), run.trace().len());
    let fire = later.find(|e| fires(e) && e.node == n1).unwrap();
    let told = meanwhile(&run, &default_cause(&run, &index.causality, fire.id));
    assert!(told[0].says.ends_with("It ran from then on."), "{told:#?}");
    assert!(told[1..].iter().any(|t| t.says.contains("n4 crashes")), "{told:#?}");
    assert!(told[1..].iter().all(|t| told[0].at <= t.at && t.at <= fire.at), "{told:#?}");
    // What no timer began has nothing to tell of one.
    assert_eq!(meanwhile(&run, &default_cause(&run, &index.causality, crash.id)), []);
}

#[test]
fn a_chain_and_a_cut_are_drawn_and_told_as_recorded() {
    let run = triangle();
    let index = Index::new(&run);
    let c = &index.causality;
    let view = Viewport::new(&run, 0, 40 * MS, 640.0, 240.0);
    let (first, last) = (c.at(NodeId(0), 0).unwrap(), receipt(&run, 0));
    let way = chain(&run, c, first, receipt(&run, 2)).unwrap();
    let mut out = String::from("the chain\n");
    out += &print(&spacetime::chain(&run, &index, &view, &way));
    let b = receipt(&run, 1);
    for told in sentences(&run, &default_cause(&run, c, last)) {
        out += &format!("why: {} {}\n", told.says, told.reasons.join(" "));
    }
    for (a, b) in [(first, last), (last, b), (first, first), (c.at(NodeId(2), 0).unwrap(), b)] {
        out += &format!("{}\n", relation(&run, c, a, b).says);
    }
    let mut cut = Cut::at(&run, c, 15 * MS);
    for drag in [15, 5] {
        cut.drag(&run, c, NodeId(0), 0);
        cut.upto[0] = if drag == 5 { 0 } else { cut.upto[0] };
        let judged = judge(&run, c, &cut);
        out += &format!("\nthe cut: {}\n", judged.says);
        out += &print(&spacetime::cut(&run, &index, &view, &cut, &judged));
    }
    golden("triangle.inquiry", &out);
}

#[test]
fn kinship_and_a_sifted_diagram_are_drawn_as_recorded() {
    let run = triangle();
    let mut index = Index::new(&run);
    let layout = Layout::new(&run, 480.0, 320.0);
    let count = run.trace().count_until(25 * MS);
    let mut out = print(&topology::kinship(&run, &index, &layout, receipt(&run, 1), count));
    let filter = Filter { local: true, ..Filter::default().node(NodeId(1), true) };
    index.sift(&run, filter);
    let view = Viewport::new(&run, 0, 40 * MS, 640.0, 240.0).sifted(&filter);
    out += &print(&spacetime::still(&run, &index, &view, 40 * MS, Pick::None));
    golden("triangle.sifted", &out);
}
