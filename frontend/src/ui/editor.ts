// CodeMirror as the SQL screen needs it: colours from the tokens, completion from
// the schema that is taken with Tab (Enter belongs to the writer), failed
// statements marked in the text.
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  moveCompletionSelection,
  startCompletion,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleComment } from '@codemirror/commands';
import { SQLite, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, type Extension, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  gutter,
  GutterMarker,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { always, look, named, typeOver } from './editorlook';

/** A table for completion. */
export interface EditorTable {
  name: string;
  columns: string[];
}

/** A stretch of text that something is wrong with. */
export interface TextMark {
  from: number;
  to: number;
  message: string;
}

/** What the editor tells and is given at its start. */
export interface EditorOptions {
  label: string;
  doc: string;
  tables: EditorTable[];
  /** Whether words are offered by themselves; Ctrl+Space offers them always. */
  completion: boolean;
  /** The editor's own words, such as those of find and replace, in another language. */
  phrases: Record<string, string>;
  /** What the mark beside a statement does, in words. */
  runHint: string;
  onchange: (text: string) => void;
  onrun: () => void;
  onrunall: () => void;
  /** The mark beside the statement that begins at a place was pressed. */
  onrunat: (place: number) => void;
}

/** What can be done to an editor that is there. */
export interface EditorHandle {
  insert: (text: string) => void;
  replace: (text: string) => void;
  selection: () => { from: number; to: number };
  show: (from: number, to: number) => void;
  setTables: (tables: EditorTable[]) => void;
  setMarks: (marks: TextMark[]) => void;
  /** Where statements begin. */
  setStarts: (places: number[]) => void;
  setCompletion: (on: boolean) => void;
  find: () => void;
  destroy: () => void;
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier], color: 'var(--code-key)', fontWeight: '560' },
  { tag: [tags.typeName, tags.bool, tags.null, tags.standard(tags.name)], color: 'var(--code-word)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: tags.number, color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
]);

const ownLook = EditorView.theme({
  '&': { fontSize: 'var(--size)' },
  '.cm-line': { padding: '0 var(--s4) 0 var(--s2)' },
  '.cm-run .cm-gutterElement': { width: '22px', cursor: 'pointer', textAlign: 'center', color: 'var(--ok)' },
  '.cm-run .cm-gutterElement:hover': { backgroundColor: 'var(--hover)' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 var(--s1) 0 var(--s3)', minWidth: '34px' },
  '.cm-matchingBracket': { outline: '1px solid var(--accent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft)' },
  '.cm-fault': {
    textDecoration: 'underline wavy var(--bad) 1.5px',
    textUnderlineOffset: '3px',
    backgroundColor: 'var(--bad-soft)',
  },
  '.cm-tooltip': { boxShadow: 'var(--shadow-high)', overflow: 'hidden' },
  '.cm-fault-tip': { padding: 'var(--s2) var(--s3)', maxWidth: '60ch', color: 'var(--bad)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '14em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px var(--s3)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionDetail': { marginLeft: 'var(--s3)', fontStyle: 'normal', opacity: '0.8' },
  '.cm-panels': { borderColor: 'var(--line)' },
  '.cm-panel.cm-search': { padding: 'var(--s2) var(--s3)' },
  '.cm-panel.cm-search input, .cm-panel.cm-search button, .cm-panel.cm-search label': { fontSize: 'var(--size-s)' },
  '.cm-panel.cm-search input[type=checkbox]': { accentColor: 'var(--accent)' },
  '.cm-panel.cm-search [name=close]': { color: 'var(--text-soft)', fontSize: 'var(--size-l)', minWidth: '24px' },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)', outline: '2px solid var(--accent)' },
  '.cm-textfield': {
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius-s)',
  },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius-s)',
  },
});

const setMarks = StateEffect.define<TextMark[]>();

