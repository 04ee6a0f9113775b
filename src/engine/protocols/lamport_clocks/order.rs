//! The totally ordered multicast: every node applies the same commands in the order of their stamps.
//!
//! Each node's commands and acknowledgements are one numbered row of letters. Taken in that row, a number
//! heard from a node says that nothing smaller of it can still come.

use super::*;
use crate::ids::Span;

impl Node {
    pub(super) fn command(&mut self, cx: &Know, op: OpId, command: Command, fx: Do) {
        let at = Stamp { c: self.count(cx), node: cx.me };
        let told = self.out.len();
        fx.explain(Why::Proposed { c: at.c, command });
        self.asked.push((at.c, op));
        self.write_letter(at.c, Says::Do(command));
        if cx.params.total {
            self.owed.push((at.c, others(cx).collect()));
        }
        self.enter(cx, Entered { at, command }, fx);
        self.watch(cx, fx);
        self.keep(fx);
        self.post(cx, told, fx);
    }

    fn write_letter(&mut self, ts: u64, says: Says) {
        let nth = self.out.len() as u64 + 1;
        self.out.push(Letter { ts, nth, says });
    }

    /// Send what this step wrote, and answer what it applied.
    pub(super) fn post(&mut self, cx: &Know, told: usize, fx: Do) {
        let new: Vec<Letter> = self.out.tail(told).copied().collect();
        let done = std::mem::take(&mut self.done);
        fx.once_saved(|fx| {
            for letter in new {
                others(cx).for_each(|n| fx.send(n, letter.into()));
            }
            done.iter().for_each(|(op, balance)| fx.reply(*op, number(*balance)));
        });
    }

    // ---------------------------------------------------------------- letters, in their row

    pub(super) fn open(&mut self, cx: &Know, from: NodeId, letter: Letter, fx: Do) {
        let next = self.taken[from.index()] + 1;
        let known = self.early.iter().any(|(n, l)| *n == from && l.nth == letter.nth);
        if letter.nth < next || known {
            return fx.explain(Why::Repeated { from, nth: letter.nth });
        }
        if letter.nth > next {
            fx.explain(Why::HeldBack { from, nth: letter.nth, next });
            self.early.push((from, letter));
            return self.watch(cx, fx);
        }
        self.take(cx, from, letter, fx);
        while let Some(at) = self.due(from) {
            let (_, letter) = self.early.remove(at);
            self.take(cx, from, letter, fx);
        }
        self.apply_ready(cx, fx);
        self.watch(cx, fx);
    }

    /// The place of the letter that is next in a node's row, if it came early.
    fn due(&self, from: NodeId) -> Option<usize> {
        let next = self.taken[from.index()] + 1;
        self.early.iter().position(|(n, l)| *n == from && l.nth == next)
    }

    fn take(&mut self, cx: &Know, from: NodeId, letter: Letter, fx: Do) {
        self.taken[from.index()] = letter.nth;
        self.seen[from.index()] = letter.ts;
        match letter.says {
            Says::Do(command) => {
                let at = Stamp { c: letter.ts, node: from };
                if cx.params.total {
                    self.acknowledge(cx, at, fx);
                }
                self.enter(cx, Entered { at, command }, fx);
            }
            Says::Have(of) if of.node == cx.me => self.acknowledged(of.c, from),
            Says::Have(_) => {}
        }
    }

    /// To everybody: each must know that nothing smaller will come from here.
    fn acknowledge(&mut self, cx: &Know, of: Stamp, fx: Do) {
        let ts = self.count(cx);
        fx.explain(Why::Acknowledged { c: ts, of: of.c, by: of.node });
        self.write_letter(ts, Says::Have(of));
    }

    fn acknowledged(&mut self, c: u64, from: NodeId) {
        for (own, nodes) in &mut self.owed {
            if *own == c {
                nodes.drop(from);
            }
        }
        self.owed.retain(|(_, nodes)| !nodes.is_empty());
    }

    // ---------------------------------------------------------------- the queue

