//! A server tells its time when asked. With Berkeley it is the master.

use serde::Serialize;

use super::master::Master;
use super::*;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Server {
    /// Requests read and not answered yet.
    pub held: Vec<Held>,
    #[serde(skip)]
    pub next: u64,
    #[serde(skip_serializing_if = "Master::is_new")]
    pub master: Master,
    /// A liar adds this to every time it tells.
    #[serde(skip)]
    pub shift: i64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Held {
    #[serde(skip)]
    id: u64,
    from: NodeId,
    asks: Asks,
    /// T2: when the request came.
    rec: Span,
}

#[derive(Clone, Copy, Debug, Serialize)]
enum Asks {
    Ntp { org: Span },
    Cristian { seq: u64 },
}

impl Server {
    pub fn step(&mut self, cx: &Know, input: Input<'_, Ntp>, fx: Do) {
        self.master.fresh = None;
        match input {
            Input::Start if cx.params.algorithm == Algorithm::Berkeley => self.master.start(cx, fx),
            Input::Deliver { from, msg } => self.asked(cx, from, msg, fx),
            Input::Timeout(Timer::Hold(id)) => self.answer(cx, *id, fx),
            Input::Timeout(Timer::Poll) => self.master.poll(cx, fx),
            Input::Timeout(Timer::Overdue) => self.master.close(cx, fx),
            _ => {}
        }
    }

    fn asked(&mut self, cx: &Know, from: NodeId, msg: &Msg, fx: Do) {
        let asks = match *msg {
            Msg::Request { xmt, .. } => Asks::Ntp { org: xmt },
            Msg::TimeReq { seq } => Asks::Cristian { seq },
            Msg::Reply { round, diff } => return self.master.reply(cx, from, round, diff.0, fx),
            _ => return,
        };
        self.next += 1;
        let rec = Span(cx.wall as i64 + self.shift);
        self.held.push(Held { id: self.next, from, asks, rec });
        if cx.params.hold == 0 {
            return self.answer(cx, self.next, fx);
        }
        fx.arm(Timer::Hold(self.next), cx.params.hold..=cx.params.hold);
    }

    fn answer(&mut self, cx: &Know, id: u64, fx: Do) {
        let Some(at) = self.held.iter().position(|h| h.id == id) else { return };
        let held = self.held.remove(at);
        let now = Span(cx.wall as i64 + self.shift);
        let msg = match held.asks {
            Asks::Ntp { org } => Msg::Response(Response {
                stratum: 1,
                precision: Span(cx.params.precision),
                root_delay: Span(0),
                root_disp: Span(0),
                org,
                rec: held.rec,
                xmt: now,
            }),
            Asks::Cristian { seq } => Msg::TimeResp { seq, t_server: now },
        };
        fx.send(held.from, msg);
    }

    pub fn line(&self) -> String {
        match self.master.round {
            0 => "stratum 1".into(),
            n => ["round ", &n.to_string()].concat(),
        }
    }

    pub fn exhibit(&self, cx: &Know, to: &mut Showcase) {
        to.add("clock", Exhibit::Text(shown(cx.wall as i64)));
        self.master.exhibit(cx, to);
    }
}
