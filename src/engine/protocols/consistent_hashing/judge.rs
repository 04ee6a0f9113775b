//! The claims, judged by what was really sent, kept and answered.
//!
//! The ledger rebuilds every committed ring from its members alone, by the faultless rule, and holds
//! against it what the nodes did. It asks no node what it believes and knows no mistake by name.

use std::rc::Rc;

use super::balance;
use super::client::IMPORT;
use super::msg::*;
use super::params::Params;
use super::ring::Mistakes;
use super::server::Server;
use super::view::View;
use super::{ConsistentHashing, MAP, NODE, Node};
use crate::few::{Few, Nodes};
use crate::ids::NodeId;
use crate::protocol::{Cast, Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::value::Value;

type Seen<'a> = Step<'a, ConsistentHashing>;

/// Keys below which a share is too rough to be held against theory.
const MANY: usize = 1_000;
/// Tokens a node below which its share is too rough.
const SMOOTH: u32 = 16;

#[derive(Clone, Default)]
pub struct Ledger {
    /// The committed rings, rebuilt.
    rings: Few<u64, Rc<View>>,
    epoch: u64,
    /// The newest acknowledged version of each key.
    acked: Shelf,
    /// Who last acknowledged a write of a key, and at which epoch, as a version.
    writers: Shelf,
    /// Whom a key's requests went to, likewise.
    owners: Shelf,
    asks: Few<(NodeId, u32), Ask>,
    imports: Few<NodeId, Batch>,
    /// What was really sent for the change under way: epoch, giver, taker.
    handed: Few<(u64, NodeId, NodeId), Shelf>,
    /// A committed change not yet settled: the epoch before it, and what was acknowledged at the flip.
    flipped: Option<(u64, Shelf)>,
    found: Option<Rc<Found>>,
    /// Something has happened since rest was last judged.
    dirty: bool,
}

/// A request as a router sent it.
#[derive(Clone)]
struct Ask {
    key: Key,
    /// What had been acknowledged by then.
    floor: Version,
    write: bool,
    judged: bool,
}

struct Found {
    epoch: u64,
    names: Names,
    lists: Rc<Vec<Vec<NodeId>>>,
}

pub fn judge(l: &mut Ledger, s: &Seen, court: &mut Court) {
    if l.rings.is_empty() {
        l.open(s, court);
    }
    match s.me() {
        Node::Router(_) => l.routed(s, court),
        Node::Server(_) => l.served(s, court),
        _ => {}
    }
    l.watch_map(s, court);
    if s.at_rest && l.dirty {
        l.dirty = false;
        l.at_rest(s, court);
    }
}

impl Ledger {
    fn open(&mut self, s: &Seen, court: &mut Court) {
        let present = s.cast.of_role(NODE).filter(|n| !s.cast.members[n.index()].absent);
        self.epoch = 1;
        self.rebuild(s, 1, present.collect());
        self.judge_ring(s, court);
    }

    fn rebuild(&mut self, s: &Seen, epoch: u64, members: Vec<NodeId>) {
        let seats = members.into_iter().map(|n| (n, 0)).collect();
        let view = View::of(s.params, s.cast, epoch, seats, Mistakes::NONE);
        self.rings.put(epoch, Rc::new(view));
    }

    fn ring(&self, epoch: u64) -> Option<Rc<View>> {
        self.rings.get(epoch).cloned()
    }

    // ------------------------------------------------------------ requests

    fn routed(&mut self, s: &Seen, court: &mut Court) {
        if let Happened::Deliver { from, msg: Msg::Load { keys, .. }, .. } = &s.happened {
            self.imports.put(*from, keys.clone());
        }
        for sent in s.sent() {
            match sent.msg {
                Msg::Put { req, key, epoch, .. } => {
                    self.asked(s, *req, self.ask(key, true), *epoch, sent.to, court);
                }
                Msg::Get { req, key, epoch } => {
                    self.asked(s, *req, self.ask(key, false), *epoch, sent.to, court);
                }
                Msg::Reply { req: IMPORT, .. } => self.imported(sent.to),
                Msg::Reply { out: Out::Failed, .. } => self.turned_away(s, court),
                Msg::Found { epoch, names, lists, .. } => {
                    let (names, lists) = (names.clone(), lists.clone());
                    self.looked_up(s, Found { epoch: *epoch, names, lists }, court);
                }
                _ => {}
            }
        }
    }

    fn ask(&self, key: &Key, write: bool) -> Ask {
        let floor = self.acked.version(key);
        Ask { key: key.clone(), floor, write, judged: false }
    }

    fn asked(&mut self, s: &Seen, req: u32, ask: Ask, epoch: u64, to: NodeId, court: &mut Court) {
        let key = &ask.key.clone();
        let judged = self.asks.get((s.node, req)).is_some_and(|before| before.judged);
        self.asks.put((s.node, req), Ask { judged, ..ask });
        let Some(ring) = self.ring(epoch) else { return };
        let homes = ring.homes(key);
        let right =
            if s.params.replicas == 1 { homes.first() == Some(&to) } else { homes.contains(&to) };
        court.hold("SuccessorOwns", right, || {
            let says = format!("{key} was sent to {}; its home is another", s.cast.name(to));
            Witness::new([s.node, to], says)
        });
        if s.params.replicas == 1 {
            let (last, owner) = stamp(&self.owners, key, to);
            self.owners.put(key, stamped(epoch.max(last), if last < epoch { to } else { owner }));
            court.hold("Coverage", last != epoch || owner == to, || {
                Witness::new([owner, to], format!("{key} has two owners at epoch {epoch}"))
            });
        }
    }

    /// A request refused on the spot, although there are members: no token was found for its key.
    fn turned_away(&self, s: &Seen, court: &mut Court) {
        let Happened::Deliver { msg: Msg::Put { key, .. } | Msg::Get { key, .. }, .. } =
            &s.happened
        else {
            return;
        };
        let Some(ring) = self.ring(self.epoch) else { return };
        court.hold("Coverage", ring.members.is_empty(), || {
            Witness::new([s.node], format!("{key} has no owner at epoch {}", self.epoch))
        });
    }

    fn imported(&mut self, client: NodeId) {
        let Some(keys) = self.imports.take(client) else { return };
        self.acked.merge(&keys);
        self.dirty = true;
    }

    fn acknowledge(&mut self, key: &Key, version: Version) {
        self.dirty = true;
        self.acked.merge(&Batch::one(key, Item { value: Value::Int(0), version }));
    }

    // ------------------------------------------------------------ answers and transfers

    fn served(&mut self, s: &Seen, court: &mut Court) {
        self.judge_homes(s, court);
        for sent in s.sent() {
            match sent.msg {
                Msg::Reply { req, out: Out::Ok, version, epoch, .. } => {
                    match self.asks.get((sent.to, *req)).cloned() {
                        Some(ask) if ask.write => self.wrote(s, &ask.key, *version, *epoch, court),
                        Some(ask) => self.read(s, &ask, *version, court),
                        None => {}
                    }
                }
                Msg::TransferRange { epoch, keys, .. } => {
                    self.handed.slot((*epoch, s.node, sent.to)).merge(keys);
                }
                _ => {}
            }
        }
    }

    fn wrote(&mut self, s: &Seen, key: &Key, version: Version, epoch: u64, court: &mut Court) {
        if s.params.replicas == 1 {
            let (last, writer) = stamp(&self.writers, key, s.node);
            court.hold("SingleWriter", epoch > last || (epoch == last && writer == s.node), || {
                let says = format!("both acknowledged a write of {key}: epochs {last} and {epoch}");
                Witness::new([writer, s.node], says)
            });
            self.writers.put(key, stamped(epoch, s.node));
        }
        self.acknowledge(key, version);
    }

    fn read(&self, s: &Seen, ask: &Ask, version: Version, court: &mut Court) {
        if s.params.replicas == 1 {
            court.hold("FreshReads", version >= ask.floor, || {
                let (key, was, is) = (&ask.key, ask.floor.counter, version.counter);
                Witness::new(
                    [s.node],
                    format!("{key}: version {is} answered after {was} was acknowledged"),
                )
            });
        }
    }

    /// Whom a new write was really given to, in the step that took it on. That need not be the step it came in: it may
    /// have waited for the map.
    fn judge_homes(&mut self, s: &Seen, court: &mut Court) {
        let Node::Server(me) = s.me() else { return };
        let writes = me.pending.iter().filter(|(_, p)| p.value.is_some() && s.params.replicas > 1);
        for (rep, write) in writes {
            let ask = self.asks.get_mut((write.router, write.req));
            if ask.is_some_and(|ask| !std::mem::replace(&mut ask.judged, true)) {
                self.judge_write(s, me, *rep, &write.key, court);
            }
        }
    }

    fn judge_write(&self, s: &Seen, me: &Server, rep: u32, key: &Key, court: &mut Court) {
        let mine = me.items.get(key).is_some().then_some(s.node);
        let given =
            s.sent().filter(|m| matches!(m.msg, Msg::ReplicaPut { req, .. } if *req == rep));
        let homes: Nodes = given.map(|m| m.to).chain(mine).collect();
        let members = &me.view.members;
        let racks = self.racks(s, members).min(s.params.replicas);
        let enough = homes.len() >= members.len().min(s.params.replicas);
        let spread = !s.params.racks_given() || self.racks(s, homes.list()) >= racks;
        court.hold("DistinctHomes", enough && spread, || {
            let racks = self.racks(s, homes.list());
            let says = format!("{key} was given to {} nodes on {racks} racks", homes.len());
            Witness::new(homes.list().iter().copied(), says)
        });
    }

    /// On how many racks some nodes stand.
    fn racks(&self, s: &Seen, nodes: &[NodeId]) -> usize {
        nodes.iter().map(|n| NodeId(s.params.rack(s.cast, *n))).collect::<Nodes>().len()
    }

    // ------------------------------------------------------------ changes of the map

    fn watch_map(&mut self, s: &Seen, court: &mut Court) {
        let Some(map) = s.cast.of_role(MAP).next() else { return };
        let disk = &s.disks[map.index()];
        if let Some(view) = &disk.view
            && view.epoch > self.epoch
        {
            self.flipped = Some((self.epoch, self.acked.clone()));
            self.epoch = view.epoch;
            self.dirty = true;
            self.rebuild(s, view.epoch, view.members.clone());
            self.judge_ring(s, court);
        }
        if disk.owing.is_empty()
            && let Some((before, acked)) = self.flipped.take_if(|_| !handing(s, map))
        {
            self.judge_change(s, before, &acked, court);
            self.handed = Few::default();
        }
    }

    /// The committed ring against the one its members make, and against what theory expects of it.
    fn judge_ring(&self, s: &Seen, court: &mut Court) {
        let (Some(ring), Some(view)) = (self.ring(self.epoch), committed(s)) else { return };
        court.hold("OrderIndependence", view.ring.tokens == ring.ring.tokens, || {
            Witness::new(
                [],
                format!("the tokens of epoch {} do not follow from its members", view.epoch),
            )
        });
        if !s.params.placing.normalised {
            court.hold("WeightedTokens", weighted(s.params, s.cast, view), || {
                Witness::new([], "a node's tokens are not its weight's part of all tokens")
            });
        }
        let (n, v) = (view.members.len() as u64, s.params.placing.vnodes);
        if n >= 2 && v >= SMOOTH && s.params.equal_weights() {
            let parts: Vec<u128> = view.members.iter().map(|m| view.ring.points_of(*m)).collect();
            let (got, want) =
                (balance::variation(&parts), balance::expected_variation(n, v.into()));
            court.hold("Balance", got <= balance::at_most(want, n), || uneven(got, want));
        }
    }

    /// What a change has really moved, against what had to move.
    fn judge_change(&self, s: &Seen, before: u64, acked: &Shelf, court: &mut Court) {
        let (Some(old), Some(new)) = (self.ring(before), self.ring(self.epoch)) else { return };
        let newcomer = new.members.iter().find(|n| !old.has(**n)).copied();
        let leaver = old.members.iter().find(|n| !new.has(**n)).copied();
        let mut moved = 0;
        let mut stray = None;
        for &((epoch, from, to), ref keys) in self.handed.iter() {
            if epoch != self.epoch || from == to {
                continue;
            }
            let directed = newcomer == Some(to) || leaver == Some(from);
            for (key, _) in keys.iter() {
                moved += u64::from(acked.get(key).is_some());
                if !directed || old.homes(key).contains(&to) || !new.homes(key).contains(&to) {
                    stray = Some((key.clone(), from, to));
                }
            }
        }
        let due =
            || acked.iter().map(|(key, _)| old.handover_of(&new, key).len() as u64).sum::<u64>();
        let complete = s.params.replicas > 1 || moved == due();
        if !s.params.racks_given() {
            court.hold("MinimalDisruption", stray.is_none() && complete, || {
                strays(s.cast, stray, moved, due())
            });
        }
        self.judge_amount(s, (&old, &new), moved, acked.len(), court);
    }

    /// K/(N+1) keys for each of RF copies, as far as chance lets one say (PM-C5, PL-C4).
    fn judge_amount(
        &self,
        s: &Seen,
        (old, new): (&View, &View),
        moved: u64,
        keys: usize,
        court: &mut Court,
    ) {
        let rf = s.params.replicas as u64;
        let fewer = old.members.len().min(new.members.len()) as u64;
        let one = one_apart(old, new);
        if !one
            || keys < MANY
            || fewer < rf
            || !s.params.equal_weights()
            || s.params.placing.normalised
        {
            return;
        }
        if s.params.racks_given() {
            return;
        }
        let claim = if rf == 1 { "MovedKeys" } else { "CopiesMoved" };
        let (ok, says) = as_expected(s.params, fewer, rf * keys as u64, moved, keys);
        court.hold(claim, ok, || Witness::new([], says));
    }

    // ------------------------------------------------------------ lookups

    fn looked_up(&mut self, s: &Seen, found: Found, court: &mut Court) {
        self.judge_lists(s, &found, court);
        if let Some(last) = &self.found
            && last.names.0 == found.names.0
        {
            match last.epoch == found.epoch {
                true => court.hold("ListsAgree", last.lists == found.lists, || {
                    Witness::new(
                        [s.node],
                        format!("two lists for one key at epoch {}", found.epoch),
                    )
                }),
                false => self.judge_coordinators(s, last, &found, court),
            }
        }
        self.found = Some(Rc::new(found));
    }

    /// How many keys got another coordinator since the last lookup (PM-C5).
    fn judge_coordinators(&self, s: &Seen, last: &Found, found: &Found, court: &mut Court) {
        let (Some(old), Some(new)) = (self.ring(last.epoch), self.ring(found.epoch)) else {
            return;
        };
        let keys = found.names.0.len();
        let one = one_apart(&old, &new);
        if !one || keys < MANY || !s.params.equal_weights() || s.params.placing.normalised {
            return;
        }
        let pairs = last.lists.iter().zip(found.lists.iter());
        let moved = pairs.filter(|(a, b)| a.first() != b.first()).count() as u64;
        let fewer = old.members.len().min(new.members.len()) as u64;
        let (ok, says) = as_expected(s.params, fewer, keys as u64, moved, keys);
        court.hold("MovedKeys", ok, || Witness::new([s.node], says));
    }

    /// Each node on RF/N of the lists (PL-C3), and as even as counting allows (CH-C4).
    fn judge_lists(&self, s: &Seen, found: &Found, court: &mut Court) {
        let Some(ring) = self.ring(found.epoch) else { return };
        let (n, v, k) = (ring.members.len() as u64, s.params.placing.vnodes, found.names.0.len());
        if n < 2 || v < SMOOTH || k < MANY || !s.params.equal_weights() {
            return;
        }
        let count = |of: &dyn Fn(&Vec<NodeId>, NodeId) -> bool| -> Vec<u128> {
            let on = |m: NodeId| found.lists.iter().filter(|list| of(list, m)).count() as u128;
            ring.members.iter().map(|m| on(*m)).collect()
        };
        let want = balance::expected_count_variation(n, v.into(), k as u64);
        let first = balance::variation(&count(&|list, m| list.first() == Some(&m)));
        if s.params.replicas == 1 {
            court.hold("EvenCounts", first <= balance::at_most(want, n), || uneven(first, want));
        } else if !s.params.racks_given() {
            let (on, rf) = (count(&|list, m| list.contains(&m)), s.params.replicas as u128);
            let fair = k as u128 * rf.min(n.into()) / u128::from(n);
            let slack = fair * 4 * u128::from(want) / 1_000_000;
            court.hold("ListFraction", on.iter().all(|c| c.abs_diff(fair) <= slack), || {
                Witness::new([], format!("on {on:?} lists of {k}; {fair} each is fair"))
            });
        }
    }

    // ------------------------------------------------------------ rest

    fn at_rest(&self, s: &Seen, court: &mut Court) {
        let Some(ring) = self.ring(self.epoch) else { return };
        if !self.acked.is_empty() {
            let lost = self.lost(s, &ring).or_else(|| self.kept_elsewhere(s, &ring));
            court.hold("Conservation", lost.is_none(), || lost.unwrap_or_default());
        }
        let all_up =
            s.cast.of_role(NODE).all(|n| s.alive[n.index()] || s.cast.members[n.index()].absent);
        if s.params.replicas > 1 && all_up {
            let keeper = s.cast.of_role(NODE).find(|n| !s.disks[n.index()].hints.is_empty());
            court.hold("HintsDrain", keeper.is_none(), || {
                Witness::new(keeper, "everybody is up and hints are still kept")
            });
        }
    }

    /// An acknowledged write that no home has.
    fn lost(&self, s: &Seen, ring: &View) -> Option<Witness> {
        let newest = |key: &Key| {
            let homes = ring.homes(key);
            homes.iter().map(|n| s.disks[n.index()].items.version(key)).max().unwrap_or_default()
        };
        let gone = self.acked.iter().find(|(key, item)| newest(key) < item.version);
        gone.map(|(key, _)| {
            Witness::new(
                ring.homes(key),
                format!("{key} was acknowledged and its home does not have it"),
            )
        })
    }

    /// A key on a node that is not its home.
    fn kept_elsewhere(&self, s: &Seen, ring: &View) -> Option<Witness> {
        s.cast.of_role(NODE).find_map(|n| {
            let stray =
                s.disks[n.index()].items.iter().find(|(key, _)| !ring.homes(key).contains(&n))?;
            Some(Witness::new([n], format!("{} is still kept where it does not belong", stray.0)))
        })
    }
}

/// An epoch and a node, kept as a version.
fn stamped(epoch: u64, node: NodeId) -> Item {
    Item { value: Value::Int(0), version: Version { counter: epoch, by: node } }
}

/// The epoch and node kept for a key; epoch 0 and `or` where there is none.
fn stamp(shelf: &Shelf, key: &Key, or: NodeId) -> (u64, NodeId) {
    shelf.get(key).map_or((0, or), |item| (item.version.counter, item.version.by))
}

/// The members differ by one node, come or gone.
fn one_apart(old: &View, new: &View) -> bool {
    let come = new.members.iter().filter(|n| !old.has(**n)).count();
    let gone = old.members.iter().filter(|n| !new.has(**n)).count();
    come + gone == 1
}

/// Some old owner has not let go yet.
fn handing(s: &Seen, map: NodeId) -> bool {
    matches!(&s.nodes[map.index()], Node::Map(keeper) if keeper.change.as_ref().is_some_and(|c| c.committed))
}

/// The map as it is on the keeper's disk, or as everybody began.
fn committed<'a>(s: &Seen<'a>) -> Option<&'a View> {
    let map = s.cast.of_role(MAP).next()?;
    let Node::Map(keeper) = &s.nodes[map.index()] else { return None };
    s.disks[map.index()].view.as_ref().or(Some(&keeper.view))
}

