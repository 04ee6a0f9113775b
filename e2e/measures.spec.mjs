// What a run measures over its time, and what a round trip can and cannot tell.
import { test, expect, accessible, overflow } from "./lamplight.mjs";

const charts = (page) => page.locator('svg[aria-label="What the run measures, over its time"]');
const show = (page) => page.getByRole("button", { name: "measures", exact: true }).click();

test("availability is counted for each client, and the line at the playhead moves with time", async ({ page, open }) => {
  await open("#cap-register/partition-cp&t=6s");
  await show(page);
  await expect(charts(page).getByRole("button", { name: "c1: 31 of 31 answered" })).toBeVisible();
  await expect(charts(page).getByRole("button", { name: "c2: 4 of 30 answered" })).toBeVisible();
  await expect(charts(page).locator(".line .share.failed")).toHaveCount(26);
  const at = () => charts(page).locator(".now").getAttribute("x1").then(Number);
  const before = await at();
  await page.keyboard.press("Home");
  await expect.poll(at).toBeLessThan(before);
  // What comes after the playhead is not told.
  await expect(charts(page).getByRole("button", { name: "c2: 0 of 0 answered" })).toBeVisible();
  await expect(charts(page).locator(".line .share.failed")).toHaveCount(0);
  await accessible(page);
});

test("an estimate is drawn with the band its bound promises, and the clocks nobody can see", async ({ page, open }) => {
  await open("#ntp/asymmetric&t=5s");
  await show(page);
  await expect(charts(page).locator(".margin")).toHaveCount(1);
  await expect(charts(page).getByText(/^clock error/)).toBeVisible();
  await charts(page).getByRole("button", { name: "c1, estimate-error" }).click();
  await expect(page.getByRole("heading", { name: "c1, measuring" })).toBeVisible();
});

test("a round trip shows four readings and how far off they leave the asker", async ({ page, open }) => {
  await open("#ntp/worked&t=2060ms");
  const diagram = page.locator('svg[aria-label="Messages in space and time"]');
  await expect(diagram.getByText("20 ms out, 30 ms back: off by 5 ms")).toBeVisible();
  for (const tick of ["T1", "T2", "T3", "T4"]) await expect(diagram.getByText(tick, { exact: true })).toBeVisible();
  // The server's clock is 50 ms ahead of the client's.
  await expect(diagram.getByText("2.07s", { exact: true })).toBeVisible();
  await expect(diagram.getByText("2.055s", { exact: true }).last()).toBeVisible();
});

test("a phone has room for the charts", async ({ page, open }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open("#ntp/drift-16s&t=40s");
  await show(page);
  await expect(charts(page)).toBeVisible();
  expect(await overflow(page)).toBe(0);
  await accessible(page);
});
