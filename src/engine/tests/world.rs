//! The world's promises, each shown on a toy.

mod common;

use common::{TOY, open, parse, run, text};
use engine::ids::*;
use engine::run::{Progress, Run};
use engine::scenario;
use engine::trace::{What, json};

fn lines(r: &engine::run::Run, has: &str) -> Vec<String> {
    text(r).lines().filter(|l| l.contains(has)).map(str::to_string).collect()
}

#[test]
fn an_operation_takes_a_round_trip_and_its_disk() {
    let r = run("run toy\nnet disk=2ms\nat 5ms c1 put x 7\nat 100ms c1 get x\n\
                 expect answer c1 #1 ok\nexpect answer c1 #2 ok 7\nexpect measure max latency = 22ms\n\
                 expect always DiskFirst\nexpect always AllAnswered\nuntil quiet by 1s");
    assert_eq!(r.verdicts().unwrap().line(), "claims: 2 held (checked 3)");
}

#[test]
fn a_mistake_is_caught_by_the_claim_that_names_it() {
    let base = "run toy\nnet disk=2ms\nat 5ms c1 put x 7\nuntil 1s\n";
    run(&format!("{base}expect always DiskFirst"));
    run(&format!("{base}bug no-disk\nexpect broken DiskFirst by 20ms"));
}

#[test]
fn an_instant_is_before_everything_at_it_and_a_step_count_is_after() {
    // The write arrives at 10 ms: a crash at 10 ms is before it, one at 10ms.1 after it.
    let before =
        run("run toy\nat 0ms c1 put x 1\nat 10ms crash s1\nexpect never s1 stored\nuntil 100ms");
    assert_eq!(lines(&before, "nobody there").len(), 2);
    run(
        "run toy\nat 0ms c1 put x 1\nat 10ms.1 crash s1\nexpect sometimes s1 stored times 1\nuntil 30ms",
    );
}

#[test]
fn a_crash_loses_what_is_not_on_the_disk_and_a_stable_restart_keeps_the_rest() {
    let text = |at: &str, how: &str| {
        format!(
            "run toy\nnet disk=5ms\ngiven s1 x=3\nat 0ms c1 put x 9\nat {at} crash s1\nat 20ms restart s1{how}\nuntil 30ms\n"
        )
    };
    run(&(text("12ms", "") + "expect state s1.x = 3"));
    run(&(text("15ms.1", "") + "expect state s1.x = 9"));
    run(&(text("16ms", " amnesia") + "expect state s1.x = 0"));
}

#[test]
fn what_a_node_sent_before_it_crashed_still_arrives() {
    run("run toy\nat 0ms c1 put x 1\nat 12ms crash s1\nexpect answer c1 #1 ok\nuntil 40ms");
}

#[test]
fn a_paused_node_does_late_what_it_missed() {
    let r = run("run toy\nat 0ms c1 put x 1\nat 5ms pause s1\nat 30ms resume s1\n\
                 expect sometimes s1 stored by 30ms\nexpect measure max latency = 40ms\nuntil 100ms");
    assert_eq!(
        lines(&r, "←").first().map(|l| l.trim_start().to_string()),
        Some("30.000 ms  s1 ← c1  Write #1".into())
    );
}

#[test]
fn a_cut_takes_what_is_in_flight_unless_told_to_deliver() {
    run(
        "run toy\nat 0ms c1 put x 1\nat 5ms cut c1 -> s1\nexpect count lost Write = 1\nexpect never s1 stored\nuntil 40ms",
    );
    run(
        "run toy\nnet inflight=deliver\nat 0ms c1 put x 1\nat 5ms cut c1 -> s1\nexpect sometimes s1 stored by 10ms\nuntil 40ms",
    );
}

#[test]
fn a_partition_parts_its_groups_and_heal_joins_them() {
    run(
        "run toy clients=2\nat 0ms partition c1 | s1\nat 1ms c1 put x 1\nat 1ms c2 put x 2\nat 200ms heal\n\
         expect answer c2 #1 ok\nexpect measure latency c2 = 20ms\nexpect answer c1 #1 ok\n\
         expect count lost Write c1 -> s1 >= 2\nuntil 500ms",
    );
}

