//! What an editor asks of the language: the pieces of a text, and what may stand at the caret.

mod house;

use engine::protocols::entries;
use engine::scenario::{Kind, complete, highlight, parse, word_at};

const TEXT: &str = "lamplight 1\ntitle  A try\nrun  raft nodes=3 seed=7\nnode n1 as Boss\nat 10ms  c1 put x 1 # why\nthen     crash n1\n";

fn words(row: u32, line: &str) -> Vec<String> {
    let mut rows: Vec<&str> = TEXT.lines().collect();
    rows[row as usize - 1] = line;
    let (text, column) = (rows.join("\n"), line.chars().count() as u32 + 1);
    complete(&text, row, column, &&entries()[..]).into_iter().map(|c| c.word).collect()
}

fn has(row: u32, line: &str, want: &[&str], not: &[&str]) {
    let got = words(row, line);
    for word in want {
        assert!(got.iter().any(|g| g == word), "{word} after {line:?}: {got:?}");
    }
    for word in not {
        assert!(!got.iter().any(|g| g == word), "no {word} after {line:?}: {got:?}");
    }
}

#[test]
fn a_line_begins_with_its_words() {
    has(6, "", &["at", "when", "then", "net", "expect"], &["title", "crash", "n1"]);
    has(6, "ex", &["expect"], &["at"]);
    // Nothing stands above on which `then` could hang.
    has(4, "", &["link"], &["then"]);
}

#[test]
fn an_act_is_a_verb_or_a_node_with_its_operation() {
    has(6, "at 20ms  ", &["crash", "c1", "Boss", "leader", "every"], &["raft", "put"]);
    has(6, "at 20ms  cr", &["crash"], &["c1"]);
    has(6, "at 20ms  c1 ", &["put", "get"], &["crash", "n1"]);
    has(6, "at 20ms  restart n1 ", &["amnesia", "n2"], &["n1"]);
    has(6, "at 20ms  fire n1 ", &["election"], &["n2"]);
    has(6, "at 20ms  c1 put ", &[], &["crash", "n1", "x"]);
}

#[test]
fn messages_facts_and_claims_are_the_protocols_own() {
    has(6, "at 1s  drop every Append", &["AppendEntries"], &["RequestVote"]);
    has(6, "when n1 ", &["elected", "is", "crashed"], &["heal"]);
    has(6, "when delivered RequestVote  drop ", &["it"], &[]);
    has(6, "at 1s  drop ", &["next", "every"], &["it"]);
    has(6, "expect always ", &["ElectionSafety"], &["n1"]);
    has(6, "expect history ", &["linearizable", "causal", "not"], &["n1"]);
    has(6, "bug ", &["no-votedfor"], &["raft"]);
}

#[test]
fn keys_and_their_values() {
    has(3, "run raft ", &["nodes=", "seed=", "as"], &["latency="]);
    has(3, "run ra", &["raft"], &[]);
    has(6, "net ", &["latency=", "profile="], &["nodes=", "offset="]);
    has(6, "net profile=", &["profile=lan"], &["profile=on"]);
    has(6, "net fifo=o", &["fifo=on", "fifo=off"], &[]);
    has(6, "link n1 -> n2 ", &["loss="], &["disk="]);
}

#[test]
fn nothing_is_offered_in_free_text() {
    assert_eq!(words(2, "title  cr"), [""; 0]);
    assert_eq!(words(6, "at 1s say \"cr"), [""; 0]);
    assert_eq!(words(6, "heal # cr"), [""; 0]);
    assert_eq!(word_at("ab crash", 1, 6), (4, 9));
}

/// A sample of places in every shipped text: whatever is offered there is known to the reader.
#[test]
fn what_is_offered_is_known() {
    let mut offered = 0;
    for (nth, shipped) in house::shipped().iter().enumerate() {
        let rows: Vec<&str> = shipped.text.lines().collect();
        for (i, row) in rows.iter().enumerate().skip(nth % 5).step_by(5) {
            let letters: Vec<char> = row.chars().collect();
            let begins = |c: &usize| *c > 0 && letters[*c - 1] == ' ' && letters[*c] != ' ';
            let starts: Vec<usize> = (0..letters.len()).filter(begins).collect();
            let Some(at) = starts.get(nth % starts.len().max(1)) else { continue };
            let (line, column) = (i as u32 + 1, *at as u32 + 1);
            for c in complete(&shipped.text, line, column, &&entries()[..]) {
                let rest: String = letters[*at..].iter().collect();
                let tail = rest.split_once(' ').map_or("", |(_, tail)| tail);
                let changed =
                    format!("{}{} {tail}", letters[..*at].iter().collect::<String>(), c.word);
                let mut all = rows.clone();
                all[i] = &changed;
                let faults = parse(&all.join("\n"), &entries()[..]).err().unwrap_or_default();
                let here = |f: &&engine::scenario::Fault| {
                    f.place.line == line && f.place.col == column && f.code.starts_with("unknown")
                };
                let wrong = faults.iter().find(here);
                assert!(wrong.is_none(), "{}: {changed}: {wrong:?}", shipped.slug);
                offered += 1;
            }
        }
    }
    assert!(offered > 100, "{offered}");
}

#[test]
fn the_pieces_are_the_text() {
    for shipped in house::shipped() {
        let whole: String = highlight(&shipped.text, &[]).iter().map(|p| p.text).collect();
        assert_eq!(whole, shipped.text);
    }
    let odd = "\u{feff}lamplight 1\r\n say \"ü 𝄞\t# no \n\n#";
    let faults = parse(odd, &entries()[..]).unwrap_err();
    let whole: String = highlight(odd, &faults).iter().map(|p| p.text).collect();
    assert_eq!(whole, odd);
}

#[test]
fn a_piece_is_a_word_of_its_kind() {
    let kind = |word: &str| highlight(TEXT, &[]).iter().find(|p| p.text == word).map(|p| p.kind);
    assert_eq!(kind("crash"), Some(Kind::Keyword));
    assert_eq!(kind("10ms"), Some(Kind::Number));
    assert_eq!(kind("n1"), Some(Kind::Name));
    assert_eq!(kind("A try"), Some(Kind::Text));
    assert_eq!(kind("# why"), Some(Kind::Comment));
}

#[test]
fn a_fault_is_marked_in_its_place() {
    let text = TEXT.replace("crash n1", "crahs n1").replace("put x 1", "put");
    let faults = parse(&text, &entries()[..]).unwrap_err();
    let marked: Vec<&str> =
        highlight(&text, &faults).iter().filter(|p| p.fault).map(|p| p.text).collect();
    assert_eq!(marked, ["put", "crahs"]);
}
