import type { Random } from "../../../tensor/index.ts";
import { between, boxAround, centred, fitted } from "./boxes.ts";
import { type Box, type PropName, sceneSize } from "./scene.ts";
import type { Sprite } from "./sprite.ts";

/** The boxes of a thing and of the prop that it goes with. */
export function arrangeWithProp(prop: PropName, sprite: Sprite, random: Random): Box[] {
  const [across, down] = room[prop];
  const middle = [sceneSize / 2, sceneSize / 2] as const;
  const thing = boxAround(sprite, fitted(sprite, [across, down], random), middle);
  const moved = centred([thing, boxOf[prop](thing, sprite, random)]);
  const [dx, dy] = [between(-4, 4, random), between(-3, 3, random)];
  return moved.map((box) => ({ ...box, x: box.x + dx, y: box.y + dy }));
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

type BoxOf = (thing: Box, sprite: Sprite, random: Random) => Box;

const boxOf: { readonly [P in PropName]: BoxOf } = {
  stilts: (thing, _, random) =>
    under(thing, [limited(thing.width * 0.5, 22, 44), between(38, 50, random)]),
  box: (thing, _, random) => {
    const width = limited(thing.width * between(0.85, 1.1, random), 42, 96);
    return under(thing, [width, between(30, 42, random)]);
  },
  ball: (thing, _, random) => {
    const diameter = between(40, 52, random);
    return under(thing, [diameter, diameter]);
  },
  ladder: (thing, _, random) => under(thing, [between(26, 34, random), between(44, 54, random)]),
  hat: (thing, { top }) => {
    const width = limited(thing.width * 0.56, 26, 50);
    const height = width * 0.74;
    const brim = thing.y + (top + 0.1) * thing.height;
    return { x: thing.x + (thing.width - width) / 2, y: brim - height, width, height };
  },
  boat: (thing, _, random) => {
    const width = limited(thing.width * between(1.3, 1.5, random), 72, 112);
    const y = thing.y + thing.height * 0.7;
    return { x: thing.x + (thing.width - width) / 2, y, width, height: between(30, 38, random) };
  },
  balloon: (thing, _, random) => {
    const width = between(28, 36, random);
    const side = random.uniform() < 0.5 ? -1 : 1;
    const middle = thing.x + thing.width / 2 + side * (thing.width / 2 + width * 0.3);
    const y = thing.y - between(14, 26, random);
    return { x: middle - width / 2, y, width, height: width * 1.2 };
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
