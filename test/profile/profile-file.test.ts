import { rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { OnnxModel, type ModelProfile } from 'cdktf-model-serving';
import { problemsOf } from '../model/support';
import { multiplier } from '../support/models';
import { ladder, profileOf } from '../support/profiles';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const path = multiplier(folder, 'digits', 2);
const beside = join(folder, 'digits.profile.json');
const elsewhere = join(folder, 'elsewhere.json');
const { sha256 } = OnnxModel.fromFile(path, { profile: false });

afterEach(() => [beside, elsewhere].forEach((file) => rmSync(file, { force: true })));

function write(file: string, content: unknown): void {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

function problemsWith(content: unknown): string[] {
  write(beside, content);
  return problemsOf(() => OnnxModel.fromFile(path));
}

test('the profile is the one beside the model, the one that is named, or none', () => {
  expect(OnnxModel.fromFile(path).profile).toBeUndefined();
  write(beside, profileOf(sha256));
  write(elsewhere, profileOf(sha256, { measuredAt: '2027-01-01T00:00:00Z' }));
  expect(OnnxModel.fromFile(path).profile).toEqual(profileOf(sha256));
  expect(OnnxModel.fromFile(path, { profile: elsewhere }).profile!.measuredAt).toBe('2027-01-01T00:00:00Z');
  expect(OnnxModel.fromFile(path, { profile: relative(process.cwd(), elsewhere) }).profile).toBeDefined();
  expect(OnnxModel.fromFile(path, { profile: false }).profile).toBeUndefined();
});

test('the profile is not part of the model: neither of its identity nor of its files', () => {
  write(beside, profileOf(sha256));
  const model = OnnxModel.fromFile(path);
  expect(model.sha256).toBe(sha256);
  expect(model.files.map((file) => file.path)).toEqual(['model.onnx']);
});

test('a profile that is named but missing, or empty, is reported', () => {
  expect(problemsOf(() => OnnxModel.fromFile(path, { profile: elsewhere }))).toEqual([
    `file-not-found: ${elsewhere}: no such file. Relative paths are resolved against the working directory, ${process.cwd()}.`,
  ]);
  expect(problemsWith('')).toEqual([`file-empty: ${beside}: the file is empty. Export or download it again.`]);
});

test('a profile that is not JSON is reported', () => {
  const [problem] = problemsWith('{"profileVersion": 1,');
  expect(problem).toMatch(
    /^profile-not-json: .*digits\.profile\.json: this file is not valid JSON: .+\. Remove the file and measure again: /,
  );
  expect(problem).toMatch(new RegExp(`Remove the file and measure again: model-serving profile ${path}$`));
});

test('a profile with the wrong structure is reported', () => {
  const invalid = (where: string, reason: string) =>
    `profile-invalid: ${beside}: ${where}: ${reason}. Profiles are measured, not written by hand. Remove the file and measure again: model-serving profile ${path}`;
  expect(problemsWith([])).toEqual([invalid('the file', 'Invalid input: expected object, received array')]);
  expect(problemsWith({})).toEqual([
    invalid('profileVersion', 'Invalid input: expected 1'),
    invalid('sha256', 'Invalid input: expected string, received undefined'),
    invalid('runtimeVersion', 'Invalid input: expected string, received undefined, and 7 more'),
  ]);
  expect(problemsWith({ ...profileOf(sha256), profileVersion: 2 })).toEqual([
    invalid('profileVersion', 'Invalid input: expected 1'),
  ]);
  const { memory, ...rest } = profileOf(sha256);
  expect(problemsWith({ ...rest, memory: { ...memory, peakMiB: -1 }, sha256: 'abc' })).toEqual([
    invalid('sha256', 'must be 64 lower-case hexadecimal digits'),
    invalid('memory.peakMiB', 'Too small: expected number to be >0'),
  ]);
  expect(problemsWith({ ...profileOf(sha256), sizes: [{ ...profileOf(sha256), dimensions: { n: 0 } }] })).toEqual([
    invalid('sizes.0.dimensions.n', 'Too small: expected number to be >0'),
  ]);
  expect(problemsWith({ ...profileOf(sha256), runs: [] })).toEqual([
    invalid('runs', 'Too small: expected array to have >=1 items'),
  ]);
});

test('a profile may have fields that earlier releases did not write', () => {
  const { machine, served, runs } = profileOf(sha256);
  const sized = { dimensions: { 'x:1': 7 }, runs, served: { ...served, threads: 2, maxBatchSize: 4, rowsPerRun: 3.5 } };
  const profile = profileOf(sha256, { ...sized, machine: { ...machine, otherLoad: 0 }, sizes: [sized] });
  write(beside, profile);
  expect(OnnxModel.fromFile(path).profile).toEqual(profile);
});

test.each<[string, Partial<ModelProfile>]>([
  ['no run of one row', { runs: ladder(1, { 2: 3 }) }],
  ['a run of one row for only some numbers of threads', { runs: [...ladder(1, { 1: 2 }), ...ladder(2, { 2: 3 })] }],
])('a profile with %s is reported', (_what, changes) => {
  expect(problemsWith(profileOf(sha256, changes))).toEqual([
    expect.stringContaining('runs: each number of threads needs a run of one row. Profiles are measured'),
  ]);
});

test('an invalid profile is refused every time, not only the first', () => {
  for (let i = 0; i < 2; i++) expect(problemsWith({ profileVersion: 1 }).length).toBeGreaterThan(0);
});

test('a profile of a different model is reported', () => {
  const other = 'a'.repeat(64);
  expect(problemsWith(profileOf(other))).toEqual([
    `profile-stale: ${beside}: this profile belongs to a different model, with sha256 ${other}, measured on 4 x AMD EPYC 9B14 on 2026-11-25; ${path} has sha256 ${sha256}. Measure again: model-serving profile ${path}`,
  ]);
});

test('an invalid profile is reported together with all other problems', () => {
  write(beside, '{');
  expect(problemsOf(() => OnnxModel.fromFile(path, { name: 'a/b' }))).toEqual([
    expect.stringMatching(/^model-name-invalid/),
    expect.stringMatching(/^profile-not-json/),
  ]);
});

test('a valid profile is not validated again: a warm synth does not load zod', () => {
  write(beside, profileOf(sha256));
  OnnxModel.fromFile(path);
  jest.isolateModules(() => {
    jest.doMock('../../lib/profile/profile-schema', () => {
      throw new Error('loaded');
    });
    const again = jest.requireActual<typeof import('../../lib/onnx-model/onnx-model')>(
      '../../lib/onnx-model/onnx-model',
    );
    expect(again.OnnxModel.fromFile(path).profile).toEqual(profileOf(sha256));
    write(beside, profileOf(sha256, { measuredAt: '2028-01-01T00:00:00Z' }));
    expect(() => again.OnnxModel.fromFile(path)).toThrow('loaded');
  });
});
