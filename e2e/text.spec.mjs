// The scenario as text, and its settings as controls: written, completed, run, saved and opened.
import { readFile, writeFile } from "node:fs/promises";
import { test, expect, accessible, overflow, smallTargets } from "./lamplight.mjs";

const status = (page) => page.getByRole("status");
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const field = (page) => page.getByRole("textbox", { name: "Text of the scenario" });
const words = (page) => page.getByRole("listbox", { name: "Words that may stand here" });
const settings = (page) => page.locator(".settings > summary");

/** Puts the caret behind the first place where the text says this. */
const caret = (page, behind) =>
  field(page).evaluate((e, behind) => {
    e.focus();
    const at = e.value.indexOf(behind) + behind.length;
    e.setSelectionRange(at, at);
  }, behind);

test.describe("the text", () => {
  test.beforeEach(async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
    await tab(page, "Scenario").click();
  });

  test("shows a mistake where it is while it is typed, and says it", async ({ page }) => {
    await caret(page, "n1 tell");
    await page.keyboard.type("x");
    await page.keyboard.press("Escape");
    await expect(page.locator(".editor mark")).toHaveText("tellx");
    await expect(field(page)).toHaveAttribute("aria-invalid", "true");
    await expect(page.locator(".faults li")).toContainText("line 11");
    await expect(status(page)).toContainText("Line 11");
    await accessible(page);
    await page.locator(".faults button").click();
    expect(await field(page).evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd))).toBe("tellx");
    await page.keyboard.type("tell");
    await expect(page.locator(".editor mark")).toHaveCount(0);
    await expect(page.locator(".faults li")).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Run this text" })).toBeDisabled();
  });

  test("a word is completed by keyboard alone, and the text runs", async ({ page }) => {
    await caret(page, "n3 tell n1");
    await page.keyboard.press("Enter");
    await page.keyboard.type("at 7ms cr");
    await expect(words(page)).toBeVisible();
    await expect(words(page).getByRole("option", { selected: true })).toContainText("crash");
    await expect(status(page)).toContainText("crash");
    await accessible(page);
    await page.keyboard.press("Tab");
    await expect(words(page)).toBeHidden();
    await page.keyboard.press("Control+ ");
    await expect(words(page).getByRole("option").filter({ has: page.locator("b", { hasText: /^n2$/ }) })).toHaveCount(1);
    for (let i = 0; i < 12 && !(await words(page).getByRole("option", { selected: true }).textContent()).startsWith("n2"); i += 1)
      await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect(field(page)).toHaveValue(/at 7ms crash n2 \n/);
    await page.keyboard.press("Control+ ");
    await expect(words(page)).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(words(page)).toBeHidden();
    await page.keyboard.press("Control+Enter");
    await expect(status(page)).toContainText("The edited scenario runs");
    await page.getByRole("button", { name: "To the end" }).click();
    await expect(page.locator(".topology").getByRole("button", { name: /^B, crashed/ })).toBeVisible();
  });

  test("the letters and their colours lie on each other, also when scrolled", async ({ page }) => {
    await caret(page, "by 1s");
    for (let i = 0; i < 40; i += 1) await page.keyboard.press("Enter");
    await field(page).evaluate((e) => {
      e.scrollTop = 40;
      e.scrollLeft = 30;
    });
    await expect(page.locator(".editor code")).toHaveCSS("translate", "-30px -40px");
    const metrics = (e) => {
      const s = getComputedStyle(e);
      return [s.fontFamily, s.fontSize, s.lineHeight, s.tabSize, s.letterSpacing].join();
    };
    expect(await field(page).evaluate(metrics)).toBe(await page.locator(".editor code").evaluate(metrics));
    const [text, colours] = [await field(page).inputValue(), await page.locator(".editor code").textContent()];
    expect(colours).toBe(`${text}\n`);
  });

  test("a caret in a step goes to its moment, a selected fault to its line, and a draft to nowhere", async ({ page }) => {
    await caret(page, "title");
    for (let i = 0; i < 9; i += 1) await page.keyboard.press("ArrowDown");
    await expect(page.locator(".transport .clock")).toContainText("0.000");
    await expect(page.locator(".editor b")).toContainText("n1 tell n2");
    await page.keyboard.press("ArrowDown");
    await expect(page.locator(".transport .clock")).toContainText("0.010");
    await page.keyboard.type(" ");
    await page.keyboard.press("ArrowUp");
    await expect(page.locator(".transport .clock")).toContainText("0.010");
    await page.getByRole("button", { name: "Take back" }).click();
    await expect(page.locator(".editor b")).toContainText("n2 tell n3");
  });

  test("a draft is kept when another tab is looked at", async ({ page }) => {
    await caret(page, "Three");
    await page.keyboard.type("fold");
    await tab(page, "Events").click();
    await tab(page, "Scenario").click();
    await expect(field(page)).toHaveValue(/Threefold messages/);
  });

  test("is saved as a file, and opened from one", async ({ page }, info) => {
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as a file" }).click();
    const file = await coming;
    expect(file.suggestedFilename()).toBe("three-messages-around-a-triangle.lamp");
    const text = await readFile(await file.path(), "utf8");
    expect(text).toBe(await field(page).inputValue());

    const give = async (name, body) => {
      const path = info.outputPath(name);
      await writeFile(path, body);
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: "Open a file" }).click();
      await (await chooser).setFiles(path);
    };
    // The same protocol: an edit, which can be undone.
    await give("slow.lamp", text.replace("latency=10ms", "latency=30ms"));
    await expect(field(page)).toHaveValue(/latency=30ms/);
    await page.getByRole("button", { name: "Undo" }).first().click();
    await expect(field(page)).toHaveValue(/latency=10ms/);
    // What cannot be read is there to be mended; the run stays.
    await give("wrong.lamp", text.replace("n1 tell", "n1 tel"));
    await expect(page.locator(".editor mark")).toHaveText("tel");
    await expect(page.locator(".notice")).toContainText("wrong.lamp");
    await page.getByRole("button", { name: "Take back" }).click();
    await give("picture.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]));
    await expect(page.locator(".notice")).toContainText("not a text file");
    await give("long.lamp", "x".repeat(70_000));
    await expect(page.locator(".notice")).toContainText("at most 64 kB");
    await expect(field(page)).toHaveValue(text);
  });

  test("a file of another protocol is dropped on the page, and Back leads back", async ({ page }) => {
    const data = await page.evaluateHandle(() => {
      const d = new DataTransfer();
      d.items.add(new File(["lamplight 1\ntitle Dropped\nrun raft nodes=3 seed=2\n"], "d.lamp"));
      return d;
    });
    await page.dispatchEvent("body", "dragover", { dataTransfer: data });
    await expect(page.locator(".dropping")).toBeVisible();
    await page.dispatchEvent("body", "drop", { dataTransfer: data });
    await expect(page.locator(".dropping")).toHaveCount(0);
    await expect(page).toHaveTitle(/^Dropped/);
    await page.goBack();
    await expect(page).toHaveTitle(/^Three messages/);
  });
});

