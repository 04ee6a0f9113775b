// The page starts: everywhere, under its policy, small, alone. And if it dies, it dies with the link in its hand.
import { readFile } from "node:fs/promises";
import { test, expect, accessible, overflow, smallTargets, subPath, wire } from "./lamplight.mjs";

// Through thirty entries, everything that is fetched until the first frame moves: for a first visit and for any entry opened by link.
const budget = 250 * 1024;
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'self'; form-action 'none'";

test("starts at the root of a domain, under the strict policy", async ({ page, open }) => {
  await open();
  await expect(page.locator("h1")).toBeVisible();
  await expect(page.locator("meta[http-equiv=Content-Security-Policy]")).toHaveAttribute("content", policy);
  expect(await page.locator("script:not([src])").count(), "inline scripts").toBe(0);
  // What a script sets on an element's style is no inline style for the policy; the served page has neither.
  expect(await page.locator("style").count(), "inline styles").toBe(0);
  expect(await (await page.request.get(page.url())).text()).not.toMatch(/<style|\sstyle=/);
});

test("starts in a sub-path, and nothing reaches above it", async ({ page, open }) => {
  const above = [];
  page.on("request", (r) => {
    if (!decodeURIComponent(new URL(r.url()).pathname).startsWith(subPath)) above.push(r.url());
  });
  await open("", subPath);
  await expect(page.locator("h1")).toBeVisible();
  expect(above).toEqual([]);
});

test("the policy is alive: an inline script is refused and told", async ({ page, open, quiet }) => {
  quiet.expect(/^policy: script-src-elem refused inline/);
  quiet.expect(/^console error: .*Content Security Policy/);
  await open();
  await page.evaluate(() => document.body.append(Object.assign(document.createElement("script"), { textContent: "globalThis.ran = true" })));
  expect(await page.evaluate(() => globalThis.ran)).toBeUndefined();
});

test("starts in a frame that may run scripts and nothing else", async ({ page, site, host }) => {
  const origin = await host({
    "/": `<!doctype html><title>A course</title><iframe title="Lamplight" sandbox="allow-scripts" width="800" height="480" src="${site}/?embed=1"></iframe>`,
  });
  await page.goto(`${origin}/`);
  const frame = page.frameLocator("iframe");
  await expect(frame.locator("#static")).toHaveCount(0);
  await expect(frame.locator("h1")).toBeAttached();
});

test("without scripts the page says what it is and what it needs", async ({ browser, site }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(site);
  await expect(page.locator("h1")).toHaveText("A page on which distributed systems run");
  // The text waits a moment, so that a page that starts at once shows none of it.
  await expect(page.locator("h1")).toBeVisible();
  // Playwright's text matchers skip <noscript>; what is drawn does not.
  expect(await page.locator("#static").innerText()).toContain("needs JavaScript and WebAssembly");
  await context.close();
});

const visits = ["", ...JSON.parse(await readFile(new URL("../dist/entries/index.json", import.meta.url), "utf8")).map((e) => `#${e.entry}/${e.scenarios[0].slug}`)];
for (const visit of visits) {
  test(`the first load stays inside its budget: ${visit || "a first visit"}`, async ({ page, open }) => {
    const measured = await wire(page);
    await open(visit);
    const { files } = await measured();
    // The late parts are asked for once the first frames stand: whatever was asked for before them counts.
    const first = await page.evaluate(() => {
      const all = performance.getEntriesByType("resource");
      const stand = all.find((e) => /_late\.wasm/.test(e.name)).startTime;
      return all.filter((e) => e.startTime < stand).map((e) => e.name);
    });
    const counted = files.filter(({ url }) => first.includes(url) || !/\.\w+$/.test(new URL(url).pathname));
    const total = counted.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { url, bytes } of counted) console.log(`    ${String(bytes).padStart(7)}  ${new URL(url).pathname}`);
    console.log(`    ${String(total).padStart(7)}  of ${budget}`);
    expect(counted.some(({ url }) => url.endsWith("_bg.wasm")), "the wasm was counted").toBe(true);
    expect(total).toBeLessThanOrEqual(budget);
  });
}

// As tools/first-frame.mjs records it: so many frames after the late parts are asked for, each as long as any other. How many go by until
// they are there is the machine's and the line's speed, so the page then stands still for them.
const settle = ({ frames, step }) => {
  const plain = requestAnimationFrame.bind(globalThis);
  const held = [];
  let [seen, clock, left, part] = [0, 1000, Infinity];
  const tick = (call) => (now) => {
    if (now !== seen) [seen, clock, left] = [now, clock + step, left - 1];
    call(clock);
  };
  globalThis.requestAnimationFrame = (call) => (left > 0 ? plain(tick(call)) : held.push(call));
  const asked = () => {
    left = frames;
    globalThis.lamplightLate().then(() => {
      left = Infinity;
      held.splice(0).forEach((call) => plain(tick(call)));
    });
  };
  Object.defineProperty(globalThis, "lamplightPart", {
    get: () => part,
    set: (is) => (part = (n, now) => (now || asked(), is(n, now))),
  });
};

test("nothing is asked for late that a first frame calls", async ({ page, open, host, site }) => {
  await page.addInitScript(settle, { frames: 12, step: 33 });
  const waited = [];
  page.on("request", (r) => r.resourceType() === "xhr" && waited.push(r.url()));
  for (const visit of visits) {
    // A new document each time: within one, the address would only be followed.
    await page.goto("about:blank");
    await open(visit);
  }
  // An embed has somebody to speak to.
  const course = (visit) => `<!doctype html><title>A course</title><script type="module" src="${site}/embed.js"></script><lamp-light src="${visit}"></lamp-light>`;
  const courses = await host(Object.fromEntries(visits.map((visit, i) => [`/${i}`, course(visit)])));
  for (const i of visits.keys()) {
    const late = page.waitForResponse(/\w_late\.wasm$/);
    await page.goto(`${courses}/${i}`);
    await late;
  }
  expect(waited).toEqual([]);
});

