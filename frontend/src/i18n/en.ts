// Every word of the page in English, one file per screen. Other languages are
// typed by this catalogue, so that a missing text fails the type check.
import { chat } from './en/chat';
import { chatmore } from './en/chatmore';
import { compare } from './en/compare';
import { desktop } from './en/desktop';
import { frame } from './en/frame';
import { join } from './en/join';
import { keys } from './en/keys';
import { network } from './en/network';
import { node } from './en/node';
import { onboarding } from './en/onboarding';
import { peers } from './en/peers';
import { sql } from './en/sql';
import { sqlmore } from './en/sqlmore';
import { wallet } from './en/wallet';

/** The English catalogue. Texts with values are functions that take the formats of the language first. */
export const en = {
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

/** The shape that every language has. */
export type Messages = typeof en;
