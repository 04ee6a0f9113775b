//! Copies at a step boundary, and what a step has in hand that no copy takes along.

use crate::ids::{Mark, MsgId, NodeId, OpId};
use crate::protocol::Op;
use crate::scenario::ast::Out;
use crate::stage::Effect;
use crate::trace::Fresh;

use super::World;
use super::flight::Flight;

/// What one step has done so far, and what it works with.
#[derive(Default)]
pub(super) struct Scratch {
    /// For the trace: its owner takes it after each step.
    pub fresh: Fresh,
    /// Messages that events of this step are about, by the event's number.
    pub flights: Vec<(u32, Flight)>,
    /// Operations that were answered, likewise.
    pub answers: Vec<(u32, NodeId, Op, Out)>,
    /// How many of its events the watches have seen.
    pub tried: usize,
    /// Watches armed by it, and the first event that counts for each.
    pub armed_at_event: Vec<(usize, usize)>,
    /// What a handler asked for.
    pub effects: Vec<(Effect, Option<Mark>)>,
    /// What was really sent and answered, for the judges.
    pub sent: Vec<(MsgId, NodeId, u32)>,
    pub replied: Vec<(OpId, u32)>,
}

/// Of a step that is over a copy needs nothing.
impl Clone for Scratch {
    fn clone(&self) -> Scratch {
        Scratch::default()
    }
}

impl World {
    /// A copy that runs on by itself: the same arena, the same numbers.
    pub fn snapshot(&self) -> World {
        self.clone()
    }

    /// A copy with an arena of its own, for another future.
    pub fn fork(&self) -> World {
        World { stage: self.stage.fork(), ..self.clone() }
    }
}
