using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>Versions of objects survive restarts, kills, lost databases and shortened logs.</summary>
[Trait("Rule", "V1"), Trait("Rule", "V3")]
public sealed class VersionTests : IAsyncLifetime
{
    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync() => _bench = await OpenAsync();

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task Each_write_and_delete_adds_a_version()
    {
        await PutAsync("k", "before");
        await SetAsync("Enabled");
        var first = await PutAsync("k", "first");
        var second = await PutAsync("k", "second");
        var marker = await DeleteAsync("k");

        Assert.Equal(4, new HashSet<string>(["null", first, second, marker]).Count);
        Assert.Equal([$"marker k {marker} latest", $"k {second}", $"k {first}", "k null"], await ListAsync());
        Assert.Equal("NoSuchKey", await _bench.FailAsync(S3Operation.GetObject, "k"));
        Assert.Equal("MethodNotAllowed", await _bench.FailAsync(S3Operation.GetObject, "k", null, "versionId=" + marker));
        Assert.Equal(["before", "first", "second"], [await GetAsync("k", "null"), await GetAsync("k", first), await GetAsync("k", second)]);

        await DeleteAsync("k", marker);
        Assert.Equal("second", await GetAsync("k"));
        await DeleteAsync("k", second);
        Assert.Equal("first", await GetAsync("k"));
        Assert.Equal("NoSuchVersion", await _bench.FailAsync(S3Operation.GetObject, "k", null, "versionId=" + second));
        await DeleteAsync("k", "null");
        Assert.Equal([$"k {first} latest"], await ListAsync());
    }

    [Fact]
    public async Task Suspended_writes_and_deletes_replace_the_null_version()
    {
        await SetAsync("Enabled");
        var kept = await PutAsync("k", "kept");
        await SetAsync("Suspended");
        Assert.Equal("", await PutAsync("k", "old"));
        Assert.Equal("", await PutAsync("k", "new"));
        Assert.Equal(["k null latest", $"k {kept}"], await ListAsync());
        Assert.Equal("null", await DeleteAsync("k"));
        Assert.Equal(["marker k null latest", $"k {kept}"], await ListAsync());
        await Patience.UntilAsync(() => _bench.Files("objects").Count() == 1, "Files stay of replaced null versions.");

        Assert.Equal("", await PutAsync("k", "again"));
        Assert.Equal(["k null latest", $"k {kept}"], await ListAsync());
        await DeleteAsync("k", "null");
        Assert.Equal("kept", await GetAsync("k"));
    }

    /// <summary>
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html: with a delete marker, the object does not exist.
    /// Size and date are for directory buckets, which have no markers: here they are the marker's.
    /// </summary>
    [Fact, Trait("Rule", "W3")]
    public async Task Conditions_of_a_delete_are_judged_on_the_newest_version()
    {
        await SetAsync("Enabled");
        var version = await PutAsync("k", "");
        var (size, date) = (("x-amz-if-match-size", "9"), ("x-amz-if-match-last-modified-time", "Thu, 01 Jan 2015 00:00:00 GMT"));
        foreach (var code in (string[])["PreconditionFailed", "NoSuchKey"])
        {
            Assert.Equal("PreconditionFailed", await FailAsync("", size));
            Assert.Equal("PreconditionFailed", await FailAsync("", date));
            Assert.Equal(code, await FailAsync("", ("If-Match", "\"other\"")));
            await DeleteAsync("k");
        }

        // A version does not change: it is there, or it was deleted before.
        Assert.Equal("PreconditionFailed", await FailAsync("versionId=" + version, ("If-Match", "\"other\"")));
        for (var i = 0; i < 2; i++)
        {
            var deleted = await _bench.SendAsync(S3Operation.DeleteObject, "k", null, "versionId=" + version, ("If-Match", "*"));
            Assert.Equal(204, deleted.Status);
        }

        Assert.Equal("NoSuchVersion", await _bench.FailAsync(S3Operation.GetObject, "k", null, "versionId=" + version));

        Task<string> FailAsync(string query, (string, string) condition) =>
            _bench.FailAsync(S3Operation.DeleteObject, "k", null, query, condition);
    }

