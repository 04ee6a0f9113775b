//! The few icons, as paths in a box of 16.

use leptos::prelude::*;

fn icon(d: &'static str) -> impl IntoView {
    view! { <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=d/></svg> }
}

pub fn play() -> impl IntoView {
    icon("M4 2.2v11.6a.6.6 0 0 0 .9.5l9.3-5.8a.6.6 0 0 0 0-1L4.9 1.7a.6.6 0 0 0-.9.5z")
}
pub fn pause() -> impl IntoView {
    icon("M3.5 2h3v12h-3zM9.5 2h3v12h-3z")
}
pub fn back() -> impl IntoView {
    icon("M11.5 3.2v9.6a.4.4 0 0 1-.6.3L3.8 8.4a.5.5 0 0 1 0-.8l7.1-4.7a.4.4 0 0 1 .6.3z")
}
pub fn forward() -> impl IntoView {
    icon("M4.5 3.2v9.6a.4.4 0 0 0 .6.3l7.1-4.7a.5.5 0 0 0 0-.8L5.1 2.9a.4.4 0 0 0-.6.3z")
}
pub fn home() -> impl IntoView {
    icon(
        "M2 3h1.6v10H2zM13 3.2v9.6a.4.4 0 0 1-.6.3L5.3 8.4a.5.5 0 0 1 0-.8l7.1-4.7a.4.4 0 0 1 .6.3z",
    )
}
pub fn end() -> impl IntoView {
    icon(
        "M14 3h-1.6v10H14zM3 3.2v9.6a.4.4 0 0 0 .6.3l7.1-4.7a.5.5 0 0 0 0-.8L3.6 2.9a.4.4 0 0 0-.6.3z",
    )
}
pub fn theme() -> impl IntoView {
    icon("M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 1.5v10a5 5 0 0 1 0-10z")
}
pub fn menu() -> impl IntoView {
    icon("M2 3.5h12V5H2zm0 3.75h12v1.5H2zM2 11h12v1.5H2z")
}
pub fn whole() -> impl IntoView {
    icon("M1 3h1.5v10H1zm12.5 0H15v10h-1.5zM6 4.5 3 8l3 3.5V9h4v2.500L13 8l-3-3.500V7H6z")
}
pub fn follow() -> impl IntoView {
    icon("M10.500 2H12v12h-1.500zM2 5l6 3-6 3z")
}
