// Uploads: a few at a time, and none through the page's connection. They go on while other pages of the console are open.
const MOST_AT_ONCE = 3;
const MOST_SHOWN = 20;
const MOST_ASKING = 100;
const BROKE_OFF = 'The upload broke off: the connection was lost, or the file was changed.';
const waiting = [];
const running = new Set();
// Those whose object exists: they wait for an answer.
const asking = new Set();
let count = { done: 0, failed: 0 };
let list;
let page;

export const one = selector => document.querySelector(selector);
export const here = () => one('[data-browse][data-bucket]');

// Says which page of the server hears of what was written; undefined for none.
export function report(to) {
  page = to;
}

export function add(files, place) {
  for (const { file, path } of files) {
    waiting.push({ file, path, bucket: place.bucket, key: (place.folder ?? '') + path });
  }
  next();
}

function next() {
  while (running.size < MOST_AT_ONCE && waiting.length > 0) {
    const upload = waiting.shift();
    running.add(upload);
    run(upload).catch(() => end(upload, BROKE_OFF)).finally(() => { running.delete(upload); next(); });
  }
  list?.refresh();
}

async function run(upload) {
  // A row for each that is under way: there may be a hundred thousand that wait.
  upload.row ??= rowOf(upload);
  if (!upload.file) {
    end(upload, 'The file cannot be read.');
    return;
  }
  const stopping = new AbortController();
  upload.cancel = () => { end(upload, 'Cancelled', true); stopping.abort(); };
  upload.row.begin();
  const isTaken = !upload.replaces && await exists(upload, stopping.signal);
  if (isTaken && !upload.isOver) {
    ask(upload);
  } else if (!upload.isOver) {
    await send(upload, stopping.signal);
  }
}

async function exists(upload, signal) {
  const response = await fetch(`/browse/exists?${query(upload)}`, { signal });
  return response.ok && await response.json();
}

const query = ({ bucket, key }) => `bucket=${encodeURIComponent(bucket)}&key=${encodeURIComponent(key)}`;

function send(upload, signal) {
  const request = new XMLHttpRequest();
  const over = new Promise(done => { request.onloadend = done; });
  signal.onabort = () => request.abort();
  request.upload.onprogress = event => upload.row.show(event.loaded, event.total);
  request.onerror = () => end(upload, BROKE_OFF);
  request.onload = () => {
    if (request.status === 412 && !upload.replaces) {
      // It has come to exist since.
      ask(upload);
    } else {
      end(upload, request.status === 204 ? '' : request.responseText.trim() || `Status ${request.status}`);
    }
  };
  request.open('PUT', `/browse/upload?${query(upload)}${upload.replaces ? '&replace=true' : ''}`);
  request.setRequestHeader('RequestVerificationToken', one('input[name=__RequestVerificationToken]').value);
  request.send(upload.file);
  return over;
}

function ask(upload) {
  asking.add(upload);
  upload.row.ask(() => replace([upload]), () => end(upload, 'Not uploaded', true));
  if (asking.size > MOST_ASKING) {
    // One button answers for all.
    upload.row.remove();
    upload.row = undefined;
  }
  list.refresh();
}

function replace(uploads) {
  for (const upload of uploads) {
    asking.delete(upload);
    upload.replaces = true;
    waiting.push(upload);
  }
  next();
}

function end(upload, problem, isWanted) {
  if (!upload.isOver) {
    upload.isOver = true;
    asking.delete(upload);
    count[problem ? 'failed' : 'done']++;
    upload.row?.end(problem, isWanted);
    if (!problem) {
      notify(upload);
    }
    list.refresh();
  }
}

// The page reads its rows again: soon after the first upload, and not all the time while there are more.
const [SOON, LATER] = [250, 2000];
let notifying;
let isOpen = false;
let last = 0;

function notify(upload) {
  if (here()?.dataset.bucket === upload.bucket) {
    isOpen ||= here().dataset.key === upload.key;
    notifying ??= setTimeout(() => {
      page?.invokeMethodAsync('Uploaded', isOpen).catch(() => {});
      [notifying, isOpen, last] = [undefined, false, Date.now()];
    }, Date.now() - last < LATER ? LATER : SOON);
  }
}