const marksField = StateField.define<{ set: DecorationSet; list: TextMark[] }>({
  create: () => ({ set: Decoration.none, list: [] }),
  update(value, transaction) {
    let next = value;
    // A mark speaks of the text that ran; editing takes it away.
    if (transaction.docChanged) next = { set: Decoration.none, list: [] };
    for (const effect of transaction.effects) {
      if (!effect.is(setMarks)) continue;
      const end = transaction.state.doc.length;
      const list = effect.value.filter((m) => m.from < m.to && m.to <= end);
      next = {
        list,
        set: Decoration.set(
          list.map((m) => Decoration.mark({ class: 'cm-fault' }).range(m.from, m.to)),
          true,
        ),
      };
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.set),
});

const markTips = hoverTooltip((view, at) => {
  const mark = view.state.field(marksField).list.find((m) => at >= m.from && at <= m.to);
  if (mark === undefined) return null;
  return {
    pos: mark.from,
    end: mark.to,
    create: () => {
      const dom = document.createElement('div');
      dom.className = 'cm-fault-tip';
      dom.textContent = mark.message;
      return { dom };
    },
  };
});

const setStarts = StateEffect.define<number[]>();

/** Where statements begin; they move with the text until they are found anew. */
const startsField = StateField.define<number[]>({
  create: () => [],
  update(value, transaction) {
    let next = transaction.docChanged ? value.map((place) => transaction.changes.mapPos(place, 1)) : value;
    for (const effect of transaction.effects) if (effect.is(setStarts)) next = effect.value;
    return next;
  },
});

class RunMarker extends GutterMarker {
  constructor(readonly hint: string) {
    super();
  }

  override eq(other: RunMarker): boolean {
    return other.hint === this.hint;
  }

  override toDOM(): Node {
    const mark = document.createElement('span');
    mark.textContent = '▸';
    mark.title = this.hint;
    return mark;
  }
}

/** The mark beside each statement. It is for the mouse; the keyboard has Ctrl+Enter. */
function runGutter(hint: string, run: (place: number) => void): Extension {
  const marker = new RunMarker(hint);
  const startIn = (view: EditorView, from: number, to: number) =>
    view.state.field(startsField).find((place) => place >= from && place <= to);
  return [
    startsField,
    gutter({
      class: 'cm-run',
      lineMarker: (view, line) => (startIn(view, line.from, line.to) === undefined ? null : marker),
      lineMarkerChange: (update) => update.startState.field(startsField) !== update.state.field(startsField),
      domEventHandlers: {
        click: (view, line) => {
          const place = startIn(view, line.from, line.to);
          if (place !== undefined) run(place);
          return place !== undefined;
        },
      },
    }),
  ];
}

/** Find and replace is fetched when it is first asked for. */
async function openFinder(view: EditorView, finder: Compartment): Promise<void> {
  const { highlightSelectionMatches, openSearchPanel, search, searchKeymap } = await import('@codemirror/search');
  const there = finder.get(view.state);
  if (Array.isArray(there) && there.length === 0)
    view.dispatch({
      effects: finder.reconfigure([search({ top: true }), highlightSelectionMatches(), keymap.of(searchKeymap)]),
    });
  openSearchPanel(view);
}

const offers = (on: boolean): Extension => autocompletion({ defaultKeymap: false, icons: false, activateOnTyping: on });

const language = (tables: EditorTable[]): Extension =>
  sql({ dialect: SQLite, upperCaseKeywords: true, schema: Object.fromEntries(tables.map((t) => [t.name, t.columns])) });

/** Builds an editor inside parent. */
export function makeEditor(parent: HTMLElement, options: EditorOptions): EditorHandle {
  const schema = new Compartment();
  const completion = new Compartment();
  const finder = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.doc,
      extensions: [
        named(options.label),
        typeOver,
        EditorState.phrases.of(options.phrases),
        runGutter(options.runHint, options.onrunat),
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        finder.of([]),
        bracketMatching(),
        closeBrackets(),
        indentUnit.of('  '),
        completion.of(offers(options.completion)),
        schema.of(language(options.tables)),
        syntaxHighlighting(colours),
        marksField,
        markTips,
        ownLook,
        look,
        keymap.of([
          { key: 'Mod-Enter', run: always(options.onrun) },
          { key: 'Mod-Shift-Enter', run: always(options.onrunall) },
          { key: 'Mod-f', run: always(() => void openFinder(view, finder)) },
          { key: 'Mod-/', run: toggleComment },
          { key: 'Tab', run: acceptCompletion },
          { key: 'Ctrl-Space', run: startCompletion },
          { key: 'Escape', run: closeCompletion },
          { key: 'ArrowDown', run: moveCompletionSelection(true) },
          { key: 'ArrowUp', run: moveCompletionSelection(false) },
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onchange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return handleOf(view, { schema, completion, finder });
}

interface Compartments {
  schema: Compartment;
  completion: Compartment;
  finder: Compartment;
}

function handleOf(view: EditorView, { schema, completion, finder }: Compartments): EditorHandle {
  return {
    insert(text) {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      view.focus();
    },
    selection: () => view.state.selection.main,
    show(from, to) {
      const end = Math.min(to, view.state.doc.length);
      view.dispatch({ selection: { anchor: Math.min(from, end), head: end }, scrollIntoView: true });
      view.focus();
    },
    setTables(tables) {
      view.dispatch({ effects: schema.reconfigure(language(tables)) });
    },
    setMarks(marks) {
      view.dispatch({ effects: setMarks.of(marks) });
    },
    setStarts(places) {
      view.dispatch({ effects: setStarts.of(places) });
    },
    setCompletion(on) {
      view.dispatch({ effects: completion.reconfigure(offers(on)) });
    },
    find() {
      void openFinder(view, finder);
    },
    destroy() {
      view.destroy();
    },
  };
}
