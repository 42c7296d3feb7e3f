export { lineChart } from "./line-chart.node.ts";
export { type ImageSize, imageSize, type ReadImageOptions, readImage } from "./read.node.ts";
