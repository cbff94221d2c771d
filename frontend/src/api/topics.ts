// Topics: messages that are passed on and not kept. Payloads are bytes here; on
// the wire they are base64.
import { fromBase64, toBase64 } from '../lib/bytes';
import * as Topics from '../wailsjs/go/api/Topics';
import { call, type Plain } from './call';

type Answer = Plain<Awaited<ReturnType<typeof Topics.Next>>>;
export type Message = Omit<Answer['messages'][number], 'data_base64'> & { data: Uint8Array };
export type Messages = Omit<Answer, 'messages'> & { messages: Message[] };
export type Member = Plain<Awaited<ReturnType<typeof Topics.Presence>>>[number];

/** The node waits so long for a message; the call a little longer. */
const WaitMs = 40_000;

/** The topics of a namespace that somebody listens to. */
export const listTopics = (namespace: string): Promise<string[]> => call(Topics.List(namespace));

/** Who is present in a topic. */
export const presenceIn = (namespace: string, topic: string): Promise<Member[]> =>
  call(Topics.Presence(namespace, topic));

/** Sends a message to everybody who listens. */
export const publish = (namespace: string, topic: string, data: Uint8Array): Promise<void> =>
  call(Topics.Publish(namespace, topic, toBase64(data)));

/** Begins to listen; the answer is the id for the rest. */
export const listenTo = (namespace: string, topic: string): Promise<string> => call(Topics.Listen(namespace, topic));

/** Waits for the next messages. */
export async function nextMessages(id: string): Promise<Messages> {
  const { messages, ...rest } = await call(Topics.Next(id), WaitMs);
  return { ...rest, messages: messages.map(({ data_base64, ...m }) => ({ ...m, data: fromBase64(data_base64) })) };
}

/** Listens no more. */
export const stopListening = (id: string): Promise<void> => call(Topics.Close(id));
