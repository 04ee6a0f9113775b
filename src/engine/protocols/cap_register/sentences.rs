//! The sentences of [`Why`](super::why::Why): one function each, in the order of the reasons.

use super::why::Sure;
use crate::ids::{NodeId, Span};
use crate::protocol::Teller;
use crate::value::Value;

// ---------------------------------------------------------------- majorities

pub(super) fn stamped(
    t: &Teller,
    (key, value): (&Value, &Value),
    highest: u64,
    ts: u64,
    (heard, of): (u64, u64),
) -> String {
    say(&[
        t.me(),
        " has heard ",
        &n(heard),
        " of ",
        &n(of),
        " replicas; the highest stamp is ",
        &n(highest),
        ", so it writes ",
        &is(key, value),
        " with stamp ",
        &n(ts),
        ".",
    ])
}

pub(super) fn found(
    t: &Teller,
    (key, value): (&Value, &Value),
    (ts, node): (u64, NodeId),
    differ: bool,
    (heard, of): (u64, u64),
) -> String {
    let (what, heard, of) = (is(key, value), n(heard), n(of));
    if ts == 0 {
        return say(&[
            t.me(),
            " has heard ",
            &heard,
            " of ",
            &of,
            ": none of them knows of a write. It confirms that with a majority before it answers ",
            &what,
            ".",
        ]);
    }
    let known = if differ { ", though not all of them have it" } else { ", and all have it" };
    say(&[
        "The highest stamp of ",
        &heard,
        " of ",
        &of,
        " is ",
        &n(ts),
        " by ",
        t.name(node),
        known,
        ". ",
        t.me(),
        " writes ",
        &what,
        " back before it answers, so that no later read goes backwards.",
    ])
}

pub(super) fn done(
    t: &Teller,
    (key, value): (&Value, &Value),
    write: bool,
    (heard, of): (u64, u64),
) -> String {
    let end = if write { "write is done." } else { "read may return." };
    let has = [" replicas have ", &is(key, value), " or something newer: its "].concat();
    say(&[t.me(), " knows that ", &n(heard), " of ", &n(of), &has, end])
}

pub(super) fn refused(
    t: &Teller,
    key: &Value,
    (heard, of): (u64, u64),
    needed: u64,
    put: bool,
) -> String {
    say(&[
        t.me(),
        " can reach ",
        &n(heard),
        " of ",
        &n(of),
        " replicas and needs ",
        &n(needed),
        ": it returns 'unavailable' rather than ",
        if put { "write a value of " } else { "risk an old value of " },
        &key.print(),
        if put { " that others cannot see." } else { "." },
    ])
}

pub(super) fn left_with_primary(t: &Teller, key: &Value) -> String {
    say(&[
        t.me(),
        " has sent the operation on ",
        &key.print(),
        " to the primary and heard nothing: it cannot say whether it happened, and answers 'unknown'.",
    ])
}

pub(super) fn left_open(t: &Teller, key: &Value, (heard, of): (u64, u64), needed: u64) -> String {
    say(&[
        t.me(),
        " has told the others of ",
        &key.print(),
        " and heard back from ",
        &n(heard),
        " of ",
        &n(of),
        "; it needs ",
        &n(needed),
        ". The update is out and may yet count, so the answer is 'unknown'.",
    ])
}

// ---------------------------------------------------------------- leases

pub(super) fn claimed(t: &Teller, term: u64, was: Option<NodeId>, waited: Span) -> String {
    let me = t.me();
    match was {
        Some(was) => say(&[
            t.name(was),
            "'s lease has not been renewed, and the ",
            &t.time(waited.0 as u64),
            " for which ",
            me,
            " had promised it are over: ",
            me,
            " asks for term ",
            &n(term),
            ".",
        ]),
        None => say(&[me, " knows of no primary, and asks for the lease in term ", &n(term), "."]),
    }
}

pub(super) fn declined_as_claimant(t: &Teller, claimant: NodeId, term: u64) -> String {
    say(&[
        t.me(),
        " declines: it asks for the lease itself, so ",
        t.name(claimant),
        " does not get its promise for term ",
        &n(term),
        ".",
    ])
}

