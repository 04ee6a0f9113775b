//! The clock: rules IR1 and IR2, and everything that is one event.

use super::*;

/// Events a node remembers for its picture of the total order.
const TAPE: usize = 16;

impl Node {
    pub(super) fn wake(&mut self, cx: &Know, fx: Do) {
        if cx.incarnation > 0 {
            fx.explain(Why::Recovered { c: self.c });
        }
        self.watch(cx, fx);
    }

    pub(super) fn asked_for(&mut self, cx: &Know, op: OpId, call: &Op, fx: Do) {
        let named = call.arg(0).and_then(|v| cx.cast.find(&v.print())).filter(|n| *n != cx.me);
        match (call.verb, named, Command::read(call)) {
            ("tell", Some(to), _) => self.tell(cx, op, vec![to], fx),
            ("phone", Some(to), _) => self.phone(cx, op, to, fx),
            ("chat", ..) => self.chat(cx, op, fx),
            ("shout", ..) => self.tell(cx, op, others(cx).collect(), fx),
            ("local", ..) => self.local(cx, op, fx),
            (.., Some(command)) => self.command(cx, op, command, fx),
            _ => {
                fx.explain(Why::Refused { op: call.verb });
                fx.reply(op, Outcome::failed());
            }
        }
    }

    fn local(&mut self, cx: &Know, op: OpId, fx: Do) {
        let c = self.count(cx);
        fx.explain(Why::Stamped { c, act: "local", to: vec![] });
        self.keep(fx);
        fx.once_saved(|fx| fx.reply(op, number(c as i64)));
    }

    /// One event, however many copies: the same number on all of them.
    fn tell(&mut self, cx: &Know, op: OpId, to: Vec<NodeId>, fx: Do) {
        let ts = self.count(cx);
        let act = if to.len() == 1 { "send" } else { "shout" };
        fx.explain(Why::Stamped { c: ts, act, to: to.clone() });
        self.keep(fx);
        fx.once_saved(|fx| {
            to.iter().for_each(|n| fx.send(*n, Msg::Note { ts }));
            fx.reply(op, number(ts as i64));
        });
    }

    fn chat(&mut self, cx: &Know, op: OpId, fx: Do) {
        let at = fx.pick("peer", cx.cast.len() as u64 - 1) as usize;
        let to = others(cx).nth(at).into_iter().collect();
        self.tell(cx, op, to, fx);
    }

    /// A call from person to person. The clocks learn of it only if the number is read out.
    fn phone(&mut self, cx: &Know, op: OpId, to: NodeId, fx: Do) {
        let ts = cx.params.aloud.then(|| self.count(cx));
        fx.explain(Why::Phoned { to, aloud: ts });
        self.keep(fx);
        fx.once_saved(|fx| {
            fx.send(to, Msg::Phone { ts });
            fx.reply(op, Outcome::ok(None));
        });
    }

    pub(super) fn receive(&mut self, cx: &Know, from: NodeId, msg: &Msg, fx: Do) {
        match (msg, msg.ts()) {
            (Msg::Sync { have, sent }, _) => return self.synced(cx, from, *have, *sent, fx),
            (_, Some(ts)) => self.hear(cx, from, ts, msg.letter().is_some(), fx),
            (_, None) => fx.explain(Why::Rang { from, c: self.c }),
        }
        let told = self.out.len();
        if let Some(letter) = msg.letter() {
            self.open(cx, from, letter, fx);
        }
        self.keep(fx);
        self.post(cx, told, fx);
    }

    /// IR2: past the number received, and one more for the receipt itself.
    fn hear(&mut self, cx: &Know, from: NodeId, ts: u64, quiet: bool, fx: Do) {
        if cx.params.infer && (1..ts).contains(&self.c) {
            self.inferred = true;
            fx.explain(Why::Inferred { from, theirs: ts, mine: self.c });
        }
        self.remember(Stamp { c: ts, node: from });
        let was = self.c;
        if !cx.bug("no-max") {
            self.c = self.c.max(ts);
        }
        if !cx.bug("no-inc-on-recv") {
            self.c += 1;
        }
        self.number(cx);
        fx.explain(Why::Received { from, ts, was, c: self.c, quiet });
    }

    /// IR1: one more for each event of its own.
    pub(super) fn count(&mut self, cx: &Know) -> u64 {
        self.c += 1;
        self.number(cx);
        self.c
    }

    fn number(&mut self, cx: &Know) {
        self.fresh.push(self.c);
        self.remember(Stamp { c: self.c, node: cx.me });
    }

    fn remember(&mut self, event: Stamp) {
        let at = self.tape.partition_point(|s| *s < event);
        if self.tape.get(at) != Some(&event) {
            self.tape.insert(at, event);
        }
        if self.tape.len() > TAPE {
            self.tape.remove(0);
        }
    }
}
