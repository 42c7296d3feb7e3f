import type { Fetched } from "../pipelines/index.node.ts";
import { tell } from "./tell.ts";

const patience = 1000; // milliseconds
const interval = 10_000; // milliseconds

/** Tells how far a model's files have been fetched, first after a second, then every 10 seconds. */
export function fetchProgress(): (fetched: Fetched) => void {
  let next: number | undefined;
  return ({ file, received, size }) => {
    const now = performance.now();
    next ??= now + patience;
    if (now < next) return;
    next = now + interval;
    tell(`fetching ${file}: ${megabytes(received)} of ${megabytes(size)} MB`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
