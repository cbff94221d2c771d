// The first steps: whether they are due, and what they offer besides wallet and network.
import * as Sample from '../wailsjs/go/api/Sample';
import * as Welcome from '../wailsjs/go/api/Welcome';
import { call, type Plain } from './call';

export type SampleInfo = Plain<Awaited<ReturnType<typeof Sample.State>>>;

/** Whether the first steps are still to be shown. */
export const needed = (): Promise<boolean> => call(Welcome.Needed());
/** Reads a backup into a namespace without data; the answer is a task's id. */
export const restore = (namespace: string, file: string): Promise<string> => call(Welcome.Restore(namespace, file));

export const sampleState = (): Promise<SampleInfo> => call(Sample.State());
/** Adds the sample; the answer is a task's id. */
export const addSample = (): Promise<string> => call(Sample.Add());
/** Removes what addSample wrote; the answer is a task's id. */
export const removeSample = (): Promise<string> => call(Sample.Remove());
