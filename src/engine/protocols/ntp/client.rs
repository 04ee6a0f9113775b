//! A client: it asks, keeps the best of what it hears, and sets its clock. It also writes a register whose
//! last writer wins by its clock, to show what a clock that goes back does.

use serde::Serialize;

use super::select::{Candidate, Chosen, choose, distance, spread};
use super::steer::{Steer, follow};
use super::*;
use crate::ids::OpId;
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub peers: Vec<Peer>,
    /// What the servers say, when they were last compared.
    pub candidates: Vec<Candidate>,
    pub chosen: Option<Chosen>,
    /// The wall clock against the monotonic one, then.
    #[serde(skip)]
    pub stood: i64,
    pub steer: Steer,
    pub synced: bool,
    /// It measures, and leaves its clock alone.
    #[serde(skip)]
    pub looks: bool,
    /// Requests of Cristian's, and how often the newest was asked again.
    pub seq: u64,
    pub tries: u64,
    /// The newest correction of Berkeley's that was followed.
    pub round: u64,
    /// What was written last, by the stamps.
    pub register: Vec<Written>,
    #[serde(skip)]
    pub fresh: Option<Fresh>,
    /// Servers were compared in this step.
    #[serde(skip)]
    pub compared: bool,
    #[serde(skip)]
    pub mono: Us,
}

#[derive(Clone, Debug, Serialize)]
pub struct Written {
    pub key: String,
    pub value: Value,
    pub stamp: Span,
}

/// What a client knows of one server.
#[derive(Clone, Debug, Serialize)]
pub struct Peer {
    pub server: NodeId,
    /// A bit for each of the last eight requests: answered or not.
    pub reach: u8,
    pub unanswered: u64,
    /// T1 of the request under way.
    pub org: Option<Span>,
    /// T1 of the newest request.
    #[serde(skip)]
    pub asked: i64,
    /// T3 of the newest answer.
    pub xmt: Option<Span>,
    /// Newest first.
    pub filter: Vec<Sample>,
    /// What the filter chose.
    pub best: Option<Sample>,
    pub jitter: Span,
    /// When the sample was taken that the clock was last turned by.
    #[serde(skip)]
    used: i64,
    pub stratum: u8,
    pub root_delay: Span,
    pub root_disp: Span,
    /// T1 to T4 of the newest exchange.
    pub times: Option<[Span; 4]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sample {
    pub offset: Span,
    pub delay: Span,
    /// ε: what reading two clocks and the drift meanwhile may add.
    pub disp: Span,
    /// How far the offset may be from the truth.
    pub bound: Span,
    /// When, on the monotonic clock; and the server's clock against that clock.
    #[serde(skip)]
    pub at: i64,
    #[serde(skip)]
    against: i64,
}

impl Sample {
    fn new(cx: &Know, offset: i64, delay: i64, disp: i64, bound: i64) -> Sample {
        let (at, against) = (cx.mono as i64, offset + ahead(cx));
        let [offset, delay, disp, bound] = [offset, delay, disp, bound].map(Span);
        Sample { offset, delay, disp, bound, at, against }
    }
    /// The offset it stands for now, after whatever has been done to the wall clock since.
    fn now(&self, cx: &Know) -> i64 {
        self.against - ahead(cx)
    }
}

/// The wall clock against the monotonic one.
fn ahead(cx: &Know) -> i64 {
    cx.wall as i64 - cx.mono as i64
}

impl Client {
    pub fn boot(cx: &Know) -> Client {
        let peer = |server| Peer {
            server,
            reach: 0,
            unanswered: 0,
            org: None,
            asked: 0,
            xmt: None,
            filter: vec![],
            best: None,
            jitter: Span(0),
            used: -1,
            stratum: 0,
            root_delay: Span(0),
            root_disp: Span(0),
            times: None,
        };
        Client {
            peers: servers(cx).map(peer).collect(),
            candidates: vec![],
            chosen: None,
            stood: 0,
            steer: Steer::default(),
            synced: false,
            looks: !cx.params.discipline,
            seq: u64::from(cx.incarnation) * super::master::LIFE,
            tries: 0,
            round: 0,
            register: vec![],
            fresh: None,
            compared: false,
            mono: 0,
        }
    }

