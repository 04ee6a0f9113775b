// Why did this happen: a chain from a cause, two events compared, a cut, and less to look at without anything untrue.
import { test, expect, accessible, overflow, smallTargets } from "./lamplight.mjs";

const status = (page) => page.getByRole("status");
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const panel = (page) => page.locator(".panel");
const row = (page, name) => page.locator(".events").getByRole("button", { name });
const links = (page) => panel(page).locator(".why li");
const slider = (page, name) => page.getByRole("slider", { name: `Cut on ${name}` });
const verdict = (page) => panel(page).locator(".cut-verdict");
const twice = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Select an event out of the list, quiet ones included. */
const visit = async (page, name, which = (rows) => rows.first()) => {
  await tab(page, "Events").click();
  await page.getByRole("checkbox", { name: /^timers, writes/ }).check();
  await which(row(page, name)).click();
};

test.describe("why did this happen", () => {
  test.beforeEach(async ({ open }) => {
    await open("#vector-clocks/triangle&t=30ms");
  });

  test("a chain of sentences, each a way to its event, stays while one walks along it", async ({ page }) => {
    await visit(page, /C receives Note from B/);
    await tab(page, "Why").click();
    await expect(panel(page).locator(".told")).toHaveText("C receives Note from B");
    await expect(links(page).last()).toContainText("C receives Note from B, 10 ms after it was sent");
    await expect(page.locator(".spacetime path.chain")).toHaveCount(1);
    const many = await links(page).count();
    expect(many).toBeGreaterThan(1);
    await links(page).first().getByRole("button").click();
    await expect(links(page)).toHaveCount(many);
    await expect(links(page).first()).toHaveAttribute("aria-current", "true");
    await expect(panel(page).locator(".told")).toHaveText("C receives Note from B");
    await page.getByRole("button", { name: "Explain the one in view" }).click();
    await expect(panel(page).locator(".told")).not.toHaveText("C receives Note from B");
  });

  test("a cause is chosen by key, and the two clocks are compared entry by entry", async ({ page }) => {
    await visit(page, /A sends Note to B/);
    await page.keyboard.press("w");
    await expect(status(page)).toContainText("Chosen as the cause: A sends Note to B");
    await expect(tab(page, "Why")).toHaveAttribute("aria-selected", "true");
    await visit(page, /C receives Note from B/);
    await tab(page, "Why").click();
    await expect(panel(page).locator(".relation")).toContainText(/^Before. A at 0 ms comes before C at 20 ms/);
    await expect(panel(page).locator(".clocks tbody tr")).toHaveCount(3);
    await expect(panel(page).locator(".clocks .proof")).toHaveCount(1);
    await expect(panel(page).locator(".clocks .proof")).toContainText(/^A\d<\d+decides|^A\d=\ddecides/);
    await expect(links(page).first()).toContainText("A sends Note to B");
    await expect(page.locator(".spacetime .chain-mark")).not.toHaveCount(0);
    await accessible(page);

    // Turned round it comes after, and the chain is the same.
    await page.getByRole("button", { name: "Set as cause" }).click();
    await visit(page, /A sends Note to B/);
    await tab(page, "Why").click();
    await expect(panel(page).locator(".relation")).toContainText(/^After/);
    await expect(links(page).last()).toContainText("C receives Note from B");

    // Neither knows of the other.
    await visit(page, /C starts/);
    await page.keyboard.press("w");
    await visit(page, /B receives Note from A/);
    await tab(page, "Why").click();
    await expect(panel(page).locator(".relation")).toContainText(/^Concurrent/);
    await expect(links(page)).toHaveCount(0);
    await expect(page.locator(".spacetime path.chain")).toHaveCount(0);
    await page.getByRole("button", { name: "Forget the cause" }).click();
    await expect(panel(page).locator(".relation")).toHaveCount(0);
  });

  test("Shift and a click, or Shift and Enter, on a mark of the diagram choose the cause", async ({ page }) => {
    await visit(page, /C receives Note from B/);
    const mark = page.locator(".spacetime .front .mark").first();
    const name = await mark.getAttribute("aria-label");
    await mark.click({ modifiers: ["Shift"] });
    await expect(panel(page).locator(".relation")).toContainText(/^Before/);
    await expect(panel(page).locator(".told")).toHaveText("C receives Note from B");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await expect(panel(page).locator(".two")).toHaveCount(0);
    await mark.focus();
    await page.keyboard.press("Shift+Enter");
    await expect(panel(page).locator(".two")).toContainText(name.split(", ").slice(1).join(", ").split(":")[0]);
  });

  test("past, future and what is concurrent are marked in every view", async ({ page }) => {
    await visit(page, /B receives Note from A/);
    await expect(page.locator(".topology .kin.itself, .topology .kin.future")).not.toHaveCount(0);
    await expect(page.locator(".spacetime .cone.past")).toHaveCount(1);
    await expect(page.locator(".spacetime .cone.future")).toHaveCount(1);
    await expect(row(page, /A sends Note to B.*before the selected event/).first()).toBeVisible();
    await expect(row(page, /C receives Note from B.*after the selected event/).first()).toBeVisible();
    await expect(row(page, /C starts.*concurrent with the selected event/).first()).toBeVisible();
    await tab(page, "Why").click();
    await expect(panel(page).locator(".kin-words")).toContainText("the selected event");
    await page.keyboard.press("Escape");
    await expect(page.locator(".topology .kin")).toHaveCount(0);
  });
});

