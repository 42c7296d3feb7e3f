// Trains the tiny network until it is killed or done: node --import tsx test/train-child.ts DATA OUT [resume]
import { train } from "../src/training/index.node.ts";
import { tinyTraining } from "./tiny-training.ts";

const [data = "", out = "", resume] = process.argv.slice(2);
const options = {
  out,
  ...(resume === "resume" ? { resume: true } : tinyTraining),
  checkpointMinutes: 0.001,
  sampleMinutes: 0.005,
};
for await (const _ of train(data, options)) await new Promise((done) => setTimeout(done, 20));
