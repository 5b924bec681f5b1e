import { plant, PLANTED_BUGS } from './planted-bugs';
import { simulate } from './simulate';

/** Number of schedules in this test; `.ci/run` runs ten times as many. */
const SCHEDULES = 2000;
/** Number of schedules within which the simulation must find a planted bug. */
const MOST = 20_000;

test('no schedule violates a rule', async () => {
  const { schedules, violation, answers } = await simulate({ seed: 1, schedules: SCHEDULES });
  expect({ schedules, violation }).toEqual({ schedules: SCHEDULES, violation: undefined });
  // Every status must occur, or some rules would not be tested.
  expect(Object.keys(answers)).toEqual(['200', '408', '429', '499', '500', '503', '504']);
});

test.each(PLANTED_BUGS)('a planted %s is found', async (bug) => {
  const remove = plant(bug);
  const { violation } = await simulate({ seed: 1, schedules: MOST }).finally(remove);
  expect(violation).toBeDefined();
});

test('a seed reproduces its violation', async () => {
  const remove = plant('lost wake-up');
  const { violation } = await simulate({ seed: 1, schedules: MOST });
  const again = await simulate({ seed: violation?.seed ?? 0, schedules: 1 }).finally(remove);
  expect(again.violation).toEqual(violation);
});
