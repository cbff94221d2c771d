// Every view, filter and opened item is in the address after '#', so that Back
// works and a link can be handed on: #/keys?ns=demo&prefix=user%3A&key=user%3A1
// or, of a message in a room of the chat, #/anchat/5f3a…/1204

/** One place in the app. */
export interface Route {
  view: string;
  sub: string;
  /** A thing in it. */
  item?: string;
  params: Readonly<Record<string, string>>;
}

/** The first screen of a fresh visit. */
export const Home: Route = { view: 'node', sub: '', params: {} };

/** Reads an address; anything unreadable is home. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const [path, query] = splitOnce(text, '?');
  const [view = '', sub = '', item = ''] = path.split('/').filter((part) => part !== '');
  if (!/^[a-z]+$/.test(view) || !/^[a-z0-9]*$/.test(sub) || !/^[0-9]*$/.test(item)) return Home;
  return { view, sub, ...(item === '' ? {} : { item }), params: Object.fromEntries(new URLSearchParams(query)) };
}

/** Writes an address; empty parameters are left out. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams(Object.entries(route.params).filter(([, value]) => value !== '')).toString();
  const path = [route.view, route.sub, route.item ?? ''].filter((part) => part !== '').join('/');
  return `#/${path}${query === '' ? '' : `?${query}`}`;
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** The part of a browser window that a router needs. */
export interface Address {
  location: { hash: string };
  history: {
    pushState: (d: unknown, t: string, url: string) => void;
    replaceState: (d: unknown, t: string, url: string) => void;
  };
  addEventListener: (name: 'hashchange' | 'popstate', fn: () => void) => void;
}

/** Where the app is, and the way to go elsewhere. */
export class Router {
  current = $state.raw<Route>(Home);
  #address: Address | null = null;

  /** Follows a window's address from now on. */
  start(address: Address): void {
    this.#address = address;
    const read = () => {
      this.current = parseRoute(address.location.hash);
    };
    address.addEventListener('hashchange', read);
    address.addEventListener('popstate', read);
    read();
  }

  /** One parameter of the present place, '' when it is not set. */
  param(name: string): string {
    return this.current.params[name] ?? '';
  }

  /** Goes to another place; Back leads here. */
  go(view: string, sub = '', params: Record<string, string> = {}, item = ''): void {
    this.#write({ view, sub, item, params }, false);
  }

  /** Changes parameters of the present place. Filters replace, opened items are a step of their own. */
  patch(params: Record<string, string>, step = false): void {
    this.#write({ ...this.current, params: { ...this.current.params, ...params } }, !step);
  }

  #write(route: Route, replace: boolean): void {
    const url = formatRoute(route);
    if (url === formatRoute(this.current)) return;
    this.current = route;
    if (replace) this.#address?.history.replaceState(null, '', url);
    else this.#address?.history.pushState(null, '', url);
  }
}

/** The app's router. */
export const router = new Router();
