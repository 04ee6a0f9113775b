//! Numbers of a run: folds over the trace, the engine's own and the protocol's meters.

use crate::check::verdict::{holds, span, thousands};
use crate::few;
use crate::ids::*;
use crate::protocol::prose_time;
use crate::run::Run;
use crate::scenario::ast::{Agg, Cmp, Out, Window};
use crate::trace::{OpRec, What};
use crate::value::Value;

/// Measures every entry has: name, unit, what it is.
pub const ENGINE: &[(&str, &str, &str)] = &[
    ("latency", "us", "from an operation's call to its answer, of those that were answered ok"),
    ("throughput", "milli/s", "operations answered ok per second of the window"),
    (
        "availability",
        "ppm",
        "share of the operations asked for in the window that were answered ok",
    ),
    ("messages", "", "messages sent"),
    ("clock-error", "us", "how far a node's wall clock is ahead of true time"),
];

/// The values of a measure in a window, in order of time: (when, who, value in its unit).
pub fn values(run: &Run, name: &str, window: Window) -> Vec<(Us, Option<NodeId>, i64)> {
    let (from, to) = span(run, window);
    let trace = run.trace();
    match name {
        "latency" => ops(run, from, to)
            .filter_map(|o| took(run, o).map(|(at, t)| (at, Some(o.node), t)))
            .collect(),
        "messages" => trace
            .range(from, to)
            .filter(|e| matches!(e.what, What::Send { .. }))
            .map(|e| (e.at, e.node, 1))
            .collect(),
        "clock-error" => trace
            .range(from, to)
            .filter_map(|e| match e.what {
                What::Clock { offset, .. } => Some((e.at, e.node, offset)),
                _ => None,
            })
            .collect(),
        meter => {
            let Some(at) = run.entry().meters.iter().position(|m| m.name == meter) else {
                return vec![];
            };
            trace
                .range(from, to)
                .filter_map(|e| match e.what {
                    What::Meter { name, v } if name as usize == at => Some((e.at, e.node, v)),
                    _ => None,
                })
                .collect()
        }
    }
}

fn ops(run: &Run, from: usize, to: usize) -> impl Iterator<Item = &OpRec> {
    run.trace().ops.iter().filter(move |o| (from..to).contains(&o.invoke.index()))
}

fn took(run: &Run, op: &OpRec) -> Option<(Us, i64)> {
    let (event, Out::Ok, _) = op.ret.as_ref()? else { return None };
    let (start, end) = (run.trace().event(op.invoke)?.at, run.trace().event(*event)?.at);
    Some((end, (end - start) as i64))
}

fn share(run: &Run, who: Option<NodeId>, window: Window) -> (i64, i64) {
    let (from, to) = span(run, window);
    let mine = |o: &&OpRec| who.is_none_or(|n| o.node == n);
    let asked = ops(run, from, to).filter(mine).count() as i64;
    let ok =
        ops(run, from, to).filter(mine).filter(|o| matches!(o.ret, Some((_, Out::Ok, _)))).count()
            as i64;
    (ok, asked)
}

/// Nearest-rank percentile, or another digest, of values in a unit.
pub fn digest(agg: Agg, mut v: Vec<i64>) -> Option<i64> {
    let n = v.len();
    let rank = |p: usize, v: &[i64]| v.get((n * p).div_ceil(100).saturating_sub(1)).copied();
    match agg {
        Agg::Last => v.last().copied(),
        Agg::Sum => Some(v.iter().sum()),
        Agg::Max => v.iter().max().copied(),
        Agg::Mean => {
            (n > 0).then(|| (v.iter().map(|x| *x as i128).sum::<i128>() / n as i128) as i64)
        }
        Agg::P50 | Agg::P95 | Agg::P99 => {
            few::sort(&mut v);
            rank(
                if agg == Agg::P50 {
                    50
                } else if agg == Agg::P95 {
                    95
                } else {
                    99
                },
                &v,
            )
        }
    }
}

/// One number of a run: a measure, of one node or all, digested.
pub fn one(run: &Run, agg: Option<Agg>, name: &str, args: &[Value], window: Window) -> Option<i64> {
    let who = args.iter().find_map(|a| run.cast().find(&a.print()));
    if name == "availability" {
        let (ok, asked) = share(run, who, window);
        return (asked > 0).then(|| ok * 1_000_000 / asked);
    }
    if name == "throughput" {
        let (ok, _) = share(run, who, window);
        let span = match window {
            Window::FromTo(a, b) => b.saturating_sub(a),
            _ => run.world().now(),
        };
        return (span > 0).then(|| (ok as i128 * 1_000_000_000 / span as i128) as i64);
    }
    let all = values(run, name, window);
    let v: Vec<i64> =
        all.into_iter().filter(|(_, n, _)| who.is_none() || *n == who).map(|(.., v)| v).collect();
    let agg = agg.unwrap_or(match name {
        "latency" => Agg::Mean,
        "messages" => Agg::Sum,
        _ => Agg::Last,
    });
    digest(agg, v)
}

/// The unit a measure is counted in.
pub fn unit(run: &Run, name: &str) -> &'static str {
    let engine = ENGINE.iter().find(|m| m.0 == name).map(|m| m.1);
    engine
        .or_else(|| run.entry().meters.iter().find(|m| m.name == name).map(|m| m.unit))
        .unwrap_or("")
}

fn raw(v: &Value) -> i64 {
    match v {
        Value::Int(i) | Value::Time(i) | Value::Ppm(i) | Value::Rate(i) => *i,
        Value::Decimal(d) => d / 1_000_000,
        _ => 0,
    }
}

/// A measure's value with its unit, as a scenario would write it.
pub fn print(unit: &str, v: i64) -> String {
    match unit {
        "us" => Value::Time(v).print(),
        "ppm" => Value::Ppm(v).print(),
        "milli/s" => Value::Rate(v).print(),
        "" => v.to_string(),
        other => format!("{v} {other}"),
    }
}

/// The same as one reads it in a table or beside a chart.
pub fn prose(unit: &str, v: i64) -> String {
    let sign = if v < 0 { "−" } else { "" };
    let all = v.unsigned_abs();
    match unit {
        "us" => [sign, &prose_time(all)].concat(),
        "ppm" => {
            let tenths = (all + 500) / 1_000;
            let rest = if tenths.is_multiple_of(10) {
                "".into()
            } else {
                [".", &(tenths % 10).to_string()].concat()
            };
            [sign, &thousands(tenths / 10), &rest, " %"].concat()
        }
        "milli/s" => Value::Rate(v).print(),
        "" => [sign, &thousands(all)].concat(),
        other => [sign, &thousands(all), " ", other].concat(),
    }
}

#[allow(clippy::too_many_arguments)] // the parts of one line of the language
pub fn judge(
    run: &Run,
    agg: Option<Agg>,
    name: &str,
    args: &[Value],
    window: Window,
    cmp: Cmp,
    want: &Value,
    tol: Option<&Value>,
) -> (bool, String) {
    let Some(have) = one(run, agg, name, args, window) else {
        return (false, "nothing was measured".into());
    };
    let (want, tol) = (raw(want), tol.map_or(0, raw));
    let ok = match cmp {
        Cmp::Eq => (have - want).abs() <= tol,
        Cmp::Le | Cmp::Lt => holds(cmp, have - tol, want),
        Cmp::Ge | Cmp::Gt => holds(cmp, have + tol, want),
    };
    (ok, print(unit(run, name), have))
}
