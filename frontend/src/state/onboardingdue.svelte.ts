// Whether the first steps are due. It comes with the frame; the steps do not.
import { needed } from '../api/welcome';

export class FirstSteps {
  due = $state(false);
  #ask: () => Promise<boolean>;

  constructor(ask = needed) {
    this.#ask = ask;
  }

  /**
   * Asks the node. While it cannot say, they are not shown: it is asked again when
   * it is ready. Once they are, they stay until they are done: what is done in
   * them makes the node look used.
   */
  async look(): Promise<void> {
    if (this.due) return;
    try {
      this.due = await this.#ask();
    } catch {
      this.due = false;
    }
  }
}

/** The app's first steps. */
export const firstSteps = new FirstSteps();
