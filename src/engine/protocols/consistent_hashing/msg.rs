//! What travels, what is written down, what is waited for, and what is said about it.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use serde::{Serialize, Serializer};

use super::ring::Scheme;
use super::view::View;
use crate::check::verdict::{out_word, thousands};
use crate::few::{Few, Nodes, order};
use crate::ids::{Hex, NodeId, OpId};
use crate::named;
use crate::protocol::{Message, Reason, Teller};
use crate::scenario::ast::Out;
use crate::value::Value;

/// A key, and where it stands on every ring of the run: it is hashed once, and found often.
#[derive(Clone, Debug)]
pub struct Key {
    name: Rc<str>,
    pub place: u64,
}

impl Key {
    pub fn new(name: &str, scheme: Scheme) -> Key {
        Key { name: Rc::from(name), place: scheme.place(name) }
    }
}

impl Deref for Key {
    type Target = str;
    fn deref(&self) -> &str {
        &self.name
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.name)
    }
}

/// When a value was written: a counter, and who counted. The greater one wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Version {
    pub counter: u64,
    pub by: NodeId,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    pub value: Value,
    pub version: Version,
}

/// Many keys with their items, in the order of the keys, described by their number.
#[derive(Clone, Debug, Default)]
pub struct Batch(pub Rc<Vec<(Key, Item)>>);

/// Many keys, described by their number.
#[derive(Clone, Debug)]
pub struct Names(pub Rc<Vec<Key>>);

/// What a node keeps: keys with their items, cheap to copy, described by the first of them.
#[derive(Clone, Debug, Default)]
pub struct Shelf(pub Batch);

impl Batch {
    pub fn one(key: &Key, item: Item) -> Batch {
        Batch(Rc::new(vec![(key.clone(), item)]))
    }

    /// Keys in any order, each once.
    pub fn sorted(items: Vec<(Key, Item)>) -> Batch {
        let places = order(items.len(), &|a, b| items[a].0.cmp(&items[b].0));
        places.into_iter().map(|place| items[place].clone()).collect()
    }

    pub fn get(&self, key: &str) -> Option<&Item> {
        let at = self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    pub fn version(&self, key: &str) -> Version {
        self.get(key).map_or(Version::default(), |item| item.version)
    }

    /// Those with a property, in the same order.
    pub fn only(&self, keep: &dyn Fn(&Key, &Item) -> bool) -> Batch {
        self.0.iter().filter(|(key, item)| keep(key, item)).cloned().collect()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, (Key, Item)> {
        self.0.iter()
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// From keys already in order.
impl FromIterator<(Key, Item)> for Batch {
    fn from_iter<I: IntoIterator<Item = (Key, Item)>>(items: I) -> Batch {
        Batch(Rc::new(items.into_iter().collect()))
    }
}

impl Deref for Shelf {
    type Target = Batch;
    fn deref(&self) -> &Batch {
        &self.0
    }
}

impl Shelf {
    /// Keep the newer of two items.
    pub fn merge(&mut self, batch: &Batch) {
        match batch.0.as_slice() {
            [(key, item)] if item.version <= self.0.version(key) => {}
            [(key, item)] => self.put(key, item.clone()),
            _ if batch.iter().all(|(key, item)| item.version <= self.0.version(key)) => {}
            _ => self.0 = self.merged(batch),
        }
    }

    fn merged(&self, batch: &Batch) -> Batch {
        let mut all = Vec::with_capacity(self.0.len() + batch.len());
        let mut mine = self.0.iter().peekable();
        for new in batch.iter() {
            // A list may name a node twice, when its nodes are not asked to be distinct.
            if all.last().is_some_and(|(key, _): &(Key, Item)| *key == new.0) {
                continue;
            }
            while let Some(old) = mine.next_if(|old| old.0 < new.0) {
                all.push(old.clone());
            }
            let old = mine.next_if(|old| old.0 == new.0);
            let kept = old.filter(|old| old.1.version >= new.1.version);
            all.push(kept.unwrap_or(new).clone());
        }
        all.extend(mine.cloned());
        Batch(Rc::new(all))
    }

    pub fn put(&mut self, key: &Key, item: Item) {
        let all = Rc::make_mut(&mut self.0.0);
        match all.binary_search_by(|(k, _)| k.cmp(key)) {
            Ok(at) => all[at].1 = item,
            Err(at) => all.insert(at, (key.clone(), item)),
        }
    }

    /// Forget keys, given in order.
    pub fn drop_keys(&mut self, keys: &[Key]) {
        let gone = |key: &Key| keys.binary_search(key).is_ok();
        Rc::make_mut(&mut self.0.0).retain(|(key, _)| !gone(key));
    }
}

impl Serialize for Batch {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(self.0.len() as u32)
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(self.0.len() as u32)
    }
}

impl Serialize for Shelf {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Described<'a> {
            count: u32,
            first: First<'a>,
        }
        let first = First(&self.0.0[..self.0.len().min(FEW)]);
        Described { count: self.0.len() as u32, first }.serialize(s)
    }
}

/// Keys an inspector is shown.
const FEW: usize = 12;

struct First<'a>(&'a [(Key, Item)]);

