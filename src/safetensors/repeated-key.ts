/** A string, or one of the characters that build JSON. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/**
 * A key that an object in the text holds more than once, or undefined. JSON.parse keeps the last of such keys silently.
 *
 * @param json a text that JSON.parse accepts.
 */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  let latest = "";
  for (const [text] of json.matchAll(token)) {
    if (text === "{" || text === "[") open.push(new Set());
    else if (text === "}" || text === "]") open.pop();
    else if (text === ":") {
      const key: string = JSON.parse(latest);
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
    latest = text;
  }
  return undefined;
}
