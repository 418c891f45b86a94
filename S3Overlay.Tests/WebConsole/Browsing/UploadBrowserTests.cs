using System.Text.RegularExpressions;

using Microsoft.Playwright;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.WebConsole.Browse;
using S3Overlay.WebConsole.Pages.Browse;

using static Microsoft.Playwright.Assertions;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>Uploads of the Browse page in a real browser.</summary>
public sealed class UploadBrowserTests(Browser browser) : BrowseTestBase, IClassFixture<Browser>
{
    [BrowserFact]
    public async Task The_keyboard_alone_uploads_looks_and_deletes()
    {
        await PutAsync("folder/old.txt", "old");
        await using var window = await OpenAsync("/browse");
        var (page, keyboard) = (window.Page, window.Page.Keyboard);
        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["photos"]);
        await keyboard.PressAsync("ArrowDown");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator(".row a.name:focus")).ToHaveTextAsync("folder/");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator(".row a.name:focus")).ToHaveTextAsync("old.txt");

        // Well before Enter: a busy page handles a key first, and the request to catch its file chooser after it.
        var choosing = page.WaitForFileChooserAsync();
        await TabAsync(page, "Shift+Tab", "[data-upload]");
        await keyboard.PressAsync("Enter");
        var chooser = await choosing;
        await chooser.SetFilesAsync(new FilePayload { Name = "new.txt", MimeType = "text/plain", Buffer = "new"u8.ToArray() });
        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["new.txt", "old.txt"]);

        await keyboard.PressAsync("ArrowDown");
        await Expect(page.Locator(".row a.name:focus")).ToHaveTextAsync("new.txt");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator(".preview pre")).ToHaveTextAsync("new");

        // A question has the focus, and Escape closes it alone.
        await TabAsync(page, "Tab", ".actions .danger");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator(".confirm h2")).ToBeFocusedAsync();
        await keyboard.PressAsync("Escape");
        await Expect(page.Locator(".confirm")).ToHaveCountAsync(0);
        await Expect(page.Locator(".actions .danger")).ToBeFocusedAsync();
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator(".confirm h2")).ToBeFocusedAsync();
        await TabAsync(page, "Tab", ".confirm .danger");
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator(".panel")).ToHaveCountAsync(0);
        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["old.txt"]);
        await Expect(page.Locator(".rows")).ToBeFocusedAsync();
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/folder/new.txt")).Status);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Files_and_folders_are_dropped()
    {
        await PutAsync("into/other", "content");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["album/2025"]);
        await File.WriteAllTextAsync(folder["album/2025/a b.txt"], "a");
        await File.WriteAllTextAsync(folder["album/b.json"], "{}");
        await File.WriteAllTextAsync(folder["c.txt"], "");
        await using var window = await OpenAsync("/browse?bucket=photos&prefix=into/");
        var page = window.Page;
        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["other"]);

        // As a file manager drags them.
        var session = await page.Context.NewCDPSessionAsync(page);
        await DragAsync("dragEnter");
        await DragAsync("dragOver");
        await Expect(page.Locator(".browse.dropping")).ToHaveAttributeAsync("data-into", "Drop to upload into photos/into/");
        await DragAsync("drop");

        await Expect(page.Locator(".browse.dropping")).ToHaveCountAsync(0);
        await Expect(page.Locator(".uploads li.done")).ToHaveCountAsync(3);
        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["album/", "c.txt", "other"]);
        foreach (var (key, text, type) in (
            (string, string, string)[])[("album/2025/a%20b.txt", "a", "text/plain"), ("album/b.json", "{}", "application/json"),
                ("c.txt", "", "text/plain")])
        {
            var written = await Proxy.SendAsync("GET", "/photos/into/" + key);
            Assert.Equal((200, text, type), (written.Status, written.Text, written.Headers["Content-Type"]));
        }

        window.AssertNoTrouble();

        Task DragAsync(string kind) => session.SendAsync("Input.dispatchDragEvent", new()
        {
            ["type"] = kind,
            ["x"] = 500,
            ["y"] = 400,
            ["data"] = new { items = Array.Empty<object>(), files = new[] { folder["album"], folder["c.txt"] }, dragOperationsMask = 1 },
        });
    }

    [BrowserFact]
    public async Task A_dropped_file_of_a_page_is_uploaded_and_text_is_not()
    {
        await PutAsync("other", "content");
        await using var window = await OpenAsync("/browse?bucket=photos");
        var page = window.Page;
        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["other"]);
        await page.EvaluateAsync(
            """
            () => {
              const [files, text] = [new DataTransfer(), new DataTransfer()];
              files.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
              text.setData('text/plain', 'text');
              for (const dataTransfer of [text, files]) {
                document.querySelector('.rows').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
              }
            }
            """);

        await Expect(page.Locator(".rows .name")).ToHaveTextAsync(["dropped.txt", "other"]);
        await Expect(page.Locator(".uploads li")).ToHaveCountAsync(1);
        Assert.Equal("dropped", (await Proxy.SendAsync("GET", "/photos/dropped.txt")).Text);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_huge_file_shows_its_progress_and_is_cancelled()
    {
        await PutAsync("other", "content");
        using var folder = new TemporaryFolder();
        await using (var file = File.Create(folder["huge.bin"]))
        {
            // Takes no room: nothing is written to it.
            file.SetLength(UploadSizes.LargestPut + 1);
        }

        await using var window = await OpenAsync("/browse?bucket=photos");
        var page = window.Page;
        await page.Locator("[data-files]").SetInputFilesAsync(folder["huge.bin"]);
        await Expect(page.Locator(".uploads progress")).Not.ToHaveJSPropertyAsync("value", 0);
        await Expect(page.Locator(".upload-state")).ToHaveTextAsync(new Regex("^[0-9]+ % of 5.0 GiB$"));
        await Patience.UntilAsync(async () => (await OpenUploadsAsync()).Contains("<Upload>"), "No upload begins.");

        // It goes on while another page is open.
        await page.GetByRole(AriaRole.Link, new() { Name = "Settings" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Settings");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel: huge.bin" }).ClickAsync();

        await Expect(page.Locator(".uploads li.stopped .upload-state")).ToHaveTextAsync("Cancelled");
        await Patience.UntilAsync(async () => !(await OpenUploadsAsync()).Contains("<Upload>"), "The parts stay.");
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/huge.bin")).Status);
        window.AssertNoTrouble();

        async Task<string> OpenUploadsAsync() => (await Proxy.SendAsync("GET", "/photos?uploads")).Text;
    }

    [BrowserFact]
    public async Task One_answer_replaces_all()
    {
        FilePayload[] files = [.. Enumerable.Range(0, 130).Select(static at => new FilePayload
            { Name = $"file {at}.txt", MimeType = "text/plain", Buffer = "new"u8.ToArray() })];
        await Parallel.ForEachAsync(files, async (file, _) => await PutAsync(file.Name, "old"));
        await using var window = await OpenAsync("/browse?bucket=photos");
        var page = window.Page;
        await page.Locator("[data-files]").SetInputFilesAsync(files);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Replace all 130" })).ToBeVisibleAsync();
        Assert.InRange(await page.Locator(".uploads li").CountAsync(), 1, 100);
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep it: file 0.txt", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace all 129" }).ClickAsync();

        await Expect(page.Locator(".uploads-head .dim")).ToHaveTextAsync("129 done, 1 not uploaded");
        Assert.Equal("old", (await Proxy.SendAsync("GET", "/photos/file%200.txt")).Text);
        Assert.Equal("new", (await Proxy.SendAsync("GET", "/photos/file%20129.txt")).Text);
        await page.GetByRole(AriaRole.Button, new() { Name = "Close", Exact = true }).ClickAsync();
        await Expect(page.Locator(".uploads")).ToBeHiddenAsync();
        window.AssertNoTrouble();
    }

    private async Task<Window> OpenAsync(string target)
    {
        var window = await browser.OpenAsync(Address);
        await window.SignInAsync();
        await window.Page.GotoAsync(target);
        await Expect(window.Page.Locator(".rows")).ToBeVisibleAsync();
        return window;
    }

    /// <summary>Presses a key until an element has the focus, as without a mouse.</summary>
    private static async Task TabAsync(IPage page, string key, string selector)
    {
        for (var presses = 0; presses < 20 && await page.Locator($"{selector}:focus").CountAsync() == 0; presses++)
        {
            await page.Keyboard.PressAsync(key);
        }

        await Expect(page.Locator(selector)).ToBeFocusedAsync();
    }
}
