//! A cut across the lanes: whether it is consistent, which message makes it not, and what is in its channels.

use crate::app::lay::{Kept, Rows, when};
use engine::ids::*;
use engine::scene::Pick;
use engine::trace::inquiry::{Break, Cut};
use leptos::prelude::*;

use crate::app::inquiry::{self, judged};
use crate::app::page::Page;

/// Breaking messages in the list, at most.
const MOST: usize = 20;

#[component]
pub fn CutPart() -> impl IntoView {
    let page = expect_context::<Page>();
    let judged = judged(page);
    let says = Kept::new(move || judged.with(|j| j.as_ref().map(|j| j.1.says.clone())));
    let breaks = Kept::new(move || {
        let first = |b: &[Break]| b.iter().take(MOST).map(|b| (b.m, b.says.clone())).collect();
        judged.with(|j| j.as_ref().map_or(vec![], |j| first(&j.1.breaks)))
    });
    let broken = move || breaks.with(|b| !b.is_empty());
    let item = move |(m, says): (MsgId, String)| {
        view! {
            <li><button type="button" class="plain link" on:click=move |_| page.select(Pick::Message(m))><span>{says}</span></button></li>
        }
    };
    let inner = move |_| {
        let inner = judged.with(|j| j.as_ref().map(|j| j.1.inner.clone()));
        inquiry::lay_cut(page, |_, _| inner);
    };
    let past = move |_| {
        let (count, pick) = (page.count.get_untracked(), page.pick.get_untracked());
        inquiry::lay_cut(page, |run, index| {
            let e = inquiry::subject(run, count, pick)?;
            Some(Cut::past(run, &index.causality, e))
        });
    };
    let straight = move |_| {
        let now = page.head.get_untracked().at;
        inquiry::lay_cut(page, |run, index| Some(Cut::at(run, &index.causality, now)));
    };
    view! {
        <h3>"A cut"</h3>
        {crate::app::lay::either(move || says.with(Option::is_some), move || view! {
            <p class="cut-verdict" class:broken=broken>{move || says.get().unwrap_or_default()}</p>
            <ul class="breaks">{move || breaks.get().into_iter().map(item).rows()}</ul>
            <p class="soft">"Drag its handles in the diagram, or move them with the arrow keys."</p>
            <p class="deeds">
                {when(broken, move || view! {
                    <button type="button" on:click=inner>"Shrink it until it is consistent"</button>
                }.into_any())}
                <button type="button" on:click=straight>"Cut straight at now"</button>
                <button type="button" on:click=past>"Cut behind the past of the event"</button>
                <button type="button" on:click=move |_| inquiry::toggle_cut(page)>"Take the cut away"</button>
            </p>
        }.into_any(), move || view! {
            <p class="soft">"How much of each node's life has happened. A cut is consistent if nothing was received in it that was not sent in it: then the system might have been in that state."</p>
            <p class="deeds"><button type="button" on:click=move |_| inquiry::toggle_cut(page)>"Lay a cut"</button></p>
        }.into_any())}
    }
}
