//! Directed links: how long a message takes, whether it arrives, and who can reach whom.

use std::rc::Rc;

use crate::ids::{NodeId, Us};
use crate::num::{self, Stream};
use crate::protocol::Cast;
use crate::scenario::ast::{Law, NetValue};
use crate::seq::Map;

#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub latency: Law,
    pub loss: u32,
    pub duplicate: u32,
    /// Law of a duplicate's own latency; the link's own where none is given.
    pub copy: Option<Law>,
    pub fifo: bool,
    /// Bytes a second; 0 is without limit.
    pub bandwidth: u64,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            latency: Law::Constant(10_000),
            loss: 0,
            duplicate: 0,
            copy: None,
            fifo: false,
            bandwidth: 0,
        }
    }
}

impl Link {
    fn set(&mut self, key: &str, value: &NetValue) {
        match (key, value) {
            ("latency", NetValue::Law(l)) => self.latency = l.clone(),
            ("copy", NetValue::Law(l)) => self.copy = Some(l.clone()),
            ("loss", NetValue::Share(p)) => self.loss = *p,
            ("duplicate", NetValue::Share(p)) => self.duplicate = *p,
            ("fifo", NetValue::Flag(f)) => self.fifo = *f,
            ("bandwidth", NetValue::Bandwidth(b)) => self.bandwidth = *b,
            _ => {}
        }
    }
}

/// Whether two links differ in nothing but their copies.
fn said_nothing(a: &Link, b: &Link) -> bool {
    a != b && Link { copy: None, ..a.clone() } == Link { copy: None, ..b.clone() }
}

/// Parts of a million as `20%`.
fn share(ppm: u32) -> String {
    [&crate::value::print_millionths(i64::from(ppm) * 100), "%"].concat()
}

/// What was used of the links that leave one node.
#[derive(Clone, Debug)]
struct Row {
    /// Sends so far: the counter of all four streams of each link.
    uses: Vec<u32>,
    /// Messages so far, by link and kind.
    nth: Vec<u32>,
    /// Latest arrival so far: what FIFO keeps behind.
    last: Vec<Us>,
    /// When the wire is free again.
    free: Vec<Us>,
}

/// What the network decided about one message at its sending.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fare {
    pub nth: u32,
    pub due: Us,
    pub lost: bool,
    pub copy_due: Option<Us>,
}

#[derive(Clone)]
pub struct Net {
    n: usize,
    kinds: usize,
    seed: u64,
    names: Rc<Cast>,
    base: Link,
    over: Map<(u16, u16), Vec<(String, NetValue)>>,
    links: Rc<Vec<Link>>,
    rows: Vec<Rc<Row>>,
    cuts: Rc<Vec<bool>>,
    groups: Option<Rc<Vec<u8>>>,
    pub deliver_in_flight: bool,
}

/// Not in any group of the partition: keeps all its links.
pub const FREE: u8 = u8::MAX;

impl Net {
    pub fn new(names: Rc<Cast>, kinds: usize, seed: u64) -> Net {
        let n = names.len();
        let row =
            Row { uses: vec![0; n], nth: vec![0; n * kinds], last: vec![0; n], free: vec![0; n] };
        let row = Rc::new(row);
        Net {
            n,
            kinds,
            seed,
            names,
            base: Link::default(),
            over: Map::default(),
            links: Rc::new(vec![Link::default(); n * n]),
            rows: vec![row; n],
            cuts: Rc::new(vec![false; n * n]),
            groups: None,
            deliver_in_flight: false,
        }
    }

    fn at(&self, from: NodeId, to: NodeId) -> usize {
        from.index() * self.n + to.index()
    }

    /// How many messages of a kind have been sent on a link.
    pub fn sent_of(&self, from: NodeId, to: NodeId, kind: u8) -> u32 {
        self.rows[from.index()].nth[to.index() * self.kinds + kind as usize]
    }

    pub fn link(&self, from: NodeId, to: NodeId) -> &Link {
        &self.links[self.at(from, to)]
    }
    pub fn base(&self) -> &Link {
        &self.base
    }

    /// `80 ms, loss 20%`: what a link does differently from the network at large.
    pub fn says(&self, from: NodeId, to: NodeId) -> String {
        let (link, base) = (self.link(from, to), &self.base);
        let mut said: Vec<String> = vec![];
        let mut tell = |odd: bool, word: &str, value: String| {
            if odd {
                said.push([word, &value].concat());
            }
        };
        let takes = match link.latency {
            Law::Constant(t) => crate::protocol::prose_time(t),
            _ => crate::scenario::law(&link.latency),
        };
        tell(link.latency != base.latency, "", takes);
        tell(link.loss != base.loss, "loss ", share(link.loss));
        tell(link.duplicate != base.duplicate, "doubles ", share(link.duplicate));
        tell(
            link.fifo != base.fifo,
            if link.fifo { "in order" } else { "any order" },
            String::new(),
        );
        tell(
            link.bandwidth != base.bandwidth,
            "",
            match link.bandwidth {
                0 => "any width".into(),
                b => format!("{b} bytes/s"),
            },
        );
        tell(said_nothing(link, base), "its copies have a way of their own", String::new());
        said.join(", ")
    }

    /// Set a key for every link that has no setting of its own.
    pub fn set_all(&mut self, set: &[(String, NetValue)]) {
        for (k, v) in set {
            match (k.as_str(), v) {
                ("inflight", NetValue::Deliver(d)) => self.deliver_in_flight = *d,
                _ => self.base.set(k, v),
            }
        }
        self.resolve();
    }

