import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = "src/training/adamw";
export const kernelFile: string = `${folder}/kernel.ts`;
const flags = ["-O3", "--runtime", "stub", "--noAssert", "--importMemory", "--enable", "simd"];

/** What `kernelFile` is to hold. */
export function compiledKernel(): string {
  const scratch = mkdtempSync(join(tmpdir(), "frabbit-kernel-"));
  try {
    const binary = join(scratch, "kernel.wasm");
    const compiler = "node_modules/assemblyscript/bin/asc.js";
    const source = `${folder}/assembly/kernel.ts`;
    execFileSync(process.execPath, [compiler, source, ...flags, "--outFile", binary]);
    const text = readFileSync(binary, "base64");
    return `// Made of assembly/kernel.ts: npx tsx scripts/adamw-kernel.ts\nexport const kernel =\n  "${text}";\n`;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
