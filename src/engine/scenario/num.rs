//! Numbers and values as written. Everything is exact: a decimal is digits and a power of ten until its
//! unit makes it an integer, and one that no integer fits is a mistake, never rounded.

use super::ast::{Instant, Law};
use super::fault::Bad;
use super::lex::unquote;
use super::terms::{BANDWIDTH_MAX, DRIFT_MAX, LAWS, RATE_MAX, TIME_MAX, Term, UNITS, term};
use crate::ids::Us;
use crate::value::{Value, cut, print_time};

/// `-1.50` is 150 / 10², negative.
struct Decimal {
    minus: bool,
    digits: u128,
    places: u32,
}

/// A decimal number; `None` where the word is none. Digits beyond what an `u128` holds count as its limit.
fn decimal(raw: &str) -> Option<Decimal> {
    let (minus, rest) = match raw.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, raw.strip_prefix('+').unwrap_or(raw)),
    };
    let (whole, part) = rest.split_once('.').unwrap_or((rest, "0"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    let places = part.len().min(60) as u32;
    Some(Decimal { minus, digits: digits(whole, part), places })
}

fn digits(whole: &str, part: &str) -> u128 {
    let step = |n: u128, b: u8| n.saturating_mul(10).saturating_add(u128::from(b - b'0'));
    whole.bytes().chain(part.bytes()).fold(0, step)
}

impl Decimal {
    /// The number counted in `1/unit`s, if that is whole and no larger than `max`.
    fn scaled(&self, unit: u64, max: u64) -> Result<i64, Scale> {
        let Some(tens) = 10u128.checked_pow(self.places) else { return Err(Scale::Fine) };
        let n = self.digits.checked_mul(unit.into()).ok_or(Scale::Large)?;
        if n / tens > max.into() {
            return Err(Scale::Large);
        }
        if n % tens != 0 {
            return Err(Scale::Fine);
        }
        let n = i64::try_from(n / tens).map_err(|_| Scale::Large)?;
        Ok(if self.minus { -n } else { n })
    }
}

enum Scale {
    Fine,
    Large,
}

fn too_large(raw: &str, limit: &str) -> Bad {
    Bad::new("too-large", format!("`{}` is too large.", clip(raw)))
        .hint(format!("At most {limit}."))
}

fn too_fine(raw: &str, finest: &str) -> Bad {
    Bad::new("bad-number", format!("`{}` is finer than {finest}.", clip(raw)))
}

/// A word for a message: not all of a very long one.
pub(super) fn clip(raw: &str) -> String {
    if raw.chars().count() <= 40 {
        return raw.to_string();
    }
    let start: String = raw.chars().take(37).collect();
    format!("{start}...")
}

/// The number in front and the unit behind it.
fn split_unit(raw: &str) -> (&str, &str) {
    let number = |c: char| c.is_ascii_digit() || ".+-".contains(c);
    raw.split_at(raw.find(|c| !number(c)).unwrap_or(raw.len()))
}

fn unit_size(unit: &str) -> Option<Us> {
    UNITS.iter().find(|(t, _)| t.word == unit).map(|(_, size)| *size)
}

/// A signed length of time in microseconds; `None` where the word is no time at all.
fn try_time(raw: &str) -> Option<Result<i64, Bad>> {
    let (number, unit) = split_unit(raw);
    let (number, size) = (decimal(number)?, unit_size(unit)?);
    Some(number.scaled(size, TIME_MAX).map_err(|e| match e {
        Scale::Fine => too_fine(raw, "a microsecond"),
        Scale::Large => too_large(raw, "24h"),
    }))
}

/// `-50ms`: a signed length of time.
pub(super) fn signed_time(raw: &str) -> Result<i64, Bad> {
    try_time(raw).unwrap_or_else(|| Err(no_time(raw)))
}

fn no_time(raw: &str) -> Bad {
    let bad = Bad::new("bad-time", format!("`{}` is not a time.", clip(raw)));
    match decimal(raw) {
        Some(_) => bad.hint(format!("A time has a unit: `{raw}ms`, `{raw}s`.")),
        None => bad.hint("Write it as `10ms`, `1.5s` or `2min`."),
    }
}

/// `10ms`: a length of time.
pub(super) fn time(raw: &str) -> Result<Us, Bad> {
    let t = if raw.starts_with('+') { Err(no_time(raw)) } else { signed_time(raw) }?;
    let negative = || Bad::new("bad-time", format!("`{}` is negative.", clip(raw)));
    Us::try_from(t).map_err(|_| negative().hint("Only `skew` and `offset` go backwards."))
}

/// `20ms` or `20ms.3`.
pub(super) fn instant(raw: &str) -> Result<Instant, Bad> {
    let unit_end = raw.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(raw.len());
    let dot = raw.get(unit_end..).and_then(|tail| tail.find('.')).map(|i| unit_end + i);
    let Some(dot) = dot else { return Ok(Instant { at: time(raw)?, k: 0 }) };
    let (at, k) = (raw.get(..dot).unwrap_or(""), raw.get(dot + 1..).unwrap_or(""));
    Ok(Instant { at: time(at)?, k: count(k)? })
}

/// A whole number from 0.
pub(super) fn count(raw: &str) -> Result<u32, Bad> {
    let whole = !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit());
    if !whole {
        let bad = Bad::new("bad-number", format!("`{}` is not a whole number.", clip(raw)));
        return Err(bad.hint("Digits only."));
    }
    raw.parse().map_err(|_| too_large(raw, "4294967295"))
}

