import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { LatentFile, openLatents } from "./latent-file.node.ts";

const folder = mkdtempSync(join(tmpdir(), "frabbit-latents-"));
afterAll(() => rmSync(folder, { recursive: true }));

const halves = (first: number) => Uint16Array.from({ length: 6 }, (_, i) => first + i);

it("finds again what another left there, and nothing of what is missing, damaged or another's", () => {
  const path = join(folder, "latents");
  {
    using file = new LatentFile(path, 6, 1);
    for (const index of [5, 2, 0]) file.set(index, halves(index), "a disc");
    file.set(2, halves(7), "a disc");
  }
  const found = (key = 1, caption = "a disc") => {
    using file = new LatentFile(path, 6, key);
    return [0, 1, 2, 3, 4, 5, 6].map((index) => file.get(index, caption));
  };
  const none = undefined;
  expect(found()).toEqual([halves(0), none, halves(7), none, none, halves(5), none]);
  expect(found(2)).toEqual(Array(7).fill(none));
  expect(found(1, "a ring")).toEqual(Array(7).fill(none));
  truncateSync(path, readFileSync(path).length - 1);
  const bytes = readFileSync(path);
  bytes[3]! ^= 1;
  writeFileSync(path, bytes);
  expect(found()).toEqual([none, none, halves(7), none, none, none, none]);
});

it("is refused in a sentence where it cannot be", () => {
  expect(() => new LatentFile(folder, 6, 1)).toThrow(`cannot write ${folder}: it is a folder`);
});

it("gives a training its own latents only: those of its data, its seed and its autoencoder", () => {
  const recipe = { unet: { in_channels: 6, sample_size: 1 }, data: "d", pictures: 3, seed: 0 };
  const autoencoder = { weight: Float32Array.of(1, 2), bias: Float32Array.of(3) };
  {
    using own = openLatents(folder, recipe, autoencoder);
    own.set(1, halves(4), "a disc");
  }
  const found = (changed: Partial<typeof recipe>, changedWeights = {}) => {
    const weights = { ...autoencoder, ...changedWeights };
    using file = openLatents(folder, { ...recipe, ...changed }, weights);
    return file.get(1, "a disc");
  };
  expect(found({})).toEqual(halves(4));
  for (const changed of [{ data: "e" }, { pictures: 4 }, { seed: 1 }])
    expect(found(changed)).toBeUndefined();
  expect(found({}, { bias: Float32Array.of(4) })).toBeUndefined();
});
