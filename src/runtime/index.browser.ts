export * from "./index.ts";
export { onnxruntimeWeb, onnxruntimeWebOn, type WebProvider } from "./onnxruntime.browser.ts";
