/** What is drawn in Node.js and in Chromium, to be compared. */
export const drawing = { prompt: "a red apple", options: { seed: 7 } } as const;

/** One pass of the U-Net, without guidance. */
export const onePass = { steps: 1, guidanceScale: 1, seed: 7 } as const;
