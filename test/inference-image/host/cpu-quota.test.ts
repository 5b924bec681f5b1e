import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cpuQuota, defaultThreads } from '../../../inference-image/src/host/cpu-quota';

/** Creates a root folder that contains the given files. */
function fakeRoot(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'cpu-quota-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

describe('cpuQuota', () => {
  test.each([
    ['a cgroup v2 quota', { 'sys/fs/cgroup/cpu.max': '150000 100000\n' }, 1.5],
    ['no cgroup v2 quota', { 'sys/fs/cgroup/cpu.max': 'max 100000\n' }, 8],
    [
      'a quota of the innermost cgroup',
      {
        'proc/self/cgroup': '0::/a/b\n',
        'sys/fs/cgroup/a/b/cpu.max': '200000 100000',
        'sys/fs/cgroup/cpu.max': 'max 1',
      },
      2,
    ],
    [
      'a smaller quota of an ancestor',
      {
        'proc/self/cgroup': '0::/a/b\n',
        'sys/fs/cgroup/a/b/cpu.max': '200000 100000',
        'sys/fs/cgroup/a/cpu.max': '1 2',
      },
      0.5,
    ],
    [
      'a cgroup v1 quota',
      { 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      3,
    ],
    [
      'no cgroup v1 quota',
      { 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      8,
    ],
    [
      'a cgroup v1 quota together with other controllers',
      {
        'proc/self/cgroup': '5:memory:/x\n4:cpu,cpuacct:/docker/1\n',
        'sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us': '50000',
        'sys/fs/cgroup/cpu/docker/1/cpu.cfs_period_us': '100000',
      },
      0.5,
    ],
    ['a quota beyond the affinity', { 'sys/fs/cgroup/cpu.max': '6400000 100000' }, 8],
    ['no cgroup at all', {}, 8],
    ['an invalid quota', { 'sys/fs/cgroup/cpu.max': 'nonsense' }, 8],
  ])('with %s', (_, files, cpus) => {
    expect(cpuQuota(fakeRoot(files as Record<string, string>), 8)).toBe(cpus);
  });
});

test.each([
  [8, 1, 8],
  [8, 3, 2],
  [1.5, 1, 1],
  [0.5, 1, 1],
  [2, 4, 1],
])('defaultThreads of %d CPUs and %d executors: %d', (quota, executors, threads) => {
  expect(defaultThreads(quota, executors)).toBe(threads);
});
