//! A link or a text that cannot be opened: what is wrong, what to do, and a way on. Nothing of it is lost.

use crate::app::lay::{Kept, Perhaps, effect};
use engine::protocols;
use leptos::prelude::*;

use super::inspector::Editor;
use super::page::{Page, View};

#[component]
pub fn Card() -> impl IntoView {
    let page = expect_context::<Page>();
    let problem =
        page.view.with_untracked(|v| if let View::Wrong(p) = v { Some(p.clone()) } else { None });
    let Some(p) = problem else { return ().into_any() };
    let heading = NodeRef::<leptos::html::H2>::new();
    effect(move || {
        if let Some(h) = heading.get() {
            let _ = h.focus();
        }
    });
    let near = p.near.clone().map(|n| {
        let href = format!("#{n}");
        view! { <a class="button primary" href=href>"Open "{n}</a> }
    });
    let first =
        protocols::CATALOGUE.first().map(|b| (format!("#{}/{}", b.id, b.first), b.sign().title));
    let on = first
        .map(|(href, title)| view! { <a class="button" href=href>"Open "{title}</a> })
        .perhaps();
    let kept = (!p.link.is_empty()).then(|| {
        let link = p.link.clone();
        view! { <p class="link"><input class="mono" readonly aria-label="The link as it came" prop:value=link/></p> }
    });
    let editor = p.text.clone().map(|t| {
        let t = t.to_string();
        let text = Kept::new(move || t.clone());
        view! { <Editor text=text first=p.faults.clone()/> }
    });
    view! {
        <section class="wrong">
            <h2 node_ref=heading tabindex="-1">{p.title.clone()}</h2>
            <p>{p.says.clone()}</p>
            <p>{p.todo.clone()}</p>
            {kept}
            <p class="row">
                {near}
                {on}
                <button type="button" on:click=move |_| page.rail.set(true)>"Open the catalogue"</button>
            </p>
            {editor}
        </section>
    }
    .into_any()
}
