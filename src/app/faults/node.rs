//! What can be done to a node: its life, its links, its timers, its clock, its disk, its honesty.

use engine::card::Takes;
use engine::ids::*;
use engine::run::Run;
use engine::trace::What;
use engine::world::Life;

use super::{Deed, Moment};

pub fn to_node(run: &Run, count: usize, n: NodeId) -> Vec<Deed> {
    let m = Moment::of(run, count);
    let mut out = at_once(run, count, n);
    out.extend(timers(&m, n));
    out.extend(clock_and_disk(&m, n));
    out.extend(lies(&m, n));
    out
}

/// What needs no value and no second thought: its life and its links.
pub fn at_once(run: &Run, count: usize, n: NodeId) -> Vec<Deed> {
    let m = Moment::of(run, count);
    let mut out = life(&m, n);
    out.push(isolate(&m, n));
    out
}

fn life(m: &Moment<'_>, n: NodeId) -> Vec<Deed> {
    let (name, id, life) = (m.name(n), m.id(n), m.peek.life(n));
    let state = match life {
        Life::Up => "is running",
        Life::Paused => "is paused",
        Life::Down => "has crashed",
        Life::Absent => "has not been started",
    };
    let only = |fits: &[Life], then: &str| {
        (!fits.contains(&life)).then(|| format!("{name} {state}: {then}"))
    };
    let deed = |verb: &str, act: &str, not: Option<String>| {
        Deed::new(verb, name, act.replacen("{}", id, 1)).unless(not)
    };
    let mut out = vec![
        deed("crash", "crash {}", only(&[Life::Up, Life::Paused], "only what runs can crash")),
        deed("restart", "restart {}", only(&[Life::Down], "only what has crashed can restart")),
        deed(
            "restart with an empty disk",
            "restart {} amnesia",
            only(&[Life::Down], "only what has crashed can restart"),
        ),
        deed("pause", "pause {}", only(&[Life::Up], "only what runs can be paused")),
        deed("resume", "resume {}", only(&[Life::Paused], "only what is paused can go on")),
    ];
    if life == Life::Absent {
        out.insert(0, deed("start", "start {}", None));
    }
    // What can be done comes first: it is what stands at hand.
    engine::few::sort_by_key(&mut out, |d| d.not.is_some());
    out
}

fn isolate(m: &Moment<'_>, n: NodeId) -> Deed {
    let net = m.peek.world().net();
    let alone = m.run.cast().all().filter(|o| *o != n).all(|o| !net.open(n, o) && !net.open(o, n));
    let not = alone.then(|| format!("{} has no open link left", m.name(n)));
    Deed::new("isolate", m.name(n), format!("isolate {}", m.id(n))).unless(not)
}

fn timers(m: &Moment<'_>, n: NodeId) -> Vec<Deed> {
    let armed = m.peek.timers(n);
    let down = not_up(m, n);
    let strange = strange_timers(m, n);
    let one = |timer: &&'static str| {
        let idle = (!armed.iter().any(|t| t.name == **timer))
            .then(|| format!("{} has no {timer} timer armed", m.name(n)));
        let act = format!("fire {} {timer}", m.id(n));
        Deed::new(format!("fire {timer} timer of"), m.name(n), act).unless(down.clone().or(idle))
    };
    m.run.entry().timers.iter().filter(|t| !strange.contains(t)).map(one).collect()
}

