using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

public sealed class ObjectTests
{
    private static readonly string[] AwkwardKeys =
    [
        "a", "a/b", "x//y", "../up", ".", "..", "/", "//", "trailing/", "100%", "a?b", "a b", "a+b", "é", "\U0001F600/\U0001F4A9",
        new string('k', 1024),
        "\u0001control", "con", "a\\b", "\uFFFD",
    ];

    public static TheoryData<int> Sizes => [0, 1, 1000, 65535, 65536, 65537, 262143, 262144, 262145, 1_000_000, 3_500_000];

    [Fact]
    public async Task Every_key_is_a_key_of_its_own()
    {
        await using var bench = await OpenAsync();
        foreach (var key in AwkwardKeys)
        {
            await bench.PutAsync(key, System.Text.Encoding.UTF8.GetBytes(key));
        }

        foreach (var key in AwkwardKeys)
        {
            Assert.Equal(key, System.Text.Encoding.UTF8.GetString(await bench.GetAsync(key)));
        }

        Assert.Equal(AwkwardKeys.Length, (await bench.ListAsync("encoding-type=url")).Count);
        await bench.DeleteAsync("a");
        Assert.Equal("NoSuchKey", await bench.FailAsync(S3Operation.GetObject, "a"));
        Assert.Equal(3, (await bench.GetAsync("a/b")).Length);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Bytes_come_back_as_they_went_in(int size)
    {
        await using var bench = await OpenAsync();
        var bytes = Bytes(size);
        Assert.Equal(Md5(bytes), await bench.PutAsync("key", bytes));

        var response = await bench.SendAsync(S3Operation.GetObject, "key");

        Assert.Equal(200, response.Status);
        Assert.Equal(size, response.Headers.ContentLength);
        Assert.Equal(Md5(bytes), response.Headers.ETag.ToString());
        Assert.Equal("binary/octet-stream", response.Headers.ContentType.ToString());
        Assert.Equal(bytes, response.Content.ToArray());
        await bench.ReopenAsync();
        Assert.Equal(bytes, await bench.GetAsync("key"));
    }

    [Fact]
    [Trait("Rule", "R6")]
    public async Task Any_range_is_those_bytes()
    {
        await using var bench = await OpenAsync();
        var bytes = Bytes(700_000);
        await bench.PutAsync("key", bytes);
        foreach (var (first, last) in ((int, int)[])[(0, 0), (1, 65535), (65536, 65536), (65535, 65536), (100, 699_999), (262_144, 524_287),
            (699_999, 699_999)])
        {
            var response = await bench.SendAsync(S3Operation.GetObject, "key", null, "", ("Range", $"bytes={first}-{last}"));
            Assert.Equal(206, response.Status);
            Assert.Equal($"bytes {first}-{last}/700000", response.Headers.ContentRange.ToString());
            Assert.Equal(bytes[first..(last + 1)], response.Content.ToArray());
        }

        Assert.Equal("InvalidRange", await bench.FailAsync(S3Operation.GetObject, "key", null, "", ("Range", "bytes=700000-")));
    }

    [Fact]
    public async Task Headers_that_belong_to_the_object_come_back()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync(
            "key", [1],
            ("Content-Type", "text/x"), ("Content-Encoding", "aws-chunked, gzip"), ("Cache-Control", "no-store"),
            ("x-amz-meta-Name", "v\u00e9"),
            ("x-amz-storage-class", "GLACIER_IR"), ("x-amz-tagging", "a=1&b=2"), ("Authorization", "secret"));

        var response = await bench.SendAsync(S3Operation.HeadObject, "key");

        Assert.Equal("text/x", response.Headers.ContentType.ToString());
        Assert.Equal("gzip", response.Headers.ContentEncoding.ToString());
        Assert.Equal("no-store", response.Headers.CacheControl.ToString());
        Assert.Equal("v\u00e9", response.Headers["x-amz-meta-name"].ToString());
        Assert.Equal("GLACIER_IR", response.Headers["x-amz-storage-class"].ToString());
        Assert.Equal("2", response.Headers["x-amz-tagging-count"].ToString());
        Assert.False(response.Headers.ContainsKey("Authorization"));
        Assert.Equal(0, response.Content.Length);
        Assert.Equal("GLACIER_IR", Text(await bench.SendAsync(S3Operation.ListObjectsV2, ""), "StorageClass"));
    }

    [Theory]
    [InlineData("x-amz-server-side-encryption", "AES256", "NotImplemented")]
    [InlineData("x-amz-object-lock-mode", "GOVERNANCE", "InvalidArgument")]
    [InlineData("x-amz-storage-class", "FLOPPY", "InvalidStorageClass")]
    [InlineData("x-amz-acl", "everybody", "InvalidArgument")]
    [InlineData("If-None-Match", "\"x\"", "NotImplemented")]
    [InlineData("If-Match", "\"x\"", "NoSuchKey")]
    public async Task An_impossible_write_is_refused_unread(string header, string value, string code)
    {
        await using var bench = await OpenAsync();
        var body = new BytesBody([1]) { EndsWith = new S3Exception(S3Errors.BadDigest) };
        Assert.Equal(code, await bench.FailAsync(S3Operation.PutObject, "key", body, "", (header, value)));
        Assert.Empty(await bench.ListAsync());
    }

