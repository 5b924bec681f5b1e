/**
 * Calls back with files that are pasted, or dropped anywhere on the page.
 *
 * @param zone Has the class `over` while files are dragged
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
    // The pointer left the window, and not only an element.
    if (!relatedTarget) setOver(false);
  });
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer!.files);
  });
  addEventListener('paste', ({ target, clipboardData }) => {
    // Copied text may include a picture of it.
    if (target instanceof HTMLTextAreaElement || !clipboardData?.files.length) return;
    take(clipboardData.files);
  });
}
