//! The claims' own memory: who asked whom when, and how far each clock was from truth.
//!
//! A court sees all clocks; no node does. In all bounds the drift allowed for is φ_sim: at least the RFC's
//! 15 ppm, and otherwise what the run's two clocks really drift, for the RFC's is an assumption about
//! disciplined clocks. Where somebody set a clock while an answer was under way, nothing is claimed of it.

use super::client::Client;
use super::select::{Chosen, Interval, hull};
use super::{Algorithm, Fresh, Msg, Node, Ntp, PHI, card, shown};
use crate::ids::{NodeId, Us};
use crate::protocol::{Court, Happened, Step, Witness};

type Stepn<'a> = Step<'a, Ntp>;

/// An exchange under way: who asked whom, when, and both clocks' errors then.
#[derive(Clone, Copy, Debug)]
struct Asked {
    by: NodeId,
    of: NodeId,
    at: Us,
    errors: (i64, i64),
    /// When the answer left, if it has.
    answered: Us,
}

/// One accepted sample: its delay, and how far its offset was from truth.
#[derive(Clone, Copy, Debug)]
struct Seen {
    by: NodeId,
    of: NodeId,
    at: Us,
    delay: i64,
    error: i64,
}

#[derive(Clone, Debug, Default)]
pub struct Ghost {
    asked: Vec<Asked>,
    window: Vec<Seen>,
    /// By node: the fastest drift so far in ppm, the newest stamp with its time, and the monotonic clock.
    rate: Vec<i64>,
    stamp: Vec<(i64, Us)>,
    mono: Vec<Us>,
}

impl Ghost {
    pub fn judge(&mut self, step: &Stepn, court: &mut Court) {
        let n = step.cast.len();
        if self.rate.is_empty() {
            (self.rate, self.stamp, self.mono) = (vec![0; n], vec![(-1, 0); n], vec![0; n]);
        }
        for at in step.cast.all() {
            let ppm = (step.clock)(at).1.abs();
            self.rate[at.index()] = self.rate[at.index()].max(ppm);
        }
        match step.happened {
            Happened::Deliver { .. } | Happened::Timeout(_) | Happened::Request { .. } => {}
            // A clock that starts anew may start at 0.
            Happened::Crash => return self.mono[step.node.index()] = 0,
            // No handler has run: what stands in the node is of an earlier step.
            _ => return,
        }
        let fresh = match step.me() {
            Node::Client(c) => c.fresh,
            Node::Server(s) => s.master.fresh,
        };
        if let Some(fresh) = fresh {
            self.sample(step, fresh, court);
        }
        self.never_back(step, court);
        if let Node::Client(c) = step.me() {
            self.request(step, c, court);
            self.selection(step, c, court);
        }
        self.note(step);
    }

    /// Remember what was asked and answered in this step.
    fn note(&mut self, step: &Stepn) {
        for sent in step.sent() {
            let (me, to) = (step.node, sent.to);
            match sent.msg {
                Msg::Request { .. } | Msg::TimeReq { .. } | Msg::Poll { .. } => {
                    self.asked.retain(|a| (a.by, a.of) != (me, to));
                    let errors = (opening(step), (step.clock)(to).0);
                    self.asked.push(Asked { by: me, of: to, at: step.now, errors, answered: 0 });
                }
                Msg::Response(_) | Msg::TimeResp { .. } | Msg::Reply { .. } => {
                    for a in &mut self.asked {
                        if (a.by, a.of) == (to, me) {
                            a.answered = step.now;
                        }
                    }
                }
                Msg::Adjust { .. } => {}
            }
        }
    }

    /// φ_sim of two clocks, in ppm.
    fn phi(&self, a: NodeId, b: NodeId) -> i64 {
        let both = self.rate[a.index()] + self.rate[b.index()];
        PHI.max(both + both / 20)
    }

    // ---------------------------------------------------------------- samples

