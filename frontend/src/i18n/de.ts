// Every word of the page in German, one file per screen.
import { frame } from './de/frame';
import { join } from './de/join';
import { keys } from './de/keys';
import type { Messages } from './en';
import { network } from './de/network';
import { node } from './de/node';
import { onboarding } from './de/onboarding';
import { peers } from './de/peers';
import { sql } from './de/sql';
import { wallet } from './de/wallet';

/** The German catalogue. */
export const de: Messages = {
  ...frame,
  ...join,
  ...keys,
  ...network,
  ...node,
  ...onboarding,
  ...peers,
  ...sql,
  ...wallet,
};
