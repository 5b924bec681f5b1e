import { createHash } from 'node:crypto';

/** An unknown number: the number of rows, a declared symbol, or an expression without a simpler form. */
export interface Atom {
  /** Atoms with equal keys are equal numbers. */
  readonly key: string;
  /** Whether the atom depends on the number of rows. */
  readonly tainted: boolean;
  readonly integer: boolean;
  /** How fast the number grows with the axes of a request; undefined if it may be any number. */
  readonly growth?: Growth | undefined;
  /** A lower bound. */
  readonly min: number;
  /** Keys of sizes that this number never exceeds. */
  readonly atMost?: readonly string[];
}

/**
 * Upper bound of a number: its absolute value is at most `factor * size ** degree` if no axis of a request has more
 * elements than `size`.
 */
export interface Growth {
  readonly factor: number;
  readonly degree: number;
}

/** Growth of the size of an axis of a request. */
export const OF_AN_AXIS: Growth = { factor: 1, degree: 1 };

/** Growth of 0 or 1. */
export const OF_A_TRUTH: Growth = { factor: 1, degree: 0 };

interface Term {
  /** Keys of the atoms. */
  readonly key: string;
  readonly coefficient: number;
  /** Factors of the term, sorted by key; an atom is repeated for powers. */
  readonly atoms: readonly Atom[];
}

/** Maximum number of terms. Longer sums become atoms, which limits the size of expressions. */
const MAX_TERMS = 12;
const MAX_DEGREE = 8;

/** Maximum length of a name. Longer names are replaced by their hash. */
const MAX_KEY = 48;

/** A size or another number in shape arithmetic: a polynomial over atoms. */
export class Size {
  readonly key: string;
  readonly tainted: boolean;

  private constructor(private readonly terms: readonly Term[]) {
    this.key = terms.map(({ key, coefficient }) => (key ? `${coefficient}*${key}` : `${coefficient}`)).join('+') || '0';
    this.tainted = terms.some(({ atoms }) => atoms.some(({ tainted }) => tainted));
  }

  static of(value: number): Size {
    const known = SMALL[value];
    return known ?? new Size(value === 0 ? [] : [{ key: '', coefficient: value, atoms: [] }]);
  }

  static atom(
    key: string,
    { tainted = false, integer = true, growth, min = -Infinity, atMost = [] }: Partial<Omit<Atom, 'key'>> = {},
  ): Size {
    const short = key.length > MAX_KEY ? `#${createHash('sha256').update(key).digest('hex').slice(0, 32)}` : key;
    return new Size([{ key: short, coefficient: 1, atoms: [{ key: short, tainted, integer, growth, min, atMost }] }]);
  }

  /**
   * Creates the result of an operation without a simpler form. It depends on rows if an operand does, and can be any
   * number that agrees with the facts.
   */
  static opaque(
    operation: string,
    operands: readonly Size[],
    facts: Partial<Pick<Atom, 'integer' | 'min' | 'atMost' | 'growth'>> = {},
  ): Size {
    const key = `${operation}(${operands.map(({ key }) => key).join(',')})`;
    const tainted = operands.some((operand) => operand.tainted);
    return Size.atom(key, { ...facts, tainted });
  }

  static product(sizes: readonly Size[]): Size {
    return sizes.reduce((product, size) => product.times(size), ONE);
  }

  /** The number, if it is known. */
  get constant(): number | undefined {
    if (this.terms.length === 0) return 0;
    const [term] = this.terms;
    return this.terms.length === 1 && term?.atoms.length === 0 ? term.coefficient : undefined;
  }

  /** A lower bound. */
  get min(): number {
    return this.terms.reduce((sum, term) => sum + leastOf(term), 0);
  }

  get integer(): boolean {
    return this.terms.every(
      ({ coefficient, atoms }) => Number.isInteger(coefficient) && atoms.every(({ integer }) => integer),
    );
  }

  /** Whether this size is the minimum of the other size and a third one. */
  isLesserOf(other: Size): boolean {
    const [term] = this.terms;
    const [atom] = this.terms.length === 1 && term?.coefficient === 1 && term.atoms.length === 1 ? term.atoms : [];
    return atom?.atMost?.includes(other.key) ?? false;
  }