    fn sample(&mut self, step: &Stepn, fresh: Fresh, court: &mut Court) {
        let (me, of) = (step.node, fresh.of);
        let Some(asked) = self.asked.iter().find(|a| (a.by, a.of) == (me, of)).copied() else {
            return;
        };
        let (mine, theirs) = (opening(step), (step.clock)(of).0);
        let drift = self.drift(me, of, step.now - asked.at);
        let moved = (mine - asked.errors.0).abs().max((theirs - asked.errors.1).abs());
        if step.lying[of.index()] || moved > drift {
            self.window.retain(|s| (s.by, s.of) != (me, of));
            return;
        }
        let truth = theirs - mine;
        court.meter("estimate-error", fresh.believed - truth);
        if !self.too_quick(step, &asked) {
            let error = (fresh.offset - truth).abs();
            court.hold("WithinHalfDelay", error <= fresh.bound + drift, || {
                let says = [
                    step.cast.name(me),
                    " is off by ",
                    &shown(error),
                    ", where ",
                    &shown(fresh.bound),
                    " was claimed",
                ];
                Witness::new([me, of], says.concat())
            });
        }
        if step.params.algorithm == Algorithm::Ntp {
            let (delay, error) = (fresh.delay, fresh.offset - truth);
            self.window.push(Seen { by: me, of, at: step.now, delay, error });
            self.beats_the_mean(step, fresh, truth, court);
        }
    }

    /// Drift of two clocks in a time, and the last digit of both.
    fn drift(&self, a: NodeId, b: NodeId, within: Us) -> i64 {
        let ppm = self.phi(a, b) as i128;
        (within as i128 * ppm / 1_000_000) as i64 + 2
    }

    /// Cristian's bound assumes that no message is faster than `min`.
    fn too_quick(&self, step: &Stepn, asked: &Asked) -> bool {
        let min = step.params.min as Us;
        let out = asked.answered.saturating_sub(asked.at).saturating_sub(step.params.hold);
        let cristian = step.params.algorithm == Algorithm::Cristian;
        cristian && (out < min || step.now - asked.answered < min)
    }

    /// Where delay alone makes the errors (each longer round trip is further off, all to one side), the
    /// filter must do better than the mean.
    fn beats_the_mean(&mut self, step: &Stepn, fresh: Fresh, truth: i64, court: &mut Court) {
        let (me, of) = (step.node, fresh.of);
        let mine = |s: &&Seen| (s.by, s.of) == (me, of);
        let size = step.params.filter;
        if self.window.iter().filter(mine).count() > size
            && let Some(oldest) = self.window.iter().position(|s| mine(&s))
        {
            self.window.remove(oldest);
        }
        let all: Vec<Seen> = self.window.iter().filter(mine).copied().collect();
        let one_sided = |a: &Seen| {
            let rises = |b: &Seen| a.delay >= b.delay || a.error.abs() <= b.error.abs();
            a.error >= 0 && all.iter().all(rises)
        };
        if all.len() < size.max(2) || !all.iter().all(one_sided) {
            return;
        }
        let span = step.now - all[0].at;
        let slack = self.drift(me, of, span);
        let mean = all.iter().map(|s| s.error).sum::<i64>() / all.len() as i64;
        let least = all.iter().map(|s| s.error).min().unwrap_or(0);
        if mean - least <= 2 * slack {
            return;
        }
        let error = (fresh.believed - truth).abs();
        court.hold("FilterBeatsMean", error + slack < mean, || {
            let says = [
                step.cast.name(me),
                " is off by ",
                &shown(error),
                ", the mean of the window by ",
                &shown(mean),
            ];
            Witness::new([me, of], says.concat())
        });
    }

    // ---------------------------------------------------------------- clocks