fn weighted(params: &Params, cast: &Cast, view: &View) -> bool {
    let weight = |n: NodeId| params.member(cast, n, 0).weight as usize;
    let all: usize = view.members.iter().map(|n| weight(*n)).sum();
    let tokens = view.ring.tokens.len();
    view.members.iter().all(|n| view.ring.tokens_of(*n) * all == weight(*n) * tokens)
}

/// Whether `moved` is within four deviations of `all`/(N+1).
fn as_expected(params: &Params, fewer: u64, all: u64, moved: u64, keys: usize) -> (bool, String) {
    let (v, k) = (params.placing.vnodes.into(), keys as u64);
    let want = balance::expected_moved(fewer, all);
    let deviation = balance::expected_moved_deviation(fewer, v, k);
    let slack = 4 * u128::from(want) * u128::from(deviation) / 1_000_000;
    let off = u128::from(want.abs_diff(moved * 1_000_000));
    let (want, slack) = (want / 1_000_000, (slack / 1_000_000) as u64);
    (off / 1_000_000 <= u128::from(slack), format!("{moved} moved; {want} ± {slack} are expected"))
}

fn uneven(got: u64, want: u64) -> Witness {
    let percent = |v: u64| percent(v as i64);
    Witness::new([], format!("variation {}; chance explains {}", percent(got), percent(want)))
}

fn strays(cast: &Cast, stray: Option<(Key, NodeId, NodeId)>, moved: u64, due: u64) -> Witness {
    match stray {
        Some((key, from, to)) => {
            let says = format!(
                "{key} went from {} to {}, which nobody's coming or going asks for",
                cast.name(from),
                cast.name(to)
            );
            Witness::new([from, to], says)
        }
        None => Witness::new([], format!("{moved} keys moved; {due} changed their successor")),
    }
}
