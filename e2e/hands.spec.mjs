// Whose the keys are: after a click they are the page's, by keyboard the focus stays with what is left; where verbs stand; what a phone has.
import { test, expect, accessible, overflow, smallTargets } from "./lamplight.mjs";

const clock = (page) => page.locator(".transport .clock");
const status = (page) => page.getByRole("status");
const node = (page, name) => page.locator(".topology").getByRole("button", { name });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const play = (page) => page.getByRole("button", { name: "Play", exact: true });
const pause = (page) => page.getByRole("button", { name: "Pause", exact: true });
const focused = (page) => page.evaluate(() => document.activeElement.tagName);

const breaking = async (page, kind) => {
  await page.getByRole("button", { name: "Break something" }).click();
  const dialog = page.getByRole("dialog", { name: "Break something" });
  await dialog.getByRole("button", { name: kind, exact: true }).click();
  return dialog;
};

test.describe("the slider of the time", () => {
  test("has the keys of the page", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    const slider = page.getByRole("slider", { name: "Time" });
    await slider.focus();
    for (const [key, at] of [["ArrowRight", "0.010"], ["ArrowLeft", "0.000"], ["PageDown", "0.010"], ["PageUp", "0.000"], ["End", "0.030"], ["Home", "0.000"]]) {
      await page.keyboard.press(key);
      await expect(clock(page), key).toContainText(at);
    }
    await expect(slider).toBeFocused();
    await slider.click();
    await page.keyboard.press("End");
    await expect(clock(page)).toContainText("0.030");
  });
});

test.describe("after a click", () => {
  test("on a verb, Space plays and does nothing else", async ({ page, open }) => {
    await open("#raft/happy&t=700ms");
    await node(page, /^n3/).click();
    await page.locator(".pop").getByRole("button", { name: "crash n3" }).click();
    await expect(node(page, /^n3, crashed/)).toBeVisible();
    await page.keyboard.press(" ");
    await expect(pause(page)).toBeVisible();
    await page.keyboard.press(" ");
    await expect(play(page)).toBeVisible();
    await expect(node(page, /^n3, crashed/)).toBeVisible();
    await tab(page, "Scenario").click();
    await expect(page.getByRole("textbox", { name: "Text of the scenario" })).not.toHaveValue(/restart/);
  });

  test("on hold, Space does not drop the message", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await page.locator(".topology").getByRole("button", { name: /Note from A to B/ }).click();
    await page.locator(".pop").getByRole("button", { name: /^hold/ }).click();
    await expect(page.locator(".pop").getByRole("button", { name: /^release/ })).toBeVisible();
    await page.keyboard.press(" ");
    // With A's message held there is nothing left to happen, and playing says so.
    await expect(status(page)).toContainText("The scenario ends here.");
    await tab(page, "Scenario").click();
    const text = page.getByRole("textbox", { name: "Text of the scenario" });
    await expect(text).toHaveValue(/hold Note/);
    await expect(text).not.toHaveValue(/drop|release/);
  });

  test("on a tab, a view or in a dialog, Space plays and the arrows step", async ({ page, open }) => {
    await open("#raft/happy&t=100ms");
    // A run of one second must not end under these presses.
    for (let i = 0; i < 4; i++) await page.keyboard.press("-");
    const presses = [
      () => tab(page, "Why").click(),
      () => page.getByRole("group", { name: "Views" }).getByRole("button", { name: "operations" }).click(),
      () => node(page, /^n2/).click(),
      async () => {
        await page.getByRole("button", { name: "Break something" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
      },
    ];
    for (const press of presses) {
      await press();
      // Several steps share a millisecond: the clock may stand while they are taken, what is said of them may not.
      for (const key of ["ArrowRight", "Shift+ArrowRight"]) {
        const says = await status(page).textContent();
        await page.keyboard.press(key);
        await expect(status(page)).not.toHaveText(says);
        await expect(status(page)).toContainText(/\d s: |\d\u202fs: /);
      }
      await page.keyboard.press(" ");
      await expect(pause(page)).toBeVisible();
      await page.keyboard.press(" ");
      await expect(play(page)).toBeVisible();
    }
    await expect(tab(page, "Why")).toHaveAttribute("aria-selected", "true");
  });
});

test.describe("by keyboard", () => {
  test("the focus stays in the list of events, and comes to the panel where a row is gone", async ({ page, open }) => {
    await open("#raft/happy&t=700ms");
    await tab(page, "Events").click();
    const row = page.locator(".events button").nth(20);
    const says = await row.textContent();
    await row.focus();
    await page.keyboard.press("Enter");
    await expect(page.locator(".spacetime .dot.selected")).toHaveCount(1);
    expect(await page.evaluate(() => document.activeElement.closest(".events button")?.textContent)).toBe(says);
    await tab(page, "Inspect").click();
    await page.keyboard.press("Escape");
    await page.locator(".also").getByRole("button", { name: /^n2/ }).focus();
    await page.keyboard.press("Enter");
    await expect(page.locator(".panel h2")).toContainText("n2");
    await expect(page.locator("#panel")).toBeFocused();
  });

  test("a verb that is gone leaves the focus to what it was done to", async ({ page, open }) => {
    await open("#raft/happy&t=700ms");
    await node(page, /^n3/).click();
    await page.locator(".pop").getByRole("button", { name: "crash n3" }).focus();
    await page.keyboard.press("Enter");
    await expect(node(page, /^n3, crashed/)).toBeFocused();
  });

  test("a branch that is deleted leaves the focus to the one in view", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    for (const name of [/^C/, /^B/]) {
      await node(page, name).click();
      await page.keyboard.press("c");
      await page.getByRole("button", { name: "To the end" }).click();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowRight");
    }
    const list = page.getByRole("list", { name: "Branches of this run" });
    await expect(list.getByRole("listitem")).toHaveCount(3);
    for (const left of [2, 0]) {
      await list.getByRole("button", { name: /^delete/ }).first().focus();
      await page.keyboard.press("Enter");
      await expect(list.getByRole("listitem")).toHaveCount(left);
      expect(await focused(page)).not.toBe("BODY");
      expect(await page.evaluate(() => document.activeElement.textContent)).not.toBe("delete");
    }
  });
});

