import type { Random } from "../../../tensor/index.ts";
import { pick } from "../caption.ts";
import { between, boxAround, centred, fitted, free, margin } from "./boxes.ts";
import { arrangeWithProp } from "./prop-layout.ts";
import {
  type Background,
  type Box,
  type Content,
  type Place,
  type Relation,
  type Scene,
  type Size,
  sceneSize,
} from "./scene.ts";
import type { Scenery } from "./scenery.ts";
import type { Sprite } from "./sprite.ts";

/** Gives everything in a scene its place. */
export function arrange(scenery: Scenery, content: Content, random: Random): Scene {
  const { subjects, prop, background: name, ...rest } = content;
  const sprites = subjects.map(({ concept }) => scenery.sprite(concept, content.style));
  const boxes = arrangeBoxes(content, sprites, random);
  const background = drawBackground(name, random);
  const down = wayToGround(boxes, background.horizon, random);
  const lowered = boxes.map((box) => ({ ...box, y: box.y + down }));
  const things = subjects.map((subject, index) => {
    return { ...subject, box: lowered[index]! };
  });
  const last = lowered.at(-1)!;
  return {
    ...rest,
    things,
    ...(prop !== undefined && { prop: { ...prop, box: last } }),
    background,
  };
}

/** The things' boxes, and after them the prop's where there is one. */
function arrangeBoxes(content: Content, sprites: readonly Sprite[], random: Random): Box[] {
  const { kind, size, place, relation, prop } = content;
  const [first, second] = sprites as [Sprite, Sprite | undefined];
  if (prop !== undefined) return arrangeWithProp(prop.name, first, random);
  if (relation !== undefined && second !== undefined)
    return arrangeTwo[relation]([first, second], random);
  if (kind === "count") return arrangeSeveral(sprites, random);
  if (place !== undefined) return [arrangeAt(place, first, random)];
  return [arrangeOne(first, size ?? pick(["medium", "large"], random), random)];
}

const longestSides: Readonly<Record<Size, readonly [number, number]>> = {
  small: [34, 48],
  medium: [60, 82],
  large: [96, 118],
};

/** About the middle: it leaves at most a third of the way to the edge. */
function arrangeOne(sprite: Sprite, size: Size, random: Random): Box {
  const longest = between(...longestSides[size], random);
  const middle = [sprite.width, sprite.height].map((side) => {
    const way = (free - side * longest) / 2;
    return sceneSize / 2 + between(-way, way, random) / 3;
  });
  return boxAround(sprite, longest, middle as [number, number]);
}

function arrangeAt(place: Place, sprite: Sprite, random: Random): Box {
  const longest = between(34, 50, random);
  const along = (side: number, low: string, high: string): number => {
    const nearest = margin + (side * longest) / 2;
    const inwards = between(0, 8, random);
    if (place.includes(low)) return nearest + inwards;
    if (place.includes(high)) return sceneSize - nearest - inwards;
    return sceneSize / 2 + between(-6, 6, random);
  };
  const x = along(sprite.width, "left", "right");
  return boxAround(sprite, longest, [x, along(sprite.height, "top", "bottom")]);
}

/** How many things stand in each row, by their count. */
const rowsOf: Readonly<Record<number, readonly (readonly number[])[]>> = {
  1: [[1]],
  2: [[2], [2], [1, 1]],
  3: [[3], [2, 1], [1, 2], [1, 2]],
  4: [
    [2, 2],
    [2, 2],
    [3, 1],
    [1, 3],
  ],
  5: [
    [3, 2],
    [2, 3],
    [2, 1, 2],
  ],
};

/** The same several times, each in a part of the picture of its own. */
function arrangeSeveral(sprites: readonly Sprite[], random: Random): Box[] {
  const [{ width, height }] = sprites as [Sprite];
  const rows = pick(rowsOf[sprites.length]!, random);
  const slot = { width: free / Math.max(...rows), height: free / rows.length };
  const largest = Math.min(slot.width / width, slot.height / height);
  const longest = Math.min(largest * between(0.68, 0.92, random), 96);
  return rows.flatMap((count, row) => {
    const start = (sceneSize - count * slot.width) / 2;
    return Array.from({ length: count }, (_, column) => {
      const slack = [slot.width - width * longest, slot.height - height * longest] as const;
      return boxAround({ width, height }, longest, [
        start + (column + 0.5) * slot.width + between(-0.4, 0.4, random) * slack[0],
        margin + (row + 0.5) * slot.height + between(-0.4, 0.4, random) * slack[1],
      ]);
    });
  });
}

