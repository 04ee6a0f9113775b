// Records which functions run until the first frames stand: `make first-frame`, from a page built with LAMPLIGHT_MARK=1.
//
// It opens the page as readers do (a first visit on a desk and on a phone, with less motion, embedded, every shipped scenario, links
// to a moment), collects what is called until some frames after the page asks for the rest, and writes the names, shortened
// to a hash, to tools/first-frame.txt: by the entries whose first frames call it, `main` what those of every entry call, `late` what none does.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import { chromium as chromiumPath } from "../e2e/chromium.mjs";
import { serve } from "./serve.mjs";

const dir = ".build/marked";
/** How many frames are recorded after the page asks for the rest. */
const FRAMES = 12;
/** How long each is for the page: a slow screen's. */
const STEP_MS = 33;
const names = JSON.parse(await readFile(`${dir}/names.json`, "utf8"));
const index = JSON.parse(await readFile(`${dir}/entries/index.json`, "utf8"));

/** An embed in a page of its own: as it is put there, and on which screen. */
const courses = [{ hosted: "autoplay" }, { hosted: `theme="dark"`, small: true }, { hosted: `t="5ms"`, phone: true }, { hosted: `t="200ms"` }];
const visits = [
  { address: "" },
  { address: "", phone: true },
  { address: "", scheme: "dark" },
  { address: "", calm: true },
  { address: "?embed=1" },
  { address: "?embed=1&autoplay=1" },
  ...index.flatMap(({ entry, scenarios }) => scenarios.map(({ slug }) => ({ address: `#${entry}/${slug}` }))),
  ...index.map(({ entry, scenarios }) => ({ address: `#${entry}/${scenarios[0].slug}`, small: true })),
  ...index.flatMap(({ entry, scenarios }) => courses.map((course) => ({ address: `#${entry}/${scenarios[0].slug}`, ...course }))),
  ...index.flatMap(({ entry, scenarios }) => ["t=300ms", "t=200ms.2&sel=n:n1&check=00000000"].map((at) => ({ address: `#${entry}/${scenarios[0].slug}&${at}` }))),
];

const site = await serve({ dir });
// The page an embed stands in has another origin than the embed.
const pages = {};
const hosts = await serve({ dir, mounts: [], pages });
const course = ({ address, hosted }) => `<!doctype html><title>A course</title><script type="module" src="${site.origin}/embed.js"></script>
  <lamp-light src="${address}" ${hosted}></lamp-light>`;
const browser = await chromium.launch({
  executablePath: chromiumPath(),
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update"],
});
/** By visit: what was called. */
const called = [];
const look = async (visit) => {
  const { address, phone, small, hosted, scheme = "light", calm } = visit;
  const context = await browser.newContext({
    viewport: phone ? { width: 390, height: 844 } : small ? { width: 1280, height: 720 } : { width: 1440, height: 900 },
    colorScheme: scheme,
    reducedMotion: calm ? "reduce" : "no-preference",
  });
  const page = await context.newPage();
  await page.addInitScript(({ frames, step }) => {
    for (const how of ["instantiate", "instantiateStreaming"]) {
      const plain = WebAssembly[how];
      WebAssembly[how] = async (...of) => {
        const made = await plain(...of);
        globalThis.wasm = made.instance.exports;
        return made;
      };
    }
    // Each frame is as long as any other, or a slow machine would get farther into a run in as many of them.
    const plain = requestAnimationFrame;
    let [seen, clock] = [0, 1000];
    globalThis.requestAnimationFrame = (call) =>
      plain((now) => {
        if (now !== seen) [seen, clock] = [now, clock + step];
        call(clock);
      });
    // An embed that has had no frame for a second takes itself for unseen; here the machine is slow.
    const timer = setTimeout;
    globalThis.setTimeout = (call, ms) => timer(call, ms === 1000 ? 30_000 : ms);
    // What is called by the time the late parts come, on a slow line: counted in frames, so that the machine's speed does not matter.
    const after = (n) => (n === 0 ? (globalThis.settled = true) : requestAnimationFrame(() => after(n - 1)));
    globalThis.lamplightPart = (_, how) => how === 0 && after(frames);
  }, { frames: FRAMES, step: STEP_MS });
  if (hosted) {
    const path = `/${visits.indexOf(visit)}`;
    pages[path] = course(visit);
    await page.goto(hosts.origin + path);
  } else {
    await page.goto(`${site.origin}/${address}`);
  }
  const frame = hosted ? (page.frames()[1] ?? (await page.waitForEvent("frameattached"))) : page;
  await frame.waitForFunction(() => globalThis.settled, null, { timeout: 30_000 });
  const all = await frame.evaluate(() => Object.entries(wasm).flatMap(([name, x]) => (name.startsWith("called") && x.value === 1 ? [Number(name.slice(6))] : [])));
  called.push({ address, all });
  await context.close();
};
const left = [...visits];
await Promise.all(
  Array.from({ length: 3 }, async () => {
    while (left.length > 0) await look(left.shift());
  }),
);
await browser.close();
await site.close();
await hosts.close();

// By function: the entries whose first frames call it, or `main` if those of every entry do. A visit without a link is its own entry's.
const home = (await readFile("src/engine/protocols/mod.rs", "utf8")).match(/FIRST: \(&str, &str\) = \("([\w-]+)"/)[1];
const callers = new Map();
for (const { address, all } of called) {
  const who = (address.match(/^#([\w-]+)\//)?.[1] ?? home).replaceAll("-", "_");
  for (const name of all.map((n) => names[n]).filter(Boolean)) callers.set(name, (callers.get(name) ?? new Set()).add(who));
}
const groups = new Map([["late", names.filter((name) => name && !callers.has(name))]]);
for (const [name, who] of callers) {
  const group = who.size === index.length ? "main" : [...who].sort().join(" ");
  groups.set(group, [...(groups.get(group) ?? []), name]);
}
const lines = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, all]) => {
  const rows = [...new Set(all)].sort().map((name, i) => (i % 16 === 15 ? `${name}\n` : `${name} `));
  return `${group}:\n${rows.join("").trim()}\n`;
});
await writeFile("tools/first-frame.txt", lines.join("\n"));
console.log(`${visits.length} visits, ${callers.size} functions of ${names.filter(Boolean).length}, ${groups.get("main").length} in each`);
