// A page as a user would write it: it imports the package by its name, and draws when it is asked to.
import { TextToImage, type TextToImageOptions } from "frabbit";
import { type DrawingFigures, measureDrawing } from "./measure-drawing.ts";

declare global {
  var drawAndMeasure: (count: number, options: TextToImageOptions) => Promise<DrawingFigures>;
}

globalThis.drawAndMeasure = (count, options) =>
  measureDrawing(() => TextToImage.load("/emoji/"), count, options);
