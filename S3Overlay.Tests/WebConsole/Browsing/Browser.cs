using Microsoft.Playwright;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>A browser for the tests of a class. Each test has a window with cookies of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>The browser is not to ask anyone for anything but the console.</summary>
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        // Fixtures are made before it is known that their tests are skipped.
        if (BrowserFactAttribute.Program is { } program)
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = Arguments });
        }
    }

    public async Task DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? default);
        _playwright?.Dispose();
    }

    /// <summary>Opens a window on a console, and notes all that goes wrong in it.</summary>
    internal async Task<Window> OpenAsync(Uri console, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light) =>
        await Window.OpenAsync(await _browser!.NewContextAsync(new()
        {
            BaseURL = console.ToString(),
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = scheme,
        }), console);
}

/// <summary>A window of a browser.</summary>
internal sealed class Window : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _troubles = [];

    private Window(IBrowserContext context, IPage page) => (_context, Page) = (context, page);

    public IPage Page { get; }

    public static async Task<Window> OpenAsync(IBrowserContext context, Uri console)
    {
        var page = await context.NewPageAsync();
        var window = new Window(context, page);
        page.Console += (_, message) => window.Note(message.Type is "error" or "warning", $"console: {message.Text}");
        page.PageError += (_, error) => window.Note(true, $"error: {error}");
        page.Response += (_, response) => window.Note(response.Status >= 400, $"{response.Status} {response.Url}");
        page.Request += (_, request) => window.Note(
            !request.Url.StartsWith(console.ToString(), StringComparison.Ordinal)
                && !request.Url.StartsWith("data:", StringComparison.Ordinal),
            $"foreign: {request.Url}");
        return window;
    }

    /// <summary>Signs in with the form.</summary>
    public async Task SignInAsync(string accessKey = "minioadmin", string secretKey = "minioadmin")
    {
        await Page.GotoAsync("/sign-in");
        await Page.FillAsync("#accessKey", accessKey);
        await Page.FillAsync("#secretKey", secretKey);
        await Page.ClickAsync("button[type=submit]");
        await Page.WaitForSelectorAsync("main h1");
    }

    /// <summary>Fails if a script failed, a policy stopped something, or the browser asked anyone else for anything.</summary>
    public void AssertNoTrouble()
    {
        lock (_troubles)
        {
            Assert.Empty(_troubles);
        }
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private void Note(bool isTrouble, string what)
    {
        if (isTrouble)
        {
            lock (_troubles)
            {
                _troubles.Add(what);
            }
        }
    }
}