  get growth(): Growth | undefined {
    return sumOf(this.terms.map(growthOf));
  }

  /** Number of terms, which determines the cost of computations. */
  get weight(): number {
    return this.terms.length;
  }

  /**
   * Greatest power of 2 such that the number is below the limit if no axis of a request is greater; 0 if there is none.
   */
  greatestBase(limit: number): number {
    const growths = this.terms.flatMap((term) => growthOf(term) ?? []);
    if (growths.length < this.terms.length) return 0;
    const isBelow = (base: number) =>
      growths.reduce((sum, { factor, degree }) => sum + factor * base ** degree, 0) < limit;
    let base = 2 ** 52;
    while (base >= 1 && !isBelow(base)) base /= 2;
    return base >= 1 ? base : 0;
  }

  is(value: number): boolean {
    return this.constant === value;
  }

  equals(other: Size): boolean {
    return this.key === other.key;
  }

  plus(other: Size): Size {
    if (this.terms.length === 0) return other;
    if (other.terms.length === 0) return this;
    return (
      Size.from([...this.terms, ...other.terms]) ??
      Size.opaque('add', [this, other], { integer: this.integer && other.integer })
    );
  }

  minus(other: Size): Size {
    return this.plus(other.times(MINUS_ONE));
  }

  times(other: Size): Size {
    if (this === ONE) return other;
    if (other === ONE) return this;
    const products: Term[] = [];
    for (const a of this.terms) for (const b of other.terms) products.push(multiply(a, b));
    return Size.from(products) ?? Size.opaque('mul', [this, other], { integer: this.integer && other.integer });
  }

  /** The quotient, if this size is a multiple of the divisor for all values of the atoms; otherwise undefined. */
  dividedBy(divisor: Size): Size | undefined {
    if (divisor.terms.length === 0) return undefined;
    if (divisor.is(1)) return this;
    if (this.equals(divisor)) return ONE;
    const lead = divisor.lead();
    let rest = this.plus(ZERO);
    let quotient = ZERO;
    for (let step = 0; rest.terms.length > 0; step++) {
      if (step === MAX_TERMS) return undefined;
      const term = divideTerm(rest.lead(), lead);
      if (!term) return undefined;
      const part = new Size([term]);
      quotient = quotient.plus(part);
      rest = rest.minus(part.times(divisor));
    }
    return quotient.times(divisor).equals(this) ? quotient : undefined;
  }

  /** Compares two sizes: -1, 0 or 1 if the order is the same for all values of the atoms; otherwise undefined. */
  compare(other: Size): -1 | 0 | 1 | undefined {
    const [a, b] = [this.constant, other.constant];
    if (a !== undefined && b !== undefined) {
      if (a !== b) return a < b ? -1 : 1;
      return Math.abs(a) < Number.MAX_SAFE_INTEGER ? 0 : undefined;
    }
    if (this.equals(other)) return 0;
    if (this.minus(other).min > 0) return 1;
    if (other.minus(this).min > 0) return -1;
    return undefined;
  }

  private lead(): Term {
    return this.terms.reduce((lead, term) =>
      term.atoms.length > lead.atoms.length || (term.atoms.length === lead.atoms.length && term.key > lead.key)
        ? term
        : lead,
    );
  }

  /** Adds up terms; undefined if the sum has too many terms or factors, or an inexact number. */
  private static from(terms: readonly Term[]): Size | undefined {
    const sums = new Map<string, Term>();
    for (const term of terms) {
      const known = sums.get(term.key);
      sums.set(term.key, known ? { ...term, coefficient: known.coefficient + term.coefficient } : term);
    }
    const kept = [...sums.values()].filter(({ coefficient }) => coefficient !== 0);
    if (kept.length > MAX_TERMS) return undefined;
    if (kept.some(({ coefficient, atoms }) => !isExact(coefficient) || atoms.length > MAX_DEGREE)) return undefined;
    if (kept.length === 1 && kept[0]?.key === '') return Size.of(kept[0].coefficient);
    kept.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return new Size(kept);
  }
}

