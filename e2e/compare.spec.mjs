// More than one run: the table of a sweep, up to four branches beside each other, a filter that reaches all of them,
// two messages in the other order, and the verbs beside a thing in a narrow column.
import { deflateSync } from "node:zlib";
import { test, expect, accessible, overflow, smallTargets } from "./lamplight.mjs";

const status = (page) => page.getByRole("status");
const branches = (page) => page.getByRole("list", { name: "Branches of this run" });
const packed = (text) => `#z1.${deflateSync(Buffer.from(text)).toString("base64url")}`;
const scenario = async (page) => {
  await page.getByRole("tab", { name: "Scenario", exact: true }).click();
  return page.getByRole("textbox", { name: "Text of the scenario" });
};
const inside = (inner, outer) =>
  inner.x >= outer.x - 0.5 && inner.y >= outer.y - 0.5 && inner.x + inner.width <= outer.x + outer.width + 0.5 && inner.y + inner.height <= outer.y + outer.height + 0.5;

test.describe("a sweep", () => {
  const table = (page) => page.getByRole("region", { name: "The sweep" });
  const row = (page, value) => table(page).getByRole("row").filter({ has: page.getByRole("button", { name: `look at nodes=${value}`, exact: true }) });

  test.beforeEach(async ({ open, page }) => {
    await open("#raft/size-sweep&t=500ms");
    await expect(table(page).locator(".sweep-says")).toContainText("All that the text expects holds at every one of 4 values.");
  });

  test("has a row for each value, with its numbers, and says when all have run", async ({ page }) => {
    await expect(page.getByRole("button", { name: "sweep", exact: true })).toHaveAttribute("aria-pressed", "true");
    await expect(status(page)).toContainText("The sweep has run");
    const heads = await table(page).getByRole("columnheader").allTextContents();
    for (const word of ["max commit-latency", "sent AppendEntries", "messages sent", "delivered", "lost", "answered", "half answered within", "claims broken", "expectations that hold", "parts from the row above"])
      expect(heads, word).toContain(word);
    const at = (word) => heads.indexOf(word) - 1;
    const cells = async (value) => row(page, value).getByRole("cell").allTextContents();
    const sent = [];
    for (const value of [3, 5, 7, 9]) {
      const all = await cells(value);
      expect(all[at("max commit-latency")]).toBe("20 ms");
      expect(all[at("answered")]).toBe("100 %");
      expect(all[at("claims broken")]).toBe("0");
      expect(all[at("expectations that hold")]).toBe("5 of 5");
      sent.push(Number(all[at("messages sent")]));
    }
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
    expect(new Set(sent).size).toBe(4);
    // The first has none above it; the others part where a larger group does what a smaller one cannot.
    await expect(row(page, 3).getByRole("button", { name: /parts/ })).toHaveCount(0);
    await expect(row(page, 5).getByRole("button", { name: /parts/ })).toHaveCount(1);
    await accessible(page);
    expect(await smallTargets(page)).toEqual([]);
  });

  test("brings a value into view at the same moment, by mouse and by keyboard, and back by undo", async ({ page }) => {
    const nodes = page.locator(".topology").getByRole("button", { name: /^n\d/ });
    const is = async (value) => {
      await expect(nodes).toHaveCount(value);
      await expect(row(page, value)).toHaveAttribute("data-now", "true");
      await expect(row(page, value).getByRole("button").first()).toHaveAttribute("aria-pressed", "true");
      await expect(table(page).locator("[data-now]")).toHaveCount(1);
    };
    await is(5);
    const clock = await page.locator(".transport .clock").textContent();
    await row(page, 9).getByRole("cell").first().click();
    await is(9);
    await expect(page.locator(".transport .clock")).toHaveText(clock);
    await row(page, 9).getByRole("button").first().focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await expect(row(page, 5).getByRole("button").first()).toBeFocused();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await is(3);
    await expect(status(page)).toContainText("nodes=3 is in view");
    await expect(row(page, 3).getByRole("button").first()).toBeFocused();
    // All values are one branch, named after the one in view, and the table has not been run again.
    await expect(branches(page).getByRole("listitem")).toHaveCount(2);
    await expect(branches(page).getByRole("button", { name: /^nodes=3/ })).toHaveAttribute("aria-current", "true");
    await expect(table(page).locator(".sweep-says")).toContainText("every one of 4 values");
    await page.keyboard.press("Control+z");
    await is(9);
    await expect(await scenario(page)).toHaveValue(/run +raft nodes=9/);
  });

  test("goes where a value parts from the one above", async ({ page }) => {
    const parts = row(page, 7).getByRole("button", { name: /where it parts/ });
    const at = await parts.textContent();
    await parts.click();
    await expect(row(page, 7)).toHaveAttribute("data-now", "true");
    await expect(page.locator(".transport .clock")).toContainText(at);
  });

  test("draws the numbers that change, and marks the value in view", async ({ page }) => {
    const plot = table(page).getByRole("img", { name: /^messages sent: \d+ at 3, \d+ at 9; smallest \d+ at 3, largest \d+ at 9/ });
    await expect(plot.locator(".dot")).toHaveCount(4);
    await expect(table(page).getByRole("img", { name: /^max commit-latency/ })).toHaveCount(0);
    const here = () => plot.locator(".here").getAttribute("cx");
    const before = Number(await here());
    await row(page, 9).getByRole("button").first().click();
    await expect.poll(async () => Number(await here())).toBeGreaterThan(before);
  });

  test("is carried away as text", async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the table" }).click();
    await expect(status(page)).toContainText("The table is on the clipboard");
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).trim().split("\n").map((l) => l.split("\t"));
    expect(lines.map((l) => l[0])).toEqual(["nodes", "3", "5", "7", "9"]);
    expect(lines[1]).toContain("20 ms");
  });

  test("says where it first does not hold, while the rest of the page can be used", async ({ page, open }) => {
    const text = "lamplight 1\nrun raft nodes=3 clients=1 seed=3\nnet latency=10ms\nsweep nodes=3..9 by 2\nat 0ms fire n1 election\nat 400ms c1 add x 1\nexpect count sent RequestVote <= 4\nuntil 1s\n";
    await page.goto("about:blank");
    await open(packed(text));
    await expect(table(page).locator(".sweep-says")).toContainText("All that the text expects holds at 2 of 4 values; 7 is the first at which it does not.");
    await expect(row(page, 7).locator(".refused")).toHaveText("0 of 1");
    await expect(table(page).getByRole("img", { name: /^sent RequestVote/ }).locator(".dot.bad")).toHaveCount(2);
  });

  test("fits a phone, where numbers are pushed sideways and the value stays in sight", async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole("tab", { name: "Views" }).click();
    await expect(row(page, 9)).toBeVisible();
    expect(await overflow(page)).toBe(0);
    const wide = table(page).locator(".sweep-wide");
    const value = row(page, 3).getByRole("button").first();
    const x = (await value.boundingBox()).x;
    await wide.evaluate((e) => e.scrollTo(200, 0));
    expect((await value.boundingBox()).x).toBeCloseTo(x, 0);
    await accessible(page);
    expect(await smallTargets(page)).toEqual([]);
  });
});

