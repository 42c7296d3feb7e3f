// A page as a user would write it: it imports the package by its name, and draws when it is asked to.
import { TextToImage, type TextToImageOptions } from "frabbit";
import { type DrawingFigures, measureDrawing } from "./measure-drawing.ts";

declare global {
  var drawAndMeasure: (
    model: string,
    count: number,
    options: TextToImageOptions,
  ) => Promise<DrawingFigures>;
}

globalThis.drawAndMeasure = (model, count, options) =>
  measureDrawing(() => TextToImage.load(`/${model}/`), count, options);
