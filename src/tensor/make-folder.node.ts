import { mkdirSync } from "node:fs";
import { fileFault } from "./file-fault.node.ts";

/**
 * Makes a folder and those above it, where they are not there yet.
 * @returns The uppermost that was made, if any.
 * @throws UserError when the place cannot be written to.
 */
export function makeFolder(path: string): string | undefined {
  try {
    return mkdirSync(path, { recursive: true });
  } catch (error) {
    throw fileFault("write", path, error);
  }
}
