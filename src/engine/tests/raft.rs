//! The entry `raft` beyond what every entry owes: the paper's numbers, and oracles that read only the trace.
//!
//! The oracles are Raft's rules a second time, from messages alone: who may call itself elected, and when
//! an entry may be called committed.

mod house;

use std::collections::{BTreeMap, BTreeSet};

use engine::ids::{NodeId, Us};
use engine::protocols::{Bill, CATALOGUE};
use engine::run::Run;
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

/// A reason with its time and its fields.
struct Said {
    at: Us,
    slug: &'static str,
    tree: Tree,
}

fn said(run: &Run) -> Vec<Said> {
    let one = |e: engine::trace::Event| match e.what {
        What::Why { why, slug } => Some(Said {
            at: e.at,
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
