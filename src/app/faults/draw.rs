//! A line drawn across the stage parts the network.

use crate::app::lay::{Kept, Rows};
use leptos::prelude::*;
use web_sys::PointerEvent;

use super::partition::{is_line, partition, sides};
use crate::app::page::Page;

type Point = (f32, f32);

/// Lies over the topology while a line is to be drawn. `places` tells where the nodes stand, and how large they are.
#[component]
pub fn DrawLine(places: Callback<(), (Vec<Point>, f32)>) -> impl IntoView {
    let page = expect_context::<Page>();
    let line = RwSignal::new(None::<(Point, Point)>);
    let act = Kept::new(move || {
        let (a, b) = line.get().filter(|(a, b)| is_line(*a, *b))?;
        page.with_run_now(|run| partition(run, &sides(a, b, &places.run(()).0))).flatten()
    });
    let point = |ev: &PointerEvent| (ev.offset_x() as f32, ev.offset_y() as f32);
    let down = move |ev: PointerEvent| {
        if !ev.is_primary() || ev.button() != 0 {
            return;
        }
        ev.prevent_default();
        if let Some(el) =
            ev.target().and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(t).ok())
        {
            let _ = el.set_pointer_capture(ev.pointer_id());
        }
        line.set(Some((point(&ev), point(&ev))));
    };
    let moved = move |ev: PointerEvent| {
        if let Some((from, _)) = line.get_untracked() {
            line.set(Some((from, point(&ev))));
        }
    };
    let up = move |_| {
        let Some((a, b)) = line.get_untracked() else { return };
        let act = act.get_untracked();
        line.set(None);
        match act {
            Some(act) => {
                page.drawing.set(false);
                page.do_act(&act);
            }
            None if is_line(a, b) => page.refuse("all nodes stand on one side of this line"),
            None => {}
        }
    };
    let far = move || {
        let (a, b) = line.get().filter(|(a, b)| is_line(*a, *b))?;
        let by = 4_000.0 / (b.0 - a.0).hypot(b.1 - a.1);
        let (dx, dy) = ((b.0 - a.0) * by, (b.1 - a.1) * by);
        Some([a.0 - dx, a.1 - dy, a.0 + dx, a.1 + dy])
    };
    let end = move |i: usize| move || far().map_or(0, |e| e[i] as i32).to_string();
    let beyond = move || {
        let Some((a, b)) = line.get().filter(|(a, b)| is_line(*a, *b)) else {
            return ().into_any();
        };
        let (nodes, r) = places.run(());
        let side = sides(a, b, &nodes);
        let other = nodes.into_iter().zip(side).filter(|(_, s)| *s == 1);
        other
            .map(|((x, y), _)| {
                view! { <circle class="beyond" cx=(x as i32).to_string() cy=(y as i32).to_string() r=(r as i32 + 5).to_string()/> }
            })
            .rows()
    };
    view! {
        <div class="drawing">
            <svg aria-hidden="true" on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointercancel=move |_| line.set(None)>
                <line class="cutting" x1=end(0) y1=end(1) x2=end(2) y2=end(3)/>
                <g>{beyond}</g>
            </svg>
            <p class="drawing-says">
                <span>{move || act.get().unwrap_or_else(|| "Drag a line between the nodes.".into())}</span>
                <button type="button" on:click=move |_| page.drawing.set(false)>"Leave"</button>
            </p>
        </div>
    }
}
