// Measures the page in a real browser: `make bench`, after `make build`. Figures are medians of several runs and ratios within one run;
// nothing here fails, it prints.
import { readFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { chromium as chromiumPath } from "../chromium.mjs";
import { serve } from "../../tools/serve.mjs";

const busy = `lamplight 1
run raft nodes=5 clients=1 seed=1
net latency=10ms
load c1 put x rate=10/s arrivals=even from=1s
until 1h
`;
// A thousand operations of ten clients on one register, all true.
const clients = Array.from({ length: 10 }, (_, i) => `p${i + 1}`);
const litmus = `lamplight 1
run consistency sessions=10 copies=newest takes=5ms..40ms seed=1
net latency=0ms
${clients.map((p) => `load ${p} put x rate=5/s to=10s\nload ${p} get x rate=5/s to=10s`).join("\n")}
until 11s
`;
const text = (path) => readFile(new URL(path, import.meta.url), "utf8");
const sorted = (v) => [...v].sort((a, b) => a - b);
const at = (v, p) => sorted(v)[Math.min(v.length - 1, Math.floor((v.length * p) / 100))];
const median = (v) => at(v, 50);
const round = (x, n = 1) => Number(x.toFixed(n));

// What a frame costs a page that does next to nothing: below this no page comes.
const least = (body, frame) => `<!doctype html><meta charset="utf-8"><title>floor</title>${body}<script>
  let n = 0;
  const frame = (ms) => { ${frame}; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
</script>`;
const floors = {
  "a page that asks for frames and changes nothing": least("<p>0</p>", ""),
  "a page with one number that changes": least("<p id=p>0</p>", "p.firstChild.data = n += 1"),
  "a page with 200 arrowheads in one path": least(
    '<svg width="1100" height="640"><path id="p"/></svg>',
    `let d = "";
    for (let i = 0; i < 200; i += 1) {
      const u = ((ms + i * 7) % 1400) / 1400;
      d += "M" + (550 + 250 * Math.cos(i) * u).toFixed(1) + " " + (180 + 150 * Math.sin(i) * u).toFixed(1) + "l-12 -5l3 5l-3 5z";
    }
    p.setAttribute("d", d)`,
  ),
};
const pages = {
  ...Object.fromEntries(Object.values(floors).map((page, i) => [`/bench/floor${i}.html`, page])),
  "/bench/hand.html": await text("hand.html"),
  "/bench/hand.js": { type: "text/javascript", body: await text("hand.js") },
  "/bench/wasm.html": "<!doctype html><title>wasm</title>",
};
const site = await serve({ dir: "dist", pages });
const wasm = await serve({ dir: ".build/bench", pages: { "/wasm.html": "<!doctype html><title>wasm</title>" } });
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update"],
});

const verdicts = async () => {
  const page = await browser.newPage();
  await page.goto(`${wasm.origin}/wasm.html`);
  const out = await page.evaluate(async (scenario) => {
    const m = await import("./bench.js");
    await m.default();
    m.open(scenario);
    m.advance(11);
    const models = ["linearizable", "sequential", "causal", "causal-convergence", "weak-causal", "pram"];
    const one = (model) => {
      const took = [];
      let holds;
      for (let i = 0; i < 5; i += 1) {
        const start = performance.now();
        holds = m.verdict(model);
        took.push(performance.now() - start);
      }
      return { model, holds, took };
    };
    return { operations: m.operations(), models: models.map(one) };
  }, litmus);
  const say = ({ model, holds, took }) => `${model} ${holds} in ${round(median(took))} ms`;
  console.log(`wasm: ${out.operations} operations of 10 clients: ${out.models.map(say).join(", ")} (medians of 5)`);
  await page.close();
};

