//! Operations moved by hand: a bar is dragged to another time, or its end to make it longer, and the line of the text
//! that asks for it says so. While it is dragged, what would be is run and judged; let go, it is an edit as any other.

use engine::ids::*;
use engine::run::Run;
use engine::scenario::ast::{Instant, Trigger};
use engine::scenario::edit;
use engine::trace::What;

use crate::app::marks::{grain, in_text};
use crate::app::page::{Page, end_of};
use crate::app::words;

/// An operation that a line of the text asks for at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    pub op: OpId,
    /// The step of the run.
    pub line: u32,
    pub at: Us,
    /// How long it took, if it came back.
    pub long: Option<Us>,
}

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Move,
    Stretch,
}

/// The line an operation comes from. None where it has no time of its own to change.
pub fn held(run: &Run, op: OpId) -> Option<Held> {
    let rec = run.trace().op(op)?;
    let invoke = run.trace().event(rec.invoke)?;
    let What::Act { line } = run.trace().event(invoke.cause?)?.what else { return None };
    let step = run.scenario().steps.get(line as usize)?;
    // Of a line that acts again and again the first time is the one that moves.
    let Trigger::At { at, .. } = step.trigger else { return None };
    let ret = rec.ret.as_ref().and_then(|r| run.trace().event(r.0));
    let long = ret.map(|e| e.at - invoke.at);
    (at.at == invoke.at).then_some(Held { op, line, at: at.at, long })
}

/// Round steps of time for bars: about so many fill the run.
pub fn step(run: &Run) -> Us {
    grain(end_of(run), 100)
}

impl Held {
    /// By how much it may change: to the grid, not before the beginning, and never to nothing.
    pub fn by(&self, deed: Deed, by: i64, step: Us) -> i64 {
        let old = match deed {
            Deed::Move => self.at,
            Deed::Stretch => self.long.unwrap_or(0),
        } as i64;
        let least = if deed == Deed::Move { 0 } else { step as i64 };
        let grid = |t: i64| (t + step as i64 / 2).div_euclid(step as i64) * step as i64;
        grid(old + by).max(least) - old
    }

    /// The text with the operation changed. None where its line does not say how long it takes.
    pub fn text(&self, page: Page, deed: Deed, by: i64) -> Option<String> {
        let (text, index) = in_text(page, self.line)?;
        match deed {
            Deed::Move => {
                let at = self.at.checked_add_signed(by)?;
                edit::move_step(&text, index, Instant { at, k: 0 })
            }
            Deed::Stretch => {
                let long = self.long?;
                edit::change_time(&text, index, long, long.checked_add_signed(by)?)
            }
        }
    }

    /// What is done, in the words of the text: `p2 get x at 0.030 s` as a name, and as a sentence.
    pub fn says(&self, page: Page, deed: Deed, by: i64) -> [String; 2] {
        let line = in_text(page, self.line).and_then(|(text, i)| edit::step_line(&text, i));
        let line = line.unwrap_or_default();
        // Its `at` and its time go before what it does.
        let what = line.splitn(3, ' ').nth(2).unwrap_or(&line);
        let (name, says, old) = match deed {
            Deed::Move => (" at ", " is at ", self.at),
            Deed::Stretch => (" for ", " takes ", self.long.unwrap_or(0)),
        };
        let time = words::clock(old.saturating_add_signed(by));
        [[what, name, &time].concat(), [what, says, &time, " now"].concat()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::page::read;

    const TEXT: &str = "lamplight 1\nrun consistency sessions=2 seed=1\nat 0ms p1 put x 1 100ms\n\
        then +150ms p2 get x 1 10ms\nat 30ms every 50ms x 2 p2 get x 0 10ms\n";

    #[test]
    fn only_an_operation_with_a_time_of_its_own_can_be_held() {
        let Ok(mut run) = read(TEXT) else { panic!("it does not run") };
        run.finish();
        let all: Vec<_> = (0..run.trace().ops.len() as u32)
            .map(|op| held(&run, OpId(op)).map(|h| h.line))
            .collect();
        assert_eq!(all, [Some(0), Some(2), None, None]);
        let first = held(&run, OpId(0)).map(|h| (h.at, h.long));
        assert_eq!(first, Some((0, Some(100 * MS))));
    }

    #[test]
    fn it_goes_by_round_steps_and_never_before_the_beginning() {
        let held = Held { op: OpId(0), line: 0, at: 30 * MS, long: Some(10 * MS) };
        let step = 2 * MS;
        assert_eq!(held.by(Deed::Move, 4_900, step), 4_000);
        assert_eq!(held.by(Deed::Move, -90_000, step), -30_000);
        assert_eq!(held.by(Deed::Stretch, -90_000, step), -8_000);
        assert_eq!(held.by(Deed::Stretch, 11_000, step), 12_000);
    }
}