    [Fact]
    public async Task Metadata_has_a_limit()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1], ("x-amz-meta-m", new string('x', 2047)));
        Assert.Equal(
            "MetadataTooLarge",
            await bench.FailAsync(S3Operation.PutObject, "key", new BytesBody([1]), "", ("x-amz-meta-m", new string('x', 2048))));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(2_000_000)]
    [Trait("Rule", "W7")]
    public async Task A_body_whose_check_fails_leaves_what_was_there(int size)
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1, 2, 3]);
        var body = new BytesBody(Bytes(size)) { EndsWith = new S3Exception(S3Errors.BadDigest) };
        Assert.Equal("BadDigest", await bench.FailAsync(S3Operation.PutObject, "key", body));
        Assert.Equal([1, 2, 3], await bench.GetAsync("key"));
        Assert.Empty(bench.Files("incoming"));
        Assert.Single(bench.Files("objects"));
    }

    [Fact]
    public async Task Replaced_and_deleted_files_go()
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", Bytes(10));
        await bench.PutAsync("key", Bytes(20));
        await bench.PutAsync("other", Bytes(20));
        await bench.DeleteAsync("other");
        await bench.ReopenAsync();
        Assert.Single(bench.Files("objects"));
        Assert.Equal(Bytes(20), await bench.GetAsync("key"));
    }

    [Fact]
    [Trait("Rule", "C4")]
    public async Task A_reader_keeps_the_version_it_opened()
    {
        await using var bench = await OpenAsync();
        var old = Bytes(600_000, 1);
        await bench.PutAsync("key", old);
        using (var reader = await bench.Store.Objects.OpenAsync(Bucket, "key"))
        {
            await bench.PutAsync("key", Bytes(600_000, 2));
            var buffer = new byte[old.Length];
            for (var filled = 0; filled < old.Length;)
            {
                filled += await reader.ReadAsync(filled, buffer.AsMemory(filled), default);
            }

            Assert.Equal(old, buffer);
        }

        Assert.Equal(Bytes(600_000, 2), await bench.GetAsync("key"));
        await bench.ReopenAsync();
        Assert.Single(bench.Files("objects"));
    }

    [Fact]
    [Trait("Rule", "W3")]
    public async Task Of_many_that_want_to_be_first_one_is()
    {
        await using var bench = await OpenAsync();
        var tries = Enumerable.Range(0, 24).Select(async i =>
        {
            try
            {
                await bench.PutAsync("key", [(byte)i], ("If-None-Match", "*"));
                return (int?)i;
            }
            catch (S3Exception failure) when (failure.Error == S3Errors.PreconditionFailed)
            {
                return null;
            }
        });
        var winner = Assert.Single(await Task.WhenAll(tries), static i => i is not null);
        Assert.Equal([(byte)winner!.Value], await bench.GetAsync("key"));
    }

    [Fact]
    public async Task If_match_holds_writes_and_deletes_to_the_version_that_was_seen()
    {
        await using var bench = await OpenAsync();
        var first = await bench.PutAsync("key", [1]);
        var second = await bench.PutAsync("key", [2], ("If-Match", first));
        Assert.Equal(
            "PreconditionFailed", await bench.FailAsync(S3Operation.PutObject, "key", new BytesBody([3]), "", ("If-Match", first)));
        Assert.Equal("PreconditionFailed", await bench.FailAsync(S3Operation.DeleteObject, "key", null, "", ("If-Match", first)));
        await bench.SendAsync(S3Operation.DeleteObject, "key", null, "", ("If-Match", second));
        Assert.Equal("NoSuchKey", await bench.FailAsync(S3Operation.DeleteObject, "key", null, "", ("If-Match", second)));
    }

    [Theory]
    [InlineData("versionId=null", null)]
    [InlineData("versionId=abc", "InvalidArgument")]
    [InlineData("versionId=", "InvalidArgument")]
    [InlineData("partNumber=1", null)]
    [InlineData("partNumber=2", "InvalidPartNumber")]
    [InlineData("partNumber=0", "InvalidArgument")]
    [Trait("Rule", "R8")]
    public async Task Versions_and_parts_of_a_plain_object(string query, string? code)
    {
        await using var bench = await OpenAsync();
        await bench.PutAsync("key", [1, 2]);
        if (code is null)
        {
            Assert.Equal([1, 2], await bench.GetAsync("key", query));
        }
        else
        {
            Assert.Equal(code, await bench.FailAsync(S3Operation.GetObject, "key", null, query));
        }
    }

    [Fact]
    public async Task Many_keys_are_deleted_at_once_each_on_its_own()
    {
        await using var bench = await OpenAsync();
        for (var i = 0; i < 50; i++)
        {
            await bench.PutAsync($"k{i:d2}", [1]);
        }

        var xml = "<Delete>" + string.Concat(Enumerable.Range(0, 49).Select(i => $"<Object><Key>k{i:d2}</Key></Object>"))
            + "<Object><Key>absent</Key></Object><Object><Key>k49</Key><ETag>\"no\"</ETag></Object></Delete>";
        var response = await bench.SendAsync(S3Operation.DeleteObjects, "", TextBody(xml), "delete");

        Assert.Equal(50, Xml(response).Elements().Count(static e => e.Name.LocalName == "Deleted"));
        Assert.Equal("PreconditionFailed", Text(response, "Code"));
        Assert.Equal(["k49"], await bench.ListAsync());
    }

    [Fact]
    public async Task A_write_into_a_missing_bucket_is_refused_before_its_body_is_read()
    {
        await using var bench = await OpenAsync();
        await bench.SendAsync(S3Operation.DeleteBucket, "");
        var body = new BytesBody([1]) { EndsWith = new S3Exception(S3Errors.BadDigest) };
        Assert.Equal("NoSuchBucket", await bench.FailAsync(S3Operation.PutObject, "key", body));
        Assert.Equal("NoSuchBucket", await bench.FailAsync(S3Operation.GetObject, "key"));
        Assert.Equal("NoSuchBucket", await bench.FailAsync(S3Operation.DeleteObject, "key"));
    }
}
