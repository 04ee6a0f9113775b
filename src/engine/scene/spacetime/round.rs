//! Round trips: what an asker can know of a way there and back, and what it cannot.
//!
//! The asker sees when it asked and when the answer came, and takes the middle between the two for the middle of the
//! other's part. It is wrong by half of what one way took longer than the other: the foot of the triangle.
//!
//! ```text
//!   c1 ──T1───────┬───────T4──      the middle of what c1 sees
//!          ╲      ┊╲      ╱
//!   s1 ─────T2──T3┊·╲────────       the middle of what s1 did: ┊ to · is what nobody can see
//! ```

use super::view::Viewport;
use crate::ids::{MsgId, NodeId, Us};
use crate::protocol::prose_time;
use crate::run::Run;
use crate::scene::index::Index;
use crate::scene::pen::Pen;
use crate::scene::place::{Box2, Placer};
use crate::scene::{Anchor, Shape, text};
use crate::trace::{MsgRec, Trace, What};

/// Steps from a question to its answer, at most: whoever waits for a timer in between still answers.
const FAR: usize = 16;
/// Narrower than this nothing of it could be read.
const NARROW: f32 = 36.0;

/// When a question was asked, received, answered, and the answer received; and by whom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    pub asker: NodeId,
    pub other: NodeId,
    pub at: [Us; 4],
}

impl Round {
    /// The round trip that ends with this message, if it was an answer and has arrived.
    pub fn ending(trace: &Trace, answer: MsgId) -> Option<Round> {
        let back = trace.msg(answer)?;
        let there = question(trace, back)?;
        let arrived = |rec: &MsgRec| {
            matches!(trace.event(rec.end)?.what, What::Deliver { .. }).then_some(rec.end_at)
        };
        let at = [there.sent_at, arrived(there)?, back.sent_at, arrived(back)?];
        Some(Round { asker: back.to, other: back.from, at })
    }

    pub fn out(&self) -> Us {
        self.at[1] - self.at[0]
    }
    pub fn back(&self) -> Us {
        self.at[3] - self.at[2]
    }
    /// By how much the asker misjudges the other's clock: positive where the way out took longer.
    pub fn off_by(&self) -> i64 {
        (self.out() as i64 - self.back() as i64) / 2
    }
}

/// The message that a message answers.
fn question<'a>(trace: &'a Trace, answer: &MsgRec) -> Option<&'a MsgRec> {
    let mut at = trace.event(answer.sent)?;
    for _ in 0..FAR {
        at = trace.event(at.cause?)?;
        if at.node != Some(answer.from) {
            return None;
        }
        if let What::Deliver { m } = at.what {
            return trace.msg(m).filter(|m| m.from == answer.to);
        }
    }
    None
}

/// The round trips in sight.
pub(super) fn rounds(run: &Run, index: &Index, view: &Viewport, out: &mut Vec<Shape>) {
    let (from, to) = view.span();
    let mut placer = Placer::new(Box2::new(view.gutter, 0.0, view.w, view.h), 64);
    let mut found = vec![];
    index.in_sight(run.trace(), from, to, &mut |m, rec| {
        if index.shows_message(rec) && view.shows(rec.from) && view.shows(rec.to) {
            found.extend(Round::ending(run.trace(), m));
        }
    });
    for r in found.iter().rev() {
        out.extend(round(view, r, &mut placer));
    }
}

fn round(view: &Viewport, r: &Round, placer: &mut Placer) -> Option<Shape> {
    let [t1, t2, t3, t4] = r.at.map(|t| view.x(t));
    if t4 - t1 < NARROW {
        return None;
    }
    let (ya, yb) = (view.y(r.asker), view.y(r.other));
    let (mine, theirs) = ((t1 + t4) / 2.0, (t2 + t3) / 2.0);
    let mut pen = Pen::new();
    pen.to(mine, ya).line(mine, yb).line(theirs, yb).close();
    let mut kids = vec![
        Shape::path("triangle", pen.d()),
        Shape::line("half-way", mine, ya, mine, yb),
        Shape::line("foot", mine, yb, theirs, yb),
    ];
    // Outside of the two lanes, each beyond the readings, which stand above or under their dots.
    let out = |y: f32, other: f32, rows: f32| {
        if y < other { y - 9.0 - 13.0 * rows } else { y + 17.0 + 13.0 * rows }
    };
    let mut word = |x: f32, y: f32, role, words: String| {
        let wide = text::width(&words, text::SMALL);
        if placer.take(Box2::of_text(x - wide / 2.0, y, wide, text::SMALL)) {
            kids.push(Shape::text(role, x, y, Anchor::Middle, words));
        }
    };
    let off = r.off_by();
    let same = [prose_time(r.out()), " either way: exact".into()].concat();
    let ways =
        [prose_time(r.out()), " out, ".into(), prose_time(r.back()), " back: off by ".into()];
    let ways = [ways.concat(), prose_time(off.unsigned_abs())].concat();
    word(theirs, out(yb, ya, 2.0), "round-word", if off == 0 { same } else { ways });
    let (asker, answerer) = (out(ya, yb, 1.0), out(yb, ya, 1.0));
    word(t1, asker, "round-tick", "T1".into());
    word(t4, asker, "round-tick", "T4".into());
    word(t2.min(theirs - 9.0), answerer, "round-tick", "T2".into());
    word(t3.max(theirs + 9.0), answerer, "round-tick", "T3".into());
    Some(Shape::group("round-trip", kids))
}