    pub fn step(&mut self, cx: &Know, input: Input<'_, Ntp>, fx: Do) {
        (self.fresh, self.compared, self.mono) = (None, false, cx.mono);
        match input {
            Input::Start => self.start(cx, fx),
            Input::Request { op, call } => self.asked(cx, op, call, fx),
            Input::Deliver { from, msg } => self.told(cx, from, msg, fx),
            Input::Timeout(Timer::Poll) => self.poll(cx, fx),
            Input::Timeout(Timer::Overdue) => self.overdue(cx, fx),
            _ => {}
        }
    }

    fn start(&mut self, cx: &Know, fx: Do) {
        if cx.params.algorithm != Algorithm::Berkeley {
            fx.arm(Timer::Poll, cx.params.poll..=cx.params.poll);
        }
    }

    fn poll(&mut self, cx: &Know, fx: Do) {
        fx.arm(Timer::Poll, cx.params.poll..=cx.params.poll);
        match cx.params.algorithm {
            Algorithm::Ntp => self.poll_all(cx, fx),
            Algorithm::Cristian => {
                self.tries = 0;
                self.ask(cx, fx);
            }
            Algorithm::Berkeley => {}
        }
    }

    fn told(&mut self, cx: &Know, from: NodeId, msg: &Msg, fx: Do) {
        match *msg {
            Msg::Response(r) => self.response(cx, from, r, fx),
            Msg::TimeResp { seq, t_server } => self.read(cx, from, seq, t_server.0, fx),
            Msg::Poll { round, master_time } => {
                let diff = Span(cx.wall as i64 - master_time.0);
                fx.send(from, Msg::Reply { round, diff });
            }
            Msg::Adjust { round, delta } => self.adjust(cx, from, round, delta.0, fx),
            _ => {}
        }
    }

    // ---------------------------------------------------------------- NTP

    fn poll_all(&mut self, cx: &Know, fx: Do) {
        if self.peers.iter().any(|p| p.org.is_some()) {
            self.give_up(fx);
            self.select(cx, fx);
        }
        let xmt = Span(cx.wall as i64);
        for p in &mut self.peers {
            p.reach <<= 1;
            (p.org, p.asked) = (Some(xmt), xmt.0);
            fx.send(p.server, Msg::Request { poll: Span(cx.params.poll as i64), xmt });
        }
    }

    fn give_up(&mut self, fx: Do) {
        for p in &mut self.peers {
            if p.org.take().is_some() {
                p.unanswered += 1;
                fx.explain(Why::Silent { server: p.server, times: p.unanswered });
            }
        }
    }

    /// T1, T2, T3 as the packet has them; T4 is now.
    fn response(&mut self, cx: &Know, from: NodeId, r: Response, fx: Do) {
        let (blind, many) = (cx.bug("accept-any"), self.peers.len() > 1);
        let Some(p) = self.peers.iter_mut().find(|p| p.server == from) else { return };
        if p.xmt == Some(r.xmt) {
            return fx.explain(Why::SeenBefore { server: from, xmt: r.xmt });
        }
        if p.org != Some(r.org) && !blind {
            return fx.explain(Why::Bogus { server: from, org: r.org, waits: p.org });
        }
        let t1 = if blind { p.asked } else { r.org.0 };
        let times = [t1, r.rec.0, r.xmt.0, cx.wall as i64];
        (p.org, p.xmt, p.times) = (None, Some(r.xmt), Some(times.map(Span)));
        (p.stratum, p.root_delay, p.root_disp) = (r.stratum, r.root_delay, r.root_disp);
        p.reach |= 1;
        p.unanswered = 0;
        let sample = measure(cx, times, r.precision.0 + cx.params.precision);
        fx.meter("bound", sample.bound.0);
        fx.explain(Why::sampled(from, times, &sample, many));
        p.keep(cx, sample, many, fx);
        let (offset, delay, bound) = (sample.offset.0, sample.delay.0, sample.bound.0);
        let believed = p.best.map_or(offset, |b| b.now(cx));
        self.fresh = Some(Fresh { of: from, offset, delay, bound, believed });
        if self.peers.iter().all(|p| p.org.is_none()) {
            self.select(cx, fx);
        }
    }

