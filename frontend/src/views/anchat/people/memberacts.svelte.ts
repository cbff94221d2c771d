// What can be done with the members of a room, and the questions before it.
import type { ChatPerson, ChatRoom, Role } from '../../../api/chatsetup';
import { m } from '../../../i18n/index.svelte';
import { askChat } from '../../../state/chatask';
import { notices } from '../../../state/notices.svelte';

/** A question about a member. */
export interface Question {
  kind: 'remove' | 'ban' | 'owner';
  person: ChatPerson;
}

/** The acts of one room's panel. */
export class MemberActs {
  asked = $state.raw<Question | null>(null);
  #room: () => ChatRoom;

  constructor(room: () => ChatRoom) {
    this.#room = room;
  }

  ask(kind: Question['kind'], person: ChatPerson): void {
    this.asked = { kind, person };
  }

  /** Whether the reader may change what this member is. */
  may(person: ChatPerson): boolean {
    const { may_manage: manage, role } = this.#room();
    return manage && !person.me && (role === 'owner' || person.role === 'member' || person.role === '');
  }

  /** Gives a role, with the way back. */
  async role(person: ChatPerson, role: Role): Promise<void> {
    const room = this.#room().id;
    const before = person.role as Role;
    const t = m().chatmore.members;
    await notices.attempt(async () => {
      await askChat((api) => api.setRole(room, person.address, role));
      notices.tell({
        text: t.roleGiven(person.name, t.roles[role] ?? role),
        undo: async () => {
          await askChat((api) => api.setRole(room, person.address, before));
          return t.roleGiven(person.name, t.roles[before] ?? before);
        },
      });
    });
  }

  async unban(person: ChatPerson): Promise<void> {
    const room = this.#room().id;
    await notices.attempt(async () => {
      await askChat((api) => api.unbanPerson(room, person.address));
      notices.tell({ text: m().chatmore.members.unbanned(person.name) });
    });
  }

  /** Does what was asked about, and says what was done. */
  async does({ kind, person }: Question): Promise<string> {
    const room = this.#room().id;
    const t = m().chatmore.members;
    if (kind === 'owner') {
      await askChat((api) => api.setRole(room, person.address, 'owner'));
      return t.roleGiven(person.name, t.roles.owner ?? '');
    }
    await askChat((api) => api.removePerson(room, person.address, kind === 'ban'));
    return kind === 'ban' ? t.bannedNow(person.name) : t.removed(person.name);
  }
}
