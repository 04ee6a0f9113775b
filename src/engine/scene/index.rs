//! What the views look up, folded once from the trace and kept up as it grows.
//!
//! A view must cost what is in sight, not what has happened. Messages are found through blocks of 64, and
//! blocks of those, each with the time its last message was gone: a run of a million messages is asked
//! about one moment by looking at a few hundred numbers.

use std::cell::RefCell;
use std::rc::Rc;

use super::caption::hold;
use super::clocks::Clocks;
use crate::card::Weight;
use crate::ids::*;
use crate::run::Run;
use crate::seq::Map;
use crate::trace::causality::Causality;
use crate::trace::inquiry::{Filter, Sieve};
use crate::trace::{MsgRec, Trace, What};
use crate::world::Life;

/// A node's belief about itself, from an event on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    pub at: Us,
    pub event: EventId,
    /// Place in its role's states.
    pub state: u8,
    pub leads: bool,
    pub epoch: u64,
}

/// Something worth telling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tale {
    pub at: Us,
    pub event: EventId,
    pub weight: Weight,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Act {
    pub at: Us,
    pub event: EventId,
    /// Step of the scenario, from 0.
    pub line: u32,
    /// The event that says why it could not be done, or not all of it; none where it was.
    pub void: EventId,
}

/// How much of an act was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Done,
    /// Something had been done when it could not go on.
    Part,
    Nothing,
}

impl Act {
    pub fn fate(&self) -> Fate {
        match self.void {
            EventId::NONE => Fate::Done,
            void if void.0 == self.event.0 + 1 => Fate::Nothing,
            _ => Fate::Part,
        }
    }
}

/// While a message was kept from flying on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    pub from: Us,
    /// Never, if it still is.
    pub to: Us,
}

#[derive(Clone, Debug)]
pub struct Index {
    pub causality: Causality,
    pub clocks: Clocks,
    seen: usize,
    turns: Vec<Vec<Turn>>,
    lives: Vec<Vec<(Us, EventId, Life)>>,
    /// Reasons that are told: key and aside.
    pub tales: Vec<Tale>,
    /// How long a key keeps asides away.
    pub hold: Us,
    /// Every line of the scenario that fired, faults and operations.
    pub acts: Vec<Act>,
    /// The faults among them.
    pub faults: Vec<Act>,
    /// Where among those a line stands that was not there before: what is done again and again is news once.
    pub firsts: Vec<usize>,
    pub broken: Vec<(Us, EventId)>,
    pub bookmarks: Vec<(Us, EventId)>,
    holds: Map<MsgId, Held>,
    blocks: Vec<Block>,
    /// Of 64 blocks each.
    super_blocks: Vec<Block>,
    /// Which pairs have talked: from × to.
    talked: Vec<bool>,
    /// The cones asked for last: panning asks again and again.
    cones: RefCell<Option<(EventId, usize, Rc<Cones>)>>,
    /// What the views leave out.
    sieve: Option<Sieve>,
}

/// The past and the future of an event: see [`Causality`].
#[derive(Clone, Debug, PartialEq)]
pub struct Cones {
    /// How many events of each lane are in the past.
    pub past: Vec<u32>,
    /// From which place of each lane on all are in the future.
    pub future: Vec<u32>,
}

const BLOCK: usize = 64;
/// Events that are folded anew sooner than forked.
const FEW: usize = 2_048;

#[derive(Clone, Copy, Debug, Default)]
struct Block {
    /// Those not gone yet.
    open: u32,
    /// When the last of the others was gone.
    last: Us,
}

impl Index {
    pub fn new(run: &Run) -> Index {
        let mut index = Index::empty(run);
        index.catch_up(run);
        index
    }

