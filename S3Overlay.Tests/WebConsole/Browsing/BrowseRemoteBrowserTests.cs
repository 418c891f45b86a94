using Microsoft.Playwright;

using S3Overlay.Tests.Support;

using static Microsoft.Playwright.Assertions;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>The Browse page over a remote, in a real browser.</summary>
public sealed class BrowseRemoteBrowserTests(Browser browser) : IClassFixture<Browser>
{
    [BrowserFact]
    public async Task Each_row_says_its_layer()
    {
        const int Chunk = 64 << 10;
        await using var proxy = await ChangedProxy.StartAsync(("S3_OVERLAY_CHUNK_SIZE", $"{Chunk}"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", $"{Chunk}"), ("S3_OVERLAY_READ_AHEAD_BYTES", "0"));
        proxy.Remote.Put("photos", "2024/c.mov", new byte[4 * Chunk]);
        proxy.Remote.Put("photos", "2024/d.jpg", "d"u8.ToArray());
        await proxy.DoAsync("GET", "/photos/2024/c.mov", null, ("Range", "bytes=0-9"));
        await proxy.DoAsync("GET", "/photos/2024/d.jpg");
        await proxy.DoAsync("PUT", "/photos/2024/e.txt", "written");
        await proxy.Host.WhenIdleAsync();
        await using var window = await browser.OpenAsync(proxy.Address);
        await window.SignInAsync();
        var page = window.Page;
        await page.GotoAsync("/browse?bucket=photos&prefix=2024/");
        await Expect(page.Locator(".layer-badge")).ToHaveTextAsync(["remote", "cached 25 %", "cached", "written"]);
        await page.GetByLabel("Show deleted").CheckAsync();
        await Expect(page.Locator(".layer-badge")).ToHaveTextAsync(["deleted", "remote", "cached 25 %", "cached", "written"]);

        // A table for those who do not see it, though most rows are not there.
        var table = page.GetByRole(AriaRole.Table, new() { Name = "Objects" });
        await Expect(table).ToHaveAttributeAsync("aria-rowcount", "6");
        Assert.Equal("6", await table.GetByRole(AriaRole.Row).Last.GetAttributeAsync("aria-rowindex"));

        // What is deleted here: its own page has the way back.
        await page.GetByRole(AriaRole.Link, new() { Name = "a.jpg" }).ClickAsync();
        await Expect(page.Locator(".panel")).ToContainTextAsync("Clients see no object with this key.");
        await page.GetByRole(AriaRole.Link, new() { Name = "What each layer has" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("a.jpg");
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_remote_that_hangs_holds_up_nothing_else()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Remote.Script = async (_, context) =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            return ScriptedOutcome.AsUsual;
        };
        await using var window = await browser.OpenAsync(proxy.Address);
        await window.SignInAsync();
        var page = window.Page;
        await page.GotoAsync("/browse?bucket=photos&key=2024/b.jpg");
        await Expect(page.GetByText("Waiting for the listing.")).ToBeVisibleAsync();
        await Expect(page.GetByText("Waiting for the object.")).ToBeVisibleAsync();

        // What is here needs no remote.
        await page.GotoAsync("/browse?bucket=photos&key=2025/new.txt");
        await Expect(page.Locator(".preview pre")).ToHaveTextAsync("hello");
        await page.GetByRole(AriaRole.Link, new() { Name = "Settings" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Settings");

        release.SetResult();
        await page.GotoAsync("/browse?bucket=photos&prefix=2024/");
        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["b.jpg"]);
        window.AssertNoTrouble();
    }
}
