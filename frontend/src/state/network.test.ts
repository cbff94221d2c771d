import { describe, expect, it } from 'vitest';
import type { Ticket } from '../api/network';
import { qrPath, ticketState } from './network.svelte';

const ticket = (over: Partial<Ticket>): Ticket => ({
  id: 'a',
  text: '',
  link: '',
  qr: [],
  created_at: '',
  created_by: '',
  expires_at: '2026-01-02T00:00:00Z',
  used_at: '',
  used_by: '',
  revoked_at: '',
  ...over,
});

describe('tickets', () => {
  it('says what one is worth', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(ticketState(ticket({}), now)).toBe('open');
    expect(ticketState(ticket({ expires_at: '2025-12-31T00:00:00Z' }), now)).toBe('expired');
    expect(ticketState(ticket({ revoked_at: '2025-12-31T00:00:00Z' }), now)).toBe('revoked');
    expect(ticketState(ticket({ used_at: '2025-12-31T00:00:00Z', revoked_at: 'x' }), now)).toBe('used');
  });
  it('draws dark modules only', () => {
    expect(qrPath(['10', '01'])).toBe('M0 0h1v1h-1zM1 1h1v1h-1z');
    expect(qrPath([])).toBe('');
  });
});
