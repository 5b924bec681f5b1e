/**
 * Calls `take` with files that are pasted, or dropped anywhere on the page.
 *
 * @param zone Element that has the class `over` while files are dragged over the page
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
    // The pointer left the window, not just an element.
    if (!relatedTarget) setOver(false);
  });
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer!.files);
  });
  addEventListener('paste', ({ target, clipboardData }) => {
    // Pasting into the editor inserts text, and copied text may come with a picture of itself.
    if (target instanceof HTMLTextAreaElement || !clipboardData?.files.length) return;
    take(clipboardData.files);
  });
}
