export { type LoadOptions, TextToImage } from "./text-to-image.browser.ts";
