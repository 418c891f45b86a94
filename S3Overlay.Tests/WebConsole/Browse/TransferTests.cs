using System.Net;
using System.Text;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Pages.Browse;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>Uploads and downloads of the console: what arrives, and who may.</summary>
public sealed class TransferTests : BrowseTestBase
{
    [Theory]
    [InlineData("GET", "/browse/download?bucket=photos&key=a")]
    [InlineData("HEAD", "/browse/download?bucket=photos&key=a")]
    [InlineData("GET", "/browse/image?bucket=photos&key=a")]
    [InlineData("GET", "/browse/exists?bucket=photos&key=a")]
    [InlineData("PUT", "/browse/upload?bucket=photos&key=a")]
    public async Task Without_a_session_or_from_another_origin_nothing_answers(string method, string target)
    {
        await PutAsync("a", "content");
        using var stranger = await NewClient().SendAsync(new(method), target, ("Accept", "*/*"));
        var client = await SignedInAsync();
        using var foreign = await client.SendAsync(new(method), target, ("Origin", Proxy.Endpoint.ToString().TrimEnd('/')));
        using var embedded = await client.SendAsync(new(method), target, ("Sec-Fetch-Site", "same-site"));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden),
            (stranger.StatusCode, foreign.StatusCode, embedded.StatusCode));
    }

    [Fact]
    public async Task An_upload_needs_the_token_of_the_page()
    {
        await PutAsync("a", "before");
        var client = await SignedInAsync();
        foreach (var headers in ((string, string)[][])[[], [("RequestVerificationToken", "made-up")], [("RequestVerificationToken", "")]])
        {
            using var form = new FormUrlEncodedContent(new Dictionary<string, string>
                { ["__RequestVerificationToken"] = ConsoleClient.TokenOf(await client.PageAsync("/browse")) });
            using var response = await client.SendAsync(HttpMethod.Put, Upload("photos", "a") + "&replace=true", form, headers);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }

        Assert.Equal("before", (await Proxy.SendAsync("GET", "/photos/a")).Text);
    }

    [Fact]
    public async Task An_upload_replaces_only_if_it_says_so()
    {
        await PutAsync("other", "content");
        var client = await SignedInAsync();
        using (var first = await UploadAsync(client, Upload("photos", "a.css"), new ByteArrayContent("one"u8.ToArray()), type: null))
        {
            Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        }

        using (var second = await UploadAsync(client, Upload("photos", "a.css"), "two"))
        {
            Assert.Equal(HttpStatusCode.PreconditionFailed, second.StatusCode);
        }

        var written = await Proxy.SendAsync("GET", "/photos/a.css");
        Assert.Equal(("one", "text/css"), (written.Text, written.Headers["Content-Type"]));
        Assert.Equal("true", await client.PageAsync("/browse/exists" + Query("photos", "a.css")));
        Assert.Equal("false", await client.PageAsync("/browse/exists" + Query("photos", "b.css")));
        using var replacing = await UploadAsync(client, Upload("photos", "a.css") + "&replace=true", "three");
        Assert.Equal((HttpStatusCode.NoContent, "three"),
            (replacing.StatusCode, (await Proxy.SendAsync("GET", "/photos/a.css")).Text));
    }

    [Fact]
    public async Task A_key_has_its_own_rights()
    {
        await PutAsync("a", "content");
        await PutAsync("a", "secret", bucket: "secrets");
        var client = await SignedInAsync("reader", "reader-secret");

        Assert.Equal("content", await client.PageAsync(Download("photos", "a")));
        using var secret = await client.GetAsync(Download("secrets", "a"));
        using var image = await client.GetAsync("/browse/image" + Query("secrets", "a"));
        using var upload = await UploadAsync(client, Upload("photos", "b"), "mine");
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden),
            (secret.StatusCode, image.StatusCode, upload.StatusCode));
        Assert.Equal("false", await client.PageAsync("/browse/exists" + Query("secrets", "a")));
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/b")).Status);
    }

    [Theory]
    [MemberData(nameof(OddKeys))]
    public async Task Any_key_is_uploaded_and_downloaded_as_it_is(string key)
    {
        await PutAsync("other", "content");
        var client = await SignedInAsync();
        using (var upload = await UploadAsync(client, Upload("photos", key), "content of " + key))
        {
            Assert.Equal(HttpStatusCode.NoContent, upload.StatusCode);
        }

        var page = await new RowSource(GatewayOf(), withLayers: true).ReadAsync(
            new BrowsePlace("photos", key[..(key.LastIndexOf('/') + 1)]), withDeleted: false, "", CancellationToken.None);
        Assert.Contains(page.Rows, row => row.Name == key);
        using var download = await client.GetAsync(Download("photos", key));
        Assert.Equal("content of " + key, await download.Content.ReadAsStringAsync());
        var name = download.Content.Headers.ContentDisposition!.FileNameStar!;
        Assert.DoesNotMatch("[/\\\\\\p{C}-[\\u200d\\p{Cs}]]", name);
        Assert.NotEqual("..", name);
    }

    [Theory]
    [InlineData("page.html", "text/html")]
    [InlineData("image.svg", "image/svg+xml")]
    [InlineData("script.js", "text/javascript")]
    public async Task A_download_is_saved_and_never_shown(string key, string type)
    {
        await PutAsync(key, "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", type);
        using var response = await (await SignedInAsync()).GetAsync(Download("photos", key));

        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        AssertIsolated(response);
    }

    [Fact]
    public async Task A_download_can_be_continued()
    {
        await PutAsync("a", "0123456789");
        var client = await SignedInAsync();
        using var range = await client.SendAsync(HttpMethod.Get, Download("photos", "a"), ("Range", "bytes=4-"));
        using var past = await client.SendAsync(HttpMethod.Get, Download("photos", "a"), ("Range", "bytes=99-"));
        using var none = await client.GetAsync(Download("photos", "none"));

        Assert.Equal((HttpStatusCode.PartialContent, "456789"), (range.StatusCode, await range.Content.ReadAsStringAsync()));
        Assert.Equal("bytes 4-9/10", range.Content.Headers.ContentRange!.ToString());
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, past.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        AssertIsolated(none);
        Assert.StartsWith("NoSuchKey: ", await none.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image/png", "<html><script>alert(1)</script>", null)]
    [InlineData("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", null)]
    [InlineData("text/html", "GIF89a/*<script>alert(1)</script>*/=1", "image/gif")]
    public async Task An_image_is_what_its_bytes_say(string type, string content, string? expected)
    {
        await PutAsync("a.png", content, type);
        using var response = await (await SignedInAsync()).GetAsync("/browse/image" + Query("photos", "a.png"));

        Assert.Equal(expected is null ? HttpStatusCode.UnsupportedMediaType : HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected ?? "text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        AssertIsolated(response);
    }

    [Fact]
    public async Task A_large_image_has_no_preview()
    {
        await PutAsync("large.gif", Encoding.ASCII.GetBytes("GIF89a" + new string(' ', 1 << 20)));
        using var response = await (await SignedInAsync()).GetAsync("/browse/image" + Query("photos", "large.gif"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task An_object_that_only_its_client_can_read_is_refused_and_not_replaced()
    {
        await PutAsync("other", "content");
        await SealAsync("sealed");
        var client = await SignedInAsync();

        foreach (var target in (string[])[Download("photos", "sealed"), "/browse/image" + Query("photos", "sealed")])
        {
            using var response = await client.GetAsync(target);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            AssertIsolated(response);
        }

        using var upload = await UploadAsync(client, Upload("photos", "sealed"), "mine");
        Assert.Equal(HttpStatusCode.PreconditionFailed, upload.StatusCode);
    }

    [Fact]
    public async Task A_link_may_name_three_of_the_longest_keys()
    {
        await PutAsync("other", "content");
        var key = new string('\u20ac', 341);

        await (await SignedInAsync()).PageAsync("/" + new BrowsePlace("photos", key, key + "x", key[..^1]).Url);
    }

    private static void AssertIsolated(HttpResponseMessage response)
    {
        Assert.Equal("sandbox; default-src 'none'; frame-ancestors 'none'",
            response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("same-origin", response.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
    }
}
