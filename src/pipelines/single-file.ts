import { type Checkpoint, configFiles, describeCheckpoint, partOf } from "../checkpoints/index.ts";
import type { WeightFile } from "../safetensors/index.ts";
import { UserError } from "../tensor/index.ts";
import { clipVocabulary, tokenizerFiles } from "../text/index.ts";
import type { ModelSource } from "./read-model.ts";

/**
 * A checkpoint of one file as the diffusers folder that it stands for, so that `readModel` reads it: the configurations
 * are those of its family, the vocabulary CLIP's, the weights the same bytes under diffusers' names.
 *
 * @param name the file's, for messages.
 * @throws UserError when it is no Stable Diffusion, or its U-Net or autoencoder has more than the family's.
 */
export async function singleFile(file: WeightFile, name: string): Promise<ModelSource> {
  const checkpoint = await describeCheckpoint(file, name);
  refuseForeign(checkpoint, name);
  const texts = configFiles(checkpoint);
  const parts: Readonly<Record<string, WeightFile>> = Object.fromEntries(
    [...new Set(checkpoint.pairs.map(({ part }) => part))].map((part) => [
      part,
      partOf(file, checkpoint, part),
    ]),
  );
  return {
    folder: name,
    nameOf: (path) => `${name} (as ${path})`,
    readText: async (path) => texts[path] ?? (await vocabularyFile(path)),
    openWeights: async (path) => parts[path.replace(/\/.*/, "")],
  };
}

/** CLIP's vocabulary, which is the same for all of Stable Diffusion, and in no checkpoint. */
async function vocabularyFile(path: string): Promise<string | undefined> {
  const [, name] = /^tokenizer(?:_2)?\/(vocab\.json|merges\.txt)$/.exec(path) ?? [];
  if (name !== "vocab.json" && name !== "merges.txt") return undefined;
  return tokenizerFiles(await clipVocabulary(), 77)[name];
}

function refuseForeign({ notUnderstood }: Checkpoint, name: string): void {
  const foreign = notUnderstood.find((key) =>
    /^(model\.diffusion_model|first_stage_model)\./.test(key),
  );
  if (foreign !== undefined) {
    throw new UserError(`${name}: ${foreign}: no such weight in the networks of its family`);
  }
}