    /// Only an offset beyond the step threshold may set a clock back.
    fn never_back(&self, step: &Stepn, court: &mut Court) {
        let (before, (error, ppm)) = (step.wall as i64, (step.clock)(step.node));
        let after = (error + step.now as i64).max(0);
        if after == before && ppm == 0 {
            return;
        }
        let may =
            step.params.algorithm != Algorithm::Berkeley && before - after >= step.params.step;
        court.hold("NeverBack", after >= before || may, || {
            let says = [step.name(), " goes back from ", &shown(before), " to ", &shown(after)];
            Witness::new([step.node], says.concat())
        });
    }

    fn request(&mut self, step: &Stepn, c: &Client, court: &mut Court) {
        let Happened::Request { call, .. } = &step.happened else { return };
        let me = step.node.index();
        court.hold("MonoForward", c.mono >= self.mono[me], || {
            Witness::new([step.node], [step.name(), "'s steady clock went back"].concat())
        });
        self.mono[me] = c.mono;
        if call.verb == "put" {
            let (stamp, (last, at)) = (step.wall as i64, self.stamp[me]);
            if step.now > at && last >= 0 {
                court.hold("StampsIncrease", stamp >= last, || {
                    let says = [step.name(), " writes at ", &shown(stamp), " after ", &shown(last)];
                    Witness::new([step.node], says.concat())
                });
            }
            self.stamp[me] = (stamp, step.now);
        }
        court.meter("spread", spread(step));
    }

    // ---------------------------------------------------------------- selection

    fn selection(&self, step: &Stepn, c: &Client, court: &mut Court) {
        if !c.compared {
            return;
        }
        let mut all = vec![];
        for candidate in &c.candidates {
            all.push(candidate.interval());
        }
        let truth = -opening(step);
        self.true_hull(step, &all, truth, court);
        if let Some(chosen) = &c.chosen {
            clique(step, &all, chosen, court);
            let outside = (chosen.low.0 - truth).max(truth - chosen.high.0).max(0);
            court.meter("outside", outside);
        }
    }

    fn true_hull(&self, step: &Stepn, all: &[Interval], truth: i64, court: &mut Court) {
        let wrong = all.iter().filter(|i| truth < i.low || i.high < truth).count();
        if all.len() < 2 * wrong + 1 {
            return;
        }
        let found = hull(all, all.len() - wrong);
        let ok = found.is_some_and(|(low, high)| low <= truth && truth <= high);
        court.hold("TrueHull", ok, || {
            Witness::new(
                [step.node],
                ["true time lies outside of what ", step.name(), " finds"].concat(),
            )
        });
    }
}

/// The interval chosen lies in those of a majority, and no more midpoints are outside than were given up.
fn clique(step: &Stepn, all: &[Interval], chosen: &Chosen, court: &mut Court) {
    let (low, high, f) = (chosen.low.0, chosen.high.0, chosen.f as usize);
    let over = |x: i64| all.iter().filter(|i| i.low <= x && x <= i.high).count();
    let outside = all.iter().filter(|i| i.mid < low || i.mid > high).count();
    let majority = 2 * f < all.len() && outside <= f;
    let covered = over(low).min(over(high)) + f >= all.len();
    court.hold("MajorityClique", majority && covered && low < high, || {
        Witness::new(
            [step.node],
            ["what ", step.name(), " chose is not what a majority says"].concat(),
        )
    });
}

/// How far the node's clock was ahead of true time when the step began.
fn opening(step: &Stepn) -> i64 {
    step.wall as i64 - step.now as i64
}

/// How far apart the clocks are that are to agree.
fn spread(step: &Stepn) -> i64 {
    let (mut low, mut high) = (i64::MAX, i64::MIN);
    for n in step.cast.all() {
        let counts =
            step.cast.role(n) == card::CLIENTS || step.params.algorithm == Algorithm::Berkeley;
        if counts && step.alive[n.index()] {
            let error = (step.clock)(n).0;
            (low, high) = (low.min(error), high.max(error));
        }
    }
    high - low
}
