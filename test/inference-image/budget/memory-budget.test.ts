import { MemoryBudget, REQUEST_BYTES } from '../../../inference-image/src/budget/memory-budget';
import {
  budgetFor,
  budgetWithin,
  memoryForBudget,
  MIN_BUDGET_BYTES,
} from '../../../inference-image/src/contract/memory';

const MIB = 1024 * 1024;

const refusalOf = (act: () => void) => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
};

test('a request holds added memory until it is released', () => {
  const budget = new MemoryBudget(MIB);
  const holding = budget.open();
  expect(budget.heldBytes).toBe(REQUEST_BYTES);
  holding.add(1000);
  holding.add(2000);
  holding.subtract(1000);
  expect(budget.heldBytes).toBe(REQUEST_BYTES + 2000);
  holding.release();
  holding.release();
  expect(budget.heldBytes).toBe(0);
});

test('a reservation beyond the remaining memory is refused as overload, and earlier reservations stay', () => {
  const budget = new MemoryBudget(10 * MIB);
  const first = budget.open();
  first.add(5 * MIB);
  const second = budget.open();
  expect(refusalOf(() => second.add(5 * MIB))).toMatchObject({
    kind: 'rejected',
    message: expect.stringMatching(/^the memory for requests is full: \d+ of 10485760 bytes are in use/),
  });
  expect(second.heldBytes).toBe(REQUEST_BYTES);
  first.release();
  second.add(5 * MIB);
  second.release();
  expect(budget.heldBytes).toBe(0);
});

test('a request that needs more than the whole budget is too large, even if little is in use', () => {
  const budget = new MemoryBudget(10 * MIB);
  expect(refusalOf(() => budget.open().add(10 * MIB))).toMatchObject({ kind: 'tooLarge' });
});

describe('requests that wait for their clients', () => {
  let now = 0;
  beforeEach(() => {
    now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  const waiting = (budget: MemoryBudget, bytes: number) => {
    const onDrop = jest.fn();
    const holding = budget.open();
    holding.waitForClient(onDrop);
    holding.add(bytes - REQUEST_BYTES);
    return { holding, onDrop };
  };

  test('hold at most half of the budget', () => {
    const budget = new MemoryBudget(4 * MIB);
    waiting(budget, MIB);
    waiting(budget, MIB);
    expect(refusalOf(() => waiting(budget, MIB))).toMatchObject({
      kind: 'rejected',
      message: `requests that wait for their clients hold ${2 * MIB + REQUEST_BYTES} bytes, and their limit is ${2 * MIB} bytes; try again later`,
    });
    // The other half is left for requests that do not wait.
    budget.open().add(1.5 * MIB);
  });

  test('are dropped, oldest first, if the memory is needed and their clients have exceeded their time', () => {
    const budget = new MemoryBudget(4 * MIB);
    const slow = waiting(budget, MIB);
    now = 1000;
    const younger = waiting(budget, MIB);
    now = 2500;
    const newest = waiting(budget, MIB);
    expect(slow.onDrop).toHaveBeenCalledTimes(1);
    expect(slow.holding.heldBytes).toBe(0);
    expect(younger.onDrop).not.toHaveBeenCalled();
    expect(budget.heldBytes).toBe(2 * MIB);
    newest.holding.release();
    younger.holding.release();
    slow.holding.release();
    expect(budget.heldBytes).toBe(0);
  });

  test('are not dropped if that would not free enough memory', () => {
    const budget = new MemoryBudget(4 * MIB);
    const slow = [waiting(budget, MIB / 2), waiting(budget, MIB / 2)];
    budget.open().add(2 * MIB);
    now = 60_000;
    expect(refusalOf(() => budget.open().add(2 * MIB))).toMatchObject({ kind: 'rejected' });
    for (const { onDrop } of slow) expect(onDrop).not.toHaveBeenCalled();
    budget.open().add(MIB);
    expect(slow.map(({ onDrop }) => onDrop.mock.calls.length)).toEqual([1, 0]);
  });

  test('are not dropped while there is room, or once they no longer wait', () => {
    const budget = new MemoryBudget(4 * MIB);
    const whole = waiting(budget, 2 * MIB);
    whole.holding.stopWaiting();
    now = 60_000;
    budget.open().add(MIB);
    expect(refusalOf(() => budget.open().add(2 * MIB))).toMatchObject({ kind: 'rejected' });
    expect(whole.onDrop).not.toHaveBeenCalled();
  });
});

test('any order of additions and subtractions returns to zero', () => {
  const budget = new MemoryBudget(8 * MIB);
  const holdings = Array.from({ length: 20 }, () => budget.open());
  for (let step = 0; step < 2000; step++) {
    const holding = holdings[(step * 7) % holdings.length]!;
    const bytes = (step * 7919) % (300 * 1024);
    if (step % 11 === 0) holding.waitForClient(() => undefined);
    else if (step % 13 === 0) holding.stopWaiting();
    else if (step % 3 === 0) holding.subtract(bytes);
    else {
      try {
        holding.add(bytes);
      } catch {
        // Ignored: the budget is full.
      }
    }
    expect(budget.heldBytes).toBe(holdings.reduce((sum, { heldBytes }) => sum + heldBytes, 0));
    expect(budget.heldBytes).toBeLessThanOrEqual(8 * MIB);
  }
  for (const holding of holdings) holding.release();
  expect(budget.heldBytes).toBe(0);
  const waiting = budget.open();
  waiting.waitForClient(() => undefined);
  waiting.add(4 * MIB - REQUEST_BYTES);
});

test('memory planned for a budget provides that budget', () => {
  for (const maxRequestBytes of [1, MIB, 16 * MIB, 64 * MIB, 1024 * MIB]) {
    const budget = budgetFor(maxRequestBytes, undefined, { heldPerByte: 4, answerBytes: 0 });
    expect(budget).toBeGreaterThanOrEqual(MIN_BUDGET_BYTES);
    expect(budgetWithin(160 * MIB + memoryForBudget(budget), 160 * MIB)).toBeGreaterThanOrEqual(budget - 1);
  }
});

test('a released holding accepts no more memory', () => {
  const budget = new MemoryBudget(1_000_000);
  const holding = budget.open();
  holding.release();
  expect(() => holding.add(1000)).toThrow('the request has already ended');
  holding.waitForClient(() => undefined);
  expect([budget.heldBytes, holding.waitsSince]).toEqual([0, Infinity]);
});
