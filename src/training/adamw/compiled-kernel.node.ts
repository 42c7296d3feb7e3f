import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
export const kernelFile: string = path("kernel.ts");
const flags = ["-O3", "--runtime", "stub", "--noAssert", "--importMemory", "--enable", "simd"];

/** What `kernelFile` is to hold. */
export function compiledKernel(): string {
  const scratch = mkdtempSync(join(tmpdir(), "frabbit-kernel-"));
  try {
    const binary = join(scratch, "kernel.wasm");
    const compiler = path("../../../node_modules/assemblyscript/bin/asc.js");
    const source = path("assembly/kernel.ts");
    execFileSync(process.execPath, [compiler, source, ...flags, "--outFile", binary]);
    const text = readFileSync(binary, "base64");
    return `// Made of assembly/kernel.ts: npx tsx scripts/adamw-kernel.ts\nexport const kernel =\n  "${text}";\n`;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
