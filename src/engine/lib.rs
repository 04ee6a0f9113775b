//! Lamplight's engine: distributed systems, run.
//!
//! ```text
//!   scenario ───▶ world ───▶ trace ───▶ scene
//!   (text)        (runs it)  (what       (pure
//!                            happened)    geometry)
//! ```

pub mod card;
pub mod check;
pub mod hash;
pub mod ids;
pub mod protocols;
pub mod scenario;
pub mod tree;
pub mod value;
