//! Cuts that the nodes of a run draw themselves: each tells a point of its own life, and the points that belong together
//! are joined across the lanes. Whether such a cut is consistent is judged by the trace, not by what the nodes say of it.
//!
//! ```text
//!   n1 ──●──○────●───       ○ ╌  the points, and the line through them
//!          ╲╎╲                   a message received inside and sent outside stands in the hue of failure
//!   n2 ─────╎─●─○────
//!        cut 1: consistent
//! ```

use super::inquiry::{across, last_x};
use super::view::Viewport;
use crate::ids::{EventId, NodeId, Us};
use crate::run::Run;
use crate::scene::index::Index;
use crate::scene::{Anchor, Shape};
use crate::trace::What;
use crate::trace::inquiry::{Cut, judge};

/// Cuts of one picture, at most: each is judged by the whole trace.
const MOST: usize = 8;
const POINT: f32 = 4.0;

/// The cuts in sight: nodes tell their points by the reason `told`, and those that belong together have the same `of`.
pub(super) fn points(
    run: &Run,
    index: &Index,
    view: &Viewport,
    (told, of): (&str, &str),
    out: &mut Vec<Shape>,
) {
    let mut cuts: Vec<(String, Cut, usize)> = vec![];
    for (e, at, which) in found(run, index, told, of) {
        let Some((lane, place)) = index.causality.place_of(e) else { continue };
        let i = cuts.iter().position(|c| c.0 == which).unwrap_or_else(|| {
            let none = vec![0; run.cast().len()];
            cuts.push((which, Cut { at: none.iter().map(|_| 0).collect(), upto: none }, 0));
            cuts.len() - 1
        });
        let (_, cut, lanes) = &mut cuts[i];
        // Of two points of one node the later one counts.
        *lanes += usize::from(cut.upto[lane.index()] == 0);
        (cut.upto[lane.index()], cut.at[lane.index()]) = (place + 1, at);
    }
    let (from, to) = view.span();
    let whole = |c: &&(String, Cut, usize)| c.2 == run.cast().len();
    let seen = |c: &&(String, Cut, usize)| c.1.at.iter().any(|t| (from..=to).contains(t));
    for (which, cut, _) in cuts.iter().filter(whole).filter(seen).take(MOST) {
        let judged = judge(run, &index.causality, cut);
        out.extend(across(run, index, view, cut, &judged));
        let dot = |n: NodeId| Shape::circle("cut-dot", view.x(cut.at[n.index()]), view.y(n), POINT);
        out.extend(view.shown().map(dot));
        let says = if judged.is_consistent() { ": consistent" } else { ": not consistent" };
        let words = [of, " ", which, says].concat();
        let role = if judged.is_consistent() { "cut-word" } else { "cut-word broken" };
        let (x, y) = (last_x(view, cut) + 5.0, view.foot() - 4.0);
        out.push(Shape::text(role, x, y, Anchor::Start, words));
    }
}

/// Who told a point, when, and of which cut.
fn found<'a>(
    run: &'a Run,
    index: &'a Index,
    told: &'a str,
    of: &'a str,
) -> impl Iterator<Item = (EventId, Us, String)> + 'a {
    let slug = run.entry().reasons.iter().position(|r| r.slug == told);
    index.tales.iter().filter_map(move |t| match run.trace().event(t.event)?.what {
        What::Why { why, slug: s } if Some(s as usize) == slug => {
            Some((t.event, t.at, run.reason(why).get(of)?.plain(&|n| run.name(n).to_string())))
        }
        _ => None,
    })
}