    /// The index of an edited run, from that of its forerunner: what both share is not folded again. The
    /// same as `new` of the run, without its filter.
    pub fn fork(&self, run: &Run) -> Index {
        let (trace, n) = (run.trace(), run.trace().len());
        if n < FEW || n > self.seen || run.cast().len() != self.turns.len() {
            return Index::new(run);
        }
        let shared = |e: EventId| e.index() < n;
        let upto = |l: &[(Us, EventId)]| l[..l.partition_point(|x| shared(x.1))].to_vec();
        let mut index = Index {
            causality: self.causality.prefix(n),
            seen: n,
            tales: self.tales[..self.tales.partition_point(|t| shared(t.event))].to_vec(),
            broken: upto(&self.broken),
            bookmarks: upto(&self.bookmarks),
            ..Index::empty(run)
        };
        for (new, old) in index.turns.iter_mut().zip(&self.turns) {
            new.extend_from_slice(&old[..old.partition_point(|t| shared(t.event))]);
        }
        for (new, old) in index.lives.iter_mut().zip(&self.lives) {
            new.extend_from_slice(&old[..old.partition_point(|l| shared(l.1))]);
        }
        // Lines have other numbers, and what was held then may be on its way here.
        for act in self.acts.iter().take_while(|a| shared(a.event)) {
            index.add(run, act.event);
            index.add(run, act.void);
        }
        if !self.holds.is_empty() {
            let is = |w: What| matches!(w, What::Hold { .. } | What::Release { .. });
            (0..n).filter(|i| is(trace.what(*i))).for_each(|i| index.add(run, EventId(i as u32)));
        }
        for (i, rec) in trace.msgs.iter().enumerate() {
            index.launch(trace, MsgId(i as u32));
            if rec.end != EventId::NONE {
                index.land(trace, MsgId(i as u32));
            }
        }
        index
    }

    fn empty(run: &Run) -> Index {
        let n = run.cast().len();
        Index {
            causality: Causality::new(n),
            clocks: Clocks::new(run),
            seen: 0,
            turns: vec![vec![]; n],
            lives: vec![vec![]; n],
            tales: vec![],
            hold: hold(super::pace(run)),
            acts: vec![],
            faults: vec![],
            firsts: vec![],
            broken: vec![],
            bookmarks: vec![],
            holds: Map::default(),
            blocks: vec![],
            super_blocks: vec![],
            talked: vec![false; n * n],
            cones: RefCell::new(None),
            sieve: None,
        }
    }

    /// Take in what has happened since. Call it after every `advance`; another run needs another index.
    pub fn catch_up(&mut self, run: &Run) {
        self.causality.catch_up(run.trace());
        self.clocks.catch_up(run);
        for i in self.seen..run.trace().len() {
            self.add(run, EventId(i as u32));
        }
        self.seen = run.trace().len();
        if let Some(sieve) = &mut self.sieve {
            sieve.catch_up(run, &self.causality);
        }
    }

    /// Leave out of the views what this filter leaves out.
    pub fn sift(&mut self, run: &Run, filter: Filter) {
        if filter != self.filter() {
            self.sieve = (!filter.is_open()).then(|| Sieve::new(run, &self.causality, filter));
        }
    }

    /// Events taken in.
    pub fn len(&self) -> usize {
        self.seen
    }
    pub fn is_empty(&self) -> bool {
        self.seen == 0
    }