pub(super) fn declined(
    t: &Teller,
    (to, term): (NodeId, u64),
    holder: Option<NodeId>,
    left: Span,
    leads: bool,
) -> String {
    let (whose, has) = match holder {
        Some(h) if h == t.me && leads => ("it leads itself", ", and its own promise runs another "),
        Some(h) if h == t.me => ("its promise to itself", " runs another "),
        Some(h) => (t.name(h), " has its promise for another "),
        None => ("whoever it was", " has its promise for another "),
    };
    say(&[
        t.me(),
        " declines: ",
        whose,
        has,
        &t.time(left.0 as u64),
        ", so ",
        t.name(to),
        " does not get term ",
        &n(term),
        ".",
    ])
}

pub(super) fn granted(t: &Teller, term: u64, votes: &[NodeId], of: u64, keys: u64) -> String {
    let then = if keys == 0 {
        "."
    } else {
        ". It takes over the newest they have, and first puts that on a majority."
    };
    say(&[
        t.me(),
        " has the promise of ",
        &t.list(votes.iter().copied()),
        ", ",
        &n(votes.len() as u64),
        " of ",
        &n(of),
        ", for term ",
        &n(term),
        then,
    ])
}

pub(super) fn serving(t: &Teller, term: u64) -> String {
    say(&[t.me(), " is primary in term ", &n(term), " and begins to serve."])
}

pub(super) fn raised(t: &Teller, term: u64) -> String {
    say(&[
        t.me(),
        " still holds the lease; somebody has been asked to join a later term, so it goes on in term ",
        &n(term),
        ".",
    ])
}

pub(super) fn read_under_lease(t: &Teller, key: &Value, value: &Value, left: Span) -> String {
    say(&[
        t.me(),
        " answers ",
        &is(key, value),
        " alone: its lease runs for another ",
        &t.time(left.0 as u64),
        ".",
    ])
}

pub(super) fn expired(t: &Teller, key: &Value, ago: Span) -> String {
    say(&[
        t.me(),
        "'s lease ran out ",
        &t.time(ago.0 as u64),
        " ago: somebody else may lead by now, so it does not answer for ",
        &key.print(),
        ".",
    ])
}

pub(super) fn primary_silent(t: &Teller, key: &Value) -> String {
    say(&[
        t.me(),
        " has sent the read of ",
        &key.print(),
        " on to the primary and heard nothing: it returns 'unavailable'.",
    ])
}

pub(super) fn no_primary(t: &Teller, key: &Value) -> String {
    say(&[
        t.me(),
        " knows of nobody who holds the lease, and returns 'unavailable' for ",
        &key.print(),
        ".",
    ])
}

pub(super) fn stepped_down(t: &Teller, term: u64) -> String {
    say(&[t.me(), " learns that the others are in term ", &n(term), ": it is primary no more."])
}

// ---------------------------------------------------------------- answering from what is here

pub(super) fn wrote(t: &Teller, key: &Value, value: &Value, ts: u64, peers: u64) -> String {
    say(&[
        t.me(),
        " stores ",
        &is(key, value),
        " with stamp ",
        &n(ts),
        " and answers at once: ",
        &n(peers),
        if peers == 1 { " peer does not know yet." } else { " peers do not know yet." },
    ])
}

pub(super) fn resolved(key: &Value, value: &Value, over: u64) -> String {
    say(&[
        "The client had been shown ",
        &if over == 2 { "both".into() } else { say(&["all ", &n(over)]) },
        " values of ",
        &key.print(),
        "; its ",
        &value.print(),
        " replaces them.",
    ])
}

pub(super) fn read_blank(t: &Teller, key: &Value, values: &[Value]) -> String {
    say(&[
        t.me(),
        " knows of no write of ",
        &key.print(),
        ": it answers ",
        &list(values),
        " at once, and asks nobody.",
    ])
}

pub(super) fn read_here(t: &Teller, key: &Value, values: &[Value]) -> String {
    say(&[
        t.me(),
        " answers ",
        &key.print(),
        "=",
        &list(values),
        " at once from its own copy, and asks nobody.",
    ])
}

pub(super) fn flushed(t: &Teller, peers: u64) -> String {
    let peers = say(&[&n(peers), if peers == 1 { " peer" } else { " peers" }]);
    say(&[t.me(), " tells its ", &peers, ", once, what is new."])
}

pub(super) fn repaired(t: &Teller, to: NodeId, key: &Value, keys: u64) -> String {
    let rest = if keys > 1 { say(&[" and ", &n(keys - 1), " more"]) } else { String::new() };
    say(&[
        t.name(to),
        "'s digest shows that it does not know all about ",
        &key.print(),
        rest.as_str(),
        ": ",
        t.me(),
        " sends what it has.",
    ])
}

