// What a reader does with the page: watch, step, take hold of things, break them, find out why, and send the link.
import { deflateSync } from "node:zlib";
import { test, expect, accessible, overflow, smallTargets, subPath } from "./lamplight.mjs";

const clock = (page) => page.locator(".transport .clock").innerText().then((t) => parseFloat(t));
const status = (page) => page.getByRole("status");
const caption = (page) => page.locator(".caption .told");
const node = (page, name) => page.locator(".topology").getByRole("button", { name });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const packed = (text) => `z1.${deflateSync(Buffer.from(text)).toString("base64url")}`;

/** Presses a key until what has focus fits, within a bound: by keyboard alone there is no other way. */
const until = async (page, key, fits, most = 150) => {
  for (let i = 0; i < most; i += 1) {
    await page.keyboard.press(key);
    const found = await page.evaluate((source) => {
      const e = document.activeElement;
      return new RegExp(source).test(e?.getAttribute("aria-label") ?? e?.textContent ?? "");
    }, fits.source);
    if (found) return;
  }
  throw new Error(`${fits} was not reached with ${key}`);
};

test.describe("a first visit", () => {
  test("something moves, and there is one thing to press", async ({ page, open }) => {
    await open();
    await expect(page.locator(".topology .node").first()).toBeVisible();
    await expect.poll(() => clock(page)).toBeGreaterThan(0);
    const pause = page.getByRole("button", { name: "Pause" });
    await expect(pause).toBeVisible();
    await pause.click();
    await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
    const at = await clock(page);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect(await clock(page)).toBe(at);
  });

  test("with less motion asked for, nothing plays by itself and nothing travels", async ({ page, open }) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await open();
    await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    expect(await page.locator(".flight[transform]").count()).toBe(0);
  });

  test("arcs that get a new owner grow out of their tokens, unless less motion is asked for", async ({ page, open }) => {
    await open("?view=ring#consistent-hashing/join&t=112ms");
    const arc = page.locator(".exhibits .arc.moving").first();
    await expect(arc).toHaveCSS("animation-name", "grow");
    await page.emulateMedia({ reducedMotion: "reduce" });
    await expect(arc).toHaveCSS("animation-name", "none");
  });

  test("keeps its short address until somebody touches it", async ({ page, open, site }) => {
    await open();
    await page.getByRole("button", { name: "Pause" }).click();
    await expect(page).toHaveURL(/#.+&t=/);
    expect(page.url().startsWith(site)).toBe(true);
  });
});

test("on a phone the band of the caption is as high as its run needs, and keeps its height", async ({ page, open }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const height = () => page.locator(".caption").evaluate((p) => p.clientHeight);
  await open("#abd/happy");
  const three = await height();
  await open("?theme=light#abd/happy&t=140ms");
  await expect(page.locator(".told")).toContainText("2 of 3 replicas");
  expect(await height()).toBe(three);
  await open("?theme=dark#abd/spectrum&t=0ms");
  await expect.poll(height).toBeGreaterThan(three);
});

test.describe("the transport", () => {
  test.beforeEach(async ({ open }) => {
    await open("#vector-clocks/triangle&t=5ms");
  });

  test("steps both ways, to the ends and back", async ({ page }) => {
    await expect(page.locator(".transport .clock")).toContainText("0.005");
    await page.keyboard.press("ArrowRight");
    await expect(page.locator(".transport .clock")).toContainText("0.010");
    // At 10 ms several things happen: the note arrives, B tells C, and what B counted reaches its disk.
    const forward = page.getByRole("button", { name: "Step forward" });
    for (let i = 0; i < 12 && !(await page.locator(".transport .clock").textContent()).includes("0.020"); i += 1) await forward.click();
    await expect(page.locator(".transport .clock")).toContainText("0.020");
    await page.keyboard.press("ArrowLeft");
    await expect(page.locator(".transport .clock")).toContainText("0.010");
    await page.keyboard.press("End");
    await expect(page.locator(".transport .clock")).toContainText("0.030");
    await page.keyboard.press("Home");
    await expect(page.locator(".transport .clock")).toContainText("0.000");
    await page.keyboard.press("PageDown");
    await expect(status(page)).toContainText("0.000");
  });

  test("scrubs, and says the time", async ({ page }) => {
    const slider = page.getByRole("slider", { name: "Time" });
    await slider.fill("15000");
    await expect(page.locator(".transport .clock")).toContainText("0.015");
    await expect(slider).toHaveAttribute("aria-valuetext", /0\.015/);
    await expect(node(page, /^B.*1,1,0/)).toBeVisible();
    await slider.fill("5000");
    await expect(node(page, /^B.*0,0,0/)).toBeVisible();
  });

  test("plays and pauses with Space, faster and slower by key", async ({ page }) => {
    await page.keyboard.press("+");
    await expect(page.getByRole("combobox", { name: "Speed" })).toHaveValue("200");
    await page.keyboard.press("-");
    await page.keyboard.press("-");
    await expect(page.getByRole("combobox", { name: "Speed" })).toHaveValue("50");
    await page.keyboard.press(" ");
    await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
    await page.keyboard.press(" ");
    await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  });

  test("shows its keys under ?, and lets single letters be switched off", async ({ page }) => {
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keys" });
    await expect(dialog).toBeVisible();
    await accessible(page);
    await dialog.getByRole("checkbox").uncheck();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await page.keyboard.press("f");
    await expect(page.locator(".page")).toHaveAttribute("data-mode", "page");
  });

  test("projects with F, and comes back", async ({ page }) => {
    await page.keyboard.press("f");
    await expect(page.locator(".inspector")).toBeHidden();
    await expect(caption(page)).toBeVisible();
    await accessible(page);
    await page.keyboard.press("Escape");
    await expect(page.locator(".inspector")).toBeVisible();
  });
});

