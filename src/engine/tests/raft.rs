//! The entry `raft` beyond what every entry owes: the paper's numbers, oracles that read only the trace,
//! and a lesson whose numbers come from runs.
//!
//! The oracles are Raft's rules a second time, from messages alone: who may call itself elected, and when
//! an entry may be called committed.

mod house;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use engine::check::measure;
use engine::ids::{NodeId, Us};
use engine::protocol::plain;
use engine::protocols::{Bill, CATALOGUE};
use engine::run::Run;
use engine::scenario::ast::{Agg, Window};
use engine::trace::What;
use engine::tree::Tree;
use house::*;

fn bill() -> &'static Bill {
    CATALOGUE.iter().find(|b| b.entry().id == "raft").expect("in the catalogue")
}

fn text_of(slug: &str) -> String {
    let s = of_entry(bill()).into_iter().find(|s| s.slug == slug);
    s.unwrap_or_else(|| panic!("{slug} is not shipped")).text
}

fn ship(slug: &str) -> Run {
    run_text(&text_of(slug))
}

/// A reason with its time, its node and its fields.
struct Said {
    at: Us,
    node: NodeId,
    slug: &'static str,
    tree: Tree,
}

fn said(run: &Run) -> Vec<Said> {
    let one = |e: engine::trace::Event| match e.what {
        What::Why { why, slug } => Some(Said {
            at: e.at,
            node: e.node?,
            slug: run.entry().reasons[slug as usize].slug,
            tree: run.reason(why),
        }),
        _ => None,
    };
    run.trace().events().filter_map(one).collect()
}

fn int(tree: &Tree, field: &str) -> i64 {
    match tree.get(field) {
        Some(Tree::Int(i)) => *i,
        Some(Tree::Bool(b)) => i64::from(*b),
        _ => -1,
    }
}

fn kind(run: &Run, k: u8) -> &'static str {
    run.entry().kinds[k as usize].name
}

/// Messages of a kind sent in a stretch of time.
fn sent(run: &Run, name: &str, from_ms: u64, to_ms: u64) -> usize {
    let window = from_ms * 1_000..to_ms * 1_000;
    let of = |m: &&engine::trace::MsgRec| kind(run, m.kind) == name && window.contains(&m.sent_at);
    run.trace().msgs.iter().filter(of).count()
}

// -------------------------------------------------------------------- counts

/// Canon, appendix A: an election of five is 4 + 4 messages and 4 first AppendEntries.
#[test]
fn an_election_costs_four_and_four_and_four() {
    let text = "lamplight 1\nrun raft nodes=5 clients=0 election=1h seed=1\nnet latency=10ms\n\
                at 0ms fire n1 election\nuntil 29ms\n";
    let run = run_text(text);
    let counts = ["RequestVote", "RequestVoteReply", "AppendEntries"].map(|k| sent(&run, k, 0, 30));
    assert_eq!(counts, [4, 4, 4]);
}

/// Canon, appendix A: a command is 4 + 4 messages, and is committed after one round trip.
#[test]
fn a_command_costs_eight_messages_and_twenty_milliseconds() {
    let text = "lamplight 1\nrun raft nodes=5 clients=1 election=1h heartbeat=1h seed=1\n\
                net latency=10ms\ngiven c1 leader=n1\nat 0ms fire n1 election\n\
                at 100ms c1 put x 1\nuntil 1s\n";
    let run = run_text(text);
    assert_eq!(
        [sent(&run, "AppendEntries", 105, 900), sent(&run, "AppendEntriesReply", 105, 900)],
        [4, 4]
    );
    assert_eq!([sent(&run, "ClientRequest", 0, 900), sent(&run, "ClientReply", 0, 900)], [1, 1]);
    let at = |slug: &str, index: i64| {
        said(&run).iter().find(|s| s.slug == slug && int(&s.tree, "index") == index).map(|s| s.at)
    };
    assert_eq!(at("committed", 2).zip(at("appended", 2)).map(|(c, a)| c - a), Some(20_000));
}

