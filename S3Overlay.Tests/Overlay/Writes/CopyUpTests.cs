using System.Security.Cryptography;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Writes;

/// <summary>Setting tags and similar on the remote's objects copies them to the local layer first (rule W5).</summary>
[Trait("Rule", "W5")]
public sealed class CopyUpTests : CopyUpTestBase
{
    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    [InlineData("embedded, caching")]
    [InlineData("store, caching")]
    public async Task Tags_are_set_on_the_remotes_object(string local)
    {
        await StartAsync(local);
        var before = await GetAsync();
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var after = await GetAsync();
        Assert.Equal((200, "local"), (after.Status, after.Headers["x-s3overlay-layer"]));
        Assert.Equal(before.Body, after.Body);
        foreach (var name in (string[])["Content-Type", "Cache-Control", "x-amz-meta-m"])
        {
            Assert.Equal(before.Headers[name], after.Headers[name]);
        }

        var isEmbedded = _store is null;
        Assert.Equal(isEmbedded ? before.Headers["ETag"] : $"\"{Convert.ToHexStringLower(MD5.HashData(Bytes))}\"", after.Headers["ETag"]);
        Assert.Equal(isEmbedded, before.Headers["Last-Modified"] == after.Headers["Last-Modified"]);
        Assert.Equal("new=2", await TagsAsync());

        // From now on only the local layer is involved.
        var asked = _remote.Requests.Count;
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key?tagging")).Status);
        Assert.Equal("", await TagsAsync());
        Assert.Equal(Bytes, (await GetAsync()).Body);
        Assert.Equal(asked, _remote.Requests.Count);
        var row = (await SendAsync("GET", "/bucket?list-type=2")).Text;
        Assert.Contains(after.Headers["ETag"].Trim('"'), row, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task All_tags_are_taken_away(string local)
    {
        await StartAsync(local);
        Assert.Equal("old=a b", await TagsAsync());
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key?tagging")).Status);
        Assert.Equal(("", "local"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    [InlineData("store, caching")]
    public async Task Tags_that_S3_refuses_copy_nothing(string local)
    {
        await StartAsync(local);
        var many = Enumerable.Range(0, 11).Select(static i => ($"k{i}", "v")).ToArray();
        foreach (var (document, code) in ((string?, string)[])
            [
                (null, "MissingRequestBodyError"), ("hello", "MalformedXML"), ("<Tagging><TagSet>", "MalformedXML"),
                ("<Foo/>", "MalformedXML"), ("<Tagging/>", "MalformedXML"),
                ("<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>", "MalformedXML"), (Document(many), "InvalidTag"),
                (Document(("twice", "1"), ("twice", "2")), "InvalidTag"),
                (Document((new string('k', 129), "v")), "InvalidTag"), (Document(("k", new string('v', 257))), "InvalidTag"),
                (Document(("aws:k", "v")), "InvalidTag"),
                (Document(("k&#1;", "v")), "InvalidTag"), (Document(("", "v")), "InvalidTag"),
            ])
        {
            Assert.Equal((document, (400, code)), (document, Error(await SendAsync("PUT", "/bucket/key?tagging", document))));
            Assert.Equal((document, "remote"), (document, (await SendAsync("GET", "/bucket/key?tagging")).Headers["x-s3overlay-layer"]));
        }

        Assert.Equal("old=a b", await TagsAsync());
        Assert.Equal(0, _remote.BodyBytesSent("bucket", "key"));
        Assert.Equal(200, (await SetTagsAsync(many[..10])).Status);
    }

    [Theory]
    [InlineData("acl", null, "MissingSecurityHeader")]
    [InlineData("acl", "hello", "MalformedXML")]
    [InlineData("acl", "<AccessControlPolicy>", "MalformedXML")]
    [InlineData("acl", "<Tagging/>", "MalformedXML")]
    [InlineData("retention", null, "MissingRequestBodyError")]
    [InlineData("retention", "<LegalHold/>", "MalformedXML")]
    [InlineData("legal-hold", null, "MissingRequestBodyError")]
    [InlineData("legal-hold", "<Retention/>", "MalformedXML")]
    public async Task An_unexpected_document_copies_nothing(string what, string? document, string code)
    {
        await StartAsync("store");
        Assert.Equal((400, code), Error(await SendAsync("PUT", $"/bucket/key?{what}", document)));
        Assert.Equal(("old=a b", "remote"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task A_body_that_is_not_what_was_promised_changes_nothing(string local)
    {
        await StartAsync(local);
        var response = await SendAsync("PUT", "/bucket/key?tagging", Document(("new", "2")),
            ("Content-MD5", Convert.ToBase64String(new byte[16])));
        Assert.Equal((400, "BadDigest"), Error(response));
        Assert.Equal(("old=a b", "remote"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("embedded", 0)]
    [InlineData("embedded", -1)]
    [InlineData("store", 0)]
    [InlineData("store", -1)]
    public async Task A_larger_object_than_the_setting_says_is_not_copied(string local, int more)
    {
        await StartAsync(
            local, ("S3_OVERLAY_COPY_UP_MAX", (Bytes.Length + more).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var response = await SetTagsAsync(("new", "2"));
        Assert.Equal(more == 0 ? (200, "") : (501, "NotImplemented"), Error(response));
        Assert.Equal(more == 0 ? "local" : "remote", await LayerAsync());
        if (more < 0)
        {
            Assert.Equal(0, _remote.BodyBytesSent("bucket", "key"));
        }
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task What_is_not_there_gets_no_tags(string local)
    {
        await StartAsync(local);
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key")).Status);
        var asked = _remote.Requests.Count;
        Assert.Equal((404, "NoSuchKey"), Error(await SetTagsAsync(("new", "2"))));
        Assert.Equal(asked, _remote.Requests.Count);
        Assert.Equal((404, "NoSuchKey"), Error(await SendAsync("PUT", "/bucket/absent?tagging", Document(("new", "2")))));
        Assert.Equal((404, "NoSuchBucket"), Error(await SendAsync("PUT", "/nowhere/absent?tagging", Document(("new", "2")))));
        Assert.Equal((404, 404), ((await SendAsync("HEAD", "/bucket/key")).Status, (await SendAsync("HEAD", "/bucket/absent")).Status));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("store")]
    public async Task In_a_recreated_bucket_only_the_local_layer_responds(string local)
    {
        await StartAsync(local);
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket/key")).Status);
        Assert.Equal(204, (await SendAsync("DELETE", "/bucket")).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket")).Status);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((404, "NoSuchKey"), Error(await SetTagsAsync(("new", "2"))));
    }

    [Theory]
    [InlineData("embedded", 501, "NotImplemented")]
    [InlineData("store", 501, "NotImplemented")]
    [InlineData("embedded", 404, "NoSuchTagSet")]
    [InlineData("embedded", 403, "AccessDenied")]
    [InlineData("store", 403, "AccessDenied")]
    public async Task Tags_that_the_remote_does_not_return_are_still_replaced(string local, int status, string code)
    {
        await StartAsync(local);
        _tagFailure = (status, code);
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        Assert.Equal(("new=2", "local"), (await TagsAsync(), await LayerAsync()));
    }

    [Theory]
    [InlineData("acl", "<AccessControlPolicy/>", null, 200, "old=a b")]
    [InlineData("acl", null, null, 200, "old=a b")]
    [InlineData("retention", "<Retention/>", null, 200, "old=a b")]
    [InlineData("legal-hold", "<LegalHold><Status>ON</Status></LegalHold>", null, 200, "old=a b")]
    [InlineData("acl", "<AccessControlPolicy/>", 501, 200, "")]
    [InlineData("acl", "<AccessControlPolicy/>", 403, 403, null)]
    public async Task An_ACL_is_set_on_a_copy_that_has_the_remotes_tags(
        string what, string? document, int? tagStatus, int status, string? tags)
    {
        await StartAsync("store");
        _tagFailure = tagStatus is { } failure ? (failure, failure == 403 ? "AccessDenied" : "NotImplemented") : null;

        // The store of these tests knows no such sub-resource itself.
        var asked = new List<string>();
        _store!.Refuse = request =>
        {
            if (!request.Query.ContainsKey(what))
            {
                return null;
            }

            asked.Add(request.Method + request.Path);
            return 200;
        };
        (string, string)[] headers = document is null ? [("x-amz-acl", "private")] : [];
        Assert.Equal(status, (await SendAsync("PUT", $"/bucket/key?{what}", document, headers)).Status);
        Assert.Equal(status == 200 ? ["PUT/bucket/key"] : [], asked);
        Assert.Equal(status == 200 ? "local" : "remote", await LayerAsync());
        if (tags is not null)
        {
            Assert.Equal(tags, await TagsAsync());
            Assert.Equal(Bytes, (await GetAsync()).Body);
        }
    }

    [Fact]
    public async Task Nothing_is_copied_for_what_local_does_not_serve()
    {
        await StartAsync("embedded");
        foreach (var what in (string[])["retention", "legal-hold"])
        {
            Assert.Equal((400, "InvalidRequest"), Error(await SendAsync("PUT", $"/bucket/key?{what}", "<Document/>")));
        }

        Assert.Equal((400, "AccessControlListNotSupported"), Error(await SendAsync("PUT", "/bucket/key?acl", "<Document/>")));
        Assert.Equal(
            (501, "NotImplemented"), Error(await SendAsync("PUT", "/bucket/key?tagging&versionId=of-the-remote", Document(("new", "2")))));
        Assert.Equal("remote", await LayerAsync());
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/key?tagging&versionId=null", Document(("new", "2")))).Status);
        Assert.Equal(("new=2", "local"), (await TagsAsync(), await LayerAsync()));
    }

    [Fact]
    public async Task A_kept_ETag_decides_conditions_and_is_not_copied()
    {
        await StartAsync("embedded");
        Assert.Equal(200, (await SetTagsAsync(("new", "2"))).Status);
        var etag = (await SendAsync("HEAD", "/bucket/key")).Headers["ETag"];
        Assert.Equal(412, (await SendAsync("PUT", "/bucket/key", "v", ("If-Match", "\"wrong\""))).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/key"))).Status);
        Assert.Equal($"\"{Convert.ToHexStringLower(MD5.HashData(Bytes))}\"", (await SendAsync("HEAD", "/bucket/copy")).Headers["ETag"]);
        Assert.Equal(Bytes, (await SendAsync("GET", "/bucket/copy")).Body);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/key", "v", ("If-Match", etag))).Status);
    }
}
