// The operations of the clients as bars, and what a model of consistency says of them.
import { test, expect, accessible, overflow } from "./lamplight.mjs";

const bars = (page) => page.locator('svg[aria-label="Operations from call to return"]');
const judged = (page) => page.getByRole("region", { name: "What a model says of the operations" });

test("an entry that is about histories opens with them, and another model judges anew", async ({ page, open }) => {
  await open("#consistency/inversion&t=150ms");
  await expect(bars(page).getByRole("button")).toHaveCount(3);
  await expect(judged(page)).toContainText("linearizable: no");
  await expect(bars(page).locator(".bar.broken")).toHaveCount(3);
  await expect(bars(page).locator(".because").first()).toBeVisible();
  await accessible(page);
  await judged(page).getByRole("button", { name: "sequential: yes" }).click();
  await expect(judged(page)).toContainText("sequential: yes. ");
  await expect(bars(page).locator(".bar.broken")).toHaveCount(0);
});

test("those that contradict each other are found in a long run", async ({ page, open }) => {
  await open("#cap-register/partition-lww&t=3s");
  await page.getByRole("button", { name: "operations", exact: true }).click();
  await expect(judged(page)).toContainText("linearizable: no");
  await judged(page).getByRole("button", { name: "Show them" }).click();
  await expect(bars(page).locator(".bar.broken").first()).toBeVisible();
});

test("of a long run the first operations are seen at its beginning, and the last at its end", async ({ page, open }) => {
  await open("#cap-register/partition-lww&t=3s");
  await page.getByRole("button", { name: "operations", exact: true }).click();
  for (const [key, last] of [["End", true], ["Home", false], ["End", true]]) {
    await page.keyboard.press(key);
    const seen = bars(page).getByRole("button", { name: last ? "c2 get x ⇒ 30" : "c1 put x 1 ⇒ ok", exact: true });
    await expect(seen.last()).toBeInViewport({ ratio: 1 });
  }
});

test("what was written over the veil goes with it", async ({ page, open }) => {
  await open("#abd/mw-race&t=8ms");
  await page.getByRole("button", { name: "operations", exact: true }).click();
  await expect(page.locator(".exhibits .over text")).toHaveText(["put x 1", "put x 2"]);
  await page.keyboard.press("End");
  await expect(bars(page).getByText("put x 1 ⇒ ok", { exact: true })).toBeVisible();
  await expect(page.locator(".exhibits .over text")).toHaveCount(0);
});

test("four clients are seen without scrolling", async ({ page, open }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open("#consistency/iriw&t=160ms");
  await expect(judged(page)).toContainText("In a circle");
  for (const name of ["A", "B", "C", "D"]) {
    await expect(bars(page).getByText(name, { exact: true })).toBeInViewport({ ratio: 1 });
  }
});

test("where there is little room a bar says its value", async ({ page, open }) => {
  await open("#consistency/write-skew&t=240ms");
  await expect(bars(page).getByRole("button")).toHaveCount(10);
  for (const bar of await bars(page).getByRole("button").all()) await expect(bar.locator(".value")).toHaveCount(1);
});

test("on a phone what a model says is read to its end", async ({ page, open }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open("#consistency/iriw&t=160ms");
  await expect(bars(page).getByText("A", { exact: true })).toBeInViewport({ ratio: 1 });
  const said = judged(page).getByText("Of the whole run");
  await said.scrollIntoViewIfNeeded();
  await expect(said).toBeInViewport({ ratio: 0.9 });
  await accessible(page);
});

test("a run whose clients ask for nothing of the kind has no such view", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=5ms");
  await expect(page.getByRole("button", { name: "messages", exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "operations", exact: true })).toHaveCount(0);
});

test("a phone has room for it", async ({ page, open }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open("#consistency&t=150ms");
  await expect(bars(page)).toBeVisible();
  expect(await overflow(page)).toBe(0);
  await accessible(page);
});

test("what is not there at a moment is not drawn from another", async ({ page, open }) => {
  await open("#consistency&t=150ms");
  await page.getByRole("button", { name: "verdicts", exact: true }).click();
  await expect(page.locator(".nothing")).toBeVisible();
  await page.getByRole("button", { name: "To the end" }).click();
  await expect(page.locator(".nothing")).toHaveCount(0);
  await page.keyboard.press("Home");
  await expect(page.locator(".nothing")).toBeVisible();
  await expect(page.locator(".exhibits text")).toHaveCount(0);
});

