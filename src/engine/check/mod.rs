//! Judging what was done: histories of client operations against consistency models.

pub mod history;
