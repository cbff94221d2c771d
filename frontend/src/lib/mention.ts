// Mentions in a text of the chat: an @ and the address of a wallet.

/** Finds them; the address is the first group. */
export const mentioned = /@(0x[0-9a-fA-F]{40}|[1-9A-HJ-NP-Za-km-z]{32,44})(?![0-9A-Za-z])/g;

/** A text with names in place of the addresses that it mentions. */
export const withNames = (text: string, name: (address: string) => string): string =>
  text.replace(mentioned, (_, address: string) => `@${name(address)}`);