test("a bar is dragged, the verdicts follow the hand, and letting go is a line of the text", async ({ page, open }) => {
  await open("#consistency/inversion&t=150ms");
  const old = bars(page).getByRole("button", { name: /^C get x 0/ });
  const model = (name) => judged(page).getByRole("button", { name, exact: true });
  await expect(model("linearizable: no")).toBeVisible();
  await expect(model("pram: yes")).toBeVisible();
  const box = await old.locator(".bar").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  // Before B has read the new value, the old one is no contradiction.
  await page.mouse.move(x - 2 * box.width, y, { steps: 4 });
  await page.mouse.move(x - 3 * box.width, y, { steps: 4 });
  await expect(model("linearizable: yes")).toBeVisible();
  await expect(page.getByRole("button", { name: "Undo" }).first()).toBeDisabled();
  await page.mouse.up();
  await expect(model("linearizable: yes")).toBeVisible();
  await expect(page.locator(".notice")).toContainText("C get x 0 10ms is at");
  await page.getByRole("button", { name: "Undo" }).first().click();
  await expect(model("linearizable: no")).toBeVisible();
});

test("a hand that let go unheard holds nothing any more", async ({ page, open }) => {
  await open("#consistency/inversion&t=150ms");
  const bar = bars(page).getByRole("button", { name: /^C get x 0/ }).locator(".bar");
  const box = await bar.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  // The release goes to somebody else: a menu of the browser, another window.
  await page.evaluate(() => addEventListener("pointerup", (e) => e.stopImmediatePropagation(), { capture: true, once: true }));
  await page.mouse.up();
  await page.mouse.move(x - 3 * box.width, y, { steps: 4 });
  await expect(judged(page).getByRole("button", { name: "linearizable: no", exact: true })).toBeVisible();
  await page.mouse.down();
  await page.mouse.up();
  await expect(page.getByRole("button", { name: "Undo" }).first()).toBeDisabled();
});

test("the end of a bar makes it longer", async ({ page, open }) => {
  await open("#consistency/inversion&t=150ms");
  const bar = bars(page).getByRole("button", { name: /^C get x 0/ }).locator(".bar");
  const before = await bar.boundingBox();
  const y = before.y + before.height / 2;
  await page.mouse.move(before.x + before.width - 2, y);
  await page.mouse.down();
  await page.mouse.move(before.x + 2 * before.width, y, { steps: 4 });
  await page.mouse.up();
  await expect(page.locator(".notice")).toContainText("takes");
  await expect.poll(async () => (await bar.boundingBox()).width).toBeGreaterThan(before.width * 1.5);
});

test("by keyboard: a bar is taken, moved and given back", async ({ page, open }) => {
  await open("#consistency/inversion&t=150ms");
  await bars(page).getByRole("button", { name: /^C get x 0/ }).focus();
  await page.keyboard.press("Enter");
  const hand = judged(page).getByRole("group", { name: "The selected operation" });
  await hand.getByRole("button", { name: "earlier" }).click();
  await expect(page.locator(".notice")).toContainText("C get x 0 10ms is at");
  await expect(hand.getByRole("button", { name: "longer" })).toBeVisible();
  await accessible(page);
});

test("what comes after the playhead lies under a veil, which goes with it", async ({ page, open }) => {
  await open("#sequential-store/not-linearizable&t=30ms");
  await page.getByRole("button", { name: "operations", exact: true }).click();
  const bars = page.locator('svg[aria-label^="What the clients"]').or(page.locator(".exhibits svg").first()).first();
  const veil = () => bars.locator(".veil-at .veil").evaluate((v) => v.getBoundingClientRect().x);
  const read = bars.locator(".op", { hasText: "get x" }).first();
  const put = bars.locator(".op", { hasText: "put x" }).first();
  const x = (op) => op.evaluate((o) => o.getBoundingClientRect().x);
  const before = await veil();
  expect(before).toBeGreaterThan(await x(put));
  expect(before).toBeLessThan(await x(read));
  await page.keyboard.press("End");
  await expect.poll(veil).toBeGreaterThan(await x(read));
});
