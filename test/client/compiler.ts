import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../support/root';

/** All compiler options that a strict project turns on. */
const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};
export const BROWSER: ts.CompilerOptions = { ...STRICT, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] };
export const NODE: ts.CompilerOptions = {
  ...STRICT,
  lib: ['lib.es2022.d.ts'],
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules/@types')],
};

export function compile(options: ts.CompilerOptions, ...files: string[]): readonly ts.Diagnostic[] {
  return ts.getPreEmitDiagnostics(ts.createProgram(files, options));
}

export function texts(diagnostics: readonly ts.Diagnostic[]): string[] {
  return diagnostics.map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/**
 * Compiles a program of one function for each snippet.
 *
 * @param file - path of the program
 * @param prologue - declarations that all snippets use
 * @returns the diagnostics of each snippet
 */
export function compileSnippets(file: string, prologue: string, snippets: readonly string[]): string[][] {
  let text = prologue;
  const ends = snippets.map((snippet) => (text += `export async function f${text.length}() {\n${snippet}\n}\n`).length);
  writeFileSync(file, text);
  const found: string[][] = snippets.map(() => []);
  for (const diagnostic of compile(BROWSER, file)) {
    if (diagnostic.file?.fileName !== file) throw new Error(texts([diagnostic])[0]);
    found[ends.findIndex((end) => diagnostic.start! < end)]!.push(...texts([diagnostic]));
  }
  return found;
}
