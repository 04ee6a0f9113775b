//! The answers to the shipped mysteries, each found with the tools the page gives its reader, and proved by
//! the run in which the cause is taken away: there the strange thing does not happen.
//!
//! Whoever wants to find them alone should not read on.

mod house;

use engine::ids::*;
use engine::protocols::CATALOGUE;
use engine::run::Run;
use engine::scenario::act;
use engine::trace::causality::Causality;
use engine::trace::compare::first_difference;
use engine::trace::inquiry::*;
use engine::trace::{Event, Loss, What};
use house::*;

/// A run and what could have influenced what in it.
struct Case {
    run: Run,
    c: Causality,
}

/// The text of a mystery, and its run.
fn mystery(name: &str) -> (String, Case) {
    let found = CATALOGUE.iter().flat_map(of_entry).find(|s| s.name() == name);
    let text = found.unwrap_or_else(|| panic!("{name} is not shipped")).text;
    let case = Case::of(&text);
    assert_eq!(case.failed(), 0, "what is strange happens");
    (text, case)
}

/// The run of a text in which one thing has been changed.
fn without(text: &str, cause: &str, instead: &str) -> Case {
    assert_eq!(text.matches(cause).count(), 1, "{cause}");
    Case::of(&text.replace(cause, instead))
}

impl Case {
    fn of(text: &str) -> Case {
        let run = finished(read(text).unwrap_or_else(|e| panic!("{e}\n{text}")));
        let mut c = Causality::new(run.cast().len());
        c.catch_up(run.trace());
        Case { run, c }
    }

    /// All that a search finds.
    fn all(&self, query: &str) -> Vec<EventId> {
        find(&self.run, query, usize::MAX).unwrap_or_else(|e| panic!("{query}: {e:?}")).events
    }
    /// What a search finds, where it is one thing.
    fn one(&self, query: &str) -> EventId {
        let all = self.all(query);
        assert_eq!(all.len(), 1, "{query}");
        all[0]
    }
    fn first(&self, query: &str) -> EventId {
        *self.all(query).first().unwrap_or_else(|| panic!("{query} finds nothing"))
    }
    fn event(&self, e: EventId) -> Event {
        self.run.trace().event(e).unwrap()
    }
    fn at(&self, e: EventId) -> Us {
        self.event(e).at
    }
    fn node(&self, name: &str) -> NodeId {
        self.run.cast().all().find(|n| self.run.name(*n) == name).unwrap()
    }

    /// "Why did this happen?", as it is read.
    fn why(&self, e: EventId) -> Vec<String> {
        let told = sentences(&self.run, &default_cause(&self.run, &self.c, e));
        told.into_iter().map(|t| [vec![t.says], t.reasons].concat().join(" ")).collect()
    }
    /// What opened the step an event belongs to.
    fn step(&self, e: EventId) -> EventId {
        self.c.opening(self.run.trace(), e)
    }
    fn order(&self, a: EventId, b: EventId) -> Order {
        relation(&self.run, &self.c, a, b).order
    }
    /// A field of the message an event is about, or of the reason it gives.
    fn field(&self, e: EventId, name: &str) -> String {
        let body = match self.event(e).what {
            What::Send { m } | What::Deliver { m } | What::Lose { m, .. } => self.run.message(m),
            What::Why { why, .. } => self.run.reason(why),
            _ => panic!("{e:?} has no fields"),
        };
        body.get(name).unwrap().plain(&|n| self.run.name(n).to_string())
    }
    fn failed(&self) -> usize {
        verdicts(&self.run).expects.iter().filter(|e| !e.ok).count()
    }
}

/// Nothing in its text is the answer, and the run is small enough to look at.
#[test]
fn no_mystery_gives_itself_away() {
    let all = CATALOGUE.iter().flat_map(of_entry).filter(|s| s.slug.starts_with("mystery-"));
    let all: Vec<Shipped> = all.collect();
    for s in &all {
        let scenario = s.read();
        assert!(
            scenario.title.starts_with("Mystery: ") && scenario.bugs.is_empty(),
            "{}",
            s.name()
        );
        let faults = scenario.steps.iter().filter(|s| s.act.is_fault());
        assert!(
            faults.map(|s| act(&s.act)).all(|a| a.starts_with("crash") || a.starts_with("fire")),
            "{}",
            s.name()
        );
        let run = s.run();
        let (events, until) = (run.trace().len(), run.horizon());
        assert!(events < 600 && until <= 3_000_000, "{}: {events} events", s.name());
    }
    let mut entries: Vec<&str> = all.iter().map(|s| s.bill.entry().id).collect();
    entries.dedup();
    assert_eq!((all.len(), entries.len()), (5, 5));
}

