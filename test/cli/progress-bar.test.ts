import { ProgressBar } from '../../lib/cli/progress-bar';

function output(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) > 0 };
}

test('a terminal shows a bar and the current measurement', () => {
  const terminal = output(true);
  const bar = new ProgressBar(terminal);
  bar.show({ what: 'one', detail: 'a', done: 0, left: 10 });
  bar.show({ what: 'two', done: 5, left: 5 });
  bar.clear();
  expect(terminal.written).toEqual([
    `\r\x1b[K${'░'.repeat(30)} 0 %  one, a, about 10 s left`,
    `\r\x1b[K${'█'.repeat(15)}${'░'.repeat(15)} 50 %  two, about 5 s left`,
    '\r\x1b[K',
  ]);
});

test('the line fits into a narrow terminal', () => {
  const terminal = output(true, 20);
  new ProgressBar(terminal).show({ what: 'something', done: 0, left: 1 });
  expect(terminal.written).toEqual([`\r\x1b[K${'░'.repeat(19)}`]);
});

test('a log has a line for each new step', () => {
  const log = output(false);
  const bar = new ProgressBar(log);
  bar.show({ what: 'one', detail: 'a', done: 0, left: 3 });
  bar.show({ what: 'one', detail: 'b', done: 1, left: 2 });
  bar.show({ what: 'two', done: 2, left: 1 });
  bar.clear();
  expect(log.written).toEqual(['one, about 3 s left\n', 'two, about 1 s left\n']);
});
