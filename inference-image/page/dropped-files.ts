/**
 * Calls back with files that are dropped anywhere on the page, where a browser would leave it for them, or pasted.
 * @param zone Is of the class `over` while files are dragged.
 */
export function onDroppedFiles(zone: HTMLElement, take: (files: FileList) => void): void {
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files');
  const setOver = (isOver: boolean) => void zone.classList.toggle('over', isOver);
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(true);
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    // Out of the window, and not from one element into another.
    if (!relatedTarget) setOver(false);
  });
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer!.files);
  });
  addEventListener('paste', ({ target, clipboardData }) => {
    // Text that is copied may come with a picture of it.
    if (target instanceof HTMLTextAreaElement || !clipboardData?.files.length) return;
    take(clipboardData.files);
  });
}
