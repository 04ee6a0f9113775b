//! What must hold, whatever goes wrong: figure 3 of the paper, and the promises it stands on.
//!
//! Judged after every step by what was really done: the state of servers, what they sent, what is on
//! their disks, what clients were told. The ghost remembers what no server has to: who led which term, who
//! voted for whom, which entry stood where, what was ever called committed and what was ever applied.
//! It looks only at what the step has changed; a heartbeat costs a few comparisons.

use std::rc::Rc;

use super::Raft;
use super::card::*;
use super::log::Log;
use super::machine::{Machine, Sessions, Snapshot, outcome};
use super::msg::*;
use super::server::{Role, Server};
use super::{Disk, Node, Reads, place, servers};
use crate::ids::{NodeId, Us};
use crate::protocol::{Court, Happened, Step, Witness};
use crate::scenario::ast::Out;
use crate::seq::{Map, Seq};
use crate::value::Value;

type See<'a> = Step<'a, Raft>;

/// A set of servers, one bit each by place.
type Group = u64;

#[derive(Clone, Default)]
pub struct Ghost {
    /// Each node as it was after its last step.
    seen: Vec<Seen>,
    /// Who led each term, with the log it began with.
    leaders: Map<Term, (NodeId, Log)>,
    /// Candidates each server has voted for, by term: one bit each.
    votes: Map<(Term, NodeId), Group>,
    /// Sets that elected a leader or held an entry when it was committed.
    quorums: Map<Group, ()>,
    /// By index: what has ever stood there.
    cells: Seq<Place>,
    /// By index: the term of the entry a leader called committed, and the first term in which one did.
    claimed: Seq<Option<(Term, Term)>>,
    /// By index: what was first applied.
    applied: Seq<Option<Entry>>,
    fold: Fold,
    reads: Map<NodeId, Asking>,
    /// Everything answered so far was in the state after this index.
    answered: Index,
    live: Live,
}

#[derive(Clone, Default)]
struct Seen {
    /// Kept only where entries may be compacted away in the step that applies them.
    log: Option<Log>,
    changes: u64,
    last: Index,
    role: Role,
    term: Term,
    commit: Index,
    applied: Index,
    snapshot: Index,
    /// The highest term it has put into a message of its own, restarts included.
    spoken: Term,
}

/// What has stood at one index, by term: usually one thing.
#[derive(Clone, Default)]
struct Place {
    first: Option<Cell>,
    more: Vec<Cell>,
}

#[derive(Clone, PartialEq)]
struct Cell {
    term: Term,
    prev: Term,
    command: Command,
}

/// The state as the applied entries make it, each command once.
#[derive(Clone, Default)]
struct Fold {
    /// Every value a key has had, with the index that gave it.
    values: Map<Value, Seq<(Index, Value)>>,
    /// Where each command of a client's session was first executed, by its number.
    done: Map<(NodeId, u64), Seq<Index>>,
}

/// A client's newest request: how new its answer must be.
#[derive(Clone, Default)]
struct Asking {
    session: u64,
    request: u64,
    reads: bool,
    floor: Index,
    /// The state the answer was taken from.
    served: Index,
}

/// For the two deadlines.
#[derive(Clone, Default)]
struct Live {
    unsteady: Us,
    led: bool,
    leaderless: Us,
    /// A leader waits for a commit since then.
    pending: Option<(NodeId, Us)>,
}

pub fn judge(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if s.at_rest {
        return;
    }
    if g.seen.len() < s.nodes.len() {
        g.seen.resize_with(s.nodes.len(), Seen::default);
    }
    match s.me() {
        Node::Server(me) => server(g, s, me, court),
        Node::Client(_) => client(g, s),
    }
    leader_in_time(g, s, court);
}

fn server(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    let at = s.node.index();
    match s.happened {
        Happened::Start { amnesia } => restarted(g, s, me, amnesia, court),
        Happened::Crash => return crashed(g, s),
        _ => {}
    }
    prevote_keeps_terms(s, me, court);
    monotone(&g.seen[at], s, me, court);
    let (changed, rose) = (g.seen[at].changes != me.log.changes(), role_changed(g, s, me, court));
    if changed {
        log_changed(g, s, me, court);
    }
    if rose {
        elected(g, s, me, court);
    }
    if me.commit_index > g.seen[at].commit && me.role == Role::Leader {
        committed(g, s, me, court);
    }
    if me.last_applied != g.seen[at].applied || me.commit_index != g.seen[at].commit {
        applied(g, s, me, court);
    }
    if me.snapshot.last_included_index != g.seen[at].snapshot {
        snapshot_taken(g, s, me, court);
    }
    sent(g, s, me, court);
    commit_in_time(g, s, me, court);
    remember(&mut g.seen[at], s, me, changed);
}

