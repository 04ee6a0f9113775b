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
  await judged(page).getByRole("combobox", { name: "Model" }).selectOption("sequential");
  await expect(judged(page)).toContainText("sequential: yes");
  await expect(bars(page).locator(".bar.broken")).toHaveCount(0);
});

test("those that contradict each other are found in a long run", async ({ page, open }) => {
  await open("#cap-register/partition-lww&t=3s");
  await page.getByRole("button", { name: "operations", exact: true }).click();
  await expect(judged(page)).toContainText("linearizable: no");
  await judged(page).getByRole("button", { name: "Show them" }).click();
  await expect(bars(page).locator(".bar.broken").first()).toBeVisible();
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
