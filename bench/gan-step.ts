// One process of the GAN's training bench: `trainGan` with the default recipe and pictures of noise.
import { trainGan } from "../src/training/index.node.ts";
import { measureTraining } from "./measure-training.ts";

await measureTraining(trainGan);
