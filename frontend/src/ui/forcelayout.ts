// Where the nodes of a graph go: forces are let run to rest once, then it stands
// still. Only the graph imports it, and the graph is loaded when it is opened.
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationNodeDatum,
} from 'd3-force';

/** A node and who it is linked with. */
export interface GraphShape {
  nodes: readonly string[];
  links: readonly { from: string; to: string }[];
}

/** Where a node is; the picture's middle is 0, 0. */
export interface Point {
  x: number;
  y: number;
}

interface Body extends SimulationNodeDatum {
  id: string;
}

/** Enough for the forces to come to rest, as the library cools down. */
const rounds = 300;
/** Room that one node needs. */
const room = 46;

/** Lays out a graph. Nodes that were there before begin where they were, so that the picture is known again. */
export function layout(shape: GraphShape, before: ReadonlyMap<string, Point> = new Map()): Map<string, Point> {
  const bodies: Body[] = shape.nodes.map((id) => ({ id, ...before.get(id) }));
  const known = new Set(shape.nodes);
  const links = shape.links
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .map(({ from, to }) => ({ source: from, target: to }));
  const simulation = forceSimulation(bodies)
    .force(
      'link',
      forceLink<Body, { source: string; target: string }>(links)
        .id((body) => body.id)
        .distance(130),
    )
    .force('charge', forceManyBody().strength(-520))
    .force('collide', forceCollide(room))
    .force('x', forceX().strength(0.07))
    .force('y', forceY().strength(0.1))
    .stop();
  for (let i = 0; i < rounds; i++) simulation.tick();
  return new Map(bodies.map(({ id, x = 0, y = 0 }) => [id, { x, y }]));
}

/** The node that lies next in a direction, or undefined: arrows go where they point. */
export function inDirection(
  places: ReadonlyMap<string, Point>,
  from: string,
  dx: number,
  dy: number,
): string | undefined {
  const here = places.get(from);
  if (here === undefined) return undefined;
  let best: string | undefined;
  let bestCost = Infinity;
  for (const [id, { x, y }] of places) {
    if (id === from) continue;
    const ahead = (x - here.x) * dx + (y - here.y) * dy;
    const aside = Math.abs((x - here.x) * dy) + Math.abs((y - here.y) * dx);
    // What lies more to the side than ahead belongs to another arrow.
    if (ahead <= 0 || aside > ahead * 1.5) continue;
    const cost = ahead + 2 * aside;
    if (cost < bestCost) [best, bestCost] = [id, cost];
  }
  return best;
}