test("a sweep shows the closed form beside what was measured", async ({ page, open }) => {
  await open("#consistent-hashing/tokens-sweep&t=50ms");
  const table = page.getByRole("region", { name: "The sweep" });
  await expect(table.locator(".sweep-says")).toContainText("every one of 9 values", { timeout: 30_000 });
  await expect(table.getByRole("columnheader", { name: "expected" })).toHaveCount(1);
  await expect(table.locator("figcaption", { hasText: "variation" })).toContainText("dashed: expected");
  await expect(table.getByRole("img", { name: /^imbalance: 313.1 % at 1, / })).toBeVisible();
});

test.describe("branches beside each other", () => {
  const compare = (page, name) => branches(page).getByRole("button", { name: `compare with ${name}`, exact: true });

  test.beforeEach(async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await page.locator(".topology").getByRole("button", { name: /^A/ }).click();
    await page.keyboard.press("c");
    for (const name of ["B", "C"]) {
      await branches(page).getByRole("button", { name: /^as it came/ }).click();
      await page.locator(".topology").getByRole("button", { name: new RegExp(`^${name}`) }).click();
      await page.keyboard.press("c");
    }
    await expect(branches(page).getByRole("listitem")).toHaveCount(4);
    for (const name of [/^as it came$/, /^crash A at/, /^crash B at/]) {
      const label = await branches(page).getByRole("button", { name: new RegExp(`compare with ${name.source.replace(/[$^]/g, "")}`) }).getAttribute("aria-label");
      await compare(page, label.replace("compare with ", "")).click();
    }
    await expect(page.locator(".one-run")).toHaveCount(4);
  });

  test("up to four, each with its counters and the place where it parts", async ({ page }) => {
    await expect(page.locator(".one-run header .parts")).toHaveText([/0\.005/, /0\.005/, /0\.005/]);
    await page.getByRole("button", { name: "compared", exact: true }).click();
    await expect(page.locator(".partings > li")).toHaveCount(3);
    await expect(page.locator(".partings > li").first()).toContainText(/^crash C .* and as it came part at 0\.005/);
    await page.getByRole("button", { name: "To the end" }).click();
    // When all have ended: where B never hears of it nothing else is sent, everywhere else one message finds nobody.
    await expect(page.locator(".comparison tr", { hasText: /^lost/ }).locator("td")).toHaveText(["1", "0", "1", "1"]);
    await page.getByRole("button", { name: "messages", exact: true }).click();
    await expect(page.locator(".diagram")).toHaveCount(4);
    await expect(page.locator(".diagram .parting")).toHaveCount(4);
    await accessible(page);
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });

  test("a fifth is refused with the reason; one is put away, and one is brought into view", async ({ page }) => {
    const held = branches(page).locator("button[aria-pressed='true']");
    await expect(held).toHaveCount(3);
    // One that is held is brought into view: the one that was stands in its place.
    await page.locator(".one-run").nth(1).getByRole("button", { name: "as it came" }).click();
    await expect(page.locator(".one-run[data-now] header button").first()).toHaveText("as it came");
    await expect(page.locator(".one-run").nth(1).locator("header button").first()).toHaveText(/^crash C/);
    await page.locator(".one-run[data-now]").getByRole("button", { name: /^A/ }).first().focus();
    await page.keyboard.press("Enter");
    // So small a picture has no room for the verbs beside the node: they stand in the panel.
    await page.locator(".panel").getByRole("button", { name: "pause A" }).click();
    await expect(branches(page).getByRole("listitem")).toHaveCount(5);
    const fifth = branches(page).locator("button[aria-pressed='false']").first();
    await fifth.click();
    await expect(status(page)).toContainText("put one of them away first");
    await expect(page.locator(".one-run")).toHaveCount(4);
    await held.first().click();
    await expect(page.locator(".one-run")).toHaveCount(3);
    await fifth.click();
    await expect(page.locator(".one-run")).toHaveCount(4);
  });

  test("an edit that brings more runs puts away those for which there is no room", async ({ page }) => {
    const field = await scenario(page);
    const text = await field.inputValue();
    await field.fill(text.replace(/^(run .*)$/m, "$1\nbeside vector-clocks as other nodes=3 count=both"));
    await page.keyboard.press("Control+Enter");
    await expect(page.locator(".notice")).toContainText("No more than 4 runs stand beside each other");
    await expect(page.locator(".one-run")).toHaveCount(4);
    await page.getByRole("button", { name: "Undo" }).first().click();
    await expect(page.locator(".one-run")).toHaveCount(3);
  });

  test("a filter hides the same in all of them", async ({ page }) => {
    const nodes = page.locator(".one-run").getByRole("button", { name: /^B(,|$)/ });
    const all = () => page.locator(".one-run .topology .node").evaluateAll((l) => l.length);
    const before = await all();
    expect(before).toBe(12);
    await page.getByRole("tab", { name: "Events", exact: true }).click();
    await page.locator("details.show summary").click();
    await page.locator("details.show").getByRole("checkbox", { name: "B", exact: true }).click();
    await expect.poll(all).toBe(8);
    await page.getByRole("button", { name: "messages", exact: true }).click();
    await expect(page.locator(".diagram .lane-name")).toHaveCount(8);
    // And one that is held later comes sifted.
    await branches(page).locator("button[aria-pressed='true']").first().click();
    await expect(page.locator(".one-run")).toHaveCount(3);
    await branches(page).locator("button[aria-pressed='false']").first().click();
    await expect.poll(all).toBe(8);
    await page.getByRole("button", { name: "Show all" }).click();
    await expect.poll(all).toBe(before);
    expect(await nodes.count()).toBe(4);
  });

  test("fit a phone", async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await overflow(page)).toBe(0);
    await accessible(page);
  });
});