window.addEventListener('beforeunload', event => {
  if (running.size > 0) {
    event.preventDefault();
  }
});

// What people see of it. Names are texts, never markup.
function make(tag, name, text = '') {
  return Object.assign(document.createElement(tag), { className: name, textContent: text });
}

function buttonOf(text, of, act) {
  const button = make('button', 'button small', text);
  button.type = 'button';
  button.onclick = act;
  button.setAttribute('aria-label', `${text}: ${of}`);
  return button;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function sizeOf(bytes) {
  const unit = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes / 1000) / 10) + 1);
  const size = bytes / 1024 ** unit;
  return `${unit > 0 && size < 10 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit]}`;
}

function rowOf(upload) {
  list ??= listOf();
  list.section.hidden = false;
  const { path } = upload;
  const [row, name, state, bar, acts] =
    [make('li', ''), make('bdi', 'upload-name', path), make('span', 'upload-state'), make('progress', ''), make('span', 'upload-acts')];
  name.title = path;
  bar.setAttribute('aria-label', `Upload of ${path}`);
  row.append(name, acts, bar, state);
  list.all.prepend(row);
  const offer = (...buttons) => {
    const hasFocus = acts.contains(document.activeElement);
    acts.replaceChildren(...buttons);
    if (hasFocus) {
      (buttons[0] ?? list.close).focus();
    }
  };
  return {
    remove: () => row.remove(),
    begin: () => {
      [bar.hidden, bar.value, state.textContent] = [false, 0, 'Begins'];
      offer(buttonOf('Cancel', path, () => upload.cancel()));
    },
    show: (done, all) => {
      bar.value = all ? done / all : 1;
      state.textContent = done < all ? `${Math.floor(100 * bar.value)} % of ${sizeOf(all)}` : `${sizeOf(all)} sent, not stored yet`;
    },
    ask: (yes, no) => {
      [bar.hidden, state.textContent] = [true, 'This key has an object.'];
      offer(buttonOf('Replace it', path, yes), buttonOf('Keep it', path, no));
    },
    end: (problem, isWanted) => {
      [bar.hidden, state.textContent] = [true, problem || sizeOf(upload.file.size)];
      offer();
      row.className = !problem ? 'done' : isWanted ? 'stopped' : 'failed';
      [...list.all.querySelectorAll(`.${row.className}`)].slice(MOST_SHOWN).forEach(old => old.remove());
    },
  };
}

function listOf() {
  const [section, head, title, said, all] =
    [make('section', 'uploads'), make('div', 'uploads-head'), make('h2', '', 'Uploads'), make('span', 'dim'), make('ul', '')];
  section.setAttribute('aria-label', 'Uploads');
  said.setAttribute('role', 'status');
  const isBusy = () => waiting.length + running.size > 0;
  const close = make('button', 'button small');
  close.type = 'button';
  close.onclick = () => {
    const [stopped, none] = [[...running, ...asking], waiting.splice(0)];
    count.failed += none.length;
    stopped.forEach(upload => (running.has(upload) ? upload.cancel() : end(upload, 'Not uploaded', true)));
    if (stopped.length + none.length === 0) {
      section.hidden = true;
      all.replaceChildren();
      count = { done: 0, failed: 0 };
      one('.browse .rows')?.focus();
    }
    refresh();
  };
  const replaceAll = make('button', 'button small');
  replaceAll.type = 'button';
  replaceAll.onclick = () => replace([...asking]);
  head.append(title, said, replaceAll, close);
  section.append(head, all);
  document.body.append(section);
  const refresh = () => {
    const left = waiting.length + running.size;
    said.textContent = [[left, 'left'], [count.done, 'done'], [count.failed, 'not uploaded']]
      .filter(([number]) => number > 0).map(([number, word]) => `${number.toLocaleString('en')} ${word}`).join(', ');
    [replaceAll.hidden, replaceAll.textContent] = [asking.size < 2, `Replace all ${asking.size}`];
    close.textContent = isBusy() || asking.size > 0 ? 'Cancel all' : 'Close';
  };
  return { section, all, close, refresh };
}