    fn select(&mut self, cx: &Know, fx: Do) {
        let mut all = vec![];
        for p in &self.peers {
            all.extend(p.candidate(cx));
        }
        self.compared = true;
        let before = std::mem::replace(&mut self.chosen, choose(&all));
        (self.candidates, self.stood) = (all, ahead(cx));
        self.synced = self.chosen.is_some();
        let Some(now) = self.chosen.clone() else {
            let (asked, again) = (self.candidates.len() as u64, before.is_none());
            return fx.explain(Why::Unsynchronised { asked, again });
        };
        let same = |b: &Chosen| (b.f, &b.survivors) == (now.f, &now.survivors);
        let again = before.as_ref().is_some_and(same);
        for c in &self.candidates {
            if c.offset < now.low || c.offset > now.high {
                let (server, offset) = (c.server, c.offset);
                fx.explain(Why::Falseticker {
                    server,
                    offset,
                    low: now.low,
                    high: now.high,
                    again,
                });
            }
        }
        if self.peers.len() > 1 {
            fx.explain(Why::selected(&now, &self.candidates, again));
        }
        self.steer_by(cx, now.offset.0, fx);
    }

    /// The clock is turned once for each new sample: an old one has done its work.
    fn steer_by(&mut self, cx: &Know, offset: i64, fx: Do) {
        let mut news = false;
        for p in &mut self.peers {
            news |= p.best.is_some_and(|b| b.at > p.used);
            p.used = p.best.map_or(p.used, |b| b.at);
        }
        if news {
            self.steer.correct(cx, offset, fx);
        }
    }

    // ---------------------------------------------------------------- Cristian

    fn ask(&mut self, cx: &Know, fx: Do) {
        let Some(p) = self.peers.first_mut() else { return };
        self.seq += 1;
        self.tries += 1;
        p.reach <<= 1;
        (p.org, p.asked) = (Some(Span(cx.wall as i64)), cx.mono as i64);
        fx.send(p.server, Msg::TimeReq { seq: self.seq });
        fx.arm(Timer::Overdue, cx.params.timeout..=cx.params.timeout);
    }

    fn read(&mut self, cx: &Know, from: NodeId, seq: u64, t_server: i64, fx: Do) {
        let current = seq == self.seq;
        let Some(p) = self.peers.first_mut().filter(|p| current && p.org.is_some()) else {
            return fx.explain(Why::Stale { from, round: seq, twice: false });
        };
        p.org = None;
        fx.disarm(&Timer::Overdue);
        // Measured on the monotonic clock, so that a correction meanwhile does not count.
        let rtt = cx.mono as i64 - p.asked;
        let bound = half(rtt) - cx.params.min;
        if cx.params.accept > 0 && rtt > cx.params.accept {
            let (rtt, most, again) = (Span(rtt), Span(cx.params.accept), self.tries < TRIES);
            fx.explain(Why::Discarded { server: from, rtt, most, again });
            return if again {
                self.ask(cx, fx)
            };
        }
        p.reach |= 1;
        p.unanswered = 0;
        let offset = t_server + half(rtt) - cx.wall as i64;
        let sample = Sample::new(cx, offset, rtt, 0, bound + 1);
        p.filter = vec![sample];
        p.best = Some(sample);
        self.synced = true;
        fx.meter("bound", bound);
        fx.explain(Why::Read {
            server: from,
            rtt: Span(rtt),
            offset: Span(offset),
            bound: Span(bound),
        });
        self.fresh =
            Some(Fresh { of: from, offset, delay: rtt, bound: bound + 1, believed: offset });
        self.steer.correct(cx, offset, fx);
    }

    fn overdue(&mut self, cx: &Know, fx: Do) {
        self.give_up(fx);
        if self.tries < TRIES {
            self.ask(cx, fx);
        }
    }

    // ---------------------------------------------------------------- Berkeley

    fn adjust(&mut self, cx: &Know, from: NodeId, round: u64, delta: i64, fx: Do) {
        if round <= self.round {
            return fx.explain(Why::Stale { from, round, twice: false });
        }
        (self.round, self.synced) = (round, true);
        follow(cx, delta, fx);
    }

    // ---------------------------------------------------------------- the register

    fn asked(&mut self, cx: &Know, op: OpId, call: &Op, fx: Do) {
        let key = call.key().map_or_else(String::new, Value::print);
        match (call.verb, call.arg(1)) {
            ("put", Some(value)) => self.put(cx, key, value.clone(), fx),
            ("get", _) => {
                let held = self.register.iter().find(|w| w.key == key);
                return fx.reply(op, Outcome::ok(held.map(|w| w.value.clone())));
            }
            _ => {}
        }
        fx.reply(op, Outcome::ok(Some(Value::Time(cx.wall as i64))));
    }

