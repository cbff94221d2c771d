// Every word of the page in German, one file per screen.
import { chat } from './de/chat';
import { chatmore } from './de/chatmore';
import { compare } from './de/compare';
import { desktop } from './de/desktop';
import { frame } from './de/frame';
import { join } from './de/join';
import { keys } from './de/keys';
import type { Messages } from './en';
import { network } from './de/network';
import { node } from './de/node';
import { onboarding } from './de/onboarding';
import { peers } from './de/peers';
import { sql } from './de/sql';
import { sqlmore } from './de/sqlmore';
import { wallet } from './de/wallet';

/** The German catalogue. */
export const de: Messages = {
  ...chat,
  ...chatmore,
  ...compare,
  ...desktop,
  ...frame,
  ...join,
  ...keys,
  ...network,
  ...node,
  ...onboarding,
  ...peers,
  ...sql,
  ...sqlmore,
  ...wallet,
};
