// What the page says is so: of what could not be done, of what is cut, held and set, and of what its author did not say.
import { deflateSync } from "node:zlib";
import { test, expect, accessible, smallTargets } from "./lamplight.mjs";

const status = (page) => page.getByRole("status");
const caption = (page) => page.locator(".caption .told");
const node = (page, name) => page.locator(".topology").getByRole("button", { name });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const text = (...lines) => {
  const all = ["lamplight 1", "title A talk", "run vector-clocks nodes=3 seed=1", "net latency=10ms", ...lines, "until 100ms", ""].join("\n");
  return `#z1.${deflateSync(Buffer.from(all)).toString("base64url")}`;
};

test("the caption does not tell what could not be done", async ({ page, open }) => {
  await open(`${text("at 1ms crash n1", "at 2ms crash n1", "at 4ms heal", "at 6ms resume n2")}&t=3ms`);
  await expect(caption(page)).toHaveText("Nothing happens: n1 is already down.");
  await page.getByRole("slider", { name: "Time" }).fill("5000");
  await expect(caption(page)).toContainText("Nothing happens: there is nothing to heal");
  await page.getByRole("slider", { name: "Time" }).fill("7000");
  await expect(caption(page)).toContainText("Nothing happens: n2");
});

test("an edit that makes a line idle says so", async ({ page, open }) => {
  await open(`${text("at 20ms crash n3", "at 40ms restart n3")}&t=60ms`);
  await page.locator(".marks").getByRole("button", { name: /restart n3/ }).click();
  await page.getByRole("button", { name: "edit restart n3" }).click();
  await page.getByRole("textbox", { name: "The line of the scenario" }).fill("at 10ms restart n3");
  await page.keyboard.press("Enter");
  await expect(status(page)).toContainText("The line is changed. Nothing happens at “restart n3” now: n3 is not down");
});

test("the ring has the keys of all nodes, by name where they are few, and as much room as there is", async ({ page, open }) => {
  await open("#consistent-hashing/mystery-too-much-money&t=300ms");
  await page.getByRole("group", { name: "Views" }).getByRole("button", { name: "ring" }).click();
  const ring = page.locator(".exhibits");
  for (const name of ["alice", "bob", "carol"]) await expect(ring.locator("text", { hasText: `${name}: ` })).toHaveCount(1);
  await expect(ring.getByRole("button", { name: /% of the ring, (one key|\d keys): / })).not.toHaveCount(0);
  const [room, drawn] = [await ring.boundingBox(), await ring.locator(".tick").boundingBox()];
  expect(drawn.height).toBeGreaterThan(room.height * 0.8);
  await accessible(page, ".exhibits");
});

test("of many keys the ring has those of every node", async ({ page, open }) => {
  await open("#consistent-hashing/join&t=300ms");
  await expect(page.locator(".exhibits .dots.keys")).toHaveCount(4);
});

test("names say what is cut and what is held", async ({ page, open }) => {
  await open(`${text("at 0ms n1 tell n2", "at 1ms hold next Note n1 -> n3", "at 2ms n1 tell n3", "at 3ms cut n1 -> n2", "at 4ms isolate n3")}&t=3.5ms`);
  await expect(node(page, /^n1.*cannot send to n2/)).toBeVisible();
  await expect(node(page, /^n2.*cannot hear n1/)).toBeVisible();
  await expect(page.locator(".topology .cut-way")).toHaveCount(1);
  await page.getByRole("slider", { name: "Time" }).fill("5000");
  await expect(node(page, /^n3.*cut off from everybody/)).toBeVisible();
  await expect(page.locator(".topology .fenced")).toHaveCount(1);
  await accessible(page);
});

test("a message that is held is called held", async ({ page, open }) => {
  await open(`${text("at 1ms hold next Note n1 -> n3", "at 2ms n1 tell n3")}&t=50ms`);
  await expect(page.locator(".topology").getByRole("button", { name: /^Note from n1 to n3, held/ })).toHaveCount(1);
});

test("a wrong clock, a slow disk and a link of its own are seen on the stage and in the inspector", async ({ page, open }) => {
  await open(`${text("at 1ms skew n2 by 30ms", "at 1ms set node n3 disk=50ms", "at 1ms set link n1 -> n2 latency=80ms")}&t=5ms`);
  await expect(page.locator(".topology .odd")).toHaveCount(2);
  await expect(page.locator(".topology .link-word")).toHaveText("80 ms");
  await node(page, /^n2.*clock 30 ms ahead/).click();
  await expect(page.locator(".panel")).toContainText("30 ms ahead");
  await expect(page.locator(".panel")).toContainText("from n1");
  await node(page, /^n3.*disk 50 ms/).click();
  await expect(page.locator(".panel")).toContainText("50 ms a write");
  expect(await smallTargets(page)).toEqual([]);
});

test("what the author said of a scenario is not said of an edited one", async ({ page, open }) => {
  await open("#raft/happy&t=0ms");
  const said = await page.locator(".panel p.soft").first().textContent();
  expect(said.length).toBeGreaterThan(10);
  await node(page, /^n1/).click();
  await page.keyboard.press("c");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Home");
  await tab(page, "Inspect").click();
  await expect(page.locator(".panel p.soft").first()).toHaveText(`Before it was changed: ${said}`);
  await expect(caption(page)).not.toHaveText(said);
});

