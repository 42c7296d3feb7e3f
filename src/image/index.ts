export { grid } from "./grid.ts";
export { type ChartOptions, lineChartSvg, type Series } from "./line-chart.ts";
export { decodePng, encodePng } from "./png.ts";
export { readPngText } from "./png-text.ts";
export { fromBytes, type RgbImage, toBytes } from "./rgb-image.ts";
