//! Vector clocks: which event could have caused which.
//!
//! A node counts its own events. Every message carries what its sender knew of everybody's counts, and
//! the receiver takes the larger of each pair. Then one comparison answers a question no wall clock can:
//! *a* happened before *b* exactly if no entry of V(a) is larger than in V(b) and one is smaller. If each
//! has something the other lacks, neither can have known of the other: they are concurrent.
//!
//! ```text
//!   n1 ──●[1,0,0]───────────────────────────●[2,2,2]──▶
//!         ╲                                ╱
//!   n2 ────●[1,1,0]──●[1,2,0]─────────────╱───────────▶
//!                     ╲                  ╱
//!   n3 ────────────────●[1,2,1]──●[1,2,2]─────────────▶
//! ```
//!
//! With `count=sends` receipts are taken in but not counted; the same triangle carries (1,0,0), (1,1,0),
//! (1,1,1), and only sends and writes are events that can be compared.
//!
//! **From.** Fidge 1988 and Mattern 1989 found the rule independently; Charron-Bost 1991 proved that n
//! entries are needed: no shorter vector tells all concurrent pairs apart; Schwarz and Mattern 1994 is the
//! survey. Consistent cuts (`record`) are Mattern's: `V(c_j)[i] ≤ V(c_i)[i]` for all i and j.
//!
//! **Crashes.** The papers' processes do not fail. Here a step is written to the disk before any message of
//! it leaves, so a node comes back with its count, and an event lost with the disk's queue was never seen
//! by anybody: it did not happen.
//!
//! **Left out.** Compressed vectors (every message pays n entries), and members nobody declared: who comes
//! later must be `absent` at first. `prune` shortens vectors as real stores do, and breaks the promise as
//! it does for them: see the scenario `churn`.

mod calls;
mod entry;
mod ghost;
mod stamp;
mod why;

use serde::Serialize;

pub use stamp::{Relation, Stamp, relation};
pub use why::Why;

use crate::card::Entry;
use crate::few;
use crate::ids::{NodeId, OpId};
use crate::named;
use crate::protocol::*;
use crate::seq::Map;
use crate::show::{Exhibit, Showcase, Table};
use crate::value::Value;
use calls::Call;

pub struct VectorClocks;

#[derive(Clone, Debug)]
pub struct Knobs {
    /// Receipts and local events count too.
    pub both: bool,
    /// Entries a vector keeps; 0 is all.
    pub prune: usize,
    pub lamport: bool,
}

impl Params for Knobs {
    fn read(from: &ParamSet) -> Result<Self, Refusal> {
        Ok(Knobs {
            both: from.word("count") != "sends",
            prune: from.count("prune") as usize,
            lamport: from.flag("lamport"),
        })
    }
}

/// An event's two times: its vector, and Lamport's number if that is carried too.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    pub v: Stamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c: Option<u64>,
}

/// One write of a key, named by the vector of the write.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Version {
    pub key: String,
    pub value: Value,
    pub v: Stamp,
}

/// A cut as its judge, the first node, sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cut {
    pub points: Vec<Option<Stamp>>,
    pub consistent: Option<bool>,
}

/// All of it survives a crash but `verdict`: it is written to the disk whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// What this node knows of everybody's count.
    pub v: Vec<u64>,
    /// Lamport's number, if it is carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c: Option<u64>,
    /// The newest event counted here.
    pub last: Option<Moment>,
    /// What this step's comparison came to: the message's send against `last`.
    pub verdict: Option<Relation>,
    pub store: Map<String, Vec<Version>>,
    /// This node's own points of cuts.
    pub points: Map<i64, Stamp>,
    /// Cuts this node judges.
    pub cuts: Map<i64, Cut>,
    /// Steps taken, and at which of them each entry last grew; only for `prune`.
    pub age: u64,
    pub heard: Vec<u64>,
    /// Messages that will be read off the live vector: only the mistake `shared-ref` fills it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outbox: Vec<NodeId>,
    /// Pairs that Lamport's numbers order and nothing connects, the newest first: who sent, its number, the one here.
    #[serde(skip)]
    pub misordered: Vec<(NodeId, u64, u64)>,
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Note {
        v: Stamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<u64>,
    },
    Versions {
        v: Stamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<u64>,
        held: Vec<Version>,
    },
    Point {
        cut: i64,
        v: Stamp,
    },
}

