// Writes test/tiny-model.ts as diffusers folders for pipeline.py: npx tsx pipeline-folder.ts FOLDER
import { join } from "node:path";
import { writeModelFolder } from "../../../src/pipelines/index.node.ts";
import { tinyLatentModel, tinyModel } from "../../tiny-model.ts";

for (const prediction_type of ["epsilon", "v_prediction"]) {
  const model = await tinyModel({ clip_sample: false, prediction_type });
  writeModelFolder(join(process.argv[2]!, prediction_type), model, { dtype: "F32" });
}
writeModelFolder(join(process.argv[2]!, "latents"), await tinyLatentModel(), { dtype: "F32" });
