//! Values as a scenario writes them, and the one meaning they have everywhere.

use serde::Serialize;

use crate::ids::{NodeId, Span};
use crate::tree::Tree;

/// A word of a scenario where a value stands: `1`, `10ms`, `150ms..300ms`, `on`, `1,2,3`, `user:42`, `n3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Int(i64),
    /// A signed length of time in microseconds.
    Time(i64),
    /// Bounds of a length of time in microseconds.
    TimeRange(i64, i64),
    /// Parts per million: `25%` is 250,000.
    Ppm(i64),
    /// Thousandths of an event per second: `10/s` is 10,000.
    Rate(i64),
    /// A decimal number in millionths.
    Decimal(i64),
    List(Vec<Value>),
    Word(String),
}

impl Value {
    /// The same with other words.
    pub fn renamed(&self, name: &dyn Fn(&str) -> String) -> Value {
        match self {
            Value::Word(w) => Value::Word(name(w)),
            Value::List(all) => Value::List(all.iter().map(|v| v.renamed(name)).collect()),
            other => other.clone(),
        }
    }

    pub fn word(s: &str) -> Value {
        Value::Word(s.to_string())
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }

    pub fn as_word(&self) -> Option<&str> {
        match self {
            Value::Word(w) => Some(w),
            _ => None,
        }
    }

    /// How many of its units a number is: microseconds, parts per million, thousandths a second.
    pub fn units(&self) -> Option<i64> {
        match self {
            Value::Int(n) | Value::Time(n) | Value::Ppm(n) | Value::Rate(n) | Value::Decimal(n) => {
                Some(*n)
            }
            _ => None,
        }
    }

    /// Another number in the same unit.
    pub fn with_units(&self, n: i64) -> Value {
        match self {
            Value::Time(_) => Value::Time(n),
            Value::Ppm(_) => Value::Ppm(n),
            Value::Rate(_) => Value::Rate(n),
            Value::Decimal(_) => Value::Decimal(n),
            _ => Value::Int(n),
        }
    }

    /// The one spelling of the value; reading it back gives the same value.
    pub fn print(&self) -> String {
        match self {
            Value::Int(i) => i.to_string(),
            Value::Time(t) => print_time(*t),
            Value::TimeRange(a, b) => format!("{}..{}", print_time(*a), print_time(*b)),
            Value::Ppm(p) => format!("{}%", print_millionths(*p * 100)),
            Value::Rate(r) => format!("{}/s", print_millionths(*r * 1000)),
            Value::Decimal(d) => print_millionths(*d),
            Value::List(l) => l.iter().map(Value::print).collect::<Vec<_>>().join(","),
            Value::Word(w) => w.clone(),
        }
    }

    /// Whether a described field is this value. Names of nodes compare as words, flags as `on` and `off`.
    pub fn matches(&self, field: &Tree, name: &dyn Fn(NodeId) -> String) -> bool {
        match (self, field) {
            (Value::List(want), Tree::List(have)) => {
                want.len() == have.len() && want.iter().zip(have).all(|(w, h)| w.matches(h, name))
            }
            (want, Tree::List(have)) => have.len() == 1 && want.matches(&have[0], name),
            (Value::Int(i), Tree::Int(j)) => i == j,
            (Value::Time(t), Tree::Time(u)) => t == u,
            (Value::Int(0), Tree::Time(0)) => true,
            (want, have) => want.print() == have.plain(name),
        }
    }
}

/// What stands before and behind the first place where some words stand. The search of the standard library is made for
/// long texts, and two kilobytes of every first load.
pub fn cut<'a>(text: &'a str, at: &str) -> Option<(&'a str, &'a str)> {
    let last = text.len().checked_sub(at.len())?;
    let i = (0..=last).find(|i| text.as_bytes()[*i..].starts_with(at.as_bytes()))?;
    Some((&text[..i], &text[i + at.len()..]))
}

/// The shortest exact spelling of a length of time.
pub fn print_time(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let n = us.unsigned_abs();
    let (unit, size) = match n {
        0 => return "0ms".into(),
        n if n >= 3_600_000_000 && n % 36_000_000 == 0 => ("h", 3_600_000_000),
        n if n >= 60_000_000 && n % 600_000 == 0 && n % 1_000_000 != 0 => ("min", 60_000_000),
        n if n >= 60_000_000 && n % 60_000_000 == 0 => ("min", 60_000_000),
        n if n >= 1_000_000 && n % 1_000 == 0 => ("s", 1_000_000),
        n if n >= 1_000 => ("ms", 1_000),
        _ => ("us", 1),
    };
    let (whole, rest) = (n / size, n % size);
    if rest == 0 {
        return format!("{sign}{whole}{unit}");
    }
    let millionths = rest as u128 * 1_000_000 / size as u128;
    let exact = millionths * size as u128 == rest as u128 * 1_000_000;
    if exact {
        let digits = format!("{millionths:06}");
        format!("{sign}{whole}.{}{unit}", digits.trim_end_matches('0'))
    } else {
        format!("{sign}{n}us")
    }
}

/// A number in millionths as a decimal.
pub fn print_millionths(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    let n = n.unsigned_abs();
    let (whole, rest) = (n / 1_000_000, n % 1_000_000);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{rest:06}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Int(i) => s.serialize_i64(*i),
            Value::Time(t) => Span(*t).serialize(s),
            Value::List(l) => l.serialize(s),
            other => s.serialize_str(&other.print()),
        }
    }
}
