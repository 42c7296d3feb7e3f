import { Random } from "../../../tensor/index.ts";
import {
  blend,
  type Canvas,
  mixed,
  paint,
  paintBox,
  paintEllipse,
  paintLine,
  plainCanvas,
  shaded,
} from "./canvas.ts";
import { type ColourName, colours, type Rgb } from "./colours.ts";
import { type Background, type sceneries, sceneSize } from "./scene.ts";

/** A canvas with a background on it. */
export function drawBackground({ name, horizon, seed }: Background): Canvas {
  if (name === "white") return plainCanvas([255, 255, 255]);
  if (name in colours) return plainCanvas(colours[name as ColourName]);
  const canvas = new Float32Array(3 * sceneSize * sceneSize);
  draw[name as SceneryName](canvas, horizon, new Random(seed));
  return canvas;
}

/** A number from `low` to `high`. */
function between(low: number, high: number, random: Random): number {
  return low + (high - low) * random.uniform();
}

type SceneryName = (typeof sceneries)[number];

const draw: {
  readonly [S in SceneryName]: (canvas: Canvas, horizon: number, random: Random) => void;
} = {
  sky: (canvas, _, random) => {
    blueSky(canvas, sceneSize, random);
    for (let i = 0; i < 4; i++) cloud(canvas, [4, sceneSize - 20], random);
  },
  grass: (canvas, horizon, random) => {
    blueSky(canvas, horizon + 6, random);
    if (random.uniform() < 0.6) cloud(canvas, [4, 26], random);
    const green = mixed([120, 190, 70], [60, 150, 70], random.uniform());
    ground(canvas, horizon, green, { waves: 3, random });
    for (let i = 0; i < 26; i++) {
      const [x, y] = [between(0, sceneSize, random), between(horizon + 6, sceneSize, random)];
      paintLine(canvas, [x, y, x + between(-2, 2, random), y - 4], 1.2, shaded(green, -0.2));
    }
  },
  beach: (canvas, horizon, random) => {
    blueSky(canvas, horizon, random);
    const sea = horizon - 16;
    const water: Rgb = mixed([40, 140, 200], [60, 180, 200], random.uniform());
    band(canvas, [sea, horizon + 4], [shaded(water, -0.15), shaded(water, 0.2)]);
    ground(canvas, horizon, mixed([242, 216, 160], [228, 196, 130], random.uniform()), {
      waves: 2,
      random,
    });
  },
  snow: (canvas, horizon, random) => {
    band(
      canvas,
      [0, sceneSize],
      [mixed([160, 190, 220], [190, 205, 220], random.uniform()), [225, 235, 245]],
    );
    ground(canvas, horizon, [244, 248, 252], { waves: 4, random });
    for (let i = 0; i < 36; i++)
      dot(canvas, [0, sceneSize], between(1.2, 3, random), [255, 255, 255], random);
  },
  night: (canvas, _, random) => {
    const top = mixed([8, 10, 35], [20, 12, 50], random.uniform());
    band(canvas, [0, sceneSize], [top, mixed([35, 40, 95], [55, 40, 100], random.uniform())]);
    for (let i = 0; i < 40; i++)
      dot(canvas, [0, sceneSize], between(0.8, 2, random), [250, 248, 225], random);
  },
  sunset: (canvas, horizon, random) => {
    const low: Rgb = mixed([255, 190, 90], [255, 170, 110], random.uniform());
    band(canvas, [0, horizon + 6], [mixed([120, 60, 130], [200, 80, 110], random.uniform()), low]);
    ground(canvas, horizon, mixed([70, 40, 70], [90, 50, 60], random.uniform()), {
      waves: 5,
      random,
    });
  },
  water: (canvas, horizon, random) => {
    blueSky(canvas, horizon, random);
    const water: Rgb = mixed([30, 110, 190], [40, 150, 190], random.uniform());
    band(canvas, [horizon, sceneSize], [shaded(water, 0.25), shaded(water, -0.15)]);
    for (let i = 0; i < 16; i++) {
      const [x, y] = [between(0, sceneSize, random), between(horizon + 4, sceneSize, random)];
      paintLine(canvas, [x, y, x + between(6, 14, random), y], 1.4, shaded(water, 0.5));
    }
  },
  city: (canvas, horizon, random) => {
    blueSky(canvas, horizon, random);
    for (let x = -4; x < sceneSize; ) x += building(canvas, x, horizon, random);
    const road: Rgb = [105, 108, 116];
    paintBox(canvas, { x: 0, y: horizon, width: sceneSize, height: sceneSize - horizon }, road);
    const middle = (horizon + sceneSize) / 2;
    for (let x = 4; x < sceneSize; x += 24) {
      paintBox(canvas, { x, y: middle, width: 12, height: 2 }, [235, 235, 225]);
    }
  },
};