/// A whole number from 1.
pub(super) fn ordinal(raw: &str) -> Result<u32, Bad> {
    let n = count(raw)?;
    let first = || Bad::new("bad-number", "Counting begins at 1.".into());
    if n == 0 { Err(first()) } else { Ok(n) }
}

pub(super) fn seed(raw: &str) -> Result<u64, Bad> {
    count(raw).map(u64::from).or_else(|bad| match bad.code {
        "too-large" => raw.parse().map_err(|_| too_large(raw, &u64::MAX.to_string())),
        _ => Err(bad),
    })
}

/// `5%` in parts per million, from 0 to 100 %.
pub(super) fn share(raw: &str) -> Result<u32, Bad> {
    let bad = || Bad::new("bad-value", format!("`{}` is not a share.", clip(raw)));
    let number = raw.strip_suffix('%').and_then(decimal);
    let number = number.ok_or_else(|| bad().hint("Write it as `5%`."))?;
    let n = number.scaled(10_000, 1_000_000).map_err(|e| match e {
        Scale::Fine => too_fine(raw, "a millionth"),
        Scale::Large => out_of_range(raw, "0%", "100%"),
    })?;
    u32::try_from(n).map_err(|_| out_of_range(raw, "0%", "100%"))
}

pub(super) fn out_of_range(raw: &str, min: &str, max: &str) -> Bad {
    Bad::new("out-of-range", format!("`{}` is not between {min} and {max}.", clip(raw)))
}

/// `-50ppm`: a signed drift.
pub(super) fn ppm(raw: &str) -> Result<i64, Bad> {
    let bad = || Bad::new("bad-value", format!("`{}` is not a drift.", clip(raw)));
    let number = raw.strip_suffix("ppm").and_then(decimal);
    let number = number.ok_or_else(|| bad().hint("Write it as `200ppm`."))?;
    number.scaled(1, DRIFT_MAX.unsigned_abs()).map_err(|e| match e {
        Scale::Fine => too_fine(raw, "one part per million"),
        Scale::Large => out_of_range(raw, "-500000ppm", "500000ppm"),
    })
}

