//! The tree of branches under the scrubber: each begins where it leaves the one above it. One is in view; each
//! can be looked at, named and deleted, and up to three held against it.

use crate::app::lay::{Kept, Perhaps};
use engine::ids::*;
use leptos::prelude::*;

use super::page::{BESIDE, Page};
use super::tree::Row;
use super::{dom, words};

/// How far along the track something is.
fn share(at: Us, end: Us) -> String {
    let parts = at.min(end) * 10_000 / end.max(1);
    format!("{}.{:02}%", parts / 100, parts % 100)
}

#[component]
pub fn Branches(end: Kept<Us>) -> impl IntoView {
    let page = expect_context::<Page>();
    let rows = Kept::new(move || page.tree.with(|t| t.rows()));
    let naming = RwSignal::new(None::<u32>);
    view! {
        <ul class="branches" aria-label="Branches of this run">
            // A line that has changed is another one: the focus in it goes to the branch in view.
            <For each=move || rows.get() key=|r| (r.id, r.name.clone(), r.fork, r.now, r.up) children=move |row| view! { <Line row=row end=end naming=naming/> }/>
        </ul>
    }
}

#[component]
fn Line(row: Row, end: Kept<Us>, naming: RwSignal<Option<u32>>) -> impl IntoView {
    let page = expect_context::<Page>();
    let Row { id, name, fork, now, first, up } = row;
    let held = move || page.is_held(id);
    let compare = move |_| page.hold(id, !untrack(held));
    // Where the runs of the text take all the room none can come beside them.
    let room = move || page.loaded().is_none_or(|l| l.sides.len() < BESIDE) || held();
    let rename = move |_| {
        naming.set(Some(id));
        dom::rendered(|| dom::focus_all(".branches input"));
    };
    let since = if first { String::new() } else { format!(", since {}", words::clock(fork)) };
    let says = format!("{name}{since}");
    let deeds = {
        let name = name.clone();
        view! {
            {(!now).then(|| view! {
                <button type="button" class="plain small" hidden=move || !room() aria-pressed=move || held().to_string() aria-label=format!("compare with {name}") on:click=compare>"compare"</button>
            }).perhaps()}
            <button type="button" class="plain small" aria-label=format!("rename {name}") on:click=rename>"name"</button>
            {(!first).then(|| view! {
                <button type="button" class="plain small" aria-label=format!("delete {name}") on:click=move |_| page.delete_branch(id)>"delete"</button>
            }).perhaps()}
        }
    };
    let label = name.clone();
    view! {
        <li class="branch" data-now=now.then_some("true") style:--from=move || share(fork, end.get()) style:--up=up.to_string()>
            {move || if naming.get() == Some(id) {
                view! { <Name id=id name=name.clone() naming=naming/> }.into_any()
            } else {
                view! {
                    <button type="button" class="plain small twig" aria-current=now.then_some("true") aria-label=says.clone() on:click=move |_| page.switch(id)>{label.clone()}</button>
                }.into_any()
            }}
            {deeds}
        </li>
    }
}

#[component]
fn Name(id: u32, name: String, naming: RwSignal<Option<u32>>) -> impl IntoView {
    let page = expect_context::<Page>();
    let value = RwSignal::new(name);
    // Who clicks elsewhere means what is written; Escape alone throws it away, and takes the field before it is left.
    let keep = move || {
        if naming.get_untracked() == Some(id) {
            naming.set(None);
            page.rename_branch(id, &value.get_untracked());
        }
    };
    let done = move |ev: web_sys::SubmitEvent| {
        ev.prevent_default();
        keep();
        dom::rendered(|| dom::focus(".branches [aria-current]"));
    };
    let keys = move |ev: web_sys::KeyboardEvent| {
        ev.stop_propagation();
        if ev.key() == "Escape" {
            naming.set(None);
        }
    };
    view! {
        <form class="ask" on:submit=done on:keydown=keys>
            <input type="text" aria-label="Name of the branch" maxlength="60" autocomplete="off" prop:value=move || value.get()
                on:input=move |ev| value.set(event_target_value(&ev)) on:blur=move |_| keep()/>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_begins_where_it_forks() {
        assert_eq!(share(SEC, 4 * SEC), "25.00%");
        assert_eq!(share(9 * SEC, 4 * SEC), "100.00%");
        assert_eq!(share(0, 0), "0.00%");
    }
}
