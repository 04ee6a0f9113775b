//! Over the diagram: what is hidden, and what the cut is, in a line each, with the way back.

use crate::app::lay::{Kept, when};
use engine::trace::inquiry::Filter;
use leptos::prelude::*;

use crate::app::inquiry;
use crate::app::page::Page;

#[component]
pub fn Asked() -> impl IntoView {
    let page = expect_context::<Page>();
    let hidden = Kept::new(move || {
        let f = page.inquiry.filter.get();
        page.with_run(|run| inquiry::left_out(run, &f)).unwrap_or_default()
    });
    let judged = inquiry::judged(page);
    inquiry::announce(page, judged);
    let cut = Kept::new(move || {
        judged.with(|j| j.as_ref().map(|j| (inquiry::verdict(&j.1), !j.1.is_consistent())))
    });
    let broken = move || cut.with(|c| c.as_ref().is_some_and(|c| c.1));
    let some_hidden = move || hidden.with(|h| !h.is_empty());
    view! {
        {when(move || some_hidden() || cut.with(Option::is_some), move || view! {
            <div class="asked">
                {when(some_hidden, move || view! {
                    <p>{move || hidden.get()}" "<button type="button" class="small wide" on:click=move |_| inquiry::sift(page, Filter::default())>"Show all"</button></p>
                }.into_any())}
                {when(move || cut.with(Option::is_some), move || view! {
                    <p class="cut-verdict" class:broken=broken>{move || cut.get().map(|c| c.0)}</p>
                }.into_any())}
            </div>
        }.into_any())}
    }
}
