// Every word of the page in German, one file per screen.
import { frame } from './de/frame';
import { keys } from './de/keys';
import type { Messages } from './en';
import { network } from './de/network';
import { node } from './de/node';
import { peers } from './de/peers';
import { sql } from './de/sql';
import { sqlmore } from './de/sqlmore';

/** The German catalogue. */
export const de: Messages = { ...frame, ...keys, ...network, ...node, ...peers, ...sql, ...sqlmore };