/// `10/s` in thousandths a second.
pub(super) fn rate(raw: &str) -> Result<i64, Bad> {
    let bad = || Bad::new("bad-value", format!("`{}` is not a rate.", clip(raw)));
    let number = raw.strip_suffix("/s").and_then(decimal);
    let number = number.ok_or_else(|| bad().hint("Write it as `10/s`."))?;
    let n = number.scaled(1_000, RATE_MAX.unsigned_abs() * 1_000).map_err(|e| match e {
        Scale::Fine => too_fine(raw, "a thousandth a second"),
        Scale::Large => too_large(raw, "1000000/s"),
    })?;
    if n < 0 { Err(out_of_range(raw, "0/s", "1000000/s")) } else { Ok(n) }
}

/// Units of a bandwidth, longest word first where one ends in another.
#[rustfmt::skip]
pub(super) static BYTES: &[(Term, u64)] = &[
    (term("GB/s", "", "a thousand million bytes a second", "link n1 -> n2 bandwidth=1GB/s"), 1_000_000_000),
    (term("MB/s", "", "a million bytes a second", "link n1 -> n2 bandwidth=1.5MB/s"), 1_000_000),
    (term("kB/s", "", "a thousand bytes a second", "link n1 -> n2 bandwidth=10kB/s"), 1_000),
    (term("B/s", "", "bytes a second", "link n1 -> n2 bandwidth=500B/s"), 1),
];

/// Units of other numbers.
#[rustfmt::skip]
pub(super) static SIZES: &[Term] = &[
    term("%", "", "parts of a hundred: SHARE, to the millionth of the whole", "net loss=0.5%"),
    term("ppm", "", "parts per million: PPM, signed", "node n1 drift=-200ppm"),
    term("/s", "", "times a second: RATE, to the thousandth", "load c1 put x rate=2.5/s"),
];

/// What a time may be where one is asked for.
#[rustfmt::skip]
pub(super) static TIMES: &[Term] = &[
    term("TIME", "NUMBER UNIT", "a length of time, or a moment counted from the start; no blank before the unit", "at 1.5s heal"),
    term("TIME.STEP", "TIME.N", "the moment after the N-th step at that time", "at 20ms.3 heal"),
    term("+TIME", "", "so much later than what the line waits for", "when n3 elected +5ms  crash n3"),
    term("SIGNED TIME", "[-]TIME", "forward, or back", "node c1 offset=-50ms"),
    term("TIME..TIME", "", "from the shorter to the longer, every microsecond as likely", "net latency=10ms..15ms"),
];

/// What a value may be where no card says of which kind it is; each word here is one.
#[rustfmt::skip]
pub(super) static VALUES: &[Term] = &[
    term("7", "[-]DIGITS", "a whole number", "expect state n1.term = 7"),
    term("1.5", "[-]DIGITS.DIGITS", "a decimal number, to the millionth", "expect measure max siblings <= 1.5"),
    term("10ms", "[-]TIME", "a time", "expect state n1.left = 10ms"),
    term("150ms..300ms", "TIME..TIME", "a range of times", "given n3 election=150ms..300ms"),
    term("25%", "SHARE", "a share; `250000ppm` is the same", "expect measure share n4 = 25%"),
    term("10/s", "RATE", "a rate", "expect measure throughput c1 >= 10/s"),
    term("1,0,2", "VALUE,VALUE …", "a list, without blanks; a vector or a set of nodes is one", "expect sometimes n1 stamped v=1,0,2"),
    term("user:42", "", "a word: whatever else has no blank, no comma and no `\"`; also `on`, `off`, and the name of a node", "at 1s c1 put user:42 on"),
    term("\"two words\"", "", "a string: one word, whatever stands in it", "at 1s c1 put x \"two words\""),
];

