// One process of the training bench: `train` with the built-in model's recipe and pictures of noise.
import { train } from "../src/training/index.node.ts";
import { measureTraining } from "./measure-training.ts";

await measureTraining(train);