test.describe("where the verbs stand", () => {
  test("those of an event say whose they are, and stand beside it", async ({ page, open }) => {
    await open("#raft/happy&t=700ms");
    await tab(page, "Events").click();
    await page.getByRole("searchbox", { name: "Find events" }).fill("elected");
    await page.locator(".events button").first().click();
    const pop = page.locator(".pop");
    const name = await pop.locator(".pop-name").textContent();
    await expect(pop.getByRole("button", { name: `crash ${name}` })).toBeVisible();
    await expect(pop).toHaveAttribute("aria-label", `What can be done to ${name}`);
    const [a, b] = [await pop.boundingBox(), await node(page, new RegExp(`^${name},`)).boundingBox()];
    const apart = (from, size, at, length) => Math.max(at - from - size, from - at - length, 0);
    expect(apart(a.x, a.width, b.x, b.width) + apart(a.y, a.height, b.y, b.height)).toBeLessThan(40);
  });

  test("those of a message stand by its way", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    await page.locator(".topology").getByRole("button", { name: /Note from B to C/ }).click();
    await expect(page.locator(".pop .pop-name")).toHaveText("Note from B to C");
    const [pop, flight] = [await page.locator(".pop").boundingBox(), await page.locator(".flight.selected").boundingBox()];
    const x = Math.max(flight.x - pop.x - pop.width, pop.x - flight.x - flight.width, 0);
    const y = Math.max(flight.y - pop.y - pop.height, pop.y - flight.y - flight.height, 0);
    expect(Math.hypot(x, y)).toBeLessThan(160);
    await accessible(page, ".topology");
  });

  for (const [where, width, link, name] of [["a narrow comparison", 390, "#raft/rejoin-beside&t=2s", "c1"], ["a comparison of four", 1440, "#abd/spectrum&t=1s", "c2"]]) {
    test(`in ${where} they cover no node`, async ({ page, open }) => {
      await page.setViewportSize({ width, height: 844 });
      await open(link);
      const run = page.locator(".one-run").first();
      await run.locator(".topology").getByRole("button", { name: new RegExp(`^${name}`) }).click();
      const pop = await page.locator(".pop").boundingBox();
      for (const n of await run.locator(".topology .node").all()) {
        const ring = await n.locator("circle").first().boundingBox();
        const over = pop.x < ring.x + ring.width - 2 && ring.x < pop.x + pop.width - 2 && pop.y < ring.y + ring.height - 2 && ring.y < pop.y + pop.height - 2;
        expect(over, await n.getAttribute("aria-label")).toBe(false);
      }
      await page.locator(".pop").getByRole("button", { name: /^(more|what can be done)/ }).click();
      await expect(page.getByRole("dialog", { name: "Break something" }).getByRole("button", { name: `crash ${name}` })).toBeVisible();
    });
  }
});

