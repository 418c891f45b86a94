using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;

using Microsoft.Playwright;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>
/// All pages, light and dark, on a screen and on a phone: nothing breaks a rule of accessibility or is wider than the window. With
/// <c>S3OVERLAY_TEST_SCREENSHOTS</c>, each is a picture in that folder: those in the documentation come from there.
/// </summary>
public sealed class LooksTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private LivedInProxy _proxy = null!;

    private static string? Pictures =>
        Environment.GetEnvironmentVariable("S3OVERLAY_TEST_SCREENSHOTS") is { Length: > 0 } folder ? folder : null;

    public async Task InitializeAsync()
    {
        if (BrowserFactAttribute.Program is not null)
        {
            _proxy = await LivedInProxy.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }
    }

    [BrowserFact]
    public Task Every_page_is_right_on_a_light_screen() => LookAsync("light", 1440, 900, ColorScheme.Light);

    [BrowserFact]
    public Task Every_page_is_right_on_a_dark_screen() => LookAsync("dark", 1440, 900, ColorScheme.Dark);

    [BrowserFact]
    public Task Every_page_is_right_on_a_light_phone() => LookAsync("phone-light", 390, 844, ColorScheme.Light);

    [BrowserFact]
    public Task Every_page_is_right_on_a_dark_phone() => LookAsync("phone-dark", 390, 844, ColorScheme.Dark);

    private async Task LookAsync(string how, int width, int height, ColorScheme scheme)
    {
        await using var window = await browser.OpenAsync(_proxy.Console, width, height, scheme);
        var page = window.Page;
        var wrong = new List<string>();
        await page.GotoAsync("/sign-in");
        await LookAtAsync("sign-in");
        await window.SignInAsync();
        await page.WaitForSelectorAsync(".graph svg");
        await LookAtAsync("overview");

        await GoAsync("/browse", "a:has-text('photos')", "buckets");
        await GoAsync("/browse?bucket=photos", "a:has-text('notes.json')", "browse");
        await GoAsync("/browse?bucket=photos&key=notes.json", ".preview pre", "browse-preview");
        await GoAsync("/object?bucket=photos&key=holiday.mov", ".cell-coming", "object-fill");
        await GoAsync("/object?bucket=photos&key=config/app.yaml", ".line-ours", "object");
        await GoAsync("/changes?bucket=photos", "table.changes tbody tr", "changes");
        await page.ClickAsync(".toolbar button:has-text('Revert')");
        await page.GetByRole(AriaRole.Alertdialog).GetByText("will show the remote").WaitForAsync();
        await LookAtAsync("revert");
        await GoAsync("/cache", ".entries tbody tr", "cache");
        await page.GotoAsync("/requests");
        await Patience.UntilAsync(() => _proxy.Host.Services.Tail.IsWatched, "The page does not watch.");
        await _proxy.UseAsync();
        await Patience.UntilAsync(async () =>
        {
            // The page takes requests in as the proxy's clock goes on.
            _proxy.Wait();
            await page.WaitForTimeoutAsync(50);
            return await page.Locator(".requests tbody tr").CountAsync() >= 9;
        }, "The page does not show what it watches.");

        await LookAtAsync("requests");
        await GoAsync("/settings", "text=S3_OVERLAY_CONSOLE_URLS", "settings");
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));

        async Task GoAsync(string target, string ready, string name)
        {
            await page.GotoAsync(target);
            await page.WaitForSelectorAsync(ready);
            await LookAtAsync(name);
        }

        async Task LookAtAsync(string name)
        {
            if (Pictures is { } folder)
            {
                Directory.CreateDirectory(folder);
                await page.ScreenshotAsync(
                    new() { Path = Path.Combine(folder, $"{name}-{how}.png"), Animations = ScreenshotAnimations.Disabled });
            }

            var found = await page.RunAxe();
            wrong.AddRange(found.Violations.SelectMany(each => each.Nodes.Select(
                node => $"{name} {how}: {each.Id} ({each.Impact}) {each.Help}: {node.Html}")));
            var excess = await page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - innerWidth");
            if (excess > 0)
            {
                wrong.Add($"{name} {how}: {excess} pixels wider than the window");
            }
        }
    }
}
