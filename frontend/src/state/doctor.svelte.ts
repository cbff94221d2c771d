// The doctor: examines how this node can be reached, on request.
import * as peersApi from '../api/peers';
import type { Finding } from '../api/peers';
import { Loader } from './loader.svelte';

/** The worst first: what needs a person is read before what is well. */
const order = ['bad', 'warn', 'ok', 'off'];

/** Findings in the order of their weight; equal ones stay as the node told them. */
export const byWeight = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result));

/** The findings as a text to hand on. */
export const report = (findings: readonly Finding[]): string =>
  findings
    .map((f) => [`[${f.result}] ${f.title}`, f.evidence, f.remedy].filter((line) => line !== '').join('\n  '))
    .join('\n');

/** One examination and its result. */
export class Doctor {
  findings = new Loader<Finding[]>();
  /** When the last one ended, 0 before the first. */
  at = $state(0);
  #api: typeof peersApi;

  constructor(api = peersApi) {
    this.#api = api;
  }

  async examine(): Promise<void> {
    if (this.findings.loading) return;
    await this.findings.load(this.#api.runDoctor);
    if (this.findings.error === null) this.at = Date.now();
  }
}