/// Why? leads from the refusal to what n4 had and n2 had not, and that to the message n2 never got.
#[test]
fn n2_lost_because_the_append_with_the_last_entry_never_reached_it() {
    let (text, case) = mystery("raft/mystery-second-wins");
    let refusal = case.one("n4 refused term=2 candidate=n2");
    let why = case.why(refusal);
    assert!(why[0].contains("n2's timer election runs out"), "{why:#?}");
    let last = why.last().unwrap();
    assert!(
        last.contains("its last entry (index 6, term 1) is newer than n2's (index 5"),
        "{last}"
    );

    // Where n4 had entry 6 from: one step of n1, in which n1 sent it to n2 as well.
    let has = case.one("n4 appended index=6");
    let source = default_cause(&case.run, &case.c, has).links;
    let is_sending = |e: EventId| matches!(case.event(e).what, What::Send { .. });
    let sending = source.iter().rev().map(|l| l.event).find(|e| is_sending(*e)).unwrap();
    let lost = case.one("lose n1 n2 AppendEntries");
    let What::Lose { m, why: Loss::Loss } = case.event(lost).what else { panic!() };
    let to_n2 = case.run.trace().msg(m).unwrap().sent;
    assert_eq!(case.step(to_n2), case.step(sending));
    assert!(case.all("n2 appended index=6").iter().all(|e| case.at(*e) > case.at(refusal)));

    // By one message n1's step could move n4 to refuse; by none could it move n2 to ask otherwise.
    let asked = case.first("n2 send RequestVote term=2");
    assert_eq!(case.order(to_n2, asked), Order::Concurrent);
    let led = chain(&case.run, &case.c, to_n2, refusal).unwrap();
    assert_eq!(led.messages(), 1);
    assert!(case.all("n4 deliver AppendEntries").iter().any(|e| led.holds(*e)));

    // Had it arrived, and nothing else were different, n2's log would have been as good as any.
    let whole = without(&text, "\n\nat 0ms", "\nlink   n1 -> n2 loss=0%\n\nat 0ms");
    let parting = first_difference(&case.run, &whole.run).unwrap();
    assert_eq!(parting.at, case.at(lost));
    assert_eq!(parting.sides[0].event.map(|e| e.0), Some(lost));
    assert!(whole.all("refused because=log").is_empty() && whole.failed() > 0);
    // It would not even have been the first to ask: the same message would have told it of a leader.
    assert_eq!(whole.first("timed-out term=2"), whole.one("n4 timed-out"));
    assert!(whole.at(whole.one("n4 elected term=2")) < case.at(case.one("n4 elected term=3")));
}

/// n2 wrote b after it had heard of a; c2 asked for it before it could have.
#[test]
fn c2_had_not_been_shown_a_when_it_asked_for_b_though_n2_had() {
    let (text, case) = mystery("multi-master/mystery-both-kept");
    let a = case.one("n1 wrote key=x value=a");
    let came = case.one("n2 applied key=x value=a");
    let b = case.one("n2 wrote key=x value=b");
    assert!(case.at(b) > case.at(a) + 100_000);
    assert_eq!((case.order(a, b), case.order(came, b)), (Order::Before, Order::Before));

    let asked = case.one("c2 invoke value=b");
    let answered = case.first("c2 deliver Answer key=x");
    let read = case.first("n2 deliver Get key=x");
    for e in [asked, answered, read] {
        assert!(case.at(e) > case.at(a) + 100_000);
        assert_eq!(case.order(a, e), Order::Concurrent);
    }
    let compared = relation(&case.run, &case.c, a, asked);
    assert_eq!(compared.proof, [case.node("n1"), case.node("c2")]);
    assert!(compared.says.contains("are concurrent: c2 knows n1 up to step"), "{}", compared.says);
    assert_eq!(
        (case.order(came, asked), case.field(answered, "values")),
        (Order::Concurrent, "0".into())
    );
    // a reached n2 behind c2's read and before c2's write.
    assert!(case.at(read) < case.at(came) && case.at(came) < case.at(asked));

    let later = without(&text, "at 225ms          c2 get x", "at 240ms          c2 get x");
    let (a, asked) = (later.one("n1 wrote key=x value=a"), later.one("c2 invoke value=b"));
    assert_eq!(later.order(a, asked), Order::Before);
    assert!(later.all("conflict").is_empty() && later.failed() > 0);
}