test.describe("a text that waits", () => {
  const branches = (page) => page.getByRole("list", { name: "Branches of this run" });
  const notice = (page) => page.locator(".notice");
  const write = async (page, line) => {
    await tab(page, "Scenario").click();
    await field(page).evaluate((e) => {
      e.focus();
      e.setSelectionRange(e.value.length, e.value.length);
    });
    await page.keyboard.type(line);
  };
  const crash = async (page, name) => {
    await page.locator(".topology").getByRole("button", { name }).click();
    await page.keyboard.press("c");
    await expect(notice(page)).toContainText(/^Crash/);
    await tab(page, "Scenario").click();
  };
  const drop = (page, body) =>
    page
      .evaluateHandle((body) => {
        const d = new DataTransfer();
        d.items.add(new File([body], "d.lamp"));
        return d;
      }, body)
      .then((dataTransfer) => page.dispatchEvent("body", "drop", { dataTransfer }));

  test.beforeEach(async ({ page, open }) => {
    await open("#vector-clocks/triangle&t=5ms");
  });

  test("has what is done by hand meanwhile, and running it keeps both", async ({ page }) => {
    await write(page, "# my note");
    await crash(page, /^C/);
    await expect(field(page)).toHaveValue(/at 5ms +crash n3[^]*# my note/);
    await page.getByRole("button", { name: "Run this text" }).click();
    await expect(status(page)).toContainText("The edited scenario runs");
    await expect(notice(page)).toHaveCount(0);
    await expect(page.locator(".topology").getByRole("button", { name: /^C, crashed/ })).toBeVisible();
    await expect(field(page)).toHaveValue(/at 5ms +crash n3[^]*# my note/);
  });

  test("that says something else there itself waits in its own branch", async ({ page }) => {
    await tab(page, "Scenario").click();
    await field(page).fill("hello world");
    await crash(page, /^C/);
    await expect(notice(page)).toContainText("What you were writing waits in “as it came”");
    await expect(field(page)).toHaveValue(/crash n3/);
    await branches(page).getByRole("button", { name: "as it came", exact: true }).click();
    await expect(field(page)).toHaveValue("hello world");
  });

  test("stays with the branch it was begun in, and so does what is told of one", async ({ page }) => {
    await crash(page, /^C/);
    await write(page, "# of the crash");
    await branches(page).getByRole("button", { name: "as it came", exact: true }).click();
    await expect(notice(page)).toHaveCount(0);
    await expect(field(page)).not.toHaveValue(/# of the crash/);
    await expect(page.getByRole("button", { name: "Run this text" })).toBeDisabled();
    await branches(page).getByRole("button", { name: /^crash C at/ }).click();
    await expect(field(page)).toHaveValue(/# of the crash/);
  });

  test("comes back by undo when it was taken back, and when a file took its place", async ({ page }) => {
    await write(page, "# my note");
    const run = (await field(page).inputValue()).replace("# my note", "");
    for (const body of [null, "hello world", run.replace("latency=10ms", "latency=30ms")]) {
      if (body === null) await page.getByRole("button", { name: "Take back" }).click();
      else await drop(page, body);
      await expect(field(page)).not.toHaveValue(/# my note/);
      await notice(page).getByRole("button", { name: "Undo" }).click();
      await expect(field(page)).toHaveValue(/latency=10ms[^]*# my note/);
    }
  });

  test("beyond the limits is refused, and has no colours", async ({ page }) => {
    await tab(page, "Scenario").click();
    const text = await field(page).inputValue();
    await field(page).fill(text + "# more\n".repeat(1_000));
    await expect(page.locator(".faults li")).toContainText("At most 1000");
    await expect(page.locator(".editor code *")).toHaveCount(0);
    await field(page).fill(text.replace("n1 tell", "n1 tel"));
    await expect(page.locator(".editor mark")).toHaveText("tel");
  });
});

test.describe("settings", () => {
  test("a parameter is changed and goes back to its default; a refusal changes nothing", async ({ page, open }) => {
    await open("#raft/happy&t=100ms");
    await tab(page, "Scenario").click();
    await settings(page).click();
    const nodes = page.getByRole("spinbutton", { name: "nodes", exact: true });
    await expect(nodes).toHaveValue("5");
    await nodes.fill("3");
    await nodes.press("Enter");
    await expect(field(page)).toHaveValue(/run +raft nodes=3/);
    await expect(page.locator(".topology .node")).toHaveCount(4);
    // What is tried is one branch, which is called by the value.
    const branch = page.locator(".branch [aria-current]");
    await expect(branch).toHaveText("nodes=3");
    await page.getByRole("button", { name: "Default of nodes: 5" }).click();
    await expect(nodes).toHaveValue("5");
    await expect(branch).toHaveText("nodes=5");
    await expect(field(page)).not.toHaveValue(/nodes=/);

    const heartbeat = page.getByRole("textbox", { name: "heartbeat", exact: true });
    await heartbeat.fill("soon");
    await heartbeat.press("Enter");
    await expect(heartbeat).toHaveAttribute("aria-invalid", "true");
    await expect(page.locator(".dial .refused:visible")).toContainText("soon");
    await expect(field(page)).not.toHaveValue(/soon/);
    await accessible(page);
    await heartbeat.fill("40ms");
    await heartbeat.press("Enter");
    await expect(page.locator(".dial .refused:visible")).toHaveCount(0);
    await page.getByRole("checkbox", { name: "prevote", exact: true }).check();
    await expect(field(page)).toHaveValue(/heartbeat=40ms prevote=on/);
    await page.getByRole("heading", { name: "Scenario" }).click();
    await page.keyboard.press("Control+z");
    await expect(page.getByRole("checkbox", { name: "prevote", exact: true })).not.toBeChecked();
  });

  test("side by side the controls set the run in view", async ({ page, open }) => {
    await open("#raft/rejoin-beside&t=2s&in=prevote");
    await tab(page, "Scenario").click();
    await settings(page).click();
    const prevote = page.getByRole("checkbox", { name: "prevote", exact: true });
    await expect(prevote).toBeChecked();
    await prevote.uncheck();
    await expect(field(page)).not.toHaveValue(/prevote=on/);
    const heartbeat = page.getByRole("textbox", { name: "heartbeat", exact: true });
    await heartbeat.fill("40ms");
    await heartbeat.press("Enter");
    await expect(field(page)).toHaveValue(/beside raft as prevote .*heartbeat=40ms/);
    await expect(field(page)).not.toHaveValue(/run +raft as plain .*heartbeat/);
    await expect(heartbeat).toHaveValue("40ms");
  });

  test("a mistake is switched on, a red line says so, and its claim breaks", async ({ page, open }) => {
    await open("#raft/vote-restart&t=1ms");
    await tab(page, "Scenario").click();
    await settings(page).click();
    await page.getByRole("checkbox", { name: "no-votedfor", exact: true }).check();
    await expect(page.locator(".mistake")).toContainText("Mistake on: Votes are not written to disk. Watch");
    await accessible(page);
    await page.getByRole("button", { name: "To the end" }).click();
    await tab(page, "Claims").click();
    await expect(page.locator(".mistake")).toBeVisible();
    await expect(page.locator(".claims li").filter({ hasText: "Election Safety" })).toContainText("broken");
    await tab(page, "Scenario").click();
    await settings(page).click();
    await page.getByRole("checkbox", { name: "no-votedfor", exact: true }).uncheck();
    await expect(page.locator(".mistake")).toHaveCount(0);
  });

  test("an operation is asked at the playhead", async ({ page, open }) => {
    await open("#raft/happy&t=100ms");
    await tab(page, "Scenario").click();
    await settings(page).click();
    const ask = page.locator(".ask");
    await ask.getByRole("button", { name: "Ask" }).click();
    await expect(ask.locator(".refused")).toHaveText("A key is missing.");
    await ask.getByRole("textbox", { name: "key" }).fill("x");
    await ask.getByRole("textbox", { name: "value" }).fill("7");
    await ask.getByRole("button", { name: "Ask" }).click();
    await expect(field(page)).toHaveValue(/at 100ms(\.\d+)? +c1 put x 7/);
  });

  for (const [name, viewport] of Object.entries({ desk: { width: 1440, height: 900 }, small: { width: 360, height: 640 } })) {
    for (const colorScheme of ["light", "dark"]) {
      test(`accessible, with targets large enough: ${name}, ${colorScheme}`, async ({ page, open }) => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await open("#raft/vote-restart&t=1ms");
        await tab(page, "Scenario").click();
        await settings(page).click();
        await page.getByRole("checkbox", { name: "no-votedfor", exact: true }).check();
        await accessible(page);
        expect(await smallTargets(page)).toEqual([]);
        expect(await overflow(page)).toBe(0);
      });
    }
  }
});