fn remember(seen: &mut Seen, s: &See<'_>, me: &Server, changed: bool) {
    if changed {
        seen.log = (s.params.compact > 0).then(|| me.log.clone());
        (seen.changes, seen.last) = (me.log.changes(), me.log.last_index());
    }
    (seen.role, seen.term) = (me.role, me.current_term);
    (seen.commit, seen.applied) = (me.commit_index, me.last_applied);
    seen.snapshot = me.snapshot.last_included_index;
}

fn disk<'a>(s: &See<'a>, n: NodeId) -> &'a Disk {
    &s.disks[n.index()]
}

fn by_place(s: &See<'_>, n: NodeId) -> Group {
    1 << place(s.cast, n)
}

fn majority(s: &See<'_>) -> usize {
    s.params.nodes / 2 + 1
}

fn names(s: &See<'_>, group: Group) -> Vec<NodeId> {
    servers(s.params, s.cast).filter(|n| by_place(s, *n) & group != 0).collect()
}

// -------------------------------------------------------------------- lives

/// A restarted server is what its disk says; an amnesiac one is another matter, and outside the promise.
fn restarted(g: &mut Ghost, s: &See<'_>, me: &Server, amnesia: bool, court: &mut Court) {
    let seen = &mut g.seen[s.node.index()];
    let (d, again) = (disk(s, s.node), seen.changes != 0 || seen.term != 0);
    if again && !amnesia {
        let same = (me.current_term, me.voted_for, me.log.last_index(), me.log.last_term())
            == (d.current_term, d.voted_for, d.log.last_index(), d.log.last_term());
        court.hold(PERSISTENCE_HOLDS, same, || {
            Witness::new(
                [s.node],
                format!("{} came back with something else than its disk held.", s.name()),
            )
        });
        let (spoken, back) = (seen.spoken, d.current_term);
        court.hold(NEVER_BACKWARDS, back >= spoken, || {
            Witness::new(
                [s.node],
                format!("{} spoke of term {spoken} and came back in {back}.", s.name()),
            )
        });
    }
    // Everything is looked at anew: a log reloaded may differ in anything.
    let (base, spoken) = (me.log.base(), seen.spoken);
    *seen = Seen { changes: u64::MAX, spoken, ..Seen::default() };
    (seen.snapshot, seen.commit, seen.applied) = (base, base, base);
}

fn crashed(g: &mut Ghost, s: &See<'_>) {
    let seen = &mut g.seen[s.node.index()];
    seen.role = Role::Follower;
    look_for_leader(g, s);
}

fn monotone(seen: &Seen, s: &See<'_>, me: &Server, court: &mut Court) {
    let moved = me.commit_index != seen.commit
        || me.last_applied != seen.applied
        || me.current_term != seen.term;
    if !moved {
        return;
    }
    let forward = me.commit_index >= seen.commit
        && me.last_applied >= seen.applied
        && me.current_term >= seen.term;
    court.hold(NEVER_BACKWARDS, forward, || {
        let was =
            format!("term {}, committed {}, applied {}", seen.term, seen.commit, seen.applied);
        let is = format!("{}, {}, {}", me.current_term, me.commit_index, me.last_applied);
        Witness::new([s.node], format!("{} was at {was}, and is at {is}.", s.name()))
    });
}

/// Asking whether an election could be won changes no term, the asker's or the asked one's.
fn prevote_keeps_terms(s: &See<'_>, me: &Server, court: &mut Court) {
    let asking = match s.happened {
        Happened::Timeout(super::Timer::Election) => s.params.prevote && s.params.nodes > 1,
        Happened::Deliver { msg: Msg::PreVote(_), .. } => true,
        _ => false,
    };
    if asking {
        court.hold(PREVOTE_KEEPS_TERMS, me.current_term == s.before.epoch, || {
            let (was, is) = (s.before.epoch, me.current_term);
            Witness::new([s.node], format!("A pre-vote took {} from term {was} to {is}.", s.name()))
        });
    }
}