    fn add(&mut self, run: &Run, id: EventId) {
        let Some(e) = run.trace().event(id) else { return };
        match e.what {
            What::Send { m } | What::Copy { m, .. } => self.launch(run.trace(), m),
            What::Deliver { m } | What::Lose { m, .. } => self.land(run.trace(), m),
            What::Hold { m } => {
                self.holds.insert(m, Held { from: e.at, to: Us::MAX });
            }
            What::Release { m } => {
                self.holds.get_mut(&m).into_iter().for_each(|h| h.to = e.at);
            }
            What::Role { state, leads, epoch } => {
                let turn = Turn { at: e.at, event: id, state, leads, epoch };
                e.node.into_iter().for_each(|n| self.turns[n.index()].push(turn));
            }
            What::Start { .. } | What::Restart { .. } | What::Resume => {
                self.live(e.node, id, e.at, Life::Up)
            }
            What::Crash => self.live(e.node, id, e.at, Life::Down),
            What::Pause => self.live(e.node, id, e.at, Life::Paused),
            What::Why { .. } => self.tell(id, e.at, run.weight(id)),
            What::Mark { say: true, .. } => self.tell(id, e.at, Weight::Key),
            What::Mark { say: false, .. } => self.bookmarks.push((e.at, id)),
            What::Broke { .. } => self.broken.push((e.at, id)),
            What::Act { line } => {
                let act = Act { at: e.at, event: id, line, void: EventId::NONE };
                self.acts.push(act);
                let step = run.scenario().steps.get(line as usize);
                if step.is_some_and(|s| s.act.is_fault()) {
                    if self.firsts.iter().all(|i| self.faults[*i].line != line) {
                        self.firsts.push(self.faults.len());
                    }
                    self.faults.push(act);
                }
            }
            What::Void { .. } => {
                let last = [self.acts.last_mut(), self.faults.last_mut()].into_iter().flatten();
                last.filter(|a| Some(a.event) == e.cause).for_each(|a| a.void = id);
            }
            _ => {}
        }
    }

    fn live(&mut self, node: Option<NodeId>, event: EventId, at: Us, life: Life) {
        node.into_iter().for_each(|n| self.lives[n.index()].push((at, event, life)));
    }

    fn tell(&mut self, event: EventId, at: Us, weight: Weight) {
        let tale = Tale { at, event, weight };
        if weight != Weight::Quiet {
            self.tales.push(tale);
        }
    }

    fn launch(&mut self, trace: &Trace, m: MsgId) {
        let block = m.index() / BLOCK;
        self.blocks.resize((block + 1).max(self.blocks.len()), Block::default());
        self.super_blocks.resize(self.blocks.len().div_ceil(BLOCK), Block::default());
        if self.blocks[block].open == 0 {
            self.super_blocks[block / BLOCK].open += 1;
        }
        self.blocks[block].open += 1;
        if let Some(rec) = trace.msg(m) {
            let n = self.turns.len();
            self.talked[rec.from.index() * n + rec.to.index()] = true;
        }
    }

    fn land(&mut self, trace: &Trace, m: MsgId) {
        let gone = trace.msg(m).map_or(0, |rec| gone_at(trace, rec));
        let at = m.index() / BLOCK;
        let (block, above) = (&mut self.blocks[at], &mut self.super_blocks[at / BLOCK]);
        block.open = block.open.saturating_sub(1);
        block.last = block.last.max(gone);
        above.last = above.last.max(gone);
        if block.open == 0 {
            above.open = above.open.saturating_sub(1);
        }
    }

    // ---------------------------------------------------------------- asking

    /// Messages that are to be seen at some time of a stretch, in the order they were sent.
    pub fn in_sight(&self, trace: &Trace, from: Us, to: Us, each: &mut dyn FnMut(MsgId, &MsgRec)) {
        let end = trace.msgs.partition_point(|m| m.sent_at <= to).min(self.blocks.len() * BLOCK);
        let alive = |b: &Block| b.open > 0 || b.last >= from;
        let blocks = end.div_ceil(BLOCK);
        for s in 0..blocks.div_ceil(BLOCK) {
            if !alive(&self.super_blocks[s]) {
                continue;
            }
            for b in s * BLOCK..((s + 1) * BLOCK).min(blocks) {
                if !alive(&self.blocks[b]) {
                    continue;
                }
                for i in b * BLOCK..((b + 1) * BLOCK).min(end) {
                    let rec = &trace.msgs[i];
                    if rec.end == EventId::NONE || gone_at(trace, rec) >= from {
                        each(MsgId(i as u32), rec);
                    }
                }
            }
        }
    }

    // ---------------------------------------------------------------- what is left out

