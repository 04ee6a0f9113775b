// Breaking a run by hand: every fault is a line of the scenario, by mouse and by keyboard, and what cannot be done says why.
import { test, expect, accessible, smallTargets, overflow } from "./lamplight.mjs";

const status = (page) => page.getByRole("status");
const node = (page, name) => page.locator(".topology").getByRole("button", { name });
const mark = (page, name) => page.getByRole("group", { name: "Marks of the scenario" }).getByRole("button", { name });
const text = async (page) => {
  await page.getByRole("tab", { name: "Scenario", exact: true }).click();
  return page.getByRole("textbox", { name: "Text of the scenario" });
};
const breaking = async (page, kind) => {
  await page.getByRole("button", { name: "Break something" }).click();
  const dialog = page.getByRole("dialog", { name: "Break something" });
  if (kind) await dialog.getByRole("button", { name: kind, exact: true }).click();
  return dialog;
};

test.describe("where the thing is", () => {
  test.beforeEach(async ({ open }) => {
    await open("#vector-clocks/triangle&t=5ms");
  });

  test("a node: crash, then restart; pause, then resume", async ({ page }) => {
    await node(page, /^C/).click();
    const pop = page.locator(".pop");
    await pop.getByRole("button", { name: "pause C" }).click();
    await expect(node(page, /^C, .*paused/)).toBeVisible();
    await pop.getByRole("button", { name: "resume C" }).click();
    await pop.getByRole("button", { name: "crash C" }).click();
    await pop.getByRole("button", { name: "restart C with an empty disk" }).click();
    await expect(await text(page)).toHaveValue(/pause n3[^]*resume n3[^]*crash n3[^]*restart n3 amnesia/);
  });

  test("more … opens the dialog on that node", async ({ page }) => {
    await node(page, /^B/).click();
    await page.locator(".pop").getByRole("button", { name: "more …" }).click();
    const dialog = page.getByRole("dialog", { name: "Break something" });
    await expect(dialog.getByRole("combobox", { name: "Node" })).toHaveValue("1");
    await accessible(page, "dialog");
    await dialog.getByRole("button", { name: "isolate B" }).click();
    await expect(await text(page)).toHaveValue(/isolate n2/);
  });

  test("undone and done again by buttons", async ({ page }) => {
    const redo = page.getByRole("button", { name: "Redo" });
    await expect(redo).toBeDisabled();
    await node(page, /^C/).click();
    await page.keyboard.press("c");
    await page.getByRole("button", { name: "Undo" }).first().click();
    await expect(node(page, /^C, crashed/)).toHaveCount(0);
    await redo.click();
    await expect(node(page, /^C, crashed/)).toBeVisible();
  });
});

test.describe("what makes it interesting", () => {
  test("a split vote: every follower stands at once, and nobody gets a majority in that term", async ({ page, open }) => {
    await open("#raft/happy&t=380ms");
    const dialog = await breaking(page, "Make it interesting");
    await expect(dialog.getByText("The election timer of every follower fires now")).toBeVisible();
    await accessible(page, "dialog");
    await dialog.getByRole("button", { name: "split the vote" }).click();
    await expect(status(page)).toContainText("These are 4 lines of the scenario now");
    await expect(page.locator(".topology").getByRole("button", { name: /^n\d, candidate/ })).toHaveCount(4);
    await expect(await text(page)).toHaveValue(/at 380ms +fire n\d election\n(.*fire n\d election\n){3}/);
  });

  test("who is missing for it is named, and nothing is done", async ({ page, open }) => {
    await open("#paxos/roles&t=5ms");
    const dialog = await breaking(page, "Make it interesting");
    const duel = dialog.getByRole("button", { name: /^start a duel, not now/ });
    await expect(duel).toHaveAttribute("aria-disabled", "true");
    await duel.focus();
    await page.keyboard.press("Enter");
    await expect(dialog.locator(".why-not")).toContainText("there is no other proposer or peer now", { ignoreCase: true });
  });

  test("a run of hours is worked out up to its limit, and the limit is named", async ({ page, open }) => {
    await open("#raft/happy");
    const box = await text(page);
    await box.fill("lamplight 1\nrun raft nodes=3\nuntil 24h\n");
    await page.keyboard.press("Control+Enter");
    await expect(status(page)).toContainText("The edited scenario runs");
    await page.getByRole("button", { name: "To the end" }).click();
    // Two million events are worked out: a slow machine may need its time.
    await expect(page.locator(".notice")).toContainText("the trace reached 256 MiB, its limit", { timeout: 20_000 });
    await expect(page.locator(".transport")).toContainText("15979.631");
  });
});