// -------------------------------------------------------------------- votes and leaders

/// True when a server has just become leader of a term. Its vote for itself counts once it asks for others
/// or leads: a candidate that crashes before its disk knows has voted for nobody.
fn role_changed(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) -> bool {
    let seen = &g.seen[s.node.index()];
    if (seen.role, seen.term) == (me.role, me.current_term) {
        return false;
    }
    let was = seen.role == Role::Leader && seen.term == me.current_term;
    if me.role == Role::Leader {
        voted(g, s, me.current_term, s.node, s.node, court);
    }
    if (seen_leads(g, s)) != (me.role == Role::Leader) {
        g.seen[s.node.index()].role = me.role;
        look_for_leader(g, s);
    }
    me.role == Role::Leader && !was
}

fn seen_leads(g: &Ghost, s: &See<'_>) -> bool {
    g.seen[s.node.index()].role == Role::Leader
}

fn voted(
    g: &mut Ghost,
    s: &See<'_>,
    term: Term,
    voter: NodeId,
    candidate: NodeId,
    court: &mut Court,
) {
    let bit = by_place(s, candidate);
    let known = g.votes.get(&(term, voter)).copied().unwrap_or(0);
    if known & bit == 0 {
        g.votes.insert((term, voter), known | bit);
    }
    court.hold(VOTE_ONCE, known & !bit == 0, || {
        let all = names(s, known | bit);
        let says =
            format!("{} voted for {} servers in term {term}.", s.cast.name(voter), all.len());
        Witness::new([voter].into_iter().chain(all), says)
    });
}

fn elected(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    let term = me.current_term;
    let other = g.leaders.get(&term).map(|(n, _)| *n).filter(|n| *n != s.node);
    court.hold(ELECTION_SAFETY, other.is_none(), || {
        let two = other.into_iter().chain([s.node]);
        let says = format!(
            "{} leads term {term}, and so does {}.",
            s.name(),
            s.cast.name(other.unwrap_or(s.node))
        );
        Witness::new(two, says)
    });
    if other.is_none() {
        g.leaders.insert(term, (s.node, me.log.clone()));
    }
    let bit = by_place(s, s.node);
    let all = (term, NodeId(0));
    let voters = g.votes.tail(&all).take_while(|((t, _), _)| *t == term);
    let voters = voters.filter(|(_, for_whom)| **for_whom & bit != 0);
    let voters = voters.fold(0, |all, ((_, voter), _)| all | by_place(s, *voter));
    quorum(g, s, voters, court);
    complete(g, s.node, term, &me.log, court);
}

/// Any two quorums have a server in common.
fn quorum(g: &mut Ghost, s: &See<'_>, group: Group, court: &mut Court) {
    if g.quorums.contains_key(&group) {
        return;
    }
    g.quorums.insert(group, ());
    let apart = g.quorums.keys().copied().find(|q| q & group == 0);
    court.hold(QUORUM_INTERSECTION, apart.is_none(), || {
        let all = names(s, group | apart.unwrap_or(0));
        Witness::new(all, "Two sets of servers decided, and have nobody in common.")
    });
}

/// A leader's log has everything that leaders of earlier terms called committed.
fn complete(g: &Ghost, n: NodeId, term: Term, log: &Log, court: &mut Court) {
    let lacks = |(i, c): (usize, &Option<(Term, Term)>)| {
        let (of, by) = (*c)?;
        (by < term && !log.holds(i as Index + 1, of)).then_some((i + 1, of, by))
    };
    let lacking = g.claimed.iter().enumerate().find_map(lacks);
    court.hold(LEADER_COMPLETENESS, lacking.is_none(), || {
        let (i, of, by) = lacking.unwrap_or_default();
        let says = format!(
            "Entry {i} of term {of} was committed in term {by}; the leader of term {term} lacks it."
        );
        Witness::new([n], says)
    });
}

// -------------------------------------------------------------------- the log

