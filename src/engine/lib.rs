//! Lamplight's engine: distributed systems, run.
//!
//! ```text
//!   scenario ───▶ world ───▶ trace ───▶ scene
//!   (text)        (runs it)  (what       (pure
//!                            happened)    geometry)
//! ```

pub mod card;
pub mod check;
pub mod few;
pub mod hash;
pub mod ids;
pub mod num;
pub mod protocol;
pub mod protocols;
pub mod run;
pub mod scenario;
pub mod scene;
pub mod seq;
pub mod show;
pub mod stage;
pub mod stir;
pub mod sweep;
pub mod together;
pub mod trace;
pub mod tree;
pub mod value;
pub mod world;
