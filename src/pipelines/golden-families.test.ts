import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Family, familyModel, familyPrompt, familyRuns } from "../../test/family-models.ts";
import { goldenPath, goldenTensors } from "../../test/golden-files.ts";
import { relativeError } from "../../test/oracle/calculus.ts";
import { toBytes } from "../image/index.ts";
import { onnxruntimeNode as backend } from "../runtime/index.node.ts";
import type { NdArray } from "../tensor/index.ts";
import { unstack } from "./batch.ts";
import { Networks } from "./networks.ts";
import { TextToImage } from "./text-to-image.ts";

const cases = Object.entries(familyRuns).flatMap(([name, own]) =>
  Object.entries(own).map(([run, options]) => [name as Family, run, options] as const),
);

/** diffusers' Euler schedulers hold latents over alpha. */
const over = ({ shape, data }: NdArray, alpha: number): NdArray => ({
  shape,
  data: data.map((value) => value / alpha),
});

test.each(cases)("%s, %s: every stage as diffusers has it", async (name, run, options) => {
  const reference = await goldenTensors(`pipelines/${name}/reference.safetensors`);
  const expected = (stage: string) => reference(`${run}.${stage}`);
  const model = await familyModel(name, async (path) =>
    existsSync(goldenPath(path)) ? readFileSync(goldenPath(path), "utf8") : undefined,
  );

  const networks = new Networks(model, { backend });
  const ids = model.textEncoders.map(({ tokenizer }) => tokenizer.encode(familyPrompt).ids);
  const { states } = await networks.embedText(ids, options.clipSkip);
  await networks.dispose();
  expect(states.shape).toEqual(expected("text").shape);
  expect(relativeError(states.data, expected("text").data)).toBeLessThan(1e-4);

  await using pipeline = new TextToImage(model, { backend });
  const seen: NdArray[] = [];
  const steps = pipeline.steps(familyPrompt, { ...options, seed: 7 });
  let result = await steps.next();
  for (; !result.done; result = await steps.next()) {
    const { latent, alpha } = result.value;
    seen.push(model.scheduler.samplerName.startsWith("euler") ? over(latent, alpha) : latent);
  }
  seen.push(result.value);
  expect(relativeError(seen[1]!.data, expected("first").data)).toBeLessThan(1e-4);
  expect(relativeError(result.value.data, expected("last").data)).toBeLessThan(1e-4);

  const [picture] = unstack(await pipeline.decode(result.value));
  const { data } = toBytes(picture!);
  const { shape, data: theirs } = expected("picture");
  expect(shape).toEqual([32, 16, 3]);
  const differences = Array.from(data, (value, i) => Math.abs(value - theirs[i]!));
  expect(differences).toHaveLength(32 * 16 * 3);
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
});
