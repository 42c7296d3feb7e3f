import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tinyModel } from "../../test/tiny-model.ts";
import { decodePng, toBytes } from "../image/index.ts";
import { builtInModel, generate, TextToImage, writeModelFolder } from "../index.ts";

const temporary = mkdtempSync(join(tmpdir(), "frabbit-generate-"));

afterAll(() => rmSync(temporary, { recursive: true }));

test("one call draws and saves the picture that the loop ends with", async () => {
  const model = join(temporary, "model");
  await writeModelFolder(model, await tinyModel(), { dtype: "F16" });
  const image = await generate("a red apple", { model, seed: 7, steps: 2 });
  const path = join(temporary, "apple.png");
  await image.save(path);
  await using pipeline = await TextToImage.load(model);
  const [picture] = await pipeline.generate("a red apple", { seed: 7, steps: 2 });
  expect(decodePng(readFileSync(path))).toEqual(toBytes(picture!));
});

test("the built-in models' places are in the package", () => {
  expect(builtInModel()).toBe(join(process.cwd(), "models", "scenes"));
  expect(builtInModel("emoji")).toBe(join(process.cwd(), "models", "emoji"));
  expect(builtInModel("faces")).toBe(join(process.cwd(), "models", "faces"));
});
