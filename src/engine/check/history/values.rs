//! Linearizability of a register whose writes all differ, by sorting instead of searching.
//!
//! Everything about a value v is its write and the reads that returned it: a block that must stand
//! together in any order. Let `f` be the block's earliest response and `s` its latest invocation (the
//! value that was there first: f = −∞). Block u has to come before v if f(u) < s(v), for then something
//! about u had ended before something about v began. Two blocks that must each come before the other
//! are a contradiction:
//!
//! ```text
//!   1:   f|······|s          f(1) < s(0) and f(0) < s(1):
//!   0:  f|·········|s        neither can be first
//! ```
//!
//! And nothing else is. If no two blocks contradict, sorting by f + s is an order: f(u) < s(v) and not
//! f(v) < s(u) give f(u) + s(u) < f(v) + s(v). (Gibbons & Korach 1997, section 4, draw the same blocks
//! as zones.) Cost: n log n.

use super::problem::{Act, Problem};
use super::shrink;
use super::verdict::{Verdict, Why};
use crate::few;
use crate::few::Few;

/// An end of a block: a place in the order of events, and the operation that has it there.
#[derive(Clone, Copy, Debug)]
struct End {
    at: i128,
    act: Option<Act>,
}

/// All that is known about one value.
#[derive(Clone, Debug)]
struct Block {
    write: Option<Act>,
    reads: Vec<Act>,
    f: End,
    s: End,
}

/// −∞, before every event.
const FIRST: End = End { at: -1, act: None };

/// Whether this key is a register whose values tell their writes apart.
pub fn applies(p: &Problem, acts: &[Act]) -> bool {
    let plain = |a: &Act| match a.writes() {
        Some(v) => a.sees.is_none() && p.births(v) == 1,
        None => a.sees.is_some(),
    };
    acts.iter().all(plain)
}

/// A linearization of one key's operations, if there is one.
pub fn order(p: &Problem, acts: &[Act]) -> Option<Vec<Act>> {
    if thin_air(p, acts).is_some() {
        return None;
    }
    let mut blocks = blocks(p, acts);
    if blocks.iter().any(|b| unborn(b).is_some()) || contradiction(&mut blocks).is_some() {
        return None;
    }
    few::sort_by_key(&mut blocks, |b| (b.f.act.is_some(), b.f.at + b.s.at));
    Some(blocks.into_iter().flat_map(|b| b.write.into_iter().chain(b.reads)).collect())
}

/// Why one key's operations have no linearization, with as few of them as show it.
pub fn explain(p: &Problem, acts: &[Act]) -> Option<Verdict> {
    if let Some(thin) = thin_air(p, acts) {
        return Some(thin);
    }
    if !applies(p, acts) {
        return None;
    }
    let mut blocks = blocks(p, acts);
    if let Some((read, write)) = blocks.iter().find_map(unborn) {
        return Some(Verdict::no(
            &[read, write],
            Why::ReadBeforeWrite { read: read.op, write: write.op },
        ));
    }
    let (u, v) = contradiction(&mut blocks)?;
    let few = shrink::drop_singles(&pair(&u, &v), &mut |some| order(p, some).is_none());
    let mut left = self::blocks(p, &few);
    let (u, v) = contradiction(&mut left)?;
    Some(Verdict::no(&few, clash(&u, &v)))
}

/// A read of a value that nobody wrote and that was not there first.
pub fn thin_air(p: &Problem, acts: &[Act]) -> Option<Verdict> {
    if acts.iter().any(Act::computes) {
        return None;
    }
    let read = acts.iter().find(|a| a.must && a.sees.is_some_and(|v| p.births(v) == 0))?;
    Some(Verdict::no(&[*read], Why::ThinAir { read: read.op }))
}

fn blocks(p: &Problem, acts: &[Act]) -> Vec<Block> {
    let mut blocks: Few<u32, Block> = Few::default();
    for act in acts {
        let value = act.writes().or(act.sees).expect("a register's operation has a value");
        let first = p.initial[act.key as usize] == value;
        let block = blocks.slot_or(value, || Block::new(first));
        block.take(*act);
    }
    blocks.into_iter().map(|(_, b)| b).collect()
}

impl Block {
    fn new(first: bool) -> Block {
        let f = if first { FIRST } else { End { at: i128::MAX, act: None } };
        Block { write: None, reads: Vec::new(), f, s: FIRST }
    }

    fn take(&mut self, act: Act) {
        match act.is_read() {
            true => self.reads.push(act),
            false => self.write = Some(act),
        }
        if (act.ret as i128) < self.f.at {
            self.f = End { at: act.ret as i128, act: Some(act) };
        }
        if act.invoke as i128 > self.s.at {
            self.s = End { at: act.invoke as i128, act: Some(act) };
        }
    }
}

/// A read of this value that ended before its write began.
fn unborn(b: &Block) -> Option<(Act, Act)> {
    let write = b.write?;
    b.reads.iter().find(|r| r.ret < write.invoke).map(|r| (*r, write))
}

/// Two blocks that must each come before the other. Sorted by f, the earlier of such a pair is among
/// those before the later one with f below its s, and has the greatest s there or may be replaced by it.
fn contradiction(blocks: &mut [Block]) -> Option<(Block, Block)> {
    few::sort_by_key(blocks, |b| b.f.at);
    let mut tallest: Vec<usize> = Vec::new();
    for (i, b) in blocks.iter().enumerate() {
        let before = blocks[..i].partition_point(|u| u.f.at < b.s.at);
        if let Some(&u) = before.checked_sub(1).map(|last| &tallest[last])
            && b.f.at < blocks[u].s.at
        {
            return Some((blocks[u].clone(), b.clone()));
        }
        let best = tallest.last().copied().filter(|t| blocks[*t].s.at > b.s.at);
        tallest.push(best.unwrap_or(i));
    }
    None
}

/// The operations that make two blocks contradict each other, and the writes they speak of.
fn pair(u: &Block, v: &Block) -> Vec<Act> {
    let ends = [u.write, u.f.act, u.s.act, v.write, v.f.act, v.s.act];
    let mut acts: Vec<Act> = ends.into_iter().flatten().collect();
    few::sort_by_key(&mut acts, |a| a.invoke);
    acts.dedup_by_key(|a| a.op);
    acts
}

/// The contradiction in words' order: something ended before something else began.
fn clash(u: &Block, v: &Block) -> Why {
    let op = |e: End| e.act.map(|a| a.op);
    let (u, v) = if op(u.f).is_none() { (v, u) } else { (u, v) };
    let ended = op(u.f).expect("only one value was there first");
    let began = op(v.s).expect("a block that contradicts another has a latest invocation");
    Why::BothFirst { ended, began, also: op(v.f).zip(op(u.s)) }
}
