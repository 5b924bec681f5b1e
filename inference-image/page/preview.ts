/** Pixels of the longer side: a page shows no more of a large picture, and memory is saved. */
const MOST_PIXELS = 640;
/** Smaller ones are magnified, pixel by pixel. */
const SMALL = 160;

/** A canvas takes pixels and no address, so that the page's policy need not allow pictures from any. */
export function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  const longer = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(1, MOST_PIXELS / longer);
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.classList.toggle('small', longer < SMALL);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}
