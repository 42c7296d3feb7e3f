import { playwright } from "@vitest/browser-playwright";
import {
  defineConfig,
  type TestProjectInlineConfiguration,
  type ViteUserConfig,
} from "vitest/config";
import { chromiumSwitches, findChromium, isolation } from "./test/browser/chromium.ts";

const inBrowser = "**/*.browser.test.ts";

const node: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: "node",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: [inBrowser],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { groupOrder: 0 },
  },
};

const browser = (executablePath: string): TestProjectInlineConfiguration => ({
  extends: true,
  server: { headers: { ...isolation } },
  // What is found only while a test runs would be bundled then, and reload the page.
  optimizeDeps: {
    include: ["zod", "fast-png", "protobufjs/light.js", "fast-check"],
    exclude: ["onnxruntime-web"],
  },
  test: {
    name: "chromium",
    include: [inBrowser],
    testTimeout: 300_000,
    globalSetup: "test/browser/references.ts",
    // After the others: both want all cores.
    sequence: { groupOrder: 1 },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: [...chromiumSwitches] } }),
      instances: [{ browser: "chromium" }],
    },
  },
});

const chromium = findChromium();
const tellLeftOut = (): void => {
  if (chromium !== undefined) return;
  const reason = "this machine has no Chromium or Chrome";
  process.stderr.write(`frabbit: browser tests were left out: ${reason}\n`);
};

const config: ViteUserConfig = defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    projects: chromium === undefined ? [node] : [node, browser(chromium)],
    reporters: ["default", { onTestRunEnd: tellLeftOut }, "./scripts/closing-line-reporter.ts"],
  },
});

export default config;
