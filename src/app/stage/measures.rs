//! What the run measures over its whole time, a chart each, with a line at the playhead.

use std::cell::RefCell;
use std::rc::Rc;

use engine::ids::EventId;
use engine::run::Run;
use engine::scene::exhibit::Picture;
use engine::scene::measures::{self, Measures};
use engine::scene::{Beside, Form, Shape};
use leptos::prelude::*;

use super::kin;
use super::plate::Plate;
use crate::app::lay::effect;
use crate::app::page::{Loaded, Page, end_of};

/// What a drawing depends on: how much was known, how wide it is, and the selected event.
type Drawn = (usize, f32, Option<EventId>);

#[component]
pub fn Charts() -> impl IntoView {
    let page = expect_context::<Page>();
    let plate = Plate::new();
    // Folded once and kept up as the run grows; drawn anew where it has grown, while the line at the playhead moves with time.
    let kept = StoredValue::new_local(None::<(Rc<RefCell<Run>>, Measures)>);
    let drawn = StoredValue::new_local(None::<(Rc<RefCell<Run>>, Drawn, Picture)>);
    effect(move || {
        let Some((w, _)) = plate.room() else { return };
        page.known.track();
        let (pick, now, loaded) = (page.pick.get(), page.head.get().at, page.loaded());
        let Some(Loaded { run: of, index, .. }) = loaded else {
            return plate.paint(Picture::default());
        };
        let (run, index) = (of.borrow(), index.borrow());
        let (until, known) = (end_of(&run).max(now).max(1), run.trace().len());
        let selected = kin::event_of(&run, pick);
        let new = (known, w, selected);
        let same = |d: &(Rc<RefCell<Run>>, Drawn, Picture)| Rc::ptr_eq(&d.0, &of) && d.1 == new;
        let mut p = match drawn.get_value().filter(same) {
            Some(d) => d.2,
            None => {
                let mine = kept.try_update_value(Option::take).flatten();
                let mine = mine.filter(|k| Rc::ptr_eq(&k.0, &of));
                let mut m = mine.map_or_else(|| Measures::new(&run), |k| k.1);
                m.catch_up(&run);
                let beside = selected.map(|e| Beside::new(&run, &index, e));
                let clocks = &index.clocks;
                let picture = measures::measures(&run, clocks, &m, until, w, beside.as_ref());
                kept.set_value(Some((of.clone(), m)));
                drawn.set_value(Some((of.clone(), new, picture.clone())));
                picture
            }
        };
        let x = measures::x_at(until, w, now);
        p.shapes.push(Shape::line("now", x, 0.0, x, p.h));
        let all = Form::Group { x: 0.0, y: 4.0, kids: p.shapes };
        plate.paint(Picture { shapes: vec![Shape::new("", all)], w: p.w, h: p.h + 8.0 });
    });
    plate.view(page, "What the run measures, over its time".to_string(), None)
}