/// `10kB/s` in bytes a second; `none` is 0.
pub(super) fn bandwidth(raw: &str) -> Result<u64, Bad> {
    if raw == "none" {
        return Ok(0);
    }
    let bad = || Bad::new("bad-value", format!("`{}` is not a bandwidth.", clip(raw)));
    let unit = BYTES.iter().find_map(|(t, size)| Some((raw.strip_suffix(t.word)?, *size)));
    let number = unit.and_then(|(n, size)| Some((decimal(n)?, size)));
    let (number, size) = number.ok_or_else(|| bad().hint("Write it as `10kB/s`, or `none`."))?;
    let n = number.scaled(size, BANDWIDTH_MAX).map_err(|e| match e {
        Scale::Fine => too_fine(raw, "a byte a second"),
        Scale::Large => too_large(raw, "1000GB/s"),
    })?;
    let none = || Bad::new("bad-value", "Nothing can pass at this bandwidth.".into());
    match u64::try_from(n) {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(none().hint("Write `none` for no limit, or `cut` the link.")),
    }
}

pub(super) fn print_bandwidth(n: u64) -> String {
    match BYTES.iter().find(|(_, size)| n > 0 && n.is_multiple_of(*size)) {
        Some((t, size)) => format!("{}{}", n / size, t.word),
        None => "none".into(),
    }
}

/// `10ms`, `10ms..15ms`, `5ms+exp(10ms)`, `pareto(5ms,1.5)`, `normal(20ms,4ms)`.
pub(super) fn law(raw: &str) -> Result<Law, Bad> {
    if let Some((a, b)) = cut(raw, "..") {
        return range(raw, time(a)?, time(b)?);
    }
    if !raw.ends_with(')') {
        return time(raw).map(Law::Constant);
    }
    let (base, call) = raw.split_once('+').map_or((None, raw), |(b, c)| (Some(b), c));
    let base = base.map_or(Ok(0), time)?;
    let (name, args) = call.strip_suffix(')').and_then(|c| c.split_once('(')).unwrap_or((call, ""));
    drawn(raw, base, name, args.split_once(',').unwrap_or((args, "")))
}

fn range(raw: &str, a: Us, b: Us) -> Result<Law, Bad> {
    match a.cmp(&b) {
        std::cmp::Ordering::Less => Ok(Law::Uniform(a, b)),
        std::cmp::Ordering::Equal => Ok(Law::Constant(a)),
        std::cmp::Ordering::Greater => Err(backwards(raw)),
    }
}

fn backwards(raw: &str) -> Bad {
    Bad::new("bad-value", format!("The range `{}` runs backwards.", clip(raw)))
        .hint("The shorter time comes first.")
}

fn drawn(raw: &str, base: Us, name: &str, (first, second): (&str, &str)) -> Result<Law, Bad> {
    match name {
        "exp" if second.is_empty() => Ok(Law::Exp { base, mean: time(first)? }),
        "pareto" => Ok(Law::Pareto { base, scale: time(first)?, shape: shape(second)? }),
        "normal" => Ok(Law::Normal { base, mean: time(first)?, sd: time(second)? }),
        _ => Err(no_law(raw)),
    }
}

fn no_law(raw: &str) -> Bad {
    let forms: Vec<String> = LAWS.iter().map(|t| format!("`{}{}`", t.word, t.form)).collect();
    Bad::new("bad-value", format!("`{}` is no law of chance.", clip(raw)))
        .hint(format!("Write {}.", forms.join(", ")))
}

/// The shape of a Pareto law, in thousandths.
fn shape(raw: &str) -> Result<u32, Bad> {
    let bad = || Bad::new("bad-number", format!("`{}` is no shape.", clip(raw)));
    let number = decimal(raw).ok_or_else(|| bad().hint("Write it as `1.5`."))?;
    let n = number.scaled(1_000, 100_000).ok().and_then(|n| u32::try_from(n).ok());
    n.filter(|n| *n >= 100).ok_or_else(|| out_of_range(raw, "0.1", "100"))
}

pub fn print_law(law: &Law) -> String {
    let t = |us: &Us| print_time(*us as i64);
    let base = |us: &Us| if *us == 0 { String::new() } else { format!("{}+", t(us)) };
    match law {
        Law::Constant(a) => t(a),
        Law::Uniform(a, b) => format!("{}..{}", t(a), t(b)),
        Law::Exp { base: b, mean } => format!("{}exp({})", base(b), t(mean)),
        Law::Pareto { base: b, scale, shape } => {
            let shape = crate::value::print_millionths(i64::from(*shape) * 1_000);
            format!("{}pareto({},{shape})", base(b), t(scale))
        }
        Law::Normal { base: b, mean, sd } => format!("{}normal({},{})", base(b), t(mean), t(sd)),
    }
}

