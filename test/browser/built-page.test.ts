import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { buildPage } from "./built-page.ts";

test("a page bundles the package, its workers and ONNX Runtime, and nothing of Node.js", async () => {
  const { default: entry, types } = packageJson.exports["."].browser;
  expect(
    [entry, types].filter((path) => !existsSync(path)),
    "built by npm test",
  ).toEqual([]);
  const { files, modules } = await buildPage({ write: false });
  const has = (list: readonly string[], pattern: RegExp) => list.some((name) => pattern.test(name));
  expect(has(modules, /dist\/browser\/index\.js$/)).toBe(true);
  for (const part of [
    /session-worker-wasm.*\.js$/,
    /session-worker-webgpu.*\.js$/,
    /ort-wasm-simd-threaded-.*\.wasm$/,
    /ort-wasm-simd-threaded\.asyncify-.*\.wasm$/,
  ]) {
    expect(has(files, part), `${part} in ${files}`).toBe(true);
  }
  // What a package itself leaves out of browsers has no name behind the colon.
  const foreign = /^node:|vite-browser-external:|onnxruntime-node|node_modules\/sharp|\.node[.-]/;
  expect(modules.filter((id) => foreign.test(id) || builtinModules.includes(id))).toEqual([]);
});