impl Serialize for First<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.iter().map(|(key, item)| (&**key, item)))
    }
}

#[derive(Clone, Debug, Serialize)]
pub enum Msg {
    Put {
        req: u32,
        key: Key,
        value: Value,
        epoch: u64,
    },
    Get {
        req: u32,
        key: Key,
        epoch: u64,
    },
    Load {
        req: u32,
        keys: Batch,
        epoch: u64,
    },
    Lookup {
        req: u32,
        keys: Names,
    },
    Reply {
        req: u32,
        #[serde(serialize_with = "word")]
        out: Out,
        value: Option<Value>,
        version: Version,
        epoch: u64,
    },
    Found {
        req: u32,
        value: Value,
        epoch: u64,
        #[serde(skip)]
        names: Names,
        #[serde(skip)]
        lists: Rc<Vec<Vec<NodeId>>>,
    },
    WrongOwner {
        req: u32,
        epoch: u64,
        owner: NodeId,
    },
    ReplicaPut {
        req: u32,
        key: Key,
        value: Value,
        version: Version,
        epoch: u64,
    },
    ReplicaGet {
        req: u32,
        key: Key,
        epoch: u64,
    },
    ReplicaAck {
        req: u32,
        version: Version,
        value: Option<Value>,
    },
    Hint {
        req: u32,
        #[serde(rename = "for")]
        target: NodeId,
        key: Key,
        value: Value,
        version: Version,
        epoch: u64,
    },
    HandoffReplay {
        keys: Batch,
        epoch: u64,
    },
    HandoffAck {
        keys: Batch,
    },
    Join {
        node: NodeId,
        tokens: u32,
        epoch: u64,
        #[serde(skip)]
        salt: u64,
    },
    Leave {
        node: NodeId,
        epoch: u64,
    },
    Plan {
        base: u64,
        epoch: u64,
        members: Vec<NodeId>,
        #[serde(skip)]
        view: View,
    },
    TransferRange {
        epoch: u64,
        arcs: u32,
        keys: Batch,
        last: bool,
    },
    Received {
        epoch: u64,
        last: bool,
    },
    Copied {
        epoch: u64,
        keys: u32,
    },
    View(View),
    Done {
        epoch: u64,
    },
    FetchView {
        epoch: u64,
    },
}

fn word<S: Serializer>(out: &Out, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(out_word(*out))
}

named!(Msg {
    Put,
    Get,
    Load,
    Lookup,
    Reply,
    Found,
    WrongOwner,
    ReplicaPut,
    ReplicaGet,
    ReplicaAck,
    Hint,
    HandoffReplay,
    HandoffAck,
    Join,
    Leave,
    Plan,
    TransferRange,
    Received,
    Copied,
    View,
    Done,
    FetchView,
});

impl Message for Msg {
    fn epoch(&self) -> u64 {
        match self {
            Msg::Put { epoch, .. } | Msg::Get { epoch, .. } | Msg::Load { epoch, .. } => *epoch,
            Msg::Reply { epoch, .. } | Msg::Found { epoch, .. } => *epoch,
            Msg::WrongOwner { epoch, .. } | Msg::FetchView { epoch } => *epoch,
            Msg::ReplicaPut { epoch, .. } | Msg::ReplicaGet { epoch, .. } => *epoch,
            Msg::Hint { epoch, .. } | Msg::HandoffReplay { epoch, .. } => *epoch,
            Msg::TransferRange { epoch, .. } | Msg::Received { epoch, .. } => *epoch,
            Msg::Join { epoch, .. } | Msg::Leave { epoch, .. } => *epoch,
            Msg::Copied { epoch, .. } | Msg::Done { epoch } => *epoch,
            Msg::Plan { view, .. } | Msg::View(view) => view.epoch,
            _ => 0,
        }
    }

