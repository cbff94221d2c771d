// Where a panel goes beside the button that opened it.

interface Size {
  width: number;
  height: number;
}

/** Distance to the button and to the edges of the window. */
const gap = 4;
const edge = 8;

/** Left and top of a panel: on the wanted side if it fits there, else on the other, always inside the window. */
export function placeBeside(
  button: { left: number; right: number; top: number; bottom: number },
  panel: Size,
  view: Size,
  side: 'below' | 'above',
  align: 'start' | 'end',
): { left: number; top: number } {
  const below = button.bottom + gap;
  const above = button.top - gap - panel.height;
  const fitsBelow = below + panel.height <= view.height - edge;
  const fitsAbove = above >= edge;
  const top = side === 'below' ? (fitsBelow || !fitsAbove ? below : above) : fitsAbove || !fitsBelow ? above : below;
  const left = align === 'start' ? button.left : button.right - panel.width;
  return {
    left: clamp(left, edge, view.width - panel.width - edge),
    top: clamp(top, edge, view.height - panel.height - edge),
  };
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
