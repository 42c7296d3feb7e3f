// Trains a model on your pictures: npx tsx examples/04-train-your-own.ts my-pictures runs/mine 8000
// my-pictures holds x.png (or .jpg, .webp) and, for each, x.txt with its caption. Ctrl-C stops; add `resume: true` below
// to go on. Afterwards: npx tsx examples/01-generate.ts "one of your captions" runs/mine/model
import { train } from "frabbit/training";

const [data = "my-pictures", out = "runs/mine", steps = "8000", size = "64"] =
  process.argv.slice(2);

const training = train(data, { out, size: Number(size), recipe: { steps: Number(steps) } });
for await (const { step, loss, gradNorm, learningRate } of training) {
  console.log(
    `step ${step}: loss ${loss.toFixed(4)}, gradient ${gradNorm.toFixed(3)}, rate ${learningRate.toExponential(1)}`,
  );
}
