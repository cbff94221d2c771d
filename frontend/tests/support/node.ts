// Real nodes for the tests: each in a folder of its own, on loopback, on free ports.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const binary = resolve(process.env.DEBROS_BIN ?? join(import.meta.dirname, '../../../build/bin/debros-headless'));
const exec = promisify(execFile);

/** What a node writes about itself when it is ready. */
export interface RunFile {
  peer_id: string;
  p2p: string[];
  gateway: string;
  ui: string;
  pid: number;
}

/** A node that runs. */
export class TestNode {
  run!: RunFile;
  /** The link that was printed at the start. */
  firstLink = '';
  #process: ChildProcess | undefined;

  private constructor(
    readonly dataDir: string,
    readonly uiAddress: string,
    readonly extra: Record<string, string>,
  ) {}

  /**
   * Makes a folder and starts a node in it, with more flags if given. The first
   * steps are done, unless it is to be new.
   */
  static async start(extra: Record<string, string> = {}, fresh = false): Promise<TestNode> {
    const node = new TestNode(await mkdtemp(join(tmpdir(), 'debros-e2e-')), '127.0.0.1:0', extra);
    if (!fresh) {
      const settings = { theme: 'system', density: 'comfortable', namespace: 'default', welcomed: true };
      await writeFile(join(node.dataDir, 'settings.json'), JSON.stringify(settings));
    }
    await node.#start(node.uiAddress);
    return node;
  }

  /** Starts it anew, with its page on the same address as before. */
  async restart(): Promise<void> {
    await this.#start(new URL(this.run.ui).host);
  }

  /** Where its user's wallets lie: never in the folder of whoever runs the tests. */
  get userDir(): string {
    return `${this.dataDir}-user`;
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, DEBROS_USER_DIR: this.userDir };
  }

  /** Makes a fresh one-time link. */
  async link(): Promise<string> {
    const { stdout } = await exec(binary, ['ui', '--data-dir', this.dataDir], { env: this.#env });
    return stdout.trim();
  }

  /** Runs a command of the program against this node. */
  async command(...words: string[]): Promise<string> {
    const { stdout } = await exec(binary, [...words, '--data-dir', this.dataDir], { env: this.#env });
    return stdout;
  }

  /** Ends the process at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends the node and takes its folder away. */
  async close(): Promise<void> {
    await this.#end('SIGTERM');
    for (const folder of [this.dataDir, this.userDir]) await rm(folder, { recursive: true, force: true });
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  }

  async #start(uiAddress: string): Promise<void> {
    const flags = {
      '--data-dir': this.dataDir,
      '--listen': '/ip4/127.0.0.1/tcp/0',
      '--gateway-addr': '127.0.0.1:0',
      '--ui-addr': uiAddress,
    };
    const more = Object.entries(this.extra).map(([flag, value]) => `${flag}=${value}`);
    const child = spawn(binary, ['node', 'start', '--ui', '--mdns=false', ...Object.entries(flags).flat(), ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env,
    });
    this.#process = child;
    const log: string[] = [];
    this.firstLink = await new Promise<string>((found, failed) => {
      // Data goes to stdout, what is said to a person to stderr: the link may be in either.
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on('line', (line) => {
          log.push(line);
          const link = /https?:\/\/\S+\/login\?once=\S+/.exec(line)?.[0];
          if (link !== undefined) found(link);
        });
      }
      child.on('error', failed);
      child.on('exit', (code) => {
        failed(new Error(`the node ended with ${String(code)}:\n${log.slice(-40).join('\n')}`));
      });
    });
    this.run = JSON.parse(await readFile(join(this.dataDir, 'run.json'), 'utf8')) as RunFile;
  }
}
