//! Operations: what clients are asked to do, from the question to the answer.

use crate::ids::{EventId, NodeId, OpId};
use crate::protocol::Op;
use crate::scenario::ast::Out;
use crate::stage::Open;
use crate::trace::{OpRec, What};
use crate::value::Value;

use super::World;

impl World {
    pub(super) fn invoke(&mut self, node: NodeId, verb: &str, args: Vec<Value>, cause: EventId) {
        let Some(card) = self.plan.entry.ops.iter().find(|o| o.verb.word() == verb) else { return };
        let verb = card.verb.word();
        let op = OpId(self.counts.ops);
        self.counts.ops += 1;
        let asked = Op { verb, args };
        let call = self.stage.keep_call(asked.clone());
        let event = self.emit(Some(node), cause, What::Invoke { op });
        self.step.fresh.ops.push(OpRec {
            node,
            verb,
            args: asked.args.clone(),
            invoke: event,
            ret: None,
        });
        self.open_ops.insert(op, (node, asked));
        self.run(node, Open::Request { op, call }, event);
    }

    pub(super) fn reply(&mut self, node: NodeId, op: OpId, reply: u32, event: EventId) {
        let Some((owner, _)) = self.open_ops.get(&op) else { return };
        if *owner != node {
            return;
        }
        let (out, value) = self.stage.outcome(reply);
        self.step.replied.push((op, reply));
        self.close_op(op, out, value, event);
    }

    pub(super) fn close_op(&mut self, op: OpId, out: Out, value: Option<Value>, cause: EventId) {
        let Some((node, asked)) = self.open_ops.remove(&op) else { return };
        let event = self.emit(Some(node), cause, What::Return { op });
        self.step.fresh.returns.push((op, event, out, value));
        self.step.answers.push((event.0, node, asked, out));
    }
}
