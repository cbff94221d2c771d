// The promises of the chat's first steps, people, backup and notifications.
import { describe, expect, it, vi } from 'vitest';
import type { ChatAddress, ChatBackup, ChatLink, ChatPerson, ChatRoom, ChatState } from '../api/chatsetup';
import { commandLine } from '../lib/text';
import { newRoomCommand, personCommands, roomCommands } from './chatcommands';
import { backupFace, BackupRun, codeGroups, exportChat } from './chatdevices.svelte';
import { BrowserNotes, noteText, type Shower } from './chatnotify.svelte';
import { Addressees, JoinByLink, MaxAsked, RoomPeople } from './chatpeople.svelte';
import { EnrolForm } from './chatsetup.svelte';
import { session } from './session.svelte';

const ready = { state: 'ready' } as ChatState;
const good = 'a quiet lamp near the harbour';

describe('EnrolForm', () => {
  function api() {
    return {
      enrolWallet: vi.fn(() => Promise.resolve(ready)),
      enrolBrowser: vi.fn(() =>
        Promise.resolve({ id: 'p1', url: 'http://127.0.0.1:1/x', code: '123456', opened: true }),
      ),
      enrolWait: vi.fn(() => Promise.resolve(ready)),
      enrolCancel: vi.fn(() => Promise.resolve()),
      enrolText: vi.fn(() =>
        Promise.resolve({ id: 'e1', text: 'text', code: '654321', address: '0xA', renewal: false }),
      ),
      enrolSigned: vi.fn(() => Promise.resolve(ready)),
    };
  }

  it('asks no wallet before the lock of this computer is chosen', async () => {
    const does = api();
    const form = new EnrolForm(false, does);
    form.wallet = 'w1';
    expect(await form.run()).toBeNull();
    expect(form.missing).toBe('passphrase');
    form.passphrase = 'short';
    expect(form.missing).toBe('short');
    form.passphrase = good;
    expect(form.missing).toBe('differ');
    form.again = good;
    expect(await form.run()).toBe(ready);
    expect(does.enrolWallet).toHaveBeenCalledExactlyOnceWith('w1', 'ETH', { keychain: false, device_name: '' }, good);
    expect(form.passphrase + form.again).toBe('');
  });

  it('sends no passphrase when the keychain opens the chat, or a certificate is renewed', async () => {
    for (const renewal of [false, true]) {
      const does = api();
      const form = new EnrolForm(renewal, does);
      form.wallet = 'w1';
      form.keychain = !renewal;
      form.passphrase = 'left over';
      expect(await form.run()).toBe(ready);
      expect(does.enrolWallet.mock.calls[0]).toEqual(['w1', 'ETH', { keychain: !renewal, device_name: '' }, '']);
    }
  });

  it('carries a text by hand in two steps', async () => {
    const does = api();
    const form = new EnrolForm(false, does);
    await form.choose('paste');
    form.keychain = true;
    form.address = ' 0xA ';
    expect(await form.run()).toBeNull();
    expect(form.text?.code).toBe('654321');
    expect(await form.run()).toBeNull();
    expect(form.missing).toBe('signature');
    form.signature = ' 0x01\n';
    expect(await form.run()).toBe(ready);
    expect(does.enrolSigned.mock.calls[0]?.slice(0, 2)).toEqual(['e1', '0x01']);
  });

  it('shows the code of the text in the browser, and no failure of a page that was given up', async () => {
    const does = api();
    let refuse: (why: Error) => void = () => undefined;
    does.enrolWait.mockReturnValue(new Promise((_, reject) => (refuse = reject)));
    let tell: (code: string) => void = () => undefined;
    const form = new EnrolForm(false, does, (take) => {
      tell = take;
      return () => undefined;
    });
    await form.choose('browser');
    form.keychain = true;
    const running = form.run();
    await vi.waitFor(() => {
      expect(form.page?.code).toBe('123456');
    });
    tell('654321');
    expect(form.pageCode).toBe('654321');
    await form.giveUp();
    refuse(new Error('given up'));
    expect(await running).toBeNull();
    expect(does.enrolCancel).toHaveBeenCalledExactlyOnceWith('p1');
    expect([form.fault, form.page]).toEqual(['', null]);
  });
});

describe('Addressees', () => {
  const readAddress = (text: string): Promise<ChatAddress> =>
    Promise.resolve({
      chain: 'ETH',
      address: text.toUpperCase(),
      problem: text.startsWith('0x') ? '' : 'This is no address.',
      unchecked: text === text.toLowerCase(),
    });

  it('takes a pasted list once each and keeps the wrong one in the field', async () => {
    const to = new Addressees({ readAddress });
    to.text = '0xa, 0xB;0xa\nbob 0xc';
    expect(await to.add()).toBe(false);
    expect(to.addresses).toEqual(['0XA', '0XB']);
    expect([to.text, to.fault]).toEqual(['bob 0xc', 'This is no address.']);
    expect(to.unchecked).toBe(true);
    to.drop('0XA');
    expect(to.unchecked).toBe(false);
  });

  it('has an end', async () => {
    const to = new Addressees({ readAddress });
    to.text = Array.from({ length: MaxAsked + 5 }, (_, i) => `0x${String(i)}`).join(' ');
    expect(await to.add()).toBe(false);
    expect(to.list).toHaveLength(MaxAsked);
  });
});

