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
