// frabbit in a browser: what the page imports by the exports map's "browser" condition.
export { type LoadOptions, TextToImage } from "./pipelines/index.browser.ts";
export * from "./portable.ts";
export {
  type Backend,
  onnxruntimeWeb,
  onnxruntimeWebOn,
  type WebProvider,
} from "./runtime/index.browser.ts";
