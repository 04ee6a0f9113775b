//! What the nodes hold, as pictures: logs under each other, the ring, tables. One key of the entry at a time.

use crate::app::lay::effect;
use engine::few;
use engine::ids::*;
use engine::run::Run;
use engine::scene::{Beside, Kin, exhibit};
use engine::show::Exhibit;
use leptos::prelude::*;

use super::kin;
use super::plate::Plate;
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
    let plate = Plate::new();
    let nothing = RwSignal::new(false);
    effect(move || {
        let Some(room) = plate.room() else { return };
        let (count, pick) = (page.count.get(), page.pick.get());
        let filter = page.inquiry.filter.get();
        let index = page.loaded_now().map(|l| l.index);
        let picture = page.with_run(|run| {
            let peek = |c: usize| run.peek(EventId(c.saturating_sub(1) as u32));
            let now = exhibit::stacks(run, &peek(count));
            let before = exhibit::stacks(run, &peek(count.saturating_sub(1)));
            let find = |list: &[exhibit::Stack]| {
                let mut found = list.iter().find(|s| s.key == key).cloned()?;
                found.items.retain(|(n, _)| filter.shows_node(*n));
                Some(found)
            };
            let index = index.as_ref().map(|i| i.borrow());
            let beside = index.as_ref().zip(kin::event_of(run, pick));
            let beside = beside.map(|(index, e)| Beside::new(run, index, e));
            let stands = |n| beside.as_ref().map_or(Kin::Outside, |b| b.node(n, count));
            find(&now).map(|s| exhibit::draw(run, &s, find(&before).as_ref(), room, pick, &stands))
        });
        // Where there is nothing at this moment, what was there at another does not stay.
        let picture = picture.flatten();
        nothing.set(picture.is_none());
        plate.paint(picture.unwrap_or_default());
    });
    let name = format!("What the nodes hold: {}", key.replace('-', " "));
    plate.view(page, name, Some(nothing.into()))
}
