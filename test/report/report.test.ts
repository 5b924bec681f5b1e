import { profileText } from '../../lib/report/profile-text';
import { CHART_MARK, svgReport } from '../../lib/report/svg-report';
import { sampleProfile } from '../support/sample-profile';

test('a profile for a terminal', () => {
  expect(profileText(sampleProfile)).toMatchInlineSnapshot(`
   "AMD EPYC 9B14, 2 CPUs, 7,962 MiB, linux/x64, Node v24.21.0

   at sequence = 128

   1 thread
       batch 1  █████████▊                        500 rows/s  p50 2 ms
       batch 2  █████████████▏                    667 rows/s  p50 3 ms
       batch 4  ███████████████▋                  800 rows/s  p50 5 ms  ◀ saturates
       batch 8  ███████████████▉                  808 rows/s  p50 9.9 ms

   2 threads
       batch 1  ███████████████▋                    800 rows/s  p50 1.25 ms
       batch 8  ███████████████████████████████▍  1,600 rows/s  p50 5 ms  ◀ saturates
      batch 16  ████████████████████████████████  1,630 rows/s  p50 9.8 ms

   served  703 requests/s of one row from 64 clients, p50 90.1 ms, p99 123 ms
   CPU     1.41 ms per request, 155 µs of it in the event loop
   start   loaded in 12 ms, first run 2.1 ms, ready after 1.35 s
   memory  142 MiB when ready, 1,163 MiB at most, 26 MiB for one more executor"
  `);
});

test('a profile of one run', () => {
  const { runs } = sampleProfile;
  expect(
    profileText({ ...sampleProfile, dimensions: {}, runs: [runs[0]!] })
      .split('\n')
      .slice(0, 4),
  ).toEqual([
    'AMD EPYC 9B14, 2 CPUs, 7,962 MiB, linux/x64, Node v24.21.0',
    '',
    '1 thread',
    `    batch 1  ${'█'.repeat(32)}  500 rows/s  p50 2 ms`,
  ]);
});

test('a profile of several sizes, of a busy machine', () => {
  const { runs, served, machine } = sampleProfile;
  const text = profileText({
    ...sampleProfile,
    machine: { ...machine, otherLoad: 0.314 },
    sizes: [{ dimensions: { sequence: 512 }, runs: [runs[0]!], served: { ...served, clients: 1 } }],
  });
  const lines = text.split('\n');
  expect(lines[1]).toBe('while other processes used 31 % of its CPU time');
  expect(lines.filter((line) => /^at |^served/.test(line))).toEqual([
    'at sequence = 128',
    'served  703 requests/s of one row from 64 clients, p50 90.1 ms, p99 123 ms',
    'at sequence = 512',
    'served  703 requests/s of one row from one client, p50 90.1 ms, p99 123 ms',
  ]);
  expect(lines.filter((line) => /^(start|memory)/.test(line))).toHaveLength(2);
});

describe('the chart of a profile', () => {
  test('is unchanged', () => {
    expect(svgReport('digits', sampleProfile)).toMatchSnapshot();
  });

  test('begins with text that distinguishes it from other charts', () => {
    expect(svgReport('digits', sampleProfile).slice(0, 1024)).toContain(CHART_MARK);
  });

  test('is well-formed, whatever the names', () => {
    const machine = { ...sampleProfile.machine, cpu: 'A & B <"C">\u0000\ud800' };
    const svg = svgReport('digits', { ...sampleProfile, machine });
    expect(svg).toContain('A &#38; B &#60;&#34;C&#34;&#62;\ufffd\ufffd, 2 CPUs');
    expect(openElements(svg)).toEqual([]);
  });

  test('can show a single run', () => {
    const svg = svgReport('digits', { ...sampleProfile, runs: [sampleProfile.runs[0]!] });
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(openElements(svg)).toEqual([]);
  });
});

/** Parses XML strictly, and returns the elements that are not closed. */
function openElements(xml: string): string[] {
  const token = /<\?xml [^?]*\?>|<(\/?)([a-z]+)((?: [\w:-]+="[^"<&]*(?:&#\d+;[^"<&]*)*")*)(\/?)>|(?:[^<&]|&#\d+;)+/y;
  const open: string[] = [];
  for (let at = 0; at < xml.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(xml);
    if (!match) throw new Error(`not XML: ${xml.slice(at, at + 80)}`);
    const [, closing, name, , empty] = match;
    if (name === undefined || empty === '/') continue;
    if (closing !== '/') open.push(name);
    else if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
  }
  return open;
}
