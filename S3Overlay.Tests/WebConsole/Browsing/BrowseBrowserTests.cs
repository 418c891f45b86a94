using System.Text;

using Microsoft.Playwright;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.WebConsole.Browse;
using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>The page of buckets and objects in a real browser.</summary>
public sealed class BrowseBrowserTests(Browser browser) : BrowseTestBase, IClassFixture<Browser>
{
    [BrowserFact]
    public async Task Somebody_uploads_looks_downloads_and_deletes()
    {
        await PutAsync("folder/other.txt", "other");
        await using var window = await OpenAsync();
        var page = window.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "photos" }).ClickAsync();
        await page.Locator("[data-files]").SetInputFilesAsync(new FilePayload
            { Name = "<b>notes.json", MimeType = "application/json", Buffer = "{\"a\":1}"u8.ToArray() });
        await Assertions.Expect(page.Locator(".uploads li.done")).ToContainTextAsync("<b>notes.json");

        await page.GetByRole(AriaRole.Link, new() { Name = "<b>notes.json" }).ClickAsync();
        await Assertions.Expect(page.Locator(".preview pre")).ToContainTextAsync("\"a\": 1");
        await Assertions.Expect(page.Locator(".row.selected .layer-badge")).ToHaveTextAsync("written");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByText("Download", new() { Exact = true }).ClickAsync());
        Assert.Equal("{\"a\":1}", await File.ReadAllTextAsync(await download.PathAsync()));

        // The page of the object, and back.
        await page.GetByRole(AriaRole.Link, new() { Name = "Details" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("<b>notes.json");
        await page.GoBackAsync();
        await Assertions.Expect(page.Locator(".preview pre")).ToContainTextAsync("\"a\": 1");

        // The link is the place: another window shows the same.
        await page.GotoAsync(page.Url);
        await Assertions.Expect(page.Locator(".preview pre")).ToContainTextAsync("\"a\": 1");

        // An upload of the same name asks first.
        await page.Locator("[data-files]").SetInputFilesAsync(new FilePayload
            { Name = "<b>notes.json", MimeType = "application/json", Buffer = "[2]"u8.ToArray() });
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace it: <b>notes.json" }).ClickAsync();
        await Assertions.Expect(page.Locator(".uploads li.done")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".preview pre")).ToContainTextAsync("2");

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete it" }).ClickAsync();
        await Assertions.Expect(page.Locator(".panel")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator(".row .name")).ToHaveTextAsync(["folder/"]);
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/%3Cb%3Enotes.json")).Status);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task The_keyboard_goes_everywhere()
    {
        await PutAsync("a/one.txt", "one");
        await PutAsync("a/two.txt", "two");
        await PutAsync("b.txt", "b");
        await using var window = await OpenAsync();
        var page = window.Page;
        await Assertions.Expect(page.Locator(".rows .name")).ToHaveTextAsync(["photos"]);
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await FocusedAsync(page, "a/");
        await page.Keyboard.PressAsync("ArrowDown");
        await FocusedAsync(page, "b.txt");
        await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("Enter");
        await FocusedAsync(page, "one.txt");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".preview pre")).ToHaveTextAsync("two");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".panel")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Backspace");
        await Assertions.Expect(page.Locator(".rows .name")).ToHaveTextAsync(["a/", "b.txt"]);

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("b");
        await Assertions.Expect(page.Locator(".rows .name")).ToHaveTextAsync(["b.txt"]);
        Assert.EndsWith("/browse?bucket=photos&prefix=b", page.Url, StringComparison.Ordinal);
        await page.Keyboard.TypeAsync("ackspace");
        await Assertions.Expect(page.GetByText("No key starts with this.")).ToBeVisibleAsync();
        for (var letter = 0; letter < 9; letter++)
        {
            await page.Keyboard.PressAsync("Backspace");
        }

        await Assertions.Expect(page.Locator(".rows .name")).ToHaveTextAsync(["a/", "b.txt"]);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Any_key_is_shown_opened_and_downloaded()
    {
        foreach (var key in Keys)
        {
            await PutAsync(key, "content of " + key);
        }

        await using var window = await OpenAsync();
        var page = window.Page;
        foreach (var key in Keys)
        {
            await page.GotoAsync("/browse?" + new ProxyQuery().With("bucket", "photos").With("key", key));
            await Assertions.Expect(page.Locator(".row.selected .name")).ToHaveCountAsync(1);
            Assert.Equal("content of " + key, await page.Locator(".preview pre").TextContentAsync());
            Assert.Equal(KeyLinks.ObjectLink("photos", key), await page.GetByRole(AriaRole.Link, new() { Name = "Details" })
                .GetAttributeAsync("href"));
            Assert.Equal($"s3://photos/{key}", await page.Locator(".actions [data-copy]").First.GetAttributeAsync("data-copy"));
            var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("a[download]").ClickAsync());
            Assert.Equal("content of " + key, await File.ReadAllTextAsync(await download.PathAsync()));
            await page.GetByRole(AriaRole.Button, new() { Name = "Link", Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Make the link" }).ClickAsync();
            var isCollapsed = key.Split('/').Any(static segment => segment is "." or "..");
            await Assertions.Expect(page.Locator(".ask .command code"))
                .ToContainTextAsync(isCollapsed ? "curl --path-as-is" : "X-Amz-Expires=3600");
        }

        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_key_of_few_rights_browses_without_layers()
    {
        await PutAsync("a.txt", "content");
        await PutAsync("a.txt", "secret", bucket: "secrets");
        await using var window = await browser.OpenAsync(Address);
        await window.SignInAsync("reader", "reader-secret");
        var page = window.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "photos" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "a.txt" }).ClickAsync();
        await Assertions.Expect(page.Locator(".preview pre")).ToHaveTextAsync("content");
        Assert.Equal(0, await page.Locator(".layer-badge").CountAsync());
        Assert.Equal(0, await page.GetByText("Answered by").CountAsync());
        await page.GotoAsync("/browse?bucket=secrets");
        await Assertions.Expect(page.Locator(".problem")).ToContainTextAsync("AccessDenied");
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task An_object_that_cannot_be_read_can_be_deleted()
    {
        await PutAsync("other", "content");
        await SealAsync("sealed");
        await using var window = await OpenAsync();
        var page = window.Page;
        await page.GotoAsync("/browse?bucket=photos&key=sealed");
        await Assertions.Expect(page.Locator(".problem")).ToContainTextAsync("SSE-C");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete it" }).ClickAsync();
        await Assertions.Expect(page.Locator(".row .name")).ToHaveTextAsync(["other"]);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Many_rows_are_a_few_elements()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 2500), async (at, _) => await PutAsync($"key-{at:d5}", "x"));
        await using var window = await OpenAsync();
        var page = window.Page;
        await page.GotoAsync("/browse?bucket=photos");
        await Assertions.Expect(page.GetByText("key-00000")).ToBeVisibleAsync();
        for (var scrolls = 0; scrolls < 200 && await page.GetByText("key-02499").CountAsync() == 0; scrolls++)
        {
            await page.EvaluateAsync("document.querySelector('.rows').scrollTop = 1e9");
            Assert.InRange(await page.Locator(".row").CountAsync(), 0, 200);
            await page.WaitForTimeoutAsync(50);
        }

        await Assertions.Expect(page.GetByText("key-02499")).ToBeVisibleAsync();
        window.AssertNoTrouble();
    }

    private async Task<Window> OpenAsync()
    {
        var window = await browser.OpenAsync(Address);
        await window.SignInAsync();
        await window.Page.GotoAsync("/browse");
        return window;
    }

    private static Task FocusedAsync(IPage page, string name) =>
        Assertions.Expect(page.Locator(".row a.name:focus")).ToHaveTextAsync(name);
}
