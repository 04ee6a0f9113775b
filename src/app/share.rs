//! The link: copied on one press, or shown where the browser allows no clipboard.

use crate::app::lay::effect;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::dom;
use super::page::{Notice, Page, Sheet};

/// Longer than this, some chat programs and mail cut it.
const LONG: usize = 2_000;

pub fn copy_link(page: Page) {
    let Ok(url) = page.link() else {
        page.notice.set(Some(Notice {
            says: "This scenario is too long for a link: copy its text instead.".into(),
            undo: false,
            serious: true,
        }));
        return;
    };
    // What stands beside it is of this reader's tree, and no link carries a tree.
    let beside = if page.against.with_untracked(Vec::is_empty) {
        ""
    } else {
        " The branches held beside it are not in the link."
    };
    spawn_local(async move {
        if dom::copy(&url).await {
            let says = if url.len() > LONG {
                format!(
                    "Link copied. It has {} characters: some programs cut links that long.",
                    url.len()
                )
            } else {
                format!("Link copied: whoever opens it sees this run at this moment.{beside}")
            };
            page.said.set(says.clone());
            page.notice.set(Some(Notice { says, undo: false, serious: false }));
        } else {
            page.sheet.set(Some(Sheet::Share));
        }
    });
}

#[component]
pub fn ShareSheet() -> impl IntoView {
    let page = expect_context::<Page>();
    let url = page.link().unwrap_or_default();
    let field = NodeRef::<leptos::html::Input>::new();
    effect(move || {
        if let Some(f) = field.get() {
            f.select();
        }
    });
    view! {
        <h2>"The link of this run"</h2>
        <p>"The browser does not let this page write to the clipboard: copy it by hand."</p>
        <input class="mono" readonly aria-label="Link to this run" node_ref=field prop:value=url/>
        <div class="actions"><button type="button" on:click=move |_| page.sheet.set(None)>"Close"</button></div>
    }
}
