// Writes test/tiny-model.ts as diffusers folders for pipeline.py and others: npx tsx pipeline-folder.ts FOLDER
import { join } from "node:path";
import { writeModelFolder } from "../../../src/pipelines/index.node.ts";
import { miniature, tinyLatentModel, tinyModel } from "../../tiny-model.ts";

for (const prediction_type of ["epsilon", "v_prediction"]) {
  const model = await tinyModel({ clip_sample: false, prediction_type });
  await writeModelFolder(join(process.argv[2]!, prediction_type), model, { dtype: "F32" });
}
await writeModelFolder(join(process.argv[2]!, "latents"), await tinyLatentModel(), {
  dtype: "F32",
});
for (const channels of [4, 8, 9] as const) {
  await writeModelFolder(join(process.argv[2]!, `sd1-${channels}`), miniature(channels), {
    dtype: "F32",
  });
}
