import { invalid } from '../errors';

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/** More of them are made to keep a decoder busy: each goes through all of a picture. */
const MAX_SCANS = 100;
/** Scans that a picture of the largest size may have: encoders make some ten. A smaller one may have as many more. */
const SCANS_OF_LARGEST = 20;
/** Before the frame: a color profile may take 255, and Exif some more. More of them are made to keep the event loop busy. */
const MAX_SEGMENTS = 10_000;

/** Where the frame header is, which follows segments of known lengths: ITU-T T.81, B.1.1.4 and B.2.2. */
export function findFrame(body: Buffer): number {
  let at = 2;
  let count = 0;
  while (at + 10 <= body.length && body[at] === 0xff) {
    const marker = body.readUInt8(at + 1);
    if (isFrame(marker)) return at;
    if (marker === START_OF_SCAN || isAlone(marker) || ++count > MAX_SEGMENTS) break;
    // Fill bytes may come before a marker.
    at += marker === 0xff ? 1 : 2 + body.readUInt16BE(at + 2);
  }
  throw invalid('the JPEG file has no frame header');
}

/** SOF0 to SOF15, but for the three codes among them that are others. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * Markers without a length, which have no business before the frame. A decoder passes over them: whoever took what
 * follows for their length would find another frame than the decoder does, of another size.
 */
function isAlone(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9);
}

/**
 * Goes through all of a picture: not for the event loop. Scans times pixels are bounded, which is what a decoder's time
 * grows with. A decoder makes up what is missing at the end of a JPEG file,
 * which nobody would notice. What follows the end, such as the film of a phone's picture that moves, is no part of it.
 */
export function checkJpegScans(body: Buffer, maxPixels: number): void {
  const frame = findFrame(body);
  const pixels = body.readUInt16BE(frame + 5) * body.readUInt16BE(frame + 7);
  const maxScans = Math.min(MAX_SCANS, Math.floor((SCANS_OF_LARGEST * maxPixels) / pixels));
  let scans = 0;
  for (let at = frame; at + 4 <= body.length;) {
    // Not one more is looked for: a body may be made of nothing else.
    if (body[at + 1] === START_OF_SCAN && ++scans > maxScans) {
      throw invalid(`the JPEG file has over ${maxScans} scans for its ${pixels} pixels; save it with fewer`);
    }
    at = nextMarker(body, at + 2 + body.readUInt16BE(at + 2));
    if (body[at + 1] !== END_OF_IMAGE) continue;
    if (scans > 0) return;
    break;
  }
  throw invalid('the JPEG file is cut short');
}

/** Where a segment or the end is next: decoders pass over all else, as over the data of a scan. */
function nextMarker(body: Buffer, from: number): number {
  // Not indexOf: it is slow where nearly all bytes are found.
  for (let at = from; at + 1 < body.length; at++) {
    const marker = body[at + 1] as number;
    if (body[at] === 0xff && marker !== 0xff && (marker === END_OF_IMAGE || !isAlone(marker))) return at;
  }
  return body.length;
}
