//! What the nodes hold, as pictures: logs under each other, the ring, tables. One key of the entry at a time.

use crate::app::lay::effect;
use engine::ids::*;
use engine::run::Run;
use engine::scene::{Beside, Kin, exhibit};
use leptos::prelude::*;

use super::kin;
use super::plate::Plate;
use crate::app::page::Page;

/// The exhibits of the run by key, with the word on their button.
pub fn keys(run: &Run) -> Vec<(&'static str, String)> {
    let stacks = exhibit::offered(run);
    stacks.iter().map(|s| (s.key, s.key.replace('-', " "))).collect()
}

#[component]
pub fn Exhibits(
    key: &'static str,
    /// Which of the runs side by side; none: the run in view.
    side: Option<usize>,
) -> impl IntoView {
    let page = expect_context::<Page>();
    let plate = Plate::new(200.0);
    let nothing = RwSignal::new(false);
    effect(move || {
        let Some(room) = plate.room() else { return };
        let (count, pick) = (page.count_of(side), page.pick_in(side));
        let filter = page.inquiry.filter.get();
        let still = (!page.playing.get()).then(|| page.head.get().at);
        let picture = page.side(side).map(|l| {
            let (run, index) = (&*l.run.borrow(), l.index.borrow());
            let peek = |c: usize| run.peek(EventId(c.saturating_sub(1) as u32));
            // Between two events clocks go on; while it plays the next event is soon there.
            let here = peek(count).at(still.unwrap_or(0));
            let now = exhibit::stacks(run, &here);
            let before = exhibit::stacks(run, &peek(count.saturating_sub(1)));
            let find = |list: &[exhibit::Stack]| {
                let mut found = list.iter().find(|s| s.key == key).cloned()?;
                found.items.retain(|(n, _)| filter.shows_node(*n));
                Some(found)
            };
            let mut found = find(&now).filter(|s| !exhibit::is_empty(s))?;
            exhibit::reveal(&mut found, &index.clocks, here.now());
            let beside = kin::event_of(run, pick).map(|e| Beside::new(run, &index, e));
            let stands = |n| beside.as_ref().map_or(Kin::Outside, |b| b.node(n, count));
            Some(exhibit::draw(run, &found, find(&before).as_ref(), room, pick, &stands))
        });
        // Where there is nothing at this moment, what was there at another does not stay.
        let picture = picture.flatten();
        nothing.set(picture.is_none());
        plate.paint(picture.unwrap_or_default());
    });
    let of = side.map(|i| format!(", {}", untrack(|| page.side_name(i)))).unwrap_or_default();
    let name = format!("What the nodes hold: {}{of}", key.replace('-', " "));
    let word = key.replace('-', " ");
    let none = format!("Nothing stands under “{word}” at this moment.");
    plate.view(page, name, Some((nothing.into(), none)))
}
