using System.Net;

using Microsoft.Playwright;

using static Microsoft.Playwright.Assertions;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>What can go wrong between an archive and the revert of what is in it.</summary>
public sealed class RevertBrowserTests(Browser browser) : IClassFixture<Browser>
{
    /// <summary>More than connections buffer: an archive of it is not sent before it is read.</summary>
    private static readonly string Large = new('x', 48 << 20);

    [BrowserFact]
    public async Task A_cut_download_reverts_nothing_and_can_be_made_again()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await proxy.DoAsync("PUT", "/photos/app.yaml", Large);
        await using var window = await browser.OpenAsync(proxy.Address);
        var question = await AskAsync(window);
        using var taker = await TakerOf(window);
        var archive = await taker.BeginAsync();
        await Expect(question).ToContainTextAsync("Saved");
        await Expect(question.Locator("button.danger")).ToBeDisabledAsync();

        // Not two at a time. A browser stays where it is.
        using (var second = await taker.BeginAsync())
        {
            Assert.Equal(HttpStatusCode.NoContent, second.StatusCode);
        }

        archive.Dispose();
        await Expect(question).ToContainTextAsync("The archive is not complete: The download was cancelled.");
        await Expect(question.Locator("button.danger")).ToBeDisabledAsync();
        Assert.Null(await proxy.SeenAsync("2024/a.jpg"));

        await window.Page.RunAndWaitForDownloadAsync(
            () => question.Locator("button:has-text('Download the archive')").ClickAsync());
        await Expect(question).ToContainTextAsync("Sent an archive with 2 keys");
        await question.Locator("button.danger").ClickAsync();
        await Expect(question).ToContainTextAsync("Reverted 2 keys.");
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task A_stopped_download_ends_and_reverts_nothing()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await proxy.DoAsync("PUT", "/photos/app.yaml", Large);
        await using var window = await browser.OpenAsync(proxy.Address);
        var question = await AskAsync(window);
        using var taker = await TakerOf(window);
        using var archive = await taker.BeginAsync();
        await question.Locator("button:has-text('Stop')").ClickAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => archive.Content.CopyToAsync(Stream.Null));

        // Its link leads nowhere, and the page offers another.
        await Expect(question.Locator("button:has-text('Download the archive')")).ToBeVisibleAsync();
        using var again = await taker.BeginAsync();
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Null(await proxy.SeenAsync("2024/a.jpg"));
        window.AssertNoTrouble();
    }

    [BrowserFact]
    public async Task Signing_out_ends_a_download()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await proxy.DoAsync("PUT", "/photos/app.yaml", Large);
        await using var window = await browser.OpenAsync(proxy.Address);
        await AskAsync(window);
        using var taker = await TakerOf(window);
        using var archive = await taker.BeginAsync();
        Assert.Equal(HttpStatusCode.OK, archive.StatusCode);

        await window.Page.ClickAsync("button:has-text('Sign out')");
        await Expect(window.Page.Locator("#accessKey")).ToBeVisibleAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => archive.Content.CopyToAsync(Stream.Null));
        using var again = await taker.BeginAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        Assert.Null(await proxy.SeenAsync("2024/a.jpg"));
    }

    [BrowserFact]
    public async Task An_offer_is_for_the_session_of_its_page()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var window = await browser.OpenAsync(proxy.Address);
        await AskAsync(window);
        using var taker = await TakerOf(window);
        await using var other = await browser.OpenAsync(proxy.Address);
        await AskAsync(other);
        using var thief = await TakerOf(other, taker.Offer);

        using var stolen = await thief.BeginAsync();
        Assert.Equal(HttpStatusCode.NotFound, stolen.StatusCode);
        using var taken = await taker.BeginAsync();
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [BrowserFact]
    public async Task Two_windows_undo_a_change_once()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        await using var first = await browser.OpenAsync(proxy.Address);
        await using var second = await browser.OpenAsync(proxy.Address);
        var (one, two) = (await AskAsync(first), await AskAsync(second));
        foreach (var (window, question) in ((Window, ILocator)[])[(first, one), (second, two)])
        {
            await window.Page.RunAndWaitForDownloadAsync(
                () => question.Locator("button:has-text('Download the archive')").ClickAsync());
            await Expect(question).ToContainTextAsync("Sent an archive with 2 keys");
        }

        await one.Locator("button.danger").ClickAsync();
        await Expect(one).ToContainTextAsync("Reverted 2 keys.");
        await proxy.DoAsync("PUT", "/photos/app.yaml", "after the first");
        await two.Locator("button.danger").ClickAsync();
        await Expect(two).ToContainTextAsync("Nothing was reverted.");
        Assert.Equal("after the first", await proxy.SeenAsync("app.yaml"));
        first.AssertNoTrouble();
        second.AssertNoTrouble();
    }

    /// <summary>Signs in, and asks to revert all of the bucket.</summary>
    private static async Task<ILocator> AskAsync(Window window)
    {
        await window.SignInAsync();
        await window.Page.GotoAsync("/changes?bucket=photos");
        await window.Page.ClickAsync(".toolbar button:has-text('Revert')");
        var question = window.Page.GetByRole(AriaRole.Alertdialog);
        await Expect(question.Locator("button:has-text('Download the archive')")).ToBeVisibleAsync();
        return question;
    }

    /// <summary>Takes what a window offers, with its cookies, at a speed of the test's.</summary>
    private static async Task<Taker> TakerOf(Window window, string? offer = null)
    {
        var page = window.Page;
        var cookies = string.Join("; ", (await page.Context.CookiesAsync()).Select(static cookie => $"{cookie.Name}={cookie.Value}"));
        var form = page.Locator("form[action='/changes/archive']");
        return new(
            new Uri(new Uri(page.Url), "/changes/archive"), cookies,
            await form.Locator("[name=__RequestVerificationToken]").InputValueAsync(),
            offer ?? await form.Locator("[name=offer]").InputValueAsync());
    }

    private sealed class Taker(Uri url, string cookies, string token, string offer) : IDisposable
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false });

        public string Offer => offer;

        /// <summary>Sends the form, and returns once the response begins.</summary>
        public async Task<HttpResponseMessage> BeginAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url)
            {
                Content = new FormUrlEncodedContent(
                    new Dictionary<string, string> { ["__RequestVerificationToken"] = token, ["offer"] = offer }),
            };
            request.Headers.TryAddWithoutValidation("Cookie", cookies);
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }

        public void Dispose() => _http.Dispose();
    }
}
