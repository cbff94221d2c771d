// F6 walks from one part of the page to the next: rail, header, content, status.

/** Puts the focus into the next or previous landmark; remembers nothing. */
export function stepLandmark(step: 1 | -1): void {
  const parts = [...document.querySelectorAll<HTMLElement>('nav, header.frame-header, main, footer.frame-status')];
  const at = parts.findIndex((part) => part.contains(document.activeElement));
  const next = parts.at((at + step) % parts.length);
  if (next === undefined) return;
  const inside = next.querySelector<HTMLElement>(
    '[aria-current="page"], a[href], button:not(:disabled):not([tabindex="-1"]), input, [tabindex="0"]',
  );
  (inside ?? next).focus();
}
