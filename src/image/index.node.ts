export { lineChart } from "./line-chart.node.ts";
export { type ReadImageOptions, readImage } from "./read.node.ts";
