//! The engine's speed as wasm, timed by the browser: `make bench` builds this and `e2e/bench/bench.mjs` runs it.

#[cfg(target_arch = "wasm32")]
mod exports {
    use std::cell::RefCell;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use engine::ids::*;
    use engine::num::{Stream, below};
    use engine::run::Run;
    use engine::trace::What;
    use engine::{protocols, scenario};
    use wasm_bindgen::prelude::*;

    thread_local! {
        static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
    }

    fn with<T>(f: impl FnOnce(&mut Run) -> T) -> T {
        RUN.with_borrow_mut(|run| f(run.as_mut().expect("open a scenario first")))
    }

    /// Read a scenario and open its run.
    #[wasm_bindgen]
    pub fn open(text: &str) {
        let s = scenario::parse(text, &protocols::entries()).unwrap_or_else(|f| panic!("{f:?}"));
        RUN.set(Some(protocols::open(s).unwrap_or_else(|r| panic!("{}", r.message))));
    }

    /// Run on to a time in seconds; gives the queue steps so far.
    #[wasm_bindgen]
    pub fn advance(seconds: u32) -> f64 {
        with(|run| {
            run.advance(Us::from(seconds) * SEC, u32::MAX);
            run.world().steps() as f64
        })
    }

    #[wasm_bindgen]
    pub fn events() -> u32 {
        with(|run| run.trace().len() as u32)
    }

    #[wasm_bindgen]
    pub fn delivered() -> u32 {
        with(|run| {
            run.trace().events().filter(|e| matches!(e.what, What::Deliver { .. })).count() as u32
        })
    }

    /// Look at the `k`-th of a fixed list of random moments, exhibits included.
    #[wasm_bindgen]
    pub fn seek(k: u32) -> usize {
        with(|run| {
            let draw = Stream::new(1, "seek").draw(k.into());
            let peek = run.peek(EventId(below(draw, run.trace().len() as u64) as u32));
            run.cast().all().map(|n| peek.exhibits(n).items.len() + peek.line(n).len()).sum()
        })
    }

    /// How many reads and writes the clients did.
    #[wasm_bindgen]
    pub fn operations() -> usize {
        with(|run| engine::check::history_of(run).ops.len())
    }

    /// Whether the clients' history fits a model: yes, no, or nothing.
    #[wasm_bindgen]
    pub fn verdict(model: &str) -> Option<bool> {
        with(|run| {
            let history = engine::check::history_of(run);
            engine::check::judge_history(&history, model).and_then(|verdict| verdict.holds())
        })
    }

    /// Push and pop as many entries, with 32 waiting, and do nothing else.
    #[wasm_bindgen]
    pub fn bare_queue(steps: u32) -> u64 {
        let mut queue = BinaryHeap::new();
        let dice = Stream::new(1, "bare");
        (0..32u64).for_each(|i| queue.push(Reverse((i, i, [0u64; 4]))));
        let mut sum = 0;
        for seq in 0..u64::from(steps) {
            let Some(Reverse((at, _, _))) = queue.pop() else { break };
            sum ^= at;
            queue.push(Reverse((at + below(dice.draw(seq), 10_000), seq + 32, [seq; 4])));
        }
        sum
    }
}
