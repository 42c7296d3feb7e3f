/** Bytes of the signature that every PNG begins with, and of the IHDR chunk that follows it. */
const signatureBytes = 8;
const headerBytes = 25;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();

/**
 * A PNG with texts added by keyword, in front of its pixels, where Pillow and libvips look when they open a file.
 * ASCII goes into a tEXt chunk, as A1111 writes it; other text into an iTXt chunk, because readers disagree whether tEXt
 * is Latin-1 or UTF-8.
 * Source: PNG specification, third edition, 11.3.3.
 */
export function addPngText(png: Uint8Array, text: Readonly<Record<string, string>>): Uint8Array {
  const chunks = Object.entries(text).map(([keyword, value]) => textChunk(keyword, value));
  const start = signatureBytes + headerBytes;
  return concatenate([png.subarray(0, start), ...chunks, png.subarray(start)]);
}

/** The texts of a PNG's tEXt and uncompressed iTXt chunks by keyword; none when the bytes are not a PNG. */
export function readPngText(png: Uint8Array): Record<string, string> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const entries: [string, string][] = [];
  for (let at = signatureBytes; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const data = png.subarray(at + 8, at + 8 + length);
    const type = latin1(png.subarray(at + 4, at + 8));
    const keywordEnd = data.indexOf(0);
    const keyword = latin1(data.subarray(0, keywordEnd));
    if (type === "tEXt") entries.push([keyword, latin1(data.subarray(keywordEnd + 1))]);
    if (type === "iTXt" && data[keywordEnd + 1] === 0) {
      const languageEnd = data.indexOf(0, keywordEnd + 3);
      const translationEnd = data.indexOf(0, languageEnd + 1);
      entries.push([keyword, utf8Decoder.decode(data.subarray(translationEnd + 1))]);
    }
    at += 12 + length;
  }
  return Object.fromEntries(entries);
}

function textChunk(keyword: string, text: string): Uint8Array {
  const isAscii = /^\p{ASCII}*$/u.test(text);
  return isAscii
    ? chunk("tEXt", latin1Bytes(`${keyword}\0${text}`))
    : chunk("iTXt", concatenate([latin1Bytes(`${keyword}\0\0\0\0\0`), utf8Encoder.encode(text)]));
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = concatenate([new Uint8Array(4), latin1Bytes(type), data, new Uint8Array(4)]);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(4, -4)));
  return bytes;
}

/** PNG specification, annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
