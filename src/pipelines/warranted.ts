import type { Header } from "../safetensors/index.ts";
import { sizeOf, UserError } from "../tensor/index.ts";

/** Fields of a network's config.json that say how many layers it has, for each of its levels, for each of these. */
const layerFields = ["num_hidden_layers", "layers_per_block", "transformer_layers_per_block"];

/** The same, of which each stands alone: an AutoencoderTiny's blocks, for each level, and a GAN's layers of the mapping. */
const blockFields = ["num_encoder_blocks", "num_decoder_blocks", "mapping_layers"];

/** Fields of which each element is a level. */
const levelFields = [
  "block_out_channels",
  "encoder_block_out_channels",
  "decoder_block_out_channels",
];

/**
 * Refuses a configuration of more layers than its file has tensors, or with a size above the number of the file's
 * elements, before a network of that size is built.
 *
 * @param where names the file of weights in the message.
 * @throws UserError that names the number.
 */
export function requireWarranted(config: object, { tensors }: Header, where: string): void {
  const fields = new Map(Object.entries(config).map(([name, value]) => [name, numbersIn(value)]));
  const most = (name: string) => Math.max(1, ...(fields.get(name) ?? []));
  const levels = Math.max(1, ...levelFields.map((name) => fields.get(name)?.length ?? 1));
  const blocks = blockFields.flatMap((name) => fields.get(name) ?? []);
  const layers = Math.max(
    layerFields.reduce((product, name) => product * most(name), levels),
    blocks.reduce((sum, count) => sum + count, 0),
  );
  if (layers > tensors.size) {
    throw new UserError(
      `${where}: expected weights of the ${layers} layers that config.json asks for, got ${tensors.size} tensors`,
    );
  }
  let elements = 0;
  for (const { shape } of tensors.values()) elements += sizeOf(shape);
  for (const [name, values] of fields) {
    const size = Math.max(0, ...values);
    if (size > elements) {
      throw new UserError(
        `${where}: expected weights for ${name} ${size}, as config.json says, got ${elements} elements`,
      );
    }
  }
}

/** The numbers of a field, in a list or alone; at most so many as a list of arguments may be long. */
function numbersIn(value: unknown): readonly number[] {
  const values: readonly unknown[] = Array.isArray(value) ? value.slice(0, 10_000) : [value];
  return values.filter((each) => typeof each === "number");
}