    /// The last writer wins: the one with the largest stamp.
    fn put(&mut self, cx: &Know, key: String, value: Value, fx: Do) {
        let stamp = Span(cx.wall as i64);
        let new = Written { key, value, stamp };
        let Some(held) = self.register.iter_mut().find(|w| w.key == new.key) else {
            fx.explain(Why::wrote(&new));
            return self.register.push(new);
        };
        if new.stamp < held.stamp {
            return fx.explain(Why::Overruled {
                value: new.value,
                stamp,
                by: held.stamp,
                held: held.value.clone(),
            });
        }
        fx.explain(Why::wrote(&new));
        *held = new;
    }

    // ---------------------------------------------------------------- what it shows

    pub fn state(&self) -> &'static str {
        match (self.steer.panicked, self.steer.spike, self.synced) {
            (true, ..) => "panicked",
            (_, Some(_), _) => "doubting",
            (.., true) if self.looks => "measuring",
            (.., true) => "synchronised",
            _ => "unsynchronised",
        }
    }

    pub fn line(&self) -> String {
        match self.peers.iter().find_map(|p| p.best) {
            Some(b) => {
                let (us, bound) = (b.offset.0, prose_time(b.bound.0.unsigned_abs()));
                let sign = ["−", "", "+"][(us.signum() + 1) as usize];
                [sign, &prose_time(us.unsigned_abs()), " ± ", &bound].concat()
            }
            None => String::new(),
        }
    }

    pub fn exhibit(&self, cx: &Know, to: &mut Showcase) {
        to.add("clock", Exhibit::Text(shown(cx.wall as i64)));
        let heard: Vec<(&Peer, &Sample)> =
            self.peers.iter().filter_map(|p| Some((p, p.best.as_ref()?))).collect();
        if !heard.is_empty() {
            to.add("servers", Exhibit::Table(sources(cx, &heard)));
            let filter = self.peers.first().map_or(&[][..], |p| &p.filter);
            to.add("samples", Exhibit::Table(samples(filter)));
        }
        let rounds: Vec<_> = heard.iter().filter_map(|(p, _)| Some((p.server, p.times?))).collect();
        if !rounds.is_empty() {
            to.add("exchange", Exhibit::Table(exchange(cx, &rounds)));
        }
        if cx.params.algorithm == Algorithm::Ntp {
            to.add("intervals", Exhibit::Spans(self.intervals(cx)));
        }
        if !self.register.is_empty() {
            let scale = Scale::of(&times(&self.register, |w| w.stamp));
            let row = |w: &Written| vec![w.key.clone(), w.value.print(), scale.show(w.stamp.0)];
            let rows = self.register.iter().map(row).collect();
            let head = vec!["key".into(), "value".into(), scale.head("stamp")];
            to.add("register", Exhibit::Table(Table { head, rows }));
        }
    }
}

impl Client {
    /// What each server says of the offset, when they were last compared, and who is believed.
    fn intervals(&self, cx: &Know) -> Spans {
        let mut rows = vec![];
        for p in &self.peers {
            let found = self.candidates.iter().find(|c| c.server == p.server);
            let (word, out) = found.map_or(("", false), |c| self.ruling(c));
            let at = found.map(Candidate::interval).map(|i| (i.low, i.high, i.mid));
            rows.push(Stretch { of: p.server, at, word, out });
        }
        let m = self.candidates.len();
        let says = match &self.chosen {
            Some(k) if m > 1 => {
                let need = (m - k.f as usize).to_string();
                let of = m.to_string();
                ["from the first to the last point in at least ", &need, " of the ", &of].concat()
            }
            Some(_) => "what the only candidate says".into(),
            None if m > 0 => "No majority of them agrees: none is believed.".into(),
            None => "Nothing has been compared yet.".into(),
        };
        let band = self.chosen.as_ref().map(|k| (k.low.0, k.high.0));
        let turned = (m > 0).then(|| ahead(cx) - self.stood);
        Spans { unit: "us", rows, band, says, turned, truth: None }
    }

    fn ruling(&self, c: &Candidate) -> (&'static str, bool) {
        match &self.chosen {
            None => ("", true),
            Some(k) if c.offset < k.low || c.offset > k.high => ("falseticker", true),
            Some(k) if k.survivors.contains(&c.server) => ("truechimer", false),
            Some(_) => ("set aside", true),
        }
    }
}

/// How often Cristian's client asks before it waits for the next round.
const TRIES: u64 = 5;

/// A column of times.
fn times<T>(rows: &[T], of: impl Fn(&T) -> Span) -> Vec<i64> {
    rows.iter().map(|r| of(r).0).collect()
}