fn log_changed(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    let seen = &g.seen[s.node.index()];
    // A log reloaded may differ in anything.
    let anew = matches!(s.happened, Happened::Start { .. });
    let from = if anew { 1 } else { me.log.touched() };
    let leads = s.before.leads && me.role == Role::Leader && s.before.epoch == me.current_term;
    if leads {
        let had = seen.last;
        court.hold(LEADER_APPEND_ONLY, from > had, || {
            let says = format!(
                "{} led term {} and changed entry {from} of {had}.",
                s.name(),
                s.before.epoch
            );
            Witness::new([s.node], says)
        });
    }
    for index in from.max(me.log.base() + 1)..=me.log.last_index() {
        matching(g, s, me, index, court);
    }
}

/// The same index and term: the same command behind the same entry, so by induction the same log.
fn matching(g: &mut Ghost, s: &See<'_>, me: &Server, index: Index, court: &mut Court) {
    let Some(e) = me.log.get(index) else { return };
    let prev = me.log.term_at(index - 1).unwrap_or(0);
    let cell = Cell { term: e.term, prev, command: e.command.clone() };
    let at = index as usize - 1;
    while g.cells.len() <= at {
        g.cells.push(Place::default());
    }
    let known = g.cells[at].of(e.term).map(|known| *known == cell);
    let ok = known.unwrap_or(true) && e.index == index;
    court.hold(LOG_MATCHING, ok, || {
        let says = if e.index == index {
            format!("{}'s entry {index} of term {} differs from another log's.", s.name(), e.term)
        } else {
            format!("{}'s entry {} stands at index {index}.", s.name(), e.index)
        };
        Witness::new([s.node], says)
    });
    if known.is_none() {
        let mut place = g.cells[at].clone();
        place.add(cell);
        g.cells.set(at, place);
    }
}

impl Place {
    fn of(&self, term: Term) -> Option<&Cell> {
        self.first.iter().chain(&self.more).find(|c| c.term == term)
    }
    fn add(&mut self, cell: Cell) {
        match self.first {
            None => self.first = Some(cell),
            Some(_) => self.more.push(cell),
        }
    }
}

// -------------------------------------------------------------------- commit and apply

fn committed(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    let (n, term) = (me.commit_index, me.current_term);
    let of = me.log.term_at(n).unwrap_or(0);
    let holders: Vec<NodeId> =
        servers(s.params, s.cast).filter(|x| disk(s, *x).log.holds(n, of)).collect();
    let legal = of == term && holders.len() >= majority(s);
    court.hold(COMMIT_LEGALITY, legal, || {
        let on = holders.len();
        let says =
            format!("{} committed entry {n} of term {of} in term {term}, on {on} disks.", s.name());
        Witness::new([s.node], says)
    });
    let group = holders.iter().fold(0, |all, x| all | by_place(s, *x));
    quorum(g, s, group, court);
    let from = g.seen[s.node.index()].commit + 1;
    for index in from.max(me.log.base() + 1)..=n.min(me.log.last_index()) {
        claim(g, index, me.log.term_at(index).unwrap_or(0), term);
    }
    let later: Vec<_> =
        g.leaders.tail(&(term + 1)).map(|(t, (n, l))| (*t, *n, l.clone())).collect();
    for (later, n, log) in later {
        complete(g, n, later, &log, court);
    }
}

fn claim(g: &mut Ghost, index: Index, of: Term, by: Term) {
    let at = index as usize - 1;
    while g.claimed.len() <= at {
        g.claimed.push(None);
    }
    let sooner = g.claimed[at].is_none_or(|(o, b)| o == of && by < b);
    if sooner {
        g.claimed.set(at, Some((of, by)));
    }
}

fn applied(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    let ordered = me.last_applied <= me.commit_index && me.commit_index <= me.log.last_index();
    court.hold(STATE_MACHINE_SAFETY, ordered, || {
        let (a, c, l) = (me.last_applied, me.commit_index, me.log.last_index());
        let says = format!("{} has applied {a}, committed {c}, and its log ends at {l}.", s.name());
        Witness::new([s.node], says)
    });
    // What a snapshot stands for was not applied here entry by entry.
    let installed = matches!(s.happened, Happened::Deliver { msg: Msg::InstallSnapshot(_), .. });
    let from = g.seen[s.node.index()].applied + 1;
    let from = if installed { from.max(me.log.base() + 1) } else { from };
    let mut written: Vec<Rc<Request>> = vec![];
    for index in from..=me.last_applied {
        if let Some(entry) = entry_at(g, s, me, index) {
            same_everywhere(g, s, &entry, court);
            if let Command::Request(r) = entry.command {
                written.retain(|w| w.call.key() != r.call.key());
                written.push(r);
            }
        }
    }
    if s.params.sessions != Sessions::Off {
        let keys = written.iter().filter_map(|r| r.call.key());
        keys.for_each(|k| once(g, s, me, k, court));
    }
}