named!(Msg { Note, Versions, Point });

/// Bytes of one filled entry on the wire: who, and how many.
const ENTRY_BYTES: usize = 12;
const HEADER_BYTES: usize = 16;

impl Message for Msg {
    fn bytes(&self) -> u32 {
        let (Msg::Note { v, .. } | Msg::Versions { v, .. } | Msg::Point { v, .. }) = self;
        let held = match self {
            Msg::Versions { held, .. } => held.as_slice(),
            _ => &[],
        };
        let entries: usize = held.iter().map(|h| &h.v).chain([v]).map(|v| stamp::filled(v)).sum();
        (HEADER_BYTES + ENTRY_BYTES * entries) as u32
    }

    /// Its vector, while it is short enough to be read, and Lamport's number where it is carried.
    fn label(&self) -> Option<String> {
        let (v, c) = match self {
            Msg::Note { v, c } | Msg::Versions { v, c, .. } => (v, *c),
            Msg::Point { v, .. } => (v, None),
        };
        let number = c.map_or_else(String::new, |c| [" · ", &c.to_string()].concat());
        (v.len() <= 6).then(|| stamp::show_all(v) + &number)
    }
}

impl Msg {
    /// The event it was sent by; a point of a cut is no event.
    pub fn moment(&self) -> Option<Moment> {
        match self {
            Msg::Note { v, c } | Msg::Versions { v, c, .. } => Some(Moment { v: v.clone(), c: *c }),
            Msg::Point { .. } => None,
        }
    }
}

/// A step, as the disk takes it: the node as it stands after.
#[derive(Clone, Debug, Serialize)]
pub enum Record {
    Step(Box<Node>),
}

named!(Record { Step });

impl Protocol for VectorClocks {
    type Params = Knobs;
    type Node = Node;
    type Msg = Msg;
    type Timer = Nothing;
    type Record = Record;
    type Disk = Option<Box<Node>>;
    type Why = Why;
    type Ghost = ghost::Ghost;

    const ENTRY: &'static Entry = &entry::ENTRY;

    fn boot(cx: &Cx<Self>, disk: &Self::Disk) -> Node {
        match disk {
            Some(node) => Node { verdict: None, outbox: vec![], ..(**node).clone() },
            None => Node::fresh(cx.cast.len(), cx.params),
        }
    }

    fn step(cx: &Cx<Self>, n: &mut Node, input: Input<'_, Self>, fx: &mut Fx<'_, Self>) {
        n.verdict = None;
        match input {
            Input::Start => n.wake(cx, fx),
            Input::Request { op, call } => n.asked(cx, op, call, fx),
            Input::Deliver { from, msg } => n.receive(cx, from, msg, fx),
            Input::Timeout(never) => match *never {},
            Input::Saved(_) => n.empty_outbox(fx),
        }
    }

    fn write(disk: &mut Self::Disk, record: &Record) {
        let Record::Step(node) = record;
        *disk = Some(node.clone());
    }

    fn face(_: &Node) -> Face {
        Face::default()
    }

    fn line(n: &Node) -> String {
        match n.v.len() {
            0..=8 => stamp::show_all(&n.v),
            all => format!("{} of {all} entries", stamp::filled(&n.v)),
        }
    }

    fn exhibit(cx: &Cx<Self>, n: &Node, to: &mut Showcase) {
        to.add(
            "clock",
            Exhibit::Clock {
                entries: cx.cast.all().zip(n.v.iter().copied()).collect(),
                beside: n.c.map(|c| ("Lamport", c)),
            },
        );
        to.add("knows", n.row(cx));
        if let Some(c) = n.c {
            to.add("lamport", Exhibit::Table(n.numbers(cx, c)));
        }
        if !n.store.is_empty() {
            to.add("versions", Exhibit::Table(n.versions()));
        }
        if !n.cuts.is_empty() {
            to.add("cuts", Exhibit::Table(n.cut_table(cx)));
        }
    }

    fn judge(ghost: &mut ghost::Ghost, step: &Step<'_, Self>, court: &mut Court) {
        ghost.judge(step, court);
    }
}