test.describe("taking hold", () => {
  test("a node lights up everywhere, and Escape lets go", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    await node(page, /^B/).click();
    await expect(page.locator(".topology .node.selected")).toHaveCount(1);
    await expect(page.locator(".spacetime .lane-name.selected")).toHaveText("B");
    await expect(page.locator(".panel h2")).toContainText("B");
    await expect(page).toHaveURL(/sel=n:n2/);
    await page.keyboard.press("Escape");
    await expect(page.locator(".topology .node.selected")).toHaveCount(0);
  });

  test("a message on its way, and the event that sent it", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    const flight = page.locator(".topology").getByRole("button", { name: /Note from B to C/ });
    await flight.click();
    await expect(page.locator(".flight.selected")).toHaveCount(1);
    await expect(page.locator(".spacetime .chosen")).toHaveCount(1);
    await expect(page.locator(".panel h2")).toContainText("Note from B to C");
    await page.locator(".panel").getByRole("button", { name: /^sent/ }).click();
    await expect(page.locator(".spacetime .dot.selected")).toHaveCount(1);
  });

  test("a message while all moves, where its head is", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=2ms");
    await page.getByRole("combobox", { name: "Speed" }).selectOption("25");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    // In one step: between looking and clicking nothing moves.
    await page.waitForFunction(() => {
      const swarm = document.querySelector(".topology .swarm .head[d^=M]");
      if (!swarm) return false;
      const box = swarm.getBoundingClientRect();
      const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
      swarm.ownerSVGElement.dispatchEvent(new MouseEvent("click", { bubbles: true, ...at }));
      document.querySelector("[aria-label=Pause]").click();
      return true;
    });
    await expect(page.locator(".flight.selected")).toHaveCount(1);
    await expect(page.locator(".panel h2").first()).toContainText("Note from");
  });

  test("an event of the list stands in the diagram", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    await tab(page, "Events").click();
    await page.locator(".events").getByRole("button", { name: /B receives Note/ }).click();
    await expect(page.locator(".spacetime .dot.selected")).toHaveCount(1);
    await expect(page.locator(".transport .clock")).toContainText("0.010");
  });

  test("each diagram is one tab stop, and the arrows walk in it", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    for (const view of [".topology", ".spacetime"]) expect(await page.locator(`${view} svg [tabindex="0"]`).count(), view).toBe(1);
    await page.locator('.topology svg [tabindex="0"]').focus();
    await page.keyboard.press("ArrowRight");
    await expect(node(page, /^B/)).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.locator(".topology .node.selected")).toHaveCount(1);
    await expect(node(page, /^B/)).toBeFocused();
  });
});

