//! The ring itself: a pure function from a set of members to who owns what. No clock, no messages.
//!
//! ```text
//!            0
//!        n2 ─┬─ n1        a key goes to the first token at or after its hash, clockwise;
//!       ╱    │    ╲       past the last token it goes to the first: the ring closes.
//!     n3   (prev, token]  A token owns the arc behind it, its own point included.
//!       ╲         ╱
//!        n1 ─── n2        each node has V tokens (virtual nodes), so its share is V small arcs
//! ```
//!
//! Sources: Karger et al. 1997; libketama; Envoy's `ring_hash`; DeCandia et al. 2007 §4.2, §4.3.
//! The deliberate mistakes live here too, each behind its flag: whoever checks the ring asks for the
//! faultless one and compares.

use serde::Serialize;

use crate::few::{Nodes, order};
use crate::hash::{Hash, fmix64, md5, md5_word};
use crate::ids::{Hex, NodeId};

/// How tokens and keys get their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// libketama: four points from each MD5 of `{name}-{k}`; a key's place is its MD5's first word.
    Ketama,
    /// One hash of `{name}{separator}{i}` for a token, one of the key for a key.
    Plain(Hash, char),
}

impl Scheme {
    pub fn bits(self) -> u32 {
        match self {
            Scheme::Ketama => 32,
            Scheme::Plain(hash, _) => hash.bits(),
        }
    }

    /// Number of points on the ring.
    pub fn size(self) -> u128 {
        1 << self.bits()
    }

    pub fn place(self, key: &str) -> u64 {
        match self {
            Scheme::Ketama => Hash::Md5.of(key.as_bytes()),
            Scheme::Plain(hash, _) => hash.of(key.as_bytes()),
        }
    }

    fn points(self, name: &str, count: u32) -> Vec<u64> {
        match self {
            Scheme::Ketama => ketama_points(name, count),
            Scheme::Plain(hash, separator) => {
                (0..count).map(|i| hash.of(format!("{name}{separator}{i}").as_bytes())).collect()
            }
        }
    }
}

fn ketama_points(name: &str, count: u32) -> Vec<u64> {
    let group = |k| {
        let digest = md5(format!("{name}-{k}").as_bytes());
        [0, 1, 2, 3].map(|word| u64::from(md5_word(&digest, word)))
    };
    (0..count.div_ceil(4)).flat_map(group).take(count as usize).collect()
}

/// How many tokens a node of some weight places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placing {
    pub scheme: Scheme,
    /// Virtual nodes of a node of weight 1.
    pub vnodes: u32,
    /// libketama's way: a node's tokens depend on everybody's weight, and move when somebody joins.
    pub normalised: bool,
}

/// A member as the ring sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    pub node: NodeId,
    /// What is hashed, such as `10.0.0.1:11211`.
    pub name: String,
    pub weight: u32,
    /// Only the mistake of re-placing tokens makes it other than 0.
    #[serde(skip)]
    pub salt: u64,
}

/// A point on the ring, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Token {
    pub at: Hex,
    pub node: NodeId,
    pub vnode: u32,
}

/// A stretch of the ring that changes hands: `(after, upto]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Arc {
    pub after: Hex,
    pub upto: Hex,
}

/// Deliberate mistakes, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(pub u32);

impl Mistakes {
    pub const NONE: Mistakes = Mistakes(0);
    /// The owner is the first token *after* the hash, not at or after it.
    pub const STRICTLY_GREATER: Mistakes = Mistakes(1);
    /// A hash beyond the last token has no owner.
    pub const NO_WRAP: Mistakes = Mistakes(2);
    /// A hash beyond the last token belongs to the last token.
    pub const CLAMP: Mistakes = Mistakes(4);
    /// Equal tokens go to whoever came first.
    pub const INSERTION_ORDER: Mistakes = Mistakes(8);
    /// Every token is placed anew for every size of the ring.
    pub const LINEAR_REHASH: Mistakes = Mistakes(16);
    /// A preference list takes the next tokens, whosever they are.
    pub const NO_DISTINCT: Mistakes = Mistakes(32);
    /// A preference list is sorted by node.
    pub const BY_NODE_ID: Mistakes = Mistakes(64);
    /// Weights are shares of everybody's weight, libketama's way.
    pub const NORMALISED: Mistakes = Mistakes(128);

    pub fn has(self, one: Mistakes) -> bool {
        self.0 & one.0 != 0
    }
    pub fn and(self, other: Mistakes) -> Mistakes {
        Mistakes(self.0 | other.0)
    }
}

/// Sorted tokens, and the rule that reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    pub scheme: Scheme,
    pub tokens: Vec<Token>,
    mistakes: Mistakes,
}