type Cxv<'a> = Cx<'a, VectorClocks>;
type Fxv<'a, 'b> = &'a mut Fx<'b, VectorClocks>;

impl Node {
    fn fresh(n: usize, knobs: &Knobs) -> Node {
        Node {
            v: vec![0; n],
            c: knobs.lamport.then_some(0),
            last: None,
            verdict: None,
            store: Map::default(),
            points: Map::default(),
            cuts: Map::default(),
            age: 0,
            heard: vec![0; if knobs.prune > 0 { n } else { 0 }],
            outbox: vec![],
            misordered: vec![],
        }
    }

    fn wake(&mut self, cx: &Cxv, fx: Fxv) {
        if cx.incarnation > 0 {
            fx.explain(Why::Recovered { v: self.stamp() });
        }
    }

    fn stamp(&self) -> Stamp {
        self.v.as_slice().into()
    }

    // ---------------------------------------------------------------- what a node is asked

    fn asked(&mut self, cx: &Cxv, op: OpId, asked: &Op, fx: Fxv) {
        match Call::read(cx.cast, cx.me, asked) {
            Some(Call::Tell(to)) => self.tell(cx, op, vec![to], fx),
            Some(Call::Chat) => self.chat(cx, op, fx),
            Some(Call::Shout) => self.tell(cx, op, others(cx).collect(), fx),
            Some(Call::Local) => self.local(cx, op, fx),
            Some(Call::Put { key, value }) => self.put(cx, op, key, value, fx),
            Some(Call::Get { key }) => self.get(op, &key, fx),
            Some(Call::Sync(to)) => self.sync(cx, op, to, fx),
            Some(Call::Record(cut)) => self.record(cx, op, cut, fx),
            None => refuse(op, asked.verb, "it names nobody else to reach", fx),
        }
    }

    /// One event, however many copies: the same vector on all of them.
    fn tell(&mut self, cx: &Cxv, op: OpId, to: Vec<NodeId>, fx: Fxv) {
        let at = self.count(cx, fx);
        let act = if to.len() == 1 { "send" } else { "shout" };
        fx.explain(Why::Stamped { v: at.v.clone(), c: at.c, act, to: to.clone() });
        fx.meter("entries", stamp::filled(&at.v) as i64);
        self.keep(fx);
        if cx.bug("shared-ref") {
            self.outbox.extend(&to);
        } else {
            let note = Msg::Note { v: at.v.clone(), c: at.c };
            fx.once_saved(|fx| to.iter().for_each(|n| fx.send(*n, note.clone())));
        }
        answer(op, vector(&at.v), fx);
    }

    fn chat(&mut self, cx: &Cxv, op: OpId, fx: Fxv) {
        let at = fx.pick("peer", cx.cast.len() as u64 - 1) as usize;
        let to = others(cx).nth(at).into_iter().collect();
        self.tell(cx, op, to, fx);
    }

    fn local(&mut self, cx: &Cxv, op: OpId, fx: Fxv) {
        if !cx.params.both {
            fx.explain(Why::Uncounted { v: self.stamp() });
            return answer(op, vector(&self.v), fx);
        }
        let at = self.count(cx, fx);
        fx.explain(Why::Stamped { v: at.v.clone(), c: at.c, act: "local", to: vec![] });
        self.keep(fx);
        answer(op, vector(&at.v), fx);
    }

    fn put(&mut self, cx: &Cxv, op: OpId, key: String, value: Value, fx: Fxv) {
        let v = self.count(cx, fx).v;
        let version = Version { key: key.clone(), value: value.clone(), v: v.clone() };
        // Whatever is held here was known to this write: no comparison is needed to replace it.
        let held = self.store.insert(key.clone(), vec![version]);
        let over = held.map_or(0, |h| h.len()) as u64;
        let answered = vector(&v);
        fx.explain(Why::Wrote { key, value, v, over });
        self.keep(fx);
        answer(op, answered, fx);
    }

