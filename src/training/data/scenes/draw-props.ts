import { type Canvas, paint, paintBox, paintEllipse, paintLine, shaded } from "./canvas.ts";
import { colours, type Rgb } from "./colours.ts";
import type { Box, Prop, PropName, Thing } from "./scene.ts";

/** The prop as far as it is behind the thing that it goes with. */
export function drawPropBehind(canvas: Canvas, { name, colour, box }: Prop, thing: Thing): void {
  behind[name]?.(canvas, box, colours[colour], thing.box);
}

/** The prop as far as it is in front. */
export function drawPropInFront(canvas: Canvas, { name, colour, box }: Prop): void {
  inFront[name]?.(canvas, box, colours[colour]);
}

type DrawBehind = (canvas: Canvas, box: Box, colour: Rgb, thing: Box) => void;

const behind: { readonly [P in PropName]?: DrawBehind } = {
  stilts: (canvas, { x, y, width, height }, colour, thing) => {
    const bottom = y + height - 2;
    const start = thing.y + thing.height * 0.65; // they are held up to here
    for (const side of [0, 1]) {
      const upper = x + (side === 0 ? 6 : width - 6);
      const lower = x + (side === 0 ? 2.5 : width - 2.5);
      paintLine(canvas, [upper, start, lower, bottom], 5, shaded(colour, -0.3));
      paintLine(canvas, [upper, start, lower, bottom], 3, colour);
      const step = [lower - 4, y + 4, lower + 4, y + 4] as const;
      paintLine(canvas, step, 3, shaded(colour, -0.3));
    }
  },
  box: (canvas, box, colour) => {
    const { x, y, width, height } = box;
    paintBox(canvas, box, shaded(colour, -0.35));
    const inner = { x: x + 2, y: y + 2, width: width - 4, height: height - 4 };
    paintBox(canvas, inner, colour);
    for (const share of [1 / 3, 2 / 3]) {
      const seam = y + 2 + share * (height - 4);
      paintLine(canvas, [x + 2, seam, x + width - 2, seam], 1.2, shaded(colour, -0.3));
    }
    for (const post of [x + 2, x + width - 9]) {
      paintBox(canvas, { x: post, y: y + 2, width: 7, height: height - 4 }, shaded(colour, 0.2));
    }
  },
  ball: (canvas, { x, y, width, height }, colour) => {
    paintEllipse(canvas, { x, y, width, height }, shaded(colour, -0.3));
    const body = { x: x + 1.5, y: y + 1, width: width - 4, height: height - 4 };
    paintEllipse(canvas, body, colour);
    const light = {
      x: x + width * 0.2,
      y: y + height * 0.25,
      width: width * 0.25,
      height: height * 0.2,
    };
    paintEllipse(canvas, light, shaded(colour, 0.6));
  },
  ladder: (canvas, { x, y, width, height }, colour) => {
    const dark = shaded(colour, -0.3);
    for (let rung = 0; rung < 4; rung++) {
      const at = y + 4 + ((height - 10) * rung) / 3;
      paintLine(canvas, [x + 3, at, x + width - 3, at], 3, dark);
    }
    for (const rail of [x + 3, x + width - 3]) {
      paintLine(canvas, [rail, y + 2, rail, y + height - 2.5], 5, dark);
      paintLine(canvas, [rail, y + 2, rail, y + height - 2.5], 3, colour);
    }
  },
  balloon: (canvas, box, colour, thing) => {
    const { x, y, width, height } = box;
    const [knotX, knotY] = [x + width / 2, y + height];
    const side = knotX < thing.x + thing.width / 2 ? 0.2 : 0.8;
    const hand = [thing.x + thing.width * side, thing.y + thing.height * 0.7] as const;
    paintLine(canvas, [knotX, knotY - 2, ...hand], 1.6, [110, 110, 115]);
    paintEllipse(canvas, box, shaded(colour, -0.25));
    const body = { x: x + 1, y: y + 1, width: width - 3, height: height - 3 };
    paintEllipse(canvas, body, colour);
    const light = {
      x: x + width * 0.22,
      y: y + height * 0.16,
      width: width * 0.2,
      height: height * 0.26,
    };
    paintEllipse(canvas, light, shaded(colour, 0.6));
  },
};

const inFront: { readonly [P in PropName]?: (canvas: Canvas, box: Box, colour: Rgb) => void } = {
  hat: (canvas, { x, y, width, height }, colour) => {
    const dark = shaded(colour, -0.3);
    const crown = { x: x + width * 0.2, y, width: width * 0.6, height: height - 3 };
    paintBox(canvas, crown, dark);
    const cloth = { x: crown.x + 1.2, y: y + 1.2, width: crown.width - 2.4, height: height - 4 };
    paintBox(canvas, cloth, colour);
    const band = { x: crown.x, y: y + height * 0.58, width: crown.width, height: height * 0.18 };
    paintBox(canvas, band, shaded(colour, -0.5));
    const brim = { x, y: y + height * 0.78, width, height: height * 0.22 };
    paintEllipse(canvas, brim, dark);
    const upper = { x: x + 1.2, y: brim.y + 0.8, width: width - 2.4, height: brim.height - 2.4 };
    paintEllipse(canvas, upper, colour);
  },
  boat: (canvas, box, colour) => {
    paint(canvas, box, hull(box), shaded(colour, -0.35));
    const { x, y, width, height } = box;
    const inner = { x: x + 2, y: y + 1.5, width: width - 4, height: height - 3.5 };
    paint(canvas, inner, hull(inner), colour);
    const rim = { x, y, width, height: 6 };
    paintBox(canvas, rim, shaded(colour, -0.35));
    paintBox(
      canvas,
      { x: x + 1.2, y: y + 1.2, width: width - 2.4, height: 3.6 },
      shaded(colour, 0.35),
    );
  },
};

/** A boat's side: straight above, narrower and rounded towards the keel. */
function hull({ x: left, y: top, width, height }: Box): (x: number, y: number) => number {
  const middle = left + width / 2;
  return (x, y) => {
    const depth = (y - top) / height;
    const half = (width / 2) * Math.sqrt(Math.max(0, 1 - 0.75 * depth * Math.abs(depth)));
    return Math.max(Math.abs(x - middle) - half, top - y, y - top - height);
  };
}
