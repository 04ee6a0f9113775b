//! The search for an order: Wing & Gong's, with Lowe's memory.
//!
//! Operations stand in *lanes*, one after the other: sessions, or for real time as few lanes as there
//! were operations at once. A configuration is how far each lane has been taken, and the objects after
//! that. From a configuration any lane's head may be taken next if its answer fits, and, in real time,
//! if nobody untaken had ended before it began.
//!
//! ```text
//!   lanes   A: w(x,1) r(y)=0          taken 1,0 · x=1 y=0
//!           B: w(y,1) r(x)=0            ├─ A: 2,0 · x=1 y=0
//!                                       └─ B: 1,1 · x=1 y=1     each configuration once
//! ```
//!
//! Two rules cut branches without losing an answer. A read that fits is taken at once: whatever order
//! takes it later may as well take it here. And, when looking ahead, a value that will never be written
//! again is not overwritten while somebody still has to read it.
//!
//! For sessions of plain registers a third helps more: what is *forced* to come before what in every order
//! is drawn first (see `causal`), and a head waits until all that must precede it is taken. That settles
//! most histories without any branch.
//!
//! The stack is a vector, so a long history costs memory and not the call stack. The worst case stays
//! exponential: n writes at once, then r=1, then r=2, take n·2ⁿ⁻¹ + 2 configurations.

use super::problem::{Act, Problem, Values};
use super::relation::Relation;
use crate::few;

/// Which operations must keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those of which one returned before the other was invoked.
    RealTime,
    /// Those of one session.
    Session,
}

#[derive(Clone, Debug)]
pub enum Found {
    Order(Vec<Act>),
    Nothing,
    /// The budget of configurations was used up.
    Budget,
}

/// What an order must respect, and what the search may use.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub order: Order,
    /// Keep a value that will not come again until all have seen it.
    pub look_ahead: bool,
    /// What is known to come before what, by index into the operations.
    pub forced: Option<&'a Relation>,
}

impl Rules<'_> {
    pub const REAL_TIME: Rules<'static> =
        Rules { order: Order::RealTime, look_ahead: true, forced: None };
    pub const SESSION: Rules<'static> =
        Rules { order: Order::Session, look_ahead: true, forced: None };
}

/// Searches for an order of `acts`; also says how many configurations it visited.
pub fn run(p: &mut Problem, acts: &[Act], rules: Rules, budget: u64) -> (Found, u64) {
    let mut search = Search::new(p, acts, rules);
    let found = search.run(budget);
    (found, search.seen.len)
}

struct Search<'a> {
    values: &'a mut Values,
    lanes: Vec<Vec<Act>>,
    /// For each operation, where something is forced, how many of each lane must be taken before it.
    needs: Vec<Vec<Vec<u32>>>,
    /// How many of each lane are taken, then the objects' values.
    now: Vec<u32>,
    /// For each value written only once, the operations that still have to see it.
    waiting: Vec<Option<u32>>,
    real_time: bool,
    /// Operations an order must still take.
    left: usize,
    seen: Seen,
    trail: Vec<Taken>,
    /// Lanes to try, of all configurations on the trail; each one's begin at its base.
    offers: Vec<u32>,
    bases: Vec<usize>,
}

struct Taken {
    lane: u32,
    before: u32,
}

impl<'a> Search<'a> {
    fn new(p: &'a mut Problem, acts: &[Act], rules: Rules) -> Self {
        let real_time = rules.order == Order::RealTime;
        let lanes = if real_time { lanes_by_time(acts) } else { lanes_by_session(acts) };
        let waiting = if rules.look_ahead { waiting(p, acts) } else { Vec::new() };
        let needs = rules.forced.map(|forced| needs(forced, acts, &lanes)).unwrap_or_default();
        let mut now = vec![0; lanes.len()];
        match real_time {
            true => now.extend(acts.first().map(|a| p.initial[a.key as usize])),
            false => now.extend(&p.initial),
        }
        let left = acts.iter().filter(|a| a.must).count();
        let seen = Seen::new(now.len());
        let (trail, offers, bases) = Default::default();
        let values = &mut p.values;
        Search { values, lanes, needs, now, waiting, real_time, left, seen, trail, offers, bases }
    }

