import { type Checkpoint, configFiles, describeCheckpoint, partOf } from "../checkpoints/index.ts";
import type { WeightFile } from "../safetensors/index.ts";
import { UserError } from "../tensor/index.ts";
import type { TokenizerFiles } from "../text/index.ts";
import type { ModelSource } from "./read-model.ts";

/** CLIP's vocabulary, which is the same for all of Stable Diffusion, and in no checkpoint. */
export type Vocabulary = Pick<TokenizerFiles, "vocab.json" | "merges.txt">;

/**
 * A checkpoint of one file as the diffusers folder that it stands for, so that `readModel` reads it: the configurations
 * are those of its family, the weights the same bytes under diffusers' names.
 *
 * @param name the file's, for messages.
 * @throws UserError when it is no Stable Diffusion, or its U-Net or autoencoder has more than the family's.
 */
export async function singleFile(
  file: WeightFile,
  name: string,
  vocabulary: Vocabulary,
): Promise<ModelSource> {
  const checkpoint = await describeCheckpoint(file, name);
  refuseForeign(checkpoint, name);
  const texts: Readonly<Record<string, string>> = {
    ...configFiles(checkpoint),
    ...Object.fromEntries(
      ["tokenizer", "tokenizer_2"].flatMap((folder) =>
        Object.entries(vocabulary).map(([path, text]) => [`${folder}/${path}`, text]),
      ),
    ),
  };
  const parts: Readonly<Record<string, WeightFile>> = Object.fromEntries(
    [...new Set(checkpoint.pairs.map(({ part }) => part))].map((part) => [
      part,
      partOf(file, checkpoint, part),
    ]),
  );
  return {
    folder: name,
    nameOf: (path) => `${name} (as ${path})`,
    readText: (path) => Promise.resolve(texts[path]),
    openWeights: (path) => Promise.resolve(parts[path.replace(/\/.*/, "")]),
  };
}

function refuseForeign({ notUnderstood }: Checkpoint, name: string): void {
  const foreign = notUnderstood.find((key) =>
    /^(model\.diffusion_model|first_stage_model)\./.test(key),
  );
  if (foreign !== undefined) {
    throw new UserError(`${name}: ${foreign}: no such weight in the networks of its family`);
  }
}