test.describe("the dialog", () => {
  test("a link is cut one way, slowed and healed", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    let dialog = await breaking(page, "Link");
    await dialog.getByRole("button", { name: "cut A → B" }).click();
    dialog = await breaking(page, "Link");
    await dialog.getByRole("combobox", { name: "Way" }).selectOption("both");
    await dialog.getByRole("button", { name: "slow A ↔ B" }).click();
    await dialog.getByRole("textbox").fill("70ms");
    await dialog.getByRole("button", { name: "Do it" }).click();
    dialog = await breaking(page, "Link");
    await dialog.getByRole("button", { name: "heal A → B" }).click();
    await expect(await text(page)).toHaveValue(/cut n1 -> n2[^]*set link n1 <-> n2 latency=70ms[^]*heal n1 -> n2/);
  });

  test("a value is judged as it is typed, in the words of the reader", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    const dialog = await breaking(page, "Message");
    await dialog.getByRole("button", { name: /^delay Note from A to B/ }).click();
    const field = dialog.getByRole("textbox", { name: "Delay Note from A to B, by" });
    await expect(field).toBeFocused();
    await field.fill("10");
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(dialog.locator(".amiss")).toContainText("10");
    await accessible(page, "dialog");
    await page.keyboard.press("Enter");
    await expect(dialog).toBeVisible();
    await field.fill("7ms");
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(await text(page)).toHaveValue(/delay Note n1 -> n2 #1 by 7ms/);
  });

  test("clock, drift, disk and a lie of a node", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    for (const [verb, value] of [["set the clock of A", "-20ms"], ["let the clock drift of A", "100ppm"], ["slow the disk of A", "9ms"], ["turn late: A", "30ms"]]) {
      const dialog = await breaking(page, "Node");
      await dialog.getByRole("button", { name: verb }).click();
      await dialog.getByRole("textbox").fill(value);
      await dialog.getByRole("button", { name: "Do it" }).click();
    }
    const dialog = await breaking(page, "Node");
    await dialog.getByRole("button", { name: "turn silent: A" }).click();
    const field = await text(page);
    for (const line of [/skew n1 by -20ms/, /drift n1 to 100ppm/, /set node n1 disk=9ms/, /turn n1 late by=30ms/, /turn n1 silent/]) await expect(field).toHaveValue(line);
  });

  test("what cannot be done says why", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    let dialog = await breaking(page, "Network");
    const heal = dialog.getByRole("button", { name: /^heal, not now/ });
    await expect(heal).toHaveAttribute("aria-disabled", "true");
    // A button that cannot act can still be pressed for its reason.
    await heal.focus();
    await page.keyboard.press("Enter");
    await expect(dialog.locator(".why-not")).toContainText("there is nothing to heal", { ignoreCase: true });
    await dialog.getByRole("button", { name: "Node", exact: true }).click();
    await expect(dialog.getByRole("button", { name: /^resume A, not now: A is running/ })).toBeVisible();
    await page.keyboard.press("Escape");
    await page.keyboard.press("h");
    await expect(status(page)).toContainText("nothing to heal");
    await expect(await text(page)).not.toHaveValue(/heal/);
  });

  test("messages are held, and released in another order", async ({ page, open }) => {
    await open("#raft/happy&t=600ms");
    for (let i = 0; i < 60 && (await page.locator(".flight").count()) < 2; i += 1) await page.keyboard.press("ArrowRight");
    const options = async () => {
      const dialog = await breaking(page, "Message");
      const all = await dialog.getByRole("combobox", { name: "Message" }).locator("option").evaluateAll((o) => o.map((e) => [e.value, e.textContent]));
      return [dialog, all];
    };
    const [first, all] = await options();
    await first.getByRole("combobox", { name: "Message" }).selectOption(all[0][0]);
    await first.getByRole("group", { name: "How", exact: true }).getByRole("button", { name: /^hold / }).click();
    const [second, more] = await options();
    await second.getByRole("combobox", { name: "Message" }).selectOption(more.find(([, name]) => !name.endsWith("held"))[0]);
    await second.getByRole("group", { name: "How", exact: true }).getByRole("button", { name: /^hold / }).click();
    const [dialog] = await options();
    const held = dialog.getByRole("region", { name: "Held messages" }).getByRole("button");
    await expect(held).toHaveCount(2);
    const names = await held.allTextContents();
    await held.nth(1).click();
    await expect(held).toHaveCount(1);
    await expect(held).toHaveText(names[0]);
    await held.click();
    await expect(held).toHaveCount(0);
    await expect(dialog).toBeVisible();
  });

  test("fits and can be used on a phone", async ({ page, open }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open("#vector-clocks/triangle&t=5ms");
    await page.getByRole("button", { name: "Break", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Break something" });
    for (const kind of ["Network", "Node", "Link", "Message"]) {
      await dialog.getByRole("button", { name: kind, exact: true }).click();
      await accessible(page, "dialog");
      expect(await dialog.evaluate((d) => d.scrollWidth - d.clientWidth), kind).toBe(0);
    }
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
});

test.describe("a line across the network", () => {
  test("parts it", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    const dialog = await breaking(page, "Network");
    await dialog.getByRole("button", { name: /draw a line/ }).click();
    const [a, b] = await Promise.all([/^A/, /^B/].map((name) => node(page, name).boundingBox()));
    const box = await page.locator(".drawing svg").boundingBox();
    // Between A and B, across the way from one to the other.
    const [x, y] = [(a.x + b.x + (a.width + b.width) / 2) / 2, (a.y + b.y + (a.height + b.height) / 2) / 2];
    const [dx, dy] = [(b.y - a.y) / 6, -(b.x - a.x) / 6];
    expect(x > box.x && y > box.y).toBe(true);
    await page.mouse.move(x - dx, y - dy);
    await page.mouse.down();
    await page.mouse.move(x + dx, y + dy, { steps: 4 });
    await expect(page.locator(".drawing-says")).toContainText("partition");
    await page.mouse.up();
    await expect(page.locator(".fence").first()).toBeVisible();
    await expect(page.locator(".drawing")).toHaveCount(0);
    await expect(await text(page)).toHaveValue(/partition n/);
  });

  test("is left with Escape", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    const dialog = await breaking(page, "Network");
    await dialog.getByRole("button", { name: /draw a line/ }).click();
    await expect(page.locator(".drawing")).toHaveCount(1);
    await page.keyboard.press("Escape");
    await expect(page.locator(".drawing")).toHaveCount(0);
  });
});

