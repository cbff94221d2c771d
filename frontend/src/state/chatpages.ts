// The chat's own pages beside its rooms: #/anchat/devices and so on. A room's address
// is an id of 64 digits, so that no name is one.

/** The pages, in their order. */
export const ChatPages = ['devices', 'backup', 'people', 'settings', 'privacy', 'diagnostics'] as const;
export type ChatPageName = (typeof ChatPages)[number];

/** The page that a part of the address means, if it means one. */
export const chatPage = (sub: string): ChatPageName | undefined => ChatPages.find((name) => name === sub);
