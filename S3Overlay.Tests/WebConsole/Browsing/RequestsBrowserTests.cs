using System.Text.RegularExpressions;

using Microsoft.Playwright;

using S3Overlay.Tests.Administration.Caching;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>The page of requests in a real browser.</summary>
public sealed class RequestsBrowserTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private CacheScene _scene = null!;

    public async Task InitializeAsync() => _scene = await CacheScene.StartAsync(
        settings: [("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0")]);

    public async Task DisposeAsync() => await _scene.DisposeAsync();

    [BrowserFact]
    public async Task Somebody_watches_filters_and_pauses()
    {
        _scene.Put(1000, "2024/a.jpg", "<i>x</i>");
        await using var window = await OpenAsync();
        var page = window.Page;
        var rows = page.Locator(".requests tbody tr");
        await _scene.ReadAsync("2024/a.jpg", "2024/a.jpg", "%3Ci%3Ex%3C%2Fi%3E");
        await _scene.Proxy.SendAsync("PUT", "/photos/mine", "mine");
        await _scene.Proxy.SendAsync("GET", "/photos/nothing");
        await Assertions.Expect(rows).ToHaveCountAsync(5);
        await Assertions.Expect(rows.First).ToContainTextAsync("NoSuchKey");
        await Assertions.Expect(rows.Nth(3)).ToContainTextAsync("hit");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "photos/<i>x</i>" })).ToHaveAttributeAsync(
            "href", "/object?bucket=photos&key=%3Ci%3Ex%3C%2Fi%3E");

        await page.GetByLabel("Status").SelectOptionAsync("4xx");
        await page.GetByLabel("Filter by bucket and prefix").FillAsync("photos/2025/");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("filter=photos%2F2025%2F"));
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("status=4xx"));
        await Patience.UntilAsync(async () =>
        {
            // When the page begins to watch, only the page knows.
            await _scene.Proxy.SendAsync("GET", "/photos/2026/none");
            await _scene.ReadAsync("2024/a.jpg");
            await _scene.Proxy.SendAsync("GET", "/photos/2025/none");
            await page.WaitForTimeoutAsync(100);
            return await rows.CountAsync() > 0;
        }, "The page does not show what it watches.");

        Assert.All(await rows.AllTextContentsAsync(), static row => Assert.Contains("photos/2025/none", row, StringComparison.Ordinal));

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.Locator(".tail-live")).ToHaveTextAsync("paused");
        await Patience.UntilAsync(() => !_scene.Proxy.Services.Tail.IsWatched, "A page that pauses watches.");
        await _scene.Proxy.SendAsync("GET", "/photos/2025/unseen");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Patience.UntilAsync(() => _scene.Proxy.Services.Tail.IsWatched, "A page that resumes does not watch.");
        await _scene.Proxy.SendAsync("GET", "/photos/2025/seen");
        await Assertions.Expect(rows.First).ToContainTextAsync("photos/2025/seen");
        await Assertions.Expect(rows.Nth(1)).ToContainTextAsync("paused");
        Assert.DoesNotContain(await rows.AllTextContentsAsync(), static row => row.Contains("unseen", StringComparison.Ordinal));
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_link_that_is_followed_before_the_page_has_its_connection_leads_on()
    {
        await using var window = await browser.OpenAsync(_scene.Proxy.WebConsole!);
        await window.SignInAsync();
        var page = window.Page;
        for (var round = 0; round < 10; round++)
        {
            // A connection takes this long, and longer at some of its steps.
            var wait = round * 15;
            await page.RouteAsync("**/_blazor/**", async route =>
            {
                await Task.Delay(wait);
                await route.ContinueAsync();
            });
            await page.GotoAsync("/", new() { WaitUntil = WaitUntilState.DOMContentLoaded });
            await page.ClickAsync("nav a[href=requests]");
            await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Requests");
            await page.UnrouteAllAsync(new() { Behavior = UnrouteBehavior.IgnoreErrors });
        }

        await Patience.UntilAsync(() => _scene.Proxy.Services.Tail.IsWatched, "The page does not watch.");
    }

    [BrowserFact]
    public async Task Many_requests_are_few_lines_and_the_rest_is_counted()
    {
        _scene.Put(10, "a");
        await using var window = await OpenAsync();
        var page = window.Page;
        await Parallel.ForEachAsync(Enumerable.Range(0, 3000), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (_, _) => await _scene.Proxy.SendAsync("HEAD", "/photos/a"));
        await Assertions.Expect(page.Locator(".tail-gap").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".lost-note")).ToContainTextAsync("not shown");
        Assert.InRange(await page.Locator(".requests tbody tr").CountAsync(), 1, 200);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Pages_share_a_tail_and_leave_none_behind()
    {
        await using (var first = await OpenAsync())
        {
            await _scene.Proxy.SendAsync("GET", "/photos/before");
            await Assertions.Expect(first.Page.Locator(".requests tbody tr")).ToHaveCountAsync(1);
            await using var second = await OpenAsync();

            // What others saw already is there at once.
            await Assertions.Expect(second.Page.Locator(".requests tbody tr")).ToHaveCountAsync(1);
            await _scene.Proxy.SendAsync("GET", "/photos/after");
            await Assertions.Expect(first.Page.Locator(".requests tbody tr")).ToHaveCountAsync(2);
            await Assertions.Expect(second.Page.Locator(".requests tbody tr")).ToHaveCountAsync(2);
            await first.Page.ClickAsync("nav a[href=settings]");
            await Assertions.Expect(first.Page.Locator("h1")).ToHaveTextAsync("Settings");
            await _scene.Proxy.SendAsync("GET", "/photos/alone");
            await Assertions.Expect(second.Page.Locator(".requests tbody tr")).ToHaveCountAsync(3);
            await second.Page.ClickAsync("nav a[href=settings]");
            await Patience.UntilAsync(() => !_scene.Proxy.Services.Tail.IsWatched, "No page looks, and the tail runs.");
        }
    }

    private async Task<Window> OpenAsync()
    {
        var window = await browser.OpenAsync(_scene.Proxy.WebConsole!);
        await window.SignInAsync();
        await window.Page.ClickAsync("nav a[href=requests]");
        await Assertions.Expect(window.Page.Locator("h1")).ToHaveTextAsync("Requests");
        await Patience.UntilAsync(() => _scene.Proxy.Services.Tail.IsWatched, "The page does not watch.");
        return window;
    }
}