test("a branch has the name that was written when it is left by a press elsewhere, and the old one by Escape", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=5ms");
  await node(page, /^C/).click();
  await page.keyboard.press("c");
  const branches = page.getByRole("list", { name: "Branches of this run" });
  const name = branches.getByRole("textbox", { name: "Name of the branch" });
  await branches.getByRole("button", { name: /^rename crash C/ }).click();
  await name.fill("C is gone");
  await page.locator(".scrub .track").click();
  await expect(branches.getByRole("button", { name: "rename C is gone" })).toBeVisible();
  await branches.getByRole("button", { name: "rename C is gone" }).click();
  await name.fill("never");
  await name.press("Escape");
  await expect(branches.getByRole("button", { name: "rename C is gone" })).toBeVisible();
});

test.describe("marks of the timeline", () => {
  test.beforeEach(async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    await node(page, /^C/).click();
    await page.keyboard.press("c");
    await expect(mark(page, /crash C/)).toBeVisible();
  });

  test("are moved with the arrows, taken away with Delete, and come back", async ({ page }) => {
    await mark(page, /crash C/).focus();
    await page.keyboard.press("Shift+ArrowLeft");
    await expect(status(page)).toContainText(/Crash C is at 0\.01[0-4]/);
    await expect(mark(page, /crash C/)).toBeFocused();
    await page.keyboard.press("Delete");
    await expect(mark(page, /crash C/)).toHaveCount(0);
    await page.keyboard.press("Control+z");
    await expect(mark(page, /crash C/)).toBeVisible();
  });

  test("that stand where they are moved to make no branch", async ({ page }) => {
    const branches = page.getByRole("list", { name: "Branches of this run" }).getByRole("listitem");
    const last = mark(page, /crash C/);
    await last.focus();
    // At the end there is no further place.
    for (let i = 0; i < 30; i += 1) {
      const at = await last.getAttribute("data-at");
      await page.keyboard.press("Shift+ArrowRight");
      await expect(last).toBeFocused();
      if ((await last.getAttribute("data-at")) === at) break;
    }
    const before = await branches.count();
    await page.keyboard.press("Shift+ArrowRight");
    await expect(last).toBeFocused();
    await expect(branches).toHaveCount(before);
  });

  test("are dragged", async ({ page }) => {
    const from = await mark(page, /crash C/).boundingBox();
    const track = await page.locator(".scrub .track").boundingBox();
    await page.mouse.move(from.x + 12, from.y + 12);
    await page.mouse.down();
    await page.mouse.move(track.x + track.width * 0.85, from.y + 12, { steps: 5 });
    await expect(page.locator(".mark-tip")).toBeVisible();
    await page.mouse.up();
    await expect(page.locator(".mark-menu")).toHaveCount(0);
    await expect(status(page)).toContainText(/Crash C is at 0\.01[678]/);
    await expect(await text(page)).toHaveValue(/at 1[678].*ms +crash n3/);
  });

  test("whose lines hang on something say why they stay", async ({ page }) => {
    await mark(page, /B tell C/).focus();
    await page.keyboard.press("ArrowRight");
    await expect(status(page)).toContainText("“when”");
  });

  test("open a menu: go there, edit in place, bookmark, delete", async ({ page }) => {
    await mark(page, /crash C/).click();
    const menu = page.getByRole("group", { name: "What stands here" });
    await expect(menu.getByRole("button", { name: "go to crash C" })).toBeFocused();
    await accessible(page, ".mark-menu");
    await menu.getByRole("button", { name: "go to crash C" }).click();
    await expect(page.locator(".transport .clock")).toContainText("0.015");
    // What is gone to is selected: its line stands out in the text.
    await expect(await text(page)).toHaveValue(/crash n3/);
    await expect(page.locator(".editor b")).toContainText("crash n3");
    await mark(page, /crash C/).click();
    await menu.getByRole("button", { name: "edit crash C" }).click();
    const field = menu.getByRole("textbox", { name: "The line of the scenario" });
    await expect(field).toBeFocused();
    await expect(field).toHaveValue("at 15ms crash n3");
    await field.fill("at 12ms crash n9");
    await page.keyboard.press("Enter");
    await expect(menu.locator(".amiss")).toContainText("n9");
    await accessible(page, ".mark-menu");
    await field.fill("at 12ms crash n1");
    await page.keyboard.press("Enter");
    await expect(menu).toHaveCount(0);
    await expect(mark(page, /0\.012.*crash A/)).toBeVisible();
    await mark(page, /crash A/).press("Enter");
    await page.keyboard.press("Escape");
    await expect(mark(page, /crash A/)).toBeFocused();
    await mark(page, /crash A/).press("Enter");
    await menu.getByRole("button", { name: "delete crash A" }).click();
    await expect(mark(page, /crash A/)).toHaveCount(0);
  });

  test("that touch are parted in their menu: by a hand, and by keys", async ({ page }) => {
    await node(page, /^A/).click();
    await page.keyboard.press("c");
    await mark(page, /2 marks/).click();
    const menu = page.getByRole("group", { name: "What stands here" });
    await accessible(page, ".mark-menu");
    expect(await smallTargets(page)).toEqual([]);
    const slider = menu.getByRole("slider", { name: "time of crash A" });
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await expect(menu.getByRole("button", { name: /^move to 14\.9/ })).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(menu).toHaveCount(0);
    await expect(await text(page)).toHaveValue(/at 14\.9\d*ms +crash n1/);
    await mark(page, /2 marks/).click();
    const box = await menu.getByRole("slider", { name: "time of crash C" }).boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 12, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await expect(menu).toHaveCount(0);
    await expect(await text(page)).toHaveValue(/at 15\.[3-9]\d*ms +crash n3/);
  });

  test("a bookmark by key", async ({ page }) => {
    await page.getByRole("slider", { name: "Time" }).focus();
    await page.keyboard.press("b");
    await expect(await text(page)).toHaveValue(/mark "bookmark 1"/);
    expect(await smallTargets(page)).toEqual([]);
  });
});

test("marks have the focus again when their menu is closed, also where a line has many", async ({ page, open }) => {
  await open("#raft/happy&t=500ms");
  await page.locator(".topology").getByRole("button", { name: /^n3/ }).click();
  await page.keyboard.press("c");
  const here = mark(page, /0\.500.*2 marks/);
  await here.focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".mark-menu")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(here).toBeFocused();
});