/// How much money is inside a cut: of each account what its server was last told to keep.
fn money(case: &Case, cut: &Cut) -> i64 {
    let account = |name: &str| {
        let puts = case.all(&format!("deliver Put key={name}"));
        let is_server = |e: &Event| case.run.name(e.node.unwrap()).starts_with('n');
        let mut kept = puts.iter().filter(|e| is_server(&case.event(**e)));
        let inside = kept.rfind(|e| cut.holds(&case.c, **e));
        inside.map_or(0, |e| case.field(*e, "value").parse().unwrap())
    };
    account("alice") + account("bob") + account("carol")
}

/// When each account's server answered its auditor, of the first three.
fn audit(case: &Case) -> [(NodeId, Us); 3] {
    ["alice", "bob", "carol"].map(|name| {
        let e = case.first(&format!("answered key={name}"));
        (case.event(e).node.unwrap(), case.at(e))
    })
}

/// What n3 had received came of what n1 had not sent: no moment was like that, wherever the others stood.
#[test]
fn the_auditors_saw_a_cut_that_no_moment_goes_through() {
    let (text, case) = mystery("consistent-hashing/mystery-too-much-money");
    let seen = audit(&case);
    let straight = case.run.trace().events().map(|e| Cut::at(&case.run, &case.c, e.at));
    assert_eq!(straight.map(|cut| money(&case, &cut)).max(), Some(100));

    for t in (400_000..700_000).step_by(1_000) {
        let mut cut = Cut::at(&case.run, &case.c, t);
        seen.iter().for_each(|(n, at)| cut.drag(&case.run, &case.c, *n, *at));
        let judged = judge(&case.run, &case.c, &cut);
        assert_eq!((money(&case, &cut), judged.is_consistent()), (140, false));
        assert!(money(&case, &judged.inner) <= 100);
        assert!(judged.says.starts_with("Not consistent"), "{}", judged.says);
    }
    // Because bob got his 40 after alice had given them, and only the getting is inside.
    let (poor, rich) = (case.one("n1 deliver Put value=60"), case.one("n3 deliver Put value=40"));
    assert_eq!(case.order(poor, rich), Order::Before);
    let mut cut = Cut::at(&case.run, &case.c, 0);
    seen.iter().for_each(|(n, at)| cut.drag(&case.run, &case.c, *n, *at));
    assert!(cut.holds(&case.c, rich) && !cut.holds(&case.c, poor));

    // Where all questions are equally long under way, the auditors see one moment.
    let even = without(&text, "latency=4ms+exp(20ms)", "latency=10ms");
    let seen = audit(&even);
    assert!(seen.iter().all(|s| s.1 == seen[0].1));
    let cut = Cut::at(&even.run, &even.c, seen[0].1);
    assert!(judge(&even.run, &even.c, &cut).is_consistent());
    assert!(money(&even, &cut) <= 100 && even.failed() > 0);
}

