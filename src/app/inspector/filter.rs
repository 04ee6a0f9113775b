//! What the views show: nodes, kinds of message, heartbeats, local events. What is hidden keeps its causality.

use crate::app::lay::{Kept, Rows, when};
use engine::ids::*;
use engine::run::Run;
use engine::trace::inquiry::Filter;
use leptos::prelude::*;

use crate::app::inquiry;
use crate::app::page::Page;

/// A box to be ticked: what it is, whether it is shown, and the filter after a press.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub name: String,
    pub on: bool,
    pub then: Filter,
    /// The last node stays.
    pub stuck: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    pub nodes: Vec<Choice>,
    pub kinds: Vec<Choice>,
}

pub fn choices(run: &Run, f: Filter) -> Choices {
    let shown = run.cast().all().filter(|n| f.shows_node(*n)).count();
    let node = |n: NodeId| {
        let on = f.shows_node(n);
        Choice { name: run.name(n).into(), on, then: f.node(n, on), stuck: on && shown == 1 }
    };
    let kind = |(i, k): (usize, &engine::card::KindCard)| {
        let on = f.shows_kind(i as u8);
        Choice { name: k.name.into(), on, then: f.kind(i as u8, on), stuck: false }
    };
    let mut kinds: Vec<Choice> = run.entry().kinds.iter().enumerate().take(64).map(kind).collect();
    if f.quiet || run.trace().msgs.iter().any(|m| m.quiet) {
        let then = Filter { quiet: !f.quiet, ..f };
        kinds.push(Choice { name: "heartbeats".into(), on: !f.quiet, then, stuck: false });
    }
    Choices { nodes: run.cast().all().map(node).collect(), kinds }
}

#[component]
pub fn Show() -> impl IntoView {
    let page = expect_context::<Page>();
    let filter = page.inquiry.filter;
    let all = Kept::new(move || {
        let f = filter.get();
        page.count_slow.track();
        page.with_run(|run| choices(run, f)).unwrap_or_default()
    });
    let nodes = Kept::new(move || all.with(|a| a.nodes.len()));
    let kinds = Kept::new(move || all.with(|a| a.kinds.len()));
    let of = move |node: bool, i: usize| {
        all.with(|a| if node { a.nodes.get(i).cloned() } else { a.kinds.get(i).cloned() })
    };
    let tick = move |node: bool, i: usize| {
        let one = move || of(node, i);
        let name = one().map(|c| c.name).unwrap_or_default();
        let press = move |_| {
            if let Some(c) = untrack(one) {
                inquiry::sift(page, c.then);
            }
        };
        view! {
            <label><input type="checkbox" prop:checked=move || one().is_some_and(|c| c.on) disabled=move || one().is_some_and(|c| c.stuck) on:change=press/>{name}</label>
        }
    };
    let local = move |ev| {
        let local = event_target_checked(&ev);
        inquiry::sift(page, Filter { local, ..filter.get_untracked() });
    };
    let open = Kept::new(move || filter.with(Filter::is_open));
    view! {
        <details class="show">
            <summary>"Show"</summary>
            <fieldset><legend>"Nodes"</legend>{move || (0..nodes.get()).map(|i| tick(true, i)).rows()}</fieldset>
            <fieldset><legend>"Messages"</legend>{move || (0..kinds.get()).map(|i| tick(false, i)).rows()}</fieldset>
            <label><input type="checkbox" prop:checked=move || filter.with(|f| f.local) on:change=local/>"Collapse local events"</label>
            {when(move || !open.get(), move || view! {
                <p class="row"><button type="button" on:click=move |_| inquiry::sift(page, Filter::default())>"Show everything"</button></p>
            }.into_any())}
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::protocols;

    #[test]
    fn the_last_node_cannot_be_hidden_and_heartbeats_are_offered_where_there_are_any() {
        let text = "lamplight 1\nrun raft nodes=3 seed=1\nuntil 1s\n";
        let s = engine::scenario::parse(text, &protocols::entries()).expect("it is a scenario");
        let Ok(mut run) = protocols::open(s) else { panic!("it does not run") };
        // Three servers and a client.
        let hide = |f: Filter, n| f.node(NodeId(n), true);
        let f = [0, 1, 2].into_iter().fold(Filter::default(), hide);
        let c = choices(&run, f);
        let left: Vec<bool> = c.nodes.iter().map(|c| c.on && c.stuck).collect();
        assert_eq!(left, [false, false, false, true]);
        assert_eq!(c.nodes[0].then, f.node(NodeId(0), false));
        assert!(c.kinds.iter().all(|k| k.name != "heartbeats"));
        run.advance(1_000_000, u32::MAX);
        let c = choices(&run, Filter::default());
        assert!(c.kinds.last().is_some_and(|k| k.name == "heartbeats" && k.then.quiet));
    }
}