test("a page that comes back brings what was taken from it when it was left", async ({ page, site }) => {
  // Kept whole by the browser while it is away, but for what was under way.
  const away = (type) => page.evaluate((t) => dispatchEvent(new PageTransitionEvent(t, { persisted: true })), type);
  const held = [];
  await page.route(/late\.wasm$/, (route) => held.push(route));
  await page.goto(site);
  await expect.poll(() => held.length).toBe(2);
  await away("pagehide");
  await Promise.all(held.splice(0).map((route) => route.abort("aborted")));
  await page.unroute(/late\.wasm$/);
  await away("pageshow");
  await expect(page.locator(".rail")).toHaveCount(1);
});

test("every file of the page names no other server", async ({ request, site }) => {
  const page = await (await request.get(site)).text();
  const files = [...page.matchAll(/(?:src|href|data-js)="?\.?\/?([\w./-]+\.(?:js|css|svg))/g)].map((m) => m[1]);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    const text = await (await request.get(`${site}/${file}`)).text();
    const addresses = [...text.matchAll(/https?:\/\/[^\s"'`)]+/g)].map((m) => m[0]).filter((a) => !a.startsWith("http://www.w3.org/"));
    expect(addresses, file).toEqual([]);
  }
});

for (const [name, viewport] of Object.entries({ desk: { width: 1440, height: 900 }, phone: { width: 360, height: 780 } })) {
  for (const colorScheme of ["light", "dark"]) {
    test(`the start is accessible: ${name}, ${colorScheme}`, async ({ page, open }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await open();
      await accessible(page);
      expect(await smallTargets(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    });
  }
}

test.describe("a panic", () => {
  test.beforeEach(({ quiet }) => {
    quiet.expect(/^console error: .*panicked at .*asked to/s);
  });

  const broken = async (page, site, rest) => {
    await page.goto(site + rest);
    await expect(page.getByRole("heading", { name: "Lamplight has stopped" })).toBeVisible();
  };

  test("leaves a card with the reason and the link", async ({ page, site }) => {
    await broken(page, site, "/?panic=1#raft/leader-crash&seed=7");
    await expect(page.locator("pre")).toContainText("asked to, by ?panic=1");
    await expect(page.getByLabel("Link to this run")).toHaveValue(`${site}/?panic=1#raft/leader-crash&seed=7`);
    await expect(page.getByRole("heading")).toBeFocused();
    await accessible(page);
    expect(await smallTargets(page)).toEqual([]);
  });

  test("lets the link be copied", async ({ page, site, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await broken(page, site, "/?panic=1#raft");
    await page.getByRole("button", { name: "Copy the link" }).click();
    await expect(page.getByText("Copied.")).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${site}/?panic=1#raft`);
  });

  test("keeps presentation and leaves the run behind when asked to start anew", async ({ page, site }) => {
    await broken(page, site, "/?theme=dark&panic=1#raft");
    await page.getByRole("link", { name: "Start without this run" }).click();
    await expect(page).toHaveURL(`${site}/?theme=dark`);
    await expect(page.locator(".panic, #static")).toHaveCount(0);
  });

  test("reloads", async ({ page, site }) => {
    await broken(page, site, "/?panic=1#raft");
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Reload" }).click()]);
    await expect(page.getByRole("heading", { name: "Lamplight has stopped" })).toBeVisible();
  });

  test("is told to the embedding page, without what was in it", async ({ page, site, host }) => {
    const origin = await host({
      "/": `<!doctype html><title>A course</title><script>addEventListener("message", (e) => (globalThis.told ??= []).push(e.data))</script>
        <iframe title="Lamplight" src="${site}/?embed=1&panic=1#raft"></iframe>`,
    });
    await page.goto(`${origin}/`);
    await expect(page.frameLocator("iframe").getByRole("button", { name: "Reload" })).toBeAttached();
    const told = await page.evaluate(() => globalThis.told.filter((m) => m.name === "error"));
    expect(told).toEqual([{ ns: "lamplight", v: 1, kind: "evt", name: "error", data: { code: "panic" } }]);
  });
});

test("a wasm that cannot be fetched leaves the same card", async ({ page, site, quiet }) => {
  quiet.expect(/\.wasm/);
  quiet.expect(/status 404/);
  await page.route("**/*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
  await page.goto(`${site}/#raft`);
  await expect(page.getByRole("heading", { name: "Lamplight has stopped" })).toBeVisible();
  await expect(page.getByLabel("Link to this run")).toHaveValue(`${site}/#raft`);
});

test("somebody else's error does not take the page away", async ({ page, open, quiet }) => {
  quiet.expect(/uncaught: from an extension/);
  await open();
  await page.evaluate(() => setTimeout(() => { throw new Error("from an extension"); }));
  await page.waitForEvent("pageerror");
  await expect(page.locator(".panic")).toHaveCount(0);
});

test("the built page is one that works unpacked anywhere: no absolute address in it", async () => {
  const html = await readFile(new URL("../dist/index.html", import.meta.url), "utf8");
  expect(html.match(/(?:src|href|data-js|data-wasm)="?\/[^\s>"]*/g) ?? []).toEqual([]);
});
