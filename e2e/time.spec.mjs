// Time as a tree: edits in the past make branches, which are kept, named, compared and come back; runs side by side; run until.
import { deflateSync } from "node:zlib";
import { test, expect, accessible, overflow, smallTargets } from "./lamplight.mjs";

const status = (page) => page.getByRole("status");
const node = (page, name) => page.locator(".topology").getByRole("button", { name });
const branches = (page) => page.getByRole("list", { name: "Branches of this run" });
const twig = (page, name) => branches(page).getByRole("button", { name });
const clock = (page) => page.locator(".transport .clock");
const crash = async (page, name) => {
  await node(page, name).click();
  await page.keyboard.press("c");
};

test.describe("branches", () => {
  test.beforeEach(async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await crash(page, /^C/);
    await expect(node(page, /^C, crashed/)).toBeVisible();
  });

  test("an edit in the past leaves the old future where it was, and switching is at the same moment", async ({ page }) => {
    await expect(twig(page, /^as it came/)).toBeVisible();
    await expect(twig(page, /^crash C/)).toHaveAttribute("aria-current", "true");
    await page.getByRole("button", { name: "To the end" }).click();
    const end = await clock(page).textContent();
    await twig(page, /^as it came/).click();
    await expect(node(page, /^C, crashed/)).toHaveCount(0);
    await expect(clock(page)).toHaveText(end);
    await expect(status(page)).toContainText("Branch: as it came");
    await twig(page, /^crash C/).click();
    await expect(node(page, /^C, crashed/)).toBeVisible();
    await accessible(page);
    expect(await smallTargets(page)).toEqual([]);
  });

  test("one more act at the same place goes on in the branch; behind what was seen it forks again", async ({ page }) => {
    await crash(page, /^B/);
    await expect(branches(page).getByRole("listitem")).toHaveCount(2);
    await page.getByRole("button", { name: "To the end" }).click();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await crash(page, /^A/);
    await expect(branches(page).getByRole("listitem")).toHaveCount(3);
  });

  test("a branch is named, compared, deleted, and the deletion undone", async ({ page }) => {
    await branches(page).getByRole("button", { name: /^rename crash C/ }).click();
    await page.getByRole("textbox", { name: "Name of the branch" }).fill("without C");
    await page.keyboard.press("Enter");
    await expect(twig(page, /^without C/)).toBeFocused();
    await branches(page).getByRole("button", { name: "compare with as it came" }).click();
    await expect(page.getByRole("region", { name: "without C" })).toBeVisible();
    await expect(page.getByRole("region", { name: "as it came" })).toBeVisible();
    await expect(page.getByRole("button", { name: "compared", exact: true })).toHaveAttribute("aria-pressed", "true");
    await expect(page.locator(".partings")).toContainText("They part at 0.005");
    await page.getByRole("button", { name: "To the end" }).click();
    await expect(page.locator(".comparison tr", { hasText: "lost" }).locator("td")).toHaveText(["1", "0"]);
    await accessible(page);
    await page.getByRole("button", { name: "messages", exact: true }).click();
    await expect(page.locator(".parting")).toHaveCount(2);
    await branches(page).getByRole("button", { name: "compare with as it came" }).click();
    await expect(page.locator(".one-run")).toHaveCount(0);
    await branches(page).getByRole("button", { name: "delete without C" }).click();
    await expect(branches(page)).toHaveCount(0);
    await page.getByRole("button", { name: "Undo" }).last().click();
    await expect(twig(page, /^without C/)).toBeVisible();
  });

  test("nothing is lost by reload, by going elsewhere and back, or by a text half written", async ({ page }) => {
    await expect.poll(() => page.url()).toContain("t=5ms");
    await expect.poll(() => page.evaluate(() => localStorage.getItem("lamplight.work") ?? "")).toContain("crash C");
    await page.reload();
    await expect(twig(page, /^crash C/)).toHaveAttribute("aria-current", "true");
    await expect(node(page, /^C, crashed/)).toBeVisible();
    await page.getByRole("tab", { name: "Scenario", exact: true }).click();
    const field = page.getByRole("textbox", { name: "Text of the scenario" });
    await expect(field).toHaveValue(/crash n3/);
    await field.press("End");
    await page.keyboard.type("#half");
    await expect.poll(() => page.evaluate(() => localStorage.getItem("lamplight.work"))).toContain("#half");
    await page.getByRole("navigation", { name: "Catalogue" }).getByRole("link", { name: "Lamport clocks" }).click();
    await expect(page).toHaveTitle(/^(?!Three messages)/);
    await page.goBack();
    await expect(twig(page, /^crash C/)).toBeVisible();
    await expect(field).toHaveValue(/#half/);
    await page.goForward();
    await expect(page).toHaveTitle(/^(?!Three messages)/);
    await expect(branches(page)).toHaveCount(0);
    await page.goBack();
    await expect(twig(page, /^crash C/)).toBeVisible();
    await expect(field).toHaveValue(/#half/);
  });

  test("a tab that was closed is gone on with in another: branches, undo and what is compared", async ({ page, open, context, site }) => {
    await branches(page).getByRole("button", { name: "compare with as it came" }).click();
    await expect(page.locator(".one-run")).toHaveCount(2);
    await expect.poll(() => page.url()).toMatch(/#[zp]1/);
    // As a browser does it when its tab goes: the page is told, and what only this tab keeps is gone.
    await page.goto("about:blank");
    const other = await context.newPage();
    await page.close();
    await other.goto(`${site}/#raft/happy&t=5ms`);
    await other.getByRole("navigation", { name: "Catalogue" }).getByRole("link", { name: "Three messages" }).first().click();
    await expect(twig(other, /^crash C/)).toHaveAttribute("aria-current", "true");
    await expect(other.locator(".one-run")).toHaveCount(2);
    await other.locator("body").press("Control+z");
    await expect(branches(other)).toHaveCount(0);
    await other.locator("body").press("Control+Shift+z");
    await expect(twig(other, /^crash C/)).toBeVisible();
  });

  test("back keeps what can be undone, what is compared and the view; a name is taken back alone", async ({ page }) => {
    await branches(page).getByRole("button", { name: /^rename crash C/ }).click();
    // The old name is selected: what is typed takes its place.
    await page.keyboard.type("mine");
    await page.keyboard.press("Enter");
    await expect(twig(page, /^mine/)).toBeFocused();
    await page.keyboard.press("Control+z");
    await expect(twig(page, /^crash C/)).toBeVisible();
    await expect(node(page, /^C, crashed/)).toBeVisible();
    await branches(page).getByRole("button", { name: "compare with as it came" }).click();
    await page.getByRole("button", { name: "messages", exact: true }).click();
    await expect.poll(() => page.url()).toMatch(/#[zp]1/);
    await page.getByRole("navigation", { name: "Catalogue" }).getByRole("link", { name: "Lamport clocks" }).click();
    await expect(page).toHaveTitle(/^(?!Three messages)/);
    await page.goBack();
    await expect(page.locator(".one-run")).toHaveCount(2);
    await expect(page.getByRole("button", { name: "messages", exact: true })).toHaveAttribute("aria-pressed", "true");
    await page.locator("body").press("Control+z");
    await expect(branches(page)).toHaveCount(0);
    await page.keyboard.press("Control+Shift+z");
    await expect(twig(page, /^crash C/)).toBeVisible();
  });

  test("the link carries the branch in view", async ({ page, open }) => {
    await expect.poll(() => page.url()).toMatch(/#[zp]1/);
    const url = page.url();
    // Somebody else has nothing of it but the link: leaving the run would keep it here once more.
    await page.goto("about:blank");
    await open("#raft/happy");
    await page.evaluate(() => localStorage.clear());
    await page.goto("about:blank");
    await open(url.slice(url.indexOf("#")));
    await expect(node(page, /^C, crashed/)).toBeVisible();
    await expect(branches(page)).toHaveCount(0);
  });

  test("fits a phone", async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await expect(twig(page, /^crash C/)).toBeVisible();
    expect(await overflow(page)).toBe(0);
    await accessible(page);
  });
});

test.describe("side by side", () => {
  test("two runs of one text stand under one clock, each can be looked into, and the link says which", async ({ page, open }) => {
    await open("#raft/rejoin-beside&t=2s");
    const run = (name) => page.getByRole("region", { name, exact: true });
    await expect(run("plain").locator(".node").first()).toBeVisible();
    await expect(run("prevote").locator(".node").first()).toBeVisible();
    await expect(run("plain")).toContainText(/\d+ messages/);
    await accessible(page);
    await expect(page.locator(".partings")).toContainText("They part at");
    await run("prevote").getByRole("button", { name: "prevote" }).click();
    await expect(run("prevote").getByRole("button", { name: "prevote" })).toHaveAttribute("aria-pressed", "true");
    await expect.poll(() => page.url()).toContain("in=prevote");
    for (let i = 0; i < 12; i += 1) await page.keyboard.press("ArrowRight");
    await expect(clock(page)).not.toContainText("2.000");
  });

  test("an edit is done to every run", async ({ page, open }) => {
    await open("#vector-clocks/counts-beside&t=2ms");
    await page.locator(".one-run").first().getByRole("button", { name: /^n3/ }).click();
    await page.keyboard.press("c");
    await expect(page.locator(".one-run").getByRole("button", { name: /^n3, crashed/ })).toHaveCount(2);
  });

  test("fits a phone", async ({ page, open }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open("#raft/rejoin-beside&t=2s");
    expect(await overflow(page)).toBe(0);
  });
});

test.describe("run until", () => {
  test("a sentence, a fault, and a condition in the words of the scenario", async ({ page, open }) => {
    await open("#raft/leader-crash&t=1ms");
    const until = async () => {
      await page.keyboard.press("u");
      return page.getByRole("dialog", { name: "Run until" });
    };
    let dialog = await until();
    await accessible(page, "dialog");
    await dialog.getByRole("button", { name: "the next fault" }).click();
    await expect(dialog).toBeHidden();
    await expect(status(page)).toContainText("the next fault");
    dialog = await until();
    await dialog.getByRole("textbox").fill("elected #2");
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await expect(status(page)).toContainText("elected #2");
    dialog = await until();
    await dialog.getByRole("textbox").fill("elekted");
    await page.keyboard.press("Enter");
    await expect(dialog.getByRole("alert")).toContainText("elekted");
    await dialog.getByRole("button", { name: "a claim broken" }).click();
    await expect(dialog.getByRole("alert")).toContainText(/Up to .* there is no claim broken/);
  });
});

test("of two runs, what is looked for beyond the end is looked for in the one in view", async ({ page, open }) => {
  const text = "lamplight 1\nrun vector-clocks as quiet nodes=3 count=sends seed=1\nbeside raft as busy nodes=3\nnet latency=10ms\nin quiet at 0ms n1 tell n2\nin busy at 900ms crash leader\nuntil 1s\n";
  await open(`#z1.${deflateSync(Buffer.from(text)).toString("base64url")}&in=busy&t=950ms`);
  await expect(page.locator(".one-run[data-now] header button").first()).toHaveText("busy");
  await page.keyboard.press("u");
  const dialog = page.getByRole("dialog", { name: "Run until" });
  await dialog.getByRole("textbox").fill("elected");
  await dialog.getByRole("button", { name: "Run", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(status(page)).toContainText("elected");
  await expect(clock(page)).not.toContainText("0.950");
});

test("a bookmark alone is something to go on with", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=5ms");
  await page.keyboard.press("m");
  await expect.poll(() => page.evaluate(() => localStorage.getItem("lamplight.work") ?? "")).toContain("bookmark 1");
  await page.goto("about:blank");
  await open("#raft/happy&t=5ms");
  await page.getByRole("navigation", { name: "Catalogue" }).locator(".go-on").getByRole("link", { name: "Three messages" }).click();
  await expect(page.getByRole("button", { name: /bookmark 1/ })).toBeVisible();
  // Taken back, it is none.
  await page.locator("body").press("Control+z");
  await expect.poll(() => page.evaluate(() => localStorage.getItem("lamplight.work") ?? "")).not.toContain("bookmark 1");
});

test("a text too large for a link is there again after a reload", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=5ms");
  await page.getByRole("tab", { name: "Scenario", exact: true }).click();
  const field = page.getByRole("textbox", { name: "Text of the scenario" });
  // What cannot be packed: words of no language.
  let x = 1;
  const word = () => Array.from({ length: 90 }, () => String.fromCharCode(97 + ((x = (x * 48271) % 2147483647) % 26))).join("");
  const lines = Array.from({ length: 560 }, () => `# ${word()}`).join("\n");
  const text = await field.inputValue();
  await field.fill(`${text}\n${lines}\n`);
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("status").first()).toContainText("The edited scenario runs");
  await node(page, /^C/).click();
  await page.keyboard.press("c");
  await expect(node(page, /^C, crashed/)).toBeVisible();
  await expect.poll(() => page.evaluate(() => localStorage.getItem("lamplight.work") ?? "")).toContain("crash n3");
  await page.reload();
  await expect(node(page, /^C, crashed/)).toBeVisible();
  await expect(branches(page).getByRole("listitem")).not.toHaveCount(0);
});
