//! What the run measures over its whole time, a chart each, with a line at the playhead.

use engine::scene::exhibit::Picture;
use engine::scene::measures::{self, Measures};
use engine::scene::{Form, Shape};
use leptos::prelude::*;

use super::plate::Plate;
use crate::app::lay::effect;
use crate::app::page::{Page, end_of};

#[component]
pub fn Charts() -> impl IntoView {
    let page = expect_context::<Page>();
    let plate = Plate::new();
    // Read once for each state of the run; only the line at the playhead moves with time.
    let drawn = StoredValue::new_local(None::<(usize, f32, Picture)>);
    effect(move || {
        page.known.track();
        page.view.track();
        drawn.set_value(None);
    });
    effect(move || {
        let Some((w, _)) = plate.room() else { return };
        page.known.track();
        page.view.track();
        let now = page.head.get().at;
        let picture = page.with_run(|run| {
            let until = end_of(run).max(now).max(1);
            let (known, fresh) = (run.trace().len(), drawn.get_value());
            let fresh = fresh.filter(|d| (d.0, d.1) == (known, w));
            let mut p = match fresh {
                Some(d) => d.2,
                None => measures::measures(run, &Measures::new(run), until, w),
            };
            drawn.set_value(Some((known, w, p.clone())));
            let x = measures::x_at(until, w, now);
            p.shapes.push(Shape::line("now", x, 0.0, x, p.h));
            let all = Form::Group { x: 0.0, y: 4.0, kids: p.shapes };
            Picture { shapes: vec![Shape::new("", all)], w: p.w, h: p.h + 8.0 }
        });
        plate.paint(picture.unwrap_or_default());
    });
    plate.view(page, "What the run measures, over its time".to_string(), None)
}
