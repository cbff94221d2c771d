// What lies over the screens: at most one of each.

class Overlays {
  palette = $state(false);
  shortcuts = $state(false);
  namespace = $state(false);
  tasks = $state(false);
  activity = $state(false);
  alerts = $state(false);
}

/** Which overlays are open. */
export const overlays = new Overlays();
