import type { Backend } from "../runtime/index.node.ts";
import { UserError } from "../tensor/index.ts";
import type { Dataset } from "./data/dataset.ts";
import { loadEmoji } from "./data/emoji.node.ts";
import { loadFaces } from "./data/faces.node.ts";
import { loadFolder } from "./data/folder.node.ts";
import { loadScenes } from "./data/scenes.node.ts";
import { type DataName, requireSameData } from "./optimisation.ts";
import type { Intervals } from "./training-folder.node.ts";

/** What every method of training is told. */
export interface CommonOptions<Choices> extends Intervals {
  /** The folder of the training: recipe, log, checkpoint, samples and the model. Made if it is not there. */
  readonly out: string;
  /** What differs from the default recipe. */
  readonly recipe?: Choices;
  /** Goes on from the folder's checkpoint with its recipe, of which only `steps` may be given anew. */
  readonly resume?: boolean;
  /** Pixels a side that a folder of pictures is resized to. Default 64. */
  readonly size?: number;
  /** Told what takes time before the first step. */
  readonly log?: (message: string) => void;
  /** Default: onnxruntime on the CPU. */
  readonly backend?: Backend;
}

/** The data that come with frabbit, by name. */
const corpora: Readonly<
  Record<string, (options: { log: (message: string) => void }) => Promise<Dataset>>
> = { emoji: loadEmoji, faces: loadFaces, scenes: loadScenes };

/** Opens data by name, or a folder or JSONL file of captioned pictures. */
export async function openData(
  data: string | Dataset,
  size: number,
  { log = () => {} }: { log?: (message: string) => void },
): Promise<Dataset> {
  if (typeof data !== "string") return data;
  const load = Object.hasOwn(corpora, data) ? corpora[data] : undefined;
  return load ? load({ log }) : loadFolder(data, size);
}

/**
 * Refuses what would be passed over in a training that goes on.
 * @param given what was chosen, by name.
 * @throws UserError when one of them is not the steps.
 */
export function refuseChoices(given: object): void {
  const other = Object.keys(given).find((name) => name !== "steps");
  if (other !== undefined)
    throw new UserError(
      `${other}: expected none with resume, which goes by the folder's recipe; only steps may be given anew`,
    );
}

/** @throws UserError when data of a size of their own are given a size. */
export function refuseSizeOfCorpus(data: string | Dataset): void {
  if (typeof data !== "string" || Object.hasOwn(corpora, data))
    throw new UserError("size: expected none with data whose pictures have a size of their own");
}

/** @throws UserError when a training that was begun on other data is to go on, or the pictures have another size. */
export function requireOwnData(
  out: string,
  dataset: Dataset,
  { begun, size }: { readonly begun: DataName | undefined; readonly size: number },
): void {
  if (begun) requireSameData(out, begun, { data: dataset.name, pictures: dataset.count });
  if (size !== dataset.size)
    throw new UserError(
      `${out}: expected pictures of ${size} x ${size} pixels, got ${dataset.size} x ${dataset.size}`,
    );
}
