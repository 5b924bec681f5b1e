/** Maximum length of the longer side of a preview, in pixels; larger pictures are reduced to save memory. */
const MOST_PIXELS = 640;
/** Length of the longer side, in pixels, below which pictures are magnified without smoothing. */
const SMALL = 160;

/** Draws a picture on a canvas, so that the page's content security policy need not allow picture sources. */
export function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  const longer = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(1, MOST_PIXELS / longer);
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.classList.toggle('small', longer < SMALL);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}