/// A value where no card says of which kind it is: whatever it looks like.
pub(super) fn value(raw: &str) -> Result<Value, Bad> {
    match raw {
        "" => Err(empty()),
        _ if raw.contains('"') => unquote(raw).map(Value::Word),
        _ if raw.contains(',') => {
            raw.split(',').map(scalar).collect::<Result<_, _>>().map(Value::List)
        }
        _ => scalar(raw),
    }
}

fn empty() -> Bad {
    Bad::new("bad-value", "A value is missing here.".into()).hint("An empty word is `\"\"`.")
}

fn scalar(raw: &str) -> Result<Value, Bad> {
    let bare = raw.strip_prefix('-').unwrap_or(raw);
    match bare.bytes().next() {
        None if raw.is_empty() => Err(empty()),
        Some(b) if b.is_ascii_digit() => numeric(raw),
        _ => Ok(Value::word(raw)),
    }
}

/// Begins with a digit: a number with or without unit, or still a word (`10.0.0.1:80`).
fn numeric(raw: &str) -> Result<Value, Bad> {
    if let Some((a, b)) = cut(raw, "..") {
        return match (try_time(a), try_time(b)) {
            (Some(a), Some(b)) => time_range(raw, a?, b?),
            _ => Ok(Value::word(raw)),
        };
    }
    if let Some(t) = try_time(raw) {
        return t.map(Value::Time);
    }
    let (number, unit) = split_unit(raw);
    match (decimal(number), unit) {
        (Some(n), "") => plain_number(raw, &n),
        (Some(n), "%") => parts(raw, &n, 10_000),
        (Some(n), "ppm") => parts(raw, &n, 1),
        (Some(_), "/s") => rate(raw).map(Value::Rate),
        _ => Ok(Value::word(raw)),
    }
}

fn time_range(raw: &str, a: i64, b: i64) -> Result<Value, Bad> {
    if a > b { Err(backwards(raw)) } else { Ok(Value::TimeRange(a, b)) }
}

fn parts(raw: &str, n: &Decimal, unit: u64) -> Result<Value, Bad> {
    n.scaled(unit, 10_000_000_000).map(Value::Ppm).map_err(|e| match e {
        Scale::Fine => too_fine(raw, "a millionth"),
        Scale::Large => too_large(raw, "1000000%"),
    })
}

fn plain_number(raw: &str, n: &Decimal) -> Result<Value, Bad> {
    if n.places == 0 {
        let whole = n.scaled(1, i64::MAX as u64).map(Value::Int);
        return whole.map_err(|_| too_large(raw, &i64::MAX.to_string()));
    }
    n.scaled(1_000_000, 1_000_000_000_000_000).map(Value::Decimal).map_err(|e| match e {
        Scale::Fine => too_fine(raw, "a millionth"),
        Scale::Large => too_large(raw, "1000000000"),
    })
}

/// A whole number, signed.
pub(super) fn integer(raw: &str) -> Result<i64, Bad> {
    let bad = || Bad::new("bad-number", format!("`{}` is not a whole number.", clip(raw)));
    match numeric_or(raw)? {
        Value::Int(n) => Ok(n),
        _ => Err(bad()),
    }
}

/// A number of any unit.
pub(super) fn number(raw: &str) -> Result<Value, Bad> {
    let bad = || Bad::new("bad-number", format!("`{}` is not a number.", clip(raw)));
    match numeric_or(raw)? {
        Value::Word(_) | Value::List(_) | Value::TimeRange(..) => Err(bad()),
        number => Ok(number),
    }
}

