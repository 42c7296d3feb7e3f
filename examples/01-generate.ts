// Draws one picture: npx tsx examples/01-generate.ts "a red apple"
import { builtInModel, generate } from "frabbit";

const [prompt = "a red apple", model = builtInModel()] = process.argv.slice(2);

const image = await generate(prompt, { model, seed: 7 });
await image.save("picture.png");
console.log("picture.png");
