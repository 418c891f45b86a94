using Microsoft.Playwright;

using S3Overlay.Tests.Support;

using static Microsoft.Playwright.Assertions;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>An object in a real browser.</summary>
public sealed class ObjectBrowserTests(Browser browser) : IClassFixture<Browser>
{
    private const int Chunk = 256 << 10;

    private static readonly (string, string)[] SmallChunks =
        [("S3_OVERLAY_CHUNK_SIZE", $"{Chunk}"), ("S3_OVERLAY_CHUNK_THRESHOLD", $"{Chunk}")];

    [BrowserFact]
    public async Task The_map_fills_while_a_fill_runs()
    {
        await using var proxy = await ChangedProxy.StartAsync(SmallChunks);
        proxy.Remote.Put("photos", "large", new byte[8 * Chunk]);
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Remote.Script = (request, _) => Task.FromResult(request is { Method: "GET", Key: "large" }
            ? new ScriptedOutcome { GateAfter = (3 * Chunk, open) } : ScriptedOutcome.AsUsual);
        await using var window = await OpenAsync(proxy, "large");
        var page = window.Page;
        await Expect(page.Locator(".verdict")).ToContainTextAsync("It is the remote's, and not cached.");

        await page.ClickAsync("button:has-text('Warm')");
        await page.GetByRole(AriaRole.Alertdialog).Locator("button:has-text('Warm')").ClickAsync();
        await Expect(page.Locator(".cell")).ToHaveCountAsync(8);
        await Expect(page.Locator(".cell-cached")).ToHaveCountAsync(3);
        await Expect(page.Locator(".cell-coming")).ToHaveCountAsync(5);
        await Expect(page.Locator(".confirm-progress")).ToContainTextAsync("768 KiB of 2.0 MiB");

        open.SetResult();
        await Expect(page.Locator(".cell-cached")).ToHaveCountAsync(8);
        await Expect(page.Locator(".outcome")).ToContainTextAsync("Brought 2.0 MiB into the cache.");
        await Expect(page.Locator(".tier-cache.answers")).ToBeVisibleAsync();

        // What a client fills shows, too.
        await page.ClickAsync("button:has-text('Evict')");
        await page.GetByRole(AriaRole.Alertdialog).Locator("button:has-text('Evict')").ClickAsync();
        await Expect(page.Locator(".outcome")).ToContainTextAsync("Evicted 2.0 MiB.");
        var read = await proxy.Host.SendAsync("GET", "/photos/large", null, ("Range", $"bytes={2 * Chunk}-{(2 * Chunk) + 9}"));
        Assert.Equal(206, read.Status);
        await Expect(page.Locator(".cell-cached")).Not.ToHaveCountAsync(0);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_pin_is_made_and_removed()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var window = await OpenAsync(proxy, "2024/b.jpg");
        var page = window.Page;
        await page.ClickAsync("button:has-text('Pin')");
        await page.GetByRole(AriaRole.Alertdialog).Locator("button:has-text('Pin')").ClickAsync();
        await Expect(page.Locator(".tier-cache .chip")).ToHaveTextAsync("pinned");
        await page.ClickAsync("button:has-text('Unpin')");
        await page.GetByRole(AriaRole.Alertdialog).Locator("button:has-text('Unpin')").ClickAsync();
        await Expect(page.Locator(".tier-cache .chip")).ToHaveCountAsync(0);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_changed_object_shows_its_change_metadata_and_tags_and_is_reverted()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await proxy.DoAsync("PUT", "/photos/app.yaml", "size: 30\n", ("x-amz-meta-who", "me"), ("x-amz-tagging", "stage=test"));
        await using var window = await OpenAsync(proxy, "app.yaml");
        var page = window.Page;
        await Expect(page.Locator(".verdict").First).ToContainTextAsync("It was written here, which wins over the remote.");
        await Expect(page.Locator("section[aria-label=Metadata]")).ToContainTextAsync("who");
        await Expect(page.Locator("section[aria-label=Tags]")).ToContainTextAsync("stage");
        await Expect(page.Locator("section[aria-label=Versions] tbody tr")).ToHaveCountAsync(1);
        var change = page.Locator("section[aria-label='Your change']");
        await Expect(change.Locator(".line-ours .text")).ToHaveTextAsync("size: 30");
        await change.Locator("button:has-text('Revert')").ClickAsync();
        var question = page.GetByRole(AriaRole.Alertdialog);
        await question.GetByLabel("Save what goes into an archive first").UncheckAsync();
        await question.Locator("button.danger").ClickAsync();
        await Expect(question).ToContainTextAsync("Reverted 1 key.");
        await question.Locator("button:has-text('Close')").ClickAsync();
        await Expect(change).ToHaveCountAsync(0);
        await Expect(page.Locator(".tier-local.answers")).ToHaveCountAsync(0);
        Assert.StartsWith("size: 10", await proxy.SeenAsync("app.yaml"), StringComparison.Ordinal);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_key_without_admin_sees_what_S3_shows_it()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var window = await browser.OpenAsync(proxy.Address);
        await window.SignInAsync("reader", "reader-secret");
        var page = window.Page;
        await page.GotoAsync("/object?bucket=photos&key=app.yaml");
        await Expect(page.Locator(".tile").First).ToContainTextAsync("29 B");
        await Expect(page.Locator("section[aria-label=Headers]")).ToContainTextAsync("Content-Type");
        await Expect(page.Locator("section[aria-label=Versions] tbody tr")).ToHaveCountAsync(1);
        var markup = await page.ContentAsync();
        foreach (var hidden in (string[])
            ["What clients see", "Your change", "Evict", "Revert", "Warm", ">Pin", "Changes", "x-s3overlay", "x-cache", "cached", "tier-"])
        {
            Assert.DoesNotContain(hidden, markup, StringComparison.OrdinalIgnoreCase);
        }

        window.AssertNoTrouble();
        await page.GotoAsync("/object?bucket=secret&key=app.yaml");
        await Expect(page.Locator(".problem").First).ToContainTextAsync("AccessDenied");
    }