test.describe("breaking", () => {
  test("a crash is a line of the scenario, is in the link, and is undone", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await node(page, /^C/).click();
    await page.locator(".pop").getByRole("button", { name: "crash C" }).click();
    await expect(node(page, /^C, crashed/)).toBeVisible();
    await expect(page).toHaveURL(/#[zp]1\./);
    await tab(page, "Scenario").click();
    await expect(page.getByRole("textbox", { name: "Text of the scenario" })).toHaveValue(/at 5ms +crash n3/);
    await page.getByRole("heading", { name: "Scenario" }).click();
    await page.keyboard.press("Control+z");
    await expect(node(page, /^C, crashed/)).toHaveCount(0);
    await expect(page.getByRole("textbox", { name: "Text of the scenario" })).not.toHaveValue(/crash/);
  });

  test("a message is dropped, a network parted and healed, a node restarted, by buttons", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    const sheet = async (kind, name) => {
      await page.getByRole("button", { name: "Break something" }).click();
      await page.getByRole("dialog").getByRole("button", { name: kind, exact: true }).click();
      if (kind === "Node") await page.getByRole("dialog").getByRole("combobox", { name: "Node" }).selectOption("B");
      await page.getByRole("dialog").getByRole("button", { name }).click();
    };
    await sheet("Message", /drop Note from B to C/);
    await expect(page.locator(".flight.is-lost")).toHaveCount(1);
    await sheet("Network", /^partition/);
    const dialog = page.getByRole("dialog", { name: "Partition the network" });
    await accessible(page);
    await dialog.getByRole("group", { name: "A" }).getByRole("radio", { name: "other side" }).check();
    await expect(dialog.locator(".mono")).toHaveText("partition n2 n3 | n1");
    await dialog.getByRole("button", { name: "Cut the network" }).click();
    await expect(page.locator(".topology .fence").first()).toBeVisible();
    await sheet("Network", "heal");
    await expect(page.locator(".topology .fence")).toHaveCount(0);
    await sheet("Node", "crash B");
    await sheet("Node", /^restart B$/);
    await expect(node(page, /^B, crashed/)).toHaveCount(0);
    await tab(page, "Scenario").click();
    const text = await page.getByRole("textbox", { name: "Text of the scenario" }).inputValue();
    for (const act of ["drop Note n2 -> n3 #1", "partition n2 n3 | n1", "heal", "crash n2", "restart n2"]) expect(text).toContain(act);
  });

  test("what cannot be done takes nothing away: what was undone can be done again", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    const redo = page.getByRole("button", { name: "Redo" });
    const part = async () => {
      await page.getByRole("button", { name: "Break something" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Network", exact: true }).click();
      await page.getByRole("dialog").getByRole("button", { name: /^partition/ }).click();
      const dialog = page.getByRole("dialog", { name: "Partition the network" });
      await dialog.getByRole("group", { name: "A" }).getByRole("radio", { name: "other side" }).check();
      // The sheet begins with what is selected on the other side.
      await dialog.getByRole("group", { name: "B" }).getByRole("radio", { name: "one side" }).check();
      await dialog.getByRole("group", { name: "C" }).getByRole("radio", { name: "every side" }).check();
      await expect(dialog.locator(".mono")).toHaveText("partition n2 | n1");
      await dialog.getByRole("button", { name: "Cut the network" }).click();
    };
    await part();
    await node(page, /^B/).click();
    await page.keyboard.press("c");
    await expect(node(page, /^B, crashed/)).toHaveCount(1);
    await page.keyboard.press("Control+z");
    await expect(redo).toBeEnabled();
    await part();
    await expect(page.locator(".notice")).toContainText("parted like this already. Nothing was done");
    await redo.click();
    await expect(node(page, /^B, crashed/)).toHaveCount(1);
  });

  test("a text is edited and runs; a mistake in it is shown where it is", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await tab(page, "Scenario").click();
    const field = page.getByRole("textbox", { name: "Text of the scenario" });
    const text = await field.inputValue();
    await field.fill(text.replace("seed=1", "sed=1"));
    await page.getByRole("button", { name: "Run this text" }).click();
    await expect(page.locator(".faults")).toContainText("line 6");
    await expect(page.locator(".faults")).toContainText("seed");
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await accessible(page);
    await field.fill(text.replace("latency=10ms", "latency=20ms"));
    await page.getByRole("button", { name: "Run this text" }).click();
    await expect(page.locator(".faults li")).toHaveCount(0);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "To the end" }).click();
    await expect(page.locator(".transport .clock")).toContainText("0.060");
  });
});

