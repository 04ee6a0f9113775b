//! The scenario language: text in, a checked [`ast::Scenario`] out, and back.
//!
//! ```text
//!   text ──lex──▶ words ──read──▶ Scenario ──print──▶ canonical text
//!    ▲                 │   by the tables of terms,          │
//!    │                 ▼   settings, steps, facts, expects  ▼
//!   edit, tidy       Fault { place, code, message, hint }   link
//! ```
//!
//! A text is read line by line; every mistake in it is found at once. What a line may say is kept in
//! tables, and the reference page is made from those tables. Nothing here panics, whatever the bytes.

pub mod ast;
mod base64url;
mod cards;
mod complete;
pub mod edit;
mod expects;
mod facts;
pub mod fault;
mod highlight;
mod known;
mod lex;
pub mod link;
mod num;
mod print;
mod read;
pub mod reference;
mod runs;
mod settings;
mod steps;
mod sweep;
pub mod terms;
mod tidy;

pub use ast::Scenario;
pub use cards::{RESERVED, card_faults};
pub use complete::{Completion, complete, range, word_at};
pub use fault::Fault;
pub use highlight::{Kind, Piece, highlight};
pub use num::print_law as law;
pub use print::{act, act_named, canonical, sought, sweep as sweep_line, what as expectation};
pub use read::Shelf;
pub use reference::reference;
pub use tidy::tidy;

use crate::card::Entry;

/// Read a text and check it against the entry it runs. All mistakes at once, in text order.
pub fn parse(text: &str, entries: &[&'static Entry]) -> Result<Scenario, Vec<Fault>> {
    read::read(text, Some(&entries))
}

/// The same, with cards that are taken up one by one.
pub fn parse_among(text: &str, shelf: &dyn Shelf) -> Result<Scenario, Vec<Fault>> {
    read::read(text, Some(shelf))
}

/// Read a text for its grammar alone: words that only a protocol's card knows are believed.
pub fn skim(text: &str) -> Result<Scenario, Vec<Fault>> {
    read::read(text, None)
}

/// Read one length of time, as a command line or a link gives it.
pub fn time(word: &str) -> Result<crate::ids::Us, String> {
    num::time(word).map_err(|bad| bad.message)
}