/// Timers that only nodes of other roles are known to have.
fn strange_timers(m: &Moment<'_>, n: NodeId) -> Vec<&'static str> {
    let (cast, stage) = (m.run.cast(), m.run.world().stage());
    let all = m.run.entry().timers;
    let mut mine = vec![false; all.len()];
    let mut others = mine.clone();
    let mut note = |who: NodeId, name: &str| {
        let known = if cast.role(who) == cast.role(n) { &mut mine } else { &mut others };
        all.iter().position(|t| *t == name).into_iter().for_each(|i| known[i] = true);
    };
    for who in cast.all() {
        m.peek.timers(who).iter().for_each(|t| note(who, &t.name));
    }
    for e in m.run.trace().events() {
        if let (What::Fire { timer }, Some(who)) = (e.what, e.node) {
            note(who, &stage.timer_name(timer));
        }
    }
    let is_strange = |i: &usize| others[*i] && !mine[*i];
    (0..all.len()).filter(is_strange).map(|i| all[i]).collect()
}

fn not_up(m: &Moment<'_>, n: NodeId) -> Option<String> {
    let (name, life) = (m.name(n), m.peek.life(n));
    match life {
        Life::Up => None,
        Life::Paused => Some(format!("{name} is paused: resume it first")),
        Life::Down => Some(format!("{name} has crashed: restart it first")),
        Life::Absent => Some(format!("{name} has not been started: start it first")),
    }
}

fn clock_and_disk(m: &Moment<'_>, n: NodeId) -> [Deed; 3] {
    let (name, id) = (m.name(n), m.id(n));
    [
        Deed::new("set the clock of", name, format!("skew {id} by {{}}")).ask(
            "by",
            "-50ms",
            "a time with its sign: -50ms, 2s",
        ),
        Deed::new("let the clock drift of", name, format!("drift {id} to {{}}")).ask(
            "to",
            "200ppm",
            "parts per million, below nothing for too slow: 200ppm, -50ppm",
        ),
        Deed::new("slow the disk of", name, format!("set node {id} disk={{}}")).ask(
            "a write takes",
            "50ms",
            "a time: 50ms",
        ),
    ]
}

/// What liars of every protocol do.
const LIES: [(&str, &str); 4] = [
    ("silent", "sends nothing"),
    ("late", "sends everything late"),
    ("selective", "sends to some and not to others"),
    ("replay", "sends old messages again"),
];

/// What who is turned so does.
pub fn lie_says(run: &Run, lie: &str) -> Option<&'static str> {
    let own = run.entry().lies.iter().map(|l| (l.slug, l.says));
    LIES.into_iter().chain(own).find(|(slug, _)| *slug == lie).map(|(_, says)| says)
}

