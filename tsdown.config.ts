import { defineConfig, type UserConfig } from "tsdown";

const library = {
  index: "src/index.ts",
  diffusion: "src/diffusion.ts",
  graph: "src/graph.ts",
  training: "src/training/index.node.ts",
};

const config: UserConfig = defineConfig({
  entry: { ...library, "cli/main": "src/cli/main.ts" },
  dts: { entry: Object.values(library) },
  platform: "node",
  fixedExtension: false,
  logLevel: "warn",
});

export default config;
