import { boxAround, centred, fitted } from "./boxes.ts";
import { type Box, type PropName, sceneSize } from "./scene.ts";
import type { Sprite } from "./sprite.ts";

/** The boxes of a thing and of the prop that it goes with. */
export function arrangeWithProp(prop: PropName, sprite: Sprite): Box[] {
  const middle = [sceneSize / 2, sceneSize / 2] as const;
  const thing = boxAround(sprite, fitted(sprite, room[prop]), middle);
  return centred([thing, boxOf[prop](thing, sprite)], 0);
}

/** The width and height that a thing may have with a prop. */
const room: Readonly<Record<PropName, readonly [number, number]>> = {
  stilts: [84, 64],
  box: [84, 70],
  ball: [80, 64],
  ladder: [80, 62],
  hat: [92, 80],
  boat: [74, 74],
  balloon: [72, 72],
};

type BoxOf = (thing: Box, sprite: Sprite) => Box;

const boxOf: { readonly [P in PropName]: BoxOf } = {
  stilts: (thing) => under(thing, [limited(thing.width * 0.5, 22, 44), 44]),
  box: (thing) => under(thing, [limited(thing.width, 42, 96), 36]),
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