    [BrowserFact]
    public async Task Any_key_has_a_page()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var window = await browser.OpenAsync(proxy.Address);
        await window.SignInAsync();
        var page = window.Page;
        foreach (var key in (string[])["../up", "a b+c%2e?#", "x//y/./z", "\u05e9\u05dc\u05d5\u05dd \ud83d\ude00", "new\nline", "dir/",
            new string('k', 1024), "//", "\u202egpj.exe"])
        {
            await proxy.DoAsync("PUT", "/photos/" + Uri.EscapeDataString(key), "any");
            await page.GotoAsync($"/object?bucket=photos&key={Uri.EscapeDataString(key)}");
            await Expect(page.Locator(".tile").First).ToContainTextAsync("3 bytes");
            await Expect(page.Locator(".verdict").First).ToContainTextAsync("written here");
            await Expect(page.Locator("section[aria-label=Versions] tbody tr")).ToHaveCountAsync(1);
        }

        await page.GotoAsync($"/object?bucket=photos&key={new string('k', 1025)}");
        await Expect(page.Locator(".problem").First).ToContainTextAsync("Keys have at most 1,024 bytes.");
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_remote_that_does_not_answer_leaves_the_rest_of_the_page_alive()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Remote.Script = async (_, context) =>
        {
            await open.Task.WaitAsync(context.RequestAborted);
            return ScriptedOutcome.AsUsual;
        };
        await using var window = await OpenAsync(proxy, "app.yaml");
        var page = window.Page;
        await Expect(page.Locator(".tile").First).ToContainTextAsync("29 B");
        await Expect(page.Locator(".tier-local")).ToContainTextAsync("written");
        await Expect(page.Locator(".tier-remote")).ToContainTextAsync("asking…");
        open.SetResult();
        await Expect(page.Locator(".tier-remote")).ToContainTextAsync("29 B");
        window.AssertNoTrouble();
    }

    private async Task<Window> OpenAsync(ChangedProxy proxy, string key)
    {
        var window = await browser.OpenAsync(proxy.Address);
        await window.SignInAsync();
        await window.Page.GotoAsync($"/object?bucket=photos&key={Uri.EscapeDataString(key)}");
        return window;
    }
}
