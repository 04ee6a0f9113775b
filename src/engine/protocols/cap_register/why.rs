//! Why clients and replicas did what they did, in their own numbers.

use serde::Serialize;

use crate::card::Weight;
use crate::ids::{NodeId, Span};
use crate::named;
use crate::protocol::{Reason, Teller};
use crate::value::Value;

#[derive(Clone, Debug, Serialize)]
pub enum Why {
    // Majorities.
    Stamped {
        key: Value,
        value: Value,
        highest: u64,
        ts: u64,
        heard: u64,
        of: u64,
    },
    Found {
        key: Value,
        value: Value,
        ts: u64,
        node: NodeId,
        differ: bool,
        heard: u64,
        of: u64,
    },
    Done {
        key: Value,
        value: Value,
        write: bool,
        heard: u64,
        of: u64,
    },
    Refused {
        key: Value,
        heard: u64,
        needed: u64,
        of: u64,
        again: bool,
        #[serde(skip)]
        put: bool,
    },
    LeftOpen {
        key: Value,
        heard: u64,
        needed: u64,
        of: u64,
        forwarded: bool,
        again: bool,
    },
    // Leases.
    Claimed {
        term: u64,
        was: Option<NodeId>,
        waited: Span,
    },
    Declined {
        claimant: NodeId,
        term: u64,
        holder: Option<NodeId>,
        left: Span,
        /// It asks for the lease itself.
        #[serde(skip)]
        claims: bool,
        /// It is the primary.
        #[serde(skip)]
        leads: bool,
    },
    Granted {
        term: u64,
        votes: Vec<NodeId>,
        of: u64,
        keys: u64,
    },
    Serving {
        term: u64,
    },
    Raised {
        term: u64,
    },
    ReadUnderLease {
        key: Value,
        value: Value,
        left: Span,
        /// More than half of it is over.
        #[serde(skip)]
        late: bool,
    },
    Expired {
        key: Value,
        ago: Span,
    },
    NoPrimary {
        key: Value,
        term: u64,
        again: bool,
        /// It knew one, and has sent the read on.
        #[serde(skip)]
        forwarded: bool,
    },
    SteppedDown {
        term: u64,
    },
    // Answering from what is here.
    Wrote {
        key: Value,
        value: Value,
        ts: u64,
        peers: u64,
    },
    Resolved {
        key: Value,
        value: Value,
        over: u64,
    },
    ReadHere {
        key: Value,
        values: Vec<Value>,
        /// It knows of no write.
        #[serde(skip)]
        blank: bool,
    },
    Flushed {
        keys: u64,
        peers: u64,
    },
    Repaired {
        to: NodeId,
        key: Value,
        keys: u64,
    },
    Conflict {
        key: Value,
        from: NodeId,
        values: Vec<Value>,
    },
    Discarded {
        key: Value,
        from: NodeId,
        kept: Value,
        ts: u64,
        lost: Vec<Value>,
        own: bool,
    },
    // Writing everywhere.
    WroteAll {
        key: Value,
        value: Value,
        of: u64,
        /// Some are taken for dead.
        #[serde(skip)]
        fewer: bool,
    },
    ReadSure {
        key: Value,
        value: Value,
        left: u64,
        reads: u64,
        #[serde(skip)]
        sure: Sure,
    },
    Unsure {
        key: Value,
        value: Value,
        by: NodeId,
        again: bool,
    },
    GaveUpOn {
        nodes: Vec<NodeId>,
        left: Vec<NodeId>,
        silent: Span,
    },
    Replayed {
        key: Value,
        value: Value,
        by: NodeId,
    },
    Ignored {
        from: NodeId,
    },
    // All.
    Recovered {
        keys: u64,
    },
    GaveUp {
        home: NodeId,
        waited: Span,
    },
}

named!(Why {
    Stamped,
    Found,
    Done,
    Refused,
    LeftOpen,
    Claimed,
    Declined,
    Granted,
    Serving,
    Raised,
    ReadUnderLease,
    Expired,
    NoPrimary,
    SteppedDown,
    Wrote,
    Resolved,
    ReadHere,
    Flushed,
    Repaired,
    Conflict,
    Discarded,
    WroteAll,
    ReadSure,
    Unsure,
    GaveUpOn,
    Replayed,
    Ignored,
    Recovered,
    GaveUp,
});

