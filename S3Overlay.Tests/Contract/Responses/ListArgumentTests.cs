namespace S3Overlay.Tests.Contract.Responses;

/// <summary>The arguments of listings, and the markers of their next pages (LocalStack's test_s3_list_operations).</summary>
public sealed class ListArgumentTests : ResponseTestBase
{
    private const string NoEncoding =
        "400 Code=InvalidArgument | Message=Invalid Encoding Method specified in Request | ArgumentName=encoding-type | ArgumentValue=";

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task An_unknown_encoding_is_refused_in_every_list(string scene)
    {
        await StartAsync(scene);
        foreach (var list in new[] { "", "list-type=2&", "versions&", "uploads&" })
        {
            Assert.Equal(NoEncoding, ErrorOf(await SendAsync("GET", $"/bucket?{list}encoding-type=")));
            Assert.Equal(NoEncoding + "value", ErrorOf(await SendAsync("GET", $"/bucket?{list}encoding-type=value")));
            Assert.Equal(200, (await SendAsync("GET", $"/bucket?{list}encoding-type=url")).Status);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task A_version_marker_needs_a_key_marker(string scene)
    {
        await StartAsync(scene);
        Assert.Equal(
            "400 Code=InvalidArgument | Message=A version-id marker cannot be specified without a key marker. | "
            + "ArgumentName=version-id-marker | ArgumentValue=null",
            ErrorOf(await SendAsync("GET", "/bucket?versions&version-id-marker=null")));
        foreach (var alright in new[] { "key-marker=a&version-id-marker=null", "key-marker=&version-id-marker=", "key-marker=a" })
        {
            var response = await SendAsync("GET", "/bucket?versions&" + alright);
            Assert.Equal(200, response.Status);
            Assert.Contains("<Key>there</Key>", response.Text, StringComparison.Ordinal);
        }

        // Where nothing was ever versioned, no other id was given; a store knows its own.
        Assert.Equal(
            "400 Code=InvalidArgument | Message=Invalid version id specified | ArgumentName=version-id-marker | ArgumentValue=x",
            ErrorOf(await SendAsync("GET", "/bucket?versions&key-marker=a&version-id-marker=x")));
    }

    /// <summary>
    /// The marker of an upload that has ended is still valid: a client that lists uploads to abort them continues after one that is gone.
    /// </summary>
    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task An_upload_marker_belongs_to_its_key_marker(string scene)
    {
        await StartAsync(scene);
        var a = TextOf(await SendAsync("POST", "/bucket/a?uploads"), "UploadId");
        var b = TextOf(await SendAsync("POST", "/bucket/b?uploads"), "UploadId");
        foreach (var wrong in new[] { b, "x", a + "0" })
        {
            Assert.Equal(
                $"400 Code=InvalidArgument | Message=Invalid uploadId marker | ArgumentName=upload-id-marker | ArgumentValue={wrong}",
                ErrorOf(await SendAsync("GET", $"/bucket?uploads&key-marker=a&upload-id-marker={wrong}")));
        }

        foreach (var isThere in new[] { true, false })
        {
            if (!isThere)
            {
                Assert.Equal(204, (await SendAsync("DELETE", $"/bucket/a?uploadId={a}")).Status);
            }

            var page = await SendAsync("GET", $"/bucket?uploads&key-marker=a&upload-id-marker={a}");
            Assert.Equal((200, b), (page.Status, TextOf(page, "UploadId")));
        }

        Assert.Equal(200, (await SendAsync("GET", "/bucket?uploads&upload-id-marker=x")).Status);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task A_page_of_parts_names_its_last_one(string scene)
    {
        await StartAsync(scene);
        var upload = "/bucket/big?uploadId=" + TextOf(await SendAsync("POST", "/bucket/big?uploads"), "UploadId");
        Assert.Equal(("false", "0"), await PageAsync(upload));
        await SendAsync("PUT", upload + "&partNumber=1", "data");
        await SendAsync("PUT", upload + "&partNumber=2", "data");
        Assert.Equal(("false", "2"), await PageAsync(upload));
        Assert.Equal(("true", "1"), await PageAsync(upload + "&max-parts=1"));
        Assert.Equal(("false", "2"), await PageAsync(upload + "&max-parts=1&part-number-marker=1"));
        Assert.Equal(("false", "0"), await PageAsync(upload + "&max-parts=1&part-number-marker=10"));

        async Task<(string?, string?)> PageAsync(string target)
        {
            var page = await SendAsync("GET", target);
            return (TextOf(page, "IsTruncated"), TextOf(page, "NextPartNumberMarker"));
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    [InlineData("store")]
    public async Task A_page_of_uploads_names_its_last_one(string scene)
    {
        await StartAsync(scene);
        Assert.Equal(("false", "", ""), await PageAsync(""));
        var a = TextOf(await SendAsync("POST", "/bucket/a%20a?uploads"), "UploadId");
        var b = TextOf(await SendAsync("POST", "/bucket/b/1?uploads"), "UploadId");
        Assert.Equal(("false", "b/1", b), await PageAsync(""));
        Assert.Equal(("true", "a%20a", a), await PageAsync("&max-uploads=1&encoding-type=url"));
        Assert.Equal(("false", "b/1", b), await PageAsync("&max-uploads=1&key-marker=a%20a"));
        Assert.Equal(("false", "", ""), await PageAsync("&max-uploads=1&key-marker=b/1"));
        Assert.Equal(("true", "a a", a), await PageAsync("&delimiter=/&max-uploads=1"));
        Assert.Equal(("false", "", ""), await PageAsync("&delimiter=/&prefix=b"));

        async Task<(string?, string?, string?)> PageAsync(string query)
        {
            var page = await SendAsync("GET", "/bucket?uploads" + query);
            return (TextOf(page, "IsTruncated"), TextOf(page, "NextKeyMarker"), TextOf(page, "NextUploadIdMarker"));
        }
    }

    [Fact, Trait("Rule", "B5")]
    public async Task A_bucket_of_the_remote_alone_has_no_uploads_and_says_so_in_the_same_way()
    {
        await StartAsync("overlaid");
        var page = await SendAsync("GET", "/below?uploads&prefix=a%20b&delimiter=%2F&max-uploads=7&encoding-type=url&upload-id-marker=x");
        Assert.Equal(
            ("", "", "", "a%20b", "/", "url", "7", "false"),
            (TextOf(page, "UploadIdMarker"), TextOf(page, "NextKeyMarker"), TextOf(page, "NextUploadIdMarker"), TextOf(page, "Prefix"),
                TextOf(page, "Delimiter"), TextOf(page, "EncodingType"),
                TextOf(page, "MaxUploads"), TextOf(page, "IsTruncated")));
        Assert.Equal(NoEncoding, ErrorOf(await SendAsync("GET", "/below?uploads&encoding-type=")));
        Assert.Equal(
            "400 Code=InvalidArgument | Message=Invalid uploadId marker | ArgumentName=upload-id-marker | ArgumentValue=x",
            ErrorOf(await SendAsync("GET", "/below?uploads&key-marker=a&upload-id-marker=x")));
    }
}
