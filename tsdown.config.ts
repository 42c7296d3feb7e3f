import { defineConfig, type UserConfig } from "tsdown";

const library = {
  index: "src/index.ts",
  diffusion: "src/diffusion.ts",
  graph: "src/graph.ts",
  training: "src/training/index.node.ts",
};

const page = { index: "src/index.browser.ts" };

/** Each an entry, because a page starts it by its address. */
const workers = {
  "session-worker-wasm.browser": "src/runtime/session-worker-wasm.browser.ts",
  "session-worker-webgpu.browser": "src/runtime/session-worker-webgpu.browser.ts",
};

const config: UserConfig[] = defineConfig([
  {
    entry: { ...library, "cli/main": "src/cli/main.ts" },
    dts: { entry: Object.values(library) },
    platform: "node",
    fixedExtension: false,
    logLevel: "warn",
  },
  {
    entry: { ...page, ...workers },
    outDir: "dist/browser",
    dts: { entry: Object.values(page) },
    platform: "browser",
    logLevel: "warn",
    plugins: [
      {
        name: "worker-addresses",
        renderChunk: (code) => code.replaceAll(/(session-worker-\w+\.browser)\.ts/g, "$1.js"),
      },
    ],
  },
]);

export default config;