fn numeric_or(raw: &str) -> Result<Value, Bad> {
    if raw.is_empty() || raw.contains(['"', ',']) { Ok(Value::word(raw)) } else { scalar(raw) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_look_like_what_they_are() {
        let seen = |raw| value(raw).map_err(|b| b.code);
        assert_eq!(seen("1"), Ok(Value::Int(1)));
        assert_eq!(seen("-50ms"), Ok(Value::Time(-50_000)));
        assert_eq!(seen("150ms..300ms"), Ok(Value::TimeRange(150_000, 300_000)));
        assert_eq!(seen("21.965%"), Ok(Value::Ppm(219_650)));
        assert_eq!(seen("10/s"), Ok(Value::Rate(10_000)));
        assert_eq!(seen("1.50"), Ok(Value::Decimal(1_500_000)));
        assert_eq!(seen("2.0"), Ok(Value::Int(2)));
        assert_eq!(seen("1,0"), Ok(Value::List(vec![Value::Int(1), Value::Int(0)])));
        for word in ["user:42", "user(10000)", "10.0.0.%:11211", "1..2", "*", "-", "n3", "5x"] {
            assert_eq!(seen(word), Ok(Value::word(word)));
        }
        assert_eq!(seen("99999999999999999999"), Err("too-large"));
        assert_eq!(seen("25h"), Err("too-large"));
        assert_eq!(seen("0.5us"), Err("bad-number"));
        assert_eq!(seen("1,"), Err("bad-value"));
    }

    /// The words of the reference's chapter are values of the kinds it says, in its order.
    #[test]
    fn the_values_of_the_reference_are_what_it_says() {
        let want = [
            Value::Int(7),
            Value::Decimal(1_500_000),
            Value::Time(10_000),
            Value::TimeRange(150_000, 300_000),
            Value::Ppm(250_000),
            Value::Rate(10_000),
            Value::List([1, 0, 2].map(Value::Int).to_vec()),
            Value::word("user:42"),
            Value::word("two words"),
        ];
        assert_eq!(VALUES.iter().filter_map(|t| value(t.word).ok()).collect::<Vec<_>>(), want);
        assert_eq!(value("250000ppm"), value("25%"));
        assert!(VALUES.iter().all(|t| t.example.contains(t.word)));
    }

    #[test]
    fn a_value_is_read_back_from_its_print() {
        let some = ["0ms", "1.01min", "60.6s", "61s", "3600001ms", "1us", "-1h", "0.0001%", "7"];
        for raw in some.iter().chain(&["123ppm", "0.001/s", "1.000001", "1000000%", "24h"]) {
            let v = value(raw).unwrap();
            assert_eq!(value(&v.print()), Ok(v), "{raw}");
        }
    }

    #[test]
    fn laws_are_read_back_from_their_print() {
        for raw in ["10ms", "1ms..2ms", "5ms+exp(10ms)", "pareto(5ms,1.5)", "normal(20ms,4ms)"] {
            assert_eq!(law(raw).map(|l| print_law(&l)).as_deref(), Ok(raw));
        }
        for raw in ["2ms..1ms", "exp(1ms,2ms)", "zipf(1)", "pareto(1ms,0)", "exp(1ms", "+exp(1ms)"]
        {
            assert!(law(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn an_instant_may_have_a_step() {
        assert_eq!(instant("20ms.3"), Ok(Instant { at: 20_000, k: 3 }));
        assert_eq!(instant("1.2s.3"), Ok(Instant { at: 1_200_000, k: 3 }));
        assert_eq!(instant("1.2s"), Ok(Instant { at: 1_200_000, k: 0 }));
        assert!(instant("20ms.").is_err() && instant("20").is_err() && instant("1.2").is_err());
    }

    #[test]
    fn bandwidths_are_read_back() {
        for raw in ["none", "1B/s", "10kB/s", "1500B/s", "2MB/s", "3GB/s"] {
            assert_eq!(bandwidth(raw).map(print_bandwidth).as_deref(), Ok(raw));
        }
    }
}
