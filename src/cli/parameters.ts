/** How a picture came to be: what `--json` prints and what the PNG keeps. */
export interface Settings {
  readonly prompt: string;
  readonly negative: string;
  readonly steps: number;
  readonly sampler: string;
  /** How the steps are laid, where it is not as the model's scheduler says. */
  readonly schedule?: string;
  readonly guidance: number;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** Files of the picture that it began with, and of the mask of what was drawn anew. */
  readonly from?: string;
  readonly mask?: string;
  /** How much of the steps was taken, where it began with a picture. */
  readonly strength?: number;
  /** Name of the model's folder. */
  readonly model: string;
}

/** A value as A1111's web UI writes it: in JSON's quotes where it has a comma, a colon or a line break. */
export function quoted(value: string): string {
  return /[,:\n]/.test(value) ? JSON.stringify(value) : value;
}

/**
 * The settings as AUTOMATIC1111's web UI writes them into a PNG's `parameters` text, which many tools read
 * (`modules/infotext_utils.py`): values with a comma, a colon or a line break are in JSON's quotes.
 */
export function parametersText(settings: Settings): string {
  const { prompt, negative, steps, sampler, schedule, guidance, seed, width, height, model } =
    settings;
  const { from, mask, strength } = settings;
  const values = {
    Steps: steps,
    Sampler: sampler,
    ...(schedule !== undefined && { "Schedule type": schedule }),
    "CFG scale": guidance,
    Seed: seed,
    Size: `${width}x${height}`,
    Model: quoted(model),
    ...(strength !== undefined && { "Denoising strength": strength }),
    ...(from !== undefined && { "Init image": quoted(from) }),
    ...(mask !== undefined && { Mask: quoted(mask) }),
  };
  return [
    prompt,
    ...(negative === "" ? [] : [`Negative prompt: ${negative}`]),
    Object.entries(values)
      .map(([name, value]) => `${name}: ${value}`)
      .join(", "),
  ].join("\n");
}
