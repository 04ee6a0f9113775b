//! Parting the network: which node stands on which side, chosen node by node or by a line across the drawing.

use crate::app::lay::{Kept, Rows};
use engine::run::Run;
use leptos::prelude::*;

use super::id;
use crate::app::page::{Page, Pick};

/// What the sides are called; one more is offered than are in use.
const WORDS: [&str; 6] = ["one side", "other side", "third", "fourth", "fifth", "sixth"];
/// Of a node on no side: it keeps all its links.
const FREE: u8 = u8::MAX;

/// How many sides are offered: as many as could be of use.
fn offered(sides: &[u8]) -> usize {
    let used = sides.iter().filter(|s| **s != FREE).max().map_or(0, |s| usize::from(*s) + 1);
    (used + 1).max(3).min(sides.len().max(2)).min(WORDS.len())
}

/// `partition n1 n2 | n3 n4 n5` from the side each node was given; None while there is only one side.
pub fn partition(run: &Run, sides: &[u8]) -> Option<String> {
    let side = |s: u8| -> Vec<&str> {
        run.cast().all().filter(|n| sides.get(n.index()) == Some(&s)).map(|n| id(run, n)).collect()
    };
    let groups: Vec<String> =
        (0..WORDS.len() as u8).map(side).filter(|g| !g.is_empty()).map(|g| g.join(" ")).collect();
    (groups.len() > 1).then(|| format!("partition {}", groups.join(" | ")))
}

/// On which side of the line through two points each node stands: 0 or 1. On the line counts as the first side. A line
/// is as long as the drawing: where it was begun and where it was let go does not matter.
pub fn sides(from: (f32, f32), to: (f32, f32), nodes: &[(f32, f32)]) -> Vec<u8> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let side = |p: &(f32, f32)| u8::from(dx * (p.1 - from.1) - dy * (p.0 - from.0) < 0.0);
    nodes.iter().map(side).collect()
}

/// Shorter than this it is no line, but a press of the button.
const SHORT: f32 = 12.0;

pub fn is_line(from: (f32, f32), to: (f32, f32)) -> bool {
    (to.0 - from.0).hypot(to.1 - from.1) >= SHORT
}

/// Which node stands on which side.
#[component]
pub fn PartitionSheet() -> impl IntoView {
    let page = expect_context::<Page>();
    page.freeze();
    let names: Vec<String> = page
        .with_run_now(|run| run.cast().all().map(|n| run.name(n).to_string()).collect())
        .unwrap_or_default();
    let sides = RwSignal::new(vec![0u8; names.len()]);
    if let Pick::Node(n) = page.pick.get_untracked() {
        sides.update(|s| s[n.index()] = 1);
    }
    let act =
        Kept::new(move || page.with_run_now(|run| sides.with(|s| partition(run, s))).flatten());
    let offer = Kept::new(move || sides.with(|s| offered(s)));
    let go = move |_| {
        if let Some(act) = act.get_untracked() {
            page.sheet.set(None);
            page.do_act(&act);
        }
    };
    let row = move |(i, name): (usize, String)| {
        let choice = move |side: u8, word: &'static str| {
            view! {
                <label>
                    <input type="radio" name=format!("side-{i}") checked=sides.with_untracked(|s| s[i] == side)
                        on:change=move |_| sides.update(|s| s[i] = side)/>
                    {word}
                </label>
            }
        };
        view! {
            <fieldset class="sides">
                <legend>{name}</legend>
                <For each=move || 0..offer.get() key=|k| *k children=move |k| choice(k as u8, WORDS[k])/>
                {choice(FREE, "every side")}
            </fieldset>
        }
    };
    view! {
        <h2>"Partition the network"</h2>
        <p class="soft">"Messages pass within a side, and are lost between sides, until the network is healed. Who is on every side keeps all its links."</p>
        <p><button type="button" on:click=move |_| draw(page)>"Draw a line instead"</button></p>
        <div class="side-list">{names.into_iter().enumerate().map(row).rows()}</div>
        <p class="mono">{move || act.get().unwrap_or_else(|| "Put at least one node on another side.".into())}</p>
        <div class="actions">
            <button type="button" on:click=move |_| page.sheet.set(None)>"Cancel"</button>
            <button type="button" class="primary" disabled=move || act.get().is_none() on:click=go>"Cut the network"</button>
        </div>
    }
}

/// Let a line be drawn across the stage.
pub fn draw(page: Page) {
    page.sheet.set(None);
    page.drawing.set(true);
    page.said.set("Drag a line between the nodes. Escape leaves it.".into());
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TRIANGLE, run};
    use super::*;
    use engine::ids::MS;

    #[test]
    fn a_line_has_two_sides() {
        let nodes = [(0.0, 0.0), (10.0, 0.0), (20.0, 0.0), (10.0, 9.0)];
        assert_eq!(sides((5.0, -5.0), (5.0, -4.0), &nodes), [0, 1, 1, 1]);
        assert_eq!(sides((5.0, -4.0), (5.0, -5.0), &nodes), [1, 0, 0, 0]);
        assert_eq!(sides((0.0, 5.0), (9.0, 5.0), &nodes), [1, 1, 1, 0]);
        assert_eq!(sides((0.0, 50.0), (9.0, 50.0), &nodes), [1, 1, 1, 1]);
    }

    #[test]
    fn a_press_is_no_line() {
        assert!(!is_line((3.0, 3.0), (8.0, 3.0)));
        assert!(is_line((3.0, 3.0), (3.0, 30.0)));
    }

    #[test]
    fn sides_are_groups_of_the_text() {
        let (run, _) = run(TRIANGLE, MS);
        assert_eq!(partition(&run, &[0, 1, 1]).as_deref(), Some("partition n1 | n2 n3"));
        assert_eq!(partition(&run, &[2, 0, 1]).as_deref(), Some("partition n2 | n3 | n1"));
        assert_eq!(partition(&run, &[1, 1, 1]), None);
        assert_eq!(partition(&run, &[0, FREE, 4]).as_deref(), Some("partition n1 | n3"));
        assert_eq!(partition(&run, &[0, FREE, 0]), None);
    }

    #[test]
    fn one_side_more_is_offered_than_is_used() {
        assert_eq!([offered(&[0, 0, 0, 0, 0]), offered(&[0, 2, FREE, 1, 0])], [3, 4]);
        assert_eq!([offered(&[0, 0]), offered(&[0, 1, 2])], [2, 3]);
        assert_eq!(offered(&[5, 0, 1, 2, 3, 4, 0]), WORDS.len());
    }
}