test.describe("how marks below the caption stand to the selected event", () => {
  const below = (page, name) => page.getByRole("group", { name: "Views" }).getByRole("button", { name, exact: true });

  test("a bar by its call and its return, and one that spans both by its parts", async ({ page, open }) => {
    await open("#cap-register/partition-cp&t=2s");
    await below(page, "operations").click();
    const bars = page.locator(".handled .op");
    await expect(bars).not.toHaveCount(0);
    await expect(page.locator(".kin-shade")).toHaveCount(0);
    await visit(page, /n1 receives \w+ from c1/, (rows) => rows.last());
    const before = page.locator(".handled").getByRole("button", { name: /, before the selected event$/ });
    const after = page.locator(".handled").getByRole("button", { name: /, after the selected event$/ });
    await expect(before.first()).toBeVisible();
    await expect(after.first()).toBeVisible();
    await expect(before.first().locator(".kin-shade.past")).toHaveCount(1);
    await expect(before.first().locator(".kin-shade.future")).toHaveCount(0);
    await expect(after.first().locator(".kin-shade.future")).toHaveCount(1);
    const spans = page.locator(".handled").getByRole("button", { name: /, begins before the selected event, ends after the selected event$/ });
    await expect(spans.first().locator(".kin-shade.past")).toHaveCount(1);
    await expect(spans.first().locator(".kin-shade.future")).toHaveCount(1);
    await accessible(page);
    // An operation is no event before or after itself, and a node is no event at all.
    await after.first().click();
    await expect(page.locator(".handled .op.selected .kin-shade")).toHaveCount(0);
    await page.keyboard.press("Escape");
    await expect(page.locator(".kin-shade")).toHaveCount(0);
    await expect(before).toHaveCount(0);
  });

  test("a row of what nodes hold by the last thing its node has done", async ({ page, open }) => {
    await open("#raft/leader-crash&t=900ms");
    await below(page, "log").click();
    const rows = page.locator(".exhibits .log");
    const named = (says) => page.locator(".exhibits").getByRole("button", { name: new RegExp(`committed up to \\d+, ${says}$`) });
    await expect(rows).not.toHaveCount(0);
    await expect(page.locator(".kin-shade")).toHaveCount(0);
    await visit(page, /n3 receives/);
    await expect(named("the selected step")).toHaveCount(1);
    await expect(named("before the selected event").first().locator(".kin-shade.past")).toHaveCount(1);
    await expect(named("concurrent with the selected event").first().locator(".kin-shade.concurrent")).toHaveCount(1);
    await expect(page.locator(".exhibits .kin-shade.future")).toHaveCount(0);
    // The playhead goes on: what follows of it is after it.
    await page.getByRole("button", { name: "To the end" }).click();
    await expect(named("after the selected event").first().locator(".kin-shade.future")).toHaveCount(1);
    await expect(named("before the selected event")).toHaveCount(0);
    await accessible(page);
    await page.keyboard.press("Escape");
    await expect(page.locator(".kin-shade")).toHaveCount(0);
  });

  const line = (page, name) => page.locator(".exhibits").getByRole("button", { name });

  test("readings of a meter by the cones, and no clock that nobody reads", async ({ page, open }) => {
    await open("#ntp/asymmetric&t=5s");
    await below(page, "measures").click();
    await expect(line(page, /^c1, estimate-error$/)).toBeVisible();
    await visit(page, /c1 receives Response/, (rows) => rows.nth(2));
    await expect(line(page, /^c1, estimate-error, readings: \d+ before the selected event, \d+ after it, of \d+$/)).toBeVisible();
    await expect(page.locator(".exhibits .kin-track.past")).not.toHaveCount(0);
    await expect(page.locator(".exhibits .kin-track.future")).not.toHaveCount(0);
    await expect(line(page, /clock-error$/)).toHaveCount(2);
    await page.keyboard.press("Escape");
    await expect(page.locator(".exhibits .kin-track")).toHaveCount(0);
  });

  test("the lives of clients by the cones", async ({ page, open }) => {
    await open("#cap-register/partition-cp&t=2s");
    await below(page, "measures").click();
    await visit(page, /n1 receives \w+ from c1/, (rows) => rows.last());
    await expect(line(page, /^c1: \d+ of \d+ answered, .*selected event/)).toBeVisible();
    await expect(page.locator(".exhibits .kin-shade.past")).not.toHaveCount(0);
    await expect(page.locator(".exhibits .kin-shade.future")).not.toHaveCount(0);
    await accessible(page);
  });

  test("the links of a chain by where the reader stands on it", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=30ms");
    await visit(page, /C receives Note from B/);
    await tab(page, "Why").click();
    await expect(panel(page).locator('.why [data-kin="past"]')).not.toHaveCount(0);
    await expect(panel(page).locator('.why [data-kin="future"]')).toHaveCount(0);
    await links(page).first().getByRole("button").click();
    await expect(links(page).last()).toHaveAttribute("data-kin", "future");
    await expect(links(page).last()).toContainText("after the selected event");
    await expect(panel(page).locator(".kin-words [data-kin]")).not.toHaveCount(0);
    await accessible(page);
  });
});