    fn get(&self, op: OpId, key: &str, fx: Fxv) {
        let held = self.store.get(key).map_or(&[][..], Vec::as_slice);
        let value = match held {
            [] => None,
            [one] => Some(one.value.clone()),
            many => Some(Value::List(many.iter().map(|v| v.value.clone()).collect())),
        };
        // What a crash may still take back is shown to nobody.
        fx.once_saved(|fx| fx.reply(op, Outcome::ok(value)));
    }

    fn sync(&mut self, cx: &Cxv, op: OpId, to: NodeId, fx: Fxv) {
        let at = self.count(cx, fx);
        fx.explain(Why::Stamped { v: at.v.clone(), c: at.c, act: "sync", to: vec![to] });
        fx.meter("entries", stamp::filled(&at.v) as i64);
        let held = self.store.values().flatten().cloned().collect();
        let answered = vector(&at.v);
        self.keep(fx);
        fx.once_saved(|fx| fx.send(to, Msg::Versions { v: at.v, c: at.c, held }));
        answer(op, answered, fx);
    }

    /// A node's point of a cut is drawn once: the first time stands.
    fn record(&mut self, cx: &Cxv, op: OpId, cut: i64, fx: Fxv) {
        if self.points.contains_key(&cut) {
            return refuse(op, "record", "its point of that cut is drawn already", fx);
        }
        let v = self.stamp();
        self.points.insert(cut, v.clone());
        fx.explain(Why::Recorded { cut, v: v.clone() });
        if cx.me == JUDGE {
            self.gather(cx, cx.me, cut, v.clone(), fx);
        }
        self.keep(fx);
        let answered = vector(&v);
        if cx.me != JUDGE {
            fx.once_saved(|fx| fx.send(JUDGE, Msg::Point { cut, v }));
        }
        answer(op, answered, fx);
    }

    // ---------------------------------------------------------------- what reaches it

    fn receive(&mut self, cx: &Cxv, from: NodeId, msg: &Msg, fx: Fxv) {
        match (msg, msg.moment()) {
            (Msg::Point { cut, v }, _) => self.gather(cx, from, *cut, v.clone(), fx),
            (msg, Some(theirs)) => {
                self.compare(cx, from, &theirs, fx);
                self.merge(cx, from, &theirs, fx);
                if let Msg::Versions { held, .. } = msg {
                    held.iter().for_each(|version| self.take(cx, version, fx));
                }
            }
            (_, None) => {}
        }
        self.keep(fx);
    }

    /// How the message's send stands to this node's newest event, by their vectors alone.
    fn compare(&mut self, cx: &Cxv, with: NodeId, theirs: &Moment, fx: Fxv) {
        let Some(mine) = self.last.clone() else { return };
        let relation = compared(cx, &theirs.v, &mine.v);
        self.verdict = Some(relation);
        let (theirs_v, mine_v) = (theirs.v.clone(), mine.v.clone());
        if relation != Relation::Concurrent {
            return fx.explain(Why::Compared { with, theirs: theirs_v, mine: mine_v, relation });
        }
        fx.meter("concurrent", 1);
        fx.explain(Why::Concurrent { with, theirs: theirs_v, mine: mine_v });
        if let (Some(theirs), Some(mine)) = (theirs.c, mine.c)
            && theirs != mine
        {
            fx.meter("misordered", 1);
            self.misordered.truncate(SHOWN - 1);
            self.misordered.insert(0, (with, theirs, mine));
            fx.explain(Why::Misordered { with, theirs, mine });
        }
    }

    fn merge(&mut self, cx: &Cxv, from: NodeId, theirs: &Moment, fx: Fxv) {
        let mine = self.stamp();
        if !cx.bug("no-merge") {
            stamp::merge(&mut self.v, &theirs.v);
            self.c = self.c.max(theirs.c);
        }
        let counted = cx.params.both && !cx.bug("merge-no-inc");
        if counted {
            self.count_since(cx, &mine, fx);
        } else {
            self.note_news(cx, &mine, fx);
        }
        if cx.params.both {
            self.last = Some(self.moment());
        }
        let (theirs, v, c) = (theirs.v.clone(), self.stamp(), self.c);
        fx.explain(Why::Merged { from, theirs, mine, v, c, counted });
    }