const engine = async () => {
  const page = await browser.newPage();
  await page.goto(`${wasm.origin}/wasm.html`);
  const out = await page.evaluate(async (scenario) => {
    const m = await import("./bench.js");
    await m.default();
    const rates = [];
    const ratios = [];
    // The first round is the compiler's: until it is through, neither side runs at its speed.
    for (let i = 0; i < 10; i += 1) {
      m.open(scenario);
      const start = performance.now();
      const steps = m.advance(600);
      const took = performance.now() - start;
      rates.push((m.delivered() / took) * 1000);
      const bare = performance.now();
      m.bare_queue(steps);
      ratios.push(took / (performance.now() - bare));
    }
    m.open(scenario);
    for (let s = 10; m.events() < 100_000; s += 10) m.advance(s);
    const seeks = [];
    for (let k = 0; k < 1000; k += 1) {
      const start = performance.now();
      m.seek(k);
      seeks.push(performance.now() - start);
    }
    return { rates: rates.slice(1), ratios: ratios.slice(1), seeks };
  }, busy);
  console.log(`wasm: ${Math.round(median(out.rates))} deliveries a second, ${round(median(out.ratios))} times the bare queue (medians of 9)`);
  console.log(`wasm: seek in 100,000 events with exhibits p50 ${round(median(out.seeks), 2)} ms, p99 ${round(at(out.seeks, 99), 2)} ms`);
  await page.close();
};

/** Two hundred messages in flight at any time among twenty nodes, and ten thousand events after half a minute. */
const crowded = (() => {
  const loads = Array.from({ length: 20 }, (_, i) => `load n${i + 1} tell n${((i + 7) % 20) + 1} rate=7/s`);
  return `lamplight 1
run vector-clocks nodes=20 seed=1
net latency=1400ms
${loads.join("\n")}
pace 1s
until 60s
`;
})();
const linkTo = (text, more = "") => `#z1.${deflateSync(Buffer.from(text)).toString("base64url")}${more}`;

/** What the main thread does between one frame and the next while a page plays, and the frames that came late. */
const frames = async (url, { prepare = async () => {}, during = "", throttle = 1, ms = 10_000 } = {}) => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const cdp = await page.context().newCDPSession(page);
  await page.goto(url);
  await prepare(page);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  // The first second is the throttle's own.
  await page.evaluate(() => new Promise((done) => setTimeout(done, 1000)));
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "devtools.timeline", "toplevel"] });
  await page.evaluate(
    ([length, step]) =>
      new Promise((done) => {
        const each = step === "" ? () => {} : new Function("i", step);
        const end = performance.now() + length;
        const tick = (i) => (performance.now() < end ? (each(i), requestAnimationFrame(() => tick(i + 1))) : done());
        requestAnimationFrame(() => tick(0));
      }),
    [ms, during],
  );
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  await page.close();
  return perFrame(traceEvents);
};

/** Tasks of the main thread, summed from one frame to the next: script, style, layout and paint. */
const perFrame = (events) => {
  const { pid, tid } = events.find((e) => e.name === "FireAnimationFrame");
  const mine = events.filter((e) => e.pid === pid && e.tid === tid && e.ph === "X").sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  // Tasks nest: only the outermost counts. So does script.
  const outermost = (name) => {
    let end = 0;
    return mine.filter((e) => name.test(e.name) && e.ts >= end && ((end = e.ts + e.dur), true));
  };
  const tasks = outermost(/RunTask$/);
  const fired = mine.filter((e) => e.name === "FireAnimationFrame").map((e) => e.ts);
  // All callbacks of a frame run in one task.
  const begin = tasks.filter(({ ts, dur }) => fired.some((t) => t >= ts && t <= ts + dur)).map(({ ts }) => ts);
  const summed = (all) => {
    const out = begin.map(() => 0);
    for (const { ts, dur } of all) {
      const at = begin.findLastIndex((b) => b <= ts);
      if (at >= 0) out[at] += dur / 1000;
    }
    return out;
  };
  const work = summed(tasks);
  const script = summed(outermost(/^(FunctionCall|FireAnimationFrame|EvaluateScript)$/));
  const gaps = begin.slice(1).map((t, i) => (t - begin[i]) / 1000);
  const mean = (v) => v.reduce((a, b) => a + b, 0) / v.length;
  return { script: mean(script), main: at(work, 50), p95: at(work, 95), frames: begin.length, late: gaps.filter((g) => g > 25).length };
};