/// Every size, every switch, nobody home: nothing panics, and whoever is a majority finds a leader.
#[test]
fn every_size_finds_a_leader() {
    let switches = [
        "",
        "prevote=on",
        "checkquorum=on sticky=on",
        "noop=off pipeline=on",
        "hints=off empty-heartbeat=on",
        "compact=1 reads=follower",
        "compact=3 sessions=on reads=readindex",
        "reads=lease prevote=on",
    ];
    for n in [1, 2, 3, 4, 6, 7, 9, 15] {
        for s in switches {
            let text = format!(
                "lamplight 1\nrun raft nodes={n} clients=2 {s} seed={n}\nnet latency=10ms disk=1ms\n\
                 load c1 add x 1 rate=10/s arrivals=even from=1s\nload c2 get x rate=10/s arrivals=even from=1s\n\
                 expect history linearizable\nuntil 3s\n"
            );
            let run = run_text(&text);
            let v = verdicts(&run);
            assert!(v.ok(), "{text}{v:#?}");
            let led = said(&run).iter().any(|s| s.slug == "elected");
            let one = |o: &engine::trace::OpRec| o.ret.is_some();
            assert!(led && run.trace().ops.iter().filter(|o| one(o)).count() > 30, "{text}");
        }
    }
}

// -------------------------------------------------------------------- mistakes

/// The catalogue's test asks for the first claim a mistake names; here for all of them.
#[test]
fn every_mistake_breaks_every_claim_it_names_and_nothing_without_it() {
    for bug in bill().entry().bugs {
        let text = text_of(bug.shown_by);
        let run = run_text(&with_bug(&text, bug.slug));
        let v = verdicts(&run);
        for name in bug.breaks.iter().filter(|n| **n != "history") {
            let broke = v.claims.iter().any(|c| c.name == *name && !c.broken.is_empty());
            assert!(broke, "{} does not break {name} in {}", bug.slug, bug.shown_by);
        }
        let clean = run_text(&text);
        let broke = verdicts(&clean).claims.iter().find(|c| !c.broken.is_empty());
        assert!(broke.is_none(), "{}: {:?}", bug.shown_by, broke);
    }
}

// -------------------------------------------------------------------- oracles

/// What a leader could know from the messages that reached it.
#[derive(Default)]
struct Heard {
    /// (candidate, term): who granted.
    votes: BTreeMap<(NodeId, i64), BTreeSet<NodeId>>,
    /// (leader, term): how far each follower agrees.
    acks: BTreeMap<(NodeId, i64), BTreeMap<NodeId, i64>>,
}

impl Heard {
    fn message(&mut self, run: &Run, m: engine::ids::MsgId) {
        let Some(rec) = run.trace().msg(m) else { return };
        let (tree, from, to) = (run.message(m), rec.from, rec.to);
        let term = int(&tree, "term");
        match kind(run, rec.kind) {
            "RequestVoteReply" if int(&tree, "voteGranted") == 1 => {
                self.votes.entry((to, term)).or_default().insert(from);
            }
            "AppendEntriesReply" if int(&tree, "success") == 1 => {
                self.agree(to, term, from, int(&tree, "matchIndex"));
            }
            "InstallSnapshotReply" if tree.get("held").is_none() => {
                self.agree(to, term, from, int(&tree, "lastIncludedIndex"))
            }
            _ => {}
        }
    }

    fn agree(&mut self, leader: NodeId, term: i64, from: NodeId, index: i64) {
        let have = self.acks.entry((leader, term)).or_default().entry(from).or_default();
        *have = (*have).max(index);
    }
}

/// Elected at the very vote that makes a majority; committed only what a majority has acknowledged.
/// Counts both, or says what came too early.
fn judge_from_messages(run: &Run) -> Result<(usize, usize), String> {
    let majority = run.cast().of_role(1).count() / 2 + 1;
    let (mut heard, mut elections, mut commits) = (Heard::default(), 0, 0);
    for e in run.trace().events() {
        let (why, slug) = match e.what {
            What::Why { why, slug } => (why, run.entry().reasons[slug as usize].slug),
            What::Deliver { m } => {
                heard.message(run, m);
                continue;
            }
            _ => continue,
        };
        let (tree, node) = (run.reason(why), e.node.expect("a reason has a node"));
        let of = (node, int(&tree, "term"));
        if slug == "elected" {
            let votes = heard.votes.get(&of).map_or(0, BTreeSet::len);
            elections += 1;
            (votes + 1 == majority).then_some(()).ok_or(format!("elected at {}", e.at))?;
        } else if slug == "committed" {
            let index = int(&tree, "index");
            let acks = heard.acks.get(&of).map(|a| a.values().filter(|i| **i >= index).count());
            commits += 1;
            let enough = acks.unwrap_or(0) + 1 >= majority;
            enough.then_some(()).ok_or(format!("committed {index} at {}", e.at))?;
        }
    }
    Ok((elections, commits))
}

