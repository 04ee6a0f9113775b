//! A text being written, while the one it was begun from is changed by other means: by hand, by a setting, by undo. What
//! was done goes into it too, so that whoever runs it has both.

use super::tree::Tree;

fn rows(text: &str) -> Vec<&str> {
    text.trim_end().split('\n').collect()
}

/// Columns are set anew at every edit; that changes no line.
fn same(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// Rows of `old`, from and to, that another text has not; and up to where it has others in their place.
fn changed(old: &[&str], new: &[&str]) -> (usize, usize, usize) {
    let alike = |(a, b): &(&&str, &&str)| same(a, b);
    let head = old.iter().zip(new).take_while(alike).count();
    let (rest, other) = (&old[head..], &new[head..]);
    let tail = rest.iter().rev().zip(other.iter().rev()).take_while(alike).count();
    (head, old.len() - tail, new.len() - tail)
}

/// Where the draft has these rows, if it has them once.
fn only(draft: &[&str], wanted: &[&str]) -> Option<usize> {
    // Blank rows are all alike.
    wanted.iter().any(|w| !w.trim().is_empty()).then_some(())?;
    let is_it = |w: &[&str]| w.iter().zip(wanted).all(|(a, b)| same(a, b));
    let mut found = draft.windows(wanted.len()).enumerate().filter(|(_, w)| is_it(w));
    let first = found.next()?.0;
    found.next().is_none().then_some(first)
}

/// Where the draft has the rows `from..to` of what it was begun from.
fn place(was: &[&str], draft: &[&str], from: usize, to: usize) -> Option<usize> {
    let (a, b, c) = changed(was, draft);
    if b <= from {
        return Some(from - b + c);
    }
    if to <= a {
        return Some(from);
    }
    // In the midst of what is being written: by themselves, or by the row above or below.
    if from < to {
        return only(draft, &was[from..to]);
    }
    let above = from.checked_sub(1).and_then(|i| only(draft, &was[i..from]));
    let below = || only(draft, was.get(from..from + 1)?);
    above.map(|i| i + 1).or_else(below)
}

/// The draft with what makes `is` of `was`; none where it says something else there itself.
pub fn carried(was: &str, is: &str, draft: &str) -> Option<String> {
    let (old, new, mut out) = (rows(was), rows(is), rows(draft));
    let (from, to, end) = changed(&old, &new);
    if from == to && from == end {
        return Some(draft.into());
    }
    let mut at = place(&old, &out, from, to)?;
    let hangs = |row: &str| row.split_whitespace().next() == Some("then");
    // Never between a line and what hangs on it.
    while from == to && out.get(at).is_some_and(|r| hangs(r)) {
        at += 1;
    }
    out.splice(at..at + (to - from), new[from..end].iter().copied());
    Some(out.join("\n") + "\n")
}

/// Undo and redo bring the drafts of their time back. What is being written now stays where it belongs: with its branch if
/// there is one still, and what is undone is undone in it too.
pub fn turned(now: &Tree, to: &mut Tree) {
    let twin = |id, text: &str| now.find(id).filter(|b| *b.text == *text);
    let here = to.now;
    for b in to.all.iter_mut().filter(|b| b.id != here) {
        if let Some(is) = twin(b.id, &b.text) {
            b.draft = is.draft.clone();
        }
    }
    let named = |t: &Tree| t.all.iter().map(|b| (b.id, b.name.clone())).collect::<Vec<_>>();
    let still = now.now == here && named(now) == named(to);
    let gone = to.find(now.now).is_none();
    let from = if gone { now.current() } else { now.find(here) };
    let Some(b) = to.current() else { return };
    // Where nothing but the draft was changed, that is what is taken back.
    if still && from.is_some_and(|f| *f.text == *b.text) {
        return;
    }
    let stays = from.and_then(|f| carried(&f.text, &b.text, f.draft.as_deref()?));
    let draft = stays.filter(|d| d.trim_end() != b.text.trim_end()).or(b.draft.clone());
    to.write(draft);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::head::Head;
    use crate::app::page::load_for_tests as loaded;

    const TEXT: &str = "lamplight 1\nrun vector-clocks nodes=3 seed=1\n\nat 0ms   n1 tell n2\nat 20ms  n1 tell n2\n";

    fn with(text: &str, row: usize, line: &str) -> String {
        let mut all: Vec<&str> = text.lines().collect();
        all.insert(row, line);
        all.join("\n") + "\n"
    }

    #[test]
    fn what_is_done_goes_into_the_draft() {
        let is = with(TEXT, 4, "at 5ms  crash n3");
        let note = format!("{TEXT}# my note");
        assert_eq!(carried(TEXT, &is, &note), Some(format!("{is}# my note\n")));
        // Above it, and between two places that are written at.
        let both = with(&note, 1, "title A run");
        assert_eq!(carried(TEXT, &is, &both), Some(with(&both, 5, "at 5ms  crash n3")));
        let set = TEXT.replace("nodes=3", "nodes=7");
        assert_eq!(carried(TEXT, &set, &note), Some(format!("{set}# my note\n")));
        assert_eq!(carried(TEXT, &set, &both), Some(both.replace("nodes=3", "nodes=7")));
        // Taken away again.
        assert_eq!(carried(&is, TEXT, &format!("{is}# my note\n")), Some(note + "\n"));
        assert_eq!(carried(TEXT, TEXT, "anything"), Some("anything".into()));
    }

    #[test]
    fn what_hangs_on_a_line_stays_with_it() {
        let is = with(TEXT, 4, "at 5ms  crash n3");
        let hung = with(TEXT, 4, "then  n2 tell n3");
        assert_eq!(carried(TEXT, &is, &hung), Some(with(&hung, 5, "at 5ms  crash n3")));
    }

    #[test]
    fn what_the_draft_says_otherwise_itself_is_not_written_over() {
        let set = TEXT.replace("nodes=3", "nodes=7");
        assert_eq!(carried(TEXT, &set, &TEXT.replace("nodes=3", "nodes=5")), None);
        assert_eq!(carried(TEXT, &set, "hello world"), None);
    }

    #[test]
    fn undo_brings_a_draft_back_and_takes_none_away() {
        let old = Tree::of(&loaded(TEXT), "as it came");
        let mut waits = old.clone();
        waits.write(Some("a text".into()));
        let draft = |now: &Tree, to: &Tree| {
            let mut to = to.clone();
            turned(now, &mut to);
            to.current().and_then(|b| b.draft.clone())
        };
        assert_eq!(draft(&old, &waits).as_deref(), Some("a text"));
        assert_eq!(draft(&waits, &old), None, "and done again it goes");
        let crash = loaded(&with(TEXT, 4, "at 5ms  crash n3"));
        let mut now = old.clone();
        assert!(now.grow(&crash, "crash n3", 5, Head::after(5)));
        assert_eq!(draft(&now, &waits).as_deref(), Some("a text"));
        now.write(Some(format!("{}# my note\n", crash.text)));
        assert_eq!(draft(&now, &old), Some(format!("{TEXT}# my note\n")));
        // Written in the branch that stays, it stays there.
        now.now = 0;
        now.write(Some("of the first".into()));
        let mut to = now.clone();
        to.now = 1;
        to.write(None);
        to.all[0].draft = None;
        turned(&now, &mut to);
        assert_eq!(to.all[0].draft.as_deref(), Some("of the first"));
    }
}
