// The equal lines of the command line for what the chat's screens do, for "Show as
// command". Each begins after the name of the program. Links, codes and passphrases
// are secrets: the commands ask for them.
import type { ChatLink, ChatPerson, ChatRoom } from '../api/chatsetup';

/** What the form of a new conversation holds. */
export interface NewConversation {
  name: string;
  topic: string;
  people: string[];
  url: string;
  me: string;
  history: string;
  timer: number;
  free_invite: boolean;
}

const option = (name: string, value: string, plain: string): string[] => (value === plain ? [] : [name, value]);

/** Begins a room or a conversation. */
export function newRoomCommand(kind: 'room' | 'direct' | 'self' | 'join', of: NewConversation): string[] {
  switch (kind) {
    case 'room':
      return [
        'chat',
        'new',
        of.name.trim() || 'NAME',
        ...of.people,
        ...option('--topic', of.topic.trim(), ''),
        ...option('--history', of.history, 'joined'),
        ...option('--timer', `${String(of.timer)}s`, '0s'),
        ...(of.free_invite ? ['--free-invite'] : []),
      ];
    case 'direct':
      return ['chat', 'read', of.people[0] ?? 'ADDRESS'];
    case 'self':
      return ['chat', 'read', of.me];
    case 'join':
      return ['chat', 'join', '-'];
  }
}

/** What can be done with a room now. */
export function roomCommands(room: ChatRoom): string[][] {
  const { id } = room;
  return [
    ['chat', 'members', id],
    ...(room.may_manage
      ? [
          [
            'chat',
            'set',
            id,
            '--name',
            room.name,
            '--history',
            room.history,
            '--timer',
            `${String(room.timer)}s`,
            `--free-invite=${String(room.free_invite)}`,
          ],
        ]
      : []),
    ['chat', 'set', id, `--muted=${String(room.muted)}`, '--notify', room.notify],
    ...(room.may_invite
      ? [
          ['chat', 'invite', id, 'ADDRESS'],
          ['chat', 'invite', id, '--link', '--expires-in', '168h', '--uses', '1'],
          ['chat', 'links', id],
        ]
      : []),
    ['chat', 'export', 'FILE', '--room', id, '--format', 'html'],
    ...(room.kind === 'group' ? [['chat', 'leave', id]] : []),
  ];
}

/** Ends a link. */
export const revokeCommand = (link: ChatLink): string[] => ['chat', 'links', link.room, '--revoke', link.id];

/** What can be done with a person, in a room when one is given. */
export function personCommands(person: ChatPerson, room: ChatRoom | undefined): string[][] {
  const { address } = person;
  const inRoom =
    room?.may_manage === true && !person.me
      ? [
          ['chat', 'role', room.id, address, person.role === 'admin' ? 'member' : 'admin'],
          ['chat', 'remove', room.id, address],
        ]
      : [];
  return [
    ['chat', 'verify', address],
    ['chat', 'name', address, person.nickname === '' ? 'NAME' : person.nickname],
    ['chat', 'block', address, ...(person.blocked ? ['--off'] : [])],
    ['chat', 'read', address],
    ...inRoom,
  ];
}

/** Own devices. */
export const deviceCommands: string[][] = [
  ['chat', 'devices'],
  ['chat', 'devices', 'name', 'DEVICE', 'NAME'],
  ['chat', 'devices', 'revoke', 'DEVICE'],
  ['chat', 'devices', 'code', '--qr'],
  ['chat', 'devices', 'approve', 'CODE'],
  ['chat', 'start'],
];

/** The backup and files of the history. */
export const backupCommands: string[][] = [
  ['chat', 'status'],
  ['chat', 'backup'],
  ['chat', 'restore'],
  ['chat', 'export', 'FILE', '--format', 'age'],
];
