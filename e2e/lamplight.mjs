// What every browser test starts from:
//
//   import { test, expect, accessible, wire, smallTargets } from "./lamplight.mjs";
//   test("a lesson opens", async ({ page, open }) => { await open("?embed=1#raft/leader-crash"); … });
//
// A test fails on a console error or warning, an uncaught error, a violation of the content security policy, a failed request and any
// request to somebody else's server, unless it says beforehand what it expects: `quiet.expect(/panicked/)`.
import { test as base, expect } from "@playwright/test";
import { AxeBuilder } from "@axe-core/playwright";
import { fileURLToPath } from "node:url";
import { serve } from "../tools/serve.mjs";

export { expect };

const dist = fileURLToPath(new URL("../dist", import.meta.url));
/** Where the same dist/ also stands: a course folder, as a lecturer would have it. */
export const subPath = "/courses/ds 101/lamplight/";

const serving = (pages) => serve({ dir: dist, mounts: ["/", subPath], pages });

export const test = base.extend({
  /** The page's own server, one for each worker. */
  site: [
    async ({}, use) => {
      const server = await serving();
      await use(server.origin);
      await server.close();
    },
    { scope: "worker" },
  ],

  /** `await host({ "/page": "<html>…" })`: a second origin with those documents, the embedding side. Gives its origin. */
  host: async ({ quiet }, use) => {
    const servers = [];
    await use(async (pages) => {
      const server = await serve({ dir: dist, mounts: [], pages: { "/favicon.ico": { type: "image/svg+xml", body: "" }, ...pages } });
      servers.push(server);
      quiet.allow(server.origin);
      return server.origin;
    });
    for (const server of servers) await server.close();
  },

  /** The guard. `quiet.expect(pattern)` takes matching complaints out of the count and demands that one came. */
  quiet: [
    async ({ context, site }, use) => {
      const complaints = [];
      const expected = [];
      const origins = new Set([site]);
      const complain = (text) => complaints.push(text);
      await context.exposeBinding("reportViolation", (_, text) => complain(`policy: ${text}`));
      await context.addInitScript(() => {
        addEventListener("securitypolicyviolation", (e) =>
          globalThis.reportViolation(`${e.effectiveDirective} refused ${e.blockedURI} at ${e.sourceFile}:${e.lineNumber}`),
        );
      });
      context.on("console", (m) => {
        if (["error", "warning"].includes(m.type())) complain(`console ${m.type()}: ${m.text()} (${m.location().url})`);
      });
      context.on("weberror", (e) => complain(`uncaught: ${e.error()?.message ?? e.error()}`));
      context.on("request", (r) => {
        const url = new URL(r.url());
        if (/^https?:|^wss?:/.test(url.protocol) && !origins.has(url.origin)) complain(`third party: ${r.url()}`);
      });
      context.on("requestfailed", (r) => {
        const why = r.failure()?.errorText;
        if (why !== "net::ERR_ABORTED") complain(`request failed: ${r.url()} ${why}`);
      });
      context.on("response", (r) => {
        if (r.status() >= 400) complain(`status ${r.status()}: ${r.url()}`);
      });

      await use({
        expect: (pattern) => expected.push(pattern),
        allow: (origin) => origins.add(origin),
      });

      const left = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
      expect(left, "the page must not complain").toEqual([]);
      const absent = expected.filter((pattern) => !complaints.some((text) => pattern.test(text)));
      expect(absent, "complaints that were expected and did not come").toEqual([]);
    },
    { auto: true },
  ],

  /** Opens the page, by query and fragment, below the root or another mount, and waits until the application has taken over. */
  open: async ({ page, site }, use) => {
    await use(async (rest = "", mount = "/") => {
      const response = await page.goto(site + encodeURI(mount) + rest);
      expect(response.ok(), "the page was served").toBe(true);
      await expect(page.locator("#static")).toHaveCount(0);
      // What comes behind the first frames is there: a test is quicker than any reader.
      await expect(page.locator(rest.includes("embed=1") ? ".transport .until" : ".rail")).toHaveCount(1);
    });
  },
});

/** No violation of WCAG 2.0 to 2.2 A and AA, nor of axe's best practices, on the page or in the part that `within` selects. */
export const accessible = async (page, within) => {
  const axe = new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
  if (within) axe.include(within);
  const { violations } = await axe.analyze();
  const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.target.join(" ")).join("\n  ")}`);
  expect(told, "accessibility").toEqual([]);
};

/**
 * What can be pressed but is smaller than 24 by 24 CSS pixels. axe does not measure marks inside an SVG; this does.
 * Links inside a sentence are exempt, as the criterion has it.
 */
export const smallTargets = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("button, a[href], input, select, textarea, summary, [role=button], [role=tab], [role=slider], [tabindex='0']")]
      .filter((e) => e.checkVisibility() && !(e.matches("a") && e.closest("p, li") && getComputedStyle(e).display === "inline"))
      .map((e) => ({ e, box: e.getBoundingClientRect() }))
      // A lane's name is a second handle of a node that stands in the topology in full size: WCAG 2.5.8 excepts equivalents.
      .filter(({ e }) => !(e.matches(".lane-name") && document.querySelector(`.topology .node[data-pick="${e.dataset.pick}"]`)))
      // Half a tenth of a pixel is the browser's rounding, not a size.
      .filter(({ box }) => box.width > 0 && (box.width < 23.95 || box.height < 23.95))
      .map(({ e, box }) => `${e.outerHTML.slice(0, 80)} is ${box.width.toFixed(1)} by ${box.height.toFixed(1)}`),
  );

/** How far the page can be pushed sideways, in pixels: 0 on every screen that it claims to fit. */
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/**
 * Counts what crosses the wire from now on, headers and compression included: call it before `open`.
 * `await measured()` gives `{ total, files: [{ url, bytes }] }`.
 */
export const wire = async (page) => {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const urls = new Map();
  const files = [];
  session.on("Network.requestWillBeSent", (e) => urls.set(e.requestId, e.request.url));
  session.on("Network.loadingFinished", (e) => files.push({ url: urls.get(e.requestId), bytes: e.encodedDataLength }));
  return async () => {
    await page.waitForLoadState("networkidle");
    return { total: files.reduce((sum, file) => sum + file.bytes, 0), files };
  };
};
