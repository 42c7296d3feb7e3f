// What the diffusion of latents learns soonest: npx tsx scripts/latent-trials.ts TRAINING [seconds] [variant ...]
// Trains each variant of a training's recipe (or those that are named) for as many seconds of processor time
// (default 300) on the same latents, and prints a row of a table: parameters, pictures seen, the mean squared error of the
// picture where so much of its variance is left, of large things on white, and for the noisiest the same with another
// picture's caption: how much the text is heard. TRAINING is the folder of a training of scenes whose autoencoder and text
// encoder are done; its latents are taken and added to. Each U-Net begins with random weights, without a first estimate.

import { join } from "node:path";
import { TextToImage } from "../src/pipelines/index.ts";
import { onnxruntimeNode } from "../src/runtime/index.node.ts";
import { Random } from "../src/tensor/index.ts";
import { readAutoencoder } from "../src/training/autoencoder/autoencoder-folder.node.ts";
import { describeScene } from "../src/training/data/scenes/describe.ts";
import { drawScene } from "../src/training/data/scenes/draw.ts";
import { sampleScene, type Wish } from "../src/training/data/scenes/sample.ts";
import { sceneSize } from "../src/training/data/scenes/scene.ts";
import { scenesDataset } from "../src/training/data/scenes/scenes.ts";
import { loadScenery } from "../src/training/data/scenes.node.ts";
import { type CleanExample, examplesOf } from "../src/training/diffusion/examples.ts";
import { openLatents } from "../src/training/diffusion/latent-file.node.ts";
import { diffusionLesson } from "../src/training/diffusion/lesson.ts";
import { newModel, withAutoencoder } from "../src/training/diffusion/new-model.ts";
import { miscaptioned, pictureErrors } from "../src/training/diffusion/picture-errors.ts";
import { parseRecipe, type Recipe, type RecipeChoices } from "../src/training/diffusion/recipe.ts";
import { withWeights } from "../src/training/diffusion/train-diffusion.node.ts";
import { readRecipe } from "../src/training/recipe-file.node.ts";
import { readNetworks } from "../src/training/taught-stage.node.ts";
import { stageFolders } from "../src/training/train.node.ts";
import { Trainer } from "../src/training/trainer.ts";

const [folder = "runs/scenes", seconds = "300", ...wanted] = process.argv.slice(2);
const shares = [0.8, 0.35, 0.025, 1e-4];
const noisiest = shares.slice(2);
const judgedCount = 128;
/** Nothing but the thing tells the caption of these: backgrounds are heard long before things. */
const judgedScenes: Wish = { kind: "object", size: "large", background: "white" };

/** What is tried, each as what it changes of the default. */
const variants: Readonly<Record<string, (recipe: Recipe) => RecipeChoices>> = {
  "the default": () => ({}),
  "the text encoder learns along": () => ({ expectation: undefined }),
  "time steps added": ({ unet }) => ({ unet: { ...unet, resnet_time_scale_shift: "default" } }),
  "batches of 16": () => ({ batchSize: 16 }),
  "batches of 64": () => ({ batchSize: 64 }),
  "attention on the way up, too": ({ unet }) => ({
    unet: {
      ...unet,
      up_block_types: (unet.up_block_types as readonly string[]).map((type, i, { length }) =>
        i < length - 1 ? "CrossAttnUpBlock2D" : type,
      ),
    },
  }),
  "two transformers each": ({ unet }) => ({ unet: { ...unet, transformer_layers_per_block: 2 } }),
  "time steps shifted by 4": () => ({ timestepShift: 4 }),
};

const scenery = await loadScenery({ log: console.error });
const dataset = scenesDataset(scenery);
const { vae, weights: autoencoder } = await readAutoencoder(
  join(folder, stageFolders.autoencoder, "model"),
);
const expectation = await readNetworks(join(folder, stageFolders.expectation));
const base = { ...readRecipe(folder, parseRecipe), steps: 100_000 };
const config = withAutoencoder(newModel(base, dataset), vae);
await using encoder = new TextToImage(withWeights(config, autoencoder), {
  backend: onnxruntimeNode,
});
using latents = openLatents(folder, base, autoencoder);
const random = new Random(1);
const judged: CleanExample[] = [];
for (let i = 0; i < judgedCount; i++) {
  const scene = sampleScene(scenery, random, judgedScenes);
  const data = drawScene(scenery, scene);
  const clean = await encoder.encode({ shape: [1, 3, sceneSize, sceneSize], data });
  judged.push({ clean, caption: describeScene(scenery, scene, random) });
}

const told = [
  ...shares.map((share) => `${100 * share} %`),
  ...noisiest.map((share) => `${100 * share} %, wrong caption`),
];
console.log(`| | parameters | pictures | ms each | ${told.join(" | ")} |`);
for (const [name, change] of Object.entries(variants)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const recipe = { ...base, ...change(base) };
  const own = withAutoencoder(newModel(recipe, dataset), vae);
  const text = recipe.expectation ? expectation : {};
  const examples = examplesOf(dataset, (picture) => encoder.encode(picture), base, latents);
  const lesson = diffusionLesson(recipe, own, examples, text);
  await using trainer = await Trainer.create(recipe, [lesson], onnxruntimeNode);
  const begun = process.cpuUsage();
  const used = () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1e6;
  };
  while (used() < Number(seconds)) await trainer.next();
  const pictures = trainer.step * recipe.batchSize;
  const each = ((1000 * used()) / pictures).toFixed(1);
  const model = withWeights(own, { ...autoencoder, ...text, ...trainer.averaged() });
  await using pipeline = new TextToImage(model, { backend: onnxruntimeNode });
  const errors = [
    ...(await pictureErrors(pipeline, judged, { shares })),
    ...(await pictureErrors(pipeline, miscaptioned(judged), { shares: noisiest })),
  ];
  const millions = (trainer.state.parameters.length / 1e6).toFixed(1);
  const row = [name, `${millions} M`, pictures, each, ...errors.map((error) => error.toFixed(4))];
  console.log(`| ${row.join(" | ")} |`);
}
