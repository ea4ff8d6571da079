import { createConnection, createServer, type Socket } from 'node:net';

/** How a link is slower than the machine's own. */
export interface LinkShape {
  /** Milliseconds that every byte takes, in each direction. */
  readonly latency?: number;
  /** Bytes a second, in each direction and for each connection. */
  readonly bandwidth?: number;
  /** What becomes of bytes that come from the server, as they were read; of the same length. */
  readonly alter?: (bytes: Buffer) => Buffer;
}

/** A proxy in front of servers of this machine, whose link can be moved, cut, silenced and slowed down while it is used. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Where connections made from now on lead; of several ports the next in turn that accepts. */
  aim(...targets: readonly number[]): void;
  /** From now on nothing passes, in either direction, and nobody is told: a network that loses every packet. */
  silence(): void;
  /** Ends a silence: what was sent meanwhile arrives, and so does the news of ends. */
  heal(): void;
  /** Resets every connection; new ones are welcome. */
  cut(): void;
  /** Holds every byte that is sent from now on to this shape; `{}` is as fast as can be. */
  shape(shape: LinkShape): void;
}

/** Opens a proxy. @param targets ports of this machine */
export async function tcpProxy(...targets: readonly number[]): Promise<TcpProxy> {
  const proxy = new LocalProxy(targets);
  await proxy.listen();
  return proxy;
}

/** Bytes of one direction that may wait before its sender is held. */
const MOST_WAITING = 64 << 10;

class LocalProxy implements TcpProxy {
  port = 0;
  silent = false;
  current: LinkShape = {};
  readonly links = new Set<Link>();
  readonly #server = createServer({ allowHalfOpen: false }, (near) => new Link(this, near));
  #targets: readonly number[];
  #turn = 0;

  constructor(targets: readonly number[]) {
    this.#targets = targets;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Every target once, beginning with the one whose turn it is. */
  takeTurn(): readonly number[] {
    const first = this.#turn++ % Math.max(1, this.#targets.length);
    return [...this.#targets.slice(first), ...this.#targets.slice(0, first)];
  }

  aim(...targets: readonly number[]): void {
    this.#targets = targets;
  }

  silence(): void {
    this.silent = true;
    for (const link of this.links) link.hold();
  }

  heal(): void {
    this.silent = false;
    for (const link of this.links) link.release();
  }

  cut(): void {
    for (const link of this.links) link.reset();
  }

  shape(shape: LinkShape): void {
    this.current = shape;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** One connection: both of its directions. */
class Link {
  readonly #proxy: LocalProxy;
  readonly #near: Socket;
  #far: Socket | undefined;
  #ended = false;

  constructor(proxy: LocalProxy, near: Socket) {
    this.#proxy = proxy;
    this.#near = near;
    proxy.links.add(this);
    near.setNoDelay(true);
    near.pause();
    this.#watch(near);
    if (!proxy.silent) this.#reach(proxy.takeTurn());
  }

  hold(): void {
    this.#near.pause();
    this.#far?.pause();
  }

  release(): void {
    if (this.#ended) this.reset();
    else if (this.#far === undefined) this.#reach(this.#proxy.takeTurn());
    else for (const socket of [this.#near, this.#far]) socket.resume();
  }

  reset(): void {
    this.#proxy.links.delete(this);
    for (const socket of [this.#near, this.#far]) {
      if (socket !== undefined && !socket.destroyed) socket.resetAndDestroy();
    }
  }

  #watch(socket: Socket): void {
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#ended = true;
      if (!this.#proxy.silent) this.#end();
    });
  }

  /** What is on its way still arrives. */
  #end(): void {
    this.#proxy.links.delete(this);
    const wait = (this.#proxy.current.latency ?? 0) + 1;
    setTimeout(() => {
      this.#near.destroy();
      this.#far?.destroy();
    }, wait);
  }

  #reach([target, ...others]: readonly number[]): void {
    if (target === undefined) {
      this.reset();
      return;
    }
    const far = createConnection({ port: target, host: '127.0.0.1', noDelay: true });
    const refused = (): void => this.#reach(others);
    far.once('error', refused);
    far.once('connect', () => {
      far.off('error', refused);
      if (this.#ended) {
        far.destroy();
        return;
      }
      this.#far = far;
      this.#watch(far);
      this.#carry(this.#near, far);
      this.#carry(far, this.#near);
      if (this.#proxy.silent) this.hold();
    });
  }

  #carry(from: Socket, to: Socket): void {
    const waiting = new Waiting(to, () => {
      if (!this.#proxy.silent && waiting.bytes <= MOST_WAITING) from.resume();
    });
    let free = 0;
    from.on('data', (bytes: Buffer) => {
      const { latency = 0, bandwidth, alter } = this.#proxy.current;
      const carried = alter !== undefined && from === this.#far ? alter(bytes) : bytes;
      const now = performance.now();
      free = Math.max(now, free) + (bandwidth === undefined ? 0 : (bytes.length / bandwidth) * 1_000);
      if (!waiting.send(carried, free + latency)) from.pause();
    });
    from.resume();
  }
}

/** Bytes on their way to a socket. However the link changes meanwhile, they arrive in the order in which they were sent, as TCP promises. */
class Waiting {
  bytes = 0;
  readonly #to: Socket;
  readonly #room: () => void;
  readonly #queue: { readonly bytes: Buffer; readonly at: number }[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @param room called when bytes have arrived and the socket takes more */
  constructor(to: Socket, room: () => void) {
    this.#to = to;
    this.#room = room;
  }

  /** Takes bytes that are to arrive at that time of `performance.now()`, or right behind those before them; false where the sender has to wait. */
  send(bytes: Buffer, at: number): boolean {
    this.bytes += bytes.length;
    this.#queue.push({ bytes, at });
    const full = this.bytes > MOST_WAITING;
    return this.#deliver() && !full;
  }

  /** False where the socket takes no more for now. */
  #deliver(): boolean {
    if (this.#timer !== null) return true;
    let taken = true;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const due = first.at - performance.now();
      if (due >= 1) {
        this.#timer = setTimeout(() => this.#later(), due);
        break;
      }
      this.#queue.shift();
      this.bytes -= first.bytes.length;
      taken = this.#to.destroyed || this.#to.write(first.bytes);
    }
    if (!taken) this.#to.once('drain', this.#room);
    return taken;
  }

  #later(): void {
    this.#timer = null;
    if (this.#deliver()) this.#room();
  }
}
