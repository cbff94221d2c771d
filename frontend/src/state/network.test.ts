import { describe, expect, it } from 'vitest';
import type { Member, Overview, Placement, Ticket } from '../api/network';
import { hostedBy, memberState, surveyLeave, ticketState, votes } from './network.svelte';

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
});

const member = (id: string, over: Partial<Member> = {}): Member => ({
  id,
  name: '',
  addresses: [],
  state: 'active',
  version: '',
  joined_at: '',
  seen_at: '',
  self: false,
  connected: true,
  replicas: 0,
  ...over,
});

const group = (namespace: string, leader: string, ...replicas: [string, string][]): Placement => ({
  namespace,
  leader,
  index: '1',
  factor: 3,
  state: 'ok',
  detail: '',
  size: '',
  replicas: replicas.map(([node, role]) => ({ node, role, pinned: false, state: '', index: '1', lag: '0', age_ms: 0 })),
});

const view = {
  members: [
    member('a', { self: true }),
    member('b'),
    member('c', { connected: false }),
    member('d', { state: 'leaving' }),
  ],
  groups: [
    group('system', 'a', ['a', 'voter'], ['b', 'voter'], ['c', 'nonvoter']),
    group('shop', 'b', ['b', 'voter'], ['a', 'nonvoter']),
    group('mine', 'a', ['a', 'voter']),
    group('theirs', 'c', ['c', 'voter']),
  ],
} as unknown as Overview;

describe('who is in the network', () => {
  it('says who decides for the network, and what each keeps', () => {
    expect(['a', 'b', 'c'].map((id) => votes(view, id))).toEqual([true, true, false]);
    expect(hostedBy(view, 'a')).toEqual(['mine', 'shop', 'system']);
    expect(hostedBy(view, 'd')).toEqual([]);
  });
  it('tells away from gone and from leaving', () => {
    expect(
      [...view.members, member('e', { state: 'gone', connected: false })].map((one) => memberState(one).word),
    ).toEqual(['connected', 'connected', 'away', 'leaving', 'gone']);
  });
});

describe('leaving', () => {
  it('is told beforehand: what moves, what only this node has, and who can take it', () => {
    expect(surveyLeave(view)).toEqual({ groups: 3, leads: 2, only: ['mine'], takers: 1, away: 1 });
  });
});
