import { join } from 'node:path';
import { ModelServingError } from '../../../lib/base/errors';
import { printable } from '../../../inference-image/src/contract/printable';
import { node, value, writeOnnxModel } from '../../support/onnx-builder';
import { runCli } from '../../support/run-cli';
import { temporaryFolder } from '../../support/temporary-folder';

test.each([
  ['plain text, \u753b\u50cf, \u{1f600}', 'plain text, \u753b\u50cf, \u{1f600}'],
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['\u001b[31mred\u0007', '\\u001b[31mred\\u0007'],
  ['\r\u009b2J', '\\u000d\\u009b2J'],
  ['x\u202egnp.exe\u2066\u200e', 'x\\u202egnp.exe\\u2066\\u200e'],
])('%j', (text, shown) => {
  expect(printable(text)).toBe(shown);
  expect(JSON.parse(printable(JSON.stringify({ text })))).toEqual({ text });
});

test('an error shows names in a form that is safe for terminals, and contains them unchanged for programs', () => {
  const error = new ModelServingError([{ code: 'some-code', message: 'input "a\u001b]0;b\u202e"' }]);
  expect(error.message).toBe('input "a\\u001b]0;b\\u202e" [some-code]');
  expect(error.problems[0]!.message).toBe('input "a\u001b]0;b\u202e"');
});

describe('documents generated from a model contain its names in a form that is safe for terminals', () => {
  const name = 'x\u202e\u009b2J\u2066"';
  const folder = temporaryFolder();
  const file = join(folder, 'm.onnx');
  beforeAll(() =>
    writeOnnxModel(file, {
      inputs: [value(name, 'float', [name, 2])],
      outputs: [value(`y${name}`, 'float', [name, 2])],
      nodes: [node('Identity', [name], [`y${name}`])],
      docString: name,
      metadata: { author: name, licenses: name, license: name },
    }),
  );

  test.each([['openapi'], ['sbom'], ['client']])('%s', (command) => {
    const { stdout } = runCli(command, file, '--runtime-check', 'skip');
    expect(stdout).not.toMatch(/(?![\n\t])\p{Cc}|\p{Bidi_Control}/u);
    if (command !== 'sbom') expect(stdout).toContain('\\u202e\\u009b2J\\u2066');
  });
});