    fn take(&mut self, cx: &Cxv, version: &Version, fx: Fxv) {
        let Version { key, value, v } = version.clone();
        match self.place(cx, version.clone()) {
            Err((relation, held)) => {
                fx.explain(Why::Ignored { key, value, v, relation, held });
            }
            Ok((over, siblings)) if siblings.is_empty() => {
                fx.explain(Why::Adopted { key, value, v, over });
            }
            Ok((_, siblings)) => {
                for Version { value: other, v: than, .. } in siblings {
                    let (key, value, v) = (key.clone(), value.clone(), v.clone());
                    fx.explain(Why::Sibling { key, value, v, other, than });
                }
            }
        }
    }

    /// Put a version among those of its key: how many it knew of and replaces, and those it stands beside.
    /// Or not, because of the version it is the same as, or that knew of it.
    fn place(
        &mut self,
        cx: &Cxv,
        version: Version,
    ) -> Result<(u64, Vec<Version>), (Relation, Stamp)> {
        let here = self.store.slot(version.key.clone());
        for h in here.iter() {
            let relation = compared(cx, &version.v, &h.v);
            if matches!(relation, Relation::Before | Relation::Equal) {
                return Err((relation, h.v.clone()));
            }
        }
        let before = here.len();
        here.retain(|h| compared(cx, &version.v, &h.v) == Relation::Concurrent);
        let (over, siblings) = ((before - here.len()) as u64, here.clone());
        here.push(version);
        // One order on every node, whoever heard of what first.
        few::sort_by(here, &|a, b| b.v.cmp(&a.v));
        Ok((over, siblings))
    }

    fn gather(&mut self, cx: &Cxv, from: NodeId, number: i64, v: Stamp, fx: Fxv) {
        let cut = self.cuts.slot(number);
        cut.points.resize(cx.cast.len(), None);
        cut.points[from.index()] = Some(v);
        let points: Option<Vec<Stamp>> = cut.points.iter().cloned().collect();
        let (Some(points), None) = (points, cut.consistent) else { return };
        let orphan = orphan(&points);
        cut.consistent = Some(orphan.is_none());
        fx.explain(match orphan {
            None => Why::Consistent { cut: number },
            Some((at, of)) => Why::Orphan {
                cut: number,
                inside: at,
                of,
                knows: points[at.index()][of.index()],
                has: points[of.index()][of.index()],
            },
        });
    }

    // ---------------------------------------------------------------- the clock

    /// Count an event of this node's own.
    fn count(&mut self, cx: &Cxv, fx: Fxv) -> Moment {
        let before = self.stamp();
        self.count_since(cx, &before, fx)
    }

    /// Count an event; `before` is what was known before anything of this step was taken in.
    fn count_since(&mut self, cx: &Cxv, before: &[u64], fx: Fxv) -> Moment {
        if cx.bug("inc-all") {
            self.v.iter_mut().for_each(|x| *x += 1);
        } else {
            self.v[cx.me.index()] += 1;
        }
        self.c = self.c.map(|c| c + 1);
        self.note_news(cx, before, fx);
        let now = self.moment();
        self.last = Some(now.clone());
        now
    }

    fn moment(&self) -> Moment {
        Moment { v: self.stamp(), c: self.c }
    }

    /// Remember which entries grew, and forget the oldest news if the vector has grown too long.
    fn note_news(&mut self, cx: &Cxv, before: &[u64], fx: Fxv) {
        if cx.params.prune == 0 {
            return;
        }
        self.age += 1;
        for (i, heard) in self.heard.iter_mut().enumerate() {
            if self.v[i] > before[i] {
                *heard = self.age;
            }
        }
        self.prune(cx, fx);
    }

    /// A node's own entry is never forgotten: without it two of its events would look alike.
    fn prune(&mut self, cx: &Cxv, fx: Fxv) {
        let mut dropped = vec![];
        while stamp::filled(&self.v) > cx.params.prune {
            let filled = others(cx).filter(|n| self.v[n.index()] > 0);
            let Some(oldest) = filled.min_by_key(|n| self.heard[n.index()]) else { break };
            self.v[oldest.index()] = 0;
            dropped.push(oldest);
        }
        if !dropped.is_empty() {
            fx.explain(Why::Pruned { dropped, kept: stamp::filled(&self.v) as u64 });
        }
    }

