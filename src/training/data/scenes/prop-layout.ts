import { boxAround, longestSides } from "./boxes.ts";
import { type Box, type PropName, sceneSize } from "./scene.ts";
import type { Sprite } from "./sprite.ts";

/** The boxes of a thing and of the prop that it goes with. The thing is where it is in other scenes, too, in the same size. */
export function arrangeWithProp(prop: PropName, sprite: Sprite): Box[] {
  const thing = boxAround(sprite, longestSides.medium, [sceneSize / 2, heightOf[prop]]);
  return [thing, boxOf[prop](thing, sprite)];
}

/** Where a thing is that stands on another that is as high. */
const upper = 40;
const halfway = sceneSize / 2;
/** How far down the middle of the thing is. */
const heightOf: Readonly<Record<PropName, number>> = {
  stilts: upper,
  box: upper,
  ball: upper,
  ladder: upper,
  hat: halfway,
  boat: halfway,
  balloon: halfway,
};

type BoxOf = (thing: Box, sprite: Sprite) => Box;

const boxOf: { readonly [P in PropName]: BoxOf } = {
  stilts: (thing) => under(thing, [limited(thing.width * 0.5, 22, 44), 44]),
  box: (thing) => under(thing, [limited(thing.width, 42, 96), 44]),
  ball: (thing) => under(thing, [48, 48]),
  ladder: (thing) => under(thing, [30, 50]),
  hat: (thing, { top }) => {
    const width = limited(thing.width * 0.56, 26, 50);
    const height = width * 0.74;
    const brim = thing.y + (top + 0.1) * thing.height;
    return { x: thing.x + (thing.width - width) / 2, y: brim - height, width, height };
  },
  boat: (thing) => {
    const width = limited(thing.width * 1.4, 72, 112);
    const y = thing.y + thing.height * 0.7;
    return { x: thing.x + (thing.width - width) / 2, y, width, height: 34 };
  },
  balloon: (thing) => {
    const width = 32;
    const middle = thing.x + thing.width + width * 0.3;
    return { x: middle - width / 2, y: thing.y - 20, width, height: width * 1.2 };
  },
};

/** A box below a thing, about its middle, which it overlaps a little. */
function under(thing: Box, [width, height]: readonly [number, number]): Box {
  const overlap = 2;
  return {
    x: thing.x + (thing.width - width) / 2,
    y: thing.y + thing.height - overlap,
    width,
    height,
  };
}

function limited(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}