#[test]
fn messages_can_be_held_released_delayed_doubled_and_dropped() {
    run(
        "run toy retry=300ms..300ms\nat 0ms c1 put x 1\nat 2ms hold Write c1 -> s1 #1\nat 50ms release Write c1 -> s1 #1\n\
         expect sometimes s1 stored by 50ms times 1\nexpect never c1 asked-again\nuntil 100ms",
    );
    run(
        "run toy retry=300ms..300ms\nat 0ms c1 put x 1\nat 2ms delay Write c1 -> s1 #1 by 7ms\nexpect measure latency = 27ms\nuntil 100ms",
    );
    run(
        "run toy\nat 0ms duplicate next Write by 3ms\nat 1ms c1 put x 1\nexpect sometimes s1 stored times 2\nuntil 30ms",
    );
    run(
        "run toy\nat 0ms drop every Write c1 -> s1 for 70ms\nat 1ms c1 put x 1\nexpect answer c1 #1 ok\nexpect measure last tries >= 2\nuntil 300ms",
    );
    run(
        "run toy\nwhen sent Answer s1 -> c1 drop it\nat 1ms c1 put x 1\nexpect count lost Answer = 1\nuntil 300ms",
    );
}

#[test]
fn what_is_held_can_only_be_let_go_or_lost() {
    for act in ["hold", "delay", "duplicate"] {
        let by = if act == "delay" { " by 5ms" } else { "" };
        let mut r = open(&format!(
            "run toy retry=300ms..300ms\nat 0ms c1 put x 1\nat 2ms hold Write c1 -> s1 #1\n\
             at 3ms {act} Write c1 -> s1 #1{by}\nexpect never s1 stored\nuntil 50ms"
        ));
        let v = r.finish().clone();
        let why: Vec<&str> = v.voids.iter().map(|(_, w)| w.as_str()).collect();
        let says = match act {
            "hold" => "that message is held already",
            _ => "that message is held: release it first",
        };
        assert_eq!(why, [says], "{act}");
        assert!(v.expects.iter().all(|e| e.ok), "{act}: it is held still");
    }
    run(
        "run toy retry=300ms..300ms\nat 0ms c1 put x 1\nat 2ms hold Write c1 -> s1 #1\nat 3ms drop Write c1 -> s1 #1\n\
         expect count lost Write = 1\nuntil 50ms",
    );
}

#[test]
fn an_act_that_finds_nothing_says_so_and_fails_the_run() {
    let mut r = open(
        "run toy\nat 1ms heal\nat 2ms restart s1\nat 3ms crash s1\nat 4ms crash s1\nexpect never s1 stored\nuntil 10ms",
    );
    let v = r.finish().clone();
    assert!(!v.ok());
    let why: Vec<&str> = v.voids.iter().map(|(_, w)| w.as_str()).collect();
    assert_eq!(
        why,
        [
            "there is nothing to heal: no partition, no cut, no rule",
            "s1 is not down: only a crashed node can restart",
            "s1 is already down"
        ]
    );
}

/// What a run says at its end of lines that found nothing.
fn voids(text: &str) -> Vec<(u32, String)> {
    open(text).finish().voids.clone()
}