#[test]
fn elections_and_commits_agree_with_the_messages() {
    let (mut elections, mut commits) = (0, 0);
    for s in of_entry(bill()) {
        for run in together(s.read()).runs() {
            let judged = judge_from_messages(run);
            let (e, c) = judged.unwrap_or_else(|wrong| panic!("{}: {wrong}", s.name()));
            (elections, commits) = (elections + e, commits + c);
        }
    }
    assert!(elections >= 40 && commits >= 200, "{elections} elections, {commits} commits");
    // The oracle can say no.
    for (bug, slug) in [("count-dup-votes", "dup-vote"), ("match-from-log-len", "append-inflight")]
    {
        let wrong = run_text(&with_bug(&text_of(slug), bug));
        assert!(judge_from_messages(&wrong).is_err(), "{bug}");
    }
}

/// A reason that says something happened is one thing; the disk and the state are another.
#[test]
fn what_was_committed_is_in_every_later_log() {
    let runs = of_entry(bill()).into_iter().flat_map(|s| {
        let name = s.name();
        together(s.read()).into_runs().into_iter().map(move |run| (name.clone(), run))
    });
    for (name, run) in runs {
        let all = said(&run);
        let commits = all.iter().filter(|s| s.slug == "committed");
        let last = commits.map(|s| int(&s.tree, "index")).max().unwrap_or(0);
        let leads = run.cast().of_role(1).filter(|n| {
            let face = run.world().face(*n);
            face.leads && run.world().life(*n) == engine::world::Life::Up
        });
        let newest = leads.max_by_key(|n| run.world().face(*n).epoch);
        let Some(leader) = newest else { continue };
        let state = run.world().stage().state(leader);
        let end = match state.get("log.last.index") {
            Some(Tree::Int(i)) => *i,
            _ => int(&state, "durable"),
        };
        assert!(end >= last, "{name}: {end} < {last}");
    }
}

// -------------------------------------------------------------------- the lesson

/// A field of the first reason of this slug by this node, or by anybody.
fn field(run: &Run, node: Option<&str>, slug: &str, name: &str, nth: usize) -> String {
    let who = node.and_then(|n| run.cast().find(n));
    let all = said(run);
    let mut of = all.iter().filter(|s| s.slug == slug && who.is_none_or(|n| n == s.node));
    let found = of.nth(nth).unwrap_or_else(|| panic!("no {slug} by {node:?}"));
    let tree = found.tree.get(name).unwrap_or_else(|| panic!("no field {name}"));
    plain(run.cast(), tree)
}

fn when(run: &Run, slug: &str, nth: usize) -> Us {
    let all = said(run);
    let at = all.iter().filter(|s| s.slug == slug).nth(nth).map(|s| s.at);
    at.unwrap_or_else(|| panic!("no {slug}"))
}

fn ms(us: Us) -> String {
    engine::protocol::prose_time(us)
}

fn meter(run: &Run, agg: Agg) -> String {
    let v = measure::one(run, Some(agg), "commit-latency", &[], Window::Whole).expect("measured");
    ms(v as Us)
}

fn refused(run: &Run) -> usize {
    let no = |m: usize| int(&run.message(engine::ids::MsgId(m as u32)), "success") == 0;
    let is = |m: usize| kind(run, run.trace().msgs[m].kind) == "AppendEntriesReply";
    (0..run.trace().msgs.len()).filter(|m| is(*m) && no(*m)).count()
}

fn answer(run: &Run, nth: usize) -> String {
    let value = run.trace().ops[nth].ret.as_ref().and_then(|r| r.2.clone());
    value.map_or("nothing".into(), |v| v.print())
}

/// From an operation's being asked for to its answer.
fn took(run: &Run, nth: usize) -> Us {
    let op = &run.trace().ops[nth];
    let at = |e| run.trace().event(e).expect("an event").at;
    at(op.ret.as_ref().expect("answered").0) - at(op.invoke)
}

fn highest_term(run: &Run) -> u64 {
    run.cast().of_role(1).map(|n| run.world().face(n).epoch).max().unwrap_or(0)
}

