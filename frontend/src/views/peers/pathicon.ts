// The sign of each kind of path, the same in table, matrix and lists.
import House from '@lucide/svelte/icons/house';
import Monitor from '@lucide/svelte/icons/monitor';
import MoveRight from '@lucide/svelte/icons/move-right';
import Route from '@lucide/svelte/icons/route';
import Spline from '@lucide/svelte/icons/spline';
import type { Component } from 'svelte';

type Icon = Component<{ size?: number }>;

const icons: Record<string, Icon> = { relayed: Route, lan: House, local: Monitor, 'hole-punched': Spline };

/** The sign of a path; a direct one has an arrow. */
export const pathIcon = (path: string): Icon => icons[path] ?? MoveRight;
