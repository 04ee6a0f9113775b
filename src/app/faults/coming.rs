//! What can be done to messages that are still to come: the next of a kind, or every one until further notice.

use engine::ids::NodeId;
use engine::run::Run;

use super::{Deed, id};

/// Messages of a kind; from anybody and to anybody where nobody is named. `with` narrows it to what they carry: `term=2 ok=yes`.
pub fn to_coming(
    run: &Run,
    (kind, with): (&str, &str),
    from: Option<NodeId>,
    to: Option<NodeId>,
) -> Vec<Deed> {
    let end = |n: Option<NodeId>| n.map_or("*", |n| id(run, n));
    let path = match (from, to) {
        (None, None) => String::new(),
        _ => format!(" {} -> {}", end(from), end(to)),
    };
    let way = |word: &str, n: Option<NodeId>| {
        n.map_or(String::new(), |n| format!(" {word} {}", run.name(n)))
    };
    let with = with.trim();
    let carrying = if with.is_empty() { String::new() } else { format!(" {with}") };
    let object = format!("{kind}{carrying}{}{}", way("from", from), way("to", to));
    let same = (from.is_some() && from == to)
        .then(|| "a message travels between two nodes: choose another".to_string());
    let deed = |verb: &str, which: &str, rest: &str| {
        let word = if which == "next" { "the next" } else { "every" };
        let act = format!("{verb} {which} {kind}{carrying}{path}{rest}");
        Deed::new(format!("{verb} {word}"), &object, act).unless(same.clone())
    };
    let late = |which| deed("delay", which, " by {}").ask("by", "10ms", "a time: 10ms");
    let a_while = Deed {
        verb: "for a while drop every".into(),
        ..deed("drop", "every", " for {}").ask("for", "100ms", "a time: 100ms")
    };
    vec![
        deed("drop", "next", ""),
        deed("hold", "next", ""),
        late("next"),
        deed("duplicate", "next", ""),
        deed("drop", "every", ""),
        a_while,
        deed("hold", "every", ""),
        late("every"),
        deed("duplicate", "every", ""),
        deed("pass", "every", ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TRIANGLE, run};
    use super::*;
    use engine::ids::MS;
    use engine::scenario::{ast::Instant, edit};
    use engine::trace::What;

    #[test]
    fn the_next_and_every_one_can_be_broken_before_they_are_sent() {
        let (old, _) = run(TRIANGLE, MS);
        let n = |i| Some(NodeId(i));
        for (from, to) in [(None, None), (n(1), n(2)), (None, n(2)), (n(1), None)] {
            for d in to_coming(&old, ("Note", ""), from, to)
                .iter()
                .filter(|d| !d.act.starts_with("pass"))
            {
                let act = d.with(d.ask.as_ref().map_or("", |a| &a.value));
                let text = edit::insert_step(TRIANGLE, Instant { at: MS, k: 0 }, &act);
                let (new, _) = run(&text, 100 * MS);
                let all: Vec<What> = new.trace().events().map(|e| e.what).collect();
                assert!(!all.iter().any(|w| matches!(w, What::Void { .. })), "{act}");
                let lost = all.iter().any(|w| matches!(w, What::Lose { .. }));
                assert_eq!(lost, act.starts_with("drop"), "{act}");
            }
        }
        assert!(to_coming(&old, ("Note", ""), n(1), n(1)).iter().all(|d| d.not.is_some()));
    }
}
