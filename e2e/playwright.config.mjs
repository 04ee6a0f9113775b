// Browser tests against the release dist/. No retries and no sleeps: a test that needs them is wrong. The limits are for a slow machine:
// no test claims that something is fast.
import { defineConfig } from "@playwright/test";
import { chromium } from "./chromium.mjs";

export default defineConfig({
  testDir: ".",
  testMatch: "**/*.spec.mjs",
  outputDir: ".out",
  workers: 2,
  fullyParallel: true,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: chromium(),
      args: [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-features=OptimizationHints,Translate,MediaRouter",
        "--no-default-browser-check",
        "--no-first-run",
        "--force-color-profile=srgb",
        "--font-render-hinting=none",
      ],
    },
  },
});