#[test]
fn a_rule_that_no_message_meets_says_so_at_the_end() {
    let run = "run toy retry=300ms..300ms";
    let never = |act: &str| {
        voids(&format!(
            "{run}\nat 1ms {act}\nat 2ms c1 put x 1\nexpect sometimes s1 stored\nuntil 50ms"
        ))
    };
    let says = |sought: &str| vec![(0, format!("no {sought} was sent from then on"))];
    assert_eq!(never("drop Write c1 -> s1 #7"), says("Write c1 -> s1 #7"));
    assert_eq!(never("hold Write x=5 c1 -> s1 #1"), says("Write x=5 c1 -> s1 #1"));
    assert_eq!(never("delay next Echo by 5ms"), says("Echo"));
    assert_eq!(never("duplicate every Read c1 -> *"), says("Read c1 -> *"));
    // Its time is over when the first comes.
    assert_eq!(never("drop every Write c1 -> s1 for 1ms"), says("Write c1 -> s1"));
    let heal = format!(
        "{run}\nat 1ms drop next Write\nat 2ms heal\nat 3ms c1 put x 1\nexpect sometimes s1 stored\nuntil 50ms"
    );
    assert_eq!(voids(&heal), says("Write"));
    // Those that are met say nothing, nor does a line of which one rule is met.
    for act in [
        "delay Write c1 -> s1 #1 by 1ms",
        "delay next Write by 1ms",
        "duplicate every Answer",
        "delay every Answer * -> c1 by 1ms",
    ] {
        assert_eq!(never(act), [], "{act}");
    }
    let twice = format!(
        "{run}\nat 1ms every 20ms x 2 delay next Write by 1ms\nat 2ms c1 put x 1\nexpect sometimes s1 stored\nuntil 50ms"
    );
    assert_eq!(voids(&twice), []);
    assert!(!open(&format!("{run}\nat 1ms drop next Echo\nuntil 5ms")).finish().ok());
}

/// In an edited text the line stands elsewhere, and the rule with it.
#[test]
fn a_rule_keeps_its_line_through_an_edit() {
    let text = |more: &str| {
        parse(&format!(
            "run toy retry=300ms..300ms tick=10ms\n{more}at 1ms drop next Echo\nat 2ms c1 put x 1\n\
             expect sometimes s1 stored\nuntil 9s"
        ))
    };
    let mut run = Run::open(TOY, text("")).unwrap();
    run.finish();
    // Late enough that the edited run begins with the other's world.
    let mut edited = run.edit(text("at 8s drop Write c1 -> s1 #3\n")).unwrap();
    let voids: Vec<u32> = edited.finish().voids.iter().map(|v| v.0).collect();
    assert_eq!(voids, [0, 1]);
}

/// The message an ordinal names on a path of several links.
#[test]
fn what_every_link_of_a_path_has_sent_cannot_come_any_more() {
    let at_9ms = |act: &str| {
        voids(&format!(
            "run toy clients=2 retry=300ms..300ms\nnet latency=1ms\nat 1ms c1 put x 1\n{act}\nat 20ms c2 put x 2\nuntil 50ms"
        ))
    };
    let gone = |n: u32| [(1, format!("message #{n} was already delivered or lost"))];
    assert_eq!(at_9ms("at 9ms drop Write c1 -> s1 #1"), gone(1));
    // c2 has sent none: it may still come, and does.
    assert_eq!(at_9ms("at 9ms drop Write * -> s1 #1"), []);
    assert_eq!(at_9ms("at 30ms drop Write * -> s1 #1")[0].0, 1);
    // The way back never carries one.
    assert_eq!(
        at_9ms("at 9ms drop Write c1 <-> s1 #1"),
        [(1, "no Write c1 <-> s1 #1 was sent from then on".into())]
    );
    // Of one server and one client there is one link that answers go: it has had its first.
    assert_eq!(
        voids(
            "run toy\nnet latency=1ms\nat 1ms c1 put x 1\nat 9ms drop Answer s1 -> * #1\nuntil 20ms"
        ),
        gone(1)
    );
}

/// `line:column+length`, and what is refused there.
fn refused(r: engine::protocol::Refusal) -> Vec<String> {
    let at = |f: &scenario::Fault| {
        format!("{}:{}+{} {}: {}", f.place.line, f.place.col, f.place.len, f.code, f.message)
    };
    r.faults.iter().map(at).collect()
}

