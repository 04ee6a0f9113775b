//! A learner: it counts acceptors, ballot by ballot, until a majority has accepted the same value in the
//! same ballot. Then the value is chosen, and it says so.

use serde::Serialize;

use super::msg::{Ballot, Msg};
use super::proposer::needed_to_choose;
use super::why::Why;
use super::{Do, Know, Node, Timer};
use crate::few::Nodes;
use crate::ids::{NodeId, Span, Us};
use crate::seq::Seq;
use crate::value::Value;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Learner {
    pub heard: Seq<Heard>,
    #[serde(skip)]
    ever: Vec<Ever>,
    /// What it knows to be chosen, and says so.
    pub chosen: Option<Value>,
    /// The ballot it saw it chosen in; 0 if it was told.
    pub ballot: Ballot,
    /// When it last heard anything of the decision under way.
    #[serde(skip)]
    pub stirred: Option<Us>,
}

/// One value in one ballot, and who has accepted it there.
#[derive(Clone, Debug, Serialize)]
pub struct Heard {
    pub ballot: Ballot,
    pub value: Value,
    pub by: Vec<NodeId>,
}

/// Who has accepted a value in whatever ballot, each in the place where `heard` first names it.
#[derive(Clone, Debug)]
struct Ever {
    value: Value,
    /// In order.
    by: Vec<(Place, NodeId)>,
}

/// A ballot's place in `heard`, and an acceptor's among those heard of in it.
type Place = (usize, usize);

impl Ever {
    fn note(&mut self, place: Place, node: NodeId) {
        match self.by.iter().position(|(_, n)| *n == node) {
            Some(known) if self.by[known].0 <= place => return,
            Some(known) => drop(self.by.remove(known)),
            None => {}
        }
        let at = self.by.partition_point(|(before, _)| *before < place);
        self.by.insert(at, (place, node));
    }
}

impl Learner {
    /// Note an acceptance; the place it stands at.
    fn note(&mut self, cx: &Know<'_>, from: NodeId, b: Ballot, v: &Value) -> usize {
        // Most is of late.
        let known = self.heard.iter().rev().position(|h| h.ballot == b && h.value == *v);
        let at = known.map_or(self.heard.len(), |back| self.heard.len() - 1 - back);
        if known.is_none() {
            self.heard.push(Heard { ballot: b, value: v.clone(), by: vec![] });
        }
        let by = &self.heard[at].by;
        if cx.bug("count-dups") || !by.contains(&from) {
            let place = (at, by.len());
            self.ever_of(v).note(place, from);
            self.heard.get_mut(at).into_iter().for_each(|h| h.by.push(from));
        }
        at
    }

    fn ever_of(&mut self, v: &Value) -> &mut Ever {
        let known = self.ever.iter().position(|e| e.value == *v);
        let at = known.unwrap_or(self.ever.len());
        if known.is_none() {
            self.ever.push(Ever { value: v.clone(), by: vec![] });
        }
        &mut self.ever[at]
    }

    /// Acceptors that have accepted this value in whatever ballot: not enough to choose it.
    fn ever(&self, v: &Value) -> Vec<NodeId> {
        let ever = self.ever.iter().find(|e| e.value == *v);
        ever.map_or_else(Vec::new, |e| e.by.iter().map(|(_, n)| *n).collect())
    }
}

impl Node {
    /// 2b arrives.
    pub fn accepted(&mut self, cx: &Know<'_>, from: NodeId, b: Ballot, v: &Value, fx: &mut Do<'_>) {
        let Some(l) = self.learner.as_mut().filter(|l| l.chosen.is_none()) else { return };
        let at = l.note(cx, from, b, v);
        let mut by = l.heard[at].by.clone();
        let (needed, of, value) = (needed_to_choose(cx), cx.params.acceptors.into(), v.clone());
        let anywhere = l.ever(v);
        if cx.bug("count-by-value") {
            by = anywhere;
        } else if by.len() < needed && anywhere.len() >= needed {
            fx.explain(Why::Differ { value, by: anywhere });
            return;
        }
        if by.len() < needed {
            let on = by.len() as u64;
            return fx.explain(Why::Counted { ballot: b, value, on, needed: needed as u64 });
        }
        let here: Nodes = l.heard[at].by.iter().copied().collect();
        let forced = here.len() < cx.params.q2;
        (l.chosen, l.ballot) = (Some(value.clone()), b);
        fx.explain(Why::Decided { ballot: b, value, by, of, forced });
        self.settle(cx, v, fx);
        self.spread(cx, b, v, fx);
    }

    /// Among peers, whose ballot it was tells the others; where everybody counts, nobody need be told.
    fn spread(&self, cx: &Know<'_>, b: Ballot, v: &Value, fx: &mut Do<'_>) {
        let p = cx.params;
        if p.owner(b) == cx.me && p.is_peer(cx.me) && !p.learn_all {
            let others = cx.cast.all().filter(|n| p.is_peer(*n) && *n != cx.me);
            others.for_each(|n| fx.send(n, Msg::Learn { v: v.clone() }));
        }
    }

    pub fn learn(&mut self, cx: &Know<'_>, from: NodeId, v: &Value, fx: &mut Do<'_>) {
        let Some(l) = self.learner.as_mut().filter(|l| l.chosen.is_none()) else { return };
        l.chosen = Some(v.clone());
        fx.explain(Why::Learned { value: v.clone(), from });
        self.settle(cx, v, fx);
    }

    fn settle(&mut self, cx: &Know<'_>, v: &Value, fx: &mut Do<'_>) {
        fx.disarm(&Timer::Learn);
        if let Some(p) = &mut self.proposer {
            p.settle(cx, v, fx);
        }
    }

    /// Something is going on, and a node that learns has not heard how it ends: it will ask in time.
    /// A proposer apart does not: it tries again instead.
    pub fn stir(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let every = cx.params.learn_request;
        let asks = every > 0 && (self.acceptor.is_some() || self.proposer.is_none());
        if let Some(l) = self.learner.as_mut().filter(|l| asks && l.chosen.is_none()) {
            l.stirred = Some(cx.mono);
            fx.arm(Timer::Learn, every..=every);
        }
    }

    /// Nothing heard for a while: ask everybody, and again later.
    pub fn ask(&mut self, cx: &Know<'_>, fx: &mut Do<'_>) {
        let since = self.learner.as_ref().and_then(|l| l.stirred).unwrap_or(cx.mono);
        fx.explain(Why::Asked { silent: Span(cx.mono.saturating_sub(since) as i64) });
        cx.cast.all().filter(|n| *n != cx.me).for_each(|n| fx.send(n, Msg::LearnReq));
        let every = cx.params.learn_request;
        fx.arm(Timer::Learn, every..=every);
    }

    /// Who knows says so; an acceptor can at least repeat what it has accepted.
    pub fn asked(&self, from: NodeId, fx: &mut Do<'_>) {
        match (&self.learner, &self.acceptor) {
            (Some(Learner { chosen: Some(v), .. }), _) => {
                fx.send(from, Msg::Learn { v: v.clone() });
            }
            (_, Some(a)) => a.repeat(from, fx),
            _ => {}
        }
    }
}
