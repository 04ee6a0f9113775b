//! What the scenario does to the world: each verb of the language is one function here.
//!
//! An act that cannot be done is not passed over in silence: it leaves a `void` event with the reason, and
//! a shipped scenario with a void line fails its test.

use crate::ids::{EventId, MsgId, NodeId, Us};
use crate::scenario::ast::*;
use crate::stage::Open;
use crate::trace::{Loss, What as Happening};

use super::agenda::Todo;
use super::flight::Parcel;
use super::limit::MAX_RULES;
use super::plan::{KindPart, PathPart, Sel};
use super::queue::{Due, Entry};
use super::{Flight, Life as NodeLife, World, net};

/// A Byzantine behaviour the world itself plays, whatever the protocol.
#[derive(Clone, Debug, PartialEq)]
pub enum Lie {
    Silent,
    Late(Us),
    /// Sends to these only.
    Selective(Vec<NodeId>),
    /// Sends its last message to the same node again with every new one.
    Replay(Vec<(NodeId, u32)>),
}

/// What happens to messages at their sending, until somebody says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The line that made it.
    line: u32,
    kind: KindPart,
    path: PathPart,
    /// Only the message of this number.
    nth: Option<u32>,
    verb: Verb,
    /// How many more messages; none is without end.
    left: Option<u32>,
    until: Option<Us>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Drop,
    Hold,
    Delay(Us),
    Duplicate(Us),
}

/// What the rules say of one message.
#[derive(Default)]
pub(super) struct Ruling {
    pub drop: bool,
    pub hold: bool,
    pub delay: Us,
    pub copies: Vec<Us>,
}

/// Why an act could not be done.
type Done = Result<(), String>;

impl World {
    /// Fire a line of the scenario, then those below it that follow at once: one after the other, as a text may chain
    /// all its lines.
    pub(super) fn do_line(&mut self, line: usize, rep: u32, cause: EventId, it: Option<Flight>) {
        let mut next = Some((line, rep, cause));
        while let Some((line, rep, cause)) = next {
            next = self.do_one(line, rep, cause, it).map(|(line, cause)| (line, 0, cause));
        }
    }

    /// Fire one line; gives the line that follows at once, and its cause.
    fn do_one(
        &mut self,
        line: usize,
        rep: u32,
        cause: EventId,
        it: Option<Flight>,
    ) -> Option<(usize, EventId)> {
        let plan = self.plan.clone();
        let step = plan.scenario.steps.get(line)?;
        if let Trigger::At { every: Some(every), .. } = step.trigger
            && every.times.is_none_or(|n| rep + 1 < n)
            && every.period > 0
        {
            let todo = Todo::Line { line, rep: rep + 1, cause: EventId::NONE, it: None };
            self.agenda.insert((self.now + every.period, 0, line as u32), todo);
        }
        let (since, rules) = (self.step.fresh.events.len(), self.rules.len());
        let act = self.emit(None, cause, Happening::Act { line: line as u32 });
        if let Err(reason) = self.perform(&step.act, act, it) {
            let text = self.text(reason);
            self.emit(None, act, Happening::Void { line: line as u32, text });
        }
        if let Some(rule) = self.rules.get_mut(rules) {
            rule.line = line as u32;
            self.met.slot(line as u32);
        }
        if step.act.is_fault() {
            self.calm_since = self.now;
            self.disturbed = self.is_disturbed();
        }
        self.arm_next(line, since, act, it).map(|below| (below, act))
    }

