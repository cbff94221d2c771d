// What lies over the chat's screen.

/** The chat's screen. */
class ChatScreen {
  /** The search stands beside the room. */
  searching = $state(false);
  /** What is known of the room stands beside it. */
  details = $state(false);
  /** The room that was opened to write in it: its field takes the focus. */
  write = $state('');
  dialog = $state<'new' | null>(null);
}

/** The one screen that there is. */
export const chatScreen = new ChatScreen();
