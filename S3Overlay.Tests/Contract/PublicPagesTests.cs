using System.Net;
using System.Text.RegularExpressions;

using Microsoft.Playwright;

using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.WebConsole.Browsing;

namespace S3Overlay.Tests.Contract;

/// <summary>Listings as HTML for people without keys: only where the settings say so, and safe with any key.</summary>
[Trait("Rule", "A3")]
public sealed partial class PublicPagesTests(Browser browser) : IClassFixture<Browser>, IAsyncLifetime
{
    private static readonly (string, string) Page = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");

    private OverlayHost _proxy = null!;

    public async Task InitializeAsync()
    {
        _proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_ANONYMOUS_READ", "photos,open"),
            ("S3_OVERLAY_CONSOLE_PUBLIC", "photos"));
        foreach (var bucket in (string[])["/photos", "/open", "/closed"])
        {
            await _proxy.SendAsync("PUT", bucket);
        }

        await _proxy.SendAsync("PUT", "/photos/2024/a%20%26%20b.txt", "hello");
        await _proxy.SendAsync("PUT", "/photos/%3Cb%3E%22x", "hello");
        await _proxy.SendAsync("PUT", "/photos/up/%2E%2E/x", "hello");
    }

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Fact]
    public async Task People_see_a_page_and_programs_a_listing()
    {
        var page = await GetAsync("/photos", Page);
        Assert.Equal((200, "text/html; charset=utf-8"), (page.Status, page.Headers["Content-Type"]));
        Assert.Contains("default-src 'none'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers["X-Content-Type-Options"]);
        Assert.Equal(["/photos/", "/photos/?prefix=2024%2F", "/photos/%3Cb%3E%22x", "/photos/?prefix=up%2F"], LinksOf(page));
        Assert.DoesNotContain("<b>", page.Text, StringComparison.Ordinal);
        Assert.False(page.Headers.ContainsKey("x-s3overlay-layer"));
        foreach (var other in (RawResponse[])[await GetAsync("/photos", ("Accept", "*/*")), await GetAsync("/photos?list-type=2", Page),
            await _proxy.SendAsync("GET", "/photos", null, Page), await GetAsync("/open", Page)])
        {
            Assert.Equal(200, other.Status);
            Assert.Contains("<?xml", other.Text, StringComparison.Ordinal);
        }

        Assert.Equal(403, (await GetAsync("/closed", Page)).Status);
        Assert.Equal("hello", (await GetAsync("/photos/2024/a%20%26%20b.txt", Page)).Text);
    }

    [Fact]
    public async Task Prefixes_lead_down_and_a_key_that_a_browser_would_change_has_no_link()
    {
        Assert.Equal(["/photos/", "/photos/?prefix=2024%2F", "/photos/2024/a%20%26%20b.txt"],
            LinksOf(await GetAsync("/photos/?prefix=2024%2F", Page)));
        var up = await GetAsync("/photos/?prefix=up%2F..%2F", Page);
        Assert.Equal(["/photos/", "/photos/?prefix=up%2F", "/photos/?prefix=up%2F..%2F"], LinksOf(up));
        Assert.Contains("</svg><bdi>x</bdi></td>", up.Text, StringComparison.Ordinal);
        var script = (await GetAsync("/photos/?prefix=%22%3E%3Cscript%3E", Page)).Text;
        Assert.Contains("There is nothing here", script, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prefix_that_is_no_folder_shows_whole_names()
    {
        await _proxy.SendAsync("PUT", "/photos/2024/b", "x");
        var page = await GetAsync("/photos/?prefix=2024%2Fa", Page);
        Assert.Contains("<bdi>a &amp; b.txt</bdi>", page.Text, StringComparison.Ordinal);
        Assert.Equal(["/photos/", "/photos/?prefix=2024%2F", "/photos/2024/a%20%26%20b.txt"], LinksOf(page));
    }

    [Fact]
    public async Task A_name_that_turns_or_hides_a_part_of_itself_shows_it()
    {
        await _proxy.SendAsync("PUT", "/photos/odd/%E2%80%AEtxt%0A.exe", "x");
        var page = await GetAsync("/photos/?prefix=odd%2F", Page);
        Assert.Contains("<bdi><i>U+202E</i>txt<i>U+000A</i>.exe</bdi>", page.Text, StringComparison.Ordinal);
        Assert.Equal("/photos/odd/%E2%80%AEtxt%0A.exe", LinksOf(page)[^1]);
    }

    [Fact]
    public async Task By_a_host_of_the_bucket_no_link_leaves_it()
    {
        await _proxy.SendAsync("PUT", "/photos//elsewhere.example/x", "mine");
        var byHost = new SignedHttp(_proxy.Endpoint) { Host = $"photos.localhost:{_proxy.Endpoint.Port}" };
        var page = await byHost.SendUnsignedAsync("GET", "/?prefix=%2Felsewhere.example%2F", null, Page);
        Assert.Equal(["/", "/?prefix=%2F", "/?prefix=%2Felsewhere.example%2F", "/.//elsewhere.example/x"], LinksOf(page));
        var target = new Uri(new Uri($"http://{byHost.Host}/"), LinksOf(page)[^1]);
        Assert.Equal((byHost.Host, "//elsewhere.example/x"), (target.Authority, target.AbsolutePath));
        Assert.Equal("mine", (await byHost.SendUnsignedAsync("GET", target.AbsolutePath)).Text);
    }

    [Fact]
    public async Task A_head_describes_the_page_and_caches_keep_both()
    {
        var head = await _proxy.Http.SendUnsignedAsync("HEAD", "/photos", null, Page);
        Assert.Equal((200, "text/html; charset=utf-8", 0), (head.Status, head.Headers["Content-Type"], head.Body.Length));
        Assert.False((await _proxy.Http.SendUnsignedAsync("HEAD", "/photos")).Headers.ContainsKey("Content-Security-Policy"));
        Assert.Equal("Accept", (await GetAsync("/photos", Page)).Headers["Vary"]);
        Assert.Equal("Accept", (await GetAsync("/photos")).Headers["Vary"]);
        Assert.Equal(403, (await _proxy.Http.SendUnsignedAsync("HEAD", "/closed", null, Page)).Status);
    }

    [Fact]
    public async Task What_is_hidden_is_on_no_page()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_ANONYMOUS_READ", "photos,gone"),
            ("S3_OVERLAY_CONSOLE_PUBLIC", "photos,gone"), ("S3_OVERLAY_HIDE", "photos/private/,gone"), ("S3_OVERLAY_AUTH", "none"));
        await proxy.SendAsync("PUT", "/photos");
        await proxy.SendAsync("PUT", "/photos/a", "x");
        Assert.Equal(["/photos/", "/photos/a"], LinksOf(await proxy.Http.SendUnsignedAsync("GET", "/photos", null, Page)));
        var inside = await proxy.Http.SendUnsignedAsync("GET", "/photos?prefix=private%2F", null, Page);
        Assert.Contains("There is nothing here", inside.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await proxy.Http.SendUnsignedAsync("GET", "/gone", null, Page)).Status);

        // A signature, checked or not, is of a program.
        Assert.Contains("<?xml", (await proxy.SendAsync("GET", "/photos", null, Page)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_go_on_to_the_end()
    {
        for (var at = 0; at < PublicPages.PageSize + 5; at++)
        {
            await _proxy.SendAsync("PUT", $"/photos/many/{at:000}", "x");
        }

        HashSet<string> seen = [];
        for (var next = "/photos/?prefix=many%2F"; next is not null;)
        {
            var page = await GetAsync(next, Page);
            seen.UnionWith(LinksOf(page).Where(static link => link.StartsWith("/photos/many/", StringComparison.Ordinal)));
            next = page.Text.Contains("Next page", StringComparison.Ordinal) ? LinksOf(page).Last() : null;
        }

        Assert.Equal(PublicPages.PageSize + 5, seen.Count);
    }

    [BrowserFact]
    public async Task Somebody_without_a_key_finds_an_object()
    {
        await using var window = await browser.OpenAsync(_proxy.Endpoint);
        await window.Page.GotoAsync("/photos");
        await window.Page.GetByText("2024/").ClickAsync();
        await Assertions.Expect(window.Page).ToHaveTitleAsync("photos/2024/");
        await Assertions.Expect(window.Page.Locator("td a")).ToHaveTextAsync("a & b.txt");
        Assert.Equal("rgb(79, 91, 213)", await window.Page.EvaluateAsync<string>("getComputedStyle(document.querySelector('td a')).color"));
        window.AssertNoTrouble();
    }

    private Task<RawResponse> GetAsync(string target, params (string Name, string Value)[] headers) =>
        _proxy.Http.SendUnsignedAsync("GET", target, null, headers);

    private static List<string> LinksOf(RawResponse page) =>
        [.. Link().Matches(page.Text).Select(static link => WebUtility.HtmlDecode(link.Groups[1].Value))];

    [GeneratedRegex("<a href=\"([^\"]*)\"")]
    private static partial Regex Link();
}
