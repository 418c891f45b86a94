using System.Globalization;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>
/// A remote of 100,000 keys under 10,000 written keys and 10,000 tombstones. Every page matches the model, and costs no more remote
/// requests than necessary.
/// </summary>
public abstract class ManyKeysListingTests<TScene>(TScene scene) : IClassFixture<TScene>
    where TScene : ManyKeysScene
{
    /// <summary>From the first row to the last by what each page says of the next.</summary>
    [Theory]
    [InlineData("", "", 1000, true)]
    [InlineData("", "", 999, false)]
    [InlineData("", "/", 1000, true)]
    [InlineData("", "::", 1000, false)]
    [InlineData("", "9", 1000, true)]
    [InlineData("data-0", "é", 999, true)]
    [InlineData("x", "::", 100, true)]
    [InlineData("f1", "/", 7, false)]
    [InlineData("big/", "", 100, true)]
    [InlineData("gone", "/", 1, true)]
    [InlineData("data-00", "", 7, true)]
    [Trait("Rule", "L1"), Trait("Rule", "L2")]
    [QuickRows(4)]
    public async Task A_walk_shows_every_row_once_and_costs_what_its_pages_need(string prefix, string delimiter, int pageSize, bool isV2)
    {
        var expected = Rows(prefix, delimiter, ListingPosition.Start);
        var costs = new PageCosts(prefix, delimiter, expected);
        var (at, position, next) = (0, ListingPosition.Start, "");
        while (true)
        {
            var page = await PageAsync(prefix, delimiter, pageSize, isV2, next);
            AssertPage(expected, at, pageSize, page);
            AssertCost(costs, position, pageSize, page);
            at += page.Rows.Count;
            if (!page.IsTruncated)
            {
                break;
            }

            position = new ListingPosition(page.Rows[^1].Name, page.Rows[^1].IsPrefix);
            next = isV2 ? $"&continuation-token={page.Next}" : $"&marker={UriEncoding.EncodeComponent(page.Next!)}";
        }

        Assert.Equal(expected.Count, at);
    }

    /// <summary>Pages that start anywhere: at existing, deleted and unknown names, inside folders and after them.</summary>
    [Theory]
    [InlineData("", 1, true)]
    [InlineData("", 7, false)]
    [InlineData("", 100, true)]
    [InlineData("/", 1, false)]
    [InlineData("/", 7, true)]
    [InlineData("/", 100, false)]
    [InlineData("::", 1, true)]
    [InlineData("9", 7, true)]
    [Trait("Rule", "L1"), Trait("Rule", "L2")]
    [QuickRows(3)]
    public async Task A_page_from_anywhere_shows_what_lies_behind_and_costs_what_it_needs(string delimiter, int pageSize, bool isV2)
    {
        var costs = new PageCosts("", delimiter, Rows("", delimiter, ListingPosition.Start));
        foreach (var name in Starts())
        {
            var isFolder = delimiter.Length > 0 && name.IndexOf(delimiter, StringComparison.Ordinal) is var found && found >= 0
                && found == name.Length - delimiter.Length;
            var position = new ListingPosition(name, isFolder);
            var page = await PageAsync(
                "", delimiter, pageSize, isV2, $"&{(isV2 ? "start-after" : "marker")}={UriEncoding.EncodeComponent(name)}");
            AssertPage(Rows("", delimiter, position, pageSize + 1), 0, pageSize, page);
            AssertCost(costs, position, pageSize, page);
        }
    }

    private static IEnumerable<string> Starts() =>
    [
        .. Enumerable.Range(0, 12).Select(i => ManyKeys.Remote[i * 8311]),
        .. Enumerable.Range(0, 6).Select(i => ManyKeys.Deleted[i * 1663]),
        .. Enumerable.Range(0, 6).Select(i => ManyKeys.Written[i * 1663]),
        "!", "data-05000", "data-04999~", "data-08498", "data-0", "big/", "big/0", "big/02000", "f099/19", "f100/", "f100/1", "f149/19",
        "gone/", "gone/1499", "x::", "x::4", "x::849::9", "\U0010FFFF",
    ];

    private async Task<ClientPage> PageAsync(string prefix, string delimiter, int pageSize, bool isV2, string next)
    {
        scene.Remote.TakeCalls();
        var query = string.Create(
            CultureInfo.InvariantCulture,
            $"{(isV2 ? "list-type=2&encoding-type=url&" : "")}max-keys={pageSize}&prefix={UriEncoding.EncodeComponent(prefix)}"
            + $"&delimiter={UriEncoding.EncodeComponent(delimiter)}{next}");
        return await scene.ListAsync(query);
    }

    private List<ListingRow> Rows(string prefix, string delimiter, ListingPosition after, int most = int.MaxValue) =>
        ListingModel.Rows(scene.Visible, new ListingQuery(prefix, delimiter, after, most), info => info, most);

    private static void AssertPage(List<ListingRow> expected, int at, int pageSize, ClientPage page)
    {
        var wanted = expected.Skip(at).Take(pageSize).ToList();
        Assert.Equal(wanted.Select(row => row.Name), page.Rows.Select(row => row.Name));
        Assert.Equal(wanted, page.Rows.Select((row, i) => WithoutDate(wanted[i])
            ? row with { Object = row.Object! with { LastModified = default } } : row));
        Assert.Equal(expected.Count > at + pageSize, page.IsTruncated);
    }

    private void AssertCost(PageCosts costs, ListingPosition after, int pageSize, ClientPage page)
    {
        var calls = scene.Remote.TakeCalls();
        var most = costs.Most(after, pageSize, page.Rows);
        Assert.True(
            calls.Count <= most,
            $"The page of {pageSize} behind '{after.Name}' cost {calls.Count} calls and needs {most}: {string.Join("; ", calls.Take(30))}");
    }

    private static bool WithoutDate(ListingRow row) => row.Object is { } shown && shown.LastModified == default;
}