    fn perform(&mut self, act: &Act, event: EventId, it: Option<Flight>) -> Done {
        match act {
            Act::Crash(who) => self.each(who, |w, n| w.crash(n, event)),
            Act::Pause(who) => self.each(who, |w, n| w.pause(n, event)),
            Act::Resume(who) => self.each(who, |w, n| w.resume(n, event)),
            Act::Start(who) => self.each(who, |w, n| w.start_absent(n, event)),
            Act::Restart { who, amnesia } => self.each(who, |w, n| w.restart(n, *amnesia, event)),
            Act::Isolate(who) => self.isolate(who),
            Act::Partition(groups) => self.partition(groups),
            Act::Cut { from, to, both } => self.cut(from, to, *both),
            Act::Heal(what) => self.heal(what.as_ref()),
            Act::Drop(msg) => self.on_message(msg, Verb::Drop, it),
            Act::Hold(msg) => self.on_message(msg, Verb::Hold, it),
            Act::Delay { msg, by } => self.on_message(msg, Verb::Delay(*by), it),
            Act::Duplicate { msg, by } => {
                self.on_message(msg, Verb::Duplicate(by.unwrap_or(0)), it)
            }
            Act::Release(msg) => self.release(msg, it),
            Act::Pass(msg) => self.pass(msg),
            Act::Skew { who, by } => self.skew(who, *by, event),
            Act::Drift { who, ppm } => self.drift(who, *ppm, event),
            Act::Turn { who, lie, args } => self.turn(who, lie, args),
            Act::Fire { who, timer } => self.fire(who, timer, event),
            Act::SetNet(set) => self.set_net(set),
            Act::SetLink { from, to, both, set } => self.set_link(from, to, *both, set),
            Act::SetNode { who, set } => self.set_node(who, set, event),
            Act::Say(text) => self.remark(text, true, event),
            Act::Mark(text) => self.remark(text, false, event),
            Act::Call { who, call } => self.call(who, call, event),
        }
    }

    fn remark(&mut self, text: &str, say: bool, event: EventId) -> Done {
        let text = self.text(text.to_string());
        self.emit(None, event, Happening::Mark { text, say });
        Ok(())
    }

    // ---------------------------------------------------------------- who

    /// The node a word means now: by name, by leading, by state, by role.
    pub fn resolve(&self, sel: &Sel) -> Option<NodeId> {
        match sel {
            Sel::Node(n) => Some(*n),
            Sel::Role(word) => self.by_word(word),
        }
    }

    fn by_word(&self, word: &str) -> Option<NodeId> {
        let leads = matches!(word, "leader" | "primary" | "coordinator");
        let is = |n: &NodeId| {
            let face = self.faces[n.index()];
            let role = self.plan.entry.roles[self.plan.cast.role(*n) as usize].name;
            (leads && face.leads) || face.state == word || role == word
        };
        let up =
            |n: &NodeId| !matches!(self.nodes[n.index()].life, NodeLife::Down | NodeLife::Absent);
        let best = |a: NodeId, b: NodeId| {
            let epoch = |n: NodeId| self.faces[n.index()].epoch;
            if epoch(b) > epoch(a) { b } else { a }
        };
        self.plan.cast.all().filter(up).filter(is).reduce(best)
    }

    fn who(&self, who: &Who) -> Result<NodeId, String> {
        let sel = self.plan.sel(who);
        self.resolve(&sel).ok_or_else(|| match &sel {
            Sel::Role(word) => format!("nobody is {word} at this moment"),
            Sel::Node(_) => "no such node".into(),
        })
    }

    fn each(&mut self, who: &[Who], f: impl Fn(&mut World, NodeId) -> Done) -> Done {
        let nodes: Vec<NodeId> = who.iter().map(|w| self.who(w)).collect::<Result<_, _>>()?;
        nodes.into_iter().try_for_each(|n| f(self, n))
    }

    fn name(&self, n: NodeId) -> &str {
        self.plan.cast.name(n)
    }

    fn must_be_up(&self, n: NodeId) -> Done {
        let name = self.name(n);
        match self.nodes[n.index()].life {
            NodeLife::Up => Ok(()),
            NodeLife::Paused => Err(format!("{name} is paused: resume it first")),
            NodeLife::Down => Err(format!("{name} is down: restart it first")),
            NodeLife::Absent => Err(format!("{name} has not been started: start it first")),
        }
    }

    // ---------------------------------------------------------------- life

    fn set_life(&mut self, n: NodeId, life: NodeLife) {
        self.nodes[n.index()].life = life;
        self.alive[n.index()] = matches!(life, NodeLife::Up | NodeLife::Paused);
    }

