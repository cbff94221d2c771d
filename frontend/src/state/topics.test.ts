import { expect, test } from 'vitest';
import type { Message, Messages } from '../api/topics';
import { encode } from '../lib/bytes';
import { MaxMessages, TopicListener } from './topics.svelte';

const message = (text: string): Message => ({ id: text, from: 'me', data: encode(text), size: text.length, at: '' });

/** A topic that says what a test lets it say. */
class FakeTopic {
  closed: string[] = [];
  #say: ((m: Messages) => void) | undefined;
  listTopics = () => Promise.resolve(['news']);
  presenceIn = () => Promise.resolve([{ id: 'ann', joined_at: '' }]);
  publish = () => Promise.resolve();
  listenTo = () => Promise.resolve('id');
  nextMessages = () => new Promise<Messages>((resolve) => (this.#say = resolve));
  stopListening = (id: string) => Promise.resolve(void this.closed.push(id));

  async say(texts: string[], ended = false, why = ''): Promise<void> {
    await Promise.resolve();
    this.#say?.({ messages: texts.map(message), ended, why });
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

const begin = async () => {
  const topic = new FakeTopic();
  const at = new TopicListener(topic);
  void at.start('a', 'news');
  for (let i = 0; i < 5; i++) await Promise.resolve();
  return { topic, at, texts: () => at.messages.map((m) => m.id) };
};

// A list of messages that drops one, or shows it twice, is worse than none.
test('messages stand newest first, each once, and are counted', async () => {
  const { topic, at, texts } = await begin();
  await topic.say(['one', 'two']);
  await topic.say(['three']);
  expect(texts()).toEqual(['three', 'two', 'one']);
  expect([at.received, at.bytes, at.messages[0]?.number]).toEqual([3, 11, 3]);
  expect(at.members.data).toHaveLength(1);
});

test('a pause counts on, and what came in it follows in order', async () => {
  const { topic, at, texts } = await begin();
  at.pause(true);
  await topic.say(['one', 'two']);
  await topic.say(['three']);
  expect([at.held, texts()]).toEqual([3, []]);
  at.pause(false);
  expect([at.held, texts()]).toEqual([0, ['three', 'two', 'one']]);
});

test('only the newest are kept', async () => {
  const { topic, at, texts } = await begin();
  await topic.say(Array.from({ length: MaxMessages + 5 }, (_, i) => String(i)));
  expect([texts().length, texts()[0], at.received]).toEqual([MaxMessages, String(MaxMessages + 4), MaxMessages + 5]);
});

test('left, it closes; cut off, it says why', async () => {
  const { topic, at } = await begin();
  await topic.say([], true, 'too slow');
  expect([at.ended, at.listening]).toEqual(['too slow', false]);
  const again = await begin();
  again.at.stop();
  await again.topic.say(['late']);
  expect([again.topic.closed, again.texts()]).toEqual([['id'], []]);
});