test.describe("a word over the page", () => {
  test("covers nothing of the run, goes by itself, and by Escape", async ({ page, open }) => {
    await page.clock.install();
    await open("#raft/happy&t=700ms");
    await node(page, /^n2/).click();
    await page.keyboard.press("c");
    const notice = page.locator(".notice");
    await expect(notice).toBeVisible();
    const [box, stage] = [await notice.boundingBox(), await page.locator(".topology").first().boundingBox()];
    expect(box.y + box.height).toBeLessThanOrEqual(stage.y + 1);
    await page.clock.runFor(11_000);
    await expect(notice).toHaveCount(0);
    await page.keyboard.press("r");
    await expect(notice).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(notice).toHaveCount(0);
  });
});

test.describe("on a phone", () => {
  for (const width of [390, 360]) {
    test(`everything can be reached: ${width}`, async ({ page, open }) => {
      await page.setViewportSize({ width, height: 740 });
      await open("#vector-clocks/triangle&t=5ms");
      await node(page, /^C/).click();
      await page.keyboard.press("c");
      await expect(node(page, /^C, crashed/)).toBeVisible();
      const more = async (name) => {
        await page.getByRole("button", { name: "More", exact: true }).click();
        const dialog = page.getByRole("dialog", { name: "More" });
        await expect(dialog).toBeVisible();
        if (name) await dialog.getByRole("button", { name, exact: true }).click();
      };
      await more("Undo");
      await expect(node(page, /^C, crashed/)).toHaveCount(0);
      await more("Redo");
      await expect(node(page, /^C, crashed/)).toBeVisible();
      await more("To the end");
      await expect(status(page)).toContainText("The end");
      await more("To the beginning");
      await expect(status(page)).toContainText("The beginning");
      await more("Run until …");
      await expect(page.getByRole("dialog", { name: "Run until" })).toBeVisible();
      await page.keyboard.press("Escape");
      await more("Keys");
      await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
      await page.keyboard.press("Escape");
      await more();
      await accessible(page, "dialog");
      await page.keyboard.press("Escape");
      expect(await smallTargets(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    });
  }
});

test.describe("a link", () => {
  const missing = { "sel=n:n9": /selects n9/, "sel=e:999999": /selects event 999999/, "in=zzz": /looks into zzz/ };
  for (const [key, says] of Object.entries(missing)) {
    test(`that asks for what is not there: ${key}`, async ({ page, open }) => {
      await open(`#vector-clocks/triangle&t=5ms&${key}`);
      await expect(page.locator(".notice")).toHaveText(says);
    });
  }

  test("that says something twice is refused, and the way on is near", async ({ page, open }) => {
    await open("#raft/happy&t=1s&t=2s");
    await expect(page.getByRole("heading", { level: 2, name: "This link says something unknown" })).toBeVisible();
    await expect(page.locator(".wrong")).toContainText("twice");
    await expect(page.getByRole("link", { name: "Open Raft" })).toHaveAttribute("href", /^#raft\//);
  });
});

test("run until says which claim is broken", async ({ page, open }) => {
  await open("#abd/small-quorums&t=1ms");
  await page.keyboard.press("u");
  await page.getByRole("dialog", { name: "Run until" }).getByRole("button", { name: "a claim broken" }).click();
  await expect(status(page)).toContainText(/a claim broken: [A-Z].* is broken/);
});

test.describe("a reload", () => {
  test("keeps what can be undone and done again, the view, the tab, the speed, what is hidden and what is compared", async ({ page, open }) => {
    await open("#raft/happy&t=700ms");
    for (const [name, verb] of [[/^n2/, "crash n2"], [/^n4/, "pause n4"]]) {
      await node(page, name).click();
      await page.locator(".pop").getByRole("button", { name: verb, exact: true }).click();
      await expect(status(page)).toContainText("scenario now");
    }
    await page.getByRole("button", { name: "Undo", exact: true }).first().click();
    await page.getByRole("button", { name: "compare with as it came" }).click();
    await expect(page.locator(".one-run")).toHaveCount(2);
    await page.getByRole("group", { name: "Views" }).getByRole("button", { name: "log", exact: true }).click();
    await tab(page, "Claims").click();
    await page.getByRole("combobox", { name: "Speed" }).selectOption("200");
    await expect.poll(() => page.evaluate(() => localStorage.getItem("lamplight.work") ?? "")).toContain("crash n2");
    await page.reload();
    await expect(page.locator(".one-run")).toHaveCount(2);
    await expect(page.getByRole("group", { name: "Views" }).getByRole("button", { name: "log", exact: true })).toHaveAttribute("aria-pressed", "true");
    await expect(tab(page, "Claims")).toHaveAttribute("aria-selected", "true");
    await expect(page.getByRole("combobox", { name: "Speed" })).toHaveValue("200");
    await page.getByRole("button", { name: "Redo", exact: true }).click();
    await expect(node(page, /^n4, .*paused/).first()).toBeVisible();
    await page.getByRole("button", { name: "Undo", exact: true }).first().click();
    await page.getByRole("button", { name: "Undo", exact: true }).first().click();
    await expect(node(page, /^n2, crashed/)).toHaveCount(0);
    await expect(page).toHaveURL(/#raft\/happy/);
    // Somewhere else nothing of it is left.
    await page.evaluate(() => (location.hash = "#raft/leader-crash&t=5ms"));
    await expect(page.locator(".one-run")).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Undo", exact: true }).first()).toBeDisabled();
  });
});

test("a reload at once after an act finds it, before the address was written", async ({ page, open }) => {
  await open("#raft/happy&t=700ms");
  await node(page, /^n2/).click();
  await page.keyboard.press("c");
  await page.reload();
  await expect(node(page, /^n2, crashed/)).toBeVisible();
  await expect(page.getByRole("list", { name: "Branches of this run" }).getByRole("listitem")).toHaveCount(2);
  await page.getByRole("button", { name: "Undo", exact: true }).first().click();
  await expect(node(page, /^n2, crashed/)).toHaveCount(0);
});

test("so does one that opens the address of a moment ago", async ({ page, open }) => {
  await open("#raft/happy&t=700ms");
  const link = page.url();
  // However slow the machine: between the two no time passes.
  await page.evaluate(() => ((now) => (Date.now = () => now))(Date.now()));
  // Twice another one: what was picked, then what was done.
  await node(page, /^n2/).click();
  await expect(page).toHaveURL(/sel=n:n2/);
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/#z1\./);
  await page.goto("about:blank");
  await page.goto(link);
  await expect(node(page, /^n2, crashed/)).toBeVisible();
});

test("Shift and an arrow say where nothing loud is", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=5ms");
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(status(page)).toContainText("As far as this run goes, only messages move.");
});

test.describe("breaking more", () => {
  test("lies say what they do, are judged, and end", async ({ page, open }) => {
    await open("#pbft/happy&t=5ms");
    let dialog = await breaking(page, "Node");
    await dialog.getByRole("combobox", { name: "Node" }).selectOption("r0");
    await expect(dialog.getByRole("group", { name: "How" })).toContainText("tells each peer of one");
    await dialog.getByRole("button", { name: "turn equivocate: r0" }).click();
    const field = dialog.getByRole("textbox");
    await expect(field).toHaveValue(/^to=r\d$/);
    for (const [value, says] of [["to=n2", "n2"], ["foo=1", "foo"]]) {
      await field.fill(value);
      await expect(dialog.locator(".amiss")).toContainText(says);
    }
    await field.fill("to=r2");
    await accessible(page, "dialog");
    await dialog.getByRole("button", { name: "Do it" }).click();
    await expect(node(page, /^r0, .*lying/)).toBeVisible();
    dialog = await breaking(page, "Node");
    await dialog.getByRole("combobox", { name: "Node" }).selectOption("r0");
    await dialog.getByRole("button", { name: "turn honest: r0" }).click();
    await expect(node(page, /^r0, .*lying/)).toHaveCount(0);
  });

  test("messages still to come, and what is more than is promised", async ({ page, open }) => {
    await open("#raft/happy");
    await page.getByRole("button", { name: "To the beginning" }).click();
    let dialog = await breaking(page, "Message");
    await expect(dialog).toContainText("No message is on its way");
    await dialog.getByRole("combobox", { name: "Kind" }).selectOption("AppendEntries");
    await dialog.getByRole("combobox", { name: "Receiver" }).selectOption("n2");
    await accessible(page, "dialog");
    await dialog.getByRole("button", { name: "drop every AppendEntries to n2", exact: true }).click();
    await tab(page, "Scenario").click();
    await expect(page.getByRole("textbox", { name: "Text of the scenario" })).toHaveValue(/drop every AppendEntries \* -> n2/);
    dialog = await breaking(page, "Node");
    const more = dialog.getByRole("group", { name: "More than Raft promises to bear" });
    await expect(more.getByRole("button", { name: /^crash/ })).toHaveCount(0);
    await more.getByRole("button", { name: /^turn silent/ }).click();
    await expect(page.locator(".notice")).toContainText("more than Raft promises");
  });
});

test("a rule takes hold of those messages that carry what is said, for as long as is said", async ({ page, open }) => {
  await open("#raft/happy");
  await page.getByRole("button", { name: "To the beginning" }).click();
  let dialog = await breaking(page, "Message");
  await dialog.getByRole("combobox", { name: "Kind" }).selectOption("AppendEntries");
  await dialog.getByRole("textbox", { name: "Carrying" }).fill("term=1");
  await dialog.getByRole("button", { name: "for a while drop every AppendEntries term=1 …" }).click();
  await page.keyboard.press("Enter");
  await tab(page, "Scenario").click();
  const field = page.getByRole("textbox", { name: "Text of the scenario" });
  await expect(field).toHaveValue(/drop every AppendEntries term=1 for 100ms/);
  // What no message of the kind has is refused by name.
  dialog = await breaking(page, "Message");
  await dialog.getByRole("textbox", { name: "Carrying" }).fill("colour=red");
  await dialog.getByRole("button", { name: /^hold every/ }).click();
  await expect(page.locator(".notice")).toContainText("colour");
  await expect(field).not.toHaveValue(/colour/);
});

test.describe("a key with nothing it could be for", () => {
  test("says so where it can be seen", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await page.keyboard.press("c");
    await expect(page.locator(".notice")).toContainText("Nothing to crash is selected: select the node first");
  });

  test("on a receipt, is for its message or for who got it", async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=15ms");
    await tab(page, "Events").click();
    await page.locator(".events").getByRole("button", { name: /receives Note/ }).first().click();
    await page.keyboard.press("d");
    await expect(page.locator(".notice")).toContainText("B receives Note from A, at 0.010");
    await page.keyboard.press("c");
    await expect(page.locator(".topology").getByRole("button", { name: /^B, crashed/ })).toBeVisible();
  });
});

test("a link that changes by hand is told in the caption, and what does nothing is refused", async ({ page, open }) => {
  await open("#vector-clocks/triangle&t=5ms");
  let dialog = await breaking(page, "Link");
  await dialog.getByRole("button", { name: /^slow A/ }).click();
  await page.keyboard.press("Enter");
  await expect(page.locator(".caption")).toHaveText(/From now on the link from A to B has latency 80ms\./);
  dialog = await breaking(page, "Network");
  await dialog.getByRole("button", { name: "deliver what is under way when a link is cut" }).click();
  await expect(page.locator(".caption")).toHaveText(/From now on everywhere: what is under way at a cut arrives\./);
  dialog = await breaking(page, "Network");
  await expect(dialog.getByRole("button", { name: "lose what is under way when a link is cut" })).toBeVisible();
});

test("a line after the end of the run is told", async ({ page, open }) => {
  await open("#raft/happy");
  await tab(page, "Scenario").click();
  const field = page.getByRole("textbox", { name: "Text of the scenario" });
  await field.fill(`${await field.inputValue()}at 10min crash n1\n`);
  await page.getByRole("button", { name: "Run this text" }).click();
  await expect(page.locator(".notice")).toContainText("Crash n1 is to happen at");
});

test("a text of a later version is headed so", async ({ page, open }) => {
  await open("#raft/happy");
  await tab(page, "Scenario").click();
  const field = page.getByRole("textbox", { name: "Text of the scenario" });
  await field.fill((await field.inputValue()).replace("lamplight 1", "lamplight 2"));
  await expect(page.getByText("Open it on a newer page.").first()).toBeVisible();
});

test("a word that names no entry is no cut link", async ({ page, open }) => {
  await open("#rafft");
  await expect(page.getByRole("heading", { name: "There is no such scenario" }).first()).toBeVisible();
});

test("a diagram that was let go unheard does not hang on the hand", async ({ page, open }) => {
  await open("#raft/leader-crash&t=600ms");
  const follow = page.getByRole("button", { name: "Follow the playhead" });
  await expect(follow).toHaveAttribute("aria-pressed", "true");
  const box = await page.locator(".spacetime svg.scene").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height - 6];
  await page.mouse.move(x, y);
  await page.mouse.down();
  // The release goes to somebody else: a menu of the browser, another window.
  await page.evaluate(() => {
    for (const kind of ["pointerup", "click"]) addEventListener(kind, (e) => e.stopImmediatePropagation(), { capture: true, once: true });
  });
  await page.mouse.up();
  await page.mouse.move(x - 200, y, { steps: 4 });
  await expect(follow).toHaveAttribute("aria-pressed", "true");
  // Held, it goes with the hand.
  await page.mouse.down();
  await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.up();
  await expect(follow).toHaveAttribute("aria-pressed", "false");
});