/// An entry just applied. It may be compacted away already, and may have come in this very step, in the
/// place of another.
fn entry_at(g: &Ghost, s: &See<'_>, me: &Server, index: Index) -> Option<Entry> {
    let carried = || match s.happened {
        Happened::Deliver { msg: Msg::AppendEntries(m), .. } => {
            m.entries.iter().find(|e| e.index == index)
        }
        _ => None,
    };
    let before = || g.seen[s.node.index()].log.as_ref()?.get(index);
    me.log.get(index).or_else(carried).or_else(before).cloned()
}

fn same_everywhere(g: &mut Ghost, s: &See<'_>, e: &Entry, court: &mut Court) {
    let at = e.index as usize - 1;
    while g.applied.len() < at {
        g.applied.push(None);
    }
    let known = g.applied.get(at).and_then(Option::as_ref);
    let same = known.is_none_or(|k| (k.term, &k.command) == (e.term, &e.command));
    court.hold(STATE_MACHINE_SAFETY, same, || {
        let first = known.map_or(0, |k| k.term);
        let (i, t) = (e.index, e.term);
        let says =
            format!("Entry {i} of term {first} was applied, and {}'s is of term {t}.", s.name());
        Witness::new([s.node], says)
    });
    if known.is_none() {
        g.applied.set(at, Some(e.clone()));
        g.fold.add(e, s.params.sessions);
    }
}

/// The state is what the commands make of it, each once.
fn once(g: &Ghost, s: &See<'_>, me: &Server, key: &Value, court: &mut Court) {
    let (is, should) = (me.machine.get(key), g.fold.value(key, me.last_applied));
    court.hold(EXACTLY_ONCE, is == should, || {
        let (k, is, should) = (key.print(), is.print(), should.print());
        Witness::new(
            [s.node],
            format!("{k} is {is} at {}; with every command once it is {should}.", s.name()),
        )
    });
}

impl Fold {
    fn add(&mut self, e: &Entry, sessions: Sessions) {
        let Command::Request(r) = &e.command else { return };
        if sessions != Sessions::Off && !self.is_new(r, e.index) {
            return;
        }
        let Some(key) = r.call.key() else { return };
        let now = self.value(key, e.index);
        if let Ok(Some(next)) = outcome(&r.call, &now) {
            self.values.slot(key.clone()).push((e.index, next));
        }
    }

    /// Note where a command is first executed. An old one that comes after a newer is not.
    fn is_new(&mut self, r: &Request, index: Index) -> bool {
        let id = (r.client_id, r.session);
        let newest = self.done.get(&id).map_or(0, |d| d.len() as u64);
        if r.sequence_num <= newest {
            return false;
        }
        let done = self.done.slot(id);
        while (done.len() as u64) < r.sequence_num {
            done.push(index);
        }
        true
    }

    fn value(&self, key: &Value, at: Index) -> Value {
        let Some(all) = self.values.get(key) else { return Value::Int(0) };
        let found = (0..all.len()).rev().map(|i| &all[i]).find(|(i, _)| *i <= at);
        found.map_or(Value::Int(0), |(_, v)| v.clone())
    }

    fn index_of(&self, client: NodeId, session: u64, request: u64) -> Index {
        let done = self.done.get(&(client, session));
        let at = (request as usize).checked_sub(1);
        done.zip(at).and_then(|(d, at)| d.get(at)).copied().unwrap_or(0)
    }
}