    /// The step goes to the disk; what it sends and answers waits for that.
    fn keep(&self, fx: Fxv) {
        fx.save(Record::Step(Box::new(self.clone())));
    }

    fn empty_outbox(&mut self, fx: Fxv) {
        let now = self.moment();
        for to in std::mem::take(&mut self.outbox) {
            fx.send(to, Msg::Note { v: now.v.clone(), c: now.c });
        }
    }

    // ---------------------------------------------------------------- what it shows

    /// One row of the matrix: what this node knows of each. The rows of all nodes stack into one picture.
    fn row(&self, cx: &Cxv) -> Exhibit {
        let name = |n| cx.cast.name(n).to_string();
        Exhibit::Matrix {
            rows: vec![name(cx.me)],
            cols: cx.cast.all().map(name).collect(),
            cells: vec![self.v.iter().map(u64::to_string).collect()],
        }
    }

    /// The newest number, and what the numbers say falsely of messages that came.
    fn numbers(&self, cx: &Cxv, c: u64) -> Table {
        let row = |(from, theirs, mine): &(NodeId, u64, u64)| {
            let looks = if theirs < mine { "before" } else { "after" };
            let from = ["from ", cx.cast.name(*from)].concat();
            vec![from, theirs.to_string(), mine.to_string(), looks.to_string()]
        };
        let newest = vec!["newest".into(), String::new(), c.to_string(), String::new()];
        Table {
            head: ["", "sent", "here", "falsely"].map(String::from).to_vec(),
            rows: [newest].into_iter().chain(self.misordered.iter().map(row)).collect(),
        }
    }

    fn versions(&self) -> Table {
        let row = |h: &Version| vec![h.key.clone(), h.value.print(), stamp::show_all(&h.v)];
        Table {
            head: ["key", "value", "version"].map(String::from).to_vec(),
            rows: self.store.values().flatten().map(row).collect(),
        }
    }

    fn cut_table(&self, cx: &Cxv) -> Table {
        let names = cx.cast.all().map(|n| cx.cast.name(n).to_string());
        let row = |(number, cut): (&i64, &Cut)| {
            let verdict = match cut.consistent {
                None => "waiting",
                Some(true) => "consistent",
                Some(false) => "inconsistent",
            };
            let point = |p: &Option<Stamp>| p.as_ref().map_or("·".into(), |v| stamp::show_all(v));
            let points = cut.points.iter().map(point);
            [number.to_string()].into_iter().chain(points).chain([verdict.to_string()]).collect()
        };
        Table {
            head: ["cut".to_string()].into_iter().chain(names).chain(["verdict".into()]).collect(),
            rows: self.cuts.iter().map(row).collect(),
        }
    }
}

/// Misordered pairs that are shown.
const SHOWN: usize = 6;

/// Points of cuts go to the first node.
const JUDGE: NodeId = NodeId(0);

fn others<'a>(cx: &Cxv<'a>) -> impl Iterator<Item = NodeId> + use<'a> {
    let me = cx.me;
    cx.cast.all().filter(move |n| *n != me)
}

fn compared(cx: &Cxv, a: &[u64], b: &[u64]) -> Relation {
    if cx.bug("compare-sum") { stamp::relation_by_sum(a, b) } else { relation(a, b) }
}

/// Who knows more of whom than that one's own point: the sign of a receipt inside whose send is outside.
fn orphan(points: &[Stamp]) -> Option<(NodeId, NodeId)> {
    let pairs = (0..points.len()).flat_map(|j| (0..points.len()).map(move |i| (j, i)));
    pairs
        .filter(|&(j, i)| points[j][i] > points[i][i])
        .map(|(j, i)| (NodeId(j as u16), NodeId(i as u16)))
        .next()
}

fn vector(v: &[u64]) -> Value {
    Value::List(v.iter().map(|x| Value::Int(*x as i64)).collect())
}

fn answer(op: OpId, value: Value, fx: Fxv) {
    fx.once_saved(|fx| fx.reply(op, Outcome::ok(Some(value))));
}

fn refuse(op: OpId, verb: &'static str, because: &'static str, fx: Fxv) {
    fx.explain(Why::Refused { op: verb, because });
    fx.reply(op, Outcome::failed());
}
