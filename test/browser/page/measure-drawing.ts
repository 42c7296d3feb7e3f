import type { TextToImage, TextToImageOptions } from "frabbit";

/** Seconds that drawing took: loading the model, and each picture; the first includes building the sessions. */
export interface DrawingFigures {
  readonly loading: number;
  readonly pictures: readonly number[];
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const begun = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - begun) / 1000 };
}

/** Draws some pictures, the same way in Node.js and in a page. */
export async function measureDrawing(
  load: () => Promise<Pick<TextToImage, "generate" | typeof Symbol.asyncDispose>>,
  count: number,
  options: TextToImageOptions,
): Promise<DrawingFigures> {
  const loading = await timed(load);
  await using pipeline = loading.value;
  const pictures: number[] = [];
  for (let i = 0; i < count; i++) {
    const drawing = await timed(() => pipeline.generate("a red apple", options));
    pictures.push(drawing.seconds);
  }
  return { loading: loading.seconds, pictures };
}
