import { join } from 'node:path';
import * as ts from 'typescript';
import { ROOT } from '../support/root';
import { program, snippets } from './snippet';

test('every snippet of the README and of docs/ compiles', () => {
  const sources = new Map(snippets(ROOT).map((snippet, i) => [join(ROOT, 'docs', `snippet${i}.ts`), snippet]));
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  const textOf = (path: string) => {
    const snippet = sources.get(path);
    return snippet && program(snippet);
  };
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => textOf(path) ?? readFile(path);
  host.getSourceFile = (path, language) => {
    const text = host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, language);
  };

  // A snippet may declare names that the page uses later.
  const lenient = { ...options, noUnusedLocals: false, noUnusedParameters: false, isolatedModules: false };
  const compiled = ts.createProgram([...sources.keys()], lenient, host);
  const problems = [...sources].flatMap(([path, { place }]) =>
    [
      ...compiled.getSyntacticDiagnostics(compiled.getSourceFile(path)),
      ...compiled.getSemanticDiagnostics(compiled.getSourceFile(path)),
    ].map(({ messageText }) => `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  );
  expect(problems).toEqual([]);
  expect(sources.size).toBeGreaterThan(15);
});
