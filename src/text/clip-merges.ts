// A module around the file, so that a bundler that leaves dynamic imports with attributes alone finds it.
export { default } from "./clip-merges.json" with { type: "json" };
