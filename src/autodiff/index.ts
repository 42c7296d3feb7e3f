export { gradient } from "./gradient.ts";