    fn run(&mut self, budget: u64) -> Found {
        self.enter();
        while self.left > 0 {
            if self.seen.len > budget {
                return Found::Budget;
            }
            match self.offer() {
                Some(lane) => {
                    self.take(lane);
                    self.enter();
                }
                None if self.trail.is_empty() => return Found::Nothing,
                None => self.back(),
            }
        }
        Found::Order(self.order())
    }

    /// Arrives at a configuration. One that was here before has nothing to offer.
    fn enter(&mut self) {
        self.bases.push(self.offers.len());
        if self.seen.insert(&self.now) {
            self.fill();
        }
    }

    /// Offers the heads that may come next; the last is tried first, so the most urgent comes last.
    fn fill(&mut self) {
        let fence = self.fence();
        let base = self.offers.len();
        for lane in 0..self.lanes.len() {
            let Some(act) = self.head(lane) else { continue };
            if act.invoke > fence || !self.ready(lane) || !self.fits(&act) {
                continue;
            }
            if act.is_read() {
                self.offers.truncate(base);
                return self.offers.push(lane as u32);
            }
            self.offers.push(lane as u32);
        }
        let (lanes, now) = (&self.lanes, &self.now);
        let due = |lane: &u32| lanes[*lane as usize][now[*lane as usize] as usize].ret;
        few::sort_by_key(&mut self.offers[base..], |lane| std::cmp::Reverse(due(lane)));
    }

    /// Nothing invoked after this may be taken: somebody untaken has ended by then.
    fn fence(&self) -> u64 {
        let ends = (0..self.lanes.len()).filter_map(|lane| self.head(lane)).map(|a| a.ret);
        ends.min().filter(|_| self.real_time).unwrap_or(u64::MAX)
    }

    fn ready(&self, lane: usize) -> bool {
        let at = self.now[lane] as usize;
        let needs = self.needs.get(lane).map(|lane| &lane[at]);
        needs.is_none_or(|needs| needs.iter().zip(&self.now).all(|(need, have)| need <= have))
    }

    fn head(&self, lane: usize) -> Option<Act> {
        self.lanes[lane].get(self.now[lane] as usize).copied()
    }

    fn cell(&self, act: &Act) -> usize {
        self.lanes.len() + if self.real_time { 0 } else { act.key as usize }
    }

    fn fits(&mut self, act: &Act) -> bool {
        let before = self.now[self.cell(act)];
        let Some(after) = act.step(before, self.values) else { return false };
        let own = u32::from(act.must && act.sees == Some(before));
        after == before
            || self.waiting.get(before as usize).copied().flatten().is_none_or(|n| n <= own)
    }

    fn offer(&mut self) -> Option<usize> {
        let base = self.bases.last().copied().unwrap_or(0);
        if self.offers.len() > base { self.offers.pop().map(|lane| lane as usize) } else { None }
    }

    fn take(&mut self, lane: usize) {
        let act = self.head(lane).expect("an offered lane has a head");
        let cell = self.cell(&act);
        let before = self.now[cell];
        self.now[cell] = act.step(before, self.values).expect("an offered head fits");
        self.now[lane] += 1;
        self.left -= usize::from(act.must);
        self.waits(&act).into_iter().for_each(|n| *n -= 1);
        self.trail.push(Taken { lane: lane as u32, before });
    }

    fn back(&mut self) {
        let Some(Taken { lane, before }) = self.trail.pop() else { return };
        self.bases.pop();
        self.now[lane as usize] -= 1;
        let act = self.head(lane as usize).expect("it was taken from here");
        let cell = self.cell(&act);
        self.now[cell] = before;
        self.left += usize::from(act.must);
        self.waits(&act).into_iter().for_each(|n| *n += 1);
    }

    fn waits(&mut self, act: &Act) -> Option<&mut u32> {
        let value = act.sees.filter(|_| act.must)?;
        self.waiting.get_mut(value as usize)?.as_mut()
    }

