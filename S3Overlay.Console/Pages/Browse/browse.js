// What the Browse page does in the browser alone: keys, and where files come from.
import { add, report, here, one } from './uploads.js';

// Whether a key led to the list that loads now: its first row gets the focus then.
let wantsFocus = false;

// Of the page before, which may have been left before it knew how to stop.
let stop;

export function start(page) {
  stop?.();
  report(page);
  const listeners = { keydown: onKey, click: onClick, change: onChange, dragover: onDrag, dragleave: onDragEnd, drop: onDrop };
  Object.entries(listeners).forEach(([name, act]) => document.addEventListener(name, act));
  const own = stop = () => {
    Object.entries(listeners).forEach(([name, act]) => document.removeEventListener(name, act));
    if (stop === own) {
      report(undefined);
      stop = undefined;
    }
  };
  return { loaded: () => focusRow(60), closed: () => one('.browse .rows')?.focus(), stop: own };
}

// Keys: arrows, Enter (a link's own), Backspace, / and Escape.
const names = () => [...document.querySelectorAll('.browse .rows a.name')];
const selected = () => one('.browse .row.selected a.name');

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return;
  }
  const target = event.target;
  wantsFocus = false;
  if (target.matches('input:not([type=checkbox]), select, textarea')) {
    if (target.id === 'filter' && (event.key === 'ArrowDown' || event.key === 'Enter')) {
      event.preventDefault();
      names()[0]?.focus();
    }
    return;
  }
  const isInList = !target.closest('.panel, .uploads');
  const act = {
    ArrowDown: () => isInList && (move(1), true),
    ArrowUp: () => isInList && (move(-1), true),
    Enter: () => { wantsFocus = target.matches('a.name'); },
    Backspace: () => isInList && follow('[data-up]'),
    // A question closes itself.
    Escape: () => !target.closest('.ask, .confirm') && follow('[data-close]'),
    '/': () => one('#filter') && (one('#filter').select(), one('#filter').focus(), true),
  }[event.key];
  if (act?.()) {
    event.preventDefault();
  }
}

function follow(selector) {
  const link = one(selector);
  wantsFocus = selector === '[data-up]';
  link?.click();
  return link;
}

function move(step) {
  const [rows, all] = [one('.browse .rows'), names()];
  const at = all.indexOf(document.activeElement);
  const top = rows?.getBoundingClientRect().top + 32;
  const next = at >= 0 ? all[at + step] : selected() ?? all.find(name => name.getBoundingClientRect().top >= top);
  if (next) {
    next.focus({ preventScroll: true });
    next.closest('.row').scrollIntoView({ block: 'nearest' });
  } else {
    rows?.scrollBy(0, step * 32);
  }
}

// Its rows are there a moment after their listing.
function focusRow(tries) {
  const first = selected() ?? names()[0];
  if (!wantsFocus || tries === 0) {
    return;
  }
  if (!first) {
    requestAnimationFrame(() => focusRow(tries - 1));
    return;
  }
  wantsFocus = false;
  first.focus();
}

// Files: from the button, or dropped, folders too.
function onClick(event) {
  if (event.target.closest?.('[data-upload]')) {
    one('[data-files]').click();
  } else if (event.target.closest?.('[data-close]')) {
    (selected() ?? one('.browse .rows'))?.focus();
  }
}

function onChange(event) {
  if (event.target.matches?.('[data-files]')) {
    add([...event.target.files].map(file => ({ file, path: file.name })), { ...here().dataset });
    event.target.value = '';
  }
}

const hasFiles = event => event.dataTransfer?.types.includes('Files');

function onDrag(event) {
  if (hasFiles(event)) {
    event.preventDefault();
    event.dataTransfer.dropEffect = here() ? 'copy' : 'none';
    here()?.classList.add('dropping');
  }
}

function onDragEnd(event) {
  if (!event.relatedTarget) {
    here()?.classList.remove('dropping');
  }
}

async function onDrop(event) {
  if (!hasFiles(event)) {
    return;
  }
  event.preventDefault();
  here()?.classList.remove('dropping');
  if (here()) {
    // All of it before the first wait: a browser forgets the items then.
    const place = { ...here().dataset };
    const entries = [...event.dataTransfer.items].map(item => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
    for (const entry of entries) {
      for await (const found of filesOf(entry, '')) {
        add([found], place);
      }
    }
  }
}

// What cannot be read is found too, without a file.
async function* filesOf(entry, folder) {
  if (entry instanceof File) {
    yield { file: entry, path: entry.name };
    return;
  }
  const path = folder + entry.name;
  try {
    if (entry.isFile) {
      yield { file: await new Promise((found, failed) => entry.file(found, failed)), path };
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((found, failed) => reader.readEntries(found, failed));
      if (some.length === 0) {
        return;
      }
      for (const each of some) {
        yield* filesOf(each, `${path}/`);
      }
    }
  } catch {
    yield { path };
  }
}
