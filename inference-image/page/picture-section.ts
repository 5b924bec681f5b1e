import { AnswerArea } from './answer-area';
import { actionPath, actionUrl, classify, infer, type Action, type Example } from './api';
import { classHeadline, classTables } from './class-view';
import { showTensors } from './compared-answer';
import { addCopyButton, pictureCommand } from './curl';
import { byId, showText } from './dom';
import { onDroppedFiles } from './dropped-files';
import { type GoldenPicture, showGoldenPictures } from './golden-pictures';
import { draw } from './preview';
import { type Outcome, Trial } from './trial';

const input = byId<HTMLInputElement>('picture-file');
const area = new AnswerArea('picture-');

/** Shows the section for pictures: a chosen, dropped or pasted picture is displayed and sent immediately. */
export function showPictureSection(
  model: string,
  usualAction: Action,
  examples: readonly Example[],
  onProblem: () => void,
): void {
  let golden: GoldenPicture | undefined;
  // Expected outputs are tensors, which only `infer` returns.
  const actionOf = () => (golden ? 'infer' : usualAction);
  const prepare = () => {
    const file = input.files![0]!;
    const [action, example] = [actionOf(), golden];
    return async () => {
      await checkReadable(file);
      return SEND[action](model, file, example);
    };
  };
  const trial = new Trial('picture-', area, prepare, onProblem);
  const choose = (example?: GoldenPicture) => {
    golden = example;
    const action = actionOf();
    const file = input.files?.[0];
    trial.reset();
    byId('picture-path').textContent = `POST ${actionPath(model, action)}`;
    byId<HTMLTextAreaElement>('picture-curl').value = pictureCommand(
      actionUrl(model, action),
      file?.name ?? 'picture.png',
      // `classify` detects the format from the first bytes.
      action === 'infer' ? typeOf(file) : undefined,
    );
    byId('picture-copied').textContent = '';
    byId('picture-actions').hidden = !file;
    void showPreview(file);
    if (file) void trial.run();
  };
  input.addEventListener('change', () => choose());
  onDroppedFiles(byId('picture-drop'), (files) => {
    input.files = files;
    choose();
  });
  showGoldenPictures(examples, (example) => {
    const data = new DataTransfer();
    data.items.add(example.file);
    input.files = data.files;
    choose(example);
  });
  addCopyButton('picture-');
  byId('picture').hidden = false;
  choose();
}

type Send = (model: string, file: File, example?: GoldenPicture) => Promise<Outcome>;

const SEND: Record<Action, Send> = {
  classify: async (model, file) => {
    const answer = await classify(model, file, typeOf(file));
    const show = () => {
      area.showStatus(classHeadline(answer), 'class');
      area.showOutputs(classTables(answer), answer.text);
    };
    return { ...answer, show };
  },

  infer: async (model, file, example) => {
    const answer = await infer(model, file, typeOf(file));
    const show = () => {
      showTensors(area, answer, example);
    };
    return { ...answer, show };
  },
};

/**
 * Throws if a file cannot be read. Without this check, a dropped folder or a deleted file would look like a server that
 * does not respond.
 */
async function checkReadable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Error(`This browser cannot read ${file.name}.`);
  }
}

/**
 * Content type of a file; `image/png` if the browser does not know the format, because the server determines it from
 * the file.
 */
function typeOf(file?: File): string {
  return file?.type || 'image/png';
}

async function showPreview(file: File | undefined): Promise<void> {
  const bitmap = file && (await createImageBitmap(file).catch(() => undefined));
  // Another file may have been chosen in the meantime.
  if (file !== input.files?.[0]) return;
  const canvas = byId<HTMLCanvasElement>('picture-preview');
  canvas.hidden = !bitmap;
  canvas.ariaLabel = file?.name ?? null;
  const facts = bitmap ? `, ${bitmap.width} × ${bitmap.height} pixels` : ': this browser cannot show it';
  showText(byId('picture-facts'), file && file.name + facts);
  if (bitmap) draw(canvas, bitmap);
}