/** Rows from one colour to another. */
function band(
  canvas: Canvas,
  [from, to]: readonly [number, number],
  [upper, lower]: readonly [Rgb, Rgb],
): void {
  for (let y = Math.max(0, Math.floor(from)); y < Math.min(sceneSize, Math.ceil(to)); y++) {
    const colour = mixed(upper, lower, (y - from) / (to - from));
    for (let x = 0; x < sceneSize; x++) blend(canvas, y * sceneSize + x, colour, 1);
  }
}

function blueSky(canvas: Canvas, to: number, random: Random): void {
  const top = mixed([70, 150, 230], [120, 190, 245], random.uniform());
  band(canvas, [0, to], [top, mixed(top, [235, 245, 255], between(0.5, 0.9, random))]);
}

/** Everything below a wavy line. */
function ground(
  canvas: Canvas,
  horizon: number,
  colour: Rgb,
  { waves, random }: { readonly waves: number; readonly random: Random },
): void {
  const [phase, length] = [between(0, 6, random), between(14, 30, random)];
  const edge = Array.from({ length: sceneSize }, (_, x) => {
    return horizon + waves * Math.sin(x / length + phase);
  });
  const box = { x: 0, y: horizon - waves, width: sceneSize, height: sceneSize };
  paint(canvas, box, (x, y) => edge[Math.floor(x)]! - y, colour);
}

function cloud(canvas: Canvas, [from, to]: readonly [number, number], random: Random): void {
  const [x, y] = [between(-10, sceneSize - 20, random), between(from, to, random)];
  const size = between(10, 18, random);
  for (const [dx, dy, share] of [
    [0, 4, 1],
    [0.7, 0, 1.3],
    [1.6, 4, 1],
  ] as const) {
    const box = {
      x: x + dx * size,
      y: y + dy,
      width: size * 1.5 * share,
      height: size * 0.7 * share,
    };
    paintEllipse(canvas, box, [255, 255, 255], 0.85);
  }
}

function dot(
  canvas: Canvas,
  [from, to]: readonly [number, number],
  size: number,
  colour: Rgb,
  random: Random,
): void {
  const [x, y] = [between(0, sceneSize, random), between(from, to, random)];
  paintEllipse(canvas, { x, y, width: size, height: size }, colour);
}

/** A house front with windows; gives its width. */
function building(canvas: Canvas, x: number, bottom: number, random: Random): number {
  const [width, height] = [
    Math.round(between(16, 28, random)),
    Math.round(between(28, 70, random)),
  ];
  const wall = mixed([120, 130, 155], [165, 150, 160], random.uniform());
  const y = bottom - height;
  paintBox(canvas, { x, y, width, height }, wall);
  for (let row = y + 5; row < bottom - 6; row += 9) {
    for (let column = x + 3; column < x + width - 5; column += 7) {
      const lit = random.uniform() < 0.4;
      const glass: Rgb = lit ? [250, 225, 150] : [95, 108, 135];
      paintBox(canvas, { x: column, y: row, width: 4, height: 5 }, glass);
    }
  }
  return width + random.integer(3);
}
