/** A decoded picture: four bytes per pixel (red, green, blue, alpha), in rows from top to bottom. */
export interface Picture {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Part of a picture that starts at (left, top). */
export function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8ClampedArray(width * height * 4);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * picture.width + left) * 4;
    data.set(picture.data.subarray(start, start + width * 4), row * width * 4);
  }
  return { data, width, height };
}

/** Centers a picture in a larger gray area. */
export function pad(picture: Picture, width: number, height: number, gray: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8ClampedArray(width * height * 4).fill(gray);
  const left = Math.floor((width - picture.width) / 2);
  const top = Math.floor((height - picture.height) / 2);
  for (let row = 0; row < picture.height; row++) {
    const start = row * picture.width * 4;
    data.set(picture.data.subarray(start, start + picture.width * 4), ((top + row) * width + left) * 4);
  }
  return { data, width, height };
}

/** Blends transparent pixels with a gray level, in place. */
export function flatten({ data }: Picture, gray: number): void {
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3] as number;
    if (alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel++) {
      data[channel] = Math.round(((data[channel] as number) * alpha + gray * (255 - alpha)) / 255);
    }
    data[at + 3] = 255;
  }
}
