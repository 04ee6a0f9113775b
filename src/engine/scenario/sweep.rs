//! The line `sweep`: a parameter, its first and last value, and the step between two of them. It is read
//! ahead, as `run` is, because the other lines must be true at every value.

use super::ast::Sweep;
use super::fault::Bad;
use super::lex::Word;
use super::num;
use super::read::Reader;
use super::settings::{of_unit, only_once};
use super::terms::SWEEP_MAX;
use crate::card::{ParamCard, Unit};
use crate::value::{Value, cut};

/// Read ahead of the lines that name nodes; [`again`] meets the line in its place.
pub(super) fn ahead(r: &mut Reader<'_>) -> Option<()> {
    let place = r.whole();
    let (name, range) = assignment(r)?;
    let (from, to) = cut(range.raw, "..").unwrap_or((range.raw, ""));
    let (at, by) = (r.place(range), by(r)?);
    let (by_at, mut read) = (r.place(by), None);
    for side in 0..r.sides.len().max(1) {
        r.turn_to(side);
        let unit = unit(r, name)?;
        let bounds = bound(from, unit).and_then(|from| Ok((from, bound(to, unit)?)));
        let bounds = r.keep(bounds, at)?;
        read.get_or_insert((bounds, r.keep(step(by.raw, unit), by_at)?));
    }
    let ((from, to), by) = read?;
    let sweep = Sweep { param: name.raw.to_string(), from, to, by, place };
    r.keep(countable(&sweep), at)?;
    r.out.sweep = Some(sweep);
    Some(())
}

/// `nodes=3..9`, with or without blanks round the `=`.
fn assignment<'a>(r: &mut Reader<'a>) -> Option<(Word<'a>, Word<'a>)> {
    let word = r.need("a parameter such as `nodes=3..9`")?;
    let Some((key, value)) = word.pair() else {
        r.must("=")?;
        return Some((word, r.need("a range such as `3..9`")?));
    };
    let split = key.chars().count() as u32;
    let range = Word { raw: value, col: word.col + split + 1, len: word.len - split - 1 };
    Some((Word { raw: key, len: split, ..word }, range))
}

fn by<'a>(r: &mut Reader<'a>) -> Option<Word<'a>> {
    r.must("by")?;
    r.need("the step between two values")
}

/// The unit of the parameter in the run that is read for; `None` inside without a card.
fn unit(r: &mut Reader<'_>, name: Word<'_>) -> Option<Option<Unit>> {
    let Some(entry) = r.known.entry else { return Some(None) };
    let Some(card) = entry.param(name.raw) else {
        let words: Vec<&str> =
            entry.params.iter().filter(|p| is_number(p)).map(|p| p.name).collect();
        let what = format!("a parameter of {}", entry.id);
        r.unknown("unknown-key", &what, name.raw, &words, r.place(name));
        return None;
    };
    if !is_number(card) {
        let message = format!("`{}` has no numbers to go through.", name.raw);
        r.note(
            "bad-value",
            message,
            Some("Sweep a count, a time, a share or a rate.".into()),
            name,
        );
        return None;
    }
    Some(Some(card.unit))
}

fn is_number(card: &ParamCard) -> bool {
    matches!(card.unit, Unit::Count { .. } | Unit::Time { .. } | Unit::Share | Unit::Rate)
}

fn bound(raw: &str, unit: Option<Unit>) -> Result<Value, Bad> {
    if raw.is_empty() {
        let bad = Bad::new("bad-value", "A sweep goes through a range.".into());
        return Err(bad.hint("Write it as `3..9`."));
    }
    unit.map_or_else(|| num::number(raw), |unit| of_unit(raw, unit))
}

/// In the parameter's unit; its bounds are not the parameter's.
fn step(raw: &str, unit: Option<Unit>) -> Result<Value, Bad> {
    let free = |unit| match unit {
        Unit::Count { .. } => Unit::Count { min: 1, max: i64::MAX },
        Unit::Time { max, .. } => Unit::Time { min: 1, max },
        unit => unit,
    };
    bound(raw, unit.map(free))
}

/// A sweep goes forward, and comes to an end.
fn countable(s: &Sweep) -> Result<(), Bad> {
    let bad = |message: &str, hint: &str| Bad::new("bad-value", message.into()).hint(hint);
    let (from, to, by) = (s.from.units(), s.to.units(), s.by.units());
    let alike =
        s.from.with_units(0) == s.to.with_units(0) && s.from.with_units(0) == s.by.with_units(0);
    let (Some(from), Some(to), Some(by), true) = (from, to, by, alike) else {
        return Err(bad(
            "Range and step are in different units.",
            "Write both in the parameter's.",
        ));
    };
    if from > to || by < 1 {
        return Err(bad(
            "This sweep does not go forward.",
            "Smaller value first, step above nothing.",
        ));
    }
    let points = (i128::from(to) - i128::from(from)) / i128::from(by) + 1;
    let many = || Bad::new("too-large", format!("This sweep has {points} values."));
    if points > SWEEP_MAX as i128 {
        Err(many().hint(format!("At most {SWEEP_MAX}.")))
    } else {
        Ok(())
    }
}

/// In its place the line has been read.
pub(super) fn again(r: &mut Reader<'_>) -> Option<()> {
    only_once(r)?;
    let read = r.out.sweep.as_ref().is_some_and(|s| s.place == r.whole());
    let skip = |r: &mut Reader<'_>| assignment(r).and_then(|_| by(r)).map(|_| ());
    if read { skip(r) } else { None }
}
