import type { Case } from './cases';
import { GrpcChecker } from './grpc-check';
import { HttpChecker } from './http-check';
import type { Target } from './target';

/** Client of one server, with persistent connections of its own. */
export class Checker {
  private readonly http: HttpChecker;
  private readonly grpc: GrpcChecker;

  constructor(private readonly target: Target) {
    this.http = new HttpChecker(target);
    this.grpc = new GrpcChecker(target);
  }

  /**
   * Sends a case, and throws if the server's reaction is not one that an invalid request may cause. @returns The
   * statuses.
   */
  async check(each: Case): Promise<string[]> {
    const statuses = await this.send(each);
    if (!this.target.alive) throw new Error('the server has exited');
    if (this.target.complaints.length > 0) throw new Error(`the server has logged ${this.target.complaints.splice(0)}`);
    return statuses.map((status) => `${each.kind} ${status}`);
  }

  async checkGood(): Promise<void> {
    await this.http.checkGood();
    await this.grpc.checkGood();
  }

  close(): void {
    this.http.close();
    this.grpc.close();
  }

  private send(each: Case): Promise<string[]> {
    switch (each.kind) {
      case 'http':
        return this.http.check(each);
      case 'grpc':
        return this.grpc.check(each);
      case 'bytes':
        return this.grpc.checkBytes(each);
    }
  }
}
