import { beforeAll, expect, test } from "vitest";
import { type Golden, goldenTensors } from "../../../test/golden-files.ts";
import { relativeError } from "../../../test/oracle/calculus.ts";
import { evaluate } from "../../../test/oracle/oracle.ts";
import { input, type Outputs, parametersOf, Scope } from "../../graph/index.ts";
import {
  discriminator,
  generatorMapping,
  generatorSynthesis,
  parseDiscriminatorConfig,
  parseGeneratorConfig,
} from "../../models/index.ts";
import { compile, onnxruntimeNode } from "../../runtime/index.node.ts";
import { pictureGraphs } from "./picture-graphs.ts";
import { defaultGanRecipe, type GanRecipe } from "./recipe.ts";

let golden: Golden;
beforeAll(async () => {
  golden = await goldenTensors("gan.safetensors");
});

const sizes = { sample_size: 8, latent_size: 3, block_out_channels: [4, 3] };
const generators = {
  style: { _class_name: "StyleGenerator", ...sizes, style_size: 4, mapping_layers: 2 },
  plain: { _class_name: "ConvolutionalGenerator", ...sizes },
} as const;
type Kind = keyof typeof generators;

const recipeOf = (kind: Kind): GanRecipe =>
  defaultGanRecipe(
    { name: "golden", count: 1, size: 8 },
    {
      batchSize: 4,
      r1Gamma: 10,
      r1Interval: 1,
      generator: generators[kind],
      discriminator: { sample_size: 8, block_out_channels: [3, 4], minibatch_std_group: 2 },
    },
  );

/** Values of everything that a graph is fed, by the golden file's names. */
function feedsOf(outputs: Outputs, kind: Kind): Record<string, Float32Array> {
  const parameters = [...parametersOf(Object.values(outputs)).keys()].map((name) => {
    return [name, golden(name.replace(/^generator/, kind)).data] as const;
  });
  const inputs = golden.names.map((name) => [name, golden(name).data] as const);
  return Object.fromEntries([...inputs, ...parameters]);
}

async function expectTorch(outputs: Outputs, kind: Kind, named: (name: string) => string) {
  const feeds = feedsOf(outputs, kind);
  await using executable = await compile(outputs, { backend: onnxruntimeNode, threads: 1 });
  const actual = await executable.run(feeds);
  const exact = evaluate(outputs, feeds);
  for (const name of Object.keys(outputs)) {
    const expected = golden(named(name)).data;
    // The transforms' sixths are float32.
    expect(relativeError(exact[name]!.data, expected), `oracle: ${name}`).toBeLessThan(3e-5);
    expect(relativeError(actual[name]!, expected), name).toBeLessThan(1e-4);
  }
}

const without = (outputs: Outputs, names: readonly string[]): Outputs =>
  Object.fromEntries(Object.entries(outputs).filter(([name]) => !names.includes(name)));

test.each(["style", "plain"] as const)(
  "the %s generator's loss and its gradients are torch's",
  async (kind) => {
    const { outputs, parameters } = pictureGraphs(recipeOf(kind)).generator;
    const known = golden.names.filter((name) => name.startsWith(`${kind}.grad.`));
    expect(parameters.size).toBe(known.length);
    await expectTorch(outputs, kind, (name) =>
      name === "loss" ? `${kind}.loss` : name.replace(/^gradient of generator\./, `${kind}.grad.`),
    );
  },
);

test.each(["discriminator", "penalised"] as const)(
  "%s: the losses and their gradients, R1's of second order, are torch's",
  async (turn) => {
    const { outputs, parameters, told } = pictureGraphs(recipeOf("style"))[turn];
    const known = golden.names.filter((name) => name.startsWith(`${turn}.grad.`));
    expect(parameters.size).toBe(known.length);
    const compared = without(outputs, told);
    await expectTorch(compared, "style", (name) =>
      name === "loss"
        ? `${turn}.loss`
        : name.replace(/^gradient of discriminator\./, `${turn}.grad.`),
    );
    if (turn === "discriminator") return;
    const penalty = { penalty: outputs["gradient penalty"]! };
    await expectTorch(penalty, "style", (name) => name);
  },
);

test.each(["style", "plain"] as const)(
  "the %s generator and the discriminator are the same in both layouts",
  async (kind) => {
    const config = parseGeneratorConfig(generators[kind]);
    const judge = parseDiscriminatorConfig(recipeOf(kind).discriminator);
    const built = (layout: "rows" | "planes") => {
      const scope = new Scope("generator");
      const codes = generatorMapping(scope, input("noise", [4, 3]), config);
      const made = generatorSynthesis(scope, codes, config, layout);
      return { made, logits: discriminator(new Scope("discriminator"), made, judge, layout) };
    };
    const [rows, planes] = [built("rows"), built("planes")];
    const one = evaluate(rows, feedsOf(rows, kind));
    const other = evaluate(planes, feedsOf(planes, kind));
    for (const name of ["made", "logits"] as const)
      expect(relativeError(one[name].data, other[name].data), name).toBeLessThan(1e-5);
    if (kind === "plain")
      expect(relativeError(one.made.data, golden("plain.made").data)).toBeLessThan(1e-5);
  },
);
