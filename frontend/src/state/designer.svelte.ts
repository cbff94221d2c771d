// The table designer at work: a design that is being changed, what it would run, and the running.
import { type BackendError, toError } from '../api/call';
import type { Table } from '../api/sql';
import * as truthApi from '../api/truth';
import type { Relations, TableSurvey } from '../api/truth';
import { type Change, changeOf, type Design, type DesignColumn, faultOf, newColumn, newDesign } from './ddl';
import { readDesign } from './ddlread';
import { Loader } from './loader.svelte';

type Api = Pick<typeof truthApi, 'relationsOf' | 'changeTables' | 'surveyOf'>;

/** One table that is being designed; a new one when there is none to begin with. */
export class Designer {
  design = $state<Design>(newDesign());
  relations = new Loader<Relations>();
  running = $state(false);
  error = $state.raw<BackendError | null>(null);
  /** False when the table is of a kind that is not designed here. */
  readonly readable: boolean;
  readonly before: Design | null;
  #next = 1000;
  #api: Api;

  constructor(
    readonly namespace: string,
    readonly table: Table | null,
    api: Api = truthApi,
  ) {
    this.#api = api;
    this.before = table === null ? null : readDesign(table);
    this.readable = table === null || this.before !== null;
    if (this.before !== null) this.design = structuredClone(this.before);
  }

  /** What would run. */
  get change(): Change {
    const triggers = (this.relations.data?.triggers ?? []).filter((t) => this.#is(t.table)).map((t) => t.sql);
    return changeOf(this.before, $state.snapshot(this.design), triggers);
  }

  /** Why it cannot run yet. */
  get fault(): ReturnType<typeof faultOf> {
    return faultOf(this.design);
  }

  /** The tables that stand in the way of a rebuild. */
  get blockers(): string[] {
    if (!this.change.rebuild) return [];
    return referrers(this.relations.data, this.before?.name ?? '');
  }

  get ready(): boolean {
    return this.fault === null && this.change.statements.length > 0 && this.blockers.length === 0 && !this.running;
  }

  load(): Promise<void> {
    return this.relations.load(() => this.#api.relationsOf(this.namespace));
  }

  addColumn(): void {
    this.design.columns.push(newColumn(this.#next++));
  }

  removeColumn(column: DesignColumn): void {
    this.design.columns = this.design.columns.filter((c) => c.id !== column.id);
  }

  moveUp(at: number): void {
    const [column] = this.design.columns.splice(at, 1);
    if (column !== undefined) this.design.columns.splice(Math.max(0, at - 1), 0, column);
  }

  addIndex(): void {
    this.design.indexes.push({ id: this.#next++, was: '', name: '', unique: false, on: '', where: '' });
  }

  /** Runs the change; true when it was made. */
  async run(): Promise<boolean> {
    if (!this.ready) return false;
    this.running = true;
    this.error = null;
    try {
      await this.#api.changeTables(this.namespace, this.change.statements);
      return true;
    } catch (raw) {
      this.error = toError(raw);
      return false;
    } finally {
      this.running = false;
    }
  }

  #is(name: string): boolean {
    return name.toLowerCase() === this.before?.name.toLowerCase();
  }
}

/** Other tables that refer to one. */
export const referrers = (relations: Relations | null, table: string): string[] => {
  const names = (relations?.keys ?? [])
    .filter((k) => k.target.toLowerCase() === table.toLowerCase() && k.table.toLowerCase() !== table.toLowerCase())
    .map((k) => k.table);
  return [...new Set(names)];
};

/** What is lost with a table, looked at before it is dropped. */
export class Dropping {
  survey = new Loader<TableSurvey & { referrers: string[] }>();
  running = $state(false);
  error = $state.raw<BackendError | null>(null);
  #api: Api;

  constructor(
    readonly namespace: string,
    readonly table: Table,
    api: Api = truthApi,
  ) {
    this.#api = api;
  }

  load(): Promise<void> {
    return this.survey.load(async () => {
      const [survey, relations] = await Promise.all([
        this.#api.surveyOf(this.namespace, this.table.name),
        this.#api.relationsOf(this.namespace),
      ]);
      return { ...survey, referrers: referrers(relations, this.table.name) };
    });
  }

  get statement(): string {
    const name = `"${this.table.name.replaceAll('"', '""')}"`;
    return `DROP ${this.table.kind === 'view' ? 'VIEW' : 'TABLE'} ${name}`;
  }

  async run(): Promise<boolean> {
    this.running = true;
    this.error = null;
    try {
      await this.#api.changeTables(this.namespace, [this.statement]);
      return true;
    } catch (raw) {
      this.error = toError(raw);
      return false;
    } finally {
      this.running = false;
    }
  }
}
