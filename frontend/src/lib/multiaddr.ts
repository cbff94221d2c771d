// Checks an address before the node is asked, so that a slip is named at once.

/** What is wrong with an address. The words for it are in the catalogue. */
export type AddressFault = 'empty' | 'no_slash' | 'no_peer' | 'bad_peer' | 'no_transport' | 'bad_port' | 'spaces';

const transports = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6', 'dnsaddr']);

/** Finds the first fault of a multiaddress that should end in /p2p/<id>, or '' when it looks right. */
export function addressFault(address: string): AddressFault | '' {
  const text = address.trim();
  if (text === '') return 'empty';
  if (/\s/.test(text)) return 'spaces';
  if (!text.startsWith('/')) return 'no_slash';
  const parts = text.split('/').slice(1);
  if (!transports.has(parts[0] ?? '')) return 'no_transport';
  const port = parts.findIndex((p) => p === 'tcp' || p === 'udp');
  if (port !== -1 && !validPort(parts[port + 1])) return 'bad_port';
  const peer = parts.lastIndexOf('p2p');
  if (peer === -1) return 'no_peer';
  const id = parts[peer + 1] ?? '';
  return /^(12D3Koo|16Uiu2HA|Qm)[1-9A-HJ-NP-Za-km-z]{30,60}$/.test(id) ? '' : 'bad_peer';
}

function validPort(text: string | undefined): boolean {
  const port = Number(text);
  return text !== undefined && /^\d+$/.test(text) && port >= 1 && port <= 65535;
}
