import {
  type ColourName,
  colours,
  type Hsv,
  hsvOf,
  isGreyish,
  nameColour,
  type Rgb,
} from "./colours.ts";

/** The colour that most of a picture has. */
export interface Dominant extends Hsv {
  readonly name: ColourName;
  /** Its brightness (Rec. 601), 0 to 1. */
  readonly luma: number;
}

/** What is seen of a picture: RGBA, premultiplied by the alpha. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const bins = 36;
/** Bins on either side of the fullest that count as the same hue: 50 degrees together. */
const reach = 2;
/** How much of what is seen must be black, grey or white to be called so. */
const leastGreyShare = 0.55;
/** How much of what is seen, and of what has a hue, must have the dominant one. */
const leastHueShares = [0.3, 0.52] as const;

/** The least brightness that light and shade are told from: black itself has none. */
const darkest = 1 / 255;

/** The dominant colour of a picture; none where no colour clearly is, or has no one word. */
export function dominantColour(picture: Bitmap): Dominant | undefined {
  const sums = Array.from({ length: bins + 3 }, () => new Float64Array(4)); // hues, then black, grey, white
  let seen = 0;
  const { data } = picture;
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3]!;
    if (alpha < 128) continue;
    const [red, green, blue] = [data[at]! / alpha, data[at + 1]! / alpha, data[at + 2]! / alpha];
    const sum = sums[binOf(hsvOf(red, green, blue))]!;
    sum[0]! += red;
    sum[1]! += green;
    sum[2]! += blue;
    sum[3]! += 1;
    seen++;
  }
  const [red, green, blue, count] = fullest(sums);
  const mean = [red! / count!, green! / count!, blue! / count!] as const;
  const hsv = hsvOf(...mean);
  const hued = sums.slice(0, bins).reduce((sum, bin) => sum + bin[3]!, 0);
  const least = isGreyish(hsv)
    ? leastGreyShare * seen
    : Math.max(leastHueShares[0] * seen, leastHueShares[1] * hued);
  if (count! < least || seen === 0) return undefined;
  const name = nameColour(hsv);
  return name === undefined ? undefined : { ...hsv, name, luma: lumaOf(...mean) };
}

function binOf(colour: Hsv): number {
  if (isGreyish(colour)) return bins + (colour.value < 0.35 ? 0 : colour.value > 0.8 ? 2 : 1);
  return Math.floor((colour.hue / 360) * bins) % bins;
}

/** The sum over the fullest group: neighbouring hues, or one of black, grey and white. */
function fullest(sums: readonly Float64Array[]): Float64Array {
  const groups = sums.map((sum, centre) => {
    const group = Float64Array.from(sum);
    if (centre >= bins) return group;
    for (let by = -reach; by <= reach; by++) {
      if (by === 0) continue;
      const other = sums[(centre + by + bins) % bins]!;
      for (let i = 0; i < 4; i++) group[i]! += other[i]!;
    }
    return group;
  });
  return groups.reduce((best, group) => (group[3]! > best[3]! ? group : best));
}

function lumaOf(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/**
 * Paints what has the dominant colour in another one, in place, keeping light and shade; the rest stays as it is.
 * @param rgb One pixel's parts, 0 to 1.
 */
export function repaint(rgb: Float32Array, from: Dominant, to: ColourName): void {
  const [red, green, blue] = [rgb[0]!, rgb[1]!, rgb[2]!];
  const weight = membership(hsvOf(red, green, blue), from);
  if (weight === 0) return;
  const luma = lumaOf(red, green, blue);
  const shade = Math.min(1, luma / Math.max(from.luma, darkest));
  const light = Math.max(0, (luma - from.luma) / Math.max(0.15, 1 - from.luma));
  const target: Rgb = colours[to];
  for (let i = 0; i < 3; i++) {
    const shaded = (target[i]! / 255) * shade;
    const painted = shaded + Math.min(1, light) * (1 - shaded);
    rgb[i]! += weight * (painted - rgb[i]!);
  }
}

/** How much a pixel belongs to the dominant colour, 0 to 1. */
function membership({ hue, saturation, value }: Hsv, from: Dominant): number {
  if (isGreyish(from)) {
    const greyness = 1 - ramp(saturation, 0.16, 0.32);
    if (from.name === "white") return greyness * ramp(value, 0.5, 0.7);
    if (from.name === "black") return greyness * (1 - ramp(value, 0.4, 0.6));
    return greyness * ramp(value, 0.25, 0.4);
  }
  const turn = Math.abs(((hue - from.hue + 540) % 360) - 180);
  return (1 - ramp(turn, 28, 50)) * ramp(saturation, 0.1, 0.25) * ramp(value, 0.12, 0.25);
}

/** 0 up to `low`, 1 from `high`, in between straight. */
function ramp(x: number, low: number, high: number): number {
  return Math.min(1, Math.max(0, (x - low) / (high - low)));
}
