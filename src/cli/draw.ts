import { setImmediate } from "node:timers/promises";
import type { RunSpacing, SamplerName } from "../diffusion/index.ts";
import { encodePng } from "../image/index.ts";
import { type TextToImage, unstack } from "../pipelines/index.ts";
import { atomicWrite } from "../tensor/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { type FilmedStep, filmStrip } from "./film.ts";
import { filmFile } from "./output-file.ts";
import { parametersText, type Settings } from "./parameters.ts";

/** One picture to draw, and the file for it. */
export interface Drawing extends Omit<Settings, "width" | "height" | "sampler" | "schedule"> {
  /** Default: the model's own. */
  readonly sampler?: SamplerName | undefined;
  readonly schedule?: RunSpacing | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** What it begins with: what is in `from` and `mask`. */
  readonly begin?: { readonly picture: NdArray; readonly mask?: NdArray };
  readonly film: boolean;
  readonly file: string;
}

/** What was drawn. */
export interface Drawn extends Settings {
  readonly files: readonly string[];
}

/**
 * Draws a picture and writes it as a PNG, and its film beside it where that is asked for.
 *
 * @param taken called after each step.
 * @throws UserError when an option is not what it should be or a file cannot be written.
 */
export async function drawToFile(
  pipeline: TextToImage,
  drawing: Drawing,
  taken: () => void,
): Promise<Drawn> {
  const { film, file, width: w, height: h, sampler, schedule, begin, ...settings } = drawing;
  const { steps, seed, strength } = settings;
  const filmed: FilmedStep[] = [];
  const run = pipeline.steps(settings.prompt, {
    steps,
    seed,
    ...begin,
    ...(strength !== undefined && { strength }),
    ...(settings.negative !== "" && { negativePrompt: settings.negative }),
    guidanceScale: settings.guidance,
    ...(sampler && { sampler }),
    ...(schedule && { spacing: schedule }),
    ...(w !== undefined && { width: w }),
    ...(h !== undefined && { height: h }),
  });
  let result = await run.next();
  for (; !result.done; result = await run.next()) {
    const { latent, noise, denoised } = result.value;
    if (film) filmed.push({ latent, noise, denoised });
    taken();
    await setImmediate(); // lets Ctrl-C in
  }
  const picture = unstack(await pipeline.decode(result.value))[0]!;
  const [, height = 0, width = 0] = picture.shape;
  const drawn = {
    ...settings,
    sampler: sampler ?? pipeline.model.scheduler.samplerName,
    ...(schedule && { schedule }),
    width,
    height,
  };
  const text = { parameters: parametersText(drawn) };
  atomicWrite(file, encodePng(picture, { text }));
  if (film) atomicWrite(filmFile(file), encodePng(await filmStrip(pipeline, filmed), { text }));
  return { ...drawn, files: film ? [file, filmFile(file)] : [file] };
}
