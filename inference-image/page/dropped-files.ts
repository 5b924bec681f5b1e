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
    // Without a related target, the pointer has left the window and not just an element.
    if (!relatedTarget) setOver(false);
  });
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer!.files);
  });
  addEventListener('paste', ({ target, clipboardData }) => {
    // The browser handles a paste into the editor itself, because copied text may come with a picture of that text.
    if (target instanceof HTMLTextAreaElement || !clipboardData?.files.length) return;
    take(clipboardData.files);
  });
}
