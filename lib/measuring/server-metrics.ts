/** A server's metrics: for each name, the sum over all labels. */
export class ServerMetrics {
  static async scrape(port: number): Promise<ServerMetrics> {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    return new ServerMetrics(await response.text());
  }

  private readonly sums = new Map<string, number>();

  /** @param text - in Prometheus' format */
  constructor(text: string) {
    for (const [, name, value] of text.matchAll(/^(\w+)(?:\{.*\})? (\S+)$/gm)) {
      this.sums.set(name as string, this.get(name as string) + Number(value));
    }
  }

  /** Value of a series; 0 if it does not exist, because a series appears with its first observation. */
  get(name: string): number {
    return this.sums.get(name) ?? 0;
  }

  /** Growth of a counter since the earlier scrape. */
  since(earlier: ServerMetrics, name: string): number {
    return this.get(name) - earlier.get(name);
  }
}
