// Draws the page: one screen at a time. Text is set as text, never as HTML,
// since wallets and gateways write some of it.

/** Something that can be pressed. */
export interface Action {
  label: string;
  /** A second line, for what tells two alike apart. */
  hint?: string;
  main?: boolean;
  run: () => void;
}

/** One screen. */
export interface Screen {
  /** Names the screen to styles and tests. */
  name: string;
  title: string;
  text?: string;
  /** Parts between the text and the actions. */
  parts?: Node[];
  actions?: Action[];
  /** The actions are one list to choose from. */
  list?: boolean;
  tone?: 'busy' | 'good' | 'bad';
}

/** Makes an element with a class and children. */
export function element(tag: string, name = '', ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (name !== '') made.className = name;
  made.append(...children);
  return made;
}

function button({ label, hint = '', main = false, run }: Action): HTMLElement {
  const made = element('button', main ? 'main' : '', element('span', 'label', label)) as HTMLButtonElement;
  if (hint !== '') made.append(element('span', 'hint', hint));
  made.type = 'button';
  made.addEventListener('click', run);
  return made;
}

/** Shows a screen. Its heading takes the focus, so that it is read out and Tab goes on
    from there. A screen that is drawn again, such as a list that grew, keeps the focus. */
export function show(page: HTMLElement, screen: Screen): void {
  const heading = element('h1', '', screen.title);
  heading.tabIndex = -1;
  const children: Node[] = [heading];
  if (screen.text !== undefined) children.push(element('p', '', screen.text));
  children.push(...(screen.parts ?? []));
  const buttons = (screen.actions ?? []).map(button);
  if (screen.list === true) {
    const items = buttons.map((one) => element('li', '', one));
    children.push(element('ul', 'choices', ...items));
  } else if (buttons.length > 0) {
    children.push(element('div', 'actions', ...buttons));
  }
  const redrawn = page.dataset.screen === screen.name;
  const focused = [...page.querySelectorAll('button')].findIndex((one) => one === document.activeElement);
  page.dataset.screen = screen.name;
  page.dataset.tone = screen.tone ?? '';
  page.replaceChildren(...children);
  document.title = `${screen.title} · debros`;
  if (!redrawn) heading.focus({ preventScroll: true });
  else buttons[focused]?.focus();
}

/** Text that was made elsewhere, as it is. It can be scrolled by keyboard. */
export function verbatim(text: string, label: string): HTMLElement {
  const made = element('pre', '', text);
  made.tabIndex = 0;
  made.setAttribute('role', 'region');
  made.setAttribute('aria-label', label);
  return made;
}
