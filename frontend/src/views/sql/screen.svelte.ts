// What the parts of the SQL screen share. It lives as long as the page, so that
// tabs, texts and results are there when the screen is opened again.
import { SqlScreen } from '../../state/sqlscreen.svelte';

let only: SqlScreen | undefined;

/** The one SQL screen, made when it is first opened. */
export const sqlScreen = (): SqlScreen => (only ??= new SqlScreen());
