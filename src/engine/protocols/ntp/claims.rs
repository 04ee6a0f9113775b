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
    /// The clock that was asked was another when it was read: it may have been set back since.
    set: bool,
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

/// A sample a client may still hold, known by its monotonic clock.
#[derive(Clone, Copy, Debug)]
struct Taken {
    by: NodeId,
    of: NodeId,
    mono: Us,
    /// How far simulated time was ahead of that clock.
    lag: i64,
    /// What an honest server's own clock and the drift of the exchange add to its interval; none where it
    /// lies, or somebody set a clock meanwhile.
    slack: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub struct Ghost {
    asked: Vec<Asked>,
    window: Vec<Seen>,
    taken: Vec<Taken>,
    /// By node: the fastest drift so far in ppm, the newest stamp with its time, the monotonic clock, and the
    /// last reading of the wall clock with its time.
    rate: Vec<i64>,
    stamp: Vec<(i64, Us)>,
    mono: Vec<Us>,
    wall: Vec<(i64, Us)>,
}

impl Ghost {
    pub fn judge(&mut self, step: &Stepn, court: &mut Court) {
        let n = step.cast.len();
        if self.rate.is_empty() {
            (self.rate, self.stamp, self.mono) = (vec![0; n], vec![(-1, 0); n], vec![0; n]);
            self.wall = vec![(0, 0); n];
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
            self.mono_forward(step, c, court);
            self.request(step, court);
            self.selection(step, c, court);
        }
        self.note(step);
    }

