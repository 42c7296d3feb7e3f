export { fromPatches, toPatches } from "./patches.ts";
