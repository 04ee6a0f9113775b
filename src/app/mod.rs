//! The application: what the reader sees and presses. It holds a run of the engine and never names a protocol.

pub mod panic;

use leptos::prelude::*;

/// Takes the static text out of the page and puts the application there.
pub fn mount() {
    if let Some(text) = document().get_element_by_id("static") {
        text.remove();
    }
    leptos::mount::mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    if asked_to_panic() {
        panic!("asked to, by ?panic=1");
    }
    view! {
        <div class="page">
            <header class="header">
                <p class="name">"Lamp"<b>"light"</b></p>
            </header>
            <main class="stage">
                <h1 class="title">"A page on which distributed systems run"</h1>
            </main>
        </div>
    }
}

/// `?panic=1` breaks the page on purpose: the card that follows is tested, and can be seen.
fn asked_to_panic() -> bool {
    let query = window().location().search().unwrap_or_default();
    web_sys::UrlSearchParams::new_with_str(&query)
        .is_ok_and(|q| q.get("panic").as_deref() == Some("1"))
}