/** Whether a coefficient is exact; NaN and infinities are not. */
function isExact(coefficient: number): boolean {
  return Number.isFinite(coefficient) && Math.abs(coefficient) <= Number.MAX_SAFE_INTEGER;
}

function multiply(a: Term, b: Term): Term {
  const coefficient = a.coefficient * b.coefficient;
  if (a.atoms.length === 0) return { ...b, coefficient };
  if (b.atoms.length === 0) return { ...a, coefficient };
  const atoms = [...a.atoms, ...b.atoms].sort((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : 0));
  return { key: atoms.map(({ key }) => key).join('*'), coefficient, atoms };
}

function divideTerm(dividend: Term, divisor: Term): Term | undefined {
  const coefficient = dividend.coefficient / divisor.coefficient;
  if (!Number.isInteger(coefficient)) return undefined;
  const atoms = [...dividend.atoms];
  for (const { key } of divisor.atoms) {
    const at = atoms.findIndex((atom) => atom.key === key);
    if (at === -1) return undefined;
    atoms.splice(at, 1);
  }
  return { key: atoms.map(({ key }) => key).join('*'), coefficient, atoms };
}

function growthOf({ coefficient, atoms }: Term): Growth | undefined {
  let [factor, degree] = [Math.abs(coefficient), 0];
  for (const { growth } of atoms) {
    if (!growth) return undefined;
    factor *= growth.factor;
    degree += growth.degree;
  }
  return { factor, degree };
}

function sumOf(growths: readonly (Growth | undefined)[]): Growth | undefined {
  return growths.reduce<Growth | undefined>(
    (sum, one) => sum && one && { factor: sum.factor + one.factor, degree: Math.max(sum.degree, one.degree) },
    { factor: 0, degree: 0 },
  );
}

/** Growth of a number whose absolute value is at most the sum of the absolute values of these numbers. */
export function growthWithin(sizes: readonly Size[]): Growth | undefined {
  return sumOf(sizes.map(({ growth }) => growth));
}

function leastOf({ coefficient, atoms }: Term): number {
  if (atoms.length === 0) return coefficient;
  if (coefficient < 0 || atoms.some(({ min }) => min < 0)) return -Infinity;
  return atoms.reduce((product, { min }) => product * min, coefficient);
}

const SMALL: Record<number, Size> = {};
for (let value = -1; value <= 4096; value++) SMALL[value] = Size.of(value);

export const ZERO = Size.of(0);
export const ONE = Size.of(1);
const MINUS_ONE = Size.of(-1);

/**
 * Number of rows in a run that requests share; at least 1. The server limits it like the size of any axis
 * (sharing-plan.ts).
 */
export const N = Size.atom('N', { tainted: true, min: 1, growth: OF_AN_AXIS });

/** Integer division of sizes, for which rounding down and towards zero are the same. */
export function floorDivide(a: Size, b: Size): Size {
  const [x, y] = [a.constant, b.constant];
  if (y === 0) return Size.opaque('div', [a, b]);
  if (x !== undefined && y !== undefined) return Size.of(Math.trunc(x / y));
  // Division by 0 fails.
  return (
    a.dividedBy(b) ??
    Size.opaque('div', [a, b], { min: a.min >= 0 && b.min >= 0 ? 0 : -Infinity, growth: growthWithin([a]) })
  );
}

export function lesser(a: Size, b: Size): Size {
  const order = a.compare(b);
  if (order !== undefined) return order > 0 ? b : a;
  const facts = { integer: a.integer && b.integer, min: Math.min(a.min, b.min), atMost: [a.key, b.key] };
  return Size.opaque('min', sorted(a, b), { ...facts, growth: growthWithin([a, b]) });
}

export function greater(a: Size, b: Size): Size {
  const order = a.compare(b);
  if (order !== undefined) return order < 0 ? b : a;
  const facts = { integer: a.integer && b.integer, min: Math.max(a.min, b.min) };
  return Size.opaque('max', sorted(a, b), { ...facts, growth: growthWithin([a, b]) });
}

function sorted(a: Size, b: Size): Size[] {
  return a.key < b.key ? [a, b] : [b, a];
}