test("a branch of several runs is held against the run in view, whichever that is", async ({ page, open }) => {
  await open(
    packed(
      "lamplight 1\nrun vector-clocks as sends nodes=3 count=sends seed=1\nbeside vector-clocks as both nodes=3 count=both\nnet latency=10ms\nat 0ms n1 tell n2\nin both at 5ms n2 tell n3\nuntil 60ms\n",
    ) + "&t=15ms",
  );
  const run = (name) => page.getByRole("region", { name, exact: true });
  await page.locator(".one-run").first().getByRole("button", { name: /^n3/ }).first().click();
  await page.keyboard.press("c");
  const compare = branches(page).getByRole("button", { name: /^compare with as it came/ });
  await compare.click();
  await expect(run("as it came, sends")).toBeVisible();
  await run("both").getByRole("button", { name: "both", exact: true }).click();
  await expect(run("as it came, both")).toBeVisible();
  await expect(run("as it came, sends")).toHaveCount(0);
  // It parts from its own kind where C was crashed, and not where the two of the text part.
  await expect(run("as it came, both").locator(".parts")).toContainText("0.015");
  await page.getByRole("button", { name: "compared", exact: true }).click();
  await expect(page.locator(".partings > li").nth(1)).toContainText(/both and as it came, both part at 0\.015/);
  // Brought into view it is the run of the same kind.
  await run("as it came, both").getByRole("button", { name: "as it came, both", exact: true }).click();
  await expect(page.locator(".one-run[data-now] header button").first()).toHaveText("both");
});