const motion = async () => {
  const play = async (page) => {
    await page.locator(".rail").waitFor();
    const play = page.getByRole("button", { name: "Play", exact: true });
    if (await play.isVisible()) await play.click();
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
  };
  // As somebody works on it: what is selected shades every view while the run goes on.
  const working = (tab) => async (page) => {
    await play(page);
    const marks = page.locator(".spacetime [data-pick^='e']");
    await marks.nth(20).dispatchEvent("click");
    await page.getByRole("tab", { name: tab, exact: true }).click();
    await play(page);
  };
  const whole = async (page) => {
    await page.getByRole("button", { name: "The whole run" }).click();
    await play(page);
  };
  // Pans by hand: a pointer that goes to and fro over the diagram. A pointer asks for no layout: where it goes is asked once.
  const pan = `
    const svg = (window.panned ??= document.querySelector('svg[aria-label="Messages in space and time"]'));
    const box = (window.panBox ??= svg.getBoundingClientRect());
    const x = box.x + box.width / 2 + 200 * Math.sin(i / 20);
    const of = (type) => new PointerEvent(type, { bubbles: true, clientX: x, clientY: box.y + box.height / 2, buttons: 1, pointerId: 1, isPrimary: true });
    if (i === 0) svg.dispatchEvent(of("pointerdown"));
    svg.dispatchEvent(of("pointermove"));`;
  const show = (n, f) =>
    console.log(`${n}: script ${round(f.script, 2)} ms a frame, main thread ${round(f.main, 1)} ms median, ${round(f.p95, 1)} ms p95; ${f.late} of ${f.frames} frames late`);
  const long = `${site.origin}/${linkTo(crowded, "&t=24s")}`;
  for (const throttle of [1, 4]) {
    console.log(`throttled ×${throttle}, 10 s each:`);
    for (const [i, name] of Object.keys(floors).entries()) show(`  ${name}`, await frames(`${site.origin}/bench/floor${i}.html`, { throttle }));
    const hand = await frames(`${site.origin}/bench/hand.html`, { throttle });
    show("  by hand, 200 messages", hand);
    const ours = await frames(long, { throttle, prepare: play });
    show("  the page, 200 messages", ours);
    console.log(`  script, the page against by hand: ${round(ours.script / hand.script, 2)}`);
    for (const tab of ["Why", "Scenario"]) show(`  the page, 200 messages, an event selected and ${tab} open`, await frames(long, { throttle, prepare: working(tab) }));
    show("  the first visit", await frames(`${site.origin}/`, { throttle, prepare: play }));
    show("  10,000 events in sight, playing", await frames(long, { throttle, prepare: whole }));
    show("  10,000 events in sight, panned", await frames(long, { throttle, prepare: whole, during: pan }));
  }
};

/** From an empty cache to the first frame in which something moves, and what had come over the wire by then. */
const coldLoad = async () => {
  const loads = [];
  for (let i = 0; i < 5; i += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(() => {
      // Messages and the rings of timers: what a frame moves.
      const moving = () => document.querySelector(".topology svg > g:last-of-type")?.innerHTML || undefined;
      const look = (was) => {
        const is = moving();
        if (was !== undefined && is !== was) window.moved = performance.now();
        else requestAnimationFrame(() => look(is));
      };
      look();
    });
    await page.goto(site.origin);
    await page.waitForFunction(() => window.moved);
    loads.push(
      await page.evaluate(() => {
        const came = performance.getEntries().filter((e) => "transferSize" in e && e.responseEnd <= window.moved);
        return { ms: window.moved, bytes: came.reduce((sum, e) => sum + e.transferSize, 0) };
      }),
    );
    await context.close();
  }
  const [ms, bytes] = [median(loads.map((l) => l.ms)), Math.max(...loads.map((l) => l.bytes))];
  console.log(`cold load to the first moving mark: median ${Math.round(ms)} ms; at most ${round(bytes / 1024)} KB over the wire until then`);
};

