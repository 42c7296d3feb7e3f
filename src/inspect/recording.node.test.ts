import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  adaptiveProjected,
  classifierFree,
  type Denoiser,
  finish,
  noiseLevels,
  predict,
  type SamplerName,
  type Step,
  sample,
  samplers,
  scaledLinear,
} from "../diffusion/index.ts";
import {
  type NdArray,
  type NormalGenerator,
  PhiloxRandom,
  Random,
  UserError,
} from "../tensor/index.ts";
import { readRecording, writeRecording } from "./index.node.ts";
import { type Recording, record, replay } from "./index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "frabbit-recording-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const levels = noiseLevels(scaledLinear(), { steps: 5, spacing: "trailing" });
const shape = [2, 3, 4, 4];

/** Guided with momentum, with a probe in every prediction. */
function denoiser(from?: Step): Denoiser {
  const map = { shape: [1, 2], data: Float32Array.of(0.25, 0.75) };
  return classifierFree(
    async (latent, level, texts) =>
      texts.map((text) => {
        const data = latent.data.map((value, i) => Math.sin(3 * value + text * i));
        return { ...predict("epsilon", { ...latent, data }, latent, level), probes: { map } };
      }),
    { withText: 1, withoutText: 0, scale: 2, combine: adaptiveProjected(), from },
  );
}

function run(
  name: SamplerName,
  from?: Step,
  random: readonly NormalGenerator[] = [new Random(1), new Random(2)],
): AsyncGenerator<Step, NdArray, void> {
  const beginning = from ? { from } : { shape, random };
  return sample({ denoise: denoiser(from), sampler: samplers[name](), levels, ...beginning });
}

const settings = { prompt: "a frog", seed: 7, nested: { list: [1, 0.1, "größe"] } };

describe.each(Object.keys(samplers) as SamplerName[])("%s", (name) => {
  test("a recording comes back from disk as it was, and goes on from any step to the same bytes", async () => {
    const recording = await record(run(name), settings);
    writeRecording(join(folder, "run"), recording);
    const read = await readRecording(join(folder, "run"));
    expect(read).toEqual(recording);
    expect(read.steps).toHaveLength(5);
    for (const step of read.steps) {
      const rest = await record(run(name, step));
      expect(rest.latent.data).toEqual(recording.latent.data);
      expect(rest.steps).toEqual(recording.steps.slice(step.step));
    }
  });
});

test("so does one with noise as on CUDA", async () => {
  const random = [new PhiloxRandom(1), new PhiloxRandom(2 ** 40, { threads: 512 })];
  const recording = await record(run("dpmpp-sde", undefined, random));
  writeRecording(join(folder, "run"), recording);
  const read = await readRecording(join(folder, "run"));
  expect(read).toEqual(recording);
  for (const step of read.steps) {
    const rest = await record(run("dpmpp-sde", step));
    expect(rest.latent.data).toEqual(recording.latent.data);
    expect(rest.steps).toEqual(recording.steps.slice(step.step));
  }
});

test("a replay is the run again", async () => {
  const recording = await record(run("ddpm"));
  expect(await record(replay(recording))).toEqual(recording);
  expect(await finish(replay(recording))).toBe(recording.latent);
});

test("arrays that steps share are kept once", async () => {
  const recording = await record(run("ddim"));
  writeRecording(join(folder, "run"), recording);
  const read = await readRecording(join(folder, "run"));
  const [first, second] = read.steps;
  expect(first!.probes!.map).toBe(second!.probes!.map);
  expect(first!.guidanceMemory).toBeUndefined();
  expect(second!.guidanceMemory!.shape).toEqual(shape);
});

describe("faults that a person can mend", () => {
  let recording: Recording;
  const at = (name: string) => join(folder, name);
  beforeEach(async () => {
    recording = await record(run("ddim"));
    writeRecording(at("run"), recording);
  });

  test("what is there is not replaced, and nothing is left over", () => {
    expect(() => writeRecording(at("run"), recording)).toThrow(/expected no folder there yet$/);
    expect(() => writeRecording(at("no/run"), recording)).toThrow(UserError);
    expect(() => writeRecording(at("b"), { ...recording, settings: { wrap: () => 1 } })).toThrow(
      "settings/wrap: expected plain data",
    );
    expect(() =>
      writeRecording(at("b"), { ...recording, settings: { a: { $tensor: "b" } } }),
    ).toThrow("settings/a: expected no property named $tensor or $uint32");
    expect(existsSync(at("b"))).toBe(false);
  });

  test.each<[RegExp, (json: string) => string]>([
    [/run\.json: expected JSON$/, (json) => json.slice(1)],
    [/run\.json: expected a tensor nowhere$/, (json) => json.replace("steps/0/latent", "nowhere")],
    [/run\.json: steps\.0\.sigma: /, (json) => json.replace(/"sigma":[\d.e-]+/, '"sigma":"1"')],
    [/run\.json: steps\.0\.latent: expected an array$/, (json) => json.replace("$tensor", "$")],
    [
      /run\.json: steps\.0\.random\.0\.words: expected 624 words$/,
      (json) => json.replace(/"words":\{"\$uint32":\[\d+,/, '"words":{"$uint32":['),
    ],
    [
      /run\.json: steps\.0\.random\.0: expected a generator's state$/,
      (json) => json.replace('"words"', '"word"'),
    ],
    [/run\.json: settings: /, (json) => json.replace('"settings":{}', '"settings":1')],
  ])("%s", async (message, damage) => {
    writeFileSync(at("run/run.json"), damage(readFileSync(at("run/run.json"), "utf8")));
    const error = await readRecording(at("run")).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
  });

  test("a missing folder", async () => {
    await expect(readRecording(at("none"))).rejects.toThrow(UserError);
  });
});
