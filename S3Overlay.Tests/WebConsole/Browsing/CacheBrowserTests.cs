using Microsoft.Playwright;

using S3Overlay.Tests.Administration.Caching;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>The page of the cache in a real browser.</summary>
public sealed class CacheBrowserTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private CacheScene _scene = null!;

    public async Task InitializeAsync() => _scene = await CacheScene.StartAsync(
        settings: [("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0"), ("S3_OVERLAY_CACHE_MAX_BYTES", "20MiB")]);

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [BrowserFact]
    public async Task Somebody_pins_unpins_and_evicts()
    {
        _scene.Put(300_000, "2024/a.jpg", "2024/<b>x</b>.jpg", "2025/c.jpg");
        _scene.Put(5 * CacheScene.Chunk, "2024/video.mp4");
        await _scene.ReadAsync("2024/a.jpg", "2024/%3Cb%3Ex%3C%2Fb%3E.jpg", "2025/c.jpg");
        await _scene.ReadRangeAsync("2024/video.mp4", "bytes=0-9");
        await using var window = await OpenAsync();
        var page = window.Page;
        var rows = page.Locator(".entries tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(4);
        await Assertions.Expect(rows.Filter(new() { HasText = "photos/2024/video.mp4" })).ToContainTextAsync("64 KiB of 1.3 MiB");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "photos/2024/a.jpg" })).ToHaveAttributeAsync(
            "href", "/object?bucket=photos&key=2024%2Fa.jpg");
        await Assertions.Expect(page.GetByText("photos/2024/<b>x</b>.jpg", new() { Exact = true })).ToBeVisibleAsync();

        // The order, and a filter that a link keeps.
        await page.GetByLabel("Order of the entries").SelectOptionAsync("largest first");
        await Assertions.Expect(rows.Last).ToContainTextAsync("video.mp4");
        await page.GetByLabel("Filter by bucket and prefix").FillAsync("photos/2024/");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(rows).ToHaveCountAsync(3);
        await page.ReloadAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(3);

        await page.GetByLabel("Pin photos/2024/a.jpg").ClickAsync();
        await Assertions.Expect(page.Locator(".pins tbody tr")).ToContainTextAsync("photos/2024/a.jpg");
        await Assertions.Expect(rows.Filter(new() { HasText = "a.jpg" })).ToContainTextAsync("pinned");
        Assert.Single(await _scene.ListAsync("pins"));
        await page.Locator(".entries").GetByLabel("Unpin photos/2024/a.jpg").ClickAsync();
        await Assertions.Expect(page.Locator(".pins")).ToHaveCountAsync(0);

        await page.GetByLabel("Evict photos/2024/a.jpg").ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(2);

        // All that is shown, after a question.
        await page.GetByText("Evict photos/2024/…").ClickAsync();
        await Assertions.Expect(page.GetByText("Evict 2 entries of photos/2024/")).ToBeVisibleAsync();
        await Button(page, "Cancel").ClickAsync();
        Assert.Equal(3, (await _scene.ListAsync("cached?all=true")).Length);
        await page.GetByText("Evict photos/2024/…").ClickAsync();
        await Button(page, "Evict").ClickAsync();
        await Assertions.Expect(page.GetByText("Evicted 2 entries")).ToBeVisibleAsync();
        Assert.Equal("2025/c.jpg", Assert.Single(await _scene.ListAsync("cached?all=true")).GetProperty("key").GetString());
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Somebody_warms_a_prefix_and_stops_halfway()
    {
        _scene.Put(1000, "few/a", "few/b");
        _scene.Put(1000, [.. Enumerable.Range(0, 40).Select(static at => $"many/{at}")]);
        var stuck = new TaskCompletionSource();
        _scene.Remote.Script = async (request, context) =>
        {
            if (request.Key.StartsWith("many/3", StringComparison.Ordinal))
            {
                await stuck.Task.WaitAsync(context.RequestAborted);
            }

            return ScriptedOutcome.AsUsual;
        };
        await using var window = await OpenAsync();
        var page = window.Page;
        await page.GetByLabel("What to bring in or pin").FillAsync("photos/few/");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Brought 2 objects (2.0 KiB).")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".entries tbody tr")).ToHaveCountAsync(2);

        await page.GetByLabel("What to bring in or pin").FillAsync("photos/many/");
        await Button(page, "Warm").ClickAsync();
        await Assertions.Expect(page.GetByText("Warming photos/many/")).ToBeVisibleAsync();
        await Button(page, "Stop").ClickAsync();
        await Assertions.Expect(page.GetByText("Stopped photos/many/")).ToBeVisibleAsync();
        stuck.SetResult();
        await page.GetByLabel("What to bring in or pin").FillAsync("nothing/");
        await Button(page, "Warm").ClickAsync();
        await Assertions.Expect(page.Locator(".problem")).ToBeVisibleAsync();
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Pages_go_on_and_back()
    {
        await _scene.Proxy.WhenIdleAsync();
        _scene.Put(10, [.. Enumerable.Range(0, 250).Select(static at => $"k{at:000}")]);
        await _scene.DoAsync("warm?bucket=photos");
        await _scene.Proxy.WhenIdleAsync();
        await using var window = await OpenAsync();
        var page = window.Page;
        foreach (var order in (string[])["name", "largest first"])
        {
            await page.GetByLabel("Order of the entries").SelectOptionAsync(order);
            await Assertions.Expect(page.Locator(".pager")).ToContainTextAsync("1–100");
            await Button(page, "Next").ClickAsync();
            await Assertions.Expect(page.Locator(".pager")).ToContainTextAsync("101–200");
            await Button(page, "Next").ClickAsync();
            await Assertions.Expect(page.Locator(".pager")).ToContainTextAsync("201–250");
            await Assertions.Expect(Button(page, "Next")).ToBeDisabledAsync();
            await Button(page, "Previous").ClickAsync();
            await Assertions.Expect(page.Locator(".pager")).ToContainTextAsync("101–200");
        }

        await Assertions.Expect(page.Locator(".entries tbody tr")).ToHaveCountAsync(100);
        window.AssertNoTrouble();
    }

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private async Task<Window> OpenAsync()
    {
        var window = await browser.OpenAsync(_scene.Proxy.WebConsole!);
        await window.SignInAsync();
        await window.Page.ClickAsync("nav a[href=cache]");
        await Assertions.Expect(window.Page.Locator("h1")).ToHaveTextAsync("Cache");
        await window.Page.WaitForSelectorAsync(".entries, .empty");
        return window;
    }
}
