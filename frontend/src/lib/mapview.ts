// The camera of a flat picture that is larger than its view: zoom and pan as
// numbers, so that buttons, keys, wheel and pointer all do the same.

/** Width and height, of the picture or of the view on it. */
export interface Size {
  width: number;
  height: number;
}

/** What is looked at: a point of the picture in the middle of the view, and how near. */
export interface Camera {
  x: number;
  y: number;
  /** 1 shows the whole picture. */
  zoom: number;
}

/** At this zoom a small country fills the view; the places are no finer. */
export const MaxZoom = 24;

/** Pixels of the view per unit of the picture. */
export const scaleOf = (camera: Camera, picture: Size, view: Size): number =>
  Math.min(view.width / picture.width, view.height / picture.height) * camera.zoom;

/** The whole picture. */
export const wholeOf = (picture: Size): Camera => ({ x: picture.width / 2, y: picture.height / 2, zoom: 1 });

/** Where a point of the picture is in the view. */
export function toView(camera: Camera, picture: Size, view: Size, x: number, y: number): { x: number; y: number } {
  const scale = scaleOf(camera, picture, view);
  return { x: view.width / 2 + (x - camera.x) * scale, y: view.height / 2 + (y - camera.y) * scale };
}

/** Keeps the picture in the view: no zoom past its ends, no empty space where there is picture. */
export function hold(camera: Camera, picture: Size, view: Size): Camera {
  const zoom = Math.min(MaxZoom, Math.max(1, camera.zoom));
  const scale = scaleOf({ ...camera, zoom }, picture, view);
  const within = (at: number, whole: number, seen: number) => {
    const half = seen / scale / 2;
    return half * 2 >= whole ? whole / 2 : Math.min(whole - half, Math.max(half, at));
  };
  return { x: within(camera.x, picture.width, view.width), y: within(camera.y, picture.height, view.height), zoom };
}

/** Goes nearer or away; the point of the view stays where it is, its middle if none is given. */
export function zoomBy(
  camera: Camera,
  picture: Size,
  view: Size,
  factor: number,
  at?: { x: number; y: number },
): Camera {
  const zoom = Math.min(MaxZoom, Math.max(1, camera.zoom * factor));
  const before = scaleOf(camera, picture, view);
  const after = scaleOf({ ...camera, zoom }, picture, view);
  const [dx, dy] = at === undefined ? [0, 0] : [at.x - view.width / 2, at.y - view.height / 2];
  const moved = 1 / before - 1 / after;
  return hold({ x: camera.x + dx * moved, y: camera.y + dy * moved, zoom }, picture, view);
}

/** Moves by pixels of the view. */
export function panBy(camera: Camera, picture: Size, view: Size, dx: number, dy: number): Camera {
  const scale = scaleOf(camera, picture, view);
  return hold({ ...camera, x: camera.x + dx / scale, y: camera.y + dy / scale }, picture, view);
}