/// Every phrase of the lesson that has a number in it, with the number a run gives.
fn figures() -> Vec<String> {
    let (happy, slow, crash) = (ship("happy"), ship("slow-disk"), ship("leader-crash"));
    let (vote, split, forever) =
        (ship("vote-restart"), ship("split-vote"), ship("split-vote-forever"));
    let (f8, minority) = (ship("figure8"), ship("partition-minority"));
    let (check, pre) = (ship("asym-partition-checkquorum"), ship("asym-partition-prevote"));
    let (away, back) = (ship("rejoin-disrupt"), ship("rejoin-prevote"));
    let (lag, local) = (ship("snapshot-lag"), ship("stale-read-local"));
    let (fresh, once, twice) = (ship("fresh-leader-read"), ship("retry-dup"), ship("retry-twice"));
    let (lease, drift) = (ship("lease-read"), ship("lease-drift"));
    let election = happy.plan().params.range("election");
    let cut = 500_000;
    let n5 = |run: &Run| run.peek_at(2_999_000).face(run.cast().find("n5").expect("n5")).epoch;
    let read = &fresh.trace().ops[2];
    let read_to = read.ret.as_ref().and_then(|r| fresh.trace().event(r.0)).expect("answered").at;
    vec![
        format!("asks {} others for their votes", sent(&happy, "RequestVote", 0, 1_000)),
        format!(
            "and {} commands are each committed {} after",
            happy.trace().ops.len(),
            meter(&happy, Agg::Max)
        ),
        format!("a commit takes {}.", meter(&slow, Agg::P50)),
        format!("the messages grow from {} to {}.", messages_of(3), messages_of(9)),
        format!("and term {} keeps one leader", field(&vote, Some("n1"), "elected", "term", 0)),
        format!("nobody leads term {}.", field(&split, None, "split", "term", 0)),
        format!("between {} and {}, one of them", ms(*election.start()), ms(*election.end())),
        format!("there is a leader after {};", ms(when(&forever, "elected", 0))),
        format!("Term {} ends without a leader", field(&crash, None, "split", "term", 0)),
        format!(
            "n3 wins term {}, after {} without one",
            field(&crash, Some("n3"), "elected", "term", 0),
            ms(when(&crash, "elected", 1) - crashed(&crash))
        ),
        format!("the leader is refused {} times", refused(&ship("figure7"))),
        format!(
            "[without it](#raft/figure7-no-hints) {} times",
            refused(&ship("figure7-no-hints"))
        ),
        format!(
            "collects entries {}–{} with",
            field(&minority, Some("n1"), "truncated", "index", 0),
            field(&minority, Some("n1"), "truncated", "last", 0)
        ),
        format!(
            "[Entry {} is on {} of {} servers]",
            field(&f8, Some("n1"), "waits", "index", 0),
            field(&f8, Some("n1"), "waits", "on", 0),
            field(&f8, Some("n1"), "waits", "of", 0)
        ),
        format!("as happens here in term {}.", field(&f8, Some("n5"), "elected", "term", 1)),
        format!("resigns {} after the links broke", ms(when(&check, "stepped-down", 0) - cut)),
        format!("by the end the term is {}.", highest_term(&check)),
        format!("the term ends at {}.", highest_term(&pre)),
        format!("its term is {} when it returns", n5(&away)),
        format!("in term {}, and nothing happens", n5(&back)),
        format!(
            "needs entry {} and gets the snapshot of entry {}.",
            field(&lag, Some("n1"), "sent-snapshot", "next", 0),
            field(&lag, Some("n5"), "installed", "index", 0)
        ),
        format!(
            "answers {}, half a second after {} was written",
            answer(&local, 2),
            local.trace().ops[1].args[1].print()
        ),
        format!(
            "answered {} after the election",
            ms(read_to - 10_000 - when(&fresh, "elected", 1))
        ),
        format!("c1 has its answer after {}.", ms(took(&lease, 1))),
        format!(
            "and {} is read after {} was acknowledged",
            answer(&drift, 2),
            drift.trace().ops[1].args[1].print()
        ),
        format!("the answer is {}.", answer(&once, 0)),
        format!("(#raft/retry-twice) it is {}.", answer(&twice, 0)),
    ]
}

/// Messages of the sweep's run with so many servers.
fn messages_of(nodes: usize) -> usize {
    let file = folder(bill()).join("scenarios/size-sweep.lamp");
    let text = fs::read_to_string(file).expect("a sweep");
    let of_one = |l: &&str| !l.starts_with("sweep");
    let text = text.lines().filter(of_one).collect::<Vec<_>>().join("\n");
    let text = text.replace("nodes=5", &format!("nodes={nodes}"));
    finished(read(&text).expect("it reads")).trace().msgs.len()
}

