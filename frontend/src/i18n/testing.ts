// Every word is there in unit tests: no screen is opened that would ask for its own.
import { need } from './index.svelte';

await need(
  'chat',
  'chatmore',
  'compare',
  'desktop',
  'join',
  'keys',
  'network',
  'node',
  'onboarding',
  'peers',
  'sql',
  'sqlmore',
  'wallet',
);
