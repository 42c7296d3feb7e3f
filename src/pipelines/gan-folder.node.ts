import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeSafetensors } from "../safetensors/index.node.ts";
import { atomicWrite } from "../tensor/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { ganClass } from "./gan-index.ts";
import { type GanModel, ganFiles, ganParameters, ganScope } from "./gan-model.ts";

/** Writes a GAN's files, in float16, into a folder that is there. */
export function writeGanFolder(folder: string, { config, weights }: GanModel): void {
  const tensors = new Map<string, NdArray>();
  for (const [name, shape] of ganParameters(config)) {
    tensors.set(name.slice(ganScope.length + 1), { shape, data: weights[name]! });
  }
  const index = { _class_name: ganClass, generator: ["frabbit", config._class_name] };
  mkdirSync(join(folder, dirname(ganFiles.config)), { recursive: true });
  atomicWrite(join(folder, ganFiles.index), `${JSON.stringify(index, null, 2)}\n`);
  atomicWrite(join(folder, ganFiles.config), `${JSON.stringify(config, null, 2)}\n`);
  writeSafetensors(join(folder, ganFiles.weights), tensors, { dtype: "F16" });
}