    fn order(&self) -> Vec<Act> {
        let mut at = vec![0; self.lanes.len()];
        let mut next = |t: &Taken| {
            let lane = t.lane as usize;
            at[lane] += 1;
            self.lanes[lane][at[lane] - 1]
        };
        self.trail.iter().map(&mut next).collect()
    }
}

/// As few lanes as operations were under way at once; in each, one ends before the next begins.
fn lanes_by_time(acts: &[Act]) -> Vec<Vec<Act>> {
    let mut lanes: Vec<Vec<Act>> = Vec::new();
    for act in acts {
        let free = lanes.iter_mut().find(|l| l.last().is_some_and(|last| last.ret < act.invoke));
        match free {
            Some(lane) => lane.push(*act),
            None => lanes.push(vec![*act]),
        }
    }
    lanes
}

fn lanes_by_session(acts: &[Act]) -> Vec<Vec<Act>> {
    let sessions = acts.iter().map(|a| a.session as usize + 1).max().unwrap_or(0);
    let mut lanes = vec![Vec::new(); sessions];
    acts.iter().for_each(|a| lanes[a.session as usize].push(*a));
    lanes.retain(|lane| !lane.is_empty());
    lanes
}

/// For each operation of each lane, how many of every lane are forced to come before it.
fn needs(forced: &Relation, acts: &[Act], lanes: &[Vec<Act>]) -> Vec<Vec<Vec<u32>>> {
    let index =
        |op: usize| acts.iter().position(|a| a.op == op).expect("lanes hold these operations");
    let index: Vec<Vec<usize>> =
        lanes.iter().map(|l| l.iter().map(|a| index(a.op)).collect()).collect();
    let before = |j: usize, lane: &Vec<usize>| {
        let last = lane.iter().rposition(|i| forced.has(*i, j));
        last.map_or(0, |at| at as u32 + 1)
    };
    let need = |j: &usize| index.iter().map(|lane| before(*j, lane)).collect();
    index.iter().map(|lane| lane.iter().map(need).collect()).collect()
}

/// How many must still see each value. One that may come again, by a second write or by arithmetic, is
/// not waited for.
fn waiting(p: &Problem, acts: &[Act]) -> Vec<Option<u32>> {
    let mut waiting = vec![None; p.values.len()];
    if acts.iter().any(Act::computes) {
        return waiting;
    }
    let must = acts.iter().filter(|a| a.must).filter_map(|a| a.sees);
    for v in must.filter(|v| p.births(*v) <= 1) {
        *waiting[v as usize].get_or_insert(0) += 1;
    }
    waiting
}

/// The configurations seen so far, in one arena, found by open addressing. The hash decides only where
/// a configuration lies, never what is found.
struct Seen {
    width: usize,
    arena: Vec<u32>,
    /// One more than the configuration's number; 0 is a free slot.
    slots: Vec<u32>,
    len: u64,
}

impl Seen {
    fn new(width: usize) -> Seen {
        Seen { width, arena: Vec::new(), slots: vec![0; 64], len: 0 }
    }

    /// Whether it is new.
    fn insert(&mut self, config: &[u32]) -> bool {
        if self.len as usize * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot(config);
        if self.slots[slot] != 0 {
            return false;
        }
        self.arena.extend_from_slice(config);
        self.len += 1;
        self.slots[slot] = self.len as u32;
        true
    }

    /// Where it lies or would lie.
    fn slot(&self, config: &[u32]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = mix(config) as usize & mask;
        while self.slots[slot] != 0 && self.at(self.slots[slot]) != config {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn at(&self, number: u32) -> &[u32] {
        let end = number as usize * self.width;
        &self.arena[end - self.width..end]
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for number in 1..=self.len as u32 {
            let slot = self.slot(self.at(number));
            self.slots[slot] = number;
        }
    }
}

fn mix(config: &[u32]) -> u32 {
    let fold =
        |h: u64, x: &u32| (h.rotate_left(5) ^ u64::from(*x)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (config.iter().fold(0, fold) >> 32) as u32
}
