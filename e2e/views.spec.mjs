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

test("the inspector's edge is moved by hand and by keys, stays where it was put, and goes back", async ({ page, open }) => {
  await open("#vector-clocks/triangle");
  const edge = page.getByRole("separator", { name: "Width of the inspector" });
  const width = async () => Math.round((await page.getByRole("complementary", { name: "Inspector" }).boundingBox()).width);
  await expect(edge).toBeVisible();
  const usual = await width();
  await edge.press("ArrowLeft");
  expect(await width()).toBe(usual + 24);
  await expect(edge).toHaveAttribute("aria-valuenow", String(usual + 24));
  const at = await edge.boundingBox();
  await page.mouse.move(at.x + at.width / 2, at.y + 300);
  await page.mouse.down();
  await page.mouse.move(at.x + at.width / 2 - 100, at.y + 310);
  await page.mouse.up();
  expect(await width()).toBe(usual + 124);
  await page.reload();
  await expect(edge).toBeVisible();
  expect(await width()).toBe(usual + 124);
  await edge.press("End");
  expect(await width()).toBeLessThanOrEqual((page.viewportSize().width * 3) / 5);
  await edge.press("Enter");
  expect(await width()).toBe(usual);
});
