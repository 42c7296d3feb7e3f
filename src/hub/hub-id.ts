/** A model of the Hugging Face hub. */
export interface HubId {
  /** `owner/name`. */
  readonly name: string;
  /** A branch, a tag, or the 40 hexadecimal digits of a commit. */
  readonly revision: string;
}

const word = String.raw`\w(?:[\w.-]*\w)?`;
const pattern = new RegExp(`^(${word}/${word})(?:@(${word}(?:/${word})*))?$`);

/** Reads `owner/name` or `owner/name@revision`; nothing if it is not of that form, or a checkpoint's file. */
export function parseHubId(text: string): HubId | undefined {
  const [, name, revision = "main"] = pattern.exec(text) ?? [];
  if (name === undefined || /--|\.\.|\.safetensors$/.test(text)) return undefined;
  return { name, revision };
}
