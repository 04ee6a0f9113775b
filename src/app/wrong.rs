//! A link or a text that cannot be opened: what is wrong, what to do, and a way on. Nothing of it is lost.

use crate::app::lay::{Kept, Perhaps, effect};
use engine::protocols;
use leptos::prelude::*;

use super::inspector::Editor;
use super::page::{Page, Problem, View};
use super::words;

/// What to open instead: the entry that the link or its text names, else the one that comes first to everybody.
fn way_on(p: &Problem) -> Option<&'static protocols::Bill> {
    let find = |id: &str| protocols::CATALOGUE.iter().find(|b| b.id == id);
    let head = |s: &str| {
        find(
            s.trim_start_matches('#')
                .trim_start_matches("s1.")
                .split(['/', '&'])
                .next()
                .unwrap_or_default(),
        )
    };
    let runs = |text: &str| {
        text.lines().find_map(|l| find(l.trim().strip_prefix("run ")?.split_whitespace().next()?))
    };
    head(&p.link)
        .or_else(|| p.near.as_deref().and_then(head))
        .or_else(|| p.text.as_deref().and_then(runs))
        .or_else(|| find(protocols::FIRST.0))
}

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
    let first = way_on(&p).map(|b| (format!("#{}/{}", b.id, b.first), b.sign().title));
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
            <p>{words::quoted(&p.says)}</p>
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_is_near_to_what_was_asked_for() {
        let on = |link: &str, near: Option<&str>, text: Option<&str>| {
            let (near, text) = (near.map(String::from), text.map(Into::into));
            way_on(&Problem { link: link.into(), near, text, ..Problem::default() }).map(|b| b.id)
        };
        assert_eq!(on("raft/hapy&t=5ms", None, None), Some("raft"));
        assert_eq!(on("s1.raft/happy&t=1", None, None), Some("raft"));
        assert_eq!(on("rafd/happy", Some("raft/happy"), None), Some("raft"));
        let text = "lamplight 1\nrun vector-clocks nodes=3\nat 0ms n1 tel n2\n";
        assert_eq!(on("z1.AAAA", None, Some(text)), Some("vector-clocks"));
        assert_eq!(on("q7.AAAA", None, None), Some(protocols::FIRST.0));
    }
}
