//! Consistent hashing: a ring of tokens, and the nodes that serve its arcs.

pub mod balance;
pub mod ring;

#[cfg(test)]
mod ring_tests;