impl Reason for Why {
    fn sentence(&self, t: &Teller) -> String {
        let me = t.me();
        match self {
            Why::Stamped { key, value, highest, ts, heard, of } => say(&[
                me,
                " has heard ",
                &n(*heard),
                " of ",
                &n(*of),
                " replicas; the highest stamp is ",
                &n(*highest),
                ", so it writes ",
                &is(key, value),
                " with stamp ",
                &n(*ts),
                ".",
            ]),
            Why::Found { key, value, ts, node, differ, heard, of } => {
                found(t, is(key, value), (*ts, *node), *differ, (*heard, *of))
            }
            Why::Done { key, value, write, heard, of } => {
                done(me, is(key, value), *write, *heard, *of)
            }
            Why::Refused { key, heard, needed, of, put, .. } => say(&[
                me,
                " can reach ",
                &n(*heard),
                " of ",
                &n(*of),
                " replicas and needs ",
                &n(*needed),
                ": it returns 'unavailable' rather than ",
                if *put { "write a value of " } else { "risk an old value of " },
                &key.print(),
                if *put { " that others cannot see." } else { "." },
            ]),
            Why::LeftOpen { key, forwarded: true, .. } => say(&[
                me,
                " has sent the operation on ",
                &key.print(),
                " to the primary and heard nothing: it cannot say whether it happened, and answers 'unknown'.",
            ]),
            Why::LeftOpen { key, heard, needed, of, .. } => say(&[
                me,
                " has told the others of ",
                &key.print(),
                " and heard back from ",
                &n(*heard),
                " of ",
                &n(*of),
                "; it needs ",
                &n(*needed),
                ". The update is out and may yet count, so the answer is 'unknown'.",
            ]),
            Why::Claimed { term, was, waited } => claimed(t, *term, *was, *waited),
            Why::Declined { claimant, term, claims: true, .. } => say(&[
                me,
                " declines: it asks for the lease itself, so ",
                t.name(*claimant),
                " does not get its promise for term ",
                &n(*term),
                ".",
            ]),
            Why::Declined { claimant, term, holder, left, leads, .. } => {
                declined(t, (*claimant, *term), *holder, *left, *leads)
            }
            Why::Granted { term, votes, of, keys } => granted(t, *term, votes, *of, *keys),
            Why::Serving { term } => {
                say(&[me, " is primary in term ", &n(*term), " and begins to serve."])
            }
            Why::Raised { term } => say(&[
                me,
                " still holds the lease; somebody has been asked to join a later term, so it goes on in term ",
                &n(*term),
                ".",
            ]),
            Why::ReadUnderLease { key, value, left, .. } => say(&[
                me,
                " answers ",
                &is(key, value),
                " alone: its lease runs for another ",
                &t.time(left.0 as u64),
                ".",
            ]),
            Why::Expired { key, ago } => say(&[
                me,
                "'s lease ran out ",
                &t.time(ago.0 as u64),
                " ago: somebody else may lead by now, so it does not answer for ",
                &key.print(),
                ".",
            ]),
            Why::NoPrimary { key, forwarded: true, .. } => say(&[
                me,
                " has sent the read of ",
                &key.print(),
                " on to the primary and heard nothing: it returns 'unavailable'.",
            ]),
            Why::NoPrimary { key, .. } => say(&[
                me,
                " knows of nobody who holds the lease, and returns 'unavailable' for ",
                &key.print(),
                ".",
            ]),
            Why::SteppedDown { term } => say(&[
                me,
                " learns that the others are in term ",
                &n(*term),
                ": it is primary no more.",
            ]),
            Why::Wrote { key, value, ts, peers } => say(&[
                me,
                " stores ",
                &is(key, value),
                " with stamp ",
                &n(*ts),
                " and answers at once: ",
                &n(*peers),
                if *peers == 1 { " peer does not know yet." } else { " peers do not know yet." },
            ]),
            Why::Resolved { key, value, over } => say(&[
                "The client had been shown ",
                &if *over == 2 { "both".into() } else { say(&["all ", &n(*over)]) },
                " values of ",
                &key.print(),
                "; its ",
                &value.print(),
                " replaces them.",
            ]),
            Why::ReadHere { key, values, blank: true } => say(&[
                me,
                " knows of no write of ",
                &key.print(),
                ": it answers ",
                &list(values),
                " at once, and asks nobody.",
            ]),
            Why::ReadHere { key, values, .. } => say(&[
                me,
                " answers ",
                &key.print(),
                "=",
                &list(values),
                " at once from its own copy, and asks nobody.",
            ]),
            Why::Flushed { peers, .. } => {
                let peers = say(&[&n(*peers), if *peers == 1 { " peer" } else { " peers" }]);
                say(&[me, " tells its ", &peers, ", once, what is new."])
            }
            Why::Repaired { to, key, keys } => repaired(t, *to, key, *keys),
            Why::Conflict { key, from, values } => say(&[
                me,
                " hears from ",
                t.name(*from),
                " and now has ",
                &list(values),
                " for ",
                &key.print(),
                ": neither writer knew of the other, so it keeps ",
                if values.len() == 2 { "both." } else { "all." },
            ]),
            Why::Discarded { key, from, kept, lost, own, .. } => {
                discarded(t, key, *from, (kept, lost), *own)
            }
            Why::WroteAll { key, value, of, fewer } => say(&[
                me,
                " knows that all ",
                &n(*of),
                " replicas",
                if *fewer { " it does not take for dead" } else { "" },
                " have ",
                &is(key, value),
                " or something newer: its write is done.",
            ]),
            Why::ReadSure { key, value, left, reads, sure } => say(&[
                me,
                " answers ",
                &if *reads == 1 { String::new() } else { say(&[&n(*reads), " reads with "]) },
                &is(key, value),
                " from its own copy: ",
                &match sure {
                    Sure::Rash => "it does not ask who else has it.".into(),
                    Sure::Blank => "it knows of no write.".into(),
                    Sure::All => {
                        say(&["all ", &n(*left), " are known to have it, or something newer."])
                    }
                    Sure::Told => "whoever ended that write has said that all it counts on have it, or something newer.".into(),
                },
            ]),
            Why::Unsure { key, value, by, .. } => say(&[
                me,
                " has ",
                &if *by == t.me { "its own".into() } else { say(&[t.name(*by), "'s"]) },
                " write ",
                &is(key, value),
                " and has not heard that all have it: the read waits.",
            ]),
            Why::GaveUpOn { nodes, left, silent } => say(&[
                me,
                " has heard nothing from ",
                &t.list(nodes.iter().copied()),
                " for ",
                &t.time(silent.0 as u64),
                " and takes ",
                if nodes.len() == 1 { "it" } else { "them" },
                " for dead: from now on \"all\" is ",
                &t.list(left.iter().copied()),
                ".",
            ]),
            Why::Replayed { key, value, by } => say(&[
                me,
                " ends what ",
                t.name(*by),
                " left unfinished: ",
                &is(key, value),
                ", with the same stamp.",
            ]),
            Why::Ignored { from } => say(&[t.name(*from), " speaks, but to ", me, " it is dead."]),
            Why::Recovered { keys } => say(&[
                me,
                " is back, with ",
                &n(*keys),
                if *keys == 1 { " key" } else { " keys" },
                " on its disk.",
            ]),
            Why::GaveUp { home, waited } => say(&[
                me,
                " has heard nothing from ",
                t.name(*home),
                " for ",
                &t.time(waited.0 as u64),
                " and gives up: nobody can say what happened.",
            ]),
        }
    }