    /// Keys weigh 64 bytes each, so that a bounded link feels a transfer.
    fn bytes(&self) -> u32 {
        match self {
            Msg::Load { keys, .. } | Msg::TransferRange { keys, .. } => 64 + 64 * keys.len() as u32,
            Msg::HandoffReplay { keys, .. } => 64 + 64 * keys.len() as u32,
            _ => 64,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// A client's patience with one operation.
    Patience(OpId),
    /// A client imports its keys again.
    Reload,
    /// A router's patience with a node.
    Retry(u32),
    /// A coordinator's patience with the homes of a key.
    Lag(u32),
    /// Hints are brought home.
    Replay,
    /// What has not been answered is said again.
    Nudge,
}
named!(Timer { Patience, Reload, Retry, Lag, Replay, Nudge });

#[derive(Clone, Debug, Serialize)]
pub enum Record {
    /// A request has been taken on: a copy of it on the wire must not be.
    Asked {
        from: NodeId,
        req: u32,
    },
    Items {
        keys: Batch,
        handed: Option<NodeId>,
    },
    /// A copy that is not this node's to serve yet.
    Incoming {
        epoch: u64,
        keys: Batch,
    },
    Install {
        view: View,
        gained: Batch,
    },
    Forget {
        keys: Names,
    },
    Hinted {
        target: NodeId,
        keys: Batch,
    },
    Unhinted {
        target: NodeId,
        keys: Names,
    },
    Planned {
        epoch: u64,
    },
    Commit {
        view: View,
        owing: Nodes,
    },
    Settled,
}
named!(Record {
    Asked,
    Items,
    Incoming,
    Install,
    Forget,
    Hinted,
    Unhinted,
    Planned,
    Commit,
    Settled
});

/// What survives a crash, whichever role.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Disk {
    pub view: Option<View>,
    #[serde(skip)]
    pub before: Option<Rc<View>>,
    pub items: Shelf,
    /// By the epoch they are for: an older view must not take them, nor throw them away.
    pub incoming: Few<u64, Shelf>,
    pub handed: Nodes,
    pub hints: Few<NodeId, Shelf>,
    #[serde(skip)]
    pub asked: Few<(NodeId, u32), ()>,
    pub planned: u64,
    pub owing: Nodes,
}

impl Disk {
    pub fn write(&mut self, record: &Record) {
        match record {
            Record::Asked { from, req } => drop(self.asked.put((*from, *req), ())),
            Record::Items { keys, handed } => {
                self.items.merge(keys);
                handed.iter().for_each(|n| {
                    self.handed.add(*n);
                });
            }
            Record::Incoming { epoch, keys } => self.incoming.slot(*epoch).merge(keys),
            Record::Install { view, gained } => self.install(view, gained),
            Record::Forget { keys } => self.items.drop_keys(&keys.0),
            Record::Hinted { target, keys } => {
                self.hints.slot(*target).merge(keys);
            }
            Record::Unhinted { target, keys } => unhint(&mut self.hints, *target, keys),
            Record::Planned { epoch } => self.planned = *epoch,
            Record::Commit { view, owing } => {
                (self.view, self.owing) = (Some(view.clone()), owing.clone());
            }
            Record::Settled => self.settle(),
        }
    }

    fn settle(&mut self) {
        self.before = None;
        self.handed = Nodes::default();
        self.owing = Nodes::default();
    }

