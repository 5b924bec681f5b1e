/**
 * Part of npm run lint: finds words and phrases that puzzle readers, in all committed prose. CONTRIBUTING.md has the
 * guide.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root';

interface Pattern {
  /** Name of the pattern in the guide. */
  readonly name: string;
  readonly finds: RegExp;
  readonly instead: string;
}

/** A fault in a file. Lines count from 1. */
export interface Finding {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

const THINGS =
  'it|server|client|clients|process|thread|executor|executors|container|engine|scheduler|pool|queue|budget|codec|model|image|page|provider|docker|kubernetes|onnxruntime|node|call|calls|stream|watcher|watchers|connection|connections|request|requests';

/** Words and phrases that the guide in CONTRIBUTING.md excludes. */
export const PATTERNS: readonly Pattern[] = [
  { name: 'mend', finds: /\bmend(?:s|ed|ing)?\b/gi, instead: 'fix' },
  { name: 'anew', finds: /\banew\b/gi, instead: 'again' },
  { name: 'lest', finds: /\blest\b/gi, instead: 'so that … not' },
  { name: 'reckon', finds: /\breckon(?:s|ed|ing)?\b/gi, instead: 'count, compute or expect' },
  { name: 'that is none', finds: /\b(?:that|which) (?:is|are) none\b/gi, instead: 'that is not one, or is invalid' },
  {
    name: 'what is not given',
    finds: /\bwhat (?:is|was) not given\b/gi,
    instead: 'the thing, and what it follows from',
  },
  { name: 'for want of', finds: /\bfor (?:the )?want of\b/gi, instead: 'because there is no' },
  {
    name: 'told',
    finds: new RegExp(
      `\\b(?:${THINGS}) (?:that )?(?:is|are|was|were|has been|have been|be) told\\b|\\btold (?:to )?(?:the |a |an |its |each |every |all )?(?:${THINGS})\\b|\\b(?:unless|until|as|when) told\\b`,
      'gi',
    ),
    instead: 'configured, notified, asked or reported',
  },
];

/** Finds the faults of a file, in the order of its lines. */
export function plainWordFaults(text: string): Finding[] {
  return text
    .split('\n')
    .flatMap((content, index) =>
      PATTERNS.flatMap(({ finds, instead }) =>
        [...content.matchAll(finds)].map(([found]) => ({ line: index + 1, found, instead })),
      ),
    );
}

/** Files with text that this project's authors write; licences and data come from others. */
const TEXTS = /(?:^|\/)(?:Dockerfile|run|[^/]+\.(?:ts|mts|js|mjs|cjs|md|css|html|py|sh))$/;
/** Files that contain the words on purpose. */
const EXEMPT = new Set(['test/lint/plain-words.ts', 'test/lint/plain-words.test.ts', 'CONTRIBUTING.md']);

function main(): void {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  let faults = 0;
  for (const path of listed.filter((each) => TEXTS.test(each) && !EXEMPT.has(each))) {
    for (const { line, found, instead } of plainWordFaults(readFileSync(join(ROOT, path), 'utf8'))) {
      console.error(`${path}:${line}: "${found}": write ${instead}`);
      faults++;
    }
  }
  process.exitCode = faults > 0 ? 1 : 0;
}

if (require.main === module) main();
