using Microsoft.Playwright;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>The first page in a real browser.</summary>
public sealed class OverviewBrowserTests(Browser browser) : IClassFixture<Browser>
{
    [BrowserFact]
    public async Task Somebody_signs_in_sees_live_numbers_and_switches_to_dark()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0"));
        await using var window = await browser.OpenAsync(proxy.WebConsole!);
        await window.SignInAsync();
        var page = window.Page;
        await Assertions.Expect(page).ToHaveTitleAsync("Overview · S3Overlay");
        await Assertions.Expect(page.GetByText("Nothing was requested yet")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("nav a.active")).ToHaveTextAsync("Overview");

        // The numbers are of now: they change without a reload.
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        await Assertions.Expect(page.Locator(".tile").First).ToContainTextAsync("1 in all");
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/key", "content")).Status);
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Durations" }).Locator("tbody tr").Last)
            .ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^writes[\d.]+ [µm]?s[\d.]+ [µm]?s$"));

        var light = await BackgroundAsync(page);
        await page.ClickAsync("#theme");
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        Assert.NotEqual(light, await BackgroundAsync(page));

        // The choice stays.
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");

        await page.ClickAsync("nav a[href=settings]");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Settings");
        await Assertions.Expect(page.GetByText("S3_OVERLAY_CONSOLE_URLS").First).ToBeVisibleAsync();
        window.AssertNoTrouble();

        await page.ClickAsync("button:has-text('Sign out')");
        await Assertions.Expect(page).ToHaveTitleAsync("Sign in · S3Overlay");
    }

    private static Task<string> BackgroundAsync(IPage page) =>
        page.EvaluateAsync<string>("getComputedStyle(document.querySelector('.card')).backgroundColor");
}
