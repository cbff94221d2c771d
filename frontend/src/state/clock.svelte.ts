// The time of day for texts like "3 minutes ago". It ticks only while something
// on screen reads it, and stands still in a hidden tab.
import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
  const id = setInterval(() => {
    if (document.visibilityState === 'visible') update();
  }, 1000);
  return () => {
    clearInterval(id);
  };
});

/** The present time; whoever reads it in a template is redrawn each second. */
export function now(): number {
  subscribe();
  return Date.now();
}