/// With the comparing hidden few messages are left, and one of them was under way for 808 ms.
#[test]
fn x_came_back_in_a_message_that_had_been_under_way_for_808_ms() {
    let (text, case) = mystery("eventual-cache/mystery-back-again");
    let kinds = case.run.entry().kinds;
    let kind = |name: &str| kinds.iter().position(|k| k.name == name).unwrap() as u8;
    let noise = ["Digest", "DigestDiff", "ReplicateAck"];
    let filter = noise.iter().fold(Filter::default(), |f, k| f.kind(kind(k), true));
    let mut sieve = Sieve::new(&case.run, &case.c, filter);
    sieve.catch_up(&case.run, &case.c);
    let receipts = case.all("deliver");
    let left: Vec<EventId> = receipts.iter().copied().filter(|e| sieve.shows(*e)).collect();
    assert_eq!((left.len(), receipts.len()), (28, 126));
    let took = |case: &Case, e: EventId| {
        let What::Deliver { m } = case.event(e).what else { panic!() };
        case.at(e) - case.run.trace().msg(m).unwrap().sent_at
    };
    let late: Vec<EventId> = left.into_iter().filter(|e| took(&case, *e) > 300_000).collect();
    let [late] = late[..] else { panic!("{late:?}") };

    // It is where x comes back, and everybody has it from there.
    let gone = case.all("collected key=x");
    let again = case.all("applied key=x value=7").into_iter().filter(|e| *e > gone[3]);
    let again: Vec<EventId> = again.collect();
    let nodes: Vec<&str> =
        again.iter().map(|e| case.run.name(case.event(*e).node.unwrap())).collect();
    assert_eq!((gone.len(), nodes), (4, vec!["n4", "n3", "n1", "n2"]));
    assert_eq!(case.step(again[0]), late);
    assert!(again[1..].iter().all(|e| precedes(&case.run, &case.c, late, *e)));
    assert_eq!(case.at(case.one("DeletedStaysDeleted")), case.at(late));
    let why = case.why(again[0]);
    assert!(why[1].contains("n4 receives Replicate from n1, 808 ms after it was sent"), "{why:#?}");
    // It had been sent before x was deleted.
    assert!(case.at(late) - took(&case, late) < case.at(case.one("n1 deleted key=x")));

    // Where nothing is that late, or tombstones are kept for longer, x stays deleted.
    for (cause, instead) in
        [("latency=pareto(4ms,1.1)", "latency=10ms"), ("grace=300ms", "grace=1s")]
    {
        let safe = without(&text, cause, instead);
        assert!(safe.all("broke").is_empty() && safe.failed() > 0, "{instead}");
        assert!(safe.all("n1 hit key=x").is_empty());
    }
}

/// Of all that happened before, one message made n1's number larger than n3's.
#[test]
fn n2s_one_message_put_the_deposit_behind_the_interest() {
    let (text, case) = mystery("lamport-clocks/mystery-missing-coin");
    let balance = |case: &Case| case.field(*case.all("n1 applied").last().unwrap(), "balance");
    let steps = text
        .lines()
        .filter(|l| l.starts_with("at ") && !l.contains("deposit") && !l.contains("interest"));
    let mut decisive = vec![];
    for step in steps {
        let branch = without(&text, &format!("{step}\n"), "");
        match balance(&branch).as_str() {
            "1110" => assert_eq!(branch.failed(), 0, "{step}"),
            "1111" => decisive.push((step, branch)),
            other => panic!("{step}: {other}"),
        }
    }
    let [(step, branch)] = &decisive[..] else { panic!("{} steps", decisive.len()) };
    assert_eq!(step.split_whitespace().collect::<Vec<_>>(), ["at", "150ms", "n2", "tell", "n1"]);

    // Up to there the two runs are one; what follows is n1's number.
    let parting = first_difference(&case.run, &branch.run).unwrap();
    assert_eq!(
        (parting.at, parting.sides[0].says.as_str()),
        (150_000, "The scenario: n2 tell n1.")
    );
    let numbers =
        |case: &Case| ["n1 proposed", "n3 proposed"].map(|one| case.field(case.one(one), "c"));
    assert_eq!(
        (numbers(&case), numbers(branch)),
        (["12", "7"].map(Into::into), ["4", "7"].map(Into::into))
    );
    // The message stands behind the deposit's number; deposit and interest knew nothing of each other.
    let (told, deposit) = (case.one("n2 send Note"), case.one("n1 proposed"));
    let interest = case.one("n3 proposed");
    assert_eq!(chain(&case.run, &case.c, told, deposit).unwrap().messages(), 1);
    assert_eq!(case.order(deposit, interest), Order::Concurrent);
}
