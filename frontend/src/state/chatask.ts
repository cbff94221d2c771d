// The way from a screen of the chat to the node, for what needs no state between
// the question and the answer.
import * as chatApi from '../api/chatsetup';

/** Asks the chat, or has it do something. Throws the node's reason. */
export const askChat = <T>(does: (api: typeof chatApi) => Promise<T>): Promise<T> => does(chatApi);