test.describe("the link", () => {
  test("brings back the same run at the same moment", async ({ page, open, context, site }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await open("#vector-clocks/triangle&t=15ms");
    await node(page, /^C/).click();
    await page.keyboard.press("c");
    await expect(node(page, /^C, crashed/)).toBeVisible();
    const seen = { clock: await clock(page), told: await caption(page).innerText(), nodes: await page.locator(".topology .node").evaluateAll((all) => all.map((n) => n.getAttribute("aria-label"))) };
    await page.getByRole("button", { name: "Copy link" }).click();
    await expect(status(page)).toContainText("Link copied");
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(/&check=[0-9a-f]{8}$/);
    const other = await context.newPage();
    await other.goto(link);
    await expect(node(other, /^C, crashed/)).toBeVisible();
    expect({ clock: await clock(other), told: await caption(other).innerText(), nodes: await other.locator(".topology .node").evaluateAll((all) => all.map((n) => n.getAttribute("aria-label"))) }).toEqual(seen);
    await expect(other.locator(".notice")).toHaveCount(0);
    expect(link.startsWith(site)).toBe(true);
  });

  test("to a moment that is far is told nothing untrue on the way there", async ({ page, open, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await open("#raft/happy&t=5min");
    await expect.poll(() => clock(page)).toBe(300);
    await page.getByRole("button", { name: "Copy link" }).click();
    await expect(status(page)).toContainText("Link copied");
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(/&t=.*&check=[0-9a-f]{8}$/);
    const other = await context.newPage();
    const told = [];
    await other.exposeFunction("tell", (words) => told.push(words));
    await other.addInitScript(() => {
      const look = () => document.querySelectorAll(".notice").forEach((n) => globalThis.tell(n.textContent));
      new MutationObserver(look).observe(document, { childList: true, subtree: true });
    });
    await other.goto(link);
    await expect.poll(() => clock(other)).toBe(300);
    expect(told).toEqual([]);
    // One that does differ is told so when the run is there.
    await other.goto("about:blank");
    await other.goto(link.replace(/check=.*/, "check=00000000"));
    await expect(other.locator(".notice")).toContainText("differs");
    expect(await clock(other)).toBe(300);
  });

  test("says so when this version runs the text differently", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms&check=00000000");
    await expect(page.locator(".notice")).toContainText("differs");
  });

  const bad = {
    "cut off": [`#${packed("lamplight 1\ntitle A\nrun vector-clocks nodes=3 seed=1\n").slice(0, 30)}`, "This link was cut off"],
    newer: ["#q7.AAAA", "newer Lamplight"],
    "of no scenario": ["#vector-clocks/triangel", "There is no such scenario"],
    "of no protocol": ["#nothing-such/at-all", "There is no such scenario"],
    "too large": [`#z1.${"A".repeat(40_000)}`, "too large"],
    "with an unknown parameter": ["#vector-clocks/triangle&x=1", "does not run"],
  };
  for (const [name, [link, title]] of Object.entries(bad)) {
    test(`${name}: a card says what is wrong and offers a way on`, async ({ page, open, quiet }) => {
      if (name.startsWith("of no")) {
        quiet.expect(/status 404/);
        quiet.expect(/console error: Failed to load resource/);
      }
      await open(link);
      await expect(page.getByRole("heading", { level: 2, name: new RegExp(title) })).toBeVisible();
      await accessible(page);
      const kept = await page.getByLabel("The link as it came").inputValue();
      expect(`#${kept}`).toBe(link);
      await page.getByRole("link", { name: /^Open / }).last().click();
      await expect(page.locator(".topology .node").first()).toBeVisible();
    });
  }

  test("whose scenario cannot be fetched is not said to be of none", async ({ page, open, quiet }) => {
    quiet.expect(/^request failed: .*figure8\.lamp/);
    quiet.expect(/^request failed: .*index\.json/);
    quiet.expect(/^console error: Failed to load resource/);
    const cut = /entries\/(index\.json|raft\/figure8\.lamp)$/;
    await page.route(cut, (route) => route.abort());
    await open("#raft/figure8");
    await expect(page.getByRole("heading", { level: 2, name: "The scenario could not be fetched" })).toBeVisible();
    // Once there is a connection again what there is is known, too.
    await page.unroute(cut);
    await page.evaluate(() => (location.hash = "#raft/happy"));
    await expect(page.locator(".topology .node").first()).toBeVisible();
    await expect(page.locator('.rail [aria-current="page"]').first()).toBeVisible();
  });

  test("a text with mistakes can be mended on the spot", async ({ page, open }) => {
    await open(`#${packed("lamplight 1\nrun vector-clocks nodes=3 seed=1\nat 0ms n1 tel n2\n")}`);
    await expect(page.getByRole("heading", { level: 2, name: "This scenario does not run" })).toBeVisible();
    await expect(page.locator(".faults")).toContainText("line 3");
    const field = page.getByRole("textbox", { name: "Text of the scenario" });
    await field.fill((await field.inputValue()).replace("tel ", "tell "));
    await page.getByRole("button", { name: "Run this text" }).click();
    await expect(page.locator(".topology .node").first()).toBeVisible();
  });

  test("follows the address while the page lives", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await page.evaluate(() => (location.hash = "#vector-clocks/basic"));
    await expect(page.locator('.rail [aria-current="page"]')).toHaveText("Before, after, concurrent");
  });
});

/** A page of somebody else's with frames in it: what they tell it, and how it commands them. */
const embedding = async (page, host, frames) => {
  const origin = await host({
    "/": `<!doctype html><title>A course</title><script>addEventListener("message", (e) => (globalThis.told ??= []).push(e.data))</script><div></div>`,
  });
  await page.goto(`${origin}/`);
  await page.evaluate((html) => (document.querySelector("div").innerHTML = html), frames(origin));
  await expect.poll(() => page.evaluate(() => globalThis.told?.some((m) => m.name === "ready"))).toBe(true);
  const ask = (name, data, id = name, of = 0) =>
    page.evaluate(([name, data, id, of]) => frames[of].postMessage({ ns: "lamplight", v: 1, kind: "cmd", name, id, data }, "*"), [name, data, id, of]);
  const answer = (id) => expect.poll(() => page.evaluate((id) => globalThis.told.findLast((m) => m.id === id), id));
  return { ask, answer };
};
const framed = (src) => `<iframe title="Lamplight" width="820" height="470" src="${src}"></iframe>`;