describe('JoinByLink', () => {
  it('shows what the newest text is for, whichever answer comes last', async () => {
    const answers = new Map<string, (link: ChatLink) => void>();
    const readLink = (url: string) => new Promise<ChatLink>((resolve) => answers.set(url, resolve));
    const run = new JoinByLink({ readLink, joinByLink: () => Promise.reject(new Error('closed')) });
    const first = run.take('debros://room?1');
    const second = run.take('debros://room?2');
    answers.get('debros://room?2')?.({ by_name: 'Bob' } as ChatLink);
    answers.get('debros://room?1')?.({ by_name: 'Ann' } as ChatLink);
    await Promise.all([first, second]);
    expect(run.link?.by_name).toBe('Bob');
    expect(await run.join()).toBeNull();
    expect([run.fault, run.busy]).toEqual(['closed', false]);
  });
});

describe('RoomPeople', () => {
  it('puts the owner first and the banned last', async () => {
    const one = (name: string, to: Partial<ChatPerson>) => ({ name, role: 'member', ...to }) as ChatPerson;
    const list = [
      one('Zoe', { banned: true }),
      one('Bob', {}),
      one('Cid', { invited: true }),
      one('Ann', {}),
      one('Dan', { role: 'owner' }),
    ];
    const people = new RoomPeople('r1', {
      roomPeople: () => Promise.resolve(list),
      roomLinks: () => Promise.resolve([]),
    });
    await people.refresh();
    expect(people.ordered.map((person) => person.name)).toEqual(['Dan', 'Ann', 'Bob', 'Cid', 'Zoe']);
  });
});

describe('a backup', () => {
  const code = 'AAAA-BBBB-CCCC-DDDD';

  it('is made only when the person has its code, and the code is then forgotten', async () => {
    const run = new BackupRun({ makeBackup: () => Promise.resolve({ code, version: 1 }) }, () => 0);
    await run.make(good);
    expect(codeGroups(run.code)).toHaveLength(4);
    run.ask();
    expect(run.asked).toEqual([0, 1]);
    run.typed = ['AAAA', 'CCCC'];
    expect(run.check()).toBe(false);
    run.typed = [' aaaa', 'bbbb '];
    expect(run.check()).toBe(true);
    expect([run.step, run.code]).toEqual(['done', '']);
  });

  it('is never called complete while a key is missing in it', () => {
    const backup = { exists: true, open: true, pending: 0 } as ChatBackup;
    expect(backupFace(backup)).toBe('good');
    expect(backupFace({ ...backup, pending: 1 })).toBe('behind');
    expect(backupFace({ ...backup, open: false })).toBe('locked');
    expect(backupFace({ ...backup, exists: false })).toBe('none');
  });
});

describe('exportChat', () => {
  it('asks for a place first, and does nothing when there is none', async () => {
    const began = vi.fn();
    const doesExport = vi.fn(() => Promise.resolve('t1'));
    const what = { room: 'r1', name: 'garden', format: 'html', passphrase: '', title: 'Export' } as const;
    const to = { target: vi.fn(() => Promise.resolve(null)), fetch: vi.fn(), drop: vi.fn() };
    expect(await exportChat(what, began, vi.fn(), { exportChat: doesExport }, to)).toBeNull();
    expect(to.target).toHaveBeenCalledExactlyOnceWith('Export', 'garden.html');
    expect(doesExport).not.toHaveBeenCalled();
    expect(began).not.toHaveBeenCalled();
  });
});

describe('notifications in a browser', () => {
  const told = {
    kind: 'notify',
    room: 'r1',
    title: 'garden',
    message: { from_name: 'Bob', text: 'the roses\nare out' },
  };

  it('say nothing of the message until that is wanted', () => {
    expect(noteText(told, false, 'New message')).toEqual({ title: 'New message', body: '' });
    expect(noteText(told, true, 'New message')).toEqual({ title: 'garden', body: 'Bob: the roses' });
  });

  it('come only while nobody sees the page, and with the leave of the person', () => {
    const shower: Shower = { permission: () => 'granted', request: () => Promise.resolve('granted'), show: vi.fn() };
    const notes = new BrowserNotes(shower);
    notes.take(told, 'New message', false);
    expect(shower.show).not.toHaveBeenCalled();
    notes.take(told, 'New message', true);
    expect(shower.show).toHaveBeenCalledExactlyOnceWith('New message', '', 'r1', expect.any(Function));
    session.settings = { ...session.settings, quiet: true };
    notes.take(told, 'New message', true);
    expect(shower.show).toHaveBeenCalledOnce();
    session.settings = { ...session.settings, quiet: false };
    new BrowserNotes({ ...shower, permission: () => 'denied' }).take(told, 'New message', true);
    expect(shower.show).toHaveBeenCalledOnce();
  });
});

describe('the equal commands', () => {
  const room = {
    id: 'ab12',
    kind: 'group',
    name: 'Garden',
    history: 'all',
    timer: 300,
    notify: 'all',
    may_manage: true,
    may_invite: true,
  } as ChatRoom;

  it('never hold a link, a code or a passphrase', () => {
    const form = {
      name: 'x',
      topic: '',
      people: [],
      url: 'debros://room?n=1#secret',
      me: '0xA',
      history: 'joined',
      timer: 0,
      free_invite: false,
    };
    expect(commandLine(...newRoomCommand('join', form))).toBe('debros chat join -');
  });

  it('are what the form says', () => {
    const form = {
      name: 'Our garden',
      topic: '',
      people: ['0xB'],
      url: '',
      me: '0xA',
      history: 'all',
      timer: 300,
      free_invite: true,
    };
    expect(commandLine(...newRoomCommand('room', form))).toBe(
      "debros chat new 'Our garden' 0xB --history all --timer 300s --free-invite",
    );
    expect(
      roomCommands({ ...room, may_manage: false, may_invite: false }).some((words) => words.includes('--name')),
    ).toBe(false);
    expect(
      personCommands({ address: '0xB', nickname: '', blocked: true, role: 'member' } as ChatPerson, room),
    ).toContainEqual(['chat', 'block', '0xB', '--off']);
  });
});
