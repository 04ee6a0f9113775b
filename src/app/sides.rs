//! The runs that stand side by side under one clock: those of a comparison's text, or a branch beside the one
//! in view. Most texts have one run, and then there is one side.

use std::cell::RefCell;
use std::rc::Rc;

use engine::ids::*;
use engine::protocol::Refusal;
use engine::protocols::{self, CATALOGUE};
use engine::run::{Progress, Run};
use engine::scenario::Scenario;
use engine::scenario::ast::RunLine;
use engine::scene::Index;
use engine::together;

use super::dom;
use super::head::Head;

/// Steps between two looks at the watch, how many such stretches there are at once at most, and for how long.
const SLICE: u32 = 2_000;
const SLICES: u32 = 30;
const AT_ONCE_MS: f64 = 60.0;

/// One of them.
#[derive(Clone)]
pub struct Side {
    pub name: Rc<str>,
    pub run: Rc<RefCell<Run>>,
    /// What the scene looks up, kept up with the run.
    pub index: Rc<RefCell<Index>>,
}

impl Side {
    pub fn new(name: &str, run: Run) -> Side {
        let index = Index::new(&run);
        Side::with(name, run, index)
    }

    fn with(name: &str, run: Run, index: Index) -> Side {
        let (run, index) = (Rc::new(RefCell::new(run)), Rc::new(RefCell::new(index)));
        Side { name: name.into(), run, index }
    }

    /// How many of its events have happened.
    pub fn events(&self, head: Head) -> usize {
        head.events(self.run.borrow().trace())
    }

    /// Let it be known up to a time, as far as that can be done at once: steps of a run that has grown take longer. The
    /// clock works out the rest in the frames that follow.
    pub fn reach(&self, until: Us) {
        let mut run = self.run.borrow_mut();
        let begun = dom::now_ms();
        for _ in 0..SLICES {
            if run.advance(until, SLICE) != Progress::Budget || dom::now_ms() - begun > AT_ONCE_MS {
                break;
            }
        }
        self.index.borrow_mut().catch_up(&run);
    }
}

/// Every run of a text, at its beginning.
pub fn open(s: Scenario) -> Result<Vec<Side>, Refusal> {
    if s.is_single() {
        let name = s.run.called().to_string();
        let bill = protocols::bill(CATALOGUE, &s.run.entry)?;
        return Ok(vec![Side::new(&name, Run::open(bill, s)?)]);
    }
    several(&s)
}

fn several(s: &Scenario) -> Result<Vec<Side>, Refusal> {
    let one = |(i, line): (usize, &RunLine)| {
        let bill = protocols::bill(CATALOGUE, &line.entry)?;
        Ok(Side::new(line.called(), Run::open(bill, s.only(i))?))
    };
    together::all(s, s.runs().enumerate().map(one))
}

/// The runs of an edited text; each shares with its forerunner what comes before the change.
pub fn edit(old: &[Side], s: Scenario) -> Result<Vec<Side>, Refusal> {
    let entries = |side: &Side| side.run.borrow().entry().id;
    if !s.runs().map(|r| r.entry.as_str()).eq(old.iter().map(entries)) {
        return open(s);
    }
    let one = |((i, line), side): ((usize, &RunLine), &Side)| {
        let run = side.run.borrow().edit(s.only(i))?;
        let index = side.index.borrow().fork(&run);
        Ok(Side::with(line.called(), run, index))
    };
    together::all(&s, s.runs().enumerate().zip(old).map(one))
}

/// Up to when edited runs do what they did before.
pub fn fork(old: &[Side], new: &[Side]) -> Us {
    if old.len() != new.len() {
        return 0;
    }
    let shared = |(a, b): (&Side, &Side)| a.run.borrow().shared_with(&b.run.borrow());
    old.iter().zip(new).map(shared).filter(|at| *at > 0).min().unwrap_or(0)
}

/// What a link carries, so that whoever opens it hears whether they see the same.
pub fn check_at(sides: &[Side], t: Us) -> u32 {
    let runs: Vec<_> = sides.iter().map(|s| s.run.borrow()).collect();
    together::check_at(runs.iter().map(|r| &**r), t)
}

/// Behind the next step of any of them.
pub fn next(sides: &[Side], head: Head) -> Option<Head> {
    sides.iter().filter_map(|s| head.next(s.run.borrow().trace())).min()
}

/// Before the last step of any of them; None at the very beginning.
pub fn back(sides: &[Side], head: Head) -> Option<Head> {
    sides.iter().filter_map(|s| head.back(s.run.borrow().trace())).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "lamplight 1\nrun vector-clocks as sends nodes=3 count=sends seed=1\n\
        beside vector-clocks as both nodes=3 count=both\nnet latency=10ms\nat 0ms n1 tell n2\n\
        in both at 5ms n2 tell n3\n";

    fn two(text: &str) -> Vec<Side> {
        let Ok(s) = protocols::parse(text) else { panic!("{text}") };
        let Ok(sides) = open(s) else { panic!("it does not run") };
        sides.iter().for_each(|s| s.reach(MS * 50));
        sides
    }

    #[test]
    fn a_step_is_the_next_of_any_run() {
        let sides = two(TWO);
        assert_eq!(sides.iter().map(|s| &*s.name).collect::<Vec<_>>(), ["sends", "both"]);
        let at = |h: Option<Head>| h.map(|h| h.at / MS);
        assert_eq!(at(next(&sides, Head::after(0))), Some(5));
        assert_eq!(at(next(&sides[..1], Head::after(0))), Some(10));
        assert_eq!(at(back(&sides, Head::after(5 * MS))), Some(0));
    }

    #[test]
    fn an_edit_keeps_the_names_and_the_check_is_of_all() {
        let sides = two(TWO);
        let text = format!("{TWO}at 20ms crash n3\n");
        let Ok(s) = protocols::parse(&text) else { panic!() };
        let Ok(edited) = edit(&sides, s) else { panic!("it does not run") };
        edited.iter().for_each(|s| s.reach(MS * 50));
        assert_eq!(check_at(&sides, 15 * MS), check_at(&edited, 15 * MS));
        assert_ne!(check_at(&sides, 30 * MS), check_at(&edited, 30 * MS));
        assert_ne!(check_at(&sides, 15 * MS), check_at(&sides[..1], 15 * MS));
    }
}
