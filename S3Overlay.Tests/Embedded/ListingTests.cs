using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Embedded;

public sealed class ListingTests
{
    private static readonly string[] Keys =
    [
        "a", "a/", "a/1", "a/2", "a/b/c", "a/b/d", "a0", "b", "b//", "b//x", "c/d/e/f", "d-1", "d/1", "d0", "é/x", "\uFFFD", "\U0001F600",
        "\U0001F600/1", "z/", "z/z/z",
    ];

    [Fact]
    [Trait("Rule", "L1")]
    public async Task Pages_of_every_size_show_what_the_model_shows()
    {
        await using var bench = await OpenAsync();
        var model = new SortedDictionary<string, ObjectInfo>(Utf8Order.Instance);
        foreach (var key in Keys)
        {
            await bench.PutAsync(key, [1]);
            model[key] = new ObjectInfo { Size = 1, ETag = Md5([1]), LastModified = HttpDates.WholeSeconds(bench.Time.GetUtcNow()) };
        }

        foreach (var prefix in (string[])["", "a", "a/", "a/b", "b/", "d", "z/z", "x", "\U0001F600"])
        {
            foreach (var delimiter in (string[])["", "/", "//", "b", "0"])
            {
                foreach (var size in (int[])[1, 2, 3, 7, 100])
                {
                    var expected = ListingModel.Rows(model, new ListingQuery(prefix, delimiter, ListingPosition.Start, 1000),
                        static info => info);
                    Assert.Equal(expected, await AllAsync(bench, prefix, delimiter, size), Same);
                }

                foreach (var after in Keys.Append("a/b/").Append("0").Append("zz"))
                {
                    var query = new ListingQuery(prefix, delimiter, new ListingPosition(after, false), 1000);
                    Assert.Equal(ListingModel.Rows(model, query, static info => info), await TakeAsync(bench, query), Same);
                }
            }
        }
    }

    [Theory]
    [InlineData(S3Operation.ListObjects)]
    [InlineData(S3Operation.ListObjectsV2)]
    public async Task A_listing_without_an_order_has_no_delimiter(S3Operation operation)
    {
        await using var bench = await OpenAsync();
        await bench.SendAsync(operation, "", null, "allow-unordered=true");
        Assert.Equal("InvalidArgument", await bench.FailAsync(operation, "", null, "delimiter=/&allow-unordered=true"));
    }

    [Fact]
    public async Task Marker_pages_reach_the_end_too()
    {
        await using var bench = await OpenAsync();
        foreach (var key in Keys)
        {
            await bench.PutAsync(key, [1]);
        }

        foreach (var operation in (S3Operation[])[S3Operation.ListObjects, S3Operation.ListObjectVersions])
        {
            var (names, marker) = (new List<string>(), "");
            for (var page = 0; page < 40; page++)
            {
                var parameter = operation == S3Operation.ListObjects ? "marker" : "key-marker";
                var response = await bench.SendAsync(operation, "", null,
                    $"delimiter=/&max-keys=2&{parameter}={UriEncoding.EncodeComponent(marker)}");
                names.AddRange(Names(response));
                if (Text(response, "IsTruncated") == "false")
                {
                    break;
                }

                marker = Text(response, operation == S3Operation.ListObjects ? "NextMarker" : "NextKeyMarker");
            }

            Assert.Equal(["a", "a/", "a0", "b", "b/", "c/", "d-1", "d/", "d0", "z/", "é/", "\uFFFD", "\U0001F600", "\U0001F600/"],
                names.Order(Utf8Order.Instance));
        }
    }

    [Fact]
    public async Task Tombstones_are_listed_in_order_from_any_place()
    {
        await using var bench = await OpenAsync();
        foreach (var key in Keys)
        {
            await bench.Layer.MarkDeletedAsync(Bucket, key, default);
        }

        var sorted = Keys.Order(Utf8Order.Instance).ToList();
        foreach (var after in sorted.Prepend(""))
        {
            foreach (var prefix in (string[])["", "a/", "d"])
            {
                var expected = sorted.Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && Utf8Order.Compare(key, after) > 0);
                Assert.Equal(expected, await bench.Layer.ListDeletedAsync(Bucket, prefix, after, default).ToListAsync());
            }
        }
    }

    private static bool Same(ListingRow? left, ListingRow? right) =>
        left!.Name == right!.Name && left.Object?.ETag == right.Object?.ETag && left.Object?.LastModified == right.Object?.LastModified;

    private static async Task<List<ListingRow>> AllAsync(EmbeddedBench bench, string prefix, string delimiter, int size)
    {
        var rows = new List<ListingRow>();
        var after = ListingPosition.Start;
        while (true)
        {
            var page = await TakeAsync(bench, new ListingQuery(prefix, delimiter, after, size), size);
            rows.AddRange(page);
            if (page.Count < size)
            {
                return rows;
            }

            after = new ListingPosition(page[^1].Name, page[^1].IsPrefix);
        }
    }

    private static async Task<List<ListingRow>> TakeAsync(EmbeddedBench bench, ListingQuery query, int size = int.MaxValue)
    {
        var rows = new List<ListingRow>();
        await using var source = bench.Store.ListWritten(Bucket, query);
        while (rows.Count < size && await source.NextAsync(default) is { } row)
        {
            rows.Add(row);
        }

        return rows;
    }
}