#[test]
fn all_that_a_protocol_refuses_is_told_at_once_and_where() {
    let text = "run toy\ngiven c1 x=1\ngiven s1 x=7\ngiven s1  x=abc\nuntil 1ms";
    let Err(r) = Run::open(TOY, parse(text)) else { panic!("it is taken") };
    assert!(r.message.starts_with("line 3, column 12: given c1 x: only a server has x.\nline 5"));
    let want = [
        "3:12+1 refused: given c1 x: only a server has x.",
        "5:13+3 refused: given s1 x: x is a number.",
    ];
    assert_eq!(refused(r), want);
    let real = |text: &str| {
        let read = scenario::parse(text, &engine::protocols::entries()).expect("it reads");
        refused(engine::protocols::open_all(read).err().expect("it is refused"))
    };
    let says = "the sequencer is one of the replicas.";
    assert_eq!(
        real("lamplight 1\nrun sequential-store nodes=3  sequencer=5\nuntil 1s"),
        [format!("2:41+1 refused: {says}")]
    );
    // Where the text does not say it, its line.
    assert_eq!(
        real("lamplight 1\nrun pbft nodes=1\nuntil 1s"),
        ["2:1+16 refused: a quorum would be more than all nodes: f is too high."]
    );
    // In every run of a text.
    assert_eq!(
        real(
            "lamplight 1\nrun sequential-store as a nodes=3 sequencer=4\nbeside sequential-store as b nodes=2 sequencer=3\nuntil 1s"
        ),
        [format!("2:45+1 refused: In a: {says}"), format!("3:48+1 refused: In b: {says}")]
    );
    let given = real(
        "lamplight 1\nrun sequential-store as a nodes=3\nbeside sequential-store as b nodes=2\ngiven c1 home=c2\nuntil 1s",
    );
    assert_eq!(given.len(), 2, "{given:?}");
}

#[test]
fn what_is_cut_or_paused_already_and_a_link_with_one_end_are_refused_by_name() {
    let mut r = open(
        "run toy\nat 1ms cut c1 -> s1\nat 2ms cut c1 -> s1\nat 3ms cut c1 <-> s1\nat 4ms cut c1 <-> s1\n\
         at 5ms cut s1 -> s1\nat 6ms set link s1 -> s1 loss=10%\nat 7ms heal s1 -> s1\nat 8ms isolate s1\n\
         at 9ms pause s1\nat 10ms pause s1\nat 11ms partition c1 | s1\nat 12ms partition c1 | s1\n\
         expect never s1 stored\nuntil 20ms",
    );
    let why: Vec<String> = r.finish().voids.iter().map(|(_, w)| w.clone()).collect();
    assert_eq!(
        why,
        [
            "the link c1 -> s1 is cut already",
            "the link c1 <-> s1 is cut already",
            "both ends of the link are s1: name two nodes",
            "both ends of the link are s1: name two nodes",
            "both ends of the link are s1: name two nodes",
            "s1 has no link left to cut",
            "s1 is paused already",
            "the network is parted like this already"
        ]
    );
}

#[test]
fn timers_run_on_the_nodes_own_clock() {
    // 30 % fast: a tick of 130 ms comes every 100 ms; a slow-down at 1 s spreads the rest.
    run("run toy tick=130ms\nnode s1 drift=300000ppm\nexpect state s1.ticks at 999ms = 9\n\
         expect state s1.ticks at 1001ms = 10\nat 1s drift s1 to 0ppm\nexpect state s1.ticks = 17\nuntil 2s");
}

#[test]
fn a_message_to_oneself_is_part_of_the_step() {
    let r = run(
        "run toy tick=10ms\nexpect state s1.echoes = 10\nexpect count sent Echo = 0\nuntil 100ms",
    );
    assert!(lines(&r, "Echo").is_empty());
}

#[test]
fn lines_wait_for_facts_and_chain() {
    run("run toy\nat 0ms c1 put x 1\nwhen s1 stored x=1 +5ms crash s1\nthen +10ms restart s1\n\
         then when s1 restarted c1 put x 2\nexpect sometimes s1 stored x=2 by 60ms\nuntil 100ms");
}

