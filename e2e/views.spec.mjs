// What stands below the topology first, where a shipped scenario has a view of its own; and stretches of one axis.
import { test, expect, accessible, overflow } from "./lamplight.mjs";

const view = (page, name) => page.getByRole("group", { name: "Views" }).getByRole("button", { name, exact: true });
const pressed = (page, name) => expect(view(page, name)).toHaveAttribute("aria-pressed", "true");

test("a scenario opens with the view it is about, whatever was looked at before", async ({ page, open }) => {
  await open("#raft/figure8&t=1s");
  await pressed(page, "log");
  await view(page, "messages").click();
  await page.evaluate(() => (location.hash = "#raft/figure7&t=1s"));
  await pressed(page, "log");
  await page.evaluate(() => (location.hash = "#raft/happy&t=1s"));
  await pressed(page, "messages");
  await page.evaluate(() => (location.hash = "#ntp/drift-16s&t=40s"));
  await pressed(page, "measures");
});

test("intervals of several servers stand on one axis, with what is believed and what nobody can see", async ({ page, open }) => {
  await open("#ntp/falseticker&t=4s");
  await pressed(page, "intervals");
  const drawing = page.locator('svg[aria-label="What the nodes hold: intervals"]');
  await expect(drawing.getByRole("button", { name: "s4, falseticker, 490 ms to 510 ms" })).toBeVisible();
  await expect(drawing.getByRole("button", { name: /^s\d, truechimer/ })).toHaveCount(3);
  await expect(drawing.getByText("−8 ms to 7 ms: from the first to the last point in at least 3 of the 4")).toBeVisible();
  await expect(drawing.getByText("the true value, 0 ms, which no node can see")).toBeVisible();
  // Told apart without a colour: hollow, with a cross for its point.
  await expect(drawing.locator(".bar.open")).toHaveCount(1);
  await expect(drawing.locator(".span-point.out")).toHaveCount(1);
  await accessible(page, ".exhibits");
});

test("where no majority agrees nothing is shaded", async ({ page, open }) => {
  await open("#ntp/two-liars&t=4s");
  const drawing = page.locator('svg[aria-label="What the nodes hold: intervals"]');
  await expect(drawing.getByText("No majority of them agrees: none is believed.")).toBeVisible();
  await expect(drawing.locator(".meet")).toHaveCount(0);
});

test("a phone has room for the intervals", async ({ page, open }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open("#ntp/falseticker&t=4s");
  expect(await overflow(page)).toBe(0);
});