    fn crash(&mut self, n: NodeId, event: EventId) -> Done {
        match self.nodes[n.index()].life {
            NodeLife::Down => return Err(format!("{} is already down", self.name(n))),
            NodeLife::Absent => return Err(format!("{} has not been started", self.name(n))),
            NodeLife::Up | NodeLife::Paused => {}
        }
        let crash = self.emit(Some(n), event, Happening::Crash);
        self.set_life(n, NodeLife::Down);
        self.stage.forget_timers(n);
        self.lose_unsaved(n, crash);
        self.lose_backlog(n);
        if self.nodes[n.index()].slew_ends.is_some() {
            self.end_slew(n, crash);
        }
        let mine: Vec<_> =
            self.open_ops.iter().filter(|(_, (o, _))| *o == n).map(|(op, _)| *op).collect();
        mine.into_iter().for_each(|op| self.close_op(op, Out::Unknown, None, crash));
        self.step.sent.clear();
        self.step.replied.clear();
        let wall = self.senses(n).wall;
        self.judge(n, Open::Crash, self.faces[n.index()], wall, false);
        Ok(())
    }

    /// A crash takes what is not on the disk: records under way, timers, effects held back.
    fn lose_unsaved(&mut self, n: NodeId, crash: EventId) {
        let node = &mut self.nodes[n.index()];
        node.timers.clear();
        node.gated.clear();
        let lazy = std::mem::take(&mut node.lazy);
        let writes = std::mem::take(&mut node.writes);
        self.busy_writes -= writes.len() as u32;
        // Saved entries in the queue belong to an incarnation that is over.
        self.nodes[n.index()].inc += 1;
        let with = writes
            .into_iter()
            .flat_map(|w| w.with.into_iter().chain([(w.mark, w.record, w.event)]));
        for (mark, record, _) in with.chain(lazy) {
            self.emit(Some(n), crash, Happening::Unsaved { mark: mark.0, record });
        }
    }

    fn lose_backlog(&mut self, n: NodeId) {
        for entry in std::mem::take(&mut self.nodes[n.index()].backlog) {
            if let Due::Deliver(f) = entry.due {
                self.landed(&f);
                self.lose(f, Loss::Down);
            }
        }
    }

    fn restart(&mut self, n: NodeId, amnesia: bool, event: EventId) -> Done {
        if self.nodes[n.index()].life != NodeLife::Down {
            return Err(format!("{} is not down: only a crashed node can restart", self.name(n)));
        }
        self.set_life(n, NodeLife::Up);
        let senses = self.senses(n);
        self.stage.boot(n, senses, amnesia);
        let inc = senses.incarnation;
        let start = self.emit(Some(n), event, Happening::Restart { inc, amnesia });
        self.run(n, Open::Start { amnesia }, start);
        Ok(())
    }

    fn start_absent(&mut self, n: NodeId, event: EventId) -> Done {
        if self.nodes[n.index()].life != NodeLife::Absent {
            return Err(format!(
                "{} is running already; only a node declared `absent` can be started",
                self.name(n)
            ));
        }
        self.start(n, event);
        Ok(())
    }

    pub(super) fn start(&mut self, n: NodeId, event: EventId) {
        self.set_life(n, NodeLife::Up);
        let start = self.emit(Some(n), event, Happening::Start { inc: 0 });
        self.run(n, Open::Start { amnesia: false }, start);
    }

    fn pause(&mut self, n: NodeId, event: EventId) -> Done {
        if self.nodes[n.index()].life == NodeLife::Paused {
            return Err(format!("{} is paused already", self.name(n)));
        }
        self.must_be_up(n)?;
        self.set_life(n, NodeLife::Paused);
        self.emit(Some(n), event, Happening::Pause);
        Ok(())
    }

    /// What queued and what expired meanwhile runs now, in the order of its due time.
    fn resume(&mut self, n: NodeId, event: EventId) -> Done {
        if self.nodes[n.index()].life != NodeLife::Paused {
            return Err(format!("{} is not paused", self.name(n)));
        }
        self.set_life(n, NodeLife::Up);
        self.emit(Some(n), event, Happening::Resume);
        for entry in std::mem::take(&mut self.nodes[n.index()].backlog) {
            if let Due::Timer { node, timer } = entry.due {
                self.wake_timer(node, timer);
            } else {
                self.push(self.now, entry.due);
            }
        }
        Ok(())
    }

    fn wake_timer(&mut self, n: NodeId, timer: crate::ids::TimerId) {
        self.seq += 1;
        let (now, seq) = (self.now, self.seq);
        let Some(t) = self.nodes[n.index()].timers.iter_mut().find(|t| t.timer == timer) else {
            return;
        };
        (t.due, t.seq, t.queued) = (now, seq, (now, seq));
        let due = Due::Timer { node: n, timer };
        self.queue.push(std::cmp::Reverse(Entry { at: now, seq, due }));
    }

