using Microsoft.Playwright;

using S3Overlay.Tests.Support;

using static Microsoft.Playwright.Assertions;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>Changes in a real browser.</summary>
public sealed class ChangesBrowserTests(Browser browser) : IClassFixture<Browser>
{
    [BrowserFact]
    public async Task Changes_are_found_by_prefix_and_compared()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var window = await OpenAsync(proxy, "/changes");
        var page = window.Page;
        await Expect(page.Locator("table.changes tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator(".tile").First).ToContainTextAsync("3");

        await page.ClickAsync("table.changes a:has-text('photos')");
        await Expect(page.Locator("table.changes tbody tr")).ToHaveCountAsync(3);
        await page.ClickAsync("button[aria-label='Compare app.yaml']");
        var diff = page.Locator(".diff");
        await Expect(diff.Locator(".line-theirs .text")).ToHaveTextAsync("size: 10");
        await Expect(diff.Locator(".line-ours .text")).ToHaveTextAsync("size: 20");
        await Expect(diff.Locator(".sides tr.differs")).ToContainTextAsync("ETag");

        await page.ClickAsync("table.changes a:has-text('2024/')");
        await Expect(page.Locator("table.changes tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator(".kind-deleted")).ToBeVisibleAsync();
        await page.ClickAsync("summary:has-text('Send these changes')");
        await Expect(page.Locator(".promote .command").First).ToContainTextAsync("s3overlay promote photos/2024/ --dry-run");

        await page.FillAsync("form[role=search] input", "s3://photos/2025/");
        await page.PressAsync("form[role=search] input", "Enter");
        await Expect(page).ToHaveURLAsync(new Uri(proxy.Address, "/changes?bucket=photos&prefix=2025%2F").ToString());
        await Expect(page.Locator("table.changes tbody tr")).ToHaveCountAsync(1);
        await page.ClickAsync("table.changes a:has-text('new.txt')");
        await Expect(page.Locator("h1")).ToHaveTextAsync("new.txt");
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_revert_offers_an_archive_first_and_undoes_exactly_what_it_has()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var window = await OpenAsync(proxy, "/changes?bucket=photos");
        var page = window.Page;
        await page.ClickAsync(".toolbar button:has-text('Revert')");
        var question = page.GetByRole(AriaRole.Alertdialog);
        await Expect(question).ToContainTextAsync("2 keys will show the remote again.");
        await Expect(question).ToContainTextAsync("1 key will stay: not at the remote");
        var revert = question.Locator("button.danger");
        await Expect(revert).ToBeDisabledAsync();

        var download = await page.RunAndWaitForDownloadAsync(
            () => question.Locator("button:has-text('Download the archive')").ClickAsync());
        var archive = proxy.Folder["saved.tar"];
        await download.SaveAsAsync(archive);
        Assert.Matches("^changes-photos-[0-9]{8}-[0-9]{6}\\.tar$", download.SuggestedFilename);
        await Expect(question).ToContainTextAsync("Sent an archive with 2 keys");

        // What is written after the archive is not in it, and stays.
        await proxy.DoAsync("PUT", "/photos/app.yaml", "later");
        await revert.DblClickAsync();
        await Expect(question).ToContainTextAsync("Reverted 1 key. The remote shows again.");
        await Expect(question).ToContainTextAsync("1 key stayed: changed in the meantime");
        await Expect(question.Locator(".command")).ToContainTextAsync("s3overlay import changes-photos-");
        Assert.Equal(("later", "a"), (await proxy.SeenAsync("app.yaml"), await proxy.SeenAsync("2024/a.jpg")));

        await question.Locator("button:has-text('Close')").ClickAsync();
        await Expect(page.Locator("table.changes tbody tr")).ToHaveCountAsync(2);
        window.AssertNoTrouble();
        var (code, output) = await proxy.RunAsync("import", archive, "--yes", "--force");
        Assert.True(code == 0, output);
        Assert.Null(await proxy.SeenAsync("2024/a.jpg"));
    }

    [BrowserFact]
    public async Task The_keyboard_alone_reverts_a_key()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var window = await OpenAsync(proxy, "/changes?bucket=photos&prefix=2024%2F");
        var page = window.Page;
        var button = page.Locator("button[aria-label='Revert 2024/a.jpg']");
        await Expect(button).ToBeVisibleAsync();
        await TabToAsync(page, "Revert 2024/a.jpg");
        await page.Keyboard.PressAsync("Enter");
        var question = page.GetByRole(AriaRole.Alertdialog);
        await Expect(question.Locator("h2")).ToBeFocusedAsync();
        await Expect(question).ToContainTextAsync("1 key will show the remote again.");

        // No question is left behind by Escape, and the focus is where it was.
        await page.Keyboard.PressAsync("Escape");
        await Expect(question).ToHaveCountAsync(0);
        await Expect(button).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(question).ToContainTextAsync("1 key will show the remote again.");
        await TabToAsync(page, "Save what goes into an archive first");
        await page.Keyboard.PressAsync("Space");
        await Expect(question.Locator("button.danger")).ToBeEnabledAsync();
        await TabToAsync(page, "Revert 1 key");
        await page.Keyboard.PressAsync("Enter");
        await Expect(question).ToContainTextAsync("Reverted 1 key.");
        await TabToAsync(page, "Close");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("No changes here")).ToBeVisibleAsync();
        await Expect(page.Locator("h1")).ToBeFocusedAsync();
        Assert.Equal("a", await proxy.SeenAsync("2024/a.jpg"));
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Without_a_remote_nothing_is_a_change()
    {
        await using var proxy = await OverlayHost.StartOnAsync(new(), null, null, ("S3_OVERLAY_CONSOLE_URLS", "http://127.0.0.1:0"));
        await proxy.SendAsync("PUT", "/photos");
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/photos/a", "here")).Status);
        await using var window = await browser.OpenAsync(proxy.WebConsole!);
        await window.SignInAsync();
        var page = window.Page;
        foreach (var target in (string[])["/changes", "/changes?bucket=photos"])
        {
            await page.GotoAsync(target);
            await Expect(page.Locator(".empty")).ToContainTextAsync("no remote that");
        }

        await page.GotoAsync("/object?bucket=photos&key=a");
        await Expect(page.Locator(".tier-local.answers")).ToContainTextAsync("written");
        await Expect(page.Locator(".tier-remote")).ToContainTextAsync("no remote backs this key");
        await Expect(page.Locator("section[aria-label=Versions] tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("section[aria-label='Your change']")).ToHaveCountAsync(0);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_remote_that_does_not_answer_is_named_and_holds_nothing_up()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Remote.Script = async (_, context) =>
        {
            await open.Task.WaitAsync(context.RequestAborted);
            return ScriptedOutcome.AsUsual;
        };
        await using var window = await OpenAsync(proxy, "/changes?bucket=photos");
        var page = window.Page;
        await Expect(page.GetByText("It is slow, or does not answer.")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await page.ClickAsync("nav[aria-label=Pages] a:has-text('Settings')");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Settings");
        await page.ClickAsync("nav[aria-label=Pages] a:has-text('Changes')");
        await Expect(page.GetByText("Comparing with the remote…")).ToBeVisibleAsync();
        open.SetResult();
        await Expect(page.Locator("table.changes tbody tr")).ToHaveCountAsync(1);
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_remote_that_is_down_is_named()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        proxy.Remote.Script = static (_, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(ScriptedOutcome.Answered);
        };
        await using var window = await OpenAsync(proxy, "/changes?bucket=photos");
        await Expect(window.Page.Locator(".problem")).ToContainTextAsync("ServiceUnavailable", new() { Timeout = 20_000 });
        await Expect(window.Page.Locator(".toolbar button:has-text('Refresh')")).ToBeEnabledAsync();
        await window.Page.GotoAsync("/object?bucket=photos&key=app.yaml");
        await Expect(window.Page.Locator(".tier-local.answers")).ToContainTextAsync("written");
        await Expect(window.Page.Locator(".tier-remote .upstream")).ToContainTextAsync("failed", new() { Timeout = 20_000 });
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Script_in_keys_metadata_and_texts_is_text()
    {
        const string Evil = "<img src=x onerror=alert(1)>";
        await using var proxy = await ChangedProxy.StartAsync();
        await proxy.DoAsync("PUT", "/photos/" + Uri.EscapeDataString(Evil), Evil, ("x-amz-meta-note", Evil));
        await using var window = await OpenAsync(proxy, "/changes?bucket=photos");
        var page = window.Page;
        await page.ClickAsync("button[aria-label^='Compare <img']");
        await Expect(page.Locator(".line-ours .text")).ToHaveTextAsync(Evil);
        await Expect(page.Locator(".sides")).ToContainTextAsync("x-amz-meta-note");
        await page.ClickAsync($"table.changes a:has-text('{Evil}')");
        await Expect(page.Locator("h1")).ToHaveTextAsync(Evil);
        await Expect(page.Locator("section[aria-label=Metadata]")).ToContainTextAsync(Evil);
        Assert.Equal(0, await page.Locator("main img").CountAsync());
        window.AssertNoTrouble();
    }

    private async Task<Window> OpenAsync(ChangedProxy proxy, string target)
    {
        var window = await browser.OpenAsync(proxy.Address);
        await window.SignInAsync();
        await window.Page.GotoAsync(target);
        return window;
    }

    /// <summary>Presses Tab until the element with a text or label has the focus.</summary>
    private static async Task TabToAsync(IPage page, string label)
    {
        for (var presses = 0; presses < 60; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            var focused = await page.EvaluateAsync<string>(
                "document.activeElement === document.body ? '' : document.activeElement.ariaLabel "
                + "?? (document.activeElement.closest('label') ?? document.activeElement).innerText");
            if (focused.Contains(label, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"Tab does not reach \"{label}\".");
    }
}
