//! The entries of the catalogue, a folder each.

pub mod consistent_hashing;