test("the words about drawing a line are in a corner, and a line begins under them as well", async ({ page, open }) => {
  await open("#raft/happy&t=300ms");
  await page.getByRole("button", { name: "Break something" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Network", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: /draw a line/ }).click();
  const words = page.locator(".drawing-says");
  await expect(words).toBeVisible();
  const box = await words.boundingBox();
  const c1 = await node(page, /^c1/).boundingBox();
  expect(box.x + box.width < c1.x || box.y + box.height < c1.y).toBe(true);
  await page.mouse.move(box.x + 6, box.y + 6);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 320, { steps: 4 });
  await expect(page.locator(".drawing .cutting")).not.toHaveAttribute("x1", "0");
  await page.mouse.up();
});

test("the crash of the first visit has its label, whole once it has happened", async ({ page, open }) => {
  await open("#raft/leader-crash&t=430ms");
  await expect(page.locator(".spacetime .done text", { hasText: "crash n4" })).toHaveCount(1);
});

test("on a wall the words of a node are read from far away", async ({ page, open }) => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  await open("#raft/happy&t=900ms");
  await page.keyboard.press("f");
  await expect(page.locator(".page")).toHaveAttribute("data-mode", "project");
  const high = () => page.locator(".topology .node .line").first().evaluate((e) => e.getBoundingClientRect().height);
  await expect.poll(high).toBeGreaterThan(18);
});

test("a silence is said to be one, and what is read in the list is found", async ({ page, open }) => {
  await open("#raft/leader-crash&t=900ms");
  await tab(page, "Events").click();
  const find = page.locator("#find");
  await find.fill("lost");
  await expect(page.locator(".events").getByRole("button", { name: /is lost/ })).not.toHaveCount(0);
  await find.fill("crashes");
  await page.locator(".events").getByRole("button", { name: /n4 crashes/ }).first().click();
  await page.getByRole("tab", { name: "Why", exact: true }).click();
  await page.getByRole("button", { name: "Set as cause" }).click();
  await tab(page, "Events").click();
  await find.fill("election");
  await page.locator(".events").getByRole("button", { name: /n3/ }).last().click();
  await tab(page, "Why").click();
  await expect(page.locator(".panel")).toContainText("What did not come may be how");
});

test.describe("whoever opens the link reads the caption that was read where it was copied", () => {
  const caption = (page) => page.locator(".caption").textContent();
  for (const [hash, who, keys] of [
    ["#pbft/happy&t=25ms", /^r2/, ["End", "ArrowLeft", "ArrowLeft"]],
    ["#raft/leader-crash&t=2s", /^n2/, ["ArrowRight", "ArrowRight", "ArrowRight"]],
    ["#ntp/falseticker&t=3s", /^s1/, ["End", "ArrowLeft"]],
  ]) {
    test(`${hash} and ${keys.join(" ")}`, async ({ page, open, context }) => {
      await open(hash);
      await page.locator(".topology").getByRole("button", { name: who }).first().click();
      await page.keyboard.press("c");
      for (const key of keys) await page.keyboard.press(key);
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("button", { name: "Copy link" }).click();
      await expect(page.getByRole("status")).toContainText("Link copied");
      const address = await page.evaluate(() => navigator.clipboard.readText());
      const other = await context.newPage();
      await other.goto(address);
      await expect(other.locator(".rail")).toHaveCount(1);
      await expect(other.locator(".caption")).toHaveText(await caption(page));
    });
  }
});

test("a broken claim is told also where something else happens at the same moment", async ({ page, open }) => {
  await open("#eventual-store/tombstone&t=4.021s");
  await expect(page.locator(".caption")).toContainText("is broken");
});

test("at the end of runs side by side all of them have ended", async ({ page, open }) => {
  await open("#paxos/beside-raft");
  await page.keyboard.press("End");
  // The shorter one is over a little before.
  await expect(page.locator(".transport .clock")).toContainText("2.498");
  await expect(page.locator(".comparison tr", { hasText: "messages sent" }).locator("td").nth(1)).toHaveText("490");
});

test("of reads that give several values no model says anything", async ({ page, open }) => {
  await open("#multi-master/conflict");
  await page.keyboard.press("End");
  await page.getByRole("button", { name: "operations", exact: true }).click();
  await expect(page.locator(".lower")).toContainText("gave several values at once");
  await expect(page.locator(".lower")).not.toContainText("nobody wrote");
});

test("what the scenario says is no difference between two runs", async ({ page, open }) => {
  await open("#multi-master/lww");
  await page.keyboard.press("End");
  await expect(page.locator(".partings > li").first()).toContainText("part at");
  await expect(page.locator(".partings")).not.toContainText("say ");
});

test("in the list of events red is for faults alone", async ({ page, open }) => {
  await open("#raft/happy&t=500ms");
  await page.locator(".topology").getByRole("button", { name: /^n3/ }).click();
  await page.keyboard.press("c");
  await page.getByRole("tab", { name: "Events", exact: true }).click();
  const red = page.locator(".events li.fail");
  await expect(red.filter({ hasText: "crash" }).first()).toBeVisible();
  await expect(red.filter({ hasText: "put" })).toHaveCount(0);
});

test("a text that asks a million times a second ends at its limit, and the page answers meanwhile", async ({ page, open }) => {
  const { deflateSync } = await import("node:zlib");
  const text = "lamplight 1\nrun raft nodes=5 clients=1 seed=7\nnet latency=1ms\nat 10ms every 1us c1 put x 1\nuntil 1h\n";
  await open(`#z1.${deflateSync(Buffer.from(text)).toString("base64url")}&t=5ms`);
  await page.keyboard.press("End");
  await expect(page.getByRole("status")).toContainText("10,000 timers", { timeout: 20_000 });
});