/// What a client holds of each server: whether its last eight polls were answered, and the best sample.
fn sources(cx: &Know, heard: &[(&Peer, &Sample)]) -> Table {
    let offset = Scale::of(&times(heard, |h| h.1.offset));
    let delay = Scale::of(&times(heard, |h| h.1.delay));
    let jitter = Scale::of(&times(heard, |h| h.0.jitter));
    let row = |(p, best): &(&Peer, &Sample)| {
        let reach = ["00000000", &format!("{:b}", p.reach)].concat();
        vec![
            cx.cast.name(p.server).to_string(),
            reach[reach.len() - 8..].to_string(),
            offset.signed(best.offset.0),
            delay.show(best.delay.0),
            jitter.show(p.jitter.0),
        ]
    };
    let [server, reach] = ["server", "reach"].map(String::from);
    let head =
        vec![server, reach, offset.head("offset"), delay.head("delay"), jitter.head("jitter")];
    Table { head, rows: heard.iter().map(row).collect() }
}

/// The clock filter of a server.
fn samples(filter: &[Sample]) -> Table {
    let offset = Scale::of(&times(filter, |s| s.offset));
    let delay = Scale::of(&times(filter, |s| s.delay));
    let bound = Scale::of(&times(filter, |s| s.bound));
    let row =
        |s: &Sample| vec![offset.signed(s.offset.0), delay.show(s.delay.0), bound.show(s.bound.0)];
    let head = vec![offset.head("offset"), delay.head("delay"), bound.head("bound")];
    Table { head, rows: filter.iter().map(row).collect() }
}

/// The four times of the last exchange with each server, which are compared with each other.
fn exchange(cx: &Know, rounds: &[(NodeId, [Span; 4])]) -> Table {
    let scale = Scale::of(&rounds.iter().flat_map(|r| r.1.map(|t| t.0)).collect::<Vec<_>>());
    let row = |(server, times): &(NodeId, [Span; 4])| {
        let name = std::iter::once(cx.cast.name(*server).to_string());
        name.chain(times.iter().map(|t| scale.show(t.0))).collect()
    };
    let times = ["T1", "T2", "T3", "T4"].map(|t| scale.head(t));
    let head = std::iter::once("server".to_string()).chain(times).collect();
    Table { head, rows: rounds.iter().map(row).collect() }
}

/// Offset, delay and dispersion of an exchange (§8, §9.2).
fn measure(cx: &Know, [t1, t2, t3, t4]: [i64; 4], precision: i64) -> Sample {
    let offset = half((t2 - t1) + (t3 - t4));
    let delay = ((t4 - t1) - (t3 - t2)).max(0);
    let disp = precision + aged(t4 - t1);
    let bound = half(delay) + disp;
    let offset = if cx.bug("sign") { -offset } else { offset };
    let bound = if cx.bug("tight-bound") { bound / 2 } else { bound };
    Sample::new(cx, offset, delay, disp, bound)
}

impl Peer {
    /// The clock filter (§10): of the last samples the one with the shortest delay counts, for it is the
    /// one that queues disturbed least.
    fn keep(&mut self, cx: &Know, new: Sample, many: bool, fx: Do) {
        self.filter.insert(0, new);
        self.filter.truncate(cx.params.filter);
        let mut best = new;
        for s in &self.filter {
            if s.delay < best.delay {
                best = *s;
            }
        }
        let mean = cx.bug("mean-filter");
        if best != new && !mean {
            let (server, offset) = (self.server, Span(best.now(cx)));
            fx.explain(Why::Kept { server, offset, delay: best.delay, newest: new.delay, many });
        }
        if mean {
            let sum: i64 = self.filter.iter().map(|s| s.now(cx)).sum();
            let mean = sum.div_euclid(self.filter.len() as i64);
            best = Sample { offset: Span(mean), against: mean + ahead(cx), ..new };
        }
        let others = self.filter.iter().map(|s| s.against);
        self.jitter = Span(spread(best.against, others, self.filter.len() - 1));
        self.best = Some(best);
    }

    fn candidate(&self, cx: &Know) -> Option<Candidate> {
        let best = self.best.filter(|_| self.reach != 0)?;
        let age = cx.mono as i64 - best.at;
        let root = (self.root_delay.0, self.root_disp.0);
        let far = distance(best.delay.0, best.disp.0, age, self.jitter.0, root).max(1);
        let offset = Span(best.now(cx));
        let found =
            Candidate { server: self.server, offset, distance: Span(far), jitter: self.jitter };
        (far < MAXDIST).then_some(found)
    }
}
