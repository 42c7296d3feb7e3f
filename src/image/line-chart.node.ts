import { type ChartOptions, lineChartSvg, type Series } from "./line-chart.ts";
import type { RgbImage } from "./rgb-image.ts";

/** A line chart as an image, on white. Its letters need a font on the machine; without one, the lines stand alone. */
export async function lineChart(
  series: readonly Series[],
  options: ChartOptions,
): Promise<RgbImage> {
  const { default: sharp } = await import("sharp");
  sharp.cache(false); // a training draws its curve again and again: nothing to find there, memory that grows
  const { data, info } = await sharp(Buffer.from(lineChartSvg(series, options)))
    .flatten({ background: "white" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { height: info.height, width: info.width, data };
}
