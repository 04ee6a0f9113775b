//! The views, judged as text and numbers: causality against brute force, layouts and labels that never
//! overlap, flights against every message there is, and a diagram whose cost follows what is in sight.

mod house;

use engine::ids::*;
use engine::run::Run;
use engine::scene::place::Box2;
use engine::scene::spacetime::{self, Tiles, Viewport};
use engine::scene::topology::{self, FLIGHT, Flights, LABEL, Layout};
use engine::scene::{
    Beside, Form, Index, Kin, Pick, Shape, caption, exhibit, list, print, text, timeline,
};
use engine::show::Ring;
use engine::trace::What;
use engine::trace::causality::{opens, tally};

/// Talk between some nodes with faults, different by seed.
fn busy(seed: u64, nodes: u32, until_ms: u64) -> Run {
    let loads: String = (1..=nodes)
        .map(|i| {
            format!("load n{i} tell n{} rate={}/s\n", i % nodes + 1, 8 + (i as u64 * seed) % 17)
        })
        .collect();
    let t = format!(
        "lamplight 1\nrun vector-clocks nodes={nodes} seed={seed}\n\
         net latency=5ms..25ms loss=6% duplicate=5%\n{loads}\
         at {}ms crash n2\nat {}ms restart n2\nat {}ms pause n1\nat {}ms resume n1\n\
         at {}ms partition n1 n2 | n3\nat {}ms heal\n\
         at {}ms hold next Note n1 -> n2\nat {}ms release every Note\n\
         expect always ClockCondition\nuntil {until_ms}ms\n",
        until_ms / 8,
        until_ms / 5,
        until_ms / 4,
        until_ms / 3,
        until_ms / 2,
        until_ms * 3 / 4,
        until_ms / 10,
        until_ms / 7,
    );
    let read = house::read(&t).unwrap_or_else(|e| panic!("{e}"));
    house::finished(read)
}

// ---------------------------------------------------------------- causality

/// Reachability by closing the event graph: row e holds everything at or before e.
fn closure(run: &Run) -> Vec<Vec<bool>> {
    let trace = run.trace();
    let mut last = vec![None; run.cast().len()];
    let mut before: Vec<Vec<bool>> = vec![];
    for e in trace.events() {
        let mut row = vec![false; trace.len()];
        row[e.id.index()] = true;
        let Some(n) = e.node else {
            before.push(row);
            continue;
        };
        let mut preds: Vec<usize> = last[n.index()].into_iter().collect();
        if let What::Deliver { m } = e.what {
            let mut rec = trace.msg(m).unwrap();
            while let Some(of) = rec.of {
                rec = trace.msg(of).unwrap();
            }
            preds.push(rec.sent.index());
        }
        for p in preds {
            for (have, more) in row.iter_mut().zip(&before[p]) {
                *have |= more;
            }
        }
        last[n.index()] = Some(e.id.index());
        before.push(row);
    }
    before
}

#[test]
fn cones_are_reachability_in_the_event_graph() {
    for seed in 1..6 {
        let run = busy(seed, 3 + seed as u32 % 3, 700);
        let (trace, index) = (run.trace(), Index::new(&run));
        let c = &index.causality;
        let before = closure(&run);
        assert!(trace.len() > 150, "{}", trace.len());
        for e in trace.events().filter(|e| e.node.is_some()) {
            let (past, future) = (c.past(trace, e.id), c.future(trace, e.id));
            for o in trace.events() {
                let Some((lane, at)) = c.place_of(o.id) else { continue };
                let is_past = before[e.id.index()][o.id.index()];
                assert_eq!(
                    past[lane.index()] > at,
                    is_past,
                    "seed {seed}: {:?} past {:?}",
                    o.id,
                    e.id
                );
                let is_future = before[o.id.index()][e.id.index()];
                assert_eq!(
                    future[lane.index()] <= at,
                    is_future,
                    "seed {seed}: {:?} after {:?}",
                    o.id,
                    e.id
                );
                assert_eq!(c.precedes(trace, o.id, e.id), is_past && o.id != e.id);
            }
        }
    }
}

#[test]
fn clocks_are_counts_of_the_past_and_stamps_respect_it() {
    let run = busy(7, 4, 700);
    let (trace, index) = (run.trace(), Index::new(&run));
    let (c, before) = (&index.causality, closure(&run));
    for e in trace.events().filter(|e| e.node.is_some()) {
        let mut want = vec![0; run.cast().len()];
        for o in trace.events().filter(|o| opens(o.what) && before[e.id.index()][o.id.index()]) {
            want[o.node.unwrap().index()] += 1;
        }
        assert_eq!(c.clock(trace, e.id), want);
        for o in trace.events().filter(|o| o.node.is_some() && opens(e.what)) {
            if o.id != e.id && before[e.id.index()][o.id.index()] {
                assert!(c.lamport(o.id) < c.lamport(e.id));
            }
        }
    }
}

