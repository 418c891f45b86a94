// Uploads: a few at a time, and none through the page's connection. They go on while other pages of the console are open.
const MOST_AT_ONCE = 3;
const MOST_DONE = 20;
const waiting = [];
const running = new Set();
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
    run(upload).catch(failure => end(upload, `${failure}`)).finally(() => { running.delete(upload); next(); });
  }
  list?.count();
}

async function run(upload) {
  // A row for each that is under way: there may be a hundred thousand that wait.
  upload.row ??= rowOf(upload.path);
  upload.cancel = () => end(upload, 'Cancelled');
  upload.row.button.onclick = () => upload.cancel();
  const isTaken = !upload.replaces && await exists(upload);
  if (upload.isOver) {
    return;
  }
  if (isTaken) {
    upload.row.say('There is such an object.');
    upload.row.offer('Replace it', () => { upload.replaces = true; upload.row.offer(); waiting.push(upload); next(); });
    return;
  }
  await new Promise(over => {
    const request = new XMLHttpRequest();
    upload.cancel = () => { request.abort(); end(upload, 'Cancelled'); };
    request.upload.onprogress = event => upload.row.show(event.loaded, event.total);
    request.onloadend = over;
    request.onerror = () => end(upload, 'The connection was lost.');
    request.onload = () => {
      end(upload, request.status === 204 ? '' : request.responseText.trim() || `Status ${request.status}`);
      if (request.status === 204) {
        notify(upload);
      }
    };
    request.open('PUT', `/browse/upload?${query(upload)}${upload.replaces ? '&replace=true' : ''}`);
    request.setRequestHeader('RequestVerificationToken', one('input[name=__RequestVerificationToken]').value);
    request.send(upload.file);
  });
}

// The page reads its rows again: once for all uploads of a moment.
let notifying;
let isOpen = false;

function notify(upload) {
  if (here()?.dataset.bucket === upload.bucket) {
    isOpen ||= here().dataset.key === upload.key;
    notifying ??= setTimeout(() => {
      page?.invokeMethodAsync('Uploaded', isOpen);
      [notifying, isOpen] = [undefined, false];
    }, 250);
  }
}

async function exists(upload) {
  const response = await fetch(`/browse/exists?${query(upload)}`);
  return response.ok && await response.json();
}

const query = ({ bucket, key }) => `bucket=${encodeURIComponent(bucket)}&key=${encodeURIComponent(key)}`;

function end(upload, problem) {
  upload.isOver = true;
  upload.row.end(problem);
}

window.addEventListener('beforeunload', event => {
  if (running.size > 0) {
    event.preventDefault();
  }
});

// A row of the list of uploads. Names are texts, never markup.
function rowOf(path) {
  list ??= listOf();
  list.section.hidden = false;
  const make = (tag, name, text = '') => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const [row, label, state, bar] = [make('li', ''), make('bdi', 'upload-name', path), make('span', 'dim'), make('progress', '')];
  const [button, offer] = [make('button', 'button', 'Cancel'), make('button', 'button')];
  [button.type, offer.type, offer.hidden, bar.value, bar.ariaLabel] = ['button', 'button', true, 0, `Upload of ${path}`];
  button.ariaLabel = `Cancel the upload of ${path}`;
  row.append(label, state, bar, offer, button);
  list.all.prepend(row);
  return {
    button,
    say: text => { state.textContent = text; },
    show: (done, all) => { bar.value = all ? done / all : 1; state.textContent = `${Math.floor(100 * bar.value)} %`; },
    offer: (text, act) => { [offer.hidden, offer.textContent, offer.onclick] = [!text, text ?? '', act]; },
    end: problem => {
      [state.textContent, bar.hidden, button.hidden, offer.hidden] = [problem || 'Done', true, true, true];
      row.className = problem ? 'failed' : 'done';
      [...list.all.querySelectorAll('.done')].slice(MOST_DONE).forEach(old => old.remove());
    },
  };
}

function listOf() {
  const section = document.createElement('section');
  [section.className, section.ariaLabel] = ['uploads', 'Uploads'];
  const [head, close] = [document.createElement('h2'), document.createElement('button')];
  const all = document.createElement('ul');
  const isBusy = () => waiting.length + running.size > 0;
  [close.className, close.type] = ['plain', 'button'];
  close.onclick = () => {
    if (isBusy()) {
      waiting.length = 0;
      running.forEach(upload => upload.cancel());
    } else {
      section.hidden = true;
      all.replaceChildren();
    }
  };
  all.setAttribute('aria-live', 'polite');
  section.append(head, close, all);
  document.body.append(section);
  return {
    section,
    all,
    count: () => {
      head.textContent = waiting.length > 0 ? `Uploads: ${waiting.length.toLocaleString('en')} more` : 'Uploads';
      close.textContent = isBusy() ? 'Cancel all' : 'Hide';
    },
  };
}
