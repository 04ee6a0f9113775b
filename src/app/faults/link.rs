//! What can be done to a link, and to the network as a whole.

use engine::ids::*;
use engine::run::Run;

use super::{Deed, Moment};

const TIME: &str = "a time, or a range: 80ms, 10ms..15ms";
const SHARE: &str = "a share: 20%";

/// From one node to another, or both ways.
pub fn to_link(run: &Run, count: usize, a: NodeId, b: NodeId, both: bool) -> Vec<Deed> {
    let m = Moment::of(run, count);
    let net = m.peek.world().net();
    let (way, arrow) = if both { ("<->", "↔") } else { ("->", "→") };
    let link = format!("{} {way} {}", m.id(a), m.id(b));
    let object = format!("{} {arrow} {}", m.name(a), m.name(b));
    let same = (a == b).then(|| "a link has two ends: choose two nodes".to_string());
    let cut = net.is_cut(a, b) && (!both || net.is_cut(b, a));
    let any_cut = net.is_cut(a, b) || (both && net.is_cut(b, a));
    let parted = !any_cut && (!net.open(a, b) || (both && !net.open(b, a)));
    let whole = (!any_cut).then(|| match parted {
        true => "the partition stands between them: heal the network".to_string(),
        false => "it is not cut".to_string(),
    });
    let set = |verb: &str, key: &str| {
        Deed::new(verb, &object, format!("set link {link} {key}={{}}")).unless(same.clone())
    };
    vec![
        Deed::new("cut", &object, format!("cut {link}"))
            .unless(same.clone().or(cut.then(|| "it is cut already".to_string()))),
        Deed::new("heal", &object, format!("heal {link}")).unless(same.clone().or(whole)),
        set("slow", "latency").ask("latency", "80ms", TIME),
        set("lose messages on", "loss").ask("loss", "20%", SHARE),
        set("double messages on", "duplicate").ask("duplication", "20%", SHARE),
    ]
}

/// Everything at once.
pub fn to_network(run: &Run, count: usize) -> Vec<Deed> {
    let m = Moment::of(run, count);
    let whole = !m.peek.world().can_heal();
    let not = whole.then(|| {
        "there is nothing to heal: no partition, no cut, no rule about messages".to_string()
    });
    let set = |verb: &str, key: &str| Deed::new(verb, "", format!("set net {key}={{}}"));
    let (verb, word) = match m.peek.world().net().deliver_in_flight {
        true => ("lose what is under way when a link is cut", "drop"),
        false => ("deliver what is under way when a link is cut", "deliver"),
    };
    let in_flight = Deed::new(verb, "", format!("set net inflight={word}"));
    vec![
        Deed::new("heal", "", "heal".into()).unless(not),
        set("slow every link", "latency").ask("latency", "80ms", TIME),
        set("lose messages", "loss").ask("loss", "20%", SHARE),
        set("double messages", "duplicate").ask("duplication", "20%", SHARE),
        set("slow every disk", "disk").ask("a write takes", "50ms", "a time: 50ms"),
        in_flight,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TRIANGLE, run, verbs};
    use super::*;

    const AB: (NodeId, NodeId) = (NodeId(0), NodeId(1));

    #[test]
    fn nothing_is_healed_that_is_whole() {
        let (whole, count) = run(TRIANGLE, 5 * MS);
        assert!(verbs(&to_network(&whole, count)).starts_with("-heal"));
        assert!(verbs(&to_link(&whole, count, AB.0, AB.1, false)).starts_with("cut, -heal"));
        let (cut, count) = run(&format!("{TRIANGLE}at 1ms cut n1 -> n2\n"), 5 * MS);
        assert!(verbs(&to_network(&cut, count)).starts_with("heal"));
        assert!(verbs(&to_link(&cut, count, AB.0, AB.1, false)).starts_with("-cut, heal"));
        assert!(verbs(&to_link(&cut, count, AB.1, AB.0, false)).starts_with("cut, -heal"));
        assert!(verbs(&to_link(&cut, count, AB.0, AB.1, true)).starts_with("cut, heal"));
    }

    #[test]
    fn a_rule_is_healed_too() {
        let (run, count) = run(&format!("{TRIANGLE}at 1ms drop every Note\n"), 5 * MS);
        assert!(verbs(&to_network(&run, count)).starts_with("heal"));
    }

    #[test]
    fn a_partition_is_healed_as_a_whole() {
        let (run, count) = run(&format!("{TRIANGLE}at 1ms partition n1 | n2 n3\n"), 5 * MS);
        let deeds = to_link(&run, count, AB.0, AB.1, true);
        assert!(deeds[1].not.as_deref().is_some_and(|w| w.contains("partition")));
        assert_eq!(deeds[0].not, None);
    }

    #[test]
    fn a_link_has_two_ends() {
        let (run, count) = run(TRIANGLE, 5 * MS);
        assert!(to_link(&run, count, AB.0, AB.0, true).iter().all(|d| d.not.is_some()));
    }
}
