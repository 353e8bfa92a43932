// Pictures of pages as PNG with a palette: a third of the bytes, and no difference that is seen.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const MAX_COLOURS = 256;
/** Bits of a channel by which colours are told apart when the palette is chosen. */
const BITS = 6;

/** The same picture with at most 256 colours. @param png 8 bits a channel, not interlaced, as browsers write it */
export function toPalette(png) {
  const picture = decode(png);
  const { palette, indexes } = quantise(picture);
  return encode(picture, palette, indexes);
}

/** @returns {{ width: number, height: number, rgb: Uint8Array }} */
function decode(png) {
  const chunks = [...chunksOf(png)];
  const header = chunks.find(({ type }) => type === "IHDR").content;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 2: 3, 6: 4 }[header[9]];
  if (header[8] !== 8 || !channels || header[12] !== 0) throw new Error("not a PNG of 8 bits a channel");
  const packed = chunks.filter(({ type }) => type === "IDAT").map(({ content }) => content);
  const bytes = unfilter(inflateSync(Buffer.concat(packed)), width * channels, height, channels);
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1) rgb.set(bytes.subarray(i * channels, i * channels + 3), i * 3);
  return { width, height, rgb };
}

function* chunksOf(png) {
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString("latin1", at + 4, at + 8), content: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

/** Each row is told by what differs from its neighbours (PNG, section 9). */
function unfilter(rows, stride, height, step) {
  const bytes = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x < step ? 0 : bytes[at - step];
      const above = y === 0 ? 0 : bytes[at - stride];
      const corner = x < step || y === 0 ? 0 : bytes[at - stride - step];
      bytes[at] =
        rows[y * (stride + 1) + 1 + x] + [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
    }
  }
  return bytes;
}

function paeth(left, above, corner) {
  const [a, b, c] = [above - corner, left - corner, left + above - 2 * corner].map(Math.abs);
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** The most frequent colours, and for each point the nearest of them. */
function quantise({ rgb }) {
  const counts = new Map();
  for (let i = 0; i < rgb.length; i += 3) {
    const key = keyOf(rgb, i);
    const entry = counts.get(key);
    if (entry) entry.count += 1;
    else counts.set(key, { count: 1, colour: [rgb[i], rgb[i + 1], rgb[i + 2]] });
  }
  const palette = [...counts.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_COLOURS)
    .map(({ colour }) => colour);
  const nearest = new Map();
  const indexes = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < rgb.length; i += 3) {
    const key = keyOf(rgb, i);
    if (!nearest.has(key)) nearest.set(key, nearestOf(palette, counts.get(key).colour));
    indexes[i / 3] = nearest.get(key);
  }
  return { palette, indexes };
}

function keyOf(rgb, i) {
  const cut = 8 - BITS;
  return ((rgb[i] >> cut) << (2 * BITS)) | ((rgb[i + 1] >> cut) << BITS) | (rgb[i + 2] >> cut);
}

function nearestOf(palette, [red, green, blue]) {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [i, [r, g, b]] of palette.entries()) {
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function encode({ width, height }, palette, indexes) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) rows.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flat())),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type, content) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
