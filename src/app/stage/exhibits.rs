//! What the nodes hold, as pictures: logs under each other, the ring, tables. One key of the entry at a time.

use crate::app::lay::{effect, when};
use engine::few;
use engine::ids::*;
use engine::run::Run;
use engine::scene::exhibit;
use engine::show::Exhibit;
use leptos::prelude::*;

use super::diagram;
use super::painter::Painter;
use crate::app::page::Page;

/// The exhibits of the run by key, with the word on their button.
pub fn keys(run: &Run) -> Vec<(&'static str, String)> {
    let last = run.trace().len().saturating_sub(1);
    let mut stacks = exhibit::stacks(run, &run.peek(EventId(last as u32)));
    few::sort_by_key(&mut stacks, |s| s.items.first().map_or(9, |(_, e)| rank(e)));
    stacks.iter().take(KEYS_MAX).map(|s| (s.key, s.key.replace('-', " "))).collect()
}

/// Buttons beside the diagram, at most; the inspector shows everything.
const KEYS_MAX: usize = 4;

/// What makes a picture comes before what is only words.
fn rank(e: &Exhibit) -> u8 {
    match e {
        Exhibit::Ring(_) => 0,
        Exhibit::Log(_) => 1,
        Exhibit::Ranges(_) | Exhibit::Tree(_) => 2,
        Exhibit::Clock { .. } | Exhibit::Matrix { .. } => 3,
        Exhibit::Chart { .. } | Exhibit::Table(_) => 4,
        Exhibit::Queue(_) | Exhibit::Set(_) | Exhibit::Gauge { .. } => 5,
        Exhibit::Text(_) => 6,
    }
}

#[component]
pub fn Exhibits(key: &'static str) -> impl IntoView {
    let page = expect_context::<Page>();
    let (frame, sight) = super::measure();
    let root = NodeRef::<leptos::svg::Svg>::new();
    let layer = NodeRef::<leptos::svg::G>::new();
    let painter = StoredValue::new_local(None::<Painter>);
    let height = RwSignal::new(40.0f32);
    let nothing = RwSignal::new(false);
    effect(move || {
        let Some(layer) = layer.get() else { return };
        let (count, pick, room) = (page.count.get(), page.pick.get(), sight.get());
        let filter = page.inquiry.filter.get();
        if room.w < 40.0 {
            return;
        }
        let picture = page.with_run(|run| {
            let peek = |c: usize| run.peek(EventId(c.saturating_sub(1) as u32));
            let now = exhibit::stacks(run, &peek(count));
            let before = exhibit::stacks(run, &peek(count.saturating_sub(1)));
            let find = |list: &[exhibit::Stack]| {
                let mut found = list.iter().find(|s| s.key == key).cloned()?;
                found.items.retain(|(n, _)| filter.shows_node(*n));
                Some(found)
            };
            find(&now).map(|s| {
                exhibit::draw(run, &s, find(&before).as_ref(), (room.w - 32.0, room.h - 8.0), pick)
            })
        });
        // Where there is nothing at this moment, what was there at another does not stay.
        let picture = picture.flatten();
        nothing.set(picture.is_none());
        let picture = picture.unwrap_or_default();
        height.set(picture.h.max(40.0));
        painter.update_value(|p| {
            p.get_or_insert_with(|| Painter::new(layer.into())).paint(picture.shapes)
        });
        if let Some(root) = root.get_untracked() {
            diagram::keep_one_stop(&root);
        }
    });
    let on_key = move |ev: web_sys::KeyboardEvent| {
        if let Some(root) = root.get_untracked() {
            diagram::on_key(&ev, &root, page);
        }
    };
    let on_focus = move |ev: web_sys::FocusEvent| {
        if let Some(root) = root.get_untracked() {
            diagram::on_focus(&ev, &root);
        }
    };
    view! {
        <div class="view spacetime exhibits" node_ref=frame tabindex="-1">
            {when(move || nothing.get(), || view! { <p class="soft nothing">"There is nothing of it at this moment."</p> }.into_any())}
            <svg class="scene" role="graphics-document document" aria-roledescription="diagram" aria-label=format!("What the nodes hold: {}", key.replace('-', " ")) node_ref=root
                height=move || (height.get() as i32).to_string()
                viewBox=move || super::Sight { w: sight.get().w - 32.0, h: height.get() }.view_box()
                on:click=move |ev| diagram::on_click(&ev, page) on:keydown=on_key on:focusin=on_focus>
                <g node_ref=layer></g>
            </svg>
        </div>
    }
}
