//! Setting a clock: gently where that is enough, at once where it is not, and not at all beyond belief.

use serde::Serialize;

use super::*;

/// What stands between an offset and the clock (§11.3).
#[derive(Clone, Debug, Default, Serialize)]
pub struct Steer {
    /// Since when, on the monotonic clock, offsets have been too large to slew.
    #[serde(skip)]
    pub spike: Option<Us>,
    pub panicked: bool,
}

impl Steer {
    pub fn correct(&mut self, cx: &Know, by: i64, fx: Do) {
        if !cx.params.discipline || self.panicked {
            return;
        }
        let always = cx.bug("step-always");
        if by.abs() > cx.params.panic {
            self.panicked = true;
            return fx.explain(Why::Panicked { by: Span(by), most: Span(cx.params.panic) });
        }
        if by.abs() < cx.params.step && !always {
            self.spike = None;
            return slew(cx, by, fx);
        }
        let since = *self.spike.get_or_insert(cx.mono);
        let left = (since + cx.params.stepout).saturating_sub(cx.mono);
        if left > 0 && !always {
            return fx.explain(Why::Doubted { by: Span(by), left: Span(left as i64) });
        }
        self.spike = None;
        step(by, fx);
    }
}

/// Run a little fast or slow until so much is gained or lost.
fn slew(cx: &Know, by: i64, fx: Do) {
    let takes = by.abs().saturating_mul(1_000_000) / i64::from(cx.params.slew.max(1));
    fx.adjust(Adjust::Slew { by, ppm: cx.params.slew });
    if by != 0 {
        fx.explain(Why::Slewed { by: Span(by), takes: Span(takes) });
    }
}

fn step(by: i64, fx: Do) {
    // A slew under way was on its way to where the clock now is set.
    fx.adjust(Adjust::Slew { by: 0, ppm: 1 });
    fx.adjust(Adjust::Step(by));
    if by != 0 {
        fx.explain(Why::Stepped { by: Span(by) });
    }
}

/// Berkeley: forward at once, back only by running slowly.
pub fn follow(cx: &Know, by: i64, fx: Do) {
    match cx.params.discipline {
        true if by > 0 => step(by, fx),
        true => slew(cx, by, fx),
        false => {}
    }
}
