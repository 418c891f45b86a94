// What works in the browser alone: copying, reloading, and the switch of light and dark in step with FluentUI.
document.addEventListener('click', async event => {
  const copy = event.target.closest?.('[data-copy]');
  if (copy) {
    await copyText(copy.dataset.copy);
    copy.classList.add('copied');
    setTimeout(() => copy.classList.remove('copied'), 1200);
    return;
  }
  if (event.target.closest?.('[data-reload]')) {
    event.preventDefault();
    location.reload();
  }
});

// A question takes the focus. When it is answered, the focus goes back to the button that asked, or to the top if that is gone, too.
let asker;
document.addEventListener('click', event => {
  const button = event.target.closest?.('button');
  asker = button && !button.closest('.confirm') ? button : asker;
}, true);
new MutationObserver(changes => {
  const isAnswered = changes.some(({ removedNodes }) =>
    [...removedNodes].some(node => node.matches?.('.confirm') || node.querySelector?.('.confirm')));
  if (isAnswered && document.activeElement === document.body) {
    const title = document.querySelector('h1');
    title?.setAttribute('tabindex', '-1');
    (asker?.isConnected && !asker.disabled ? asker : title)?.focus();
  }
}).observe(document.body, { childList: true, subtree: true });

// Browsers have no clipboard for pages over plain HTTP from another machine.
async function copyText(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text);
  }
  const area = Object.assign(document.createElement('textarea'), { value: text });
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

new MutationObserver(() => window.applyConsoleTheme()).observe(document.body, { attributes: true, attributeFilter: ['data-theme'] });
