//! The scenario language: text in, a checked [`ast::Scenario`] out, and back.

pub mod ast;
