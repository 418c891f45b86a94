using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

/// <summary>A compaction reads tags and locks that no object file has, however many there are, and while clients write.</summary>
[Trait("Rule", "F-killed")]
public sealed class ChangedRowsTests : IAsyncLifetime
{
    private const int Keys = 1500;

    private EmbeddedBench _bench = null!;

    public async Task InitializeAsync()
    {
        _bench = await OpenAsync();
        await _bench.SendAsync(S3Operation.PutBucketConfiguration, "",
            TextBody("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"), "versioning");
        await Parallel.ForAsync(0, Keys, async (i, _) => await WriteAsync($"k{i:d4}"));
    }

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task A_page_ends_within_the_versions_of_a_key()
    {
        for (var i = 0; i < 1100; i++)
        {
            await WriteAsync("k1200");
        }

        Assert.Equal(Keys + 1100, Tagged(_bench.Store.Rows.ChangedAfterWrite()).Distinct().Count());
    }

    [Fact]
    public async Task A_version_that_moves_between_two_pages_is_not_missed()
    {
        await _bench.PutAsync("k1300", [2]);
        var newest = (await _bench.Store.Rows.FindNewestOfAllAsync(Bucket, "k1300"))!.VersionId!;
        using var changes = _bench.Store.Rows.ChangedAfterWrite().GetEnumerator();
        Assert.True(changes.MoveNext());
        var first = changes.Current;

        // One becomes the current object, another one is hidden.
        await _bench.SendAsync(S3Operation.DeleteObject, "k1300", null, "versionId=" + newest);
        await _bench.PutAsync("k1400", [2]);
        var rest = new List<Change> { first };
        while (changes.MoveNext())
        {
            rest.Add(changes.Current);
        }

        Assert.Equal(Keys, Tagged(rest).Distinct().Count());
    }

    private static IEnumerable<string> Tagged(IEnumerable<Change> changes) =>
        changes.Where(static change => change.Kind == ChangeKind.Tags).Select(static change => $"{change.Key} {change.File}");

    private async Task WriteAsync(string key)
    {
        await _bench.PutAsync(key, [1]);
        await _bench.SendAsync(S3Operation.PutObjectTagging, key,
            TextBody("<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"), "tagging");
    }
}