    pub fn sieve(&self) -> Option<&Sieve> {
        self.sieve.as_ref()
    }
    pub fn filter(&self) -> Filter {
        self.sieve.as_ref().map_or(Filter::default(), |s| *s.filter())
    }
    /// Whether an event is to be seen.
    pub fn shows(&self, e: EventId) -> bool {
        self.sieve.as_ref().is_none_or(|s| s.shows(e))
    }
    pub fn shows_node(&self, n: NodeId) -> bool {
        self.sieve.as_ref().is_none_or(|s| s.filter().shows_node(n))
    }
    pub fn shows_message(&self, rec: &MsgRec) -> bool {
        self.sieve.as_ref().is_none_or(|s| s.filter().shows(rec))
    }

    /// The cones of an event, among what is known. The future is that of its whole step: who received the
    /// first of a step's messages comes after all of it.
    pub fn cones(&self, trace: &Trace, e: EventId) -> Rc<Cones> {
        if let Some((of, known, cones)) = &*self.cones.borrow()
            && (*of, *known) == (e, self.seen)
        {
            return cones.clone();
        }
        let opening = self.causality.opening(trace, e);
        let (past, future) = (self.causality.past(trace, e), self.causality.future(trace, opening));
        let cones = Rc::new(Cones { past, future });
        *self.cones.borrow_mut() = Some((e, self.seen, cones.clone()));
        cones
    }

    pub fn held(&self, m: MsgId) -> Option<Held> {
        self.holds.get(&m).copied()
    }

    /// Whether one node has sent to the other, either way.
    pub fn talked(&self, a: NodeId, b: NodeId) -> bool {
        let n = self.turns.len();
        let at = |a: NodeId, b: NodeId| self.talked.get(a.index() * n + b.index()) == Some(&true);
        at(a, b) || at(b, a)
    }

    /// Changes of a node's belief about itself, in order.
    pub fn turns(&self, n: NodeId) -> &[Turn] {
        self.turns.get(n.index()).map_or(&[], |t| t)
    }
    pub fn turn_at(&self, n: NodeId, t: Us) -> Option<Turn> {
        last_until(self.turns(n), t, |turn| turn.at).copied()
    }
    /// The epoch a node was in at an event.
    pub fn epoch_at(&self, n: NodeId, e: EventId) -> u64 {
        let turns = self.turns(n);
        let at = turns.partition_point(|t| t.event <= e);
        at.checked_sub(1).map_or(0, |i| turns[i].epoch)
    }

    pub fn lives(&self, n: NodeId) -> &[(Us, EventId, Life)] {
        self.lives.get(n.index()).map_or(&[], |l| l)
    }
    pub fn life_at(&self, n: NodeId, t: Us) -> Life {
        last_until(self.lives(n), t, |l| l.0).map_or(Life::Absent, |l| l.2)
    }
}

/// The last of a list in order of time that is not after `t`.
fn last_until<T>(list: &[T], t: Us, at: impl Fn(&T) -> Us) -> Option<&T> {
    list.partition_point(|x| at(x) <= t).checked_sub(1).map(|i| &list[i])
}

/// When a message that has ended is gone from sight: at its receipt, or some time after it broke.
pub fn gone_at(trace: &Trace, rec: &MsgRec) -> Us {
    match trace.event(rec.end).map(|e| e.what) {
        Some(What::Lose { .. }) => broke_at(rec) + linger(rec),
        Some(_) => rec.end_at,
        None => Us::MAX,
    }
}

/// How long the cross of a lost message stays.
pub fn linger(rec: &MsgRec) -> Us {
    rec.due.saturating_sub(rec.sent_at).clamp(2_000, 500_000) / 2
}

/// When a lost message is seen to break. The link's own luck and a cut are decided at its sending: it
/// breaks about half-way.
pub fn broke_at(rec: &MsgRec) -> Us {
    if rec.end_at > rec.sent_at {
        return rec.end_at;
    }
    let (whole, lanes) =
        (rec.due.saturating_sub(rec.sent_at), rec.from.0.abs_diff(rec.to.0).max(1));
    // Half-way between two lanes of the diagram, so that nobody seems to have received it.
    rec.sent_at + whole * (lanes as Us / 2 * 2 + 1) / (lanes as Us * 2)
}
