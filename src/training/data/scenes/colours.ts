/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The basic colour terms of English (Berlin & Kay 1969). */
export const colourNames = [
  "red",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
  "brown",
  "black",
  "white",
  "grey",
] as const;
export type ColourName = (typeof colourNames)[number];

/** The colours as scenes paint them. */
export const colours: Readonly<Record<ColourName, Rgb>> = {
  red: [222, 40, 45],
  orange: [247, 135, 25],
  yellow: [252, 212, 45],
  green: [52, 168, 72],
  blue: [45, 110, 225],
  purple: [130, 65, 190],
  pink: [250, 130, 185],
  brown: [135, 85, 50],
  black: [40, 40, 44],
  white: [246, 246, 246],
  grey: [150, 152, 156],
};

/** Hue in degrees, saturation and value from 0 to 1 (Smith 1978). */
export interface Hsv {
  readonly hue: number;
  readonly saturation: number;
  readonly value: number;
}

/** The hue, saturation and value of a colour whose parts are 0 to 1. */
export function hsvOf(red: number, green: number, blue: number): Hsv {
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  const saturation = value === 0 ? 0 : range / value;
  if (range === 0) return { hue: 0, saturation, value };
  const sector =
    value === red
      ? (green - blue) / range
      : value === green
        ? 2 + (blue - red) / range
        : 4 + (red - green) / range;
  return { hue: (sector * 60 + 360) % 360, saturation, value };
}

/** Whether an eye calls it black, grey or white; it forgives blueish tints, and colour in the dark. */
export function isGreyish({ hue, saturation, value }: Hsv): boolean {
  if (value < 0.2 || (value < 0.36 && saturation < 0.55)) return true;
  return saturation < (hue >= 190 && hue < 290 ? 0.27 : 0.16);
}

/** The word for a colour, or none where it lies between two. */
export function nameColour(colour: Hsv): ColourName | undefined {
  const { hue, saturation, value } = colour;
  if (isGreyish(colour)) return value < 0.35 ? "black" : value > 0.84 ? "white" : "grey";
  if (value < 0.72 && hue >= 8 && hue < 46) return "brown";
  if (saturation < 0.55 && hue >= 8 && hue < 46) return undefined; // skin, sand
  if (saturation < 0.5 && value > 0.8 && (hue < 8 || hue >= 330)) return "pink";
  return hueNames.find(({ from, to }) => hue >= from && hue < to)?.name;
}

const hueNames: readonly { from: number; to: number; name: ColourName }[] = [
  { from: 0, to: 14, name: "red" },
  { from: 18, to: 36.5, name: "orange" },
  { from: 36.5, to: 64, name: "yellow" },
  { from: 64, to: 168, name: "green" },
  { from: 188, to: 246, name: "blue" },
  { from: 256, to: 302, name: "purple" },
  { from: 306, to: 338, name: "pink" },
  { from: 338, to: 360, name: "red" },
];
