import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readModelFolder, TextToImage } from "../src/pipelines/index.node.ts";
import { networkTensors } from "../src/pipelines/index.ts";
import { loadTensors, readSafetensors } from "../src/safetensors/index.node.ts";
import { Random } from "../src/tensor/index.ts";
import {
  type Dataset,
  type Recipe,
  type RecipeChoices,
  type TrainingStep,
  train,
} from "../src/training/index.node.ts";
import { tinyTraining } from "./tiny-training.ts";

/** Discs of two colours on white, 16 x 16. */
const discs: Dataset = {
  name: "discs",
  size: 16,
  count: 2,
  captions: ["a red disc", "a blue disc"],
  example(random: Random) {
    const red = random.integer(2) === 0;
    const [left, top] = [5 + random.integer(6), 5 + random.integer(6)];
    const picture = Float32Array.from({ length: 3 * 256 }, (_, i) => {
      const [channel, x, y] = [Math.floor(i / 256), i % 16, Math.floor(i / 16) % 16];
      const inside = (x - left) ** 2 + (y - top) ** 2 < 16;
      return !inside || channel === (red ? 0 : 2) ? 1 : -1;
    });
    return { picture, caption: red ? "a red disc" : "a blue disc" };
  },
};

/** What the stages before the diffusion have in common. */
const stage = {
  data: "discs",
  pictures: 2,
  seed: 0,
  warmupSteps: 5,
  decayShare: 0.3,
  weightDecay: 0,
  betas: [0.9, 0.99],
  clipNorm: 1,
  emaDecay: 0.9,
} satisfies Partial<Recipe>;

const recipe: RecipeChoices = {
  ...tinyTraining.recipe,
  steps: 5,
  pool: 24,
  textEncoder: { ...tinyTraining.recipe.textEncoder, initializer_range: 1 },
  autoencoder: {
    ...stage,
    steps: 200,
    batchSize: 4,
    learningRate: 1e-2,
    crop: 16,
    latentDeviation: 0.1,
    klWeight: 1e-4,
    halfSizeWeight: 0.25,
    colourWeight: 1,
    vae: {
      _class_name: "AutoencoderKL",
      in_channels: 3,
      out_channels: 3,
      latent_channels: 4,
      block_out_channels: [8, 8, 16],
      down_block_types: Array(3).fill("DownEncoderBlock2D"),
      up_block_types: Array(3).fill("UpDecoderBlock2D"),
      layers_per_block: 1,
      norm_num_groups: 4,
      mid_block_add_attention: false,
    },
  },
  expectation: { ...stage, steps: 40, batchSize: 8, learningRate: 3e-3 },
  firstEstimate: {
    ...stage,
    seed: 1,
    steps: 30,
    batchSize: 8,
    learningRate: 3e-3,
    matrixLearningRate: 0.01,
  },
  unet: { ...tinyTraining.recipe.unet, sample_size: 4, in_channels: 4, out_channels: 4 },
};

const stages = ["autoencoder", "expectation", "first-estimate"];
/** Steps before the diffusion's. */
const before = 200 + 40 + 30;

let folder: string;
/** The steps of a training that was never stopped. */
const whole: TrainingStep[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "latents-"));
  for await (const step of train(discs, { out: join(folder, "whole"), recipe })) whole.push(step);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const log = (training: string): string => readFileSync(join(training, "log.jsonl"), "utf8");

test("learns the autoencoder first, and pictures come back of its latents", async () => {
  expect(whole.map(({ step }) => step)).toEqual([
    ...Array.from({ length: 200 }, (_, i) => i + 1),
    ...Array.from({ length: 40 }, (_, i) => i + 1),
    ...Array.from({ length: 30 }, (_, i) => i + 1),
    ...[1, 2, 3, 4, 5],
  ]);
  expect(whole[199]!.loss).toBeLessThan(0.4 * whole[0]!.loss);
  const figures = JSON.parse(
    readFileSync(join(folder, "whole", "autoencoder", "figures.json"), "utf8"),
  );
  expect(figures).toEqual({ step: 200, psnr: expect.any(Number) });
  expect(figures.psnr).toBeGreaterThan(10);
  expect(figures.psnr).toBeLessThan(40);
  await using pipeline = await TextToImage.load(join(folder, "whole", "model"));
  const [picture] = await pipeline.generate("a red disc", { steps: 2 });
  expect(picture?.shape).toEqual([3, 16, 16]);
  const random = new Random(3);
  const examples = Array.from({ length: 16 }, () => discs.example(random).picture);
  const pictures = {
    shape: [16, 3, 16, 16],
    data: Float32Array.from(examples.flatMap((x) => [...x])),
  };
  const latents = await pipeline.encode(pictures);
  const deviation = Math.sqrt(
    latents.data.reduce((sum, x) => sum + x * x, 0) / latents.data.length,
  );
  expect(deviation).toBeGreaterThan(0.8);
  expect(deviation).toBeLessThan(1.25);
  const back = await pipeline.decode(latents);
  const error = back.data.reduce((sum, x, i) => sum + Math.abs(x - pictures.data[i]!), 0);
  expect(error / back.data.length).toBeLessThan(0.15);
});

