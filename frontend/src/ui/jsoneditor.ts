// CodeMirror for JSON: coloured, checked while it is written, and only the lines
// on screen in the page. Loaded when a JSON value is opened.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { linter, lintGutter, lintKeymap } from '@codemirror/lint';
import { searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** What the editor is given at its start. */
export interface JsonEditorOptions {
  label: string;
  doc: string;
  readonly: boolean;
  onchange: (text: string) => void;
  onsave: () => void;
  oncancel: () => void;
}

/** What can be done to an editor that is there. */
export interface JsonEditorHandle {
  replace: (text: string) => void;
  destroy: () => void;
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--code-key)' },
  { tag: tags.string, color: 'var(--code-string)' },
  { tag: tags.number, color: 'var(--code-number)' },
  { tag: [tags.bool, tags.null], color: 'var(--code-word)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: 'var(--size-mono)', backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none', boxShadow: 'inset 2px 0 var(--accent)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-content': { padding: 'var(--s3) 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 var(--s4) 0 var(--s1)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--text-faint)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 6%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 24%, transparent)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--sunken)', border: 'none', color: 'var(--text-soft)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad) 1.5px',
    backgroundColor: 'var(--bad-soft)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
    borderRadius: 'var(--radius)',
  },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)' },
});

// Left alone, Chromium replaces a selection of several lines by writing style
// attributes into them, which the policy blocks and reports.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== 'insertText' || event.data === null || view.composing || view.state.selection.main.empty)
      return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

/** Builds an editor inside parent. */
export function makeJsonEditor(parent: HTMLElement, options: JsonEditorOptions): JsonEditorHandle {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  const always = (run: () => void) => () => {
    run();
    return true;
  };
  const writing = options.readonly
    ? [EditorState.readOnly.of(true)]
    : [
        history(),
        highlightActiveLine(),
        linter(jsonParseLinter()),
        lintGutter(),
        typeOver,
        keymap.of([
          { key: 'Mod-s', run: always(options.onsave) },
          { key: 'Mod-Enter', run: always(options.onsave) },
          { key: 'Escape', run: always(options.oncancel) },
          ...historyKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
      ];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.doc,
      extensions: [
        EditorView.cspNonce.of(nonce),
        EditorView.contentAttributes.of({ 'aria-label': options.label, tabindex: '0' }),
        writing,
        lineNumbers(),
        foldGutter(),
        drawSelection(),
        bracketMatching(),
        EditorView.lineWrapping,
        indentUnit.of('  '),
        json(),
        syntaxHighlighting(colours),
        look,
        keymap.of([...defaultKeymap, ...foldKeymap, ...searchKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onchange(update.state.doc.toString());
        }),
      ],
    }),
  });
  if (!options.readonly) view.focus();
  return {
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    destroy() {
      view.destroy();
    },
  };
}
