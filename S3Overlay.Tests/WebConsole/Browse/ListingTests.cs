using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;
using S3Overlay.WebConsole.Pages.Browse;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>Rows of buckets, however many there are.</summary>
[Collection(AloneInProcess.Name)]
public sealed class ListingTests : BrowseTestBase
{
    [Theory]
    [InlineData("minioadmin", true)]
    [InlineData("reader", false)]
    public async Task Pages_follow_each_other_without_gaps(string accessKey, bool withLayers)
    {
        string[] expected = ["a-1", .. Enumerable.Range(0, 2200).Select(static at => $"b{at:d4}"), "c/", "d", "\ud83d\ude00"];
        await Parallel.ForEachAsync(
            expected.Select(static name => name == "c/" ? "c/1" : name), async (key, _) => await PutAsync(key, "x"));
        await PutAsync("c/2", "x");
        var source = new RowSource(GatewayOf(accessKey), withLayers);
        var window = new RowWindow((after, token) => source.ReadAsync(new("photos"), false, after, token), "");

        var rows = await AllOfAsync(window);

        Assert.Equal(expected, rows.Select(static row => row.Name));
        Assert.Equal("c/", Assert.Single(rows, static row => row.IsFolder).Name);
        Assert.All(rows.Where(static row => !row.IsFolder), row => Assert.Equal(withLayers ? RowLayer.Local : null, row.Layer));
        Assert.Equal((expected.Length, false, null), (window.Known, window.HasMore, window.Cut));
    }

    [Fact]
    public async Task An_endpoint_may_send_short_pages_and_the_folder_that_it_was_to_begin_after()
    {
        // As S3 does: keys below a folder are after its name.
        string[] names = ["a", "b/", .. Enumerable.Range(0, 1500).Select(static at => $"c{at:d4}/")];
        var proxy = new FakeProxy(TimeProvider.System)
        {
            Answer = request =>
            {
                var query = System.Web.HttpUtility.ParseQueryString(request.Query);
                var start = query["continuation-token"] is { } token ? int.Parse(token)
                    : Array.FindIndex(names, name => string.CompareOrdinal(name, query["start-after"] ?? "") >= 0);
                var page = names.Skip(start).Take(300).ToList();
                return (200, FakeProxy.TextOf("<ListBucketResult>"
                    + string.Concat(page.Select(static name => $"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"))
                    + (start + 300 < names.Length
                        ? $"<IsTruncated>true</IsTruncated><NextContinuationToken>{start + 300}</NextContinuationToken>" : "")
                    + "</ListBucketResult>"));
            },
        };
        var source = new RowSource(proxy.Gateway, withLayers: false);
        var window = new RowWindow((after, token) => source.ReadAsync(new("photos"), false, after, token), "");

        Assert.Equal(names, (await AllOfAsync(window)).Select(static row => row.Name));
    }

    /// <summary>AWS and MinIO write a space as a plus: to open, and to delete, another key would be worse than none.</summary>
    [Fact]
    public async Task A_plus_of_an_encoded_listing_is_a_space()
    {
        var proxy = new FakeProxy(TimeProvider.System)
        {
            Answer = static _ => (200, FakeProxy.TextOf(
                "<ListBucketResult><Contents><Key>a+b</Key></Contents><Contents><Key>a%2Bb</Key></Contents></ListBucketResult>")),
        };

        var page = await new RowSource(proxy.Gateway, withLayers: false).ReadAsync(new("photos"), false, "", CancellationToken.None);

        Assert.Equal(["a b", "a+b"], page.Rows.Select(static row => row.Name));
    }

    [Fact]
    public async Task A_key_without_admin_cannot_ask_for_layers()
    {
        await PutAsync("a", "x");

        var refusal = await Assert.ThrowsAsync<ProxyError>(() => new RowSource(GatewayOf("reader"), withLayers: true).ReadAsync(
            new("photos"), false, "", CancellationToken.None));

        Assert.Equal(403, refusal.Status);
    }

    [Fact]
    public async Task A_million_rows_are_scrolled_in_flat_memory()
    {
        const int Total = 1_000_000;
        var reads = 0;
        Task<RowPage> ReadAsync(string after, CancellationToken cancellationToken)
        {
            reads++;
            var start = after.Length == 0 ? 0 : int.Parse(after) + 1;
            var end = Math.Min(start + RowSource.PageRows, Total);
            return Task.FromResult(new RowPage(
                [.. Enumerable.Range(start, end - start).Select(static at => new BrowseRow($"{at:d200}", false, null, 1, null, null))],
                end < Total));
        }

        var (seen, most) = (0, 0L);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (string? from = ""; from is not null;)
        {
            var window = new RowWindow(ReadAsync, from);
            for (var at = 0; at < window.Room || at == 0; at += 400)
            {
                var rows = await window.ReadAsync(at, 400, CancellationToken.None);
                Assert.All(rows, (row, offset) => Assert.Equal(seen + offset, int.Parse(row.Name)));
                seen += rows.Count;
                if (at % 100_000 == 0)
                {
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
                }
            }

            // Back to where it began: the page is read again.
            var readsBefore = reads;
            Assert.Single(await window.ReadAsync(0, 1, CancellationToken.None));
            Assert.Equal(window.Known > RowWindow.KeptPages * RowSource.PageRows, reads == readsBefore + 1);
            from = window.Cut;
        }

        Assert.Equal(Total, seen);
        Assert.InRange(most, 0, 32 << 20);
    }

    [Fact]
    public async Task Rows_of_before_are_read_from_the_pages_that_are_held()
    {
        var reads = 0;
        var window = new RowWindow(
            (after, _) =>
            {
                reads++;
                return Task.FromResult(new RowPage([new("a", false, null, 1, null, null)], false));
            }, "");

        await window.ReadAsync(0, 10, CancellationToken.None);
        await window.ReadAsync(0, 10, CancellationToken.None);

        Assert.Equal((1, 1), (reads, window.Room));
    }

    [Fact]
    public async Task Rows_that_come_and_go_are_never_shown_twice_or_left_out()
    {
        var names = Enumerable.Range(0, 3 * RowSource.PageRows).Select(static at => $"{at:d6}").ToList();
        var window = new RowWindow(
            (after, _) =>
            {
                var page = names.Where(name => string.CompareOrdinal(name, after) > 0).Take(RowSource.PageRows + 1).ToList();
                var rows = page.Take(RowSource.PageRows).Select(static name => new BrowseRow(name, false, null, 1, null, null));
                return Task.FromResult(new RowPage([.. rows], page.Count > RowSource.PageRows));
            }, "");
        await AllOfAsync(window);
        Assert.Equal((names.Count, false), (window.Known, window.HasMore));

        names.Insert(1, "000000-new");
        window.Forget();
        Assert.Equal(names, (await AllOfAsync(window)).Select(static row => row.Name));

        names.RemoveRange(100, 2000);
        window.Forget();
        Assert.Equal(names, (await AllOfAsync(window)).Select(static row => row.Name));
        Assert.Equal((names.Count, false), (window.Known, window.HasMore));
    }

    private static async Task<List<BrowseRow>> AllOfAsync(RowWindow window)
    {
        var rows = new List<BrowseRow>();
        do
        {
            var found = await window.ReadAsync(rows.Count, 150, CancellationToken.None);
            Assert.NotEmpty(found);
            rows.AddRange(found);
        }
        while (rows.Count < window.Room);
        return rows;
    }
}