    /// The first refusal is news, the next ones are not. So is an answer under a lease that is running out.
    fn weight(&self) -> Option<Weight> {
        match self {
            Why::Refused { again: true, .. } | Why::NoPrimary { again: true, .. } => {
                Some(Weight::Quiet)
            }
            Why::LeftOpen { again: true, .. } | Why::Unsure { again: true, .. } => {
                Some(Weight::Quiet)
            }
            Why::ReadUnderLease { late: true, .. } => Some(Weight::Key),
            Why::Discarded { own: false, .. } | Why::Claimed { was: None, .. } => {
                Some(Weight::Aside)
            }
            _ => None,
        }
    }
}

/// How a write-all comes to answer a read.
#[derive(Clone, Copy, Debug)]
pub enum Sure {
    All,
    /// Whom the others take for dead it does not know.
    Told,
    /// Nobody has told it of a write.
    Blank,
    /// It takes every value for sure.
    Rash,
}

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

fn found(
    t: &Teller,
    what: String,
    (ts, node): (u64, NodeId),
    differ: bool,
    (heard, of): (u64, u64),
) -> String {
    let (heard, of) = (n(heard), n(of));
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

fn done(me: &str, what: String, write: bool, heard: u64, of: u64) -> String {
    let end = if write { "write is done." } else { "read may return." };
    let has = [" replicas have ", &what, " or something newer: its "].concat();
    say(&[me, " knows that ", &n(heard), " of ", &n(of), &has, end])
}

fn claimed(t: &Teller, term: u64, was: Option<NodeId>, waited: Span) -> String {
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

fn declined(
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

fn granted(t: &Teller, term: u64, votes: &[NodeId], of: u64, keys: u64) -> String {
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

fn repaired(t: &Teller, to: NodeId, key: &Value, keys: u64) -> String {
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

fn discarded(
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