    [Theory]
    [InlineData("restart")]
    [InlineData("rebuild")]
    [InlineData("compacted")]
    public async Task They_are_the_same_afterwards(string how)
    {
        await PutAsync("k", "null");
        await SetAsync("Enabled");
        List<string> others = [];
        foreach (var i in Enumerable.Range(0, 5))
        {
            await PutAsync("k", $"version {i}");
            others.Add(await PutAsync($"other{i}", ""));
        }

        await DeleteAsync("k");
        var above = await PutAsync("k", "above a marker");
        await TagAsync("k", null, "current");
        var tagged = await PutAsync("tagged", "x");
        await PutAsync("tagged", "y");
        await TagAsync("tagged", tagged, "older");
        await DeleteAsync("other1");
        await DeleteAsync("other2", others[2]);
        var gone = await PutAsync("gone", "x");
        await PutAsync("gone", "y");
        await DeleteAsync("gone", gone);
        var only = await DeleteAsync("marked");
        await SetAsync("Suspended");
        await PutAsync("k", "newest null");
        await DeleteAsync("other3");
        await MultipartAsync();
        await MultipartAsync();
        await SetAsync("Enabled");
        await MultipartAsync();
        var before = await DescribeAsync();
        Assert.Contains($"marker marked {only} latest", before, StringComparison.Ordinal);

        if (how == "compacted")
        {
            _bench.LogBytes = 4096;
            await _bench.ReopenAsync();
            for (var i = 0; i < 300; i++)
            {
                await DeleteAsync("churn", await PutAsync("churn", "x"));

                // While it runs, the log grows as far as it takes.
                await _bench.Store.Upkeep.Done;
            }

            await _bench.Store.Files.DrainAsync();
            await _bench.Store.Upkeep.Done;
            Assert.InRange(_bench.Files("changes").Sum(static path => new FileInfo(path).Length), 1, 4 * 4096);
        }

        await (how == "restart" ? _bench.ReopenAsync() : _bench.RebuildAsync());
        Assert.Equal(before, await DescribeAsync());
        Assert.Equal("above a marker", await GetAsync("k", above));

        // And again: a rebuild leaves nothing that the next one needs.
        await _bench.RebuildAsync();
        Assert.Equal(before, await DescribeAsync());
        await _bench.Store.Tidying;
        Assert.Empty(Directory.Exists(Path.Combine(_bench.Folder, "lost")) ? _bench.Files("lost") : []);
    }

    [Fact]
    public async Task Files_whose_removal_was_lost_stay_deleted()
    {
        await PutAsync("k", "before");
        var lost = Snapshot();
        await SetAsync("Enabled");
        var version = await PutAsync("k", "version");
        Merge();
        await DeleteAsync("k", version);
        await SetAsync("Suspended");
        await PutAsync("k", "null");
        Merge();
        await PutAsync("k", "next null");
        await DeleteAsync("k", "null");
        Assert.Empty(await ListAsync());
        await _bench.ReopenAsync(() =>
        {
            foreach (var (path, bytes) in lost)
            {
                File.WriteAllBytes(path, bytes);
            }

            _bench.ForgetDatabase();
        });

        Assert.Equal(3, lost.Count);
        Assert.Empty(await ListAsync());

        Dictionary<string, byte[]> Snapshot()
        {
            var files = new Dictionary<string, byte[]>();
            foreach (var path in _bench.Files("objects"))
            {
                try
                {
                    files[path] = File.ReadAllBytes(path);
                }
                catch (FileNotFoundException)
                {
                    // Removed in the background.
                }
            }

            return files;
        }

        void Merge()
        {
            foreach (var (path, bytes) in Snapshot())
            {
                lost[path] = bytes;
            }
        }
    }