test("a message on its way says how it stands to what is selected", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=15ms");
  await visit(page, /B receives Note from A/);
  await page.getByRole("slider", { name: "Time" }).fill("15000");
  await expect(page.locator(".flight.kin-future")).toHaveCount(1);
  await expect(page.locator(".topology").getByRole("button", { name: /Note from B to C, on its way, after the selected event/ })).toBeVisible();
});

test.describe("a cut", () => {
  test.beforeEach(async ({ open }) => {
    await open("#vector-clocks/triangle&t=15ms");
  });

  test("is consistent at a moment; by keyboard it becomes what nobody could have seen, and is mended", async ({ page }) => {
    await page.getByRole("button", { name: "Cut", exact: true }).click();
    await expect(verdict(page)).toHaveText("Consistent: one message in the channels.");
    await expect(status(page)).toContainText("The cut is consistent.");
    await expect(page.locator(".cut-channel")).toHaveCount(1);
    await expect(page.getByRole("slider", { name: /^Cut on/ })).toHaveCount(3);
    await slider(page, "A").focus();
    const before = Number(await slider(page, "A").getAttribute("aria-valuenow"));
    await page.keyboard.press("ArrowLeft");
    await expect.poll(async () => Number(await slider(page, "A").getAttribute("aria-valuenow"))).toBeLessThan(before);
    await page.keyboard.press("Home");
    await expect(slider(page, "A")).toHaveAttribute("aria-valuetext", "nothing of A inside");
    await expect(slider(page, "A")).toBeFocused();
    await expect(verdict(page)).toContainText("Not consistent");
    await expect(status(page)).toContainText("B has received Note from A (at 10 ms), and A has not sent it");
    await expect(page.locator(".asked")).toContainText("B has received Note from A");
    await expect(page.locator(".cut-line.broken")).toHaveCount(1);
    await expect(page.locator(".cut-break")).toHaveCount(1);
    await accessible(page);
    expect(await smallTargets(page)).toEqual([]);
    await panel(page).locator(".breaks").getByRole("button").click();
    await expect(page.locator(".spacetime .chosen")).toHaveCount(1);
    await page.getByRole("button", { name: "Shrink it until it is consistent" }).click();
    await expect(verdict(page)).toContainText("Consistent");
    await expect(page.locator(".cut-line.broken")).toHaveCount(0);
  });

  test("is dragged by its handles", async ({ page }) => {
    await page.keyboard.press("x");
    const handle = slider(page, "A");
    await expect(handle).toBeVisible();
    const box = await handle.boundingBox();
    const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const lane = await page.locator(".spacetime .lane-name").first().boundingBox();
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x - 40, from.y, { steps: 4 });
    await page.mouse.move(lane.x + lane.width - 30, from.y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await handle.boundingBox()).x).toBeLessThan(from.x - 60);
    // Its node is not chosen by that, and the diagram has not moved.
    await expect(page.locator(".lane-name.selected")).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Follow the playhead" })).toHaveAttribute("aria-pressed", "true");
    await page.keyboard.press("x");
    await expect(handle).toHaveCount(0);
    await expect(status(page)).toContainText("The cut is taken away.");
  });

  test("behind the past of an event is consistent", async ({ page }) => {
    await visit(page, /B receives Note from A/);
    await page.keyboard.press("x");
    await page.getByRole("button", { name: "Cut behind the past of the event" }).click();
    await expect(verdict(page)).toContainText("Consistent");
    await expect(slider(page, "C")).toHaveAttribute("aria-valuetext", "nothing of C inside");
  });
});

