//! A scenario made ready to run: names turned into numbers where the world asks often.

use std::rc::Rc;

use crate::card::{Count, Entry};
use crate::ids::{NodeId, Us};
use crate::protocol::{Cast, Member, ParamSet};
use crate::scenario::ast::*;
use crate::value::Value;

#[derive(Debug)]
pub struct Plan {
    pub entry: &'static Entry,
    pub cast: Rc<Cast>,
    pub seed: u64,
    pub params: ParamSet,
    pub bugs: u64,
    pub scenario: Scenario,
    pub watches: Vec<Watch>,
    /// The watch of each step that waits for a fact.
    pub watch_of_step: Vec<Option<usize>>,
    /// The watch of each expectation about a fact.
    pub watch_of_expect: Vec<Option<usize>>,
    pub watch_of_until: Option<usize>,
}

/// A fact somebody waits for, or counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    pub parts: Vec<Part>,
    pub of: WatchOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchOf {
    Step(usize),
    Expect(usize),
    Until,
}

/// A node by number, or a word resolved at the moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Sel {
    Node(NodeId),
    Role(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Is { who: Sel, state: String, fields: Vec<(String, Value)> },
    Why { who: Option<Sel>, slug: u8, fields: Vec<(String, Value)>, ord: Option<u32> },
    Message { fate: Fate, kind: KindPart, path: PathPart, ord: Option<u32> },
    Life { who: Sel, change: Life, ord: Option<u32> },
    Answer { who: Sel, out: Out, call: Call, ord: Option<u32> },
    Broken(u8),
    Quiet,
}

#[derive(Debug, Clone, PartialEq)]
pub struct KindPart {
    pub kind: u8,
    pub fields: Vec<(String, Value)>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct PathPart {
    pub from: Option<Sel>,
    pub to: Option<Sel>,
    pub both: bool,
}

/// The members an entry's roles and a run's parameters make, with the labels of the text.
pub fn cast(entry: &'static Entry, params: &ParamSet, nodes: &[NodeLine]) -> Cast {
    let mut members = vec![];
    for (r, role) in entry.roles.iter().enumerate() {
        let count = match role.count {
            Count::One => 1,
            Count::Fixed(n) => n,
            Count::Param(p) => params.count(p).min(128) as u16,
        };
        for i in 0..count {
            let id = match role.count {
                Count::One => role.prefix.to_string(),
                _ => format!("{}{}", role.prefix, role.first as u16 + i),
            };
            let line = nodes.iter().rev().find(|n| n.node == id);
            let label = line.and_then(|n| n.label.clone()).unwrap_or_else(|| id.clone());
            let absent = line.is_some_and(|n| n.absent);
            members.push(Member { id, label, role: r as u8, place: i, absent });
        }
    }
    Cast { members }
}

impl Plan {
    /// Of one run: see [`Scenario::only`].
    pub fn new(entry: &'static Entry, scenario: Scenario) -> Plan {
        let params = ParamSet(scenario.run.params.clone());
        let cast = Rc::new(cast(entry, &params, &scenario.nodes));
        let bugs = scenario.bugs.iter().filter_map(|b| entry.bug_bit(b)).fold(0, |a, b| a | b);
        let mut plan = Plan {
            entry,
            cast,
            seed: scenario.run.seed,
            params,
            bugs,
            watches: vec![],
            watch_of_step: vec![],
            watch_of_expect: vec![],
            watch_of_until: None,
            scenario,
        };
        plan.watch_everything();
        plan
    }

    fn watch_everything(&mut self) {
        let scenario = std::mem::take(&mut self.scenario);
        for (i, step) in scenario.steps.iter().enumerate() {
            let fact = match &step.trigger {
                Trigger::When { fact, .. } | Trigger::Then { fact: Some(fact), .. } => Some(fact),
                _ => None,
            };
            let watch = fact.map(|f| self.watch(f, WatchOf::Step(i)));
            self.watch_of_step.push(watch);
        }
        for (i, expect) in scenario.expects.iter().enumerate() {
            let fact = match &expect.what {
                What::Never(fact) | What::Sometimes { fact, .. } => Some(fact),
                _ => None,
            };
            let watch = fact.map(|f| self.watch(f, WatchOf::Expect(i)));
            self.watch_of_expect.push(watch);
        }
        if let Until::Fact { fact, .. } = &scenario.until {
            self.watch_of_until = Some(self.watch(fact, WatchOf::Until));
        }
        self.scenario = scenario;
    }

    fn watch(&mut self, fact: &Fact, of: WatchOf) -> usize {
        let parts = fact.0.iter().map(|b| self.part(b)).collect();
        self.watches.push(Watch { parts, of });
        self.watches.len() - 1
    }

    fn part(&self, basic: &Basic) -> Part {
        match basic.clone() {
            Basic::Is { who, state, fields } => Part::Is { who: self.sel(&who), state, fields },
            Basic::Why { who, slug, fields, ord } => {
                let slug =
                    self.entry.reasons.iter().position(|r| r.slug == slug).unwrap_or(255) as u8;
                Part::Why { who: who.map(|w| self.sel(&w)), slug, fields, ord }
            }
            Basic::Message { fate, kind, path, ord } => {
                Part::Message { fate, kind: self.kind(&kind), path: self.path(path.as_ref()), ord }
            }
            Basic::Life { who, change, ord } => Part::Life { who: self.sel(&who), change, ord },
            Basic::Answer { who, out, call, ord } => {
                Part::Answer { who: self.sel(&who), out, call, ord }
            }
            Basic::Broken(claim) => Part::Broken(
                self.entry.claims.iter().position(|c| c.name == claim).unwrap_or(255) as u8,
            ),
            Basic::Quiet => Part::Quiet,
        }
    }

    pub fn kind(&self, p: &Pattern) -> KindPart {
        let kind = self.entry.kinds.iter().position(|k| k.name == p.kind).unwrap_or(255) as u8;
        KindPart { kind, fields: p.fields.clone() }
    }

    pub fn path(&self, path: Option<&Path>) -> PathPart {
        path.map_or_else(PathPart::default, |p| PathPart {
            from: p.from.as_ref().map(|w| self.sel(w)),
            to: p.to.as_ref().map(|w| self.sel(w)),
            both: p.both,
        })
    }

    pub fn sel(&self, who: &Who) -> Sel {
        match who {
            Who::Node(n) => self.cast.find(n).map_or_else(|| Sel::Role(n.clone()), Sel::Node),
            Who::Role(r) => Sel::Role(r.clone()),
        }
    }

    /// When the text says the run is over at the latest.
    pub fn horizon(&self) -> Us {
        match self.scenario.until {
            Until::Time(t) => t,
            Until::Quiet { by } | Until::Fact { by, .. } => by,
        }
    }
}
