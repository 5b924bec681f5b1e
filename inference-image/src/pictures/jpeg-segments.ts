import { invalid } from '../errors';

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/** A decoder processes the whole picture for each scan; files with more scans are attacks. */
const MAX_SCANS = 100;
/**
 * Maximum scans of a picture of the largest size; encoders write about ten. Smaller pictures may have proportionally
 * more.
 */
const SCANS_OF_LARGEST = 20;
/**
 * Maximum segments before the frame: a color profile may need 255, and Exif some more. More would block the event loop.
 */
const MAX_SEGMENTS = 10_000;

/** Position of the frame header, after segments of known lengths: ITU-T T.81, B.1.1.4 and B.2.2. */
export function findFrame(body: Buffer): number {
  let at = 2;
  let count = 0;
  while (at + 10 <= body.length && body[at] === 0xff) {
    const marker = body.readUInt8(at + 1);
    if (isFrame(marker)) return at;
    if (marker === START_OF_SCAN || isAlone(marker) || ++count > MAX_SEGMENTS) break;
    // Fill bytes may precede a marker.
    at += marker === 0xff ? 1 : 2 + body.readUInt16BE(at + 2);
  }
  throw invalid('the JPEG file has no frame header');
}

/** SOF0 to SOF15, except for three codes with another meaning. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * Markers without a length, which are invalid before the frame. A decoder skips them. If the following bytes were read
 * as their length, the check would find another frame than the decoder does.
 */
function isAlone(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9);
}

/**
 * Reads the whole file, so do not call it on the event loop. Bounds scans times pixels, and so the time of the decoder.
 * A decoder fills in the missing end of a truncated file, so truncation is an error here. Data after the end, such as
 * the video of a motion picture, is ignored.
 */
export function checkJpegScans(body: Buffer, maxPixels: number): void {
  const frame = findFrame(body);
  const pixels = body.readUInt16BE(frame + 5) * body.readUInt16BE(frame + 7);
  const maxScans = Math.min(MAX_SCANS, Math.floor((SCANS_OF_LARGEST * maxPixels) / pixels));
  let scans = 0;
  for (let at = frame; at + 4 <= body.length;) {
    // Stop at the first scan too many, because a body may consist of scans only.
    if (body[at + 1] === START_OF_SCAN && ++scans > maxScans) {
      throw invalid(`the JPEG file has over ${maxScans} scans for its ${pixels} pixels; save it with fewer`);
    }
    at = nextMarker(body, at + 2 + body.readUInt16BE(at + 2));
    if (body[at + 1] !== END_OF_IMAGE) continue;
    if (scans > 0) return;
    break;
  }
  throw invalid('the JPEG file is truncated');
}

/** Position of the next segment or of the end; like decoders, skips everything else, such as the data of a scan. */
function nextMarker(body: Buffer, from: number): number {
  // indexOf would be slow if nearly all bytes match.
  for (let at = from; at + 1 < body.length; at++) {
    const marker = body[at + 1] as number;
    if (body[at] === 0xff && marker !== 0xff && (marker === END_OF_IMAGE || !isAlone(marker))) return at;
  }
  return body.length;
}