    // ---------------------------------------------------------------- links

    fn isolate(&mut self, who: &Who) -> Done {
        let n = self.who(who)?;
        let cast = self.plan.cast.clone();
        let others = || cast.all().filter(|o| *o != n);
        if others().all(|o| self.net.is_cut(n, o) && self.net.is_cut(o, n)) {
            return Err(format!("{} has no link left to cut", self.name(n)));
        }
        for other in others() {
            self.net.cut(n, other);
            self.net.cut(other, n);
        }
        self.drop_cut_flights();
        Ok(())
    }

    fn partition(&mut self, groups: &[Vec<Who>]) -> Done {
        let mut side = vec![net::FREE; self.nodes.len()];
        for (g, group) in groups.iter().enumerate() {
            for who in group {
                side[self.who(who)?.index()] = g as u8;
            }
        }
        if self.net.is_parted(&side) {
            return Err("the network is parted like this already".into());
        }
        self.net.partition(side);
        self.drop_cut_flights();
        Ok(())
    }

    /// The two ends of a link: two different nodes.
    fn ends(&self, from: &Who, to: &Who) -> Result<(NodeId, NodeId), String> {
        let (a, b) = (self.who(from)?, self.who(to)?);
        let one = || format!("both ends of the link are {}: name two nodes", self.name(a));
        if a == b { Err(one()) } else { Ok((a, b)) }
    }

    fn between(&self, a: NodeId, b: NodeId, both: bool) -> String {
        format!("{} {} {}", self.name(a), if both { "<->" } else { "->" }, self.name(b))
    }

    fn cut(&mut self, from: &Who, to: &Who, both: bool) -> Done {
        let (a, b) = self.ends(from, to)?;
        if self.net.is_cut(a, b) && (!both || self.net.is_cut(b, a)) {
            return Err(format!("the link {} is cut already", self.between(a, b, both)));
        }
        self.net.cut(a, b);
        if both {
            self.net.cut(b, a);
        }
        self.drop_cut_flights();
        Ok(())
    }

    fn drop_cut_flights(&mut self) {
        if self.net.deliver_in_flight {
            return;
        }
        let net = self.net.clone();
        for f in self.take_from_flight(|f| !net.open(f.from, f.to)) {
            self.lose(f, Loss::Cut);
        }
        let (lost, kept) =
            std::mem::take(&mut self.held).into_iter().partition(|f| !net.open(f.from, f.to));
        self.held = kept;
        let lost: Vec<Flight> = lost;
        lost.into_iter().for_each(|f| self.lose(f, Loss::Cut));
    }

    /// Whether `heal` would find anything: a partition, a cut, a rule.
    pub fn can_heal(&self) -> bool {
        self.net.broken() || !self.rules.is_empty()
    }

    fn heal(&mut self, what: Option<&(Who, Who, bool)>) -> Done {
        let Some((from, to, both)) = what else {
            if !self.can_heal() {
                return Err("there is nothing to heal: no partition, no cut, no rule".into());
            }
            self.net.heal();
            self.rules.clear();
            return Ok(());
        };
        let (a, b) = self.ends(from, to)?;
        let cut = self.net.is_cut(a, b) || (*both && self.net.is_cut(b, a));
        if !cut {
            return Err(format!("the link {} is not cut", self.between(a, b, *both)));
        }
        self.net.mend(a, b);
        if *both {
            self.net.mend(b, a);
        }
        Ok(())
    }

    fn set_net(&mut self, set: &[(String, NetValue)]) -> Done {
        self.net.set_all(set);
        for (k, v) in set {
            if let ("disk", NetValue::Law(l)) = (k.as_str(), v) {
                self.nodes.iter_mut().for_each(|n| n.disk = l.median());
            }
        }
        Ok(())
    }

    fn set_link(&mut self, from: &Who, to: &Who, both: bool, set: &[(String, NetValue)]) -> Done {
        let (a, b) = self.ends(from, to)?;
        self.net.set_link(a, b, set);
        if both {
            self.net.set_link(b, a, set);
        }
        Ok(())
    }

