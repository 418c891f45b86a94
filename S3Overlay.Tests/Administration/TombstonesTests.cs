using System.Globalization;
using System.Text.Json;

using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>The list of tombstones (rule A5).</summary>
[Trait("Rule", "A5")]
public abstract class TombstonesTests<TFixture>(TFixture fixture) : AdministrationTestBase<TFixture>(fixture)
    where TFixture : OverlayFixture
{
    [Fact]
    public async Task Any_keys_are_listed_in_their_order_in_pages_of_any_size()
    {
        var bucket = await NewBucketAsync();
        foreach (var key in AwkwardKeys.All)
        {
            await Fixture.S3.DeleteObjectAsync(bucket, key);
        }

        foreach (var limit in (int[])[1, 7, AwkwardKeys.All.Count, 1000])
        {
            Assert.Equal(AwkwardKeys.InListingOrder, await KeysAsync(bucket, limit));
        }

        foreach (var prefix in (string[])["a", "a/", "\u00e9", "nothing", ""])
        {
            var expected = AwkwardKeys.InListingOrder.Where(key => key.StartsWith(prefix, StringComparison.Ordinal));
            Assert.Equal(expected, await KeysAsync(bucket, 2, prefix));
        }
    }

    [Fact]
    public async Task Many_are_listed_as_they_come()
    {
        var bucket = await NewBucketAsync();
        var keys = Enumerable.Range(0, 1500).Select(i => $"{i:d4}-{new string('k', 60)}").ToList();
        foreach (var part in keys.Chunk(1000))
        {
            await Fixture.S3.DeleteObjectsAsync(
                new() { BucketName = bucket, Objects = [.. part.Select(key => new Amazon.S3.Model.KeyVersion { Key = key })] });
        }

        var response = await Http.SendAsync("GET", Target("tombstones", ("bucket", bucket), ("limit", "10000")));
        Assert.Equal("application/json", response.Headers["Content-Type"]);
        Assert.Equal(keys, Keys(Last(response)));
        Assert.Equal(keys, await KeysAsync(bucket, 1000));
    }

    [Fact]
    public async Task The_buckets_that_have_any_are_listed()
    {
        await CallAsync("POST", "discard", ("all", "true"));
        var (some, gone, none) = (await NewBucketAsync("k"), await NewBucketAsync("k"), await NewBucketAsync("k"));
        await Fixture.S3.DeleteObjectAsync(some, "k");
        await Fixture.S3.DeleteObjectAsync(gone, "k");
        await Fixture.S3.DeleteBucketAsync(gone);
        await SeenAsync(none, "k");
        (string?, bool)[] expected = [.. new[] { (some, false), (gone, true) }.OrderBy(pair => pair.Item1, StringComparer.Ordinal)];
        Assert.Equal(expected, Buckets(await CallAsync("GET", "tombstones")));
        var first = await CallAsync("GET", "tombstones", ("limit", "1"));
        Assert.Equal(expected[..1], Buckets(first));
        Assert.Equal(expected[1..],
            Buckets(await CallAsync("GET", "tombstones", ("limit", "1"), ("token", first.GetProperty("next").GetString()!))));
        var deleted = await CallAsync("GET", "tombstones", ("bucket", gone));
        Assert.Equal((true, 0), (deleted.GetProperty("bucketDeleted").GetBoolean(), deleted.GetProperty("tombstones").GetArrayLength()));
    }

    [Theory]
    [InlineData("limit", "0")]
    [InlineData("limit", "10001")]
    [InlineData("limit", "-1")]
    [InlineData("limit", "many")]
    [InlineData("token", "")]
    [InlineData("token", "made-up")]
    public async Task A_wrong_page_is_refused(string name, string value) =>
        Assert.Equal((400, "InvalidArgument"), await RefusedAsync("GET", "tombstones", ("bucket", "b"), (name, value)));

    private async Task<List<string>> KeysAsync(string bucket, int limit, string? prefix = null)
    {
        var keys = new List<string>();
        for (string? token = null; ;)
        {
            List<(string, string)> parameters = [("bucket", bucket), ("limit", limit.ToString(CultureInfo.InvariantCulture))];
            if (prefix is not null)
            {
                parameters.Add(("prefix", prefix));
            }

            if (token is not null)
            {
                parameters.Add(("token", token));
            }

            var page = await CallAsync("GET", "tombstones", [.. parameters]);
            var shown = Keys(page);
            keys.AddRange(shown);
            token = page.GetProperty("next").GetString();
            Assert.True(shown.Count <= limit);
            if (token is null)
            {
                return keys;
            }

            Assert.Equal(limit, shown.Count);
        }
    }

    private static List<string> Keys(JsonElement page) =>
        [.. page.GetProperty("tombstones").EnumerateArray().Select(row => row.GetProperty("key").GetString()!)];

    private static (string? Bucket, bool Deleted)[] Buckets(JsonElement page) =>
        [.. page.GetProperty("buckets").EnumerateArray()
            .Select(row => (row.GetProperty("bucket").GetString(), row.GetProperty("bucketDeleted").GetBoolean()))];
}
