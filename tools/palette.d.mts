/** The same picture with at most 256 colours. @param png 8 bits a channel, not interlaced, as browsers write it */
export function toPalette(png: Buffer): Buffer;