fn snapshot_taken(g: &Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    let snap: &Rc<Snapshot> = &me.snapshot;
    let index = snap.last_included_index;
    let wrong = wrong_key(g, &snap.machine, index);
    let behind = me.log.base() == index && me.last_applied >= index;
    let known = g.applied.get((index as usize).wrapping_sub(1)).cloned().flatten();
    let same = known.is_none_or(|e| e.term == snap.last_included_term);
    let forgot = s.params.sessions != Sessions::Off && forgets(g, &snap.machine, index);
    court.hold(SNAPSHOT_HOLDS, wrong.is_none() && behind && same && !forgot, || {
        let says = match wrong {
            Some(key) => {
                format!("{}'s {} is not what entries 1 to {index} make it.", s.name(), key.print())
            }
            None if forgot => format!("{} has forgotten which commands were executed.", s.name()),
            None => format!("{}'s log and snapshot do not meet at entry {index}.", s.name()),
        };
        Witness::new([s.node], says)
    });
}

fn wrong_key(g: &Ghost, m: &Machine, index: Index) -> Option<Value> {
    g.fold.values.keys().find(|k| m.get(k) != g.fold.value(k, index)).cloned()
}

/// Whether the table lacks a command that was executed by then.
fn forgets(g: &Ghost, m: &Machine, index: Index) -> bool {
    g.fold.done.iter().any(|((client, session), done)| {
        let by_then = done.iter().filter(|i| **i <= index).count() as u64;
        let kept = m.session(*client, *session).map_or(0, |s| s.sequence_num);
        kept < by_then
    })
}

// -------------------------------------------------------------------- what leaves a server

fn sent(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    for m in s.sent() {
        if !matches!(m.msg, Msg::PreVote(_) | Msg::PreVoteReply(_)) {
            let spoken = &mut g.seen[s.node.index()].spoken;
            *spoken = (*spoken).max(m.msg.term().unwrap_or(0));
        }
        match m.msg {
            Msg::RequestVoteReply(r) if r.vote_granted => {
                voted(g, s, r.term, s.node, m.to, court);
                vote_is_kept(s, r.term, m.to, court);
            }
            Msg::RequestVote(r) => {
                voted(g, s, r.term, s.node, s.node, court);
                vote_is_kept(s, r.term, s.node, court);
            }
            Msg::AppendEntriesReply(r) if r.success => {
                entry_is_kept(s, me, r.term, r.match_index, court);
            }
            Msg::InstallSnapshotReply(r) if r.part.is_none() => {
                entry_is_kept(s, me, r.term, r.last_included_index, court);
            }
            Msg::ClientReply(r) if r.status == Status::Ok => {
                read_is_fresh(g, s, me, m.to, r, court)
            }
            _ => {}
        }
    }
}

fn vote_is_kept(s: &See<'_>, term: Term, candidate: NodeId, court: &mut Court) {
    let d = disk(s, s.node);
    if d.current_term <= term {
        let kept = (d.current_term, d.voted_for) == (term, Some(candidate));
        court.hold(PERSISTENCE_HOLDS, kept, || {
            let says =
                format!("{}'s vote of term {term} left before it was on the disk.", s.name());
            Witness::new([s.node, candidate], says)
        });
    }
}

/// Who acknowledges an entry has that very entry on its disk, or a snapshot that stands for it. (An answer
/// that waited for the disk into a later term speaks of a log that may have changed since.)
fn entry_is_kept(s: &See<'_>, me: &Server, term: Term, index: Index, court: &mut Court) {
    let d = disk(s, s.node);
    let of = me.log.term_at(index).filter(|_| term == me.current_term);
    let kept = d.log.last_index() >= index && of.is_none_or(|t| d.log.holds(index, t));
    court.hold(PERSISTENCE_HOLDS, kept, || {
        let (name, has) = (s.name(), d.log.last_index());
        let says = if has < index {
            format!("{name} acknowledged entry {index}; its disk ends at {has}.")
        } else {
            format!("{name} acknowledged entry {index}; its disk has another there.")
        };
        Witness::new([s.node], says)
    });
}

// -------------------------------------------------------------------- reads

fn read_is_fresh(
    g: &mut Ghost,
    s: &See<'_>,
    me: &Server,
    client: NodeId,
    r: &ClientReply,
    court: &mut Court,
) {
    let Some(asking) = g.reads.get(&client).cloned() else { return };
    let about = (asking.session, asking.request) == (r.session, r.sequence_num);
    if !about || !asking.reads {
        return;
    }
    if s.params.reads != Reads::Local {
        let (has, floor) = (me.last_applied, asking.floor);
        court.hold(FRESH_READS, has >= floor, || {
            let says = format!(
                "{} answered from entry {has}; entry {floor} had been answered before.",
                s.name()
            );
            Witness::new([s.node, client], says)
        });
    }
    g.reads.insert(client, Asking { served: asking.served.max(me.last_applied), ..asking });
}

