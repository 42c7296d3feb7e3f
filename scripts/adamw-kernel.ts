// Compiles AdamW's kernel, which is AssemblyScript: npx tsx scripts/adamw-kernel.ts
import { writeFileSync } from "node:fs";
import { compiledKernel, kernelFile } from "../src/training/adamw/compiled-kernel.node.ts";

writeFileSync(kernelFile, compiledKernel());
