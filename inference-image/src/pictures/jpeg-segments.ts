import { invalid } from '../base/errors';

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/**
 * Maximum number of scans of any picture. A decoder processes the whole picture for each scan; a file with more scans
 * is an attack.
 */
const MAX_SCANS = 100;
/**
 * Maximum number of scans of a picture that has the maximum number of pixels. Smaller pictures may have proportionally
 * more. Encoders write about ten.
 */
const SCANS_OF_LARGEST = 20;
/**
 * Maximum number of segments before the frame header. A color profile may need 255, and Exif data a few more; a very
 * large number would block the event loop.
 */
const MAX_SEGMENTS = 10_000;

/** Finds the frame header, which follows segments that contain their lengths: ITU-T T.81, B.1.1.4 and B.2.2. */
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

/** Whether a marker is one of SOF0 to SOF15, except for the three codes in that range that have a different meaning. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * Whether a marker has no length. Such markers are invalid before the frame header, but decoders skip them. If this
 * check read the bytes after the marker as a length, it would find a different frame header than the decoder does.
 */
function isAlone(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9);
}

/**
 * Limits the product of scans and pixels, and thereby the time of the decoder. Reads the whole file, so do not call it
 * on the event loop. Truncation is an error here, because a decoder would fill in the missing end. Data after the end
 * of the picture, such as the video of a motion photo, is ignored.
 */
export function checkJpegScans(body: Buffer, maxPixels: number): void {
  const frame = findFrame(body);
  const pixels = body.readUInt16BE(frame + 5) * body.readUInt16BE(frame + 7);
  const maxScans = Math.min(MAX_SCANS, Math.floor((SCANS_OF_LARGEST * maxPixels) / pixels));
  let scans = 0;
  for (let at = frame; at + 4 <= body.length;) {
    // Stops at the first scan beyond the limit, because a body may consist only of scans.
    if (body[at + 1] === START_OF_SCAN && ++scans > maxScans) {
      throw invalid(
        `the JPEG file has more than ${maxScans} scans, the limit for its ${pixels} pixels; save it with fewer scans`,
      );
    }
    at = nextMarker(body, at + 2 + body.readUInt16BE(at + 2));
    if (body[at + 1] !== END_OF_IMAGE) continue;
    if (scans > 0) return;
    break;
  }
  throw invalid('the JPEG file is truncated');
}

/**
 * Finds the next segment or the end of the picture. Like decoders, skips everything else, such as the data of a scan.
 */
function nextMarker(body: Buffer, from: number): number {
  // indexOf would be slow if nearly all bytes are 0xff.
  for (let at = from; at + 1 < body.length; at++) {
    const marker = body[at + 1] as number;
    if (body[at] === 0xff && marker !== 0xff && (marker === END_OF_IMAGE || !isAlone(marker))) return at;
  }
  return body.length;
}