pub(super) fn conflict(t: &Teller, key: &Value, from: NodeId, values: &[Value]) -> String {
    say(&[
        t.me(),
        " hears from ",
        t.name(from),
        " and now has ",
        &list(values),
        " for ",
        &key.print(),
        ": neither writer knew of the other, so it keeps ",
        if values.len() == 2 { "both." } else { "all." },
    ])
}

pub(super) fn discarded(
    t: &Teller,
    key: &Value,
    from: NodeId,
    (kept, lost): (&Value, &[Value]),
    own: bool,
) -> String {
    let end = if own { ", and silently drops a write that was acknowledged here." } else { "." };
    say(&[
        t.me(),
        " and ",
        t.name(from),
        " hold ",
        &list(lost),
        " and ",
        &kept.print(),
        " for ",
        &key.print(),
        ", and neither knew of the other: last-writer-wins keeps ",
        &kept.print(),
        end,
    ])
}

// ---------------------------------------------------------------- writing everywhere

pub(super) fn wrote_all(t: &Teller, key: &Value, value: &Value, of: u64, fewer: bool) -> String {
    say(&[
        t.me(),
        " knows that all ",
        &n(of),
        " replicas",
        if fewer { " it does not take for dead" } else { "" },
        " have ",
        &is(key, value),
        " or something newer: its write is done.",
    ])
}

pub(super) fn read_sure(
    t: &Teller,
    key: &Value,
    value: &Value,
    left: u64,
    reads: u64,
    sure: Sure,
) -> String {
    say(&[
        t.me(),
        " answers ",
        &if reads == 1 { String::new() } else { say(&[&n(reads), " reads with "]) },
        &is(key, value),
        " from its own copy: ",
        &match sure {
            Sure::Rash => "it does not ask who else has it.".into(),
            Sure::Blank => "it knows of no write.".into(),
            Sure::All => {
                say(&["all ", &n(left), " are known to have it, or something newer."])
            }
            Sure::Told => "whoever ended that write has said that all it counts on have it, or something newer.".into(),
        },
    ])
}

pub(super) fn unsure(t: &Teller, key: &Value, value: &Value, by: NodeId) -> String {
    say(&[
        t.me(),
        " has ",
        &if by == t.me { "its own".into() } else { say(&[t.name(by), "'s"]) },
        " write ",
        &is(key, value),
        " and has not heard that all have it: the read waits.",
    ])
}

pub(super) fn gave_up_on(t: &Teller, nodes: &[NodeId], left: &[NodeId], silent: Span) -> String {
    say(&[
        t.me(),
        " has heard nothing from ",
        &t.list(nodes.iter().copied()),
        " for ",
        &t.time(silent.0 as u64),
        " and takes ",
        if nodes.len() == 1 { "it" } else { "them" },
        " for dead: from now on \"all\" is ",
        &t.list(left.iter().copied()),
        ".",
    ])
}

pub(super) fn replayed(t: &Teller, key: &Value, value: &Value, by: NodeId) -> String {
    say(&[
        t.me(),
        " ends what ",
        t.name(by),
        " left unfinished: ",
        &is(key, value),
        ", with the same stamp.",
    ])
}

pub(super) fn ignored(t: &Teller, from: NodeId) -> String {
    say(&[t.name(from), " speaks, but to ", t.me(), " it is dead."])
}

// ---------------------------------------------------------------- all

pub(super) fn recovered(t: &Teller, keys: u64) -> String {
    say(&[
        t.me(),
        " is back, with ",
        &n(keys),
        if keys == 1 { " key" } else { " keys" },
        " on its disk.",
    ])
}

pub(super) fn gave_up(t: &Teller, home: NodeId, waited: Span) -> String {
    say(&[
        t.me(),
        " has heard nothing from ",
        t.name(home),
        " for ",
        &t.time(waited.0 as u64),
        " and gives up: nobody can say what happened.",
    ])
}

// ---------------------------------------------------------------- words

fn say(parts: &[&str]) -> String {
    parts.concat()
}

fn n(n: u64) -> String {
    n.to_string()
}

fn is(key: &Value, value: &Value) -> String {
    say(&[&key.print(), "=", &value.print()])
}

fn list(values: &[Value]) -> String {
    let mut all = String::new();
    for (i, v) in values.iter().enumerate() {
        let gap = match i {
            0 => "",
            i if i + 1 == values.len() => " and ",
            _ => ", ",
        };
        all = say(&[&all, gap, &v.print()]);
    }
    all
}
