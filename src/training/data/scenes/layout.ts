import type { Random } from "../../../tensor/index.ts";
import { boxAround, fitted, free, gridStep, longestSides, margin, onGrid } from "./boxes.ts";
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
  usual,
} from "./scene.ts";
import type { Scenery } from "./scenery.ts";
import type { Sprite } from "./sprite.ts";

/** Gives everything in a scene its place. */
export function arrange(scenery: Scenery, content: Content, random: Random): Scene {
  const { subjects, prop, background: name, ...rest } = content;
  const sprites = subjects.map(({ concept }) => scenery.sprite(concept, content.style));
  const boxes = arrangeBoxes(content, sprites);
  const background = drawBackground(name, random);
  const down = wayToGround(boxes, background.horizon);
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
function arrangeBoxes(content: Content, sprites: readonly Sprite[]): Box[] {
  const { kind, size, place, relation, prop } = content;
  const [first, second] = sprites as [Sprite, Sprite | undefined];
  if (prop !== undefined) return arrangeWithProp(prop.name, first);
  if (relation !== undefined && second !== undefined) return arrangeTwo[relation]([first, second]);
  if (kind === "count") return arrangeSeveral(sprites);
  if (place !== undefined) return [arrangeAt(place, first)];
  return [arrangeOne(first, size ?? usual.size)];
}

/** In the middle. */
function arrangeOne(sprite: Sprite, size: Size): Box {
  return boxAround(sprite, longestSides[size], [middle, middle]);
}

function arrangeAt(place: Place, sprite: Sprite): Box {
  const longest = longestSides.small;
  const along = (side: number, low: string, high: string): number => {
    const nearest = onGrid(margin + (side * longest) / 2, Math.ceil);
    if (place.includes(low)) return nearest;
    if (place.includes(high)) return sceneSize - nearest;
    return sceneSize / 2;
  };
  const x = along(sprite.width, "left", "right");
  return boxAround(sprite, longest, [x, along(sprite.height, "top", "bottom")]);
}

/** How many things stand in each row, by their count. */
const rowsOf: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  2: [2],
  3: [1, 2],
  4: [2, 2],
  5: [3, 2],
};

/** The same several times, each in a part of the picture of its own. */
function arrangeSeveral(sprites: readonly Sprite[]): Box[] {
  const [sprite] = sprites as [Sprite];
  const rows = rowsOf[sprites.length]!;
  const slot = { width: free / Math.max(...rows), height: free / rows.length };
  const longest = fitted(sprite, [slot.width * 0.92, slot.height * 0.92]);
  return rows.flatMap((count, row) => {
    const start = (sceneSize - count * slot.width) / 2;
    return Array.from({ length: count }, (_, column) => {
      const x = onGrid(start + (column + 0.5) * slot.width);
      return boxAround(sprite, longest, [x, onGrid(margin + (row + 0.5) * slot.height)]);
    });
  });
}

type ArrangeTwo = (pair: readonly [Sprite, Sprite]) => Box[];

/** Of the picture. */
const middle = sceneSize / 2;
/** Of its halves. */
const [firstMiddle, secondMiddle] = [sceneSize / 4, (3 * sceneSize) / 4];

const arrangeTwo: { readonly [R in Relation]: ArrangeTwo } = {
  "left of": ([one, other]) => [
    boxAround(one, longestSides.medium, [firstMiddle, middle]),
    boxAround(other, longestSides.medium, [secondMiddle, middle]),
  ],
  above: ([one, other]) => [
    boxAround(one, longestSides.medium, [middle, firstMiddle]),
    boxAround(other, longestSides.medium, [middle, secondMiddle]),
  ],
  on: ([one, other]) => {
    const lower = boxAround(other, longestSides.medium, [middle, secondMiddle]);
    const upper = boxAround(one, longestSides.medium, [middle, secondMiddle]);
    const up = lower.height / 2 - other.top * lower.height + upper.height / 2;
    return [{ ...upper, y: upper.y - onGrid(up, Math.floor) }, lower];
  },
  behind: ([one, other]) => {
    const at = [middle + 2 * gridStep, middle + gridStep] as const;
    const front = boxAround(other, longestSides.medium, at);
    const back = boxAround(one, longestSides.medium, at);
    // At least so much of the smaller width and height is covered; of flat things less.
    const across = (back.width + front.width) / 2 - 0.38 * Math.min(back.width, front.width);
    const up = (back.height + front.height) / 2 - 0.65 * Math.min(back.height, front.height);
    const x = back.x - onGrid(across, Math.floor);
    const y = back.y - Math.max(gridStep, onGrid(up, Math.floor));
    return [{ ...back, x, y }, front];
  },
};

/** How far down the ground begins. */
const horizons: Readonly<Record<string, number>> = {
  grass: 80,
  beach: 80,
  snow: 80,
  sunset: 96,
  water: 56,
  city: 96,
};

function drawBackground(name: Background["name"], random: Random): Background {
  return { name, horizon: horizons[name] ?? sceneSize, seed: random.uint32() };
}

/** How far down all must move so that the lowest stands on the ground. */
function wayToGround(boxes: readonly Box[], horizon: number): number {
  if (horizon === sceneSize) return 0;
  const lowest = Math.max(...boxes.map(({ y, height }) => y + height));
  return Math.max(0, onGrid(horizon + 8 - lowest, Math.ceil));
}