#[test]
fn clocks_kept_every_256_events_change_nothing() {
    let run = busy(3, 4, 40_000);
    let (trace, index) = (run.trace(), Index::new(&run));
    assert!(trace.len() > 8_000, "{}", trace.len());
    // The textbook's way: carry a vector on every lane, send it along.
    let n = run.cast().len();
    let mut now = vec![vec![0u32; n]; n];
    let mut sent: Vec<Vec<u32>> = vec![vec![]; trace.msgs.len()];
    for e in trace.events() {
        match (e.what, e.node) {
            (What::Copy { m, of }, _) => sent[m.index()] = sent[of.index()].clone(),
            (what, Some(l)) => {
                if let What::Deliver { m } = what {
                    let came = sent[m.index()].clone();
                    now[l.index()].iter_mut().zip(came).for_each(|(a, b)| *a = (*a).max(b));
                }
                now[l.index()][l.index()] += u32::from(opens(what));
                if let What::Send { m } = what {
                    sent[m.index()] = now[l.index()].clone();
                }
                if e.id.0 % 7 == 0 {
                    assert_eq!(index.causality.clock(trace, e.id), now[l.index()], "{:?}", e.id);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn a_cut_is_consistent_when_it_holds_its_own_past() {
    let run = busy(5, 3, 600);
    let (trace, index) = (run.trace(), Index::new(&run));
    let (c, before) = (&index.causality, closure(&run));
    let mut draw = 12345u64;
    let (mut yes, mut no) = (0, 0);
    for _ in 0..400 {
        let cut: Vec<u32> = run
            .cast()
            .all()
            .map(|n| {
                draw = draw.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let (len, near) = (c.lane(n).len() as u64, trace.len() as u64 / 9);
                (len / 2 + (draw >> 33) % near).min(len) as u32
            })
            .collect();
        let inside = |e: EventId| c.place_of(e).is_some_and(|(l, at)| cut[l.index()] > at);
        let all: Vec<EventId> = trace.events().filter(|e| e.node.is_some()).map(|e| e.id).collect();
        let held = all
            .iter()
            .filter(|e| inside(**e))
            .all(|e| all.iter().filter(|o| before[e.index()][o.index()]).all(|o| inside(*o)));
        assert_eq!(c.is_consistent(trace, &cut), held);
        assert!(c.is_consistent(trace, &c.close(trace, &cut)));
        if held { yes += 1 } else { no += 1 }
    }
    assert!(yes > 10 && no > 10, "{yes} {no}");
}

#[test]
fn the_shortest_chain_is_a_chain_and_the_cause_chain_reaches_its_beginning() {
    let run = busy(2, 4, 500);
    let (trace, index) = (run.trace(), Index::new(&run));
    let c = &index.causality;
    let last = trace.events().rfind(|e| matches!(e.what, What::Deliver { .. })).unwrap().id;
    let first = trace.events().find(|e| c.precedes(trace, e.id, last)).unwrap().id;
    let chain = c.shortest(trace, first, last).unwrap();
    assert_eq!((chain[0], *chain.last().unwrap()), (first, last));
    for pair in chain.windows(2) {
        let linked =
            c.before(pair[1]) == Some(pair[0]) || c.sender(trace, pair[1]) == Some(pair[0]);
        assert!(linked, "{pair:?}");
    }
    assert!(c.shortest(trace, last, first).is_none());
    let causes = c.chain(trace, last);
    assert!(trace.event(*causes.last().unwrap()).unwrap().cause.is_none());
    let told = tally(trace, run.entry().kinds.len(), 0, trace.len());
    let sum: u32 = told.iter().map(|t| t.delivered).sum();
    assert_eq!(
        sum as usize,
        trace.events().filter(|e| matches!(e.what, What::Deliver { .. })).count()
    );
}

// ---------------------------------------------------------------- topology

fn tiers(counts: &[usize]) -> Vec<Vec<NodeId>> {
    let mut next = 0..;
    counts.iter().map(|&n| next.by_ref().take(n).map(NodeId).collect()).collect()
}

#[test]
fn nodes_never_overlap_and_stay_inside_from_1_to_128_from_360_to_1920() {
    use engine::card::Layout as Style;
    for n in (1..=13).chain([24, 31, 64, 128]) {
        let mixes: Vec<Vec<usize>> =
            vec![vec![n], vec![1, n], vec![n.div_ceil(2), n], vec![2, 1, n], vec![n, 1]];
        for mix in mixes {
            for style in [Style::Tiers, Style::Ring, Style::Circle] {
                for (w, h) in [
                    (360.0, 300.0),
                    (360.0, 220.0),
                    (480.0, 320.0),
                    (900.0, 420.0),
                    (1440.0, 400.0),
                    (1920.0, 900.0),
                ] {
                    check_layout(&mix, &Layout::place(&tiers(&mix), style, w, h));
                }
            }
        }
    }
}

fn check_layout(mix: &[usize], l: &Layout) {
    let what = format!("{mix:?} in {}×{}, radius {}", l.w, l.h, l.radius());
    let r = l.radius();
    assert!(r >= 4.0, "{what}");
    for a in 0..l.len() as u16 {
        let (x, y) = l.at(NodeId(a));
        assert!(
            x - r >= 0.0 && x + r <= l.w && y - r >= 0.0 && y + r <= l.h,
            "{what}: {a} at {x} {y}"
        );
        for b in 0..a {
            let (p, q) = l.at(NodeId(b));
            assert!((x - p).hypot(y - q) >= 2.0 * r + 1.0, "{what}: {a} and {b}");
        }
    }
    if l.len() <= 6 && l.w >= 480.0 && l.h >= 400.0 {
        assert!(l.radius() >= 24.0, "{what}: large enough for its words");
    }
}

/// Also where the way bends aside: half a head is five wide.
#[test]
fn messages_on_their_way_are_seen_whole() {
    use engine::card::Layout as Style;
    for mix in [vec![3, 3], vec![1, 5], vec![2, 4], vec![3], vec![1, 7], vec![3, 1, 3]] {
        for style in [Style::Tiers, Style::Ring, Style::Circle] {
            for (w, h) in [(431.0, 189.0), (390.0, 248.0), (640.0, 220.0), (834.0, 356.0)] {
                let l = Layout::place(&tiers(&mix), style, w, h);
                for (a, b) in pairs(l.len()) {
                    let way = l.way(a, b);
                    let at = |i: u8| way.at(f32::from(i) / 20.0);
                    for (x, y) in (0..=20).map(at) {
                        let edge = x.min(w - x).min(y).min(h - y);
                        assert!(
                            edge >= 5.0,
                            "{mix:?} {style:?} {w}×{h}: {a:?} to {b:?} at {x} {y}"
                        );
                    }
                }
            }
        }
    }
}

fn pairs(n: usize) -> impl Iterator<Item = (NodeId, NodeId)> {
    let all = move || (0..n as u16).map(NodeId);
    all().flat_map(move |a| all().filter(move |b| *b != a).map(move |b| (a, b)))
}

/// Where the nodes called so stand.
fn spots(run: &Run, layout: &Layout, names: &str) -> Vec<(f32, f32)> {
    names.split(' ').map(|n| layout.at(run.cast().find(n).unwrap())).collect()
}

#[test]
fn where_a_circle_would_be_flat_nodes_stand_in_rows_in_their_order() {
    let rising = |at: &[(f32, f32)]| at.windows(2).all(|p| p[0].0 < p[1].0 && p[0].1 == p[1].1);
    for (path, names) in [
        ("paxos/scenarios/roles", "a1 a2 a3 a4 a5"),
        ("consistency/scenarios/iriw", "A B C D"),
        ("abd/scenarios/mw-race", "c1 c2 c3 c4"),
        ("abd/scenarios/happy", "n1 n2 n3"),
    ] {
        let run = shipped(path);
        let at = spots(&run, &Layout::new(&run, 700.0, 300.0), names);
        assert!(rising(&at), "{path}: {at:?}");
    }
    // Broken rows share their columns.
    let style = engine::card::Layout::Tiers;
    let l = Layout::place(&tiers(&[1, 24]), style, 600.0, 420.0);
    let at: Vec<(f32, f32)> = (1..25).map(|i| l.at(NodeId(i))).collect();
    let columns = at.iter().filter(|p| p.1 == at[0].1).count();
    assert!(columns < 24, "{at:?}");
    for (i, p) in at.iter().enumerate() {
        assert!(p.0 == at[i % columns].0 && p.1 == at[i / columns * columns].1, "{i}: {p:?}");
    }
}

/// Peers who are declared to be a circle are one, in whatever room: all of them talk to each other.
#[test]
fn peers_stand_round_a_middle_in_their_order_whoever_asks_them() {
    let turn = |o: (f32, f32), a: (f32, f32), b: (f32, f32)| {
        (a.0 - o.0) * (b.1 - o.1) - (a.1 - o.1) * (b.0 - o.0)
    };
    for clients in 0..4 {
        for nodes in [3, 5, 7] {
            let text =
                format!("lamplight 1\nrun raft nodes={nodes} clients={clients} seed=1\nuntil 1s\n");
            let (run, _) = at(&text, 0);
            let names: Vec<String> = (1..=nodes).map(|i| format!("n{i}")).collect();
            for (w, h) in [
                (832.0, 356.0),
                (832.0, 381.0),
                (1_297.0, 467.0),
                (1_079.0, 270.0),
                (700.0, 300.0),
                (480.0, 420.0),
                (416.0, 330.0),
                (390.0, 248.0),
            ] {
                let layout = Layout::new(&run, w, h);
                let at = spots(&run, &layout, &names.join(" "));
                let what = format!("{clients} and {nodes} in {w}×{h}: {at:?}");
                // Each corner turns the same way: nobody stands among the ways of the others.
                for i in 0..at.len() {
                    let [a, b, c] = [0, 1, 2].map(|k| at[(i + k) % at.len()]);
                    assert!(turn(a, b, c) > 0.0, "{what}");
                }
                let range = |f: &dyn Fn(&(f32, f32)) -> f32| {
                    let all = || at.iter().map(f);
                    all().fold(f32::MIN, f32::max) - all().fold(f32::MAX, f32::min)
                };
                let (wide, tall) = (range(&|p| p.0), range(&|p| p.1));
                assert!(tall > wide * 0.25 || w < 500.0 || nodes == 7, "{what}");
            }
        }
    }
}

#[test]
fn a_stage_of_another_height_moves_nobody_to_the_other_side() {
    let text = "lamplight 1\nrun raft nodes=5 clients=1 seed=1\nat 20ms crash n4\nuntil 1s\n";
    let (before, _) = at(text, 10 * MS);
    let (after, _) = at(text, 30 * MS);
    for w in [416.0, 480.0, 560.0, 640.0, 832.0] {
        for h in [250.0, 300.0, 330.0, 356.0, 381.0, 420.0] {
            let old = Layout::new(&before, w, h);
            // Who is down stays where he was.
            assert_eq!(old, Layout::new(&after, w, h));
            let spots = spots(&after, &old, "c1 n1");
            let was = spots[0].1 > spots[1].1;
            for by in [0.72, 0.85, 0.93, 1.07, 1.2, 1.4] {
                let new = Layout::after(&after, w, h * by, Some(&old));
                let spots = self::spots(&after, &new, "c1 n1");
                assert_eq!(spots[0].1 > spots[1].1, was, "{w}×{h} by {by}: {spots:?}");
            }
        }
    }
}

/// A phone turned, a keyboard that came up: what was laid out for more room is named in less, too.
#[test]
fn a_smaller_stage_takes_nobodys_name() {
    for s in house::shipped() {
        let run = s.run();
        for (w, h) in [(390.0, 240.0), (390.0, 258.0), (340.0, 258.0), (560.0, 250.0)] {
            let fresh = Layout::new(&run, w, h);
            for by in [1.1, 1.25, 1.4] {
                let old = Layout::new(&run, w, h * by);
                let new = Layout::after(&run, w, h, Some(&old));
                let (name, r) = (s.name(), (fresh.radius(), new.radius()));
                assert!(new.shows_names() || !fresh.shows_names(), "{name} {w}×{h} {by}: {r:?}");
            }
        }
    }
}

/// The words beside nodes, wherever they are anchored.
fn beside_nodes(shapes: &[Shape]) -> Vec<Box2> {
    let mut out = vec![];
    for s in shapes {
        match &s.form {
            Form::Group { kids, .. } => out.extend(beside_nodes(kids)),
            Form::Text { x, y, anchor, text } if s.role.contains("outside") => {
                let wide = text::width(text, text::SMALL);
                let left = x - wide * [0.0, 0.5, 1.0][*anchor as usize];
                out.push(Box2::of_text(left, *y, wide, text::SMALL));
            }
            _ => {}
        }
    }
    out
}

#[test]
fn words_beside_nodes_lie_on_no_others_and_where_no_way_passes_if_there_is_such_a_side() {
    use engine::trace::What;
    let (mut passed, mut all) = (0, 0);
    for path in ["raft/scenarios/happy", "pbft/scenarios/happy", "causal_store/scenarios/happy"] {
        let run = shipped(path);
        let index = Index::new(&run);
        let last = run.trace().at(run.trace().len() - 1);
        for (w, h) in [(832.0, 356.0), (832.0, 381.0), (700.0, 300.0), (480.0, 420.0)] {
            let layout = Layout::new(&run, w, h);
            let peek = run.peek_at(last);
            let words =
                beside_nodes(&topology::furniture(&run, &index, &peek, &layout, Pick::None));
            apart(&words);
            for b in &words {
                assert!(b.inside(&Box2::new(0.0, 0.0, w, h)), "{path} {w}×{h}: {b:?}");
                for n in run.cast().all() {
                    let (x, y) = layout.at(n);
                    let near = (x.clamp(b.x0, b.x1) - x).hypot(y.clamp(b.y0, b.y1) - y);
                    assert!(near >= layout.radius(), "{path} {w}×{h}: {b:?} over {n:?}");
                }
            }
            let sent = run.trace().events().filter_map(|e| match e.what {
                What::Send { m } => run.trace().msg(m).map(|r| (r.from, r.to)),
                _ => None,
            });
            let ways: std::collections::BTreeSet<_> = sent.filter(|(a, b)| a != b).collect();
            all += words.len();
            passed += words
                .iter()
                .filter(|b| {
                    ways.iter().any(|(a, c)| {
                        let way = layout.middle(*a, *c);
                        let at = |k: i32| way.at(k as f32 / 12.0);
                        (0..12).any(|k| b.crossed(at(k), at(k + 1)))
                    })
                })
                .count();
        }
    }
    assert!(all > 40 && passed * 8 <= all, "{passed} of {all}");
}

/// The corners of a path's parts.
fn outlines(d: &str) -> Vec<Vec<(f32, f32)>> {
    let mut out: Vec<Vec<(f32, f32)>> = vec![];
    let (mut rest, letters) = (d, ['M', 'L', 'A', 'Z']);
    while let Some(at) = rest.find(letters) {
        let letter = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        let numbers = &rest[..rest.find(letters).unwrap_or(rest.len())];
        let numbers: Vec<f32> = numbers.split_whitespace().map(|n| n.parse().unwrap()).collect();
        if letter == b'M' {
            out.push(vec![]);
        }
        if let [.., x, y] = numbers[..] {
            out.last_mut().unwrap().push((x, y));
        }
    }
    out
}

fn is_inside(outline: &[(f32, f32)], (x, y): (f32, f32)) -> bool {
    let n = outline.len();
    let crosses = (0..n).filter(|&i| {
        let (a, b) = (outline[i], outline[(i + 1) % n]);
        (a.1 > y) != (b.1 > y) && x < a.0 + (b.0 - a.0) * (y - a.1) / (b.1 - a.1)
    });
    crosses.count() % 2 == 1
}

/// In all rooms: the words of those inside are inside, too, those of the others are not, and all of it is seen.
#[test]
fn a_fence_goes_round_the_words_of_its_nodes_and_stays_in_the_view() {
    let mut words = 0;
    for (run, sides) in [
        ("raft nodes=5 clients=1 seed=3", "c1 n2 n3 | n1 n4 n5"),
        ("raft nodes=5 clients=1 seed=3", "n4 | c1 n1 n2 n3 n5"),
        ("raft nodes=5 clients=2 seed=3", "c1 n1 n2 | c2 n3 n4 n5"),
        ("paxos peers=5 proposers=0 acceptors=0 learners=0 seed=3", "n1 n2 | n3 n4 n5"),
        ("pbft nodes=4 clients=2 seed=3", "r3 | r0 r1 r2 c1 c2"),
    ] {
        let text = format!(
            "lamplight 1\nrun {run}\nnet latency=10ms\nat 300ms partition {sides}\nuntil 1s\n"
        );
        let (run, index) = at(&text, 320 * MS);
        let peek = run.peek_at(320 * MS);
        for (w, h) in [
            (832.0, 356.0),
            (832.0, 330.0),
            (490.0, 356.0),
            (480.0, 420.0),
            (416.0, 330.0),
            (872.0, 270.0),
        ] {
            let layout = Layout::new(&run, w, h);
            let shapes = topology::furniture(&run, &index, &peek, &layout, Pick::None);
            let fenced = of_role(&shapes, "fenced");
            assert!(!fenced.is_empty(), "{sides}");
            for fence in fenced {
                let Form::Group { kids, .. } = &fence.form else { panic!("{fence:?}") };
                let Form::Path(d) = &of_role(kids, "fence")[0].form else { panic!("{fence:?}") };
                let parts = outlines(d);
                let what = format!("{sides} in {w}×{h}: {}", fence.name);
                let edge = |p: &(f32, f32)| p.0.min(w - p.0).min(p.1).min(h - p.1);
                assert!(parts.iter().flatten().all(|p| edge(p) >= 1.0), "{what}: {parts:?}");
                let members: Vec<&str> = fence.name["cut off: ".len()..].split(", ").collect();
                for node in shapes.iter().filter(|s| matches!(s.pick, Pick::Node(_))) {
                    let Pick::Node(n) = node.pick else { continue };
                    let member = members.contains(&run.name(n));
                    for b in beside_nodes(std::slice::from_ref(node)) {
                        words += 1;
                        let corners = [(b.x0, b.y0), (b.x1, b.y0), (b.x1, b.y1), (b.x0, b.y1)];
                        // What stands at the very edge is as near to the fence as the edge is.
                        let corners = corners.map(|(x, y)| (x.clamp(6.0, w - 6.0), y.min(h - 6.0)));
                        for p in corners {
                            let inside = parts.iter().any(|o| is_inside(o, p));
                            assert_eq!(inside, member, "{what}: {} at {p:?}", run.name(n));
                        }
                    }
                }
            }
        }
    }
    assert!(words > 100, "{words}");
}

#[test]
fn no_name_of_a_message_lies_over_an_arrow_and_each_stands_on_its_own_side() {
    let (mut own, mut all) = (0, 0);
    for path in ["raft/scenarios/happy", "pbft/scenarios/happy", "causal_store/scenarios/happy"] {
        let run = shipped(path);
        let index = Index::new(&run);
        let layout = Layout::new(&run, 832.0, 356.0);
        let flights = Flights { run: &run, index: &index, layout: &layout, words: &[] };
        let (mut labels, mut air) = (vec![], vec![]);
        for now in (0..400 * MS).step_by(2_003) {
            flights.labels(now, &mut labels);
            flights.fill(now, &mut air);
            for l in labels.chunks(LABEL) {
                let word = topology::label_text(&run, l[1] as i32);
                let room = Box2::of_text(l[2], l[3], text::width(&word, text::SMALL), text::SMALL);
                for f in air.chunks(FLIGHT) {
                    let (a, b) = ((f[1], f[2]), (f[1] - f[3] * f[5], f[2] - f[4] * f[5]));
                    assert!(!room.crossed(a, b), "{path} at {now}: {word} over an arrow");
                }
                let f = air.chunks(FLIGHT).find(|f| f[0] == l[0]).unwrap();
                let (x, y) = ((room.x0 + room.x1) / 2.0 - f[1], (room.y0 + room.y1) / 2.0 - f[2]);
                (own, all) = (own + usize::from(f[3] * y - f[4] * x > 0.0), all + 1);
            }
        }
        // Who comes the other way passes by.
        for (a, b) in pairs(layout.len()) {
            let (there, back) = (layout.way(a, b).at(0.5), layout.way(b, a).at(0.5));
            let apart = (there.0 - back.0).hypot(there.1 - back.1);
            assert!(apart >= 10.0 || layout.radius() < 30.0, "{path}: {apart}");
        }
    }
    assert!(all > 100 && own * 3 > all * 2, "{own} of {all}");
}

#[test]
fn a_client_stands_above_the_node_it_belongs_to_from_the_opening_on() {
    for (path, pairs) in [
        ("eventual_store/scenarios/happy", "c1 n1 c2 n2 c3 n3"),
        ("causal_store/scenarios/happy", "c1 n1 c2 n2 c3 n3"),
        ("sequential_store/scenarios/happy", "c1 n1 c2 n2 c3 n3"),
        ("multi_master/scenarios/happy", "c1 n1 c2 n2 c3 n3"),
        ("cap_register/scenarios/partition-cp", "c1 n1 c2 n5"),
    ] {
        let run = shipped(path);
        let mut opening = engine::protocols::open(run.scenario().clone()).unwrap();
        opening.advance(0, u32::MAX);
        for (w, h) in [(700.0, 300.0), (832.0, 360.0), (480.0, 420.0)] {
            let (early, late) = (Layout::new(&opening, w, h), Layout::new(&run, w, h));
            assert_eq!(early, late, "{path}");
            check_layout(&[late.len()], &late);
            for pair in spots(&run, &late, pairs).chunks(2) {
                let aside = (pair[0].0 - pair[1].0).abs();
                assert!(pair[0].1 < pair[1].1 && aside < late.radius(), "{path} {w}: {pair:?}");
            }
        }
    }
}

#[test]
fn flights_are_every_message_that_is_under_way() {
    for seed in 1..5 {
        let run = busy(seed, 4, 900);
        let index = Index::new(&run);
        let layout = Layout::new(&run, 800.0, 400.0);
        let flights = Flights { run: &run, index: &index, layout: &layout, words: &[] };
        let mut out = vec![];
        for now in (0..950 * MS).step_by(777) {
            flights.fill(now, &mut out);
            let have: Vec<u32> = out.chunks(FLIGHT).map(|f| f[0] as u32).collect();
            let trace = run.trace();
            let seen = |i: &u32| {
                let m = MsgId(*i);
                let rec = trace.msg(m).unwrap();
                topology::spot(&run, &index, m, rec, now).is_some()
            };
            let want: Vec<u32> = (0..trace.msgs.len() as u32).filter(seen).collect();
            assert_eq!(have, want, "seed {seed} at {now}");
            for i in (0..trace.msgs.len() as u32).filter(|i| !want.contains(i)) {
                // Nobody is forgotten who has left and not arrived.
                let rec = trace.msg(MsgId(i)).unwrap();
                let lost = matches!(trace.event(rec.end).map(|e| e.what), Some(What::Lose { .. }));
                assert!(lost || now < rec.sent_at || now >= rec.end_at, "{i} at {now}");
            }
        }
    }
}

#[test]
fn messages_move_at_constant_speed() {
    let run = house::finished(house::read(&triangle().text).unwrap());
    let index = Index::new(&run);
    let layout = Layout::new(&run, 800.0, 400.0);
    let flights = Flights { run: &run, index: &index, layout: &layout, words: &[] };
    let at = |now: Us| {
        let mut out = vec![];
        flights.fill(now, &mut out);
        (out[1], out[2])
    };
    let gap = |a: (f32, f32), b: (f32, f32)| (a.0 - b.0).hypot(a.1 - b.1);
    let spots: Vec<(f32, f32)> = (0..10).map(|i| at(i * MS)).collect();
    let steps: Vec<f32> = spots.windows(2).map(|p| gap(p[0], p[1])).collect();
    assert!(steps.iter().all(|s| (s - steps[0]).abs() < 0.01), "{steps:?}");
}

#[test]
fn labels_beside_messages_never_overlap() {
    let run = busy(9, 5, 900);
    let index = Index::new(&run);
    for (w, h) in [(360.0, 300.0), (800.0, 420.0)] {
        let layout = Layout::new(&run, w, h);
        let flights = Flights { run: &run, index: &index, layout: &layout, words: &[] };
        let (mut labels, mut air, mut placed) = (vec![], vec![], 0);
        for now in (0..900 * MS).step_by(2_003) {
            flights.labels(now, &mut labels);
            flights.fill(now, &mut air);
            let boxes: Vec<Box2> = labels
                .chunks(LABEL)
                .map(|l| {
                    let word = topology::label_text(&run, l[1] as i32);
                    Box2::of_text(l[2], l[3], text::width(&word, text::SMALL), text::SMALL)
                })
                .collect();
            placed += boxes.len();
            apart(&boxes);
            for f in air.chunks(FLIGHT) {
                assert!(
                    !boxes.iter().any(|b| b.meets(&Box2::around(f[1], f[2], 4.0))),
                    "over an arrowhead"
                );
            }
        }
        assert!(placed > 100, "{placed}");
    }
}

#[test]
fn in_a_crowd_only_what_is_lost_has_a_name() {
    let loads: String =
        (1..=9).map(|i| format!("load n{i} tell n{} rate=40/s\n", i % 9 + 1)).collect();
    let text = format!(
        "lamplight 1\nrun vector-clocks nodes=9 seed=1\nnet latency=900ms loss=5%\n{loads}until 2s\n"
    );
    let run = house::finished(house::read(&text).unwrap_or_else(|e| panic!("{e}")));
    let index = Index::new(&run);
    let layout = Layout::new(&run, 800.0, 420.0);
    let flights = Flights { run: &run, index: &index, layout: &layout, words: &[] };
    let (mut labels, mut air) = (vec![], vec![]);
    let mut named_at = |now: Us| {
        flights.labels(now, &mut labels);
        flights.fill(now, &mut air);
        let is_lost = |id: f32| air.chunks(FLIGHT).any(|f| f[0] == id && f[7] == 1.0);
        (labels.len() / LABEL, labels.chunks(LABEL).all(|l| is_lost(l[0])))
    };
    let few = named_at(30 * MS);
    assert!(few.0 > 4 && !few.1, "few fly yet: {few:?}");
    let (names, all_lost) = named_at(1_500 * MS);
    assert!(names > 0 && all_lost, "{names} names among hundreds of messages");
}

fn apart(boxes: &[Box2]) {
    for (i, a) in boxes.iter().enumerate() {
        assert!(!boxes[..i].iter().any(|b| a.meets(b)), "{a:?}");
    }
}

// ---------------------------------------------------------------- the diagram

fn texts<'a>(shapes: &'a [Shape], role: &str, out: &mut Vec<(&'a str, f32, f32)>) {
    for s in shapes {
        match &s.form {
            Form::Group { kids, .. } => texts(kids, role, out),
            Form::Text { x, y, text, .. } if s.role == role => out.push((text, *x, *y)),
            _ => {}
        }
    }
}

#[test]
fn words_on_the_diagram_never_overlap_nor_cover_an_arrowhead() {
    let run = busy(4, 5, 2_000);
    let index = Index::new(&run);
    let mut said = 0;
    for (from, to) in [(0, 300), (100, 1_000), (400, 500), (0, 2_000)] {
        let view = Viewport::new(&run, from * MS, to * MS, 1_000.0, 420.0);
        let mut tiles = Tiles::new();
        for k in view.tiles() {
            let tile = tiles.get(&run, &index, &view, k);
            let mut words = vec![];
            let drawn = tile.seen_from(0.0);
            texts(&drawn, "message-word", &mut words);
            let boxes: Vec<Box2> = words
                .iter()
                .map(|(t, x, y)| Box2::of_text(*x, *y, text::width(t, text::SMALL), text::SMALL))
                .collect();
            apart(&boxes);
            said += boxes.len();
            let shift = view.tile_x(k);
            for rec in run.trace().msgs.iter() {
                let Some(What::Deliver { .. }) = run.trace().event(rec.end).map(|e| e.what) else {
                    continue;
                };
                let tip = Box2::around(view.x(rec.end_at) - shift, view.y(rec.to), 3.0);
                assert!(!boxes.iter().any(|b| b.meets(&tip)));
            }
        }
        let front = spacetime::words(&run, &index, &view, to * MS);
        let mut words = vec![];
        texts(&front, "fault-word", &mut words);
        let boxes: Vec<Box2> = words
            .iter()
            .map(|(t, x, y)| Box2::of_text(*x, *y, text::width(t, text::SMALL), text::SMALL))
            .collect();
        apart(&boxes);
    }
    assert!(said > 20, "{said}");
}

#[test]
fn a_view_of_ten_thousand_events_costs_what_is_in_sight() {
    let run = busy(3, 5, 60_000);
    let index = Index::new(&run);
    assert!(run.trace().len() > 10_000, "{}", run.trace().len());
    let cost = |from: Us, to: Us| {
        let view = Viewport::new(&run, from, to, 1_000.0, 420.0);
        let mut tiles = Tiles::new();
        let mut shapes: Vec<Shape> = vec![];
        view.tiles().for_each(|k| shapes.extend(tiles.get(&run, &index, &view, k).seen_from(0.0)));
        let front = spacetime::front(&run, &index, &view, Pick::None);
        let marks = front.iter().filter(|s| s.pick != Pick::None).count();
        assert!(marks <= 400, "{marks} marks to reach by key");
        let drawn: usize = shapes.iter().map(Shape::count).sum();
        let path = |s: &Shape| if let Form::Path(d) = &s.form { d.len() } else { 0 };
        (drawn, shapes.iter().map(path).sum::<usize>())
    };
    let (all, all_bytes) = cost(0, 60 * SEC);
    assert!(all < 60, "{all} elements for everything");
    assert!(all_bytes < 120_000, "{all_bytes} bytes of paths for everything");
    let (early, _) = cost(SEC, 2 * SEC);
    let (late, _) = cost(50 * SEC, 51 * SEC);
    assert!(early < 150 && late < 150, "{early} {late}");
    let mut looked = 0;
    index.in_sight(run.trace(), 50 * SEC, 50 * SEC + 10 * MS, &mut |_, _| looked += 1);
    assert!(looked < 40, "{looked}");
}

#[test]
fn tiles_are_drawn_once_and_again_when_more_is_known() {
    let text = "lamplight 1\nrun vector-clocks nodes=3 seed=1\nload n1 tell n2 rate=50/s\nexpect always ClockCondition\nuntil 2s\n";
    let mut run = engine::protocols::open(house::read(text).unwrap()).unwrap();
    run.advance(300 * MS, u32::MAX);
    let mut index = Index::new(&run);
    let view = Viewport::new(&run, 0, 2 * SEC, 1_000.0, 300.0);
    let mut tiles = Tiles::new();
    let first = tiles.get(&run, &index, &view, 0);
    assert!(std::rc::Rc::ptr_eq(&first, &tiles.get(&run, &index, &view, 0)));
    run.advance(2 * SEC, u32::MAX);
    index.catch_up(&run);
    let more = tiles.get(&run, &index, &view, 0);
    assert!(!std::rc::Rc::ptr_eq(&first, &more));
    assert_ne!(print(&first.shapes), print(&more.shapes));
}

#[test]
fn what_is_under_a_point_is_found() {
    let run = busy(6, 4, 800);
    let index = Index::new(&run);
    let view = Viewport::new(&run, 100 * MS, 400 * MS, 1_000.0, 420.0);
    for rec in run.trace().msgs.iter().filter(|r| r.sent_at > 120 * MS && r.end_at < 380 * MS) {
        let (x0, y0, x1, y1) =
            (view.x(rec.sent_at), view.y(rec.from), view.x(rec.end_at), view.y(rec.to));
        let Some(What::Deliver { .. }) = run.trace().event(rec.end).map(|e| e.what) else {
            continue;
        };
        let middle = spacetime::hit(&run, &index, &view, (x0 + x1) / 2.0, (y0 + y1) / 2.0);
        assert!(matches!(middle, Pick::Message(_) | Pick::Event(_)), "{middle:?}");
        let end = spacetime::hit(&run, &index, &view, x1, y1);
        let Pick::Event(e) = end else { panic!("{end:?}") };
        assert_eq!(run.trace().event(e).unwrap().node, Some(rec.to));
    }
    assert_eq!(spacetime::hit(&run, &index, &view, 4.0, view.y(NodeId(2))), Pick::Node(NodeId(2)));
    assert_eq!(spacetime::hit(&run, &index, &view, view.x(200 * MS), 5.0), Pick::Fault(2));
}

#[test]
fn a_view_keeps_its_place_when_it_comes_closer() {
    let run = busy(1, 3, 500);
    let view = Viewport::new(&run, 0, 500 * MS, 800.0, 300.0);
    let t = view.time(420.0);
    for closer in [-8, -1, 1, 5, 12] {
        let there = view.zoom(closer, 420.0).x(t);
        assert!((there - 420.0).abs() < 1.0, "{closer}: {there}");
    }
    assert!(view.x(500 * MS) <= 800.0);
    assert!((view.pan(100.0).x(t) - 320.0).abs() < 1.0);
}

// ---------------------------------------------------------------- words

#[test]
fn a_caption_is_never_about_what_has_not_happened_and_no_key_reason_goes_untold() {
    let run = busy(8, 4, 1_500);
    let index = Index::new(&run);
    let at = |now| caption::told(&index, run.trace().count_until(now), index.hold);
    for now in (0..1_500 * MS).step_by(997) {
        assert!(at(now).is_none_or(|t| t.at <= now && run.sentence(t.event).is_some()));
    }
    let keys = index.tales.iter().filter(|t| t.weight == engine::card::Weight::Key);
    for key in keys.clone() {
        assert_eq!(at(key.at).unwrap().at, key.at);
    }
    assert!(keys.count() > 3);
}

#[test]
fn marks_and_rows_are_in_order_of_time() {
    let run = busy(8, 4, 900);
    let index = Index::new(&run);
    let marks = timeline::marks(&index);
    assert!(marks.windows(2).all(|m| m[0].at <= m[1].at));
    let rows = list::list(&run, &index, 0..run.trace().len());
    assert!(rows.windows(2).all(|r| r[0].at <= r[1].at && r[0].event < r[1].event));
    assert!(rows.iter().any(|r| r.bad) && rows.iter().all(|r| !r.text.is_empty()));
}

// ---------------------------------------------------------------- goldens

fn triangle() -> house::Shipped {
    house::shipped().into_iter().find(|s| s.name() == "vector-clocks/triangle").unwrap()
}

fn golden(name: &str, have: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, have).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == want, "{name} is drawn differently; UPDATE=1 writes it anew:\n{have}");
}

#[test]
fn the_triangle_half_way_is_drawn_as_recorded() {
    let run = triangle().run();
    let index = Index::new(&run);
    let now = 15 * MS;
    let peek = run.peek_at(now);
    let layout = Layout::new(&run, 480.0, 320.0);
    let chosen =
        Pick::Event(caption::told(&index, run.trace().count_until(now), index.hold).unwrap().event);
    golden(
        "triangle.topology",
        &print(&topology::still(&run, &index, &peek, &layout, now, chosen)),
    );
    let view = Viewport::new(&run, 0, 40 * MS, 640.0, 240.0);
    golden("triangle.spacetime", &print(&spacetime::still(&run, &index, &view, now, chosen)));
    let shown: String = exhibit::stacks(&run, &peek)
        .iter()
        .map(|s| {
            print(
                &exhibit::draw(&run, s, None, (320.0, 320.0), Pick::None, &|_| Kin::Outside).shapes,
            )
        })
        .collect();
    golden("triangle.exhibits", &shown);
}

/// The index of an edited run, taken over from its forerunner, is the index it would have by itself.
#[test]
fn an_index_forks_with_its_run() {
    let lines = "run raft nodes=5 clients=1 seed=1\nnet latency=5ms..40ms loss=2%\n\
        load c1 put x rate=10/s from=1s\nat 2s every 1s hold next AppendEntries\nat 2s every 1500ms mark \"here\"\n\
        at 3s crash n2\nat 4s restart n2\nat 5s isolate n3\nat 6s heal\n";
    let text = |more: &str| format!("lamplight 1\n{lines}{more}until 20s\n");
    let open = |text: &str| engine::scenario::parse(text, &engine::protocols::entries()).unwrap();
    let mut run = engine::protocols::open(open(&text(""))).unwrap();
    run.finish();
    let index = Index::new(&run);
    for more in [
        "at 19s crash n1\n",
        "at 12s crash n1\n",
        "pace 1s\nat 19s crash n1\n",
        "at 0ms crash n1\n",
    ] {
        let mut edited = run.edit(open(&text(more))).unwrap();
        let shared = edited.trace().len();
        assert!(more.contains("0ms") || shared > 2_048, "{more}: {shared}");
        let mut forked = index.fork(&edited);
        assert_eq!(format!("{forked:?}"), format!("{:?}", Index::new(&edited)), "{more}");
        edited.finish();
        forked.catch_up(&edited);
        assert_eq!(format!("{forked:?}"), format!("{:?}", Index::new(&edited)), "{more}");
    }
}

// ---------------------------------------------------------------- clocks, round trips, measures

fn shipped(path: &str) -> Run {
    let file = format!("{}/protocols/{path}.lamp", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    house::finished(house::read(&text).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn clocks_folded_from_the_trace_read_what_the_world_reads() {
    for path in ["ntp/scenarios/slew", "ntp/scenarios/step-back", "ntp/scenarios/free-run"] {
        let run = shipped(path);
        let clocks = engine::scene::clocks::Clocks::new(&run);
        assert!(clocks.differ(), "{path}");
        let last = run.trace().at(run.trace().len() - 1);
        for t in (0..60).map(|i| last * i / 59) {
            let peek = run.peek_at(t);
            // The look is at the last thing that happened by then.
            let then = peek.now();
            for n in run.cast().all() {
                let (real, read) = (peek.clock(n).2, clocks.error(n, then));
                assert!((real - read).abs() <= 2, "{path} at {then}: {real} and {read}");
            }
        }
    }
}

#[test]
fn what_a_round_trip_cannot_see_is_the_error_of_the_estimate() {
    for (path, off) in [("ntp/scenarios/worked", -5_000), ("ntp/scenarios/asymmetric", 30_000)] {
        let run = shipped(path);
        let trace = run.trace();
        let all =
            (0..trace.msgs.len() as u32).filter_map(|m| spacetime::Round::ending(trace, MsgId(m)));
        let rounds: Vec<_> = all.collect();
        let errors: Vec<i64> = trace
            .events()
            .filter_map(|e| match e.what {
                What::Meter { name: 0, v } => Some(v),
                _ => None,
            })
            .collect();
        assert!(rounds.len() >= 2 && rounds.iter().all(|r| r.off_by() == off), "{path}");
        assert_eq!(rounds.iter().map(|r| r.off_by()).collect::<Vec<_>>(), errors, "{path}");
        let view = Viewport::new(&run, 1_990 * MS, 2_110 * MS, 900.0, 260.0);
        let back = print(&spacetime::backdrop(&run, &Index::new(&run), &view, Pick::None));
        assert!(back.contains("triangle") && back.contains("T1") && back.contains("T3"), "{back}");
        let says = format!("off by {} ms", off.abs() / 1_000);
        assert!(back.contains(&says), "{path}: {back}");
    }
}

#[test]
fn the_readings_of_whoever_asks_stand_over_its_lane_and_the_others_under_theirs() {
    let run = shipped("ntp/scenarios/worked");
    let view = Viewport::new(&run, 1_990 * MS, 2_110 * MS, 900.0, 260.0);
    let shapes = spacetime::still(&run, &Index::new(&run), &view, 2_110 * MS, Pick::None);
    let mut words = vec![];
    texts(&shapes, "value clock", &mut words);
    let (asks, answers) = (view.y(NodeId(0)), view.y(NodeId(1)));
    let at = |reading: &str| {
        let found = words.iter().find(|w| w.0 == reading);
        found.unwrap_or_else(|| panic!("{reading} is not among {words:?}")).2
    };
    assert!(at("2s") < asks && at("2.055s") < asks, "{words:?}");
    assert!(at("2.07s") > answers && at("2.075s") > answers, "{words:?}");
}

/// Tables of a run at its end.
fn tables(run: &Run) -> Vec<(&'static str, engine::show::Table)> {
    let last = EventId(run.trace().len() as u32 - 1);
    let all = exhibit::stacks(run, &run.peek(last)).into_iter();
    let one = |s: exhibit::Stack| {
        let key = s.key;
        s.items.into_iter().filter_map(move |(_, e)| match e {
            engine::show::Exhibit::Table(t) => Some((key, t)),
            _ => None,
        })
    };
    all.flat_map(one).collect()
}

#[test]
fn times_in_one_column_have_one_unit_and_as_many_decimals() {
    for path in ["worked", "falseticker", "filter", "slew", "berkeley", "step-back"] {
        let run = shipped(&["ntp/scenarios/", path].concat());
        let mut compared = 0;
        for (key, t) in tables(&run) {
            for (c, head) in t.head.iter().enumerate() {
                let cells = || t.rows.iter().map(|r| r[c].as_str());
                let digits = |cell: &str| cell.split_once('.').map_or(0, |(_, d)| d.len());
                if head.contains(", ") {
                    compared += t.rows.len();
                    assert!(
                        cells().all(|c| c.ends_with(|l: char| l.is_ascii_digit())),
                        "{key}: {t:?}"
                    );
                    let first = cells().next().map(digits);
                    assert!(cells().all(|c| Some(digits(c)) == first), "{key}: {t:?}");
                } else {
                    assert!(
                        !cells().any(|c| c.ends_with("ms") || c.ends_with("us")),
                        "{key}: {t:?}"
                    );
                }
            }
        }
        assert!(compared > 0, "{path}");
    }
}

#[test]
fn a_table_that_is_wider_than_its_place_stands_in_parts_below_each_other() {
    let run = shipped("ntp/scenarios/falseticker");
    for (key, t) in tables(&run) {
        let drawn = |w: f32| exhibit::one(&run, &engine::show::Exhibit::Table(t.clone()), w);
        let (wide, narrow) = (drawn(800.0), drawn(250.0));
        for (picture, w) in [(&wide, 800.0), (&narrow, 250.0)] {
            let (mut words, mut boxes) = (vec![], vec![]);
            ["soft", "value"].iter().for_each(|r| texts(&picture.shapes, r, &mut words));
            for (text, x, y) in &words {
                assert!(!text.contains('…'), "{key}: {text}");
                boxes.push(Box2::of_text(*x, *y, text::width(text, text::LABEL), text::LABEL));
            }
            apart(&boxes);
            assert!(boxes.iter().all(|b| b.x1 <= w && b.y1 <= picture.h), "{key}: {boxes:?}");
        }
        let lines = |p: &exhibit::Picture| of_role(&p.shapes, "rule").len();
        assert_eq!(lines(&wide), 1, "{key}");
        // What it has five columns for has no room on a phone.
        assert_eq!(lines(&narrow) > 1, t.head.len() == 5, "{key}");
    }
}

#[test]
fn availability_counts_what_each_client_was_answered_by_now_and_tells_nothing_of_what_comes() {
    use engine::scene::clocks::Clocks;
    use engine::scene::measures::{Measures, measures};
    let run = shipped("cap_register/scenarios/partition-cp");
    let until = run.verdicts().map_or(0, |_| run.horizon());
    let (clocks, m) = (Clocks::new(&run), Measures::new(&run));
    let drawn =
        |now| print(&measures(&run, &clocks, &m, (until, now), (900.0, 1_000.0), None).shapes);
    // One of each stands in the title.
    let shares = |picture: &str, role| picture.matches(&format!("share {role}")).count() - 1;
    let picture = drawn(until);
    assert!(picture.contains("31 of 31") && picture.contains("4 of 30"), "{picture}");
    // 26 were called where none could be answered.
    assert_eq!(shares(&picture, "failed"), 26, "{picture}");
    assert_eq!(shares(&picture, "ok"), 35, "{picture}");
    assert_eq!(shares(&picture, "open"), 0, "{picture}");
    // The first that is refused is open until then, and nothing of the rest is told.
    let at = |e: EventId| run.trace().event(e).unwrap().at;
    let ops = || run.trace().ops.iter();
    let ends = |o: &engine::trace::OpRec| o.ret.as_ref().map(|r| (at(r.0), r.1));
    let bad =
        ops().find(|o| ends(o).is_some_and(|r| r.1 != engine::scenario::ast::Out::Ok)).unwrap();
    let refused = ends(bad).unwrap().0;
    let mut before = 0;
    for now in [at(bad.invoke), refused - 1, refused, until / 2] {
        let picture = drawn(now);
        let begun = ops().filter(|o| at(o.invoke) <= now).count();
        let over = ops().filter(|o| ends(o).is_some_and(|r| r.0 <= now)).count();
        assert_eq!(shares(&picture, "failed") > 0, now >= refused, "{now}: {picture}");
        assert_eq!(shares(&picture, "open") > 0, over < begun, "{now}: {picture}");
        assert!(m.turns_by(now) == begun + over && m.turns_by(now) >= before);
        assert!(!picture.contains("of 31") && !picture.contains("of 30"), "{now}: {picture}");
        before = m.turns_by(now);
    }
}

#[test]
fn an_operation_without_room_for_words_has_its_value_below_its_bar() {
    use engine::scene::history::history;
    let run = house::run_text(
        "lamplight 1\nrun abd nodes=3 clients=1 seed=1\nnet latency=10ms\n\
         load c1 put x rate=20/s arrivals=even from=0ms to=1s\nuntil 1100ms\n",
    );
    let bars = history(&run, None, ((0, SEC), SEC), 390.0, (Pick::None, None));
    let shapes: Vec<Shape> = bars.picture.shapes.into_iter().chain(bars.over).collect();
    let (mut words, mut boxes) = (vec![], vec![]);
    texts(&shapes, "value beside-bar", &mut words);
    for (word, x, y) in &words {
        assert!(*y > 18.0 && *y < bars.picture.h, "{words:?}");
        boxes.push(Box2::of_text(*x, *y, text::mono(word, text::SMALL), text::SMALL));
    }
    assert!(words.len() >= 18, "{words:?} of {}", run.trace().ops.len());
    apart(&boxes);
}

#[test]
fn charts_stand_under_one_axis_of_time() {
    use engine::scene::clocks::Clocks;
    use engine::scene::measures::{Measures, measures, x_at};
    let run = shipped("cap_register/scenarios/partition-cp");
    let (clocks, m) = (Clocks::new(&run), Measures::new(&run));
    let drawn = measures(&run, &clocks, &m, (2 * SEC, SEC), (900.0, 1_000.0), None);
    let Form::Group { kids, .. } = &drawn.shapes[0].form else { panic!("an axis comes first") };
    let times: Vec<(f32, &str)> = kids
        .iter()
        .filter_map(|s| match &s.form {
            Form::Text { x, text, .. } => Some((*x, text.as_str())),
            _ => None,
        })
        .collect();
    let at = |t| x_at(2 * SEC, 900.0, t);
    let named = [
        (0, "0.0 s"),
        (SEC / 2, "0.5 s"),
        (SEC, "1.0 s"),
        (3 * SEC / 2, "1.5 s"),
        (2 * SEC, "2.0 s"),
    ];
    assert_eq!(times, named.map(|(t, says)| (at(t), says)));
    let empty = Measures::new(&at_rest());
    assert!(
        measures(&at_rest(), &clocks, &empty, (SEC, SEC), (900.0, 400.0), None).shapes.is_empty()
    );
}

/// A run that measures nothing.
fn at_rest() -> Run {
    at("lamplight 1\nrun raft nodes=3 clients=0 seed=1\nuntil 1s\n", 0).0
}

// ---------------------------------------------------------------- what is set and what is cut

fn at(text: &str, t: Us) -> (Run, Index) {
    let mut run = engine::protocols::open(house::read(text).unwrap()).unwrap();
    run.advance(t, u32::MAX);
    let index = Index::new(&run);
    (run, index)
}

fn furniture(text: &str) -> (Run, Vec<Shape>) {
    let text = format!("lamplight 1\nrun vector-clocks nodes=4 seed=1\n{text}\nuntil 1s\n");
    let (run, index) = at(&text, 100 * MS);
    let peek = run.peek_at(100 * MS);
    let layout = Layout::new(&run, 600.0, 400.0);
    let shapes = topology::furniture(&run, &index, &peek, &layout, Pick::None);
    (run, shapes)
}

fn of_role<'a>(shapes: &'a [Shape], role: &str) -> Vec<&'a Shape> {
    shapes.iter().filter(|s| s.role == role).collect()
}

fn crosses(shapes: &[Shape]) -> usize {
    let d = |s: &&Shape| match &s.form {
        Form::Path(d) => d.matches('M').count() / 2,
        _ => 0,
    };
    of_role(shapes, "cross").iter().map(d).sum()
}

#[test]
fn one_way_that_is_cut_is_an_arrow_both_are_a_cross_and_the_isolated_stands_in_a_fence() {
    let (_, one) = furniture("at 1ms cut n1 -> n2");
    assert_eq!(
        (of_role(&one, "cut-way").len(), of_role(&one, "cut-head").len(), crosses(&one)),
        (1, 1, 1)
    );
    let (_, both) = furniture("at 1ms cut n1 <-> n2");
    assert_eq!((of_role(&both, "cut-way").len(), crosses(&both)), (0, 1));
    let (_, alone) = furniture("at 1ms isolate n3");
    assert_eq!((of_role(&alone, "fenced").len(), crosses(&alone)), (1, 0));
}

#[test]
fn of_sides_that_are_all_as_large_each_is_fenced() {
    let fences = |text: &str| of_role(&furniture(text).1, "fenced").len();
    assert_eq!(fences("at 1ms partition n1 | n2 | n3 | n4"), 4);
    assert_eq!(fences("at 1ms partition n1 n2 | n3 | n4"), 2);
    assert_eq!(fences("at 1ms partition n1 n2 | n3 n4"), 1);
}

#[test]
fn words_of_links_and_names_of_messages_lie_on_no_others() {
    let boxes = |shapes: &[Shape], roles: &[&str]| -> Vec<Box2> {
        let mut words = vec![];
        roles.iter().for_each(|r| texts(shapes, r, &mut words));
        let size = text::SMALL;
        let half = |t: &str| text::width(t, size) / 2.0;
        words.iter().map(|(t, x, y)| Box2::of_text(x - half(t), *y, 2.0 * half(t), size)).collect()
    };
    for (path, links) in [("abd/scenarios/mw-race", 5), ("raft/scenarios/happy", 0)] {
        let run = shipped(path);
        let index = Index::new(&run);
        for (w, h) in [(700.0, 300.0), (480.0, 420.0), (832.0, 360.0)] {
            let layout = Layout::new(&run, w, h);
            let mut labels = vec![];
            for now in (0..400 * MS).step_by(3_001) {
                let peek = run.peek_at(now);
                let shapes = topology::furniture(&run, &index, &peek, &layout, Pick::None);
                let on_links = boxes(&shapes, &["link-word"]);
                let words = &topology::link_words(&shapes)[..];
                assert_eq!(words, on_links);
                let flights = Flights { run: &run, index: &index, layout: &layout, words };
                let under = beside_nodes(&shapes);
                flights.labels(now, &mut labels);
                let names = labels.chunks(LABEL).map(|l| {
                    let word = topology::label_text(&run, l[1] as i32);
                    Box2::of_text(l[2], l[3], text::width(&word, text::SMALL), text::SMALL)
                });
                assert_eq!(on_links.len(), links, "{path} {w}");
                let all: Vec<Box2> = on_links.into_iter().chain(names).collect();
                apart(&all);
                for b in all {
                    assert!(!under.iter().any(|u| u.meets(&b)), "{path} {w}x{h} at {now}: {b:?}");
                }
            }
        }
    }
}

#[test]
fn ways_pass_by_the_words_of_nodes_they_do_not_join() {
    let run = shipped("causal_store/scenarios/happy");
    for (w, h) in [(412.0, 196.0), (412.0, 220.0), (700.0, 300.0), (358.0, 240.0)] {
        let layout = Layout::new(&run, w, h);
        let replicas: Vec<NodeId> =
            run.cast().all().filter(|n| run.name(*n).starts_with('n')).collect();
        let [a, between, b] = replicas[..] else { panic!("{replicas:?}") };
        let ((x, y), _) = layout.lines(between, 1);
        let word = Box2::of_text(x - 18.0, y, 36.0, text::SMALL);
        let way = layout.middle(a, b);
        for i in 0..40 {
            let at = |i: i32| way.at(i as f32 / 40.0);
            assert!(!word.crossed(at(i), at(i + 1)), "{w}x{h}: {way:?} over {word:?}");
        }
    }
}

#[test]
fn of_what_stands_under_a_node_a_part_is_left_out_sooner_than_cut() {
    let run = shipped("raft/scenarios/figure7");
    let index = Index::new(&run);
    let mut short = 0;
    let heights = [160.0, 190.0, 220.0, 260.0, 300.0, 340.0, 400.0];
    let rooms = (240..1000).step_by(20).flat_map(|w| heights.map(|h| (w as f32, h)));
    for (w, h) in rooms {
        let layout = Layout::new(&run, w, h);
        let peek = run.peek_at(100 * MS);
        let shapes = topology::furniture(&run, &index, &peek, &layout, Pick::None);
        let mut lines = vec![];
        texts(&shapes, "line outside soft", &mut lines);
        for (line, ..) in lines.iter().filter(|l| l.0.starts_with("log")) {
            assert!(["log 11", "log 11 · committed 0", "log 11 · committed 11"].contains(line));
            short += usize::from(*line == "log 11");
        }
    }
    assert!(short > 0);
}

#[test]
fn seven_logs_are_seen_at_once() {
    let run = shipped("raft/scenarios/figure7");
    let stacks = exhibit::stacks(&run, &run.peek_at(100 * MS));
    let stack = stacks.iter().find(|s| s.key == "log").unwrap();
    let drawn =
        |h: f32| exhibit::draw(&run, stack, None, (820.0, h), Pick::None, &|_| Kin::Outside);
    assert!(drawn(256.0).h <= 256.0);
    // Where there is room they are as high as ever, and where there is none they can still be read.
    assert!(drawn(600.0).h > 320.0 && drawn(60.0).h > 240.0);
}

#[test]
fn a_cell_has_the_colour_of_its_owner_or_of_its_epoch_even_of_the_first_view() {
    let cells = |path: &str, key: &str| {
        let run = shipped(path);
        let stacks = exhibit::stacks(&run, &run.peek_at(60 * MS));
        let stack = stacks.iter().find(|s| s.key == key).unwrap();
        let size = (700.0, 300.0);
        print(&exhibit::draw(&run, stack, None, size, Pick::None, &|_| Kin::Outside).shapes)
    };
    let banks = cells("lamport_clocks/scenarios/total-order", "applied");
    assert!(banks.contains("cell run-1") && banks.contains("cell run-2"), "{banks}");
    assert!(banks.contains("\"(1,n2)\""), "{banks}");
    let log = cells("pbft/scenarios/happy", "log");
    assert!(log.lines().any(|l| l.contains("epoch") && l.contains("\"0\"")), "{log}");
}

#[test]
fn a_name_is_never_cut() {
    let run = shipped("consistency/scenarios/iriw");
    let index = Index::new(&run);
    for (w, h) in [(176.0, 180.0), (240.0, 200.0), (360.0, 300.0), (480.0, 420.0)] {
        let layout = Layout::new(&run, w, h);
        let peek = run.peek_at(0);
        let said = print(&topology::furniture(&run, &index, &peek, &layout, Pick::None));
        assert!(!layout.shows_names() || said.contains("\"checker"), "{w}: {said}");
    }
}

#[test]
fn what_a_snapshot_holds_is_one_block_before_what_remains() {
    for (path, now, block) in [
        ("raft/scenarios/snapshot-lag", 3_300, "1–40 snapshot"),
        ("raft/scenarios/snapshot-lag", 3_700, "1–40 snapshot"),
        ("raft/scenarios/snapshot-lag", 1_200, "1–10 snapshot"),
        ("pbft/scenarios/checkpoint", 3_300, "1–20 snapshot"),
    ] {
        let run = shipped(path);
        let stacks = exhibit::stacks(&run, &run.peek_at(now * MS));
        let stack = stacks.iter().find(|s| s.key == "log").unwrap();
        for w in [340.0, 700.0] {
            let size = (w, 300.0);
            let drawn = exhibit::draw(&run, stack, None, size, Pick::None, &|_| Kin::Outside);
            let mut words = vec![];
            texts(&drawn.shapes, "value", &mut words);
            let rows: Vec<_> = words.iter().filter(|t| t.0 == block).collect();
            assert!(rows.len() >= 4, "{path} at {now}: {words:?}");
            for (_, x, y) in rows {
                let beside = words.iter().filter(|t| t.0 != block && (t.2 - y).abs() < 10.0);
                assert!(beside.into_iter().all(|t| t.1 > *x), "{words:?}");
            }
            // Nobody's row is empty.
            let all = print(&drawn.shapes);
            assert!(all.matches("box").count() >= run.cast().of_role(0).count().min(4), "{all}");
        }
    }
}

#[test]
fn the_name_of_a_node_says_what_is_cut_from_it_and_what_its_clock_and_disk_are_like() {
    let name = |text: &str, n: usize| {
        let (_, shapes) = furniture(text);
        let nodes: Vec<&Shape> =
            shapes.iter().filter(|s| s.pick == Pick::Node(NodeId(n as u16))).collect();
        nodes.last().unwrap().name.clone()
    };
    assert!(name("at 1ms cut n1 -> n2", 0).ends_with("cannot send to n2"));
    assert!(name("at 1ms cut n1 -> n2", 1).ends_with("cannot hear n1"));
    assert!(name("at 1ms partition n1 n2 | n3 n4", 0).ends_with("cut off from n3, n4"));
    assert!(name("at 1ms isolate n3", 2).ends_with("cut off from everybody"));
    assert!(name("at 1ms isolate n3", 0).ends_with("cut off from n3"));
    assert!(name("at 1ms skew n2 by 30ms", 1).contains("clock 30 ms ahead"));
    assert!(name("at 1ms drift n2 to 200ppm", 1).contains("200 ppm fast"));
    assert!(name("at 1ms set node n4 disk=50ms", 3).contains("disk 50 ms"));
    assert!(!name("at 1ms set node n4 disk=50ms", 0).contains("disk"));
}

#[test]
fn what_is_set_of_one_link_stands_beside_it() {
    let (run, shapes) = furniture("at 1ms set link n1 <-> n2 latency=80ms loss=20%");
    let words: Vec<_> = of_role(&shapes, "link-word").into_iter().map(|s| s.form.clone()).collect();
    assert!(
        matches!(&words[..], [Form::Text { text, .. }] if text == "80 ms, loss 20%"),
        "{words:?}"
    );
    assert_eq!(run.world().net().says(NodeId(0), NodeId(2)), "");
}

#[test]
fn a_crash_is_told_on_the_diagram_though_rules_about_messages_crowd_it() {
    let all = house::shipped();
    let text = &all.iter().find(|s| s.slug == "leader-crash").unwrap().text;
    let run = house::finished(house::read(text).unwrap());
    let index = Index::new(&run);
    let view = Viewport::new(&run, 0, SEC, 640.0, 260.0);
    let said = |now: Us, role: &str| {
        let (shapes, mut words) = (spacetime::words(&run, &index, &view, now), vec![]);
        texts(&shapes, role, &mut words);
        words.iter().any(|w| w.0.starts_with("crash n4"))
    };
    // Pale, all of it, until it has happened; and never under the veil alone.
    let crash = index.faults.last().unwrap().at;
    assert!(said(crash, "fault-word") && !said(crash, "fault-word yet"));
    assert!(!said(crash - 1, "fault-word") && said(crash - 1, "fault-word yet"));
    let mut under = vec![];
    let front = spacetime::front(&run, &index, &view, Pick::None);
    ["fault-word", "fault-word yet"].iter().for_each(|r| texts(&front, r, &mut under));
    assert!(under.is_empty(), "{under:?}");
}

#[test]
fn an_act_that_did_nothing_is_drawn_so_each_time_it_did() {
    let text = "lamplight 1\nrun raft nodes=3 clients=0 seed=1\nat 100ms crash n1\nat 150ms crash n1\n\
                at 200ms heal\nat 250ms crash n2 n1\nat 300ms every 100ms x 3 restart n1\nuntil 1s\n";
    let run = house::finished(house::read(text).unwrap());
    let mut early = engine::protocols::open(run.scenario().clone()).unwrap();
    early.advance(160 * MS, u32::MAX);
    let index = Index::new(&run);
    // Also where it goes on from the index of another run.
    let mut forked = Index::new(&early).fork(&early);
    forked.catch_up(&run);
    use engine::scene::index::Fate::{Done, Nothing, Part};
    for index in [&index, &forked] {
        let fates: Vec<_> = index.faults.iter().map(|a| a.fate()).collect();
        assert_eq!(fates, [Done, Nothing, Nothing, Part, Done, Nothing, Nothing]);
        assert!(index.acts.iter().all(|a| index.faults.contains(a)));
    }
    let view = Viewport::new(&run, 0, 600 * MS, 1_400.0, 260.0);
    let drawn = spacetime::front(&run, &index, &view, Pick::None);
    let marks = of_role(&drawn, "fault-mark");
    assert_eq!(marks.len(), 7);
    for (mark, act) in marks.iter().zip(&index.faults) {
        let Form::Group { kids, .. } = &mark.form else { panic!("{mark:?}") };
        let nothing = act.fate() == Nothing;
        assert_eq!(of_role(kids, "fault").is_empty(), nothing, "{mark:?}");
        assert_eq!(of_role(kids, "fault void").len(), if nothing { 2 } else { 0 });
        assert_eq!(mark.name.ends_with(": did nothing"), nothing, "{}", mark.name);
        // It is short: no lane is crossed.
        let low = |s: &&Shape| matches!(s.form, Form::Line { y2, .. } if y2 > view.y(NodeId(0)));
        assert_eq!(kids.iter().any(|s| low(&s)), !nothing);
    }
    let (shapes, mut red, mut grey) = (spacetime::words(&run, &index, &view, SEC), vec![], vec![]);
    texts(&shapes, "fault-word", &mut red);
    texts(&shapes, "fault-word void", &mut grey);
    let said =
        |words: &[(&str, f32, f32)]| words.iter().map(|w| w.0.to_string()).collect::<Vec<_>>();
    assert_eq!(said(&red), ["crash n1", "crash n2 n1: done in part", "restart n1"]);
    assert!(grey.len() == 4 && grey.iter().all(|w| w.0.ends_with(": did nothing")), "{grey:?}");
}

#[test]
fn a_name_on_the_diagram_stands_nowhere_before_its_message_and_is_as_dark_all_of_it() {
    let run = busy(4, 5, 2_000);
    let index = Index::new(&run);
    let view = Viewport::new(&run, 0, 700 * MS, 1_000.0, 420.0);
    let names = |shapes: &[Shape]| {
        let mut words = vec![];
        texts(shapes, "message-word", &mut words);
        words.iter().map(|(t, x, y)| (t.to_string(), *x, *y)).collect::<Vec<_>>()
    };
    let (mut all, mut dark) = (0, 0);
    for k in view.tiles() {
        let tile = spacetime::tile(&run, &index, &view, k);
        let kind = |m: &engine::trace::MsgRec| run.entry().kinds[m.kind as usize].name;
        let x = |t: Us| view.x(t) - view.tile_x(k);
        for (word, left, _) in names(&tile.seen_from(0.0)) {
            all += 1;
            // Somebody had sent one of its kind, and not long before.
            let sent = run.trace().msgs.iter().filter(|m| {
                run.label(m).as_deref().unwrap_or(kind(m)) == word && x(m.sent_at) <= left + 0.1
            });
            assert!(sent.count() > 0, "{word} at {left}");
            assert!(tile.begun(0) == 0 || k == 0);
        }
        for now in (0..700 * MS).step_by(7_003) {
            let over = names(&tile.reaching(now, x(now)));
            dark += over.len();
            let width = |t: &str| text::width(t, text::SMALL);
            assert!(over.iter().all(|w| w.1 + width(&w.0) > x(now)), "{over:?}");
            // And nothing that has begun is left half under the veil.
            let cut = names(&tile.seen_from(0.0));
            let cut = cut.iter().filter(|w| w.1 <= x(now) && w.1 + width(&w.0) > x(now));
            let left: Vec<_> = cut.filter(|w| !over.contains(w)).collect();
            for (word, left, _) in left {
                let late = run.trace().msgs.iter().any(|m| {
                    run.label(m).as_deref().unwrap_or(kind(m)) == word
                        && m.sent_at > now
                        && x(m.sent_at) <= *left
                });
                assert!(late, "{word} at {now}");
            }
        }
        // What an edge would cut is left out.
        let seen = names(&tile.seen_from(200.0));
        assert!(seen.iter().all(|w| w.1 >= 200.0));
        assert_eq!(seen.len() + tile.cut_at(200.0), tile.seen_from(0.0).len() - tile.shapes.len());
    }
    assert!(all > 10 && dark > 10, "{all} {dark}");
}

/// The rings of a shipped run as one, drawn in a width.
fn drawn_ring(slug: &str, t: Us, w: f32) -> (exhibit::Picture, Ring) {
    let all = house::shipped();
    let s = all.iter().find(|s| s.slug == slug).unwrap();
    let (run, _) = at(&s.text, t);
    let stacks = exhibit::stacks(&run, &run.peek_at(t));
    let stack = stacks.into_iter().find(|s| s.key == "ring").unwrap();
    let ring = exhibit::whole(&stack).unwrap();
    (exhibit::draw(&run, &stack, None, (w, 290.0), Pick::None, &|_| Kin::Outside), ring)
}

#[test]
fn a_key_goes_clockwise_to_its_holders_and_passes_over_who_has_it() {
    let (picture, ring) = drawn_ring("list", 900 * MS, 832.0);
    let met = &ring.walk.as_ref().unwrap().1.met;
    assert_eq!(met.iter().map(|m| m.1).collect::<Vec<_>>(), [true, true, false, false, true]);
    let written = |role: &str| {
        let mut words = vec![];
        texts(&picture.shapes, role, &mut words);
        words.into_iter().map(|w| w.0.to_string()).collect::<Vec<String>>()
    };
    let owners = written("owner");
    for holder in ["n2, first", "n5, second", "n3, third"] {
        assert!(owners.iter().any(|w| w == holder), "{owners:?}");
    }
    assert_eq!(written("soft"), ["n2, n2: passed over"]);
    // Of one holder there is no way to tell, and beside a ring that fills a phone no room.
    assert_eq!(drawn_ring("join", 300 * MS, 832.0).1.walk, None);
    let narrow = drawn_ring("list", 900 * MS, 340.0).0;
    assert!(!narrow.shapes.iter().any(|s| s.role == "walk"));
}

/// The page lets a path grow from where it begins.
#[test]
fn an_arc_that_gets_a_new_owner_begins_at_its_token() {
    let (picture, ring) = drawn_ring("join", 115 * MS, 832.0);
    let moving = of_role(&picture.shapes, "arc moving");
    assert_eq!(moving.len(), ring.moving.len());
    assert!(!moving.is_empty());
    let (x, y) = (832.0 / 2.0, 290.0 / 2.0);
    for (shape, (_, token, ..)) in moving.iter().zip(&ring.moving) {
        let Form::Path(d) = &shape.form else { panic!("an arc is a path") };
        let begin = d.trim_start_matches('M').split(['A', ' ', ',']).take(2);
        let [a, b] = begin.map(|n| n.parse::<f32>().unwrap()).collect::<Vec<_>>()[..] else {
            panic!("{d}")
        };
        // Clockwise from the top, as the tokens are.
        let turn = (f32::atan2(a - x, y - b) / std::f32::consts::TAU).rem_euclid(1.0);
        let away = (turn - *token as f32 / 4_294_967_296.0).abs();
        assert!(away.min(1.0 - away) < 0.002, "{turn} {token} {d}");
    }
}

#[test]
fn a_ring_shows_the_keys_of_all_with_their_holders() {
    let ring = |slug: &str, t: Us| drawn_ring(slug, t, 832.0);
    let (_, join) = ring("join", 300 * MS);
    let mut holders: Vec<NodeId> = join.keys.iter().map(|k| k.2).collect();
    holders.sort();
    holders.dedup();
    assert_eq!(holders.len(), 4);
    let (picture, three) = ring("mystery-too-much-money", 300 * MS);
    assert_eq!(three.keys.len(), 3);
    let mut words = vec![];
    texts(&picture.shapes, "value", &mut words);
    for name in ["alice: ", "bob: ", "carol: "] {
        assert!(words.iter().any(|w| w.0.starts_with(name)), "{words:?}");
    }
    assert!(picture.shapes.iter().any(|s| s.role.starts_with("arc") && s.name.contains("key: ")));
}

// ---------------------------------------------------------------- how marks stand to the selected event

/// A run with clients who ask, and an event in its middle.
fn asked() -> (Run, Index, EventId) {
    let text = "lamplight 1\nrun raft nodes=3 clients=2 seed=1\nnet latency=5ms..20ms\n\
        load c1 put x rate=8/s from=500ms\nload c2 get x rate=6/s from=500ms\nuntil 3s\n";
    let mut run = engine::protocols::open(house::read(text).unwrap()).unwrap();
    run.finish();
    let index = Index::new(&run);
    let middle = (run.trace().len() / 2..run.trace().len()).map(|i| EventId(i as u32));
    let got = |e: &EventId| matches!(run.trace().what(e.index()), What::Deliver { .. });
    let e = middle.into_iter().find(got).unwrap();
    (run, index, e)
}

#[test]
fn a_bar_is_shaded_where_its_client_s_life_is_in_a_cone() {
    let (run, index, e) = asked();
    let (beside, trace) = (Beside::new(&run, &index, e), run.trace());
    let horizon = run.horizon();
    let mut seen = [0; 4];
    for op in trace.ops.iter() {
        let how = beside.op(op, horizon);
        let (begins, ends) = (beside.of(op.invoke), op.ret.as_ref().map(|r| beside.of(r.0)));
        let (a, b) = (trace.at(op.invoke.index()), op.ret.as_ref().map(|r| trace.at(r.0.index())));
        match (begins, ends) {
            (Kin::Past, Some(Kin::Past)) => {
                assert_eq!((how.past, how.future), (Some((a, b.unwrap())), None));
                assert_eq!(how.words, "before the selected event");
                seen[0] += 1;
            }
            (Kin::Future, _) => {
                assert_eq!((how.past, how.future), (None, Some((a, b.unwrap_or(horizon)))));
                assert_eq!(how.words, "after the selected event");
                seen[1] += 1;
            }
            (Kin::Concurrent, Some(Kin::Concurrent)) => {
                assert!(how.apart && (how.past, how.future) == (None, None));
                seen[2] += 1;
            }
            _ => {
                // Of a bar that spans them each part is where it belongs, and they do not meet.
                assert!(how.words.starts_with("begins "), "{}", how.words);
                assert_eq!(how.past.is_some(), begins == Kin::Past);
                let (past, future) = (how.past.unwrap_or((a, a)), how.future);
                assert!(past.0 == a && future.is_none_or(|f| past.1 <= f.0 && Some(f.1) == b));
                seen[3] += 1;
            }
        }
    }
    assert!(seen[0] > 0 && seen[1] > 0 && seen[3] > 0, "{seen:?}");
    // What the scenario itself did stands outside: nothing is before or after it.
    let text = "lamplight 1\nrun raft nodes=3 clients=1 seed=1\nat 1s c1 put x 1\n\
        at 1200ms crash n1\nuntil 2s\n";
    let (run, index) = at(text, 2 * SEC);
    let act = run.trace().events().find(|e| e.node.is_none() && matches!(e.what, What::Act { .. }));
    let beside = Beside::new(&run, &index, act.unwrap().id);
    for op in run.trace().ops.iter() {
        let how = beside.op(op, 2 * SEC);
        assert!(how.words.is_empty() && !how.apart && how.past.is_none() && how.future.is_none());
    }
    assert!(run.cast().all().all(|n| beside.node(n, run.trace().len()) == Kin::Outside));
    assert!(run.cast().all().all(|n| beside.bounds(n) == (None, None)));
}

#[test]
fn a_node_stands_by_the_last_thing_that_it_has_done() {
    let (run, index, e) = asked();
    let (beside, trace) = (Beside::new(&run, &index, e), run.trace());
    let mut kins = vec![];
    for count in [0, trace.len() / 4, e.index(), e.index() + 1, trace.len() * 3 / 4, trace.len()] {
        for n in run.cast().all() {
            let last = trace.range(0, count).rev().find(|e| e.node == Some(n));
            let want = last.map_or(Kin::Outside, |l| Kin::of(&run, &index, e, l.id));
            assert_eq!(beside.node(n, count), want);
            kins.push(want);
        }
    }
    for kin in [Kin::Itself, Kin::Past, Kin::Future, Kin::Concurrent, Kin::Outside] {
        assert!(kins.contains(&kin), "{kin:?}");
    }
    // Rows of logs and of tables say it in their names, and a row of which nothing is known has no shade.
    let stacks = exhibit::stacks(&run, &run.peek(e));
    let stands = |n: NodeId| if n.index() == 0 { Kin::Outside } else { beside.node(n, e.index()) };
    for stack in stacks.iter().filter(|s| s.items.len() > 2) {
        let all = exhibit::draw(&run, stack, None, (600.0, 300.0), Pick::None, &stands);
        let rows = all.shapes.iter().filter(|s| s.pick != Pick::None);
        for row in rows {
            let Pick::Node(n) = row.pick else { continue };
            let kin = stands(n);
            let said = row.name.ends_with(kin.words());
            let shade = print(std::slice::from_ref(row)).contains("kin-shade");
            assert_eq!((said, shade), (kin != Kin::Outside, kin != Kin::Outside), "{}", row.name);
        }
    }
}

#[test]
fn readings_and_the_lives_of_clients_are_told_by_the_cones() {
    use engine::scene::clocks::Clocks;
    use engine::scene::measures::{Measures, measures};
    let drawn = |run: &Run, e: Option<EventId>| {
        let index = Index::new(run);
        let beside = e.map(|e| Beside::new(run, &index, e));
        let (clocks, m) = (Clocks::new(run), Measures::new(run));
        let until = run.horizon();
        measures(run, &clocks, &m, (until, until), (900.0, 1_000.0), beside.as_ref()).shapes
    };
    let names = |shapes: &[Shape]| -> Vec<String> {
        let kids = shapes.iter().flat_map(|s| match &s.form {
            Form::Group { kids, .. } => of_role(kids, "line"),
            _ => vec![],
        });
        kids.map(|s| s.name.clone()).collect()
    };
    let (run, index, e) = asked();
    let beside = Beside::new(&run, &index, e);
    let plain = names(&drawn(&run, None));
    assert!(plain.iter().all(|n| !n.contains("selected")), "{plain:?}");
    let said = names(&drawn(&run, Some(e)));
    // First the clients; a protocol may measure something of its own.
    assert!(said.len() >= 2);
    for (name, client) in said.iter().zip(["c1", "c2"]) {
        let n = run.cast().find(client).unwrap();
        assert!(name.ends_with(&beside.life_words(n)) && name.contains("selected"), "{name}");
        // What the client had done by then is in the past, and nothing after it is.
        let (past, future) = beside.bounds(n);
        for i in index.causality.lane(n) {
            let (at, kin) = (run.trace().at(*i as usize), beside.of(EventId(*i)));
            assert!(kin != Kin::Past || past.is_some_and(|p| at <= p));
            assert!(kin != Kin::Future || future.is_some_and(|f| at >= f));
        }
    }
    // Readings of a meter, each an event.
    let run = shipped("ntp/scenarios/asymmetric");
    let meters: Vec<EventId> = run
        .trace()
        .events()
        .filter(|e| matches!(e.what, What::Meter { .. }) && e.node.is_some())
        .map(|e| e.id)
        .collect();
    let middle = meters[meters.len() / 2];
    let shapes = drawn(&run, Some(middle));
    let picture = print(&shapes);
    assert!(
        picture.contains("kin-track past") && picture.contains("kin-track future"),
        "{picture}"
    );
    let said = names(&shapes);
    assert!(said.iter().any(|n| n.contains(", readings: ")), "{said:?}");
    // The error of a clock is nobody's reading.
    let (clocks, others): (Vec<_>, Vec<_>) = said.iter().partition(|n| n.contains("clock-error"));
    assert!(clocks.iter().all(|n| !n.contains("selected")) && !others.is_empty());
}

#[test]
fn lamport_s_number_stands_beside_the_vector_of_an_event_and_of_a_message() {
    let run = shipped("vector_clocks/scenarios/vs-lamport");
    let index = Index::new(&run);
    let view = Viewport::new(&run, 0, 60 * MS, 1600.0, 400.0);
    let shapes = spacetime::still(&run, &index, &view, 60 * MS, Pick::None);
    for role in ["value clock", "message-word"] {
        let mut words = vec![];
        texts(&shapes, role, &mut words);
        assert!(words.iter().any(|w| w.0 == "[4,2,4] · 7"), "{role}: {words:?}");
    }
}

#[test]
fn a_clock_is_not_written_twice_beside_a_selected_event() {
    let run = shipped("vector_clocks/scenarios/triangle");
    let index = Index::new(&run);
    let view = Viewport::new(&run, 0, 40 * MS, 1000.0, 400.0);
    for e in run.trace().events().filter(|e| e.node.is_some()) {
        let seen = (view.gutter, view.w);
        let shapes = spacetime::focus(&run, &index, &view, seen, Pick::Event(e.id));
        let mut clocks = vec![];
        texts(&shapes, "value clock", &mut clocks);
        // Those that begin are not worth the room on the tiles; here they are.
        assert!(clocks.iter().all(|c| c.0 == "[0,0,0]"), "{:?}: {clocks:?}", e.what);
    }
}

#[test]
fn the_words_of_what_is_selected_stand_between_the_edges_a_reader_sees() {
    let run = shipped("raft/scenarios/happy");
    let index = Index::new(&run);
    let view = Viewport::new(&run, 0, run.horizon() / 4, 1200.0, 400.0);
    let (left, right) = (300.0, 900.0);
    let mut seen = 0;
    for e in run.trace().events().filter(|e| e.node.is_some()) {
        let x = view.x(e.at);
        if !(left..right).contains(&x) {
            continue;
        }
        let shapes = spacetime::focus(&run, &index, &view, (left, right), Pick::Event(e.id));
        let sheets = shapes.iter().flat_map(|s| match &s.form {
            Form::Group { kids, .. } => of_role(kids, "sheet"),
            _ => vec![],
        });
        for sheet in sheets {
            let Form::Rect { x, w, .. } = sheet.form else { panic!("a sheet is a rectangle") };
            assert!(left <= x && x + w <= right, "{x} and {w} wide");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn cuts_that_nodes_draw_themselves_are_judged_by_the_trace() {
    let run = shipped("vector_clocks/scenarios/cuts");
    let index = Index::new(&run);
    let view = Viewport::new(&run, 0, 60 * MS, 900.0, 300.0);
    let shapes = spacetime::front(&run, &index, &view, Pick::None);
    let words: Vec<String> = of_role(&shapes, "cut-word")
        .into_iter()
        .chain(of_role(&shapes, "cut-word broken"))
        .map(|s| print(std::slice::from_ref(s)))
        .collect();
    assert!(words.len() == 2, "{words:?}");
    assert!(words[0].contains("cut 1: consistent"), "{words:?}");
    assert!(words[1].contains("cut 2: not consistent"), "{words:?}");
    // A point on each lane of each cut, and the one message that makes the second impossible.
    assert_eq!(of_role(&shapes, "cut-dot").len(), 2 * run.cast().len());
    assert_eq!(of_role(&shapes, "cut-breaks").len(), 1);
    // Where nobody has told a point there is no cut.
    let run = shipped("vector_clocks/scenarios/triangle");
    let shapes = spacetime::front(&run, &Index::new(&run), &view, Pick::None);
    assert!(of_role(&shapes, "cut-line").is_empty());
}