    fn set_node(&mut self, who: &Who, set: &NodeSet, event: EventId) -> Done {
        let n = self.who(who)?;
        if let Some(disk) = set.disk {
            self.nodes[n.index()].disk = disk;
        }
        if let Some(ppm) = set.drift {
            self.drift(who, ppm, event)?;
        }
        if let Some(offset) = set.offset {
            let by = offset - self.nodes[n.index()].clock.error(self.now);
            self.skew(who, by, event)?;
        }
        Ok(())
    }

    fn skew(&mut self, who: &Who, by: i64, event: EventId) -> Done {
        let n = self.who(who)?;
        self.nodes[n.index()].clock.step(by);
        self.emit_clock(n, event);
        Ok(())
    }

    fn drift(&mut self, who: &Who, ppm: i64, event: EventId) -> Done {
        let n = self.who(who)?;
        let now = self.now;
        self.nodes[n.index()].clock.set_drift(now, ppm);
        self.retime(n);
        self.emit_clock(n, event);
        Ok(())
    }

    // ---------------------------------------------------------------- messages

    fn on_message(&mut self, msg: &Msg, verb: Verb, it: Option<Flight>) -> Done {
        match msg {
            Msg::It => self.on_it(it, verb),
            Msg::Named { kind, path, ord } => self.on_named(kind, path, *ord, verb),
            Msg::Next { kind, path } => self.add_rule(kind, path.as_ref(), verb, Some(1), None),
            Msg::Every { kind, path, span } => {
                let until = span.map(|s| self.now + s);
                self.add_rule(kind, path.as_ref(), verb, None, until)
            }
        }
    }

    fn add_rule(
        &mut self,
        kind: &Pattern,
        path: Option<&Path>,
        verb: Verb,
        left: Option<u32>,
        until: Option<Us>,
    ) -> Done {
        let (kind, path) = (self.plan.kind(kind), self.plan.path(path));
        self.rule(Rule { line: 0, kind, path, nth: None, verb, left, until })
    }

    fn rule(&mut self, rule: Rule) -> Done {
        if self.rules.len() >= MAX_RULES {
            return Err(format!("{MAX_RULES} lines wait for messages already"));
        }
        self.rules.push(rule);
        Ok(())
    }

    fn on_it(&mut self, it: Option<Flight>, verb: Verb) -> Done {
        let Some(it) = it else {
            return Err("`it` names the message of a `when sent` line above: there is none".into());
        };
        self.may(it.m, verb)?;
        let found = self.take_from_flight(|f| f.m == it.m);
        let Some(f) = found.into_iter().next().or_else(|| self.take_held(|f| f.m == it.m)) else {
            return Err("that message is no longer in flight".into());
        };
        self.apply(f, verb);
        Ok(())
    }

    fn on_named(&mut self, kind: &Pattern, path: &Path, ord: u32, verb: Verb) -> Done {
        let (kind, path) = (self.plan.kind(kind), self.plan.path(Some(path)));
        let world = &*self;
        let fits: Vec<MsgId> = world
            .flying()
            .chain(world.held.iter().copied())
            .filter(|f| f.nth == ord && world.fits(f, &kind, &path))
            .map(|f| f.m)
            .collect();
        if fits.is_empty() {
            if self.was_sent(&kind, &path, ord) {
                return Err(format!("message #{ord} was already delivered or lost"));
            }
            let (nth, left) = (Some(ord), Some(1));
            return self.rule(Rule { line: 0, kind, path, nth, verb, left, until: None });
        }
        // Of several that fit, those are meant with which it can be done.
        let (can, cannot): (Vec<MsgId>, Vec<MsgId>) =
            fits.into_iter().partition(|m| self.may(*m, verb).is_ok());
        if let ([], [first, ..]) = (&can[..], &cannot[..]) {
            return self.may(*first, verb);
        }
        for m in can {
            let found = self.take_from_flight(|f| f.m == m).into_iter().next();
            if let Some(f) = found.or_else(|| self.take_held(|f| f.m == m)) {
                self.apply(f, verb);
            }
        }
        Ok(())
    }

    /// A message that is held can be let go or be lost, and nothing else.
    fn may(&self, m: MsgId, verb: Verb) -> Done {
        let held = self.held.iter().any(|f| f.m == m);
        match verb {
            Verb::Hold if held => Err("that message is held already".into()),
            Verb::Delay(_) | Verb::Duplicate(_) if held => {
                Err("that message is held: release it first".into())
            }
            _ => Ok(()),
        }
    }

