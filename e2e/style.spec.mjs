// The style by itself: its tokens as numbers, and every class once, in style/specimen.html.
import { readFile } from "node:fs/promises";
import { test, expect, accessible, overflow, smallTargets } from "./lamplight.mjs";

const file = (path) => readFile(new URL(`../${path}`, import.meta.url), "utf8");

// WCAG 2.2: relative luminance and contrast.
const linear = (hex) =>
  [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
const luminance = (hex) => linear(hex).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
};

// Colour vision deficiency at full severity, in linear RGB (Machado, Oliveira and Fernandes 2009), and the distance in CIELAB.
const eyes = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const dot = (row, v) => row.reduce((sum, c, i) => sum + c * v[i], 0);
const lab = (rgb) => {
  const xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]].map((row) => dot(row, rgb));
  const [x, y, z] = xyz.map((v, i) => v / [0.9505, 1, 1.089][i]).map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
};
const seen = (hex, eye) => lab(eye.map((row) => Math.min(1, Math.max(0, dot(row, linear(hex))))));
const apart = (a, b, eye) => Math.hypot(...seen(a, eye).map((v, i) => v - seen(b, eye)[i]));

const tokens = async () => {
  const css = await file("style/tokens.css");
  const root = css.slice(css.indexOf(":root {"), css.indexOf("\n}"));
  const pairs = [...root.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)];
  return {
    light: Object.fromEntries(pairs.map(([, name, light]) => [name, light])),
    dark: Object.fromEntries(pairs.map(([, name, , dark]) => [name, dark])),
  };
};
const runs = [1, 2, 3, 4, 5, 6].map((n) => `run-${n}`);

for (const theme of ["light", "dark"]) {
  test(`tokens, ${theme}: text reaches 4.5:1 and marks 3:1 on every ground they stand on`, async () => {
    const token = (await tokens())[theme];
    const faint = [];
    const demand = (least, fronts, grounds) => {
      for (const front of fronts)
        for (const ground of grounds) {
          const ratio = contrast(token[front], token[ground]);
          if (!(ratio >= least)) faint.push(`${front} on ${ground}: ${ratio.toFixed(2)} < ${least}`);
        }
    };
    demand(4.5, ["ink", "soft", "fail"], ["ground", "panel", "picked", "past", "future", "fenced"]);
    demand(4.5, runs, ["ground", "panel"]);
    demand(4.5, ["on-run"], runs);
    demand(3, [...runs, "lamp"], ["ground", "panel", "past", "future", "fenced"]);
    demand(3, ["edge"], ["ground", "panel"]);
    expect(faint).toEqual([]);
  });

  test(`tokens, ${theme}: neighbouring epochs are told apart by every eye, and none is the lamp or a failure`, async () => {
    const token = (await tokens())[theme];
    const alike = [];
    for (const [name, eye] of Object.entries(eyes)) {
      const demand = (least, a, b) => {
        const distance = apart(token[a], token[b], eye);
        if (!(distance >= least)) alike.push(`${a} and ${b}, ${name}: ${distance.toFixed(1)} < ${least}`);
      };
      runs.forEach((run, i) => demand(14, run, runs[(i + 1) % runs.length]));
    }
    for (const run of runs)
      for (const other of ["lamp", "fail"])
        if (!(apart(token[run], token[other], eyes.usual) >= 20)) alike.push(`${run} and ${other}`);
    expect(alike).toEqual([]);
  });
}

test("no file but tokens.css names a colour", async () => {
  for (const name of ["base", "layout", "controls", "workbench", "panel", "scene"]) {
    const css = (await file(`style/${name}.css`)).replace(/\/\*[\s\S]*?\*\/|url\([^)]*\)|--ground: #ffffff;/g, "");
    expect(css.match(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(/gi) ?? [], name).toEqual([]);
  }
});

const specimen = async (page, host, attributes = {}) => {
  const origin = await host({
    "/": await file("style/specimen.html"),
    "/style.css": { type: "text/css", body: (await file(".build/style.css")) + (await file(".build/late.css")) },
  });
  await page.goto(origin);
  await page.locator(".page").evaluate((e, set) => Object.entries(set).forEach(([k, v]) => e.setAttribute(k, v)), attributes);
};

const screens = {
  desk: [1440, 900],
  laptop: [1000, 700],
  phone: [390, 844],
  "small phone": [360, 740],
  "phone on its side": [780, 360],
};

for (const [name, [width, height]] of Object.entries(screens)) {
  for (const view of ["messages", "inspect"]) {
    test(`the specimen is accessible and fits: ${name}, ${view}`, async ({ page, host }) => {
      await page.setViewportSize({ width, height });
      await specimen(page, host, { "data-view": view });
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await accessible(page);
      }
      expect(await smallTargets(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    });
  }
}

const bands = [".topology", ".caption", ".spacetime", ".inspector .tabs", ".panel", ".transport", ".scrub", ".header"];
const places = (page) =>
  page.evaluate((names) => names.map((n) => [n, JSON.stringify(document.querySelector(n).getBoundingClientRect())]), bands);

for (const mode of ["page", "embed", "project"]) {
  for (const [name, [width, height]] of Object.entries(screens)) {
    test(`nothing moves when a text changes length: ${mode}, ${name}`, async ({ page, host }) => {
      await page.setViewportSize({ width, height });
      await specimen(page, host, mode === "page" ? {} : { "data-mode": mode });
      const say = (told, clock, word) =>
        page.evaluate(
          ([told, clock, word]) => {
            document.querySelector(".told").textContent = told;
            document.querySelector(".when").textContent = clock;
            document.querySelector(".clock").textContent = clock;
            document.querySelector(".fields dd").textContent = word;
            document.querySelector(".speed").textContent = clock.slice(0, 4);
          },
          [told, clock, word],
        );
      await say("", "0 s", "");
      const before = await places(page);
      await say("A sentence that goes on for longer than any caption should, ".repeat(5), "123.456 s", "value ".repeat(30));
      expect(await places(page)).toEqual(before);
      expect(await overflow(page)).toBe(0);
    });
  }
}

for (const [theme, scheme] of [["light", "dark"], ["dark", "light"]]) {
  test(`data-theme="${theme}" overrules a ${scheme} system`, async ({ page, host }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await specimen(page, host);
    await page.evaluate((t) => (document.documentElement.dataset.theme = t), theme);
    const [r, g, b] = linearHex(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    const { ground } = (await tokens())[theme];
    expect([r, g, b]).toEqual([1, 3, 5].map((i) => parseInt(ground.slice(i, i + 2), 16)));
  });
}

const linearHex = (rgb) => rgb.match(/\d+/g).slice(0, 3).map(Number);

test("the contrast theme is accessible, in both schemes", async ({ page, host }) => {
  await specimen(page, host);
  await page.evaluate(() => (document.documentElement.dataset.theme = "contrast"));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await accessible(page);
  }
});
