//! What a node says of what it does: one variant a reason, one sentence a variant.

use serde::Serialize;

use super::stamp::{self, Relation, Stamp, show, within};
use crate::ids::NodeId;
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    /// An event of its own: local, or a send.
    Stamped {
        v: Stamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<u64>,
        act: &'static str,
        to: Vec<NodeId>,
    },
    /// A receipt.
    Merged {
        from: NodeId,
        theirs: Stamp,
        mine: Stamp,
        v: Stamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<u64>,
        counted: bool,
    },
    /// The message's event stands in an order to this node's newest.
    Compared {
        with: NodeId,
        theirs: Stamp,
        mine: Stamp,
        relation: Relation,
    },
    /// It stands in none.
    Concurrent {
        with: NodeId,
        theirs: Stamp,
        mine: Stamp,
    },
    /// Lamport's number orders two events that did not know of each other.
    Misordered {
        with: NodeId,
        theirs: u64,
        mine: u64,
    },
    Wrote {
        key: String,
        value: Value,
        v: Stamp,
        over: u64,
    },
    /// Two versions, neither of which knew of the other: both stay.
    Sibling {
        key: String,
        value: Value,
        v: Stamp,
        other: Value,
        than: Stamp,
    },
    /// A newer version takes the place of those it knew of.
    Adopted {
        key: String,
        value: Value,
        v: Stamp,
        over: u64,
    },
    /// A version that is known already, or was overwritten by one that knew of it.
    Ignored {
        key: String,
        value: Value,
        v: Stamp,
        /// How it stands to the version held here.
        relation: Relation,
        held: Stamp,
    },
    /// Entries thrown away to keep the vector short.
    Pruned {
        dropped: Vec<NodeId>,
        kept: u64,
    },
    /// A point of a cut.
    Recorded {
        cut: i64,
        v: Stamp,
    },
    Consistent {
        cut: i64,
    },
    /// The cut holds a receipt whose send lies outside.
    Orphan {
        cut: i64,
        inside: NodeId,
        of: NodeId,
        knows: u64,
        has: u64,
    },
    /// Started again, with what the disk kept.
    Recovered {
        v: Stamp,
    },
    /// Only sends count, and this is none.
    Uncounted {
        v: Stamp,
    },
    /// An operation that makes no sense, such as a message to itself.
    Refused {
        op: &'static str,
        because: &'static str,
    },
}

named!(Why {
    Stamped,
    Merged,
    Compared,
    Concurrent,
    Misordered,
    Wrote,
    Sibling,
    Adopted,
    Ignored,
    Pruned,
    Recorded,
    Consistent,
    Orphan,
    Recovered,
    Uncounted,
    Refused,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let (me, vec) = (t.me(), |v: &Stamp| show(v, t));
        match self {
            Why::Stamped { v, c, to, .. } => stamped(t, v, *c, to),
            Why::Merged { from, theirs, mine, v, c, counted } => {
                merged(t, *from, [theirs, mine, v], *counted) + &number(*c)
            }
            Why::Compared { with, theirs, mine, relation } => format!(
                "{} from {} against {} here: {}.",
                vec(theirs),
                t.name(*with),
                vec(mine),
                told(theirs, mine, *relation)
            ),
            Why::Concurrent { theirs, mine, .. } => format!(
                "{} vs {}: each has something the other lacks: concurrent.",
                vec(theirs),
                vec(mine)
            ),
            Why::Misordered { with, theirs, mine } => misordered(t, *with, *theirs, *mine),
            Why::Wrote { key, value, v, over } => {
                format!(
                    "{me} writes {key} = {} as version {}{}.",
                    value.print(),
                    vec(v),
                    knew(*over)
                )
            }
            Why::Sibling { value, v, other, than, .. } => format!(
                "{} {} and {} {}: neither version contains the other: a conflict, both kept.",
                value.print(),
                vec(v),
                other.print(),
                vec(than)
            ),
            Why::Adopted { key, value, v, over } => {
                format!("{me} takes {key} = {} {}{}.", value.print(), vec(v), knew(*over))
            }
            Why::Ignored { key, value, v, relation, held } => {
                let so = match relation {
                    Relation::Equal if v == held => "equal, so it is the same write",
                    Relation::Before if within(v, held) => {
                        "no entry larger, so what is here knew of it"
                    }
                    _ => "taken for no newer",
                };
                let (value, v, held) = (value.print(), vec(v), vec(held));
                format!(
                    "{key} = {value} {v} reaches {me}, which has {held}: {so}. It changes nothing."
                )
            }
            Why::Pruned { dropped, kept } => format!(
                "{me} keeps {kept} entries and forgets {}: what it forgets, it will take for unrelated.",
                t.list(dropped.iter().copied())
            ),
            Why::Recorded { cut, v } => {
                format!("{me} draws cut {cut} through itself at {}.", vec(v))
            }
            Why::Consistent { cut } => format!(
                "Cut {cut} is consistent: nobody in it knows more of a node than that node's own point."
            ),
            Why::Orphan { cut, inside: at, of, knows, has } => {
                orphan(t, *cut, (*at, *of), (*knows, *has))
            }
            Why::Recovered { v } if v.iter().all(|x| *x == 0) => {
                format!(
                    "{me} is back, finds nothing counted on its disk, and starts from {}.",
                    vec(v)
                )
            }
            Why::Recovered { v } => {
                format!("{me} is back, and reads its vector from the disk: {}.", vec(v))
            }
            Why::Uncounted { v } => {
                format!("Only sends count here: the local event leaves {me} at {}.", vec(v))
            }
            Why::Refused { op, because } => format!("{me} turns `{op}` down: {because}."),
        }
    }
}