impl Ring {
    /// The ring of a set of members. Their order matters only to a mistake.
    pub fn of(placing: Placing, members: &[Member], mistakes: Mistakes) -> Ring {
        let total = members.iter().map(|m| u64::from(m.weight)).sum();
        let crowd = Crowd { size: members.len() as u64, weight: total };
        let mut tokens: Vec<(Token, usize)> = vec![];
        for (place, member) in members.iter().enumerate() {
            let new = tokens_of(placing, member, crowd, mistakes);
            tokens.extend(new.into_iter().map(|token| (token, place)));
        }
        let places = order(tokens.len(), &|a, b| {
            let ((a, i), (b, j)) = (&tokens[a], &tokens[b]);
            let tie = match mistakes.has(Mistakes::INSERTION_ORDER) {
                true => i.cmp(j),
                false => members[*i].name.as_bytes().cmp(members[*j].name.as_bytes()),
            };
            a.at.cmp(&b.at).then(tie).then(a.vnode.cmp(&b.vnode))
        });
        let tokens = places.into_iter().map(|place| tokens[place].0).collect();
        Ring { scheme: placing.scheme, tokens, mistakes }
    }

    #[cfg(test)]
    pub fn place(&self, key: &str) -> u64 {
        self.scheme.place(key)
    }

    /// The first token at or after a place, round the end. The only rule of the ring.
    pub fn successor(&self, place: u64) -> Option<usize> {
        let beyond = match self.mistakes.has(Mistakes::STRICTLY_GREATER) {
            true => self.tokens.partition_point(|t| t.at.0 <= place),
            false => self.tokens.partition_point(|t| t.at.0 < place),
        };
        match self.tokens.len() {
            0 => None,
            count if beyond < count => Some(beyond),
            _ if self.mistakes.has(Mistakes::NO_WRAP) => None,
            count if self.mistakes.has(Mistakes::CLAMP) => Some(count - 1),
            _ => Some(0),
        }
    }

    pub fn owner(&self, place: u64) -> Option<NodeId> {
        self.successor(place).map(|i| self.tokens[i].node)
    }

    /// Whose the tokens are that are met clockwise from a place, once round.
    pub fn met(&self, place: u64) -> impl Iterator<Item = NodeId> + '_ {
        let start = self.successor(place);
        let reachable = if start.is_some() { self.tokens.len() } else { 0 };
        let start = start.unwrap_or(0);
        (0..reachable).map(move |i| self.tokens[(start + i) % self.tokens.len()].node)
    }

    /// Members met clockwise from a place, each once.
    fn walk(&self, place: u64) -> impl Iterator<Item = NodeId> + '_ {
        let mut seen: Vec<NodeId> = vec![];
        self.met(place).filter(move |node| {
            let new = !seen.contains(node);
            if new {
                seen.push(*node);
            }
            new
        })
    }

    /// The nodes a key lives on: the first `rf` distinct ones clockwise, on distinct racks while there are any.
    pub fn homes(&self, place: u64, rf: usize, rack: &dyn Fn(NodeId) -> u16) -> Vec<NodeId> {
        if rf == 1 {
            return self.owner(place).into_iter().collect();
        }
        if self.mistakes.has(Mistakes::NO_DISTINCT) {
            return self.next_tokens(place, rf);
        }
        let mut homes = spread(self.walk(place), rf, rack);
        if self.mistakes.has(Mistakes::BY_NODE_ID) {
            homes = homes.into_iter().collect::<Nodes>().list().to_vec();
        }
        homes
    }

    /// The preference list: the homes, then everybody else clockwise, for the day a home is down.
    pub fn preference(&self, place: u64, rf: usize, rack: &dyn Fn(NodeId) -> u16) -> Vec<NodeId> {
        let mut list = self.homes(place, rf, rack);
        let others: Vec<NodeId> = self.walk(place).filter(|n| !list.contains(n)).collect();
        list.extend(others);
        list
    }

    /// Tokens met clockwise, before the last of these nodes, that put nobody on the list.
    pub fn skipped(&self, place: u64, homes: &[NodeId]) -> u32 {
        let start = self.successor(place).unwrap_or(0);
        let (mut skipped, mut left) = (0, homes.iter().copied().collect::<Nodes>());
        for i in 0..self.tokens.len() {
            if left.is_empty() {
                break;
            }
            let node = self.tokens[(start + i) % self.tokens.len()].node;
            skipped += u32::from(!left.drop(node));
        }
        skipped
    }

    fn next_tokens(&self, place: u64, count: usize) -> Vec<NodeId> {
        let Some(start) = self.successor(place) else { return vec![] };
        let count = count.min(self.tokens.len());
        (0..count).map(|i| self.tokens[(start + i) % self.tokens.len()].node).collect()
    }

    /// Each token's arc in points; they add up to the whole ring.
    pub fn arcs(&self) -> impl Iterator<Item = (Token, u128)> + '_ {
        let size = self.scheme.size();
        let before = self.tokens.iter().cycle().skip(self.tokens.len().saturating_sub(1));
        self.tokens.iter().zip(before).map(move |(token, before)| {
            let (at, before) = (u128::from(token.at.0), u128::from(before.at.0));
            let first = *token == self.tokens[0];
            (*token, if first { at + size - before } else { at - before })
        })
    }

    /// The points a node owns.
    pub fn points_of(&self, node: NodeId) -> u128 {
        self.arcs().filter(|(token, _)| token.node == node).map(|(_, points)| points).sum()
    }

    /// A node's part of the ring in parts per million, rounded.
    pub fn share_ppm(&self, node: NodeId) -> i64 {
        let half = self.scheme.size() / 2;
        ((self.points_of(node) * 1_000_000 + half) >> self.scheme.bits()) as i64
    }

    /// How many tokens a node has.
    pub fn tokens_of(&self, node: NodeId) -> usize {
        self.tokens.iter().filter(|token| token.node == node).count()
    }

    /// The stretches between neighbouring tokens of either ring: within one nothing changes.
    pub fn segments(&self, other: &Ring) -> Vec<Arc> {
        let mut edges: Vec<Hex> = vec![];
        let (mut ours, mut theirs) =
            (self.tokens.iter().peekable(), other.tokens.iter().peekable());
        while let Some(at) = [ours.peek(), theirs.peek()].into_iter().flatten().map(|t| t.at).min()
        {
            edges.push(at);
            while ours.next_if(|t| t.at == at).or(theirs.next_if(|t| t.at == at)).is_some() {}
        }
        let before = edges.iter().cycle().skip(edges.len().saturating_sub(1));
        edges.iter().zip(before).map(|(upto, after)| Arc { after: *after, upto: *upto }).collect()
    }
}