test.describe("less to look at", () => {
  test("nodes and heartbeats are hidden, causality stays, and an edit does not bring them back", async ({ page, open }) => {
    await open("#raft/leader-crash&t=900ms");
    await tab(page, "Events").click();
    await page.getByText("Show", { exact: true }).click();
    const box = (name) => panel(page).getByRole("checkbox", { name, exact: true });
    await box("heartbeats").uncheck();
    await expect(page.locator(".asked")).toContainText("heartbeats hidden");
    await expect(status(page)).toContainText("Heartbeats hidden");
    const nodes = await page.locator(".topology .node").count();
    await box("n1").uncheck();
    await box("n2").uncheck();
    await expect(page.locator(".asked")).toContainText("2 nodes, heartbeats hidden");
    await expect(page.locator(".topology .node")).toHaveCount(nodes - 2);
    await expect(page.locator(".spacetime .lane-name")).toHaveCount(nodes - 2);
    await expect(page.locator(".topology .timer")).not.toHaveCount(0);
    await expect(page.locator(".spacetime .thread")).not.toHaveCount(0);
    await box("Collapse local events").check();
    await expect(page.locator(".asked")).toContainText("local events collapsed");
    await accessible(page);

    // An edit makes another run of the text; the filter is the reader's.
    await page.locator(".topology").getByRole("button", { name: /^n5/ }).click();
    await page.keyboard.press("c");
    await expect(page.locator(".notice")).toContainText("Crash n5");
    await expect(page.locator(".topology .node")).toHaveCount(nodes - 2);
    await page.keyboard.press("Control+z");
    await expect(page.locator(".topology .node")).toHaveCount(nodes - 2);
    await page.locator(".asked").getByRole("button", { name: "Show all" }).click();
    await expect(page.locator(".asked")).toHaveCount(0);
    await expect(page.locator(".topology .node")).toHaveCount(nodes);
    await expect(page.locator(".spacetime .lane-name")).toHaveCount(nodes);
  });

  test("another scenario begins with everything shown", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=30ms");
    await tab(page, "Events").click();
    await page.getByText("Show", { exact: true }).click();
    await panel(page).getByRole("checkbox", { name: "B", exact: true }).uncheck();
    await expect(page.locator(".asked")).toContainText("B hidden");
    await panel(page).getByRole("checkbox", { name: "Collapse local events" }).check();
    await expect(page.locator(".asked")).toContainText("B hidden, local events collapsed");
    await expect(page.locator(".spacetime .folded")).not.toHaveCount(0);
    await page.evaluate(() => (location.hash = "#raft/leader-crash&t=300ms"));
    await expect(page.locator(".topology").getByRole("button", { name: /^n4/ })).toBeVisible();
    await expect(page.locator(".asked")).toHaveCount(0);
  });
});

