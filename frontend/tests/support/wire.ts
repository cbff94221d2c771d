// A port that passes every byte on to a gateway and keeps what passed. It may
// answer as a web server of its own first: a name that is rebound later.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One request and how it was answered; status 0 is not answered yet. */
export interface Exchange {
  method: string;
  /** The parameter v of its query: which attack it belongs to. */
  vector: string;
  status: number;
}

/** The port. */
export class Wire {
  /** What it answers itself, while it does. */
  page: string | undefined;
  #server: Server;
  #passed: { asked: string; told: string }[] = [];
  #sockets = new Set<Socket>();

  private constructor(
    readonly gateway: URL,
    page: string | undefined,
  ) {
    this.page = page;
    this.#server = createServer((socket) => {
      this.#keep(socket);
      // Browsers open connections ahead: the first bytes decide, not the connection.
      socket.once('data', (first: Buffer) => {
        if (this.page === undefined) this.#pass(socket, first);
        else socket.end(answerOf(this.page));
      });
    });
  }

  /** Listens on a free port of loopback. */
  static async to(gateway: string, page?: string): Promise<Wire> {
    const wire = new Wire(new URL(gateway), page);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Everything that was asked and answered so far. On one connection answers come in the order of requests. */
  exchanges(): Exchange[] {
    return this.#passed.flatMap(({ asked, told }) => {
      const statuses = [...told.matchAll(/HTTP\/1\.1 (\d{3}) [^\r]*\r\n/g)].map((m) => Number(m[1]));
      // A request may follow the body of another without a new line between.
      return [...asked.matchAll(/(GET|HEAD|POST|PUT|DELETE|OPTIONS) (\/\S*) HTTP\/1\.1\r\n/g)].map((m, i) => ({
        method: m[1] ?? '',
        vector: new URL(m[2] ?? '', this.gateway).searchParams.get('v') ?? '',
        status: statuses[i] ?? 0,
      }));
    });
  }

  /** Every byte that the gateway has answered. */
  told(): string {
    return this.#passed.map(({ told }) => told).join('\n');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #pass(socket: Socket, first: Buffer): void {
    const passed = { asked: first.toString('latin1'), told: '' };
    this.#passed.push(passed);
    const to = connect(Number(this.gateway.port), this.gateway.hostname);
    this.#keep(to);
    to.write(first);
    socket.on('data', (more: Buffer) => (passed.asked += more.toString('latin1')));
    to.on('data', (more: Buffer) => (passed.told += more.toString('latin1')));
    to.on('close', () => socket.destroy());
    socket.on('close', () => to.destroy());
    socket.pipe(to).pipe(socket);
  }
}

function answerOf(page: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${String(page.length)}\r\nConnection: close\r\n\r\n${page}`;
}