test.describe("embedded", () => {
  test("has no chrome, does not move by itself, never rewrites its address, and needs no more than scripts", async ({ page, site, host }) => {
    const origin = await host({
      "/": `<!doctype html><title>A course</title><iframe title="Lamplight" sandbox="allow-scripts" width="820" height="470" src="${site}/?embed=1#vector-clocks/triangle&amp;t=5ms"></iframe>`,
    });
    await page.goto(`${origin}/`);
    const frame = page.frameLocator("iframe");
    await expect(frame.locator(".topology .node").first()).toBeVisible();
    await expect(frame.locator(".header")).toBeHidden();
    await frame.getByRole("button", { name: "Step forward" }).click();
    await expect(frame.locator(".transport .clock")).toContainText("0.010");
    const out = frame.getByRole("link", { name: "Open in Lamplight" });
    await expect(out).toHaveAttribute("href", /#vector-clocks\/triangle&t=10ms/);
    expect(page.frames()[1].url()).toContain("t=5ms");
  });

  for (const [width, height, both] of [[340, 420, false], [390, 760, true], [640, 420, true], [820, 470, true]]) {
    test(`fills its frame, ${width} by ${height}`, async ({ page, open }) => {
      await page.setViewportSize({ width, height });
      await open("?embed=1#raft/leader-crash&t=2s");
      const box = (what) => page.locator(what).first().boundingBox();
      const [topology, caption, out] = [await box(".topology"), await box(".caption"), await box(".way-out")];
      expect(topology.width).toBeGreaterThan(Math.min(width, 600) * 0.36);
      expect(topology.height).toBeGreaterThan(200);
      expect(caption.width).toBeGreaterThan(width - 4);
      expect(out.x + out.width).toBeLessThanOrEqual(width);
      expect(await overflow(page)).toBe(0);
      if (both) {
        const diagram = await box(".spacetime");
        expect(diagram.width).toBeGreaterThan(300);
        expect(diagram.height).toBeGreaterThan(180);
      } else {
        await expect(page.locator(".lower")).toBeHidden();
      }
    });
  }

  test("answers commands of its parent, and of nobody else", async ({ page, site, host }) => {
    const { ask, answer } = await embedding(page, host, () => framed(`${site}/?embed=1#vector-clocks/triangle`));
    await ask("seek", { t: 15_000 });
    await answer("seek").toMatchObject({ kind: "res", ok: true, data: { t: 15_000, playing: false } });
    await ask("step", { by: 1 });
    await answer("step").toMatchObject({ ok: true, data: { t: 20_000 } });
    await ask("nonsense");
    await answer("nonsense").toMatchObject({ ok: false, data: { code: "unknown-command" } });
    await page.frames()[1].evaluate(() => postMessage({ ns: "lamplight", v: 1, kind: "cmd", name: "seek", id: "self", data: { t: 0 } }, "*"));
    await ask("getState");
    await answer("getState").toMatchObject({ ok: true, data: { t: 20_000 } });
    await ask("hello");
    await answer("hello").toMatchObject({ ok: true, data: { playing: false, duration: 30_000 } });
    await ask("toggle");
    await answer("toggle").toMatchObject({ ok: true, data: { playing: true } });
    await ask("pause");
    await answer("pause").toMatchObject({ ok: true, data: { playing: false } });
    await ask("play");
    await answer("play").toMatchObject({ ok: true, data: { playing: true } });
    await ask("seek", { t: -1 }, "before the beginning");
    await answer("before the beginning").toMatchObject({ ok: false, data: { code: "bad-args" } });
    await ask("step", { by: "three" }, "no number");
    await answer("no number").toMatchObject({ ok: false, data: { code: "bad-args" } });
  });

  test("answers a seek when the run stands there, however far it is", async ({ page, site, host }) => {
    const { ask, answer } = await embedding(page, host, () => framed(`${site}/?embed=1#raft/happy`));
    await ask("seek", { t: 300_000_000 });
    await answer("seek").toMatchObject({ ok: true, data: { t: 300_000_000 } });
  });

  test("plays on from where it was sent, however far that is", async ({ page, site, host }) => {
    const { ask, answer } = await embedding(page, host, () => framed(`${site}/?embed=1&amp;autoplay=1#raft/happy`));
    await ask("seek", { t: 300_000_000 });
    await answer("seek").toMatchObject({ ok: true, data: { playing: true } });
    const there = await page.evaluate(() => globalThis.told.findLast((m) => m.id === "seek").data.t);
    expect(there).toBeGreaterThanOrEqual(300_000_000);
    await ask("seek", { t: 1_000 }, "back");
    await answer("back").toMatchObject({ ok: true });
    // The far place is forgotten then.
    await ask("pause");
    await answer("pause").toMatchObject({ ok: true, data: { playing: false } });
    expect(await page.evaluate(() => globalThis.told.findLast((m) => m.id === "pause").data.t)).toBeLessThan(300_000_000);
  });

  test("is sent far where nobody sees it, and answers", async ({ page, site, host }) => {
    const below = (src) => `<p style="height: 5000px">A course</p>${framed(src)}`;
    const { ask, answer } = await embedding(page, host, () => below(`${site}/?embed=1#raft/happy`));
    await ask("seek", { t: 60_000_000 });
    await answer("seek").toMatchObject({ ok: true, data: { t: 60_000_000 } });
  });

  test("answers under the number a host gives its command", async ({ page, site, host }) => {
    const { ask, answer } = await embedding(page, host, () => framed(`${site}/?embed=1#vector-clocks/triangle`));
    await ask("seek", { t: 15_000 }, 7);
    await answer(7).toMatchObject({ kind: "res", id: 7, ok: true, data: { t: 15_000 } });
    await ask("nonsense", undefined, 8);
    await answer(8).toMatchObject({ id: 8, ok: false });
  });

  test("hears nobody but the origin it was made for", async ({ page, site, host, quiet }) => {
    // The browser says of itself that what is meant for elsewhere is not told here.
    quiet.expect(/target origin provided .*elsewhere/);
    const of = (whose) => framed(`${site}/?embed=1&amp;origin=${whose}#vector-clocks/triangle`);
    const { ask } = await embedding(page, host, (origin) => of("https://elsewhere.example") + of(origin));
    await expect(page.frameLocator("iframe >> nth=0").locator(".topology .node").first()).toBeVisible();
    await ask("seek", { t: 15_000 }, "of another", 0);
    await ask("seek", { t: 15_000 }, "of mine", 1);
    await expect.poll(() => page.evaluate(() => globalThis.told.find((m) => m.kind === "res"))).toMatchObject({ id: "of mine", ok: true });
    await expect(page.frameLocator("iframe >> nth=1").locator(".transport .clock")).toContainText("0.015");
    await expect(page.frameLocator("iframe >> nth=0").locator(".transport .clock")).toContainText("0.000");
  });
});

test.describe("the element <lamp-light>", () => {
  const course = (site, attributes) => `<!doctype html><html lang="en"><title>A course</title>
    <script type="module" src="${site}/embed.js"></script><h1>A course</h1>
    <lamp-light src="vector-clocks/triangle" ${attributes}><a href="${site}/#vector-clocks/triangle">Three messages around a triangle</a></lamp-light></html>`;

  test("keeps the figure until the run is there, obeys, and tells", async ({ page, site, host }) => {
    const origin = await host({ "/": course(site, 't="5ms" theme="dark"') });
    await page.addInitScript(() => addEventListener("lamp-ready", () => (globalThis.ready = true)));
    await page.goto(`${origin}/`);
    await expect.poll(() => page.evaluate(() => globalThis.ready)).toBe(true);
    const frame = page.frameLocator("iframe");
    await expect(frame.locator(".topology .node").first()).toBeVisible();
    await expect(frame.locator("html")).toHaveAttribute("data-theme", "dark");
    await expect(page.getByRole("link", { name: "Three messages around a triangle" })).toBeHidden();
    const state = await page.evaluate(() => document.querySelector("lamp-light").seek(15_000));
    expect(state).toMatchObject({ t: 15_000, playing: false, title: "Three messages around a triangle" });
    expect(await page.evaluate(() => document.querySelector("lamp-light").step(1))).toMatchObject({ t: 20_000 });
    await accessible(page, "lamp-light");
  });

  test("obeys a page that has no origin", async ({ page, site, host }) => {
    const origin = await host({
      "/": `<!doctype html><title>A platform</title><iframe title="A course" sandbox="allow-scripts" width="900" height="700" src="/course"></iframe>`,
      "/course": course(site, 't="5ms"'),
    });
    await page.goto(`${origin}/`);
    const inner = page.frameLocator("iframe").frameLocator("lamp-light iframe");
    await expect(inner.locator(".transport .clock")).toContainText("0.005");
    const frame = page.frames().find((f) => f.url() === `${origin}/course`);
    expect(await frame.evaluate(() => document.querySelector("lamp-light").seek(15_000))).toMatchObject({ t: 15_000 });
    expect(await frame.evaluate(() => document.querySelector("lamp-light").step(1))).toMatchObject({ t: 20_000 });
  });

  test("takes none of the host's own attributes for a parameter, and a value whole", async ({ page, site, host }) => {
    const own = 'role="figure" tabindex="0" translate="no" part="run" nonce="x" lang="en" class="wide" data-n="1" aria-label="A run"';
    const origin = await host({ "/": course(site, `${own} t="5ms" sel="n:n1&amp;bug=none"`) });
    await page.goto(`${origin}/`);
    await expect(page.locator("lamp-light iframe")).toHaveAttribute("src", /#vector-clocks\/triangle&t=5ms&sel=n%3An1%26bug%3Dnone$/);
  });

  test("taken out and put in again it is as it was at first", async ({ page, site, host }) => {
    const origin = await host({ "/": course(site, 'loading="click"') });
    await page.goto(`${origin}/`);
    const again = () => page.evaluate(() => document.body.append(document.querySelector("lamp-light")));
    const button = page.getByRole("button", { name: "Run it here" });
    await again();
    await expect(button).toHaveCount(1);
    await button.click();
    await expect(page.frameLocator("iframe").locator(".topology .node").first()).toBeVisible();
    await again();
    await expect(button).toHaveCount(1);
    await expect(page.locator("iframe")).toHaveCount(0);
    await expect(page.getByRole("link", { name: "Three messages around a triangle" })).toBeVisible();
  });

  test("taken out before all of it has come, it says nothing", async ({ page, site, host }) => {
    const asked = [];
    // What comes behind the first frames is held back for good.
    await page.route(/late\.wasm$/, (route) => asked.push(route.request().url()));
    await page.goto(await host({ "/": course(site, "") }));
    await expect(page.frameLocator("iframe").locator(".topology .node").first()).toBeVisible();
    await expect.poll(() => asked.length).toBe(2);
    const gone = page.waitForEvent("framedetached");
    await page.evaluate(() => document.querySelector("lamp-light").remove());
    await gone;
    await expect(page.getByRole("heading")).toBeVisible();
  });

  test("waits for a click where that is wished, and takes a host's strict policy", async ({ page, site, host }) => {
    const origin = await host({
      "/": course(site, 'loading="click" height="420"').replace(
        "<title>",
        `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${site}; frame-src ${site}; img-src data:"><title>`,
      ),
    });
    await page.goto(`${origin}/`);
    await expect(page.getByRole("link", { name: "Three messages around a triangle" })).toBeVisible();
    await expect(page.locator("iframe")).toHaveCount(0);
    await page.getByRole("button", { name: "Run it here" }).click();
    await expect(page.frameLocator("iframe").locator(".topology .node").first()).toBeVisible();
    expect((await page.locator("iframe").boundingBox()).height).toBe(420);
  });
});

test.describe("everywhere", () => {
  const screens = { wide: { width: 1920, height: 1080 }, desk: { width: 1440, height: 900 }, tablet: { width: 900, height: 800 }, phone: { width: 390, height: 844 }, small: { width: 360, height: 640 } };
  // Each screen in each scheme has another scenario: every sort of view is looked at, on paper and at night.
  const scenes = {
    wide: ["consistency/iriw", "pbft/primary-crash&t=600ms"],
    desk: ["consistent-hashing/join&t=120ms", "raft/figure8&t=1.5s"],
    tablet: ["ntp/falseticker&t=20s", "multi-master/conflict&t=60ms"],
    phone: ["vector-clocks/triangle&t=15ms", "consistent-hashing/join&t=120ms"],
    small: ["raft/leader-crash&t=2s", "abd/spectrum&t=200ms"],
  };
  for (const [name, viewport] of Object.entries(screens)) {
    for (const [i, colorScheme] of ["light", "dark"].entries()) {
      test(`accessible, with targets large enough: ${name}, ${colorScheme}`, async ({ page, open }) => {
        // Six panels, each looked at whole: on a slow machine they take longer than one look may.
        test.slow();
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await open(`#${scenes[name][i]}`);
        for (const title of ["Inspect", "Why", "Claims", "Scenario", "Events", "Lesson"]) {
          await tab(page, title).click();
          await expect(page.locator(".panel h2").first()).toBeVisible();
          await accessible(page);
          expect(await smallTargets(page), title).toEqual([]);
        }
        expect(await overflow(page)).toBe(0);
        const marks = await page.locator("svg.scene [data-pick][role] .hit").evaluateAll((all) =>
          all.map((e) => e.getBoundingClientRect()).filter((b) => b.width > 0 && Math.max(b.width, b.height) < 23.5).length);
        expect(marks, "marks of a drawing that are too small to hit").toBe(0);
      });
    }
  }

  test("the catalogue: every section has entries, every entry its own picture, and each opens", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    const rail = page.getByRole("navigation", { name: "Catalogue" });
    const entries = rail.locator(".entries > li:has(svg)");
    await expect.poll(() => entries.count()).toBe(15);
    const headings = await rail.getByRole("heading", { level: 2 }).allTextContents();
    const numbers = headings.map((h) => Number.parseInt(h)).filter((n) => n);
    expect(numbers, "in the subject's order").toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(headings).size).toBe(headings.length);
    const pictures = await entries.locator("svg").evaluateAll((all) => all.map((e) => e.outerHTML));
    expect(new Set(pictures).size, "no two entries look the same").toBeGreaterThanOrEqual(pictures.length - 3);
    for (const picture of pictures) expect(picture).toMatch(/<(circle|path|line|rect)/);
    const links = await entries.evaluateAll((all) => all.map((e) => e.querySelector("a").getAttribute("href")));
    for (const link of links) {
      await rail.locator(`a[href="${link}"]`).first().click();
      await expect(page.locator(".topology .node").first()).toBeVisible();
      await expect(page).toHaveURL(new RegExp(link));
      // Left before it stands: whoever chooses the next at once gets the next.
    }
    await expect(rail.locator("[aria-current=true]")).toHaveCount(1);
  });

  test("in a sub-path: scenarios, lessons and links", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms", subPath);
    await expect(page.locator(".topology .node").first()).toBeVisible();
    await tab(page, "Lesson").click();
    await expect(page.locator(".prose p").first()).toBeVisible();
    await expect(page.locator(".rail .entries .entries a").first()).toBeVisible();
  });
});