test.describe("finding events", () => {
  test("by node and kind, by field, by text; Enter goes from one to the next", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=30ms");
    await page.keyboard.press("/");
    await expect(page.locator("#find")).toBeFocused();
    await page.keyboard.type("B Note");
    await expect(page.locator("#found")).toHaveText(/^\d events\.$/);
    const many = await page.locator(".events li").count();
    expect(many).toBeGreaterThan(1);
    await expect(status(page)).toContainText(`${many} events.`);
    await page.keyboard.press("Enter");
    await expect(status(page)).toContainText(`1 of ${many}: B receives Note from A`);
    await expect(page).toHaveURL(/sel=e:/);
    await page.keyboard.press("Enter");
    await expect(status(page)).toContainText(`2 of ${many}`);
    await page.keyboard.press("Shift+Enter");
    await expect(status(page)).toContainText(`1 of ${many}`);
    await expect(page.locator("#find")).toBeFocused();

    await page.locator("#find").fill("v=1,1,0");
    await expect(row(page, /Note/).first()).toBeVisible();
    await page.locator("#find").fill("colour=red");
    await expect(page.locator("#found")).toContainText("Nothing here has a field “colour”");
    await expect(page.locator("#find")).toHaveAttribute("aria-invalid", "true");
    await page.locator("#find").fill("zebra");
    await expect(page.locator("#found")).toContainText("No event found");
    await accessible(page);
    await page.keyboard.press("Escape");
    await expect(page.locator("#find")).toHaveValue("");
    await expect(page.locator(".events li")).not.toHaveCount(0);
    await page.keyboard.press("Escape");
    await expect(tab(page, "Events")).toBeFocused();
  });
});

for (const [name, [width, height], colorScheme] of [
  ["a desk, light", [1440, 900], "light"],
  ["a desk, dark", [1440, 900], "dark"],
  ["a small phone, dark", [360, 740], "dark"],
]) {
  test(`questions are accessible and fit: ${name}`, async ({ page, open }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await open("#raft/leader-crash&t=900ms");
    await page.keyboard.press("x");
    await visit(page, /n3 receives/);
    await twice(page);
    await accessible(page);
    expect(await overflow(page)).toBe(0);
    await tab(page, "Why").click();
    await page.keyboard.press("w");
    await accessible(page);
    expect(await overflow(page)).toBe(0);
    if (width < 600) await tab(page, "Views").click();
    await expect(page.getByRole("slider", { name: /^Cut on/ }).first()).toBeVisible();
    await accessible(page);
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
}

test("the keys stand under ?", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=15ms");
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  for (const says of ["find events", "ask from here", "lay a cut"]) await expect(dialog).toContainText(says);
});

test("a reload keeps the cut that was laid and the cause that was chosen", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=50ms");
  await page.getByRole("button", { name: "Cut", exact: true }).click();
  await expect(page.locator(".cut-grip")).toHaveCount(3);
  await page.locator(".cut-grip").first().focus();
  await page.keyboard.press("ArrowLeft");
  const grip = await page.locator(".cut-grip").first().getAttribute("aria-label");
  await page.reload();
  await expect(page.locator(".cut-grip")).toHaveCount(3);
  await expect(page.locator(".cut-grip").first()).toHaveAttribute("aria-label", grip);
});