    pub fn set_link(&mut self, from: NodeId, to: NodeId, set: &[(String, NetValue)]) {
        set.iter().for_each(|(key, value)| self.put(from, to, key, value));
        let link = self.resolved(from.0, to.0);
        let at = self.at(from, to);
        Rc::make_mut(&mut self.links)[at] = link;
    }

    /// A link's own setting of a key takes the place of the one before.
    fn put(&mut self, from: NodeId, to: NodeId, key: &str, value: &NetValue) {
        let own = self.over.slot((from.0, to.0));
        own.retain(|(k, _)| k != key);
        own.push((key.into(), value.clone()));
    }

    /// One key of each of many links.
    pub fn set_links(&mut self, all: impl Iterator<Item = (NodeId, NodeId, (String, NetValue))>) {
        for (from, to, (key, value)) in all {
            self.put(from, to, &key, &value);
        }
        self.resolve();
    }

    fn resolve(&mut self) {
        let mut links = vec![self.base.clone(); self.n * self.n];
        for (&(f, t), _) in self.over.iter() {
            links[f as usize * self.n + t as usize] = self.resolved(f, t);
        }
        self.links = Rc::new(links);
    }

    /// A link as all links are, but for what was set for it alone.
    fn resolved(&self, from: u16, to: u16) -> Link {
        let mut link = self.base.clone();
        for (key, value) in self.over.get(&(from, to)).into_iter().flatten() {
            link.set(key, value);
        }
        link
    }

    pub fn open(&self, from: NodeId, to: NodeId) -> bool {
        !self.cuts[self.at(from, to)] && !self.parted(from, to)
    }

    fn parted(&self, a: NodeId, b: NodeId) -> bool {
        let Some(groups) = &self.groups else { return false };
        let (a, b) = (groups[a.index()], groups[b.index()]);
        a != b && a != FREE && b != FREE
    }

    /// A partition replaces the last one; unlisted nodes keep their links.
    pub fn partition(&mut self, groups: Vec<u8>) {
        self.groups = Some(Rc::new(groups));
    }
    /// Whether the partition that stands has just these sides.
    pub fn is_parted(&self, groups: &[u8]) -> bool {
        self.groups() == Some(groups)
    }
    /// The side of the partition each node is on, while there is one.
    pub fn groups(&self) -> Option<&[u8]> {
        self.groups.as_ref().map(|g| g.as_slice())
    }
    pub fn cut(&mut self, from: NodeId, to: NodeId) {
        let at = self.at(from, to);
        Rc::make_mut(&mut self.cuts)[at] = true;
    }
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.cuts[self.at(from, to)]
    }
    pub fn mend(&mut self, from: NodeId, to: NodeId) {
        let at = self.at(from, to);
        Rc::make_mut(&mut self.cuts)[at] = false;
    }
    pub fn heal(&mut self) {
        self.groups = None;
        self.cuts = Rc::new(vec![false; self.n * self.n]);
    }
    /// Whether any link loses messages by itself.
    pub fn loses(&self) -> bool {
        self.links.iter().any(|l| l.loss > 0)
    }
    /// Whether any link is closed.
    pub fn broken(&self) -> bool {
        self.groups.is_some() || self.cuts.iter().any(|&c| c)
    }

    /// The link's four streams are drawn at every send, used or not: that they are counted once is enough.
    fn stream(&self, from: NodeId, to: NodeId, what: &str) -> Stream {
        let (from, to) = (&self.names.members[from.index()].id, &self.names.members[to.index()].id);
        Stream::new(self.seed, &format!("link/{from}/{to}/{what}"))
    }

    fn draw(&self, law: &Law, from: NodeId, to: NodeId, what: &str, k: u64) -> Us {
        match law {
            Law::Constant(t) => *t,
            law => law.draw(self.stream(from, to, what).draw(k)),
        }
    }

    fn chance(&self, ppm: u32, from: NodeId, to: NodeId, what: &str, k: u64) -> bool {
        ppm > 0 && num::happens(self.stream(from, to, what).draw(k), ppm)
    }

    /// Send one message: its number, its arrival, its luck.
    pub fn send(&mut self, from: NodeId, to: NodeId, kind: u8, bytes: u32, now: Us) -> Fare {
        let t = to.index();
        let k = self.rows[from.index()].uses[t] as u64;
        let links = self.links.clone();
        let link = &links[self.at(from, to)];
        let latency = self.draw(&link.latency, from, to, "latency", k);
        let lost = self.chance(link.loss, from, to, "loss", k);
        let twice = self.chance(link.duplicate, from, to, "duplicate", k);
        let copy = twice
            .then(|| self.draw(link.copy.as_ref().unwrap_or(&link.latency), from, to, "copy", k));
        let row = Rc::make_mut(&mut self.rows[from.index()]);
        row.uses[t] += 1;
        let nth = &mut row.nth[t * self.kinds + kind as usize];
        *nth += 1;
        let leaves = if link.bandwidth > 0 {
            wire(&mut row.free[t], bytes, link.bandwidth, now)
        } else {
            now
        };
        let mut due = leaves + latency;
        if link.fifo {
            due = due.max(row.last[t]);
            row.last[t] = due;
        }
        Fare { nth: *nth, due, lost, copy_due: copy.map(|c| leaves + c) }
    }
}

/// Queue behind what is being sent already; returns when the last byte has left.
fn wire(free: &mut Us, bytes: u32, bandwidth: u64, now: Us) -> Us {
    let takes = bytes as u64 * 1_000_000 / bandwidth;
    *free = (*free).max(now) + takes;
    *free
}