    /// Whether every link on the path has carried so many: then none is left to send that one.
    fn was_sent(&self, kind: &KindPart, path: &PathPart, ord: u32) -> bool {
        let all = || self.plan.cast.all();
        let mut links = all()
            .flat_map(|a| all().map(move |b| (a, b)))
            .filter(|(a, b)| a != b && self.on_path(*a, *b, path))
            .map(|(a, b)| self.net.sent_of(a, b, kind.kind) >= ord)
            .peekable();
        links.peek().is_some() && links.all(|sent| sent)
    }

    /// Do something to a message that has been taken out of the air.
    fn apply(&mut self, mut f: Flight, verb: Verb) {
        match verb {
            Verb::Drop => self.lose(f, Loss::Drop),
            Verb::Hold => self.hold(f),
            Verb::Delay(by) => {
                f.due = f.due.max(self.now) + by;
                self.fly(f);
            }
            Verb::Duplicate(by) => {
                self.fly(f);
                self.copy(&f, f.due + by);
            }
        }
    }

    fn flying(&self) -> impl Iterator<Item = Flight> + '_ {
        self.queue.iter().filter_map(|e| match e.0.due {
            Due::Deliver(f) => Some(f),
            _ => None,
        })
    }

    fn take_held(&mut self, fits: impl Fn(&Flight) -> bool) -> Option<Flight> {
        let at = self.held.iter().position(fits)?;
        Some(self.held.remove(at))
    }

    fn release(&mut self, msg: &Msg, it: Option<Flight>) -> Done {
        let free: Vec<MsgId> =
            self.held.iter().filter(|f| self.named(f, msg, it)).map(|f| f.m).collect();
        if free.is_empty() {
            return Err("no such message is held".into());
        }
        for m in free {
            if let Some(mut f) = self.take_held(|f| f.m == m) {
                self.emit(None, f.sent, Happening::Release { m });
                f.due = f.due.max(self.now);
                self.fly(f);
            }
        }
        Ok(())
    }

    fn named(&self, f: &Flight, msg: &Msg, it: Option<Flight>) -> bool {
        let fits = |kind: &Pattern, path: Option<&Path>| {
            self.fits(f, &self.plan.kind(kind), &self.plan.path(path))
        };
        match msg {
            Msg::It => it.is_some_and(|it| it.m == f.m),
            Msg::Named { kind, path, ord } => f.nth == *ord && fits(kind, Some(path)),
            Msg::Next { kind, path } | Msg::Every { kind, path, .. } => fits(kind, path.as_ref()),
        }
    }

    fn pass(&mut self, msg: &Msg) -> Done {
        let (Msg::Every { kind, path, .. } | Msg::Next { kind, path }) = msg else {
            return Err("`pass` ends a rule: write `pass every KIND …`".into());
        };
        let (kind, path) = (self.plan.kind(kind), self.plan.path(path.as_ref()));
        let before = self.rules.len();
        self.rules.retain(|r| r.kind != kind || r.path != path);
        if self.rules.len() == before {
            Err("no rule speaks of these messages".into())
        } else {
            Ok(())
        }
    }

    /// Whether a message is of this kind, on this path, with these fields.
    pub(super) fn fits(&self, f: &Flight, kind: &KindPart, path: &PathPart) -> bool {
        f.kind == kind.kind
            && self.on_path(f.from, f.to, path)
            && self.has_fields(&kind.fields, || self.stage.msg(f.payload))
    }

    fn on_path(&self, from: NodeId, to: NodeId, path: &PathPart) -> bool {
        let is =
            |sel: &Option<Sel>, n: NodeId| sel.as_ref().is_none_or(|s| self.resolve(s) == Some(n));
        let way = |a, b| is(&path.from, a) && is(&path.to, b);
        way(from, to) || (path.both && way(to, from))
    }

    pub(super) fn rule_on(&mut self, f: &Flight) -> Ruling {
        let mut ruling = Ruling::default();
        if self.rules.is_empty() {
            return ruling;
        }
        let now = self.now;
        let mut rules = std::mem::take(&mut self.rules);
        rules.retain(|r| r.until.is_none_or(|u| now < u));
        for r in &mut rules {
            if r.nth.is_none_or(|n| n == f.nth) && self.fits(f, &r.kind, &r.path) {
                ruling.add(r.verb);
                *self.met.slot(r.line) = true;
                r.left = r.left.map(|n| n - 1);
            }
        }
        rules.retain(|r| r.left != Some(0));
        self.rules = rules;
        ruling
    }

    // ---------------------------------------------------------------- nodes

    fn fire(&mut self, who: &Who, timer: &str, event: EventId) -> Done {
        let n = self.who(who)?;
        self.must_be_up(n)?;
        let Some(&timer) = self.stage.timers_named(n, timer).first() else {
            return Err(format!("{} has no {timer} timer armed", self.name(n)));
        };
        self.expire(n, timer, event);
        Ok(())
    }

    fn call(&mut self, who: &Who, call: &Call, event: EventId) -> Done {
        let n = self.who(who)?;
        self.must_be_up(n)?;
        self.invoke(n, &call.op, call.args.clone(), event);
        Ok(())
    }

    fn turn(&mut self, who: &Who, lie: &str, args: &[(String, crate::value::Value)]) -> Done {
        let n = self.who(who)?;
        if lie == "honest" {
            if !self.turned[n.index()] {
                return Err(format!("{} does not lie", self.name(n)));
            }
            self.turned[n.index()] = false;
            self.nodes[n.index()].lie = None;
            self.stage.set_lie(n, None);
            return Ok(());
        }
        self.lying[n.index()] = true;
        self.turned[n.index()] = true;
        let arg = |name: &str| args.iter().find(|(k, _)| k == name).map(|(_, v)| v);
        let world_lie = match lie {
            "silent" => Some(Lie::Silent),
            "late" => Some(Lie::Late(match arg("by") {
                Some(crate::value::Value::Time(t)) => (*t).max(0) as Us,
                _ => 100_000,
            })),
            "selective" => Some(Lie::Selective(self.nodes_of(arg("to")))),
            "replay" => Some(Lie::Replay(vec![])),
            _ => None,
        };
        if world_lie.is_none() {
            let args = args.iter().map(|(k, v)| format!(" {k}={}", v.print())).collect::<String>();
            self.stage.set_lie(n, Some(format!("{lie}{args}")));
        }
        self.nodes[n.index()].lie = world_lie;
        Ok(())
    }

    fn nodes_of(&self, value: Option<&crate::value::Value>) -> Vec<NodeId> {
        let names = value.map_or_else(String::new, crate::value::Value::print);
        names.split(',').filter_map(|n| self.plan.cast.find(n)).collect()
    }

    pub(super) fn send_lying(
        &mut self,
        lie: Lie,
        from: NodeId,
        to: NodeId,
        p: Parcel,
        cause: EventId,
    ) {
        match lie {
            Lie::Silent => {}
            Lie::Late(by) => self.launch(from, to, p, by, cause),
            Lie::Selective(only) if !only.contains(&to) => {}
            Lie::Selective(_) => self.launch(from, to, p, 0, cause),
            Lie::Replay(mut last) => {
                if let Some(&(_, payload)) = last.iter().find(|(n, _)| *n == to) {
                    self.launch(from, to, Parcel { payload, ..p }, 0, cause);
                }
                last.retain(|(n, _)| *n != to);
                last.push((to, p.payload));
                self.nodes[from.index()].lie = Some(Lie::Replay(last));
                self.launch(from, to, p, 0, cause);
            }
        }
    }
}

impl Rule {
    /// In an edited text its line may stand elsewhere.
    pub(super) fn moved(&mut self, map: impl Fn(u32) -> Option<u32>) {
        self.line = map(self.line).unwrap_or(self.line);
    }
}

impl Ruling {
    fn add(&mut self, verb: Verb) {
        match verb {
            Verb::Drop => self.drop = true,
            Verb::Hold => self.hold = true,
            Verb::Delay(by) => self.delay += by,
            Verb::Duplicate(by) => self.copies.push(by),
        }
    }
}

impl Act {
    /// Whether this act disturbs the run, rather than asking it for something or speaking of it.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Act::Say(_) | Act::Mark(_) | Act::Call { .. })
    }

    /// Whether it is about messages, one or many: what nodes and links are is left as it is.
    pub fn is_rule(&self) -> bool {
        matches!(
            self,
            Act::Drop(_)
                | Act::Hold(_)
                | Act::Release(_)
                | Act::Pass(_)
                | Act::Delay { .. }
                | Act::Duplicate { .. }
        )
    }
}
