using System.Net;
using System.Text.RegularExpressions;

using S3Overlay.WebConsole.Assets;

namespace S3Overlay.Tests.WebConsole;

/// <summary>What is in pages, and in the headers of their responses.</summary>
public sealed partial class PageTests : ConsoleTestBase
{
    [Fact]
    public async Task No_page_names_another_host()
    {
        var client = await SignedInAsync();
        foreach (var page in ConsolePages.All.Append("/sign-in").Append("/nothing"))
        {
            using var response = await client.GetAsync(page);
            var urls = ForeignUrl().Matches(await response.Content.ReadAsStringAsync()).Select(static url => url.Value);
            Assert.DoesNotContain(urls, url => !url.Contains(Address.Authority, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Scripts_run_by_a_nonce_that_is_never_the_same()
    {
        var client = await SignedInAsync();
        HashSet<string> nonces = [];
        foreach (var page in ConsolePages.All.Append("/sign-in"))
        {
            using var response = await (page == "/sign-in" ? NewClient() : client).GetAsync(page);
            var policy = response.Headers.GetValues("Content-Security-Policy").Single();
            var nonce = Nonce().Match(policy).Groups[1].Value;
            Assert.True(nonces.Add(nonce));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("eval", policy, StringComparison.Ordinal);
            var text = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
            Assert.All(Script().Matches(text), script => Assert.Contains($"nonce=\"{nonce}\"", script.Value, StringComparison.Ordinal));
            Assert.DoesNotMatch(Handler(), text);
            Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("same-origin", response.Headers.GetValues("Cross-Origin-Opener-Policy").Single());
            Assert.True(response.Headers.CacheControl!.NoStore);
        }
    }

    [Fact]
    public async Task A_key_without_admin_sees_nothing_of_the_administrators_pages()
    {
        var client = await SignedInAsync("reader", "reader-secret");
        using (var first = await client.GetAsync("/"))
        {
            Assert.Equal("/browse", first.Headers.Location!.ToString());
        }

        foreach (var page in ConsolePages.ForAdministrators.Where(static page => page != "/"))
        {
            using var response = await client.GetAsync(page);
            Assert.Equal((page, HttpStatusCode.Forbidden), (page, response.StatusCode));
        }

        foreach (var page in ConsolePages.All.Except(ConsolePages.ForAdministrators))
        {
            var text = await client.PageAsync(page);
            Assert.DoesNotContain("Overview", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("Settings", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Assets_are_cached_by_their_content_and_small()
    {
        var client = NewClient();
        var total = 0L;
        foreach (var url in AssetUrls.Styles.Append(AssetUrls.Of(AssetUrls.Blazor)).Append(AssetUrls.Of(AssetUrls.FluentUI)))
        {
            using var response = await client.SendAsync(HttpMethod.Get, url, ("Accept-Encoding", "gzip"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Contains("immutable", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
            Assert.Equal("gzip", response.Content.Headers.ContentEncoding.Single());
            total += (await response.Content.ReadAsByteArrayAsync()).Length;
            using var again = await client.SendAsync(HttpMethod.Get, url, ("If-None-Match", response.Headers.ETag!.ToString()));
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            using var plain = await client.SendAsync(HttpMethod.Get, url.Split('?')[0]);
            Assert.Equal("no-cache", plain.Headers.CacheControl!.ToString());
            Assert.NotEmpty(await plain.Content.ReadAsStringAsync());
        }

        Assert.InRange(total, 100_000, 1_000_000);
    }

    [GeneratedRegex("https?://[a-zA-Z0-9][^\"'\\s<]*|(src|href|action)=[\"']?//[^\"'\\s>]*")]
    private static partial Regex ForeignUrl();

    [GeneratedRegex("'nonce-([^']+)'")]
    private static partial Regex Nonce();

    [GeneratedRegex("<script[^>]*>")]
    private static partial Regex Script();

    [GeneratedRegex("<[^>]*\\son[a-z]+=")]
    private static partial Regex Handler();
}
