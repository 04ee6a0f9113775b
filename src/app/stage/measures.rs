//! What the run measures over its whole time, a chart each; what comes after the playhead lies under a veil.

use std::cell::RefCell;
use std::rc::Rc;

use engine::ids::{EventId, Us};
use engine::run::Run;
use engine::scene::exhibit::Picture;
use engine::scene::measures::{self, Measures};
use engine::scene::{Beside, Form, Shape};
use leptos::prelude::*;

use super::kin;
use super::plate::Plate;
use crate::app::lay::{Kept, effect};
use crate::app::page::{Page, end_of};
use crate::app::sides::Side;

/// What a drawing depends on: how much was known, how long it is and how much room it has, the selected event, and how
/// many operations had begun and returned.
type Drawn = (usize, Us, (f32, f32), Option<EventId>, usize);
/// Takes out the titles of the charts and the times above them, which stand over the veil: they are of the whole.
fn titles(shapes: &mut Vec<Shape>) -> Vec<Shape> {
    let mut out = vec![];
    shapes.retain_mut(|s| {
        if matches!(s.role, "chart-title" | "axis over") {
            out.push(s.clone());
            return false;
        }
        if let Form::Group { x, y, kids } = &mut s.form {
            let kids = titles(kids);
            if !kids.is_empty() {
                out.push(Shape::new("", Form::Group { x: *x, y: *y, kids }));
            }
        }
        true
    });
    out
}

/// Room above the charts, and as much below.
const EDGE: f32 = 4.0;
/// What the view keeps free above and below its picture.
const AROUND: f32 = 16.0;

#[component]
pub fn Charts(
    /// Which of the runs side by side; none: the run in view.
    side: Option<usize>,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let plate = Plate::new(200.0);
    // The charts end where the longest of the runs does, or at a playhead beyond.
    let until = Kept::new(move || {
        page.known.track();
        let now = page.head.get().at;
        let ends = page.sides().into_iter().map(|s| end_of(&s.run.borrow()));
        ends.max().unwrap_or(0).max(now).max(1)
    });
    // Folded once and kept up as the run grows; drawn anew where it has grown, or where an operation has begun or returned
    // by now, while the veil moves with time.
    let kept = StoredValue::new_local(None::<(Rc<RefCell<Run>>, Measures)>);
    let drawn = StoredValue::new_local(None::<(Rc<RefCell<Run>>, Drawn)>);
    effect(move || {
        let Some((w, h)) = plate.room() else { return };
        let room = h - AROUND - 2.0 * EDGE;
        page.known.track();
        let (pick, until, of) = (page.pick_in(side), until.get(), page.side(side));
        let now = page.head.get().at;
        let Some(Side { run: of, index, .. }) = of else {
            drawn.set_value(None);
            return plate.paint(Picture::default());
        };
        let (run, index) = (of.borrow(), index.borrow());
        let (known, selected) = (run.trace().len(), kin::event_of(&run, pick));
        let mine = kept.try_update_value(Option::take).flatten();
        let mine = mine.filter(|k| Rc::ptr_eq(&k.0, &of));
        let mut m = mine.map_or_else(|| Measures::new(&run), |k| k.1);
        m.catch_up(&run);
        let new = (known, until, (w, room), selected, m.turns_by(now));
        if !drawn.with_value(|d| d.as_ref().is_some_and(|d| Rc::ptr_eq(&d.0, &of) && d.1 == new)) {
            let beside = selected.map(|e| Beside::new(&run, &index, e));
            let (clocks, span) = (&index.clocks, (until, now));
            let mut p = measures::measures(&run, clocks, &m, span, (w, room), beside.as_ref());
            plate.over(titles(&mut p.shapes), EDGE);
            let all = Form::Group { x: 0.0, y: EDGE, kids: p.shapes };
            let shapes = vec![Shape::new("", all)];
            plate.paint(Picture { shapes, w: p.w, h: p.h + 2.0 * EDGE });
            drawn.set_value(Some((of.clone(), new)));
        }
        kept.set_value(Some((of.clone(), m)));
    });
    effect(move || {
        let Some((w, _)) = plate.room() else { return };
        let (now, until) = (page.head.get().at, until.get());
        plate.veil(measures::x_at(until, w, now), measures::x_at(until, w, until) + 2.0);
    });
    let of = side.map(|i| format!(": {}", untrack(|| page.side_name(i)))).unwrap_or_default();
    plate.view(page, format!("What the run measures, over its time{of}"), None)
}