    /// <summary>Versions replaced by newer null ones leave the log with the bucket, and do not bring it back.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_bucket_stays_deleted(bool isAgain)
    {
        await SetAsync("Suspended");
        await PutAsync("k", "first");
        var lost = _bench.Files("objects").ToDictionary(static path => path, File.ReadAllBytes);
        await PutAsync("k", "second");
        await DeleteAsync("k", "null");
        await DeleteAsync("marked");
        await DeleteAsync("marked");
        await DeleteAsync("marked", "null");
        await _bench.SendAsync(S3Operation.DeleteBucket, "");
        if (isAgain)
        {
            await _bench.SendAsync(S3Operation.CreateBucket, "");
        }

        await _bench.ReopenAsync(() =>
        {
            foreach (var (path, bytes) in lost)
            {
                File.WriteAllBytes(path, bytes);
            }

            _bench.ForgetDatabase();
        });

        if (!isAgain)
        {
            Assert.Equal("NoSuchBucket", await _bench.FailAsync(S3Operation.ListObjectVersions, ""));
            return;
        }

        Assert.Empty(await ListAsync());
        Assert.Empty(Xml(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "versioning")).Elements());
    }

    [Fact, Trait("Rule", "P3")]
    public async Task A_reverted_object_whose_removal_was_lost_does_not_come_back()
    {
        await PutAsync("k", "first");
        var lost = _bench.Files("objects").ToDictionary(static path => path, File.ReadAllBytes);
        await PutAsync("k", "second");
        Assert.Equal(RevertOutcome.Reverted,
            await new EmbeddedChanges(_bench.Store).RevertAsync(Bucket, "k", new LocalRevert(), default));
        await _bench.ReopenAsync(() =>
        {
            foreach (var (path, bytes) in lost)
            {
                File.WriteAllBytes(path, bytes);
            }

            _bench.ForgetDatabase();
        });
        Assert.Empty(await ListAsync());
    }

    /// <summary>A client that deletes page by page continues after a version that it has just deleted.</summary>
    [Fact]
    public async Task Deleting_page_by_page_empties_a_bucket()
    {
        await SetAsync("Enabled");
        await PutAsync("k", "first");
        await PutAsync("k", "second");
        await SetAsync("Suspended");
        await PutAsync("k", "null");
        for (var (marker, pages) = ("", 0); ; pages++)
        {
            Assert.True(pages < 10);
            var page = Xml(await _bench.SendAsync(S3Operation.ListObjectVersions, "", null, "max-keys=1" + marker));
            var version = Rows(page).Single().Split(' ')[1];
            await DeleteAsync("k", version);
            marker = "&key-marker=k&version-id-marker=" + version;
            if (page.Elements().First(static e => e.Name.LocalName == "IsTruncated").Value == "false")
            {
                break;
            }
        }

        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task A_kill_loses_none()
    {
        await SetAsync("Enabled");
        await PutAsync("k", "first");
        await PutAsync("k", "second");
        await DeleteAsync("k");
        var before = await DescribeAsync();
        await using var killed = await _bench.AfterKillAsync();
        await killed.Store.Tidying;
        var after = new VersionTests { _bench = killed };
        Assert.Equal(before, await after.DescribeAsync());
    }

    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "")]
    [InlineData(3, "/")]
    [InlineData(1000, "/")]
    public async Task Pages_of_any_size_list_each_version_once(int pageSize, string delimiter)
    {
        await PutAsync("a", "null");
        await SetAsync("Enabled");
        string[] keys = ["a", "b/1", "b/2", "b0", "c", "d/x/1", "d/y", "é", "\U0001F600"];
        foreach (var i in Enumerable.Range(0, 3))
        {
            foreach (var key in keys)
            {
                await PutAsync(key, $"{i}");
            }
        }

        await DeleteAsync("a");
        await DeleteAsync("b/2");
        await DeleteAsync("new");
        var whole = await ListAsync($"delimiter={delimiter}");
        List<string> paged = [];
        for (var marker = ""; ;)
        {
            var query = $"delimiter={delimiter}&max-keys={pageSize}{marker}";
            var page = Xml(await _bench.SendAsync(S3Operation.ListObjectVersions, "", null, query));
            paged.AddRange(Rows(page));
            if (page.Elements().First(static e => e.Name.LocalName == "IsTruncated").Value == "false")
            {
                break;
            }

            marker = $"&key-marker={Uri.EscapeDataString(Next("NextKeyMarker"))}&version-id-marker={Next("NextVersionIdMarker")}";

            string Next(string name) => page.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value ?? "";
        }

        Assert.Equal(delimiter.Length == 0 ? 31 : 20, whole.Count);
        Assert.Equal(whole.Order(StringComparer.Ordinal), paged.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_bucket_with_versions_is_not_empty()
    {
        await SetAsync("Enabled");
        var version = await PutAsync("k", "x");
        var marker = await DeleteAsync("k");
        Assert.Equal("BucketNotEmpty", await _bench.FailAsync(S3Operation.DeleteBucket, ""));
        await DeleteAsync("k", version);
        Assert.Equal("BucketNotEmpty", await _bench.FailAsync(S3Operation.DeleteBucket, ""));
        await DeleteAsync("k", marker);
        await _bench.SendAsync(S3Operation.DeleteBucket, "");
    }

    [Fact]
    public async Task Ids_that_no_version_has_are_refused()
    {
        await PutAsync("k", "x");
        await SetAsync("Enabled");
        var version = await PutAsync("k", "y");
        var other = await PutAsync("other", "z");
        Assert.Equal("InvalidArgument", await _bench.FailAsync(S3Operation.GetObject, "k", null, "versionId=nonsense"));
        Assert.Equal("NoSuchVersion", await _bench.FailAsync(S3Operation.GetObject, "k", null, "versionId=" + other));
        Assert.Equal("NoSuchVersion", await _bench.FailAsync(S3Operation.GetObject, "k", null, "versionId=" + version[..^2] + "AA"));
        Assert.Equal("InvalidArgument", await _bench.FailAsync(S3Operation.DeleteObject, "k", null, "versionId=nonsense"));
        Assert.Equal("InvalidArgument", await _bench.FailAsync(
            S3Operation.ListObjectVersions, "", null, "key-marker=k&version-id-marker=nonsense"));
        Assert.Equal("IllegalVersioningConfigurationException", await _bench.FailAsync(
            S3Operation.PutBucketConfiguration, "", TextBody("<VersioningConfiguration/>"), "versioning"));
        Assert.Equal("MalformedXML", await _bench.FailAsync(S3Operation.PutBucketConfiguration, "",
            TextBody("<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>"), "versioning"));
    }

    private async Task SetAsync(string status)
    {
        await _bench.SendAsync(S3Operation.PutBucketConfiguration, "",
            TextBody($"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"), "versioning");
        Assert.Equal(status, Text(await _bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "versioning"), "Status"));
    }

    /// <summary>Writes a version. Returns its id; empty unless versioning is enabled.</summary>
    private async Task<string> PutAsync(string key, string text) =>
        (await _bench.SendAsync(S3Operation.PutObject, key, TextBody(text))).Headers["x-amz-version-id"].ToString();

    /// <summary>Deletes a key or version. Returns the id that the response shows.</summary>
    private async Task<string> DeleteAsync(string key, string? version = null) =>
        (await _bench.SendAsync(S3Operation.DeleteObject, key, null, version is null ? "" : "versionId=" + version))
            .Headers["x-amz-version-id"].ToString();

    private async Task<string> GetAsync(string key, string? version = null) =>
        Encoding.UTF8.GetString(await _bench.GetAsync(key, version is null ? "" : "versionId=" + version));

    private Task TagAsync(string key, string? version, string tag) => _bench.SendAsync(S3Operation.PutObjectTagging, key,
        TextBody($"<Tagging><TagSet><Tag><Key>t</Key><Value>{tag}</Value></Tag></TagSet></Tagging>"),
        "tagging" + (version is null ? "" : "&versionId=" + version));

    private async Task MultipartAsync()
    {
        var id = await MultipartTests.StartAsync(_bench);
        var tags = new[] { await MultipartTests.UploadAsync(_bench, id, 1, Bytes(2000, 60)),
            await MultipartTests.UploadAsync(_bench, id, 2, Bytes(10, 61)) };
        await MultipartTests.CompleteAsync(_bench, id, tags);
    }

    private async Task<List<string>> ListAsync(string query = "") =>
        [.. Rows(Xml(await _bench.SendAsync(S3Operation.ListObjectVersions, "", null, query)))];

    /// <summary>The listing, and the bytes and tags of each version.</summary>
    private async Task<string> DescribeAsync()
    {
        var text = new StringBuilder();
        foreach (var row in await ListAsync())
        {
            text.AppendLine(row);
            if (row.Split(' ') is [var key, var version, ..] && key != "marker")
            {
                text.AppendLine(Md5(await _bench.GetAsync(key, "versionId=" + version)));
                text.AppendLine(Encoding.UTF8.GetString(
                    (await _bench.SendAsync(S3Operation.GetObjectTagging, key, null, "tagging&versionId=" + version)).Content.Span));
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Rows(XElement listing) => listing.Elements()
        .Where(static row => row.Name.LocalName is "Version" or "DeleteMarker" or "CommonPrefixes").Select(Show);

    private static string Show(XElement row)
    {
        return row.Name.LocalName == "CommonPrefixes" ? "prefix " + row.Value
            : $"{(row.Name.LocalName == "Version" ? "" : "marker ")}{Value("Key")} {Value("VersionId")}"
                + (Value("IsLatest") == "true" ? " latest" : "");

        string Value(string name) => row.Element(row.Name.Namespace + name)!.Value;
    }
}