test("crash the leader by keyboard alone, find out why the next one won, read a verdict, copy the link, step back", async ({ page, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open("#raft/happy&t=600ms");
  await expect(page.locator(".topology .node.leads")).toHaveCount(1);
  const leader = await page.locator(".topology .node.leads").getAttribute("aria-label");
  const name = leader.split(",")[0];

  await until(page, "Tab", /^[nc]\d, /);
  const all = await page.locator(".topology .node").count();
  // As a reader goes: by the arrow that leads nearer to it, and where that leads nowhere by the other one.
  const way = () =>
    page.evaluate(() => {
      const middle = (e) => ((b) => [b.x + b.width / 2, b.y + b.height / 2])(e.querySelector("circle").getBoundingClientRect());
      const [x, y] = middle(document.activeElement);
      const [to, down] = middle(document.querySelector(".topology .node.leads"));
      const keys = [[to - x, to > x ? "ArrowRight" : "ArrowLeft"], [down - y, down > y ? "ArrowDown" : "ArrowUp"]];
      return keys.sort(([a], [b]) => Math.abs(b) - Math.abs(a)).map(([, key]) => key);
    });
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  for (let i = 0; i < 8 && (await focused()) !== leader; i += 1) {
    const [first, second] = await way();
    const from = await focused();
    await page.keyboard.press(first);
    if ((await focused()) === from) await page.keyboard.press(second);
  }
  expect(all).toBeGreaterThan(3);
  await expect(page.locator(".topology .node.leads")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(status(page)).toHaveText(`${leader} is selected.`);
  await page.keyboard.press("c");
  await expect(status(page)).toContainText(`Crash ${name} at`);
  await expect(page.getByRole("button", { name: new RegExp(`^${name}, crashed`) }).first()).toBeVisible();

  for (let i = 0; i < 40 && (await page.locator(".topology .node.leads").count()) === 0; i += 1) await page.keyboard.press("Shift+ArrowRight");
  const next = (await page.locator(".topology .node.leads").getAttribute("aria-label")).split(",")[0];
  expect(next).not.toBe(name);
  await expect(caption(page)).toContainText(next);

  await page.keyboard.press("Escape");
  await page.keyboard.press("2");
  await expect(tab(page, "Why")).toHaveAttribute("aria-selected", "true");
  await expect(page.locator(".panel .told")).toContainText(next);
  await expect(page.locator(".why li").first()).toBeVisible();

  await page.keyboard.press("3");
  await expect(page.getByRole("listitem").filter({ hasText: "Election Safety" })).toContainText("✓ holds");

  await page.keyboard.press("l");
  await expect(status(page)).toContainText("Link copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());

  // The arrows belong to the tabs while a tab has the focus: the button steps too.
  const before = await clock(page);
  await until(page, "Tab", /^Step back/);
  await page.keyboard.press("Enter");
  await expect.poll(() => clock(page)).toBeLessThanOrEqual(before);
  await expect(status(page)).toContainText("back to");

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.locator(".topology .node.leads")).toHaveAttribute("aria-label", new RegExp(`^${next}, `));
  expect(await clock(other)).toBe(before);
});

test("the link carries the view and the tab that were chosen, and nothing of them where none was", async ({ page, open, context, site }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copy = async () => {
    await page.getByRole("button", { name: "Copy link" }).click();
    await expect(status(page)).toContainText("Link copied");
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await open("#raft/figure8&t=3s");
  expect(await copy()).toContain(`${site}/#`);
  await page.getByRole("button", { name: "followers", exact: true }).click();
  await page.getByRole("tab", { name: "Claims", exact: true }).click();
  const link = await copy();
  expect(link).toContain("/?view=followers&tab=Claims#");
  const other = await context.newPage();
  await other.goto(link);
  await expect(other.getByRole("button", { name: "followers", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(other.getByRole("tab", { name: "Claims", exact: true })).toHaveAttribute("aria-selected", "true");
  // Of another run it says nothing.
  await other.goto(`${site}/?view=followers&tab=Claims#vector-clocks/triangle`);
  await expect(other.locator(".rail")).toHaveCount(1);
  await expect(other.getByRole("button", { name: "messages", exact: true })).toHaveAttribute("aria-pressed", "true");
});

test("lists keep what was chosen in sight: an event, a tab from its beginning, the open entry", async ({ page, open }) => {
  await open("#raft/leader-crash&t=600ms");
  const inside = (e) => e.evaluate((e) => {
    const [a, b] = [e.getBoundingClientRect(), e.closest(".panel, .rail").getBoundingClientRect()];
    return a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  });
  await expect.poll(() => inside(page.locator(".rail .entry[aria-current=page]"))).toBe(true);
  await page.getByRole("tab", { name: "Events", exact: true }).click();
  const panel = page.locator("#panel");
  await panel.evaluate((p) => p.scrollTo(0, 500));
  await page.locator(".events button").nth(8).click();
  await expect.poll(() => inside(page.locator(".events [aria-current]").first())).toBe(true);
  await panel.evaluate((p) => p.scrollTo(0, 500));
  await page.getByRole("tab", { name: "Claims", exact: true }).click();
  await expect.poll(() => panel.evaluate((p) => p.scrollTop)).toBe(0);
});

test("on a phone every tab is seen whole, and none is called as a view is", async ({ page, open }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open("#raft/happy&t=300ms");
  const tabs = page.getByRole("tablist", { name: "Inspector" }).getByRole("tab");
  await expect(tabs).toHaveText(["Views", "Inspect", "Why", "Claims", "Scenario", "Events", "Lesson"]);
  for (const box of await tabs.evaluateAll((all) => all.map((t) => t.getBoundingClientRect().right))) expect(box).toBeLessThanOrEqual(390);
});

test("at the end the now-line stands behind what was last, and nothing is veiled", async ({ page, open }) => {
  await open("#vector-clocks/vs-lamport&t=20ms");
  await expect(page.locator(".veil-at .veil")).toHaveCount(1);
  await page.keyboard.press("End");
  await expect(page.locator(".veil-at .veil")).toHaveCount(0);
  const x = (of) => of.evaluate((e) => e.getBoundingClientRect().x);
  const last = page.locator(".spacetime .front .dot").last();
  const right = await last.evaluate((e) => e.getBoundingClientRect().right);
  expect(await x(page.locator(".veil-at .now"))).toBeGreaterThan(right);
});
