// Before the first paint: light or dark as chosen last, else as the system has it. FluentUI keeps the choice.
(() => {
  const apply = () => {
    let mode;
    try { mode = JSON.parse(localStorage.getItem('fluentui-blazor:theme-settings') ?? '{}')?.mode; } catch { mode = undefined; }
    const isDark = mode ? mode === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  };
  window.applyConsoleTheme = apply;
  apply();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
})();
