//! What can be done to a node: its life, its links, its timers, its clock, its disk, its honesty.

use engine::ids::*;
use engine::run::Run;
use engine::scenario::terms::LIES;
use engine::world::Life;

use super::{Deed, Moment};

pub fn to_node(run: &Run, count: usize, n: NodeId) -> Vec<Deed> {
    let m = Moment::of(run, count);
    let mut out = life(&m, n);
    out.push(isolate(&m, n));
    out.extend(timers(&m, n));
    out.extend(clock_and_disk(&m, n));
    out.extend(lies(&m, n));
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
    let one = |timer: &&'static str| {
        let idle = (!armed.iter().any(|t| t.name == **timer))
            .then(|| format!("{} has no {timer} timer armed", m.name(n)));
        let act = format!("fire {} {timer}", m.id(n));
        Deed::new(format!("fire {timer} timer of"), m.name(n), act).unless(down.clone().or(idle))
    };
    m.run.entry().timers.iter().map(one).collect()
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

fn lies(m: &Moment<'_>, n: NodeId) -> Vec<Deed> {
    let (name, id) = (m.name(n), m.id(n));
    let other = m.run.cast().all().find(|o| *o != n).map_or("", |o| m.id(o));
    let world = LIES.iter().map(|lie| {
        let deed = |rest: &str| {
            Deed::new(format!("turn {}:", lie.word), name, format!("turn {id} {}{rest}", lie.word))
        };
        match lie.word {
            "late" => deed(" by={}").ask("late by", "100ms", "a time: 100ms"),
            "selective" => deed(" to={}").ask("sends only to", other, "nodes, by commas: n1,n2"),
            _ => deed(""),
        }
    });
    let own = m.run.entry().lies.iter().map(|(lie, _)| {
        Deed::new(format!("turn {lie}:"), name, format!("turn {id} {lie} {{}}")).ask(
            "with",
            "",
            "its fields, or nothing: to=n2",
        )
    });
    world.chain(own).collect()
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
