//! What a text's words may mean: the entry it runs, the nodes of its cast, and their labels.
//!
//! Without an entry (it is unknown, or only the syntax is wanted) every word of the right shape is
//! believed, so that mistakes of grammar are still found.

use super::ast::Who;
use crate::card::{Count, Entry, OpCard, Role};
use crate::value::Value;

#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub entry: Option<&'static Entry>,
    /// The cast in its order.
    pub nodes: Vec<(String, &'static Role)>,
    /// Label and the node it is of.
    pub labels: Vec<(String, String)>,
}

/// Words for a node in a lead, where an entry has no card to say so.
pub(super) const LEADS: &[&str] = &["leader", "primary", "coordinator"];

impl Known {
    /// The cast of `entry` with these parameters, and how many nodes it has.
    pub fn cast(entry: &'static Entry, params: &[(String, Value)]) -> (Known, usize) {
        let sizes = entry.roles.iter().map(|r| (r, size(r.count, params)));
        let total = sizes.clone().map(|(_, n)| n).sum();
        let nodes = sizes.flat_map(|(r, n)| members(r, n.min(super::terms::NODES_MAX)));
        (Known { entry: Some(entry), nodes: nodes.collect(), labels: vec![] }, total)
    }

    /// The node a word names, by its name or its label.
    pub fn node(&self, word: &str) -> Option<&str> {
        let own = self.nodes.iter().map(|(name, _)| name).find(|name| *name == word);
        let label = || self.labels.iter().find(|(l, _)| l == word).map(|(_, node)| node);
        own.or_else(label).map(String::as_str)
    }

    pub fn role_of(&self, node: &str) -> Option<&'static Role> {
        self.nodes.iter().find(|(name, _)| name == node).map(|(_, role)| *role)
    }

    /// Role and state words, each once.
    pub fn role_words(&self) -> Vec<&'static str> {
        let Some(entry) = self.entry else { return LEADS.to_vec() };
        let mut words: Vec<&str> = vec![];
        for role in entry.roles {
            for word in std::iter::once(&role.name).chain(role.states) {
                if !words.contains(word) {
                    words.push(word);
                }
            }
        }
        words
    }

    /// A node if the word names one, else a role or state word.
    pub fn who(&self, word: &str) -> Option<Who> {
        if let Some(node) = self.node(word) {
            return Some(Who::Node(node.to_string()));
        }
        if self.role_words().contains(&word) {
            return Some(Who::Role(word.to_string()));
        }
        (self.entry.is_none() && is_word(word)).then(|| Who::Node(word.to_string()))
    }

    /// Words that may stand where a node belongs.
    pub fn who_words(&self) -> Vec<&str> {
        let names = self.nodes.iter().map(|(n, _)| n.as_str());
        names.chain(self.labels.iter().map(|(l, _)| l.as_str())).chain(self.role_words()).collect()
    }

    /// The cast in few words: `n1 … n5, c1`.
    pub fn cast_words(&self) -> String {
        let Some(entry) = self.entry else { return String::new() };
        let parts = entry.roles.iter().filter_map(|r| self.members_words(r));
        parts.collect::<Vec<_>>().join(", ")
    }

    fn members_words(&self, role: &Role) -> Option<String> {
        let mut of = self.nodes.iter().filter(|(_, r)| r.name == role.name).map(|(n, _)| n);
        let first = of.next()?;
        let last = of.next_back();
        Some(last.map_or_else(|| first.clone(), |last| format!("{first} to {last}")))
    }

    /// The card of an operation: the one for `node`'s role, if several share the word.
    pub fn op(&self, word: &str, node: Option<&str>) -> Option<&'static OpCard> {
        let role = node.and_then(|n| self.role_of(n)).map(|r| r.name);
        let mut cards = self.entry?.ops.iter().filter(|o| o.verb.word() == word);
        let first = cards.clone().next();
        cards.find(|o| role.is_some_and(|r| takes(o, r))).or(first)
    }
}

/// Whether nodes of this role take the operation.
pub(super) fn takes(op: &OpCard, role: &str) -> bool {
    op.role.split([' ', ',', '|']).any(|r| r == role)
}

/// Least and most arguments of an operation.
pub(super) fn arity(op: &OpCard) -> (usize, usize) {
    let needed = op.args.iter().filter(|a| !a.ends_with(['?', '*'])).count();
    let many = op.args.iter().any(|a| a.ends_with('*'));
    (needed, if many { usize::MAX } else { op.args.len() })
}

fn size(count: Count, params: &[(String, Value)]) -> usize {
    let given = |name| params.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.as_int());
    match count {
        Count::One => 1,
        Count::Fixed(n) => n.into(),
        Count::Param(name) => given(name).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
    }
}

fn members(role: &'static Role, n: usize) -> impl Iterator<Item = (String, &'static Role)> {
    let first = usize::from(role.first);
    let name = move |i: usize| match role.count {
        Count::One => role.prefix.to_string(),
        _ => format!("{}{}", role.prefix, first + i),
    };
    (0..n).map(move |i| (name(i), role))
}

/// The shape of a lower-case word: letters, digits and hyphens.
pub(super) fn is_word(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && word.chars().all(fits)
}

/// The shape of a kind or a claim: `AppendEntries`, `AC1`.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_alphanumeric())
}
