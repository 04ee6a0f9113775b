//! A view: who is a member at an epoch, the ring that follows, and what a change of view moves.

use std::rc::Rc;

use serde::Serialize;

use super::msg::Key;
use super::params::Params;
use super::ring::{Arc, Mistakes, Ring};
use crate::few::Few;
use crate::ids::NodeId;
use crate::protocol::Cast;

/// The partition map at one epoch. Everything but the members follows from them.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    pub epoch: u64,
    /// In the order they joined, which must not matter.
    pub members: Vec<NodeId>,
    #[serde(skip)]
    pub salts: Vec<u64>,
    #[serde(skip)]
    pub ring: Rc<Ring>,
    #[serde(skip)]
    racks: Rc<[u16]>,
    #[serde(skip)]
    pub replicas: usize,
    /// The view it follows. What a change moves is read from these two, and not from whatever a node
    /// that slept through some changes saw last.
    #[serde(skip)]
    pub base: Option<Rc<View>>,
    /// What is handed over when it follows: reckoned once, for all who get this view.
    #[serde(skip)]
    pub moves: Rc<Handovers>,
}

/// Who hands what to whom when one view follows another.
pub type Handovers = Few<(NodeId, NodeId), Vec<Arc>>;

impl View {
    pub fn of(
        params: &Params,
        cast: &Cast,
        epoch: u64,
        seats: Vec<(NodeId, u64)>,
        mistakes: Mistakes,
    ) -> View {
        let seat = |(node, salt): &(NodeId, u64)| params.member(cast, *node, *salt);
        let members: Vec<_> = seats.iter().map(seat).collect();
        let (nodes, salts) = seats.into_iter().unzip();
        View {
            epoch,
            members: nodes,
            salts,
            ring: Rc::new(Ring::of(params.placing, &members, mistakes)),
            racks: cast.all().map(|n| rack_of(params, cast, n)).collect(),
            replicas: params.replicas,
            base: None,
            moves: Rc::default(),
        }
    }

    pub fn following(self, base: &View) -> View {
        let moves = Rc::new(base.handovers(&self));
        View { base: Some(Rc::new(View { base: None, ..base.clone() })), moves, ..self }
    }

    pub fn has(&self, node: NodeId) -> bool {
        self.members.contains(&node)
    }

    pub fn seats(&self) -> impl Iterator<Item = (NodeId, u64)> + '_ {
        self.members.iter().copied().zip(self.salts.iter().copied())
    }

    fn rack(&self, node: NodeId) -> u16 {
        self.racks.get(node.index()).copied().unwrap_or(0)
    }

    pub fn homes_at(&self, place: u64) -> Vec<NodeId> {
        self.ring.homes(place, self.replicas, &|n| self.rack(n))
    }

    /// The nodes a key lives on; the first coordinates.
    pub fn homes(&self, key: &Key) -> Vec<NodeId> {
        self.homes_at(key.place)
    }

    pub fn owner(&self, key: &Key) -> Option<NodeId> {
        self.homes(key).first().copied()
    }

    pub fn preference(&self, key: &Key) -> Vec<NodeId> {
        self.ring.preference(key.place, self.replicas, &|n| self.rack(n))
    }

    /// Tokens passed over on the way to the last of a key's homes.
    pub fn skipped(&self, key: &Key, homes: &[NodeId]) -> u32 {
        self.ring.skipped(key.place, homes)
    }

    /// Where a key goes when `new` follows: (giver, taker) for each copy that changes its home.
    pub fn handover_of(&self, new: &View, key: &Key) -> Vec<(NodeId, NodeId)> {
        self.handover_at(new, key.place)
    }

    fn handover_at(&self, new: &View, place: u64) -> Vec<(NodeId, NodeId)> {
        if self.replicas > 1 {
            return handover(&self.homes_at(place), &new.homes_at(place));
        }
        let pair = self.ring.owner(place).zip(new.ring.owner(place));
        pair.filter(|(giver, taker)| giver != taker).into_iter().collect()
    }

    /// All arcs that get a new home when `new` follows, by giver and taker.
    pub fn handovers(&self, new: &View) -> Handovers {
        let mut all = Handovers::default();
        for arc in self.ring.segments(&new.ring) {
            for pair in self.handover_at(new, arc.upto.0) {
                all.slot(pair).push(arc);
            }
        }
        all
    }
}

fn rack_of(params: &Params, cast: &Cast, node: NodeId) -> u16 {
    if cast.role(node) == super::NODE { params.rack_in_lists(cast, node) } else { 0 }
}

/// Whoever falls off the list hands its copy to whoever comes onto it, so that no copy is lost on the way.
/// A list that only grows is served by its first member.
pub fn handover(old: &[NodeId], new: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let losers = old.iter().filter(|n| !new.contains(n)).copied();
    let gainers = new.iter().filter(|n| !old.contains(n)).copied();
    let givers = losers.chain(old.first().copied().into_iter().cycle());
    gainers.zip(givers).map(|(taker, giver)| (giver, taker)).collect()
}
