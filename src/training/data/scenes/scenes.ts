import { Random } from "../../../tensor/index.ts";
import type { Dataset } from "../dataset.ts";
import { describeScene } from "./describe.ts";
import { drawScene } from "./draw.ts";
import { sampleScene } from "./sample.ts";
import { sceneSize, taughtShares } from "./scene.ts";
import type { Scenery } from "./scenery.ts";

/** Enough that every word of the scenes occurs, in its natural frequency. */
const captionSamples = 40_000;

/** Scenes as a dataset: composed, drawn and described on the fly; nothing in them is held out. */
export function scenesDataset(scenery: Scenery): Dataset {
  return {
    name: "scenes",
    size: sceneSize,
    count: scenery.trainedCells,
    captions: {
      *[Symbol.iterator]() {
        const random = new Random(0);
        for (let i = 0; i < captionSamples; i++) {
          yield describeScene(scenery, sampleScene(scenery, random), random);
        }
      },
    },
    example(random) {
      const scene = sampleScene(scenery, random, {}, taughtShares);
      return {
        caption: describeScene(scenery, scene, random),
        reworded: (words) => describeScene(scenery, scene, words),
        // Only drawn where it is looked at: where its latents are kept, the caption is all that is asked for.
        get picture() {
          return drawScene(scenery, scene);
        },
      };
    },
  };
}