#[test]
fn a_line_that_feeds_itself_is_stopped() {
    let s = "run toy\nat 0ms every 0ms x 3 c1 get x\nexpect never s1 stored\nuntil 10ms";
    assert!(
        engine::scenario::parse(&format!("lamplight 1\n{s}"), &[common::TOY.entry()]).is_err(),
        "a period of 0 is no period"
    );
}

#[test]
fn a_draw_on_one_link_moves_no_other() {
    let arrivals = |extra: &str| {
        let r = run(&format!(
            "run toy clients=2 seed=9\nnet latency=5ms..15ms\nat 0ms every 100ms x 8 c1 put x 1\n{extra}until 1s\nexpect sometimes s1 stored"
        ));
        r.trace()
            .msgs
            .iter()
            .filter(|m| r.name(m.from) == "c1")
            .map(|m| m.due - m.sent_at)
            .collect::<Vec<_>>()
    };
    assert_eq!(arrivals(""), arrivals("at 3ms every 70ms x 9 c2 put x 2\n"));
}

#[test]
fn loads_are_even_or_poisson_and_write_new_values() {
    let r = run(
        "run toy\nload c1 put x rate=20/s arrivals=even from=0s to=1s\nexpect measure availability = 100%\nuntil 2s",
    );
    let at: Vec<Us> =
        r.trace().ops.iter().filter_map(|o| r.trace().event(o.invoke)).map(|e| e.at).collect();
    assert!(at.len() == 20 && at.windows(2).all(|w| w[1] - w[0] == 50_000), "{at:?}");
    let mut values: Vec<String> = r.trace().ops.iter().map(|o| o.args[1].print()).collect();
    values.dedup();
    assert_eq!(values.len(), 20);
    run(
        "run toy\nload c1 put x rate=50/s from=0s to=10s\nexpect measure throughput >= 40/s\nexpect measure throughput <= 60/s\nuntil 10s",
    );
}

const BUSY: &str = "run toy clients=3 seed=4 tick=7ms\nnet latency=5ms..15ms loss=10% duplicate=5% disk=2ms\n\
                    load c1 put x rate=40/s\nload c2 get x rate=40/s\nload c3 put x rate=20/s\n\
                    at 700ms crash s1\nat 1s restart s1\nat 2s pause s1\nat 2100ms resume s1\nexpect sometimes s1 stored\nuntil 8s\n";

#[test]
fn the_same_text_gives_the_same_trace() {
    let hash = |r: &engine::run::Run| json::hash(r, r.trace().len());
    let (a, b) = (run(BUSY), run(BUSY));
    assert!(a.world().steps() > 2 * engine::run::SNAP_EVERY);
    assert_eq!(hash(&a), hash(&b));
    assert_ne!(hash(&a), hash(&run(&BUSY.replace("seed=4", "seed=5"))));
}

#[test]
fn advancing_in_pieces_changes_nothing() {
    let whole = run(BUSY);
    let mut r = open(BUSY);
    let mut t = 0;
    while r.verdicts().is_none() {
        t += 3_333;
        while r.advance(t, 2) == Progress::Budget {}
    }
    // The pieces may go on past the end: the verdicts and what they were given on are the same.
    let (a, b) = (whole.verdicts().unwrap(), r.verdicts().unwrap());
    assert_eq!(a, b);
    assert_eq!(json::hash(&whole, a.events), json::hash(&r, b.events));
}

#[test]
fn looking_back_shows_what_was() {
    let r = run(BUSY);
    // The register as the events tell it, beside the register as a look inside tells it.
    let mut x = None;
    for e in r.trace().events() {
        if let What::Why { why, slug: 0 } = e.what {
            x = r.reason(why).get("x").cloned();
            let s1 = r.cast().find("s1").unwrap();
            assert_eq!(
                r.peek(e.id).state(s1).get("Server.x").cloned().or(r
                    .peek(e.id)
                    .state(s1)
                    .get("x")
                    .cloned()),
                x
            );
        }
    }
    assert!(x.is_some());
    for i in [5, 4_000, 17, 2_500, 2_501, 90, 3_999] {
        let id = EventId(i);
        assert_eq!(r.peek(id).now(), r.trace().event(id).unwrap().at);
    }
}