fn crashed(run: &Run) -> Us {
    let crash = run.trace().events().find(|e| matches!(e.what, What::Crash));
    crash.expect("somebody crashes").at
}

/// Names of servers, figures and scenarios: nothing a run could contradict.
const NAMES: &[&str] = &[
    "n1",
    "n2",
    "n3",
    "n5",
    "figure 7",
    "figure 8",
    "raft/figure7-no-hints",
    "raft/figure7",
    "raft/figure8-safe",
    "raft/figure8",
];

#[test]
fn every_number_of_the_lesson_comes_from_a_run() {
    let mut lesson = fs::read_to_string(folder(bill()).join("lesson.md")).expect("a lesson");
    assert!(lesson.len() <= 6 * 1024, "{} bytes", lesson.len());
    for figure in figures() {
        assert!(lesson.contains(&figure), "the lesson does not say: {figure}");
        lesson = lesson.replace(&figure, "");
    }
    for name in NAMES {
        lesson = lesson.replace(name, "");
    }
    let left: Vec<&str> =
        lesson.lines().filter(|l| l.contains(|c: char| c.is_ascii_digit())).collect();
    assert!(left.is_empty(), "numbers no run gives: {left:#?}");
}

#[test]
fn every_link_of_the_lesson_leads_somewhere() {
    let lesson = fs::read_to_string(folder(bill()).join("lesson.md")).expect("a lesson");
    let links: Vec<&str> =
        lesson.split("](#").skip(1).filter_map(|l| l.split(')').next()).collect();
    assert!(links.len() >= 20);
    for link in links {
        assert!(of_entry(bill()).iter().any(|s| s.name() == link), "{link}");
    }
}

// ---------------------------------------------------------------- what no shipped scenario shows

/// n2 leads before it has applied the registration that n1 has told c1 of.
#[test]
fn a_session_that_stands_in_the_log_is_one() {
    holds(
        "lamplight 1\n\
         run raft nodes=3 clients=1 sessions=on retry=110ms timeout=5s seed=1\nnet latency=10ms\ngiven c1 leader=n1\n\
         at 0ms fire n1 election\nat 60ms c1 put x 1\nat 95ms crash n1\nat 185ms fire n2 election\n\
         expect sometimes n1 committed index=2\nexpect sometimes c1 retried request=1\n\
         expect count delivered ClientRequest c1 -> n2 from 206ms to 224ms >= 1\n\
         expect answer c1 #1 ok\nuntil 2s",
    );
}

#[test]
fn who_never_got_a_session_has_surely_executed_nothing() {
    holds(
        "lamplight 1\n\
         run raft nodes=3 clients=1 sessions=on retry=50ms timeout=300ms seed=1\nnet latency=10ms\n\
         at 0ms isolate c1\nat 10ms c1 put x 1\nexpect answer c1 #1 failed\nexpect sometimes c1 gave-up\nuntil 1s",
    );
}

#[test]
fn with_leases_nobody_may_be_less_patient_than_the_run_says() {
    let text = |reads: &str| {
        format!(
            "lamplight 1\nrun raft nodes=3 reads={reads} seed=1\ngiven n2 election=50ms..60ms\n\
             expect never elected\nuntil 1ms\n"
        )
    };
    let open = |t: &str| engine::protocols::open(read(t).expect("it reads")).map(|_| ());
    assert!(open(&text("log")).is_ok());
    let refused = format!("{:?}", open(&text("lease")).expect_err("it is refused"));
    assert!(refused.contains("sooner"), "{refused}");
}

/// n3 has one row of n1's snapshot when n2 begins to send it a newer one.
#[test]
fn pieces_of_two_snapshots_are_not_joined() {
    holds(
        "lamplight 1\n\
         run raft nodes=3 clients=1 compact=5 piece=1 prevote=on timeout=5s seed=1\nnet latency=10ms\ngiven c1 leader=n1\n\
         load c1 put x rate=20/s arrivals=even from=100ms to=390ms\nat 400ms c1 put y 1\n\
         load c1 put x rate=20/s arrivals=even from=700ms to=1s\nat 0ms fire n1 election\nat 50ms crash n3\n\
         at 500ms restart n3\nwhen n3 gathered held=1 isolate n3\nat 1200ms crash n1\nat 1200ms heal\n\
         at 1210ms fire n2 election\nexpect sometimes n3 gathered held=1 times 2\nexpect sometimes n3 installed times 1\n\
         expect always SnapshotHolds\nexpect state n3.machine.data.x = 12\nuntil 2s",
    );
}