/** The busy run at the moment when so many events have happened, whole and at rest; there `painted` waits for the next painted frame. */
const standing = async (events) => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${wasm.origin}/wasm.html`);
  const seconds = await page.evaluate(
    async ([scenario, wanted]) => {
      const m = await import("./bench.js");
      await m.default();
      m.open(scenario);
      let s = 1;
      for (m.advance(s); m.events() < wanted; s += 1) m.advance(s + 1);
      return s;
    },
    [busy, events],
  );
  const text = busy.replace("until 1h", `until ${seconds}s`);
  await page.goto(`${site.origin}/${linkTo(text, `&t=${seconds}s`)}`);
  await page.locator(".rail").waitFor();
  await page.evaluate(() => {
    window.painted = () =>
      new Promise((done) =>
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = done;
          port2.postMessage(0);
        }),
      );
  });
  // Claims are settled when the run is known to its end.
  await page.getByRole("tab", { name: "Claims", exact: true }).click();
  await page.locator(".verdict-line", { hasText: "held" }).first().waitFor({ timeout: 120_000 });
  return { page, seconds };
};

/** From a click on an event to the frame that shows it selected, of a hundred different events in sight. */
const selecting = async () => {
  const { page } = await standing(10_000);
  for (const tab of ["Inspect", "Why", "Events"]) {
    await page.getByRole("tab", { name: tab, exact: true }).click();
    const took = await page.evaluate(async () => {
      const out = [];
      for (let i = 0; i < 100; i += 1) {
        const marks = [...document.querySelectorAll(".spacetime [data-pick^='e']")];
        const mark = marks[(i * 7) % marks.length];
        await painted();
        const start = performance.now();
        mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        await painted();
        out.push(performance.now() - start);
      }
      return out;
    });
    console.log(`selecting one of 10,000 events with ${tab} open: to the next painted frame median ${round(median(took))} ms, p99 ${round(at(took, 99))} ms`);
  }
  await page.close();
};

/** From the slider's word to the next painted frame, at a thousand random moments of a long run. */
const seeking = async () => {
  const { page } = await standing(100_000);
  await page.getByRole("tab", { name: "Inspect", exact: true }).click();
  const took = await page.evaluate(async () => {
    const slider = document.querySelector('input[aria-label="Time"]');
    const out = [];
    for (let seed = 1, i = 0; i < 1000; i += 1) {
      seed = (seed * 48271) % 2147483647;
      slider.value = (seed / 2147483647) * Number(slider.max);
      await painted();
      const start = performance.now();
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      await painted();
      out.push(performance.now() - start);
    }
    return out;
  });
  console.log(`a moment of 100,000 events by the slider: to the next painted frame median ${round(median(took))} ms, p99 ${round(at(took, 99))} ms (1,000 of them)`);
  await page.close();
};

/** From an edit at the end of a long run to the first frame in which something has moved on. */
const branching = async () => {
  const { page } = await standing(100_000);
  await page.locator(".topology .node").first().click();
  const took = await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const key = (key, more = {}) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
    // Messages and the rings of timers: what a frame moves.
    const moving = () => document.querySelector(".topology svg > g:last-of-type").innerHTML;
    const out = [];
    for (let i = 0; i < 20; i += 1) {
      await frame();
      await frame();
      const start = performance.now();
      key("c");
      const edited = performance.now();
      key(" ");
      // The first frame after the edit shows its moment, the next one something that has moved on.
      await frame();
      const shown = moving();
      while (moving() === shown && performance.now() - start < 3000) await frame();
      out.push([performance.now() - start, edited - start]);
      key(" ");
      await frame();
      key("z", { ctrlKey: true });
      await frame();
    }
    return out;
  });
  const [all, edits] = [took.map((t) => t[0]), took.map((t) => t[1])];
  console.log(
    `a branch at the end of 100,000 events: to the first frame that moved median ${round(median(all))} ms, p99 ${round(at(all, 99))} ms; the edit itself median ${round(median(edits))} ms, p99 ${round(at(edits, 99))} ms`,
  );
  await page.close();
};

// All of them, or those that are named: `node e2e/bench/bench.mjs engine motion`.
const wanted = process.argv.slice(2);
for (const measure of [engine, verdicts, motion, coldLoad, seeking, selecting, branching]) {
  if (wanted.length === 0 || wanted.includes(measure.name)) await measure();
}
await browser.close();
await Promise.all([site.close(), wasm.close()]);
