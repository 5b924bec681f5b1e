import { quantile } from '../../../lib/base/quantile';

/** Keeps every latency, in milliseconds. A measurement has several hundred thousand latencies at most. */
export class Samples {
  private values = new Float64Array(1 << 16);
  count = 0;

  add(milliseconds: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = milliseconds;
  }

  /** `quantiles(0.5, 0.99)`; NaN without samples. */
  quantiles(...at: number[]): number[] {
    const samples = this.values.subarray(0, this.count);
    return at.map((part) => quantile(samples, part));
  }
}