type ArrangeTwo = (pair: readonly [Sprite, Sprite], random: Random) => Box[];

const arrangeTwo: { readonly [R in Relation]: ArrangeTwo } = {
  "left of": ([one, other], random) => {
    const [a, b] = [fitted(one, [56, 90], random), fitted(other, [56, 90], random)];
    const gap = between(4, Math.min(14, free - wide(one, a) - wide(other, b)), random);
    const start = (sceneSize - wide(one, a) - gap - wide(other, b)) / 2;
    const y = sceneSize / 2 + between(-8, 8, random);
    return [
      boxAround(one, a, [start + wide(one, a) / 2, y + between(-8, 8, random)]),
      boxAround(other, b, [
        start + wide(one, a) + gap + wide(other, b) / 2,
        y + between(-8, 8, random),
      ]),
    ];
  },
  above: ([one, other], random) => {
    const [a, b] = [fitted(one, [80, 52], random), fitted(other, [80, 52], random)];
    const gap = between(9, Math.min(18, free - high(one, a) - high(other, b)), random);
    return stacked([one, other], [a, b], { gap, aside: 10 }, random);
  },
  on: ([one, other], random) => {
    const [a, b] = [fitted(one, [70, 54], random), fitted(other, [90, 58], random)];
    const gap = -(other.top * high(other, b) + 2);
    return stacked([one, other], [a, b], { gap, aside: 3 }, random);
  },
  behind: ([one, other], random) => {
    const [a, b] = [fitted(one, [66, 66], random), fitted(other, [62, 62], random)];
    const side = random.uniform() < 0.5 ? -1 : 1;
    // A third of the smaller width and height is covered, more or less.
    const across =
      (wide(one, a) + wide(other, b)) / 2 -
      between(0.3, 0.45, random) * Math.min(wide(one, a), wide(other, b));
    const up =
      (high(one, a) + high(other, b)) / 2 -
      between(0.55, 0.75, random) * Math.min(high(one, a), high(other, b));
    const front = [sceneSize / 2 - (side * across) / 2, sceneSize / 2 + up / 2] as const;
    const boxes = [
      boxAround(one, a, [front[0] + side * across, front[1] - up]),
      boxAround(other, b, front),
    ];
    return centred(boxes);
  },
};

function wide(sprite: Sprite, longest: number): number {
  return sprite.width * longest;
}

function high(sprite: Sprite, longest: number): number {
  return sprite.height * longest;
}

/** One over the other, with a gap between them. */
function stacked(
  [one, other]: readonly [Sprite, Sprite],
  [a, b]: readonly [number, number],
  { gap, aside }: { readonly gap: number; readonly aside: number },
  random: Random,
): Box[] {
  const x = sceneSize / 2 + between(-6, 6, random);
  const shift = between(-aside, aside, random);
  const upper = boxAround(one, a, [x + shift, high(one, a) / 2]);
  const lower = boxAround(other, b, [x, high(one, a) + gap + high(other, b) / 2]);
  return centred([upper, lower]);
}

const grounds: Readonly<Record<string, readonly [number, number]>> = {
  grass: [62, 92],
  beach: [70, 92],
  snow: [62, 92],
  sunset: [84, 104],
  water: [40, 64],
  city: [88, 104],
};

function drawBackground(name: Background["name"], random: Random): Background {
  const range = grounds[name];
  const horizon = range === undefined ? sceneSize : Math.round(between(...range, random));
  return { name, horizon, seed: random.uint32() };
}

/** How far down all must move so that the lowest stands on the ground. */
function wayToGround(boxes: readonly Box[], horizon: number, random: Random): number {
  if (horizon === sceneSize) return 0;
  const lowest = Math.max(...boxes.map(({ y, height }) => y + height));
  const ground = between(Math.min(horizon + 8, 120), sceneSize - margin, random);
  return Math.max(0, ground - lowest);
}