test("tells how much of the text is heard", () => {
  const figures = JSON.parse(readFileSync(join(folder, "whole", "figures.json"), "utf8"));
  expect(figures).toEqual({ step: 5, error: expect.any(Number), heard: expect.any(Number) });
  expect(figures.error).toBeGreaterThan(Math.abs(figures.heard));
});

test("then the text encoder, which learns what to expect of captions, and leaves it as it is", async () => {
  const textEncoder = join(folder, "whole", "expectation");
  const figures = JSON.parse(readFileSync(join(textEncoder, "figures.json"), "utf8"));
  expect(figures).toEqual({ step: 40, error: expect.any(Number) });
  expect(figures.error).toBeLessThan(0.9); // the latents' variance is about 1
  const learnt = await readSafetensors(join(textEncoder, "model.safetensors"));
  const model = await readModelFolder(join(folder, "whole", "model"));
  const kept = await networkTensors(model, "text_encoder");
  const tensors = await loadTensors(
    learnt,
    [...kept.keys()].map((key) => `text_encoder.${key}`),
  );
  for (const [key, tensor] of kept) expect(tensor).toEqual(tensors.get(`text_encoder.${key}`));
  const { shape, data } = kept.get("text_model.embeddings.token_embedding.weight")!;
  const end = Number(model.textEncoders[0].config.eos_token_id) * shape[1]!;
  expect(data.subarray(end, end + shape[1]!).some((x) => x !== 0)).toBe(true); // it began at zero
});

test("then the U-Net, which learns to tell that of pure noise, and goes on from there", async () => {
  const stage = join(folder, "whole", "first-estimate");
  const figures = JSON.parse(readFileSync(join(stage, "figures.json"), "utf8"));
  expect(figures).toEqual({ step: 30, error: expect.any(Number) });
  expect(figures.error).toBeLessThan(0.5 * whole[before - 30]!.loss);
  const learnt = await loadTensors(await readSafetensors(join(stage, "model.safetensors")));
  const kept = await networkTensors(await readModelFolder(join(folder, "whole", "model")), "unet");
  const norms = { between: 0, learnt: 0 };
  for (const [key, { data }] of kept) {
    const begun = learnt.get(`unet.${key}`)!.data;
    data.forEach((x, i) => {
      norms.between += (x - begun[i]!) ** 2;
      norms.learnt += begun[i]! ** 2;
    });
  }
  expect(norms.between).toBeLessThan(0.1 * norms.learnt); // five steps away, not as far as another beginning
  expect(norms.between).toBeGreaterThan(0);
});

test("goes on, bit for bit, from any stage", async () => {
  const out = join(folder, "stopped");
  const losses: number[] = [];
  for (const stop of [120, 200, 220, 240, 250, before, before + 2, whole.length]) {
    const options = losses.length === 0 ? { recipe } : { resume: true };
    for await (const { loss } of train(discs, { out, ...options }))
      if (losses.push(loss) === stop) break;
  }
  expect(losses).toEqual(whole.map(({ loss }) => loss));
  for (const name of stages) expect(log(join(out, name))).toBe(log(join(folder, "whole", name)));
  expect(log(out)).toBe(log(join(folder, "whole")));
}, 300_000);

test("once the diffusion has begun, needs no first estimate, and refuses another text encoder", async () => {
  const [out, changed] = [join(folder, "begun"), join(folder, "begun-changed")];
  for (const name of stages)
    cpSync(join(folder, "whole", name), join(out, name), { recursive: true });
  for await (const { step } of train(discs, { out, recipe })) if (step === 2) break;
  rmSync(join(out, "first-estimate"), { recursive: true });
  cpSync(out, changed, { recursive: true });
  const rest: number[] = [];
  for await (const { loss } of train(discs, { out, resume: true })) rest.push(loss);
  expect(rest).toEqual(whole.slice(before + 2).map(({ loss }) => loss));

  rmSync(join(changed, "expectation"), { recursive: true });
  const path = join(changed, "recipe.json");
  const begun = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...begun, expectation: { ...begun.expectation, seed: 7 } }));
  const refused = async () => {
    for await (const _ of train(discs, { out: changed, resume: true }));
  };
  await expect(refused()).rejects.toThrow(
    "checkpoint.safetensors: expected the networks beside this one to be those that it began to learn with, found others",
  );
}, 300_000);