fn stamped(t: &Teller, v: &Stamp, c: Option<u64>, to: &[NodeId]) -> String {
    let (me, at, number) = (t.me(), show(v, t), number(c));
    if to.is_empty() {
        return format!("{me} counts a local event: {at}.{number}");
    }
    let to = t.list(to.iter().copied());
    format!("{me} counts one send, to {to}, and puts its vector on it: {at}.{number}")
}

/// Lamport's number, where it is carried.
fn number(c: Option<u64>) -> String {
    c.map_or_else(String::new, |c| format!(" Lamport's number: {c}."))
}

fn merged(t: &Teller, from: NodeId, [theirs, mine, v]: [&Stamp; 3], counted: bool) -> String {
    let (me, from) = (t.me(), t.name(from));
    let (mine, now) = (show(mine, t), show(v, t));
    let and = if counted { " and counts the receipt" } else { "" };
    let theirs_shown = show(theirs, t);
    if !within(theirs, v) {
        return format!("{me} does not keep all of {from}'s {theirs_shown}{and}: {now}.");
    }
    format!(
        "{me} takes the larger of each entry of its {mine} and {from}'s {theirs_shown}{and}: {now}."
    )
}

fn told(theirs: &Stamp, mine: &Stamp, r: Relation) -> &'static str {
    match r {
        Relation::Before | Relation::After | Relation::Equal
            if r != stamp::relation(theirs, mine) =>
        {
            [
                "taken for the same event",
                "taken for one that happened before",
                "taken for one that happened after",
            ][r as usize]
        }
        Relation::Before => "no entry larger, so it happened before",
        Relation::After => "no entry smaller, so it happened after",
        Relation::Equal => "the same event",
        Relation::Concurrent => "concurrent",
    }
}

fn misordered(t: &Teller, with: NodeId, theirs: u64, mine: u64) -> String {
    let order = if theirs < mine { "before" } else { "after" };
    format!(
        "Lamport's {theirs} against {mine} would put {}'s event {order} {}'s; neither knew of the other.",
        t.name(with),
        t.me()
    )
}

/// What a version takes the place of.
fn knew(over: u64) -> String {
    match over {
        0 => String::new(),
        1 => ", which knew of the version here and replaces it".into(),
        n => format!(", which knew of all {n} versions here and replaces them"),
    }
}

fn orphan(t: &Teller, cut: i64, (at, of): (NodeId, NodeId), (knows, has): (u64, u64)) -> String {
    let (at, of) = (t.name(at), t.name(of));
    let events = if knows == 1 { "event" } else { "events" };
    format!(
        "Cut {cut} is inconsistent: {at}'s point knows {knows} {events} of {of}, {of}'s own point has {has}: \
         a message was received inside and sent outside."
    )
}