    /// Remember what was asked and answered in this step.
    fn note(&mut self, step: &Stepn) {
        let mut asked = std::mem::take(&mut self.asked);
        for a in asked.iter_mut().filter(|a| a.of == step.node) {
            let drift = self.drift(a.by, a.of, step.now - a.at);
            a.set |= (opening(step) - a.errors.1).abs() > drift;
        }
        self.asked = asked;
        for sent in step.sent() {
            let (me, to) = (step.node, sent.to);
            match sent.msg {
                Msg::Request { .. } | Msg::TimeReq { .. } | Msg::Poll { .. } => {
                    self.asked.retain(|a| (a.by, a.of) != (me, to));
                    let errors = (opening(step), (step.clock)(to).0);
                    let at = step.now;
                    self.asked.push(Asked { by: me, of: to, at, errors, answered: 0, set: false });
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
            return self.take(step, of, None);
        };
        let (mine, theirs) = (opening(step), (step.clock)(of).0);
        let drift = self.drift(me, of, step.now - asked.at);
        let moved = (mine - asked.errors.0).abs().max((theirs - asked.errors.1).abs());
        // A clock set to before the epoch reads 0, and stands.
        let stood = (asked.at as i64) < -mine.min(theirs);
        if step.lying[of.index()] || moved > drift || stood || asked.set {
            self.window.retain(|s| (s.by, s.of) != (me, of));
            return self.take(step, of, None);
        }
        self.take(step, of, Some(theirs.abs() + drift));
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

    /// Remember as many samples as a filter holds.
    fn take(&mut self, step: &Stepn, of: NodeId, slack: Option<i64>) {
        let Node::Client(c) = step.me() else { return };
        let (by, mono) = (step.node, c.mono);
        let mine = |t: &Taken| (t.by, t.of) == (by, of);
        if self.taken.iter().filter(|t| mine(t)).count() >= step.params.filter
            && let Some(oldest) = self.taken.iter().position(mine)
        {
            self.taken.remove(oldest);
        }
        self.taken.push(Taken { by, of, mono, lag: step.now as i64 - mono as i64, slack });
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
        // What was measured before somebody set a clock is wrong by more than delay.
        self.window.retain(|s| s.at >= step.calm_since);
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

    /// Only an offset beyond the step threshold may set a clock back, or an operator between two steps.
    fn never_back(&mut self, step: &Stepn, court: &mut Court) {
        let (before, (error, ppm)) = (step.wall as i64, (step.clock)(step.node));
        let after = (error + step.now as i64).max(0);
        let (last, when) = std::mem::replace(&mut self.wall[step.node.index()], (after, step.now));
        let fell = step.calm_since < when && before < last;
        if after == before && ppm == 0 && !fell {
            return;
        }
        let may =
            step.params.algorithm != Algorithm::Berkeley && before - after >= step.params.step;
        court.hold("NeverBack", !fell && (after >= before || may), || {
            let from = if fell { last } else { before };
            let to = if fell { before } else { after };
            let says = [step.name(), " goes back from ", &shown(from), " to ", &shown(to)];
            Witness::new([step.node], says.concat())
        });
    }

    fn mono_forward(&mut self, step: &Stepn, c: &Client, court: &mut Court) {
        let last = std::mem::replace(&mut self.mono[step.node.index()], c.mono);
        court.hold("MonoForward", c.mono >= last, || {
            Witness::new([step.node], [step.name(), "'s steady clock went back"].concat())
        });
    }

    fn request(&mut self, step: &Stepn, court: &mut Court) {
        let Happened::Request { call, .. } = &step.happened else { return };
        let me = step.node.index();
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
        self.true_hull(step, c, truth, court);
        if let Some(chosen) = &c.chosen {
            clique(step, &all, chosen, court);
            let outside = (chosen.low.0 - truth).max(truth - chosen.high.0).max(0);
            court.meter("outside", outside);
        }
    }

    /// Who may be wrong is known from outside, and not by looking who is.
    fn true_hull(&self, step: &Stepn, c: &Client, truth: i64, court: &mut Court) {
        let (mut all, mut wrong) = (vec![], 0);
        for candidate in &c.candidates {
            let mut i = candidate.interval();
            match self.slack(step, c, candidate.server) {
                Some(more) => (i.low, i.high) = (i.low - more, i.high + more),
                None => wrong += 1,
            }
            all.push(i);
        }
        let Some(ok) = holds_truth(&all, wrong, truth) else { return };
        court.hold("TrueHull", ok, || {
            Witness::new(
                [step.node],
                ["true time lies outside of what ", step.name(), " finds"].concat(),
            )
        });
    }
}

impl Ghost {
    /// What is to be added to the interval of a server's best sample; none where nothing is claimed of it.
    fn slack(&self, step: &Stepn, c: &Client, of: NodeId) -> Option<i64> {
        let best = c.peers.iter().find(|p| p.server == of)?.best?;
        let mine = |t: &&Taken| (t.by, t.of, t.mono as i64) == (step.node, of, best.at);
        let taken = self.taken.iter().rfind(mine)?;
        let lag = step.now as i64 - c.mono as i64;
        taken.slack.filter(|_| !step.lying[of.index()]).map(|s| s + (lag - taken.lag).abs() + 2)
    }
}

/// Whether true time lies in the hull of what all but `wrong` say; nothing is claimed where these are not the
/// smaller part.
fn holds_truth(all: &[Interval], wrong: usize, truth: i64) -> Option<bool> {
    if all.len() < 2 * wrong + 1 {
        return None;
    }
    let found = hull(all, all.len() - wrong);
    Some(found.is_some_and(|(low, high)| low <= truth && truth <= high))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hull_is_judged_by_how_many_lie_and_not_by_who_is_wrong() {
        let all =
            [(-10, 10), (-8, 12), (90, 110)].map(|(low, high)| Interval { mid: 0, low, high });
        assert_eq!(holds_truth(&all, 1, 0), Some(true));
        // Nobody is said to lie: then one that is wrong is a broken promise.
        assert_eq!(holds_truth(&all, 0, 0), Some(false));
        // Two agree, and true time is elsewhere.
        assert_eq!(holds_truth(&all, 1, 100), Some(false));
        assert_eq!(holds_truth(&all, 2, 0), None);
    }
}