test("refuses an autoencoder that does not fit the pictures, and leaves nothing", async () => {
  const out = join(folder, "odd");
  const autoencoder = { ...recipe.autoencoder!, crop: 12 };
  const refused = (size: number) => {
    const unet = { ...recipe.unet, sample_size: size / 4 };
    return train({ ...discs, size }, { out, recipe: { ...recipe, autoencoder, unet } }).next();
  };
  await expect(refused(16)).rejects.toThrow(
    "recipe: autoencoder.crop: expected a multiple of 8 to the pictures' 16 pixels, got 12",
  );
  await expect(refused(18)).rejects.toThrow(
    "recipe: autoencoder.vae: expected one whose 4 pixels to a place of a latent divide the pictures' 18",
  );
  expect(existsSync(out)).toBe(false);
});

test("begins with a model: keeps its autoencoder and its words, goes on with the rest", async () => {
  const model = join(folder, "whole", "model");
  const tuned = { learningRate: 1e-7, warmupSteps: 0, weightDecay: 0, batchSize: 4, steps: 4 };
  const [out, stopped] = [join(folder, "tuned"), join(folder, "tuned-stopped")];
  const losses: number[] = [];
  for await (const { loss } of train(discs, { out, model, recipe: tuned })) losses.push(loss);
  for await (const { step } of train(discs, { out: stopped, model, recipe: tuned }))
    if (step === 2) break;
  const rest: number[] = [];
  for await (const { loss } of train(discs, { out: stopped, resume: true })) rest.push(loss);
  expect(rest).toEqual(losses.slice(2));

  const [former, after] = await Promise.all([
    readModelFolder(model),
    readModelFolder(join(out, "model")),
  ]);
  expect(after.files).toEqual(former.files);
  for (const name of ["vae", "text_encoder"] as const)
    expect(await networkTensors(after, name)).toEqual(await networkTensors(former, name));
  const trained = await networkTensors(after, "unet");
  for (const [key, { data }] of await networkTensors(former, "unet"))
    trained.get(key)!.data.forEach((x, i) => {
      expect(Math.abs(x - data[i]!)).toBeLessThan(1e-4 + 1e-3 * Math.abs(x));
    });

  const refusal = train(discs, {
    out: join(folder, "refused"),
    model,
    recipe: { promptTokens: 9 },
  });
  await expect(refusal.next()).rejects.toThrow("promptTokens: expected none with model");
  const copy = join(folder, "copy");
  cpSync(model, copy, { recursive: true });
  const replaced = join(folder, "replaced");
  for await (const _ of train(discs, { out: replaced, model: copy, recipe: tuned })) break;
  const scheduler = join(copy, "scheduler", "scheduler_config.json");
  writeFileSync(scheduler, readFileSync(scheduler, "utf8").replace("trailing", "leading"));
  await expect(train(discs, { out: replaced, resume: true }).next()).rejects.toThrow(
    `${copy}: expected the model that ${replaced} was begun with, found another`,
  );
  const other = { ...discs, size: 32 };
  await expect(train(other, { out: join(folder, "refused"), model }).next()).rejects.toThrow(
    "expected pictures of 16 x 16 pixels, got 32 x 32",
  );
});

test("finished stages that are there already are used as they are, without their checkpoints", async () => {
  const out = join(folder, "second");
  for (const name of stages) {
    cpSync(join(folder, "whole", name), join(out, name), { recursive: true });
    rmSync(join(out, name, "checkpoint.safetensors"));
  }
  const losses: number[] = [];
  for await (const { loss } of train(discs, { out, recipe })) losses.push(loss);
  expect(losses).toEqual(whole.slice(before).map(({ loss }) => loss));

  const renamed = { ...discs, captions: ["a red disk", "a blue disk"] };
  const other = join(folder, "other-words");
  for (const name of stages)
    cpSync(join(folder, "whole", name), join(other, name), { recursive: true });
  await expect(train(renamed, { out: other, recipe }).next()).rejects.toThrow(
    "expectation: expected a text encoder that reads these captions, found one of others",
  );
  const retold = join(folder, "retold");
  for (const name of ["autoencoder", "first-estimate"])
    cpSync(join(folder, "whole", name), join(retold, name), { recursive: true });
  const otherwise = { ...recipe, expectation: { ...recipe.expectation!, steps: 2 } };
  const taken = async () => {
    for await (const _ of train(discs, { out: retold, recipe: otherwise }));
  };
  await expect(taken()).rejects.toThrow(
    "first-estimate: expected a first estimate that this text encoder has taught this U-Net",
  );
  cpSync(join(folder, "whole", "autoencoder"), join(folder, "third", "autoencoder"), {
    recursive: true,
  });
  const more = { ...recipe, autoencoder: { ...recipe.autoencoder!, pictures: 3 } };
  const third = train(discs, { out: join(folder, "third"), recipe: more });
  await expect(third.next()).rejects.toThrow(
    "third/autoencoder: expected the data that it was begun with (discs, 2 pictures), got discs, 3 pictures",
  );
});