    fn install(&mut self, view: &View, gained: &Batch) {
        (self.view, self.before) = (Some(view.clone()), view.base.clone());
        self.items.merge(gained);
        self.incoming.retain(|epoch| epoch > view.epoch);
        self.handed = Nodes::default();
    }
}

pub fn unhint(hints: &mut Few<NodeId, Shelf>, target: NodeId, keys: &Names) {
    let Some(shelf) = hints.get_mut(target) else { return };
    shelf.drop_keys(&keys.0);
    if shelf.is_empty() {
        hints.take(target);
    }
}

/// A handler's reasons; the sentences are for people, the fields for scenarios.
#[derive(Clone, Debug, Serialize)]
pub enum Why {
    /// `token` is where it was read off the ring; `closed`: the ring was gone round for it.
    Routed {
        key: Key,
        place: Hex,
        token: Hex,
        closed: bool,
        owner: NodeId,
        passed: Vec<NodeId>,
        epoch: u64,
    },
    NoOwner {
        key: Key,
        place: Hex,
    },
    Corrected {
        key: Key,
        was: NodeId,
        owner: NodeId,
        epoch: u64,
    },
    Suspected {
        node: NodeId,
    },
    GaveUp {
        key: Key,
        node: NodeId,
    },
    Learned {
        epoch: u64,
        members: u32,
    },
    LookedUp {
        keys: u32,
        epoch: u64,
    },
    Stored {
        key: Key,
        version: u64,
    },
    Answered {
        key: Key,
        version: u64,
    },
    Refused {
        key: Key,
        owner: NodeId,
        epoch: u64,
    },
    Waited {
        key: Key,
        epoch: u64,
    },
    Outvoted {
        key: Key,
        version: u64,
    },
    /// `skipped`: tokens passed over, because their node, or its rack, is on the list already.
    Replicated {
        key: Key,
        homes: Vec<NodeId>,
        skipped: u32,
        racks: bool,
    },
    Hinted {
        key: Key,
        target: NodeId,
        keeper: NodeId,
    },
    Drained {
        target: NodeId,
        keys: u32,
    },
    Copying {
        to: NodeId,
        keys: u32,
        arcs: u32,
        epoch: u64,
    },
    Handed {
        to: NodeId,
        keys: u32,
        epoch: u64,
        /// With one copy of a key it is never its home any more.
        #[serde(skip)]
        stops: bool,
    },
    Joined {
        tokens: u32,
        share: i64,
        keys: u32,
        epoch: u64,
    },
    Left {
        keys: u32,
        heirs: Vec<NodeId>,
        epoch: u64,
    },
    Overloaded {
        load: i64,
    },
    Planned {
        node: NodeId,
        givers: u32,
        epoch: u64,
    },
    Committed {
        epoch: u64,
        members: u32,
        moved: u32,
        copied: bool,
    },
    Settled {
        epoch: u64,
    },
}
named!(Why {
    Routed,
    NoOwner,
    Corrected,
    Suspected,
    GaveUp,
    Learned,
    LookedUp,
    Stored,
    Answered,
    Refused,
    Waited,
    Outvoted,
    Replicated,
    Hinted,
    Drained,
    Copying,
    Handed,
    Joined,
    Left,
    Overloaded,
    Planned,
    Committed,
    Settled,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        match self {
            Why::Routed { key, place, token, closed, owner, passed, .. } if passed.is_empty() => {
                let owner = t.name(*owner);
                let (on, beyond) = (token == place, token > place);
                let (at, token) = (spot(*place), spot(*token));
                match (on, beyond, closed) {
                    (true, ..) => {
                        format!("{key} hashes to {at}, exactly where {owner} has a token.")
                    }
                    (_, true, _) => {
                        format!("{key} hashes to {at}; the next token, at {token}, is {owner}'s.")
                    }
                    (.., true) => format!(
                        "{key} hashes to {at}, past the last token: the first, at {token}, is {owner}'s."
                    ),
                    _ => format!(
                        "{key} hashes to {at}; {} takes the token at {token}, {owner}'s.",
                        t.me()
                    ),
                }
            }
            Why::Routed { key, owner, passed, .. } => {
                let (have, list) = (
                    if passed.len() == 1 { "has" } else { "have" },
                    t.list(passed.iter().copied()),
                );
                let owner = t.name(*owner);
                format!("{key} goes to {owner}, the next on its list: {list} {have} not answered.")
            }
            Why::NoOwner { key, place } => {
                format!("No token lies at or after {}: {key} belongs to nobody.", spot(*place))
            }
            Why::Corrected { key, was, owner, epoch } => {
                let (was, owner) = (t.name(*was), t.name(*owner));
                format!("{key}: {was} → {owner}. {}'s map was older than epoch {epoch}.", t.me())
            }
            Why::Suspected { node } => {
                let (node, me) = (t.name(*node), t.me());
                format!("{node} has not answered: {me} passes it over while another can.")
            }
            Why::GaveUp { key, node } => {
                format!(
                    "No word from {} about {key}: {} cannot know what became of it.",
                    t.name(*node),
                    t.me()
                )
            }
            Why::Learned { epoch, members } => {
                format!("{} has the map of epoch {epoch}: {}.", t.me(), some(*members, "member"))
            }
            Why::LookedUp { keys, epoch } => {
                format!("{} looks up {} on the ring of epoch {epoch}.", t.me(), count(*keys))
            }
            Why::Stored { key, version } => format!("{} keeps {key}, version {version}.", t.me()),
            Why::Answered { key, version } => {
                format!("{} answers {key} with version {version}.", t.me())
            }
            Why::Refused { key, owner, epoch } => {
                format!("{key} is not {}'s at epoch {epoch}: it is {}'s.", t.me(), t.name(*owner))
            }
            Why::Waited { key, epoch } => {
                format!("{} holds {key} back until its arc of epoch {epoch} has arrived.", t.me())
            }
            Why::Outvoted { key, version } => {
                format!(
                    "A home already has a newer {key}; {} writes it again as version {version}.",
                    t.me()
                )
            }
            Why::Replicated { key, homes, skipped, racks } => {
                replicated(t, key, homes, *skipped, *racks)
            }
            Why::Hinted { key, target, keeper } => {
                format!(
                    "{} has not confirmed {key}; {} keeps it for it, with a hint.",
                    t.name(*target),
                    t.name(*keeper)
                )
            }
            Why::Drained { target, keys } => {
                let (target, keys) = (t.name(*target), count(*keys));
                format!("{target} now has the {keys} that {} kept for it.", t.me())
            }
            Why::Copying { to, keys, arcs, .. } => {
                let (me, to, keys) = (t.me(), t.name(*to), count(*keys));
                format!("{me} copies {keys} to {to} ({}) and goes on serving.", some(*arcs, "arc"))
            }
            Why::Handed { to, keys, epoch, stops } => {
                let (me, to) = (t.me(), t.name(*to));
                let rest = match keys {
                    0 => "; there is nothing newer than its copy".into(),
                    n => [" and sends what the copy lacks: ", &count(*n)].concat(),
                };
                let does = if *stops { "stops serving" } else { "hands over" };
                format!("Epoch {epoch}: {me} {does} {to}'s arcs{rest}.")
            }
            Why::Joined { tokens, share, keys, .. } => {
                let (share, keys) = (percent(*share), count(*keys));
                let tokens = some(*tokens, "token");
                format!("{} places {tokens} and takes {share} of the ring: {keys}.", t.me())
            }
            Why::Left { keys, heirs, .. } => {
                let heirs = t.list(heirs.iter().copied());
                format!("{}'s arcs fall to {heirs}, with {}.", t.me(), count(*keys))
            }
            Why::Overloaded { load } => {
                format!("{} now carries {} of what it can bear.", t.me(), percent(*load))
            }
            Why::Planned { node, givers, epoch } => {
                let first = match givers {
                    0 => "nobody has anything to copy".into(),
                    1 => "1 node copies first".into(),
                    n => format!("{n} nodes copy first"),
                };
                format!("Epoch {epoch} is planned for {}: {first}.", t.name(*node))
            }
            Why::Committed { epoch, members, moved, copied } => {
                let first = if *copied { "Every range is copied" } else { "Nothing is copied yet" };
                let (members, keys) = (some(*members, "member"), count(*moved));
                let moves = if *moved < 2 { "moves" } else { "move" };
                format!("{first}: epoch {epoch} has {members}, {keys} {moves}.")
            }
            Why::Settled { epoch } => {
                format!("All old owners have let go: epoch {epoch} is settled.")
            }
        }
    }
}

fn replicated(t: &Teller, key: &Key, homes: &[NodeId], skipped: u32, racks: bool) -> String {
    let list = t.list(homes.iter().copied());
    if (1..homes.len()).any(|i| homes[..i].contains(&homes[i])) {
        return format!("{key} lives on {list}: the next tokens clockwise, whosever they are.");
    }
    let chosen = match (skipped, racks) {
        (0, _) => {
            return format!("{key} lives on {list}: the owners of the next tokens clockwise.");
        }
        (1, false) => "its node is chosen already",
        (1, true) => "its node, or its rack, is chosen already",
        (_, false) => "their nodes are chosen already",
        (_, true) => "their nodes, or their racks, are chosen already",
    };
    let are = if skipped == 1 { "is" } else { "are" };
    let tokens = some(skipped, "token");
    format!("{key} lives on {list}, clockwise: {tokens} between them {are} skipped, for {chosen}.")
}

fn some(n: u32, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A place on the ring as its sources write it: decimal where hashes have 32 bits.
fn spot(at: Hex) -> String {
    if at.0 <= u64::from(u32::MAX) { at.0.to_string() } else { format!("{:016x}", at.0) }
}

pub fn count(keys: u32) -> String {
    match keys {
        0 => "no key".into(),
        1 => "1 key".into(),
        n => format!("{} keys", thousands(n.into())),
    }
}

/// Parts per million with two decimals of a percent.
pub fn percent(ppm: i64) -> String {
    let hundredths = (ppm + 50) / 100;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}