    fn enter(&mut self, cx: &Know, new: Entered, fx: Do) {
        if !cx.params.total {
            return self.apply(cx, new, fx);
        }
        let blind = cx.bug("no-tiebreak");
        let before = |e: &Entered| if blind { e.at.c <= new.at.c } else { e.at < new.at };
        let at = self.queue.partition_point(before);
        self.queue.insert(at, new);
    }

    fn apply_ready(&mut self, cx: &Know, fx: Do) {
        while let Some(head) = self.queue.first().copied() {
            if !self.unheard(cx, head.at).is_empty() {
                return;
            }
            self.queue.remove(0);
            self.apply(cx, head, fx);
        }
    }

    /// Who may still send something that belongs before this. Whoever sent it cannot: its letters are
    /// taken in their row.
    fn unheard(&self, cx: &Know, at: Stamp) -> Nodes {
        let later = |n: NodeId| Stamp { c: self.seen[n.index()], node: n } > at;
        others(cx).filter(|n| *n != at.node && !later(*n)).collect()
    }

    fn apply(&mut self, cx: &Know, e: Entered, fx: Do) {
        let was = self.balance;
        self.balance = e.command.apply(was);
        self.applied.push(e);
        let own = |(c, _): &(u64, OpId)| e.at == Stamp { c: *c, node: cx.me };
        if let Some(at) = self.asked.iter().position(own) {
            let (_, op) = self.asked.remove(at);
            self.done.push((op, self.balance));
        }
        let place = self.applied.len() as u64;
        let (c, by, command, balance) = (e.at.c, e.at.node, e.command, self.balance);
        fx.explain(Why::Applied { c, by, command, place, was, balance });
    }

    // ---------------------------------------------------------------- when somebody does not answer

    /// Whom this node waits for: for the head of its queue, for an acknowledgement, or for a letter that
    /// others have overtaken.
    fn lacking(&self, cx: &Know) -> Nodes {
        let mut all = match self.queue.first() {
            Some(head) => self.unheard(cx, head.at),
            None => Nodes::default(),
        };
        for (_, nodes) in &self.owed {
            for n in nodes.list() {
                all.add(*n);
            }
        }
        for (n, _) in &self.early {
            all.add(*n);
        }
        all
    }

    /// Patience begins when something is first lacking: what comes meanwhile does not renew it.
    pub(super) fn watch(&mut self, cx: &Know, fx: Do) {
        let head = self.queue.first().map(|e| e.at);
        if self.head.map(|(at, _)| at) != head {
            self.head = head.map(|at| (at, cx.mono));
        }
        match (self.watching, self.lacking(cx).is_empty()) {
            (true, true) => fx.disarm(&Timer::Again),
            (false, false) => fx.arm(Timer::Again, cx.params.patience..=cx.params.patience),
            _ => return,
        }
        self.watching = !self.watching;
    }

    pub(super) fn ask_again(&mut self, cx: &Know, fx: Do) {
        self.watching = false;
        if let Some((at, since)) = self.head {
            let (waits, silent) = (self.unheard(cx, at), Span((cx.mono - since) as i64));
            if !waits.is_empty() {
                let waits = waits.list().to_vec();
                fx.explain(Why::Stuck { c: at.c, by: at.node, waits, silent });
            }
        }
        self.lacking(cx).list().iter().for_each(|n| self.ask(*n, fx));
        self.watch(cx, fx);
    }

    fn ask(&self, to: NodeId, fx: Do) {
        let (have, sent) = (self.taken[to.index()], self.out.len() as u64);
        fx.send(to, Msg::Sync { have, sent });
    }

    pub(super) fn synced(&mut self, cx: &Know, from: NodeId, have: u64, sent: u64, fx: Do) {
        let missing: Vec<Letter> = self.out.tail(have as usize).copied().collect();
        if !missing.is_empty() {
            fx.explain(Why::Resent { to: from, first: have + 1, last: self.out.len() as u64 });
        }
        // What is not on the disk yet has not left yet either.
        fx.once_saved(|fx| missing.iter().for_each(|l| fx.send(from, (*l).into())));
        if sent > self.taken[from.index()] {
            self.ask(from, fx);
        }
        self.watch(cx, fx);
    }
}