test("where the runs of the text take all the room, no branch is offered beside them", async ({ page, open }) => {
  await open("#abd/spectrum&t=10ms");
  await expect(page.locator(".one-run")).toHaveCount(4);
  await page.locator(".one-run[data-now] .topology .node").first().focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("c");
  await expect(branches(page).getByRole("listitem")).toHaveCount(2);
  await expect(branches(page).getByRole("button", { name: /^compare with/ })).toHaveCount(0);
});

test.describe("reorder", () => {
  const two = "lamplight 1\nrun vector-clocks nodes=3 seed=1\nnet latency=10ms\nat 0ms n1 tell n2\nat 3ms n1 tell n2\nuntil quiet by 1s\n";
  const arrivals = async (page) => {
    await page.getByRole("tab", { name: "Events", exact: true }).click();
    const all = await page.locator(".events li").allTextContents();
    return all.filter((t) => /n2 receives Note/.test(t));
  };

  test("one message of a link comes behind the next, by one press, and undo puts them back", async ({ page, open }) => {
    await open(`${packed(two)}&t=5ms`);
    await page.getByRole("button", { name: "Break something" }).click();
    const dialog = page.getByRole("dialog", { name: "Break something" });
    await dialog.getByRole("button", { name: "Message", exact: true }).click();
    await expect(dialog.getByRole("button", { name: /^reorder before another: Note from n1 to n2, not now/ })).toHaveAttribute("aria-disabled", "true");
    await dialog.getByRole("button", { name: /^reorder behind Note #2: Note from n1 to n2/ }).click();
    await expect(status(page)).toContainText("These are two lines of the scenario now");
    await expect(page.getByRole("group", { name: "Marks of the scenario" }).getByRole("button", { name: /hold Note/ })).toBeVisible();
    const field = await scenario(page);
    await expect(field).toHaveValue(/at 5ms +hold Note n1 -> n2 #1\nthen when delivered Note n1 -> n2 #2 +release Note n1 -> n2 #1/);
    await page.getByRole("button", { name: "To the end" }).click();
    // Both come in one instant, the second one first.
    const came = await arrivals(page);
    expect(came).toHaveLength(2);
    for (const one of came) expect(one).toContain("0.013");
    await page.getByRole("button", { name: "Undo" }).first().click();
    await expect(await scenario(page)).not.toHaveValue(/hold/);
  });

  test("a message overtakes the one before it", async ({ page, open }) => {
    await open(`${packed(two)}&t=5ms`);
    await page.getByRole("button", { name: "Break something" }).click();
    const dialog = page.getByRole("dialog", { name: "Break something" });
    await dialog.getByRole("button", { name: "Message", exact: true }).click();
    await dialog.getByRole("combobox", { name: "Message" }).selectOption({ label: "Note from n1 to n2 #2" });
    await dialog.getByRole("button", { name: /^reorder before Note #1: Note from n1 to n2/ }).click();
    await expect(await scenario(page)).toHaveValue(/hold Note n1 -> n2 #1\nthen when delivered Note n1 -> n2 #2/);
    await page.getByRole("button", { name: "To the end" }).click();
    const came = await arrivals(page);
    expect(came).toHaveLength(2);
    for (const one of came) expect(one).toContain("0.013");
  });
});

test.describe("the verbs beside a thing", () => {
  const whole = async (page, column) => {
    const pop = column.locator(".pop");
    await expect(pop).toBeVisible();
    const [box, room] = [await pop.boundingBox(), await column.locator(".topology").boundingBox()];
    expect(inside(box, room), `${JSON.stringify(box)} in ${JSON.stringify(room)}`).toBe(true);
    for (const b of await pop.getByRole("button").all()) expect(inside(await b.boundingBox(), room)).toBe(true);
  };

  for (const width of [1440, 1000, 390])
    test(`stay inside a column on a page of ${width}`, async ({ page, open }) => {
      await page.setViewportSize({ width, height: 844 });
      await open("#raft/rejoin-beside&t=2s");
      const column = page.locator(".one-run").first();
      for (const name of [/^n1/, /^n2/, /^n3/, /^n4/, /^n5/]) {
        await column.getByRole("button", { name }).first().focus();
        await page.keyboard.press("Enter");
        await expect(column.locator(".pop button").first()).toHaveAttribute("aria-label", new RegExp(`${name.source.slice(1)}$`));
        await whole(page, column);
      }
      expect(await overflow(page)).toBe(0);
      expect(await smallTargets(page)).toEqual([]);
    });
});

test("what runs side by side hold and measure stands beside one another, and what is pressed brings its run into view", async ({ open, page }) => {
  await open("#consistent-hashing/tokens-beside&t=300ms");
  const views = page.getByRole("group", { name: "Views" });
  await expect(views.getByRole("button", { name: "ring", exact: true })).toHaveAttribute("aria-pressed", "true");
  const ring = (name) => page.getByLabel(`What the nodes hold: ring, ${name}`, { exact: true });
  const [one, many] = [await ring("one").boundingBox(), await ring("many").boundingBox()];
  expect(Math.abs(one.y - many.y)).toBeLessThan(2);
  expect(one.x + one.width).toBeLessThanOrEqual(many.x);
  // n2 left both: its one arc to n5, its 160 to everybody.
  await expect(ring("one").getByRole("button", { name: /^n5, 41\.4 %/ })).toHaveCount(1);
  await expect(ring("many").getByRole("button", { name: /^n5, 21\.1 %/ })).toHaveCount(1);
  await ring("many").getByRole("button", { name: /^n5,/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".diagram[data-now] .of")).toHaveText("many");
  await expect(page.getByRole("button", { name: "many", exact: true })).toHaveAttribute("aria-pressed", "true");
  await accessible(page);
  await views.getByRole("button", { name: "measures", exact: true }).click();
  for (const name of ["one", "many"]) await expect(page.getByLabel(`What the run measures, over its time: ${name}`, { exact: true })).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await overflow(page)).toBe(0);
});

test("a history that no model of reads and writes can judge has no model", async ({ page, open }) => {
  await open("#multi-master/cart-union-resurrect&t=6s");
  await page.getByRole("button", { name: "compared", exact: true }).click();
  const row = page.getByRole("row", { name: /^the whole history is/ });
  await expect(row.getByRole("cell")).toHaveText(["–", "–"]);
});

test("an exhibit of which nothing is there yet says what stands there", async ({ page, open }) => {
  await open("#raft/snapshot-lag&t=0ms");
  await page.getByRole("button", { name: "log", exact: true }).click();
  await expect(page.locator(".nothing")).toContainText("Nothing stands under “log” at this moment");
  await page.keyboard.press("End");
  await expect(page.locator(".nothing")).toHaveCount(0);
});