impl Arc {
    pub fn holds(&self, place: u64) -> bool {
        let (after, upto) = (self.after.0, self.upto.0);
        match after < upto {
            true => after < place && place <= upto,
            false => after < place || place <= upto,
        }
    }

    pub fn points(&self, size: u128) -> u128 {
        let (after, upto) = (u128::from(self.after.0), u128::from(self.upto.0));
        if upto > after { upto - after } else { upto + size - after }
    }
}

/// What only the mistakes, and libketama, let a node's tokens depend on.
#[derive(Clone, Copy)]
struct Crowd {
    size: u64,
    weight: u64,
}

fn tokens_of(placing: Placing, member: &Member, crowd: Crowd, mistakes: Mistakes) -> Vec<Token> {
    let rehashed = if mistakes.has(Mistakes::LINEAR_REHASH) { crowd.size } else { 0 };
    let salt = member.salt ^ rehashed;
    let scheme = placing.scheme;
    let token = |(vnode, at): (usize, u64)| {
        let at = if salt == 0 { at } else { fmix64(at ^ fmix64(salt)) >> (64 - scheme.bits()) };
        Token { at: Hex(at), node: member.node, vnode: vnode as u32 }
    };
    let normalised = placing.normalised || mistakes.has(Mistakes::NORMALISED);
    let count = token_count(Placing { normalised, ..placing }, member.weight, crowd);
    let points = scheme.points(&member.name, count);
    points.into_iter().enumerate().map(token).collect()
}

/// A weight counts for itself: V·w tokens, whoever else is there. libketama divides by everybody's weight,
/// in whole groups of four.
fn token_count(placing: Placing, weight: u32, crowd: Crowd) -> u32 {
    if !placing.normalised {
        return placing.vnodes.saturating_mul(weight);
    }
    let group = if placing.scheme == Scheme::Ketama { 4 } else { 1 };
    let fair = u64::from(placing.vnodes / group) * crowd.size * u64::from(weight);
    (fair / crowd.weight.max(1)) as u32 * group
}

/// The first `rf` of a walk, a new rack each time; when racks run out, those passed over, in order.
fn spread(
    mut walk: impl Iterator<Item = NodeId>,
    rf: usize,
    rack: &dyn Fn(NodeId) -> u16,
) -> Vec<NodeId> {
    let (mut chosen, mut passed): (Vec<NodeId>, Vec<NodeId>) = (vec![], vec![]);
    // Nobody is looked for who is not needed: to find that there is no other takes the whole ring.
    while chosen.len() < rf {
        let Some(node) = walk.next() else { break };
        let new_rack = chosen.iter().all(|c| rack(*c) != rack(node));
        if new_rack { chosen.push(node) } else { passed.push(node) }
    }
    passed.truncate(rf - chosen.len());
    chosen.append(&mut passed);
    chosen
}
