//! The inspector: what is selected, why it came to be, what is claimed, the text, and the run as a list.

mod claims;
mod cut;
mod edge;
mod events;
mod exhibits;
mod filter;
mod find;
mod inspect;
mod lesson;
mod settings;
mod text;
mod why;

pub use text::Editor;

use crate::app::lay::{Kept, Rows, effect};
use leptos::prelude::*;

use super::keys::TABS;
use super::page::{Page, Tab};

fn tab_id(tab: Tab) -> String {
    format!("tab-{}", tab.word().to_ascii_lowercase())
}

/// The tab beside this one; a row of tabs has no ends.
fn beside(tab: Tab, all: &[Tab], by: isize) -> Tab {
    let at = all.iter().position(|t| *t == tab).unwrap_or(0) as isize;
    all[(at + by).rem_euclid(all.len() as isize) as usize]
}

#[component]
pub fn Inspector() -> impl IntoView {
    let page = expect_context::<Page>();
    let phone = page.phone;
    let all = Kept::new(move || {
        let messages = phone.get().then_some(Tab::Messages);
        messages.into_iter().chain(TABS.iter().copied()).collect::<Vec<_>>()
    });
    let keys = move |ev: web_sys::KeyboardEvent| {
        let all = all.get_untracked();
        let to = match ev.key().as_str() {
            "ArrowRight" => beside(page.tab.get_untracked(), &all, 1),
            "ArrowLeft" => beside(page.tab.get_untracked(), &all, -1),
            "Home" => all[0],
            "End" => all[all.len() - 1],
            _ => return,
        };
        ev.prevent_default();
        page.tab.set(to);
        super::dom::focus(&format!("#{}", tab_id(to)));
    };
    let tab = move |t: Tab| {
        let mine = move || page.tab.get() == t;
        view! {
            <button type="button" role="tab" class="tab" id=tab_id(t) data-word=t.word() aria-controls="panel"
                aria-selected=move || mine().to_string() tabindex=move || if mine() { "0" } else { "-1" }
                on:click=move |_| page.tab.set(t)>{t.word()}</button>
        }
    };
    let body = move || match page.tab.get() {
        Tab::Messages => ().into_any(),
        Tab::Inspect => view! { <inspect::Inspect/> }.into_any(),
        Tab::Why => view! { <why::Why/> }.into_any(),
        Tab::Claims => view! { <claims::Claims/> }.into_any(),
        Tab::Scenario => view! { <text::Text/> }.into_any(),
        Tab::Events => view! { <events::Events/> }.into_any(),
        Tab::Lesson => view! { <lesson::Lesson/> }.into_any(),
    };
    // Another tab is read from its beginning.
    let panel = NodeRef::<leptos::html::Div>::new();
    effect(move || {
        page.tab.track();
        if let Some(panel) = panel.get_untracked() {
            panel.set_scroll_top(0);
        }
    });
    view! {
        <aside class="inspector" aria-label="Inspector">
            <div class="tabs" role="tablist" aria-label="Inspector" on:keydown=keys>
                {move || all.get().into_iter().map(tab).rows()}
            </div>
            <div class="panel" id="panel" node_ref=panel role="tabpanel" tabindex="0" aria-labelledby=move || tab_id(page.tab.get())>
                <settings::Mistakes/>
                {body}
            </div>
            <edge::Edge/>
        </aside>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_go_round() {
        assert_eq!(beside(Tab::Inspect, TABS, -1), Tab::Lesson);
        assert_eq!(beside(Tab::Lesson, TABS, 1), Tab::Inspect);
        assert_eq!(beside(Tab::Why, TABS, 1), Tab::Claims);
    }
}
