//! The page: mounts the application and leaves a card if it ever panics.

mod app;

fn main() {
    app::panic::install();
    app::mount();
}
