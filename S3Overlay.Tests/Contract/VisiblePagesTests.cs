using System.Text;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.FrontDoor;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Xml;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Listings without hidden names, of stores that do what few do, and of very many hidden keys.</summary>
[Trait("Rule", "A8")]
public sealed class VisiblePagesTests
{
    [Fact]
    public async Task Hidden_keys_are_skipped_at_once()
    {
        const int Many = 20_000;
        await using var remote = await ScriptedRemote.StartAsync();
        for (var at = 0; at < Many; at++)
        {
            remote.Put("bucket", $"h/{at:00000}", []);
        }

        foreach (var key in (string[])["a", "i", "j", "k"])
        {
            remote.Put("bucket", key, []);
        }

        await using var proxy = await OverlayHost.StartEmbeddedAsync(remote.Endpoint, ("S3_OVERLAY_HIDE", "bucket/h/"));
        foreach (var query in (string[])["list-type=2&max-keys=3", "max-keys=3", "versions&max-keys=3",
            "list-type=2&max-keys=3&delimiter=/", "list-type=2&max-keys=3&start-after=h/1"])
        {
            var before = remote.Requests.Count(IsListing);
            var root = S3XmlReader.Parse((await proxy.SendAsync("GET", "/bucket?" + query)).Body);
            Assert.Equal((query, query.Contains("start-after", StringComparison.Ordinal) ? "i j k" : "a i j"),
                (query, string.Join(' ', root.Elements().Select(static row => row.ChildText("Key")).OfType<string>())));
            Assert.InRange(remote.Requests.Count(IsListing) - before, 1, 4);
        }

        static bool IsListing(ScriptedRequest request) => request is { Method: "GET", Key: "" };
    }

    [Fact]
    public async Task A_later_page_of_the_service_has_its_say()
    {
        var root = await ListAsync("versions&max-keys=2", Page("h1", "h2"), ("x-s3overlay-local", "unavailable", Page("i")));
        Assert.Equal("unavailable", root.Headers["x-s3overlay-local"]);
        Assert.Equal("i", root.Document.Children("Version").Single().ChildText("Key"));
    }

    [Fact]
    public async Task A_store_that_does_not_go_on_is_no_end()
    {
        var failure = await Assert.ThrowsAsync<S3Exception>(
            () => ListAsync("versions&max-keys=2", Page("a"), ("", "", Page("a")), ("", "", "")));
        Assert.Equal(503, failure.Error.Status);
    }

    [Fact]
    public async Task Markers_that_a_store_lists_apart_are_in_their_place()
    {
        var root = await ListAsync("versions&max-keys=2", "<Version><Key>a</Key><VersionId>1</VersionId><LastModified>"
            + "2026-01-01T00:00:00Z</LastModified></Version><Version><Key>b</Key><VersionId>2</VersionId></Version>"
            + "<DeleteMarker><Key>a</Key><VersionId>3</VersionId><IsLatest>true</IsLatest></DeleteMarker>");
        Assert.Equal(["3", "1"], root.Document.Elements().Select(static row => row.ChildText("VersionId")).OfType<string>());
        Assert.Equal(("a", "1"), (root.Document.ChildText("NextKeyMarker"), root.Document.ChildText("NextVersionIdMarker")));
    }

    private static string Page(params string[] keys) => string.Concat(
        keys.Select(static key => $"<Version><Key>{key}</Key><VersionId>1</VersionId></Version>"));

    /// <summary>A listing where names with <c>h</c> are hidden, of a service with these pages.</summary>
    private static async Task<(XElement Document, IHeaderDictionary Headers)> ListAsync(
        string query, string first, params (string Header, string Value, string Rows)[] others)
    {
        var pages = new Queue<(string Header, string Value, string Rows)>([("", "", first), .. others]);
        var service = new Pages(pages);
        var response = new BufferedResponse();
        await new VisibleListings(service, new HiddenNames(["bucket/h"])).HandleAsync(
            S3Request.OfOverlay("test", S3Operation.ListObjectVersions, "GET", "bucket", "", query), response, CancellationToken.None);
        await response.FinishAsync(CancellationToken.None);
        return (S3XmlReader.Parse(response.Content), response.Headers);
    }

    private sealed class Pages(Queue<(string Header, string Value, string Rows)> pages) : IS3Service
    {
        public async Task HandleAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
        {
            var (header, value, rows) = pages.Dequeue();
            if (header.Length > 0)
            {
                response.Headers[header] = value;
            }

            await response.WriteAsync(Encoding.UTF8.GetBytes("<ListVersionsResult><IsTruncated>"
                + (pages.Count > 0 ? "true" : "false") + $"</IsTruncated>{rows}</ListVersionsResult>"), cancellationToken);
        }
    }
}
