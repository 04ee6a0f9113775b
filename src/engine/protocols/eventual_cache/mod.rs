//! An eventually consistent cache: answered here and now, told to the others later.
//!
//! **Promise.** A node answers from what it has, whomever it can reach. A put is applied and acknowledged at
//! once and waits in a queue for each peer; a flush later all queues are sent. Once puts stop and messages
//! come through, all nodes hold the same. Not promised: that a read is fresh, and that an acknowledged put
//! outlives its node.
//!
//! ```text
//!   put k=5, ok         flush                         the stale window: flush + the way
//!   ────●─────────────────●──────────────────▶ n1     queue for n2: [k] ... k is read from the
//!       └── queue: k ──── │ ╲ Replicate      ╱ Ack     store when it is sent, and leaves the
//!   ──────○ k? a miss ───────╲──●───────────╱─▶ n2     queue when it is acknowledged
//! ```
//!
//! Who wins is decided by the version alone, never by who comes last: a counter, which a put makes larger
//! than all its node has seen, then the node's number, then its life. A delete is a version too (a
//! *tombstone*), because a key that is merely missing looks the same as one not heard of. Increments do not
//! overwrite one another: each travels by itself and is counted once.
//!
//! **From.** Vogels, *Eventually Consistent*, CACM 52(1) 2009, for what is promised. Demers et al., *Epidemic
//! Algorithms for Replicated Database Maintenance*, PODC 1987: direct mail (section 1.2, here the queues),
//! anti-entropy (1.3), death certificates and their life time (section 2).
//!
//! **How it is built.** Clients sit at their node; that way costs no message. Only the origin pushes; what it
//! could not deliver, anti-entropy brings. All state is lost in a crash unless `durable=on`: then a node
//! saves what it has before it answers. A node that has forgotten everything asks a peer for all it has
//! before it takes a write: its new puts would otherwise begin at counter 1 and lose to what it wrote in its
//! last life. A tombstone, or an item whose time is up, is kept for `grace` after its origin's `expires_at`
//! and refused after that: all nodes drop it at one time, whenever they heard of it, and no tombstone goes
//! round for ever.
//!
//! **Where it differs from the card.** A put waits one flush before it is first sent, so the time to converge
//! is a flush longer than the card's "retransmit + anti-entropy period", and 100 ms more for the ways. No
//! judge knows the longest way: the stale window is claimed where a write leaves (`LeavesWithinFlush`), and
//! measured where it arrives (`propagation`, `stale-read`).
//!
//! **Left out, and what it costs.** Forwarding what one was told (the card lets one choose): a put whose
//! origin dies half way waits for anti-entropy. Folding old increments into a sum: a digest lists each one
//! that was ever made. Increments are pushed after a digest, never asked for: with one random peer they
//! spread half as fast. A node that has forgotten asks one peer; if that one has forgotten too, both begin
//! anew and learn the rest by anti-entropy. A full queue refuses the write, so one peer that stays away can in the end stop
//! writes here. Deleting a counter; a key is either put or incremented.

mod card;
mod claims;
mod exhibit;
mod msg;
mod node;
mod sentences;
mod why;

use serde::Serialize;

use crate::card::Entry;
use crate::ids::{NodeId, Us};
use crate::named;
use crate::protocol::*;
use crate::show::Showcase;

pub use msg::Msg;
pub use node::Node;
pub use why::Why;

pub struct EventualCache;

type Know<'a> = Cx<'a, EventualCache>;
type Do<'a> = Fx<'a, EventualCache>;

/// Where a put's counter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// One more than the highest seen.
    Logical,
    /// The node's wall clock.
    Wall,
    /// The larger of the two.
    Hybrid,
}

impl Clock {
    /// Its numbers are times.
    pub fn reads(self) -> bool {
        self != Clock::Logical
    }
}

#[derive(Clone, Debug)]
pub struct Knobs {
    pub flush: Us,
    pub retransmit: Us,
    /// 0 is never.
    pub anti_entropy: Us,
    /// Anti-entropy goes to every peer, not to one drawn by lot.
    pub every_peer: bool,
    pub batch: bool,
    pub durable: bool,
    pub clock: Clock,
    /// Between equal counters the lower node wins.
    pub low: bool,
    /// How long a value lives if its put does not say; 0 is for ever.
    pub ttl: Us,
    pub grace: Us,
    /// Entries in one peer's queue.
    pub bound: usize,
}

impl Params for Knobs {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Knobs {
            flush: from.time("flush").max(1),
            retransmit: from.time("retransmit").max(1),
            anti_entropy: from.time("anti-entropy"),
            every_peer: from.word("spread") != "one",
            batch: from.flag("batch"),
            durable: from.flag("durable"),
            clock: match from.word("versions") {
                "wall" => Clock::Wall,
                "hybrid" => Clock::Hybrid,
                _ => Clock::Logical,
            },
            low: from.word("tie") == "low",
            ttl: from.time("ttl"),
            grace: from.time("grace"),
            bound: from.count("bound") as usize,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Send what is queued.
    Flush,
    /// Nobody has acknowledged this batch.
    Retransmit(NodeId, u64),
    AntiEntropy,
    /// The peer that was asked for everything has not answered.
    CatchUp,
}

named!(Timer { Flush, Retransmit, AntiEntropy, CatchUp });

/// The node as it stands after a step.
#[derive(Clone, Serialize)]
pub enum Record {
    State(Box<Node>),
}

named!(Record { State });

impl Protocol for EventualCache {
    type Params = Knobs;
    type Node = Node;
    type Msg = Msg;
    type Timer = Timer;
    type Record = Record;
    type Disk = Option<Box<Node>>;
    type Why = Why;
    type Ghost = claims::Ghost;

    const ENTRY: &'static Entry = &card::ENTRY;

    fn boot(cx: &Know<'_>, disk: &Self::Disk) -> Node {
        match disk {
            Some(saved) => saved.again(cx),
            None => Node::empty(cx),
        }
    }

    fn step(cx: &Know<'_>, node: &mut Node, input: Input<'_, Self>, fx: &mut Do<'_>) {
        node.step(cx, input, fx);
    }

    fn write(disk: &mut Self::Disk, record: &Record) {
        let Record::State(node) = record;
        *disk = Some(node.clone());
    }

    fn face(node: &Node) -> Face {
        let state = if node.asked.is_none() { "serving" } else { "catching-up" };
        Face { state, leads: false, epoch: 0 }
    }

    fn line(node: &Node) -> String {
        exhibit::line(node)
    }

    fn exhibit(cx: &Know<'_>, node: &Node, to: &mut Showcase) {
        exhibit::node(cx, node, to);
    }

    fn judge(ghost: &mut claims::Ghost, step: &Step<'_, Self>, court: &mut Court) {
        ghost.judge(step, court);
    }

    fn at_rest(node: &Node) -> bool {
        node.asked.is_none() && node.queued() == 0
    }
}
