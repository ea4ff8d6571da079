/** What was started on the way and has to be ended, last first; an AsyncDisposableStack, which Node 20 lacks. */
export class Owned implements AsyncDisposable {
  private endings: (() => Promise<unknown>)[] = [];

  /** Ends `resource` with this. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.endings.push(async () => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Runs `end` with this. */
  defer(end: () => Promise<unknown>): void {
    this.endings.push(end);
  }

  /** Everything so far belongs to the returned one from now on, and no longer ends with this. */
  move(): Owned {
    const moved = new Owned();
    moved.endings = this.endings;
    this.endings = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end();
  }
}
