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
import { always, look, named, typeOver } from './editorlook';

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

const ownLook = EditorView.theme({
  '&': { fontSize: 'var(--size-mono)' },
  '&.cm-focused': { boxShadow: 'inset 2px 0 var(--accent)' },
  '.cm-line': { padding: '0 var(--s4) 0 var(--s1)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--sunken)', border: 'none', color: 'var(--text-soft)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad) 1.5px',
    backgroundColor: 'var(--bad-soft)',
  },
});

/** Builds an editor inside parent. */
export function makeJsonEditor(parent: HTMLElement, options: JsonEditorOptions): JsonEditorHandle {
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
        named(options.label),
        writing,
        lineNumbers(),
        foldGutter(),
        drawSelection(),
        bracketMatching(),
        EditorView.lineWrapping,
        indentUnit.of('  '),
        json(),
        syntaxHighlighting(colours),
        ownLook,
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