fn lies(m: &Moment<'_>, n: NodeId) -> Vec<Deed> {
    let (name, id) = (m.name(n), m.id(n));
    let mut others: Vec<&str> = m.run.cast().all().filter(|o| *o != n).map(|o| m.id(o)).collect();
    let other = others.first().copied().unwrap_or_default();
    let turn = |lie: &str, rest: &str| {
        Deed::new(format!("turn {lie}:"), name, format!("turn {id} {lie}{rest}"))
            .says(lie_says(m.run, lie).unwrap_or_default())
    };
    others.truncate(2);
    let nodes = format!("nodes, by commas: {}", others.join(","));
    let honest = (!m.peek.world().lies_now(n)).then(|| format!("{name} does not lie"));
    let world = [
        turn("honest", "").says("lies no longer").unless(honest),
        turn("silent", ""),
        turn("late", " by={}").ask("late by", "100ms", "a time: 100ms"),
        turn("selective", " to={}").ask("sends only to", other, nodes),
        turn("replay", ""),
    ];
    let value = |takes: Takes| if takes == Takes::Nodes { other } else { "500ms" };
    let own = m.run.entry().lies.iter().map(|lie| {
        let fields: Vec<String> =
            lie.fields.iter().map(|(key, takes)| format!("{key}={}", value(*takes))).collect();
        let deed = turn(lie.slug, if fields.is_empty() { "" } else { " {}" });
        match fields.first() {
            Some(first) => {
                deed.ask("with", first, format!("fields, or nothing: {}", fields.join(" ")))
            }
            None => deed,
        }
    });
    world.into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TRIANGLE, run, verbs};
    use super::*;

    #[test]
    fn a_node_can_be_crashed_once() {
        let (up, count) = run(TRIANGLE, 5 * MS);
        let first = |v: Vec<Deed>| verbs(&v[..5]);
        assert_eq!(
            first(to_node(&up, count, NodeId(2))),
            "crash, pause, -restart, -restart with an empty disk, -resume"
        );
        let (down, count) = run(&format!("{TRIANGLE}at 1ms crash n3\n"), 5 * MS);
        let deeds = to_node(&down, count, NodeId(2));
        assert_eq!(
            verbs(&deeds[..5]),
            "restart, restart with an empty disk, -crash, -pause, -resume"
        );
        assert_eq!(deeds[2].not.as_deref(), Some("n3 has crashed: only what runs can crash"));
        let (paused, count) = run(&format!("{TRIANGLE}at 1ms pause n3\n"), 5 * MS);
        assert!(first(to_node(&paused, count, NodeId(2))).starts_with("crash, resume, -"));
    }

    #[test]
    fn an_absent_node_is_started() {
        let (run, count) = run(&format!("{TRIANGLE}node n3 absent\n"), 5 * MS);
        assert_eq!(
            verbs(&super::super::at_hand(&to_node(&run, count, NodeId(2)))),
            "start, isolate"
        );
    }

    #[test]
    fn who_has_no_link_left_cannot_be_isolated_again() {
        let (run, count) = run(&format!("{TRIANGLE}at 1ms isolate n3\n"), 5 * MS);
        assert!(isolate(&Moment::of(&run, count), NodeId(2)).not.is_some());
        assert!(isolate(&Moment::of(&run, count), NodeId(0)).not.is_none());
    }

    #[test]
    fn who_lies_can_be_made_honest_and_lies_say_what_they_do() {
        let text = "lamplight 1\nrun pbft seed=1\n";
        let (run, count) = run(text, 5 * MS);
        let Some(r0) = run.cast().find("r0") else { panic!("there is no r0") };
        let deeds = lies(&Moment::of(&run, count), r0);
        assert!(deeds[0].not.is_some() && deeds.iter().all(|d| !d.says.is_empty()));
        for d in &deeds[1..] {
            let act = d.with(d.ask.as_ref().map_or("", |a| &a.value));
            let at = engine::scenario::ast::Instant { at: 5 * MS, k: 9 };
            assert_eq!(super::super::amiss(text, at, &act), None, "{act}");
        }
        let amiss = |act: &str| {
            super::super::amiss(text, engine::scenario::ast::Instant { at: 5 * MS, k: 9 }, act)
        };
        assert!(amiss("turn r0 equivocate to=n2").is_some_and(|w| w.contains("n2")));
        assert!(amiss("turn r0 equivocate foo=1").is_some_and(|w| w.contains("foo")));
        assert!(amiss("turn r0 selective to=n2").is_some());
        let (lied, count) =
            super::super::tests::run(&format!("{text}at 1ms turn r0 silent\n"), 5 * MS);
        assert_eq!(lies(&Moment::of(&lied, count), r0)[0].not, None);
        let text = format!("{text}at 1ms turn r0 silent\nat 2ms turn r0 honest\n");
        let (again, count) = super::super::tests::run(&text, 5 * MS);
        assert!(lies(&Moment::of(&again, count), r0)[0].not.is_some());
    }

    #[test]
    fn a_role_has_its_own_timers() {
        let text = "lamplight 1\nrun raft nodes=3 clients=1 seed=1\n";
        let (run, count) = run(text, 2_000 * MS);
        let Some(client) = run.cast().find("c1") else { panic!("there is no c1") };
        let acts: Vec<String> =
            timers(&Moment::of(&run, count), client).into_iter().map(|d| d.act).collect();
        assert!(
            !acts.iter().any(|a| a.contains("election") || a.contains("heartbeat")),
            "{acts:?}"
        );
    }

    #[test]
    fn only_an_armed_timer_fires() {
        let text = "lamplight 1\nrun raft nodes=3 clients=1 seed=1\n";
        let (run, count) = run(text, 5 * MS);
        let Some(server) = run.cast().find("n1") else { panic!("there is no n1") };
        let deeds = timers(&Moment::of(&run, count), server);
        let election = deeds.iter().find(|d| d.act == "fire n1 election");
        assert!(election.is_some_and(|d| d.not.is_none()), "{deeds:?}");
        let heartbeat = deeds.iter().find(|d| d.act == "fire n1 heartbeat");
        assert!(heartbeat.is_some_and(|d| d.not.is_some()), "{deeds:?}");
    }
}