#[test]
fn what_was_looked_at_before_does_not_change_what_is_seen() {
    let (r, all) = (run(BUSY), run(BUSY));
    // In order every moment is walked to from the one before it; here and there it is come to from anywhere.
    let told = |r: &engine::run::Run, i: u32| {
        let peek = r.peek(EventId(i));
        let states = r.cast().all().map(|n| peek.state(n).plain(&|n| n.0.to_string()));
        (peek.now(), peek.world().counts(), states.collect::<Vec<_>>())
    };
    let in_order: Vec<_> = (0..1_500).map(|i| told(&all, i)).collect();
    let mut draw = 7u64;
    for _ in 0..3_000 {
        draw = draw.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let i = (draw >> 33) % 1_500;
        // Near and far, on and back, and the same once more; one look is kept while another is taken.
        let kept = r.peek(EventId(i as u32));
        for j in [i, i, i.saturating_sub(3), (i + 2).min(1_499)] {
            assert_eq!(told(&r, j as u32), in_order[j as usize], "{j} after {i}");
        }
        assert_eq!(kept.now(), in_order[i as usize].0);
    }
}

#[test]
fn an_edit_in_the_past_equals_a_fresh_run_and_shares_its_past() {
    let old = run(BUSY);
    for edit in
        ["at 5s crash s1\nat 6s restart s1\n", "at 7900ms cut c1 -> s1\n", "at 3ms skew s1 by 2s\n"]
    {
        let text = BUSY.replace("expect", &format!("{edit}expect"));
        let mut branch = old.edit(parse(&text)).unwrap();
        branch.finish();
        let fresh = run(&text);
        assert_eq!(
            json::hash(&branch, branch.trace().len()),
            json::hash(&fresh, fresh.trace().len()),
            "{edit}"
        );
        assert_eq!(branch.verdicts(), fresh.verdicts());
        let id = EventId(fresh.trace().len() as u32 / 2);
        let s1 = fresh.cast().find("s1").unwrap();
        assert_eq!(branch.peek(id).state(s1), fresh.peek(id).state(s1));
        // The old future stays as it was.
        let again = run(BUSY);
        assert_eq!(json::hash(&old, old.trace().len()), json::hash(&again, again.trace().len()));
    }
}

#[test]
fn a_run_that_never_ends_stops_at_its_limit_and_says_which() {
    let mut r = open("run toy tick=1us\nexpect never s1 stored\nuntil 10s");
    let v = r.finish().clone();
    assert!(!v.ok() && v.limit.is_some_and(|l| l.contains("2,000,000 steps")), "{:?}", v.limit);
}

/// A clock slewed at 10 % gains 10 ms in 100 ms: what the court measures of it.
#[test]
fn a_slew_runs_on_while_its_node_is_paused_and_ends_with_a_crash_or_another() {
    let base = "run toy\nat 0ms c1 slew 10ms\nat 40ms c1 get x\n";
    let ahead = |at: &str, by: &str| format!("expect measure last ahead c1 at {at} = {by}\n");
    run(&format!(
        "{base}at 200ms c1 get x\nuntil 1s\n{}{}",
        ahead("41ms", "4ms"),
        ahead("201ms", "10ms")
    ));
    run(&format!(
        "{base}at 50ms pause c1\nat 150ms resume c1\nat 200ms c1 get x\nuntil 1s\n{}",
        ahead("201ms", "10ms")
    ));
    run(&format!(
        "{base}at 50ms crash c1\nat 70ms restart c1\nat 200ms c1 get x\nuntil 1s\n{}",
        ahead("201ms", "5ms")
    ));
    run(&format!(
        "{base}at 50ms c1 slew 10ms\nat 120ms c1 get x\nat 200ms c1 get x\nuntil 1s\n{}{}",
        ahead("121ms", "12ms"),
        ahead("201ms", "15ms")
    ));
}