/// An answer makes all later reads at least as new; a request's first sending fixes how new that is.
fn client(g: &mut Ghost, s: &See<'_>) {
    if s.replied.iter().any(|(_, o)| o.out == Out::Ok) {
        answered(g, s);
    }
    for m in s.sent() {
        if let Msg::ClientRequest(r) | Msg::ClientQuery(r) = m.msg {
            asked(g, s.node, r);
        }
    }
}

fn answered(g: &mut Ghost, s: &See<'_>) {
    let Happened::Deliver { msg: Msg::ClientReply(r), .. } = s.happened else { return };
    let asked = g.reads.get(&s.node);
    let mine = asked.filter(|a| (a.session, a.request) == (r.session, r.sequence_num));
    let served = mine.map_or(0, |a| a.served);
    let written = g.fold.index_of(s.node, r.session, r.sequence_num);
    g.answered = g.answered.max(served).max(written);
}

fn asked(g: &mut Ghost, client: NodeId, r: &Request) {
    let (session, request) = (r.session, r.sequence_num);
    if g.reads.get(&client).is_some_and(|a| (a.session, a.request) == (session, request)) {
        return;
    }
    let (reads, floor) = (r.call.verb == "get", g.answered);
    g.reads.insert(client, Asking { session, request, reads, floor, served: 0 });
}

// -------------------------------------------------------------------- deadlines

/// Ten of the longest election timeouts of those who are up.
fn patience(s: &See<'_>) -> Us {
    let up = servers(s.params, s.cast).filter(|n| s.alive[n.index()]);
    let own = up.filter_map(|n| s.disks[n.index()].election.map(|e| e.1)).max().unwrap_or(0);
    own.max(*s.params.election.end()).saturating_mul(10)
}

fn look_for_leader(g: &mut Ghost, s: &See<'_>) {
    let led = servers(s.params, s.cast)
        .any(|n| s.alive[n.index()] && g.seen[n.index()].role == Role::Leader);
    if g.live.led && !led {
        g.live.leaderless = s.now;
    }
    g.live.led = led;
}

fn majority_is_up(s: &See<'_>) -> bool {
    servers(s.params, s.cast).filter(|n| s.alive[n.index()]).count() >= majority(s)
}

fn leader_in_time(g: &mut Ghost, s: &See<'_>, court: &mut Court) {
    if !s.steady {
        g.live.unsteady = s.now;
        return;
    }
    let calm = s.calm_since.max(g.live.unsteady);
    let since = g.live.leaderless.max(calm);
    let found = g.live.led && !s.before.leads && leads(s);
    if found {
        court.hold(LEADER_IN_TIME, true, Witness::default);
    } else if !g.live.led && s.now > since + patience(s) && majority_is_up(s) {
        court.hold(LEADER_IN_TIME, false, || {
            Witness::new(servers(s.params, s.cast), "All is calm, and nobody has come to lead.")
        });
    }
}

fn leads(s: &See<'_>) -> bool {
    matches!(s.me(), Node::Server(me) if me.role == Role::Leader)
}

fn commit_in_time(g: &mut Ghost, s: &See<'_>, me: &Server, court: &mut Court) {
    let waits = me.role == Role::Leader
        && me.log.last_index() > me.commit_index
        && me.log.last_term() == me.current_term;
    let mine = g.live.pending.is_some_and(|(n, _)| n == s.node);
    let advanced = me.commit_index > g.seen[s.node.index()].commit;
    if me.role == Role::Leader && advanced && s.steady {
        court.hold(COMMIT_IN_TIME, true, Witness::default);
    }
    if !waits {
        if mine {
            g.live.pending = None;
        }
    } else if !mine || advanced {
        g.live.pending = Some((s.node, s.now));
    } else if let Some((_, since)) = g.live.pending.filter(|_| s.steady) {
        let from = since.max(s.calm_since).max(g.live.unsteady);
        if s.now > from + patience(s) && majority_is_up(s) {
            court.hold(COMMIT_IN_TIME, false, || {
                Witness::new([s.node], "All is calm, and what it appended is not committed.")
            });
        }
    }
}
