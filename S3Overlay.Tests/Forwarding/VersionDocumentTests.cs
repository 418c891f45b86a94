using System.Text;

using S3Overlay.Proxy.Forwarding.Listings;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Tests.Forwarding;

/// <summary>Listings of versions in the formats of several stores (rule V3).</summary>
[Trait("Rule", "V3")]
public sealed class VersionDocumentTests
{
    private const string Ulid = "01JAAAAAAAAAAAAAAAAAAAAAA";

    [Fact]
    public async Task Markers_before_versions_are_put_where_they_belong()
    {
        // As Versity writes it: dates of versions in whole seconds, the ids of one second in order.
        Assert.Equal(
            ["a m2*-", "a v1", "b v3*", "b m1-", "b v1", "c m1*-"],
            await ReadAsync(
                Marker("a", "m2", true, "2026-01-02T03:04:05.9Z"), Marker("b", "m1", false, "2026-01-02T03:04:06.1Z"),
                Marker("c", "m1", true, "2026-01-02T03:04:05Z"),
                Version("a", "v1", false, "2026-01-02T03:04:07Z"), Version("b", "v3", true, "2026-01-02T03:04:05Z"),
                Version("b", "v1", false, "2026-01-02T03:04:05Z")));
    }

    [Fact]
    public async Task Of_one_key_the_newest_comes_first_by_ids_that_sort_by_time()
    {
        string[] expected = [$"k {Ulid}6*-", $"k {Ulid}5", $"k {Ulid}4-", $"k {Ulid}3", $"k {Ulid}2-", $"k {Ulid}1"];
        const string Second = "2026-01-02T03:04:05Z";
        const string Within = "2026-01-02T03:04:05.5Z";
        Assert.Equal(
            expected,
            await ReadAsync(
                Marker("k", Ulid + "6", true, Within), Marker("k", Ulid + "4", false, Within), Marker("k", Ulid + "2", false, Within),
                Version("k", Ulid + "5", false, Second), Version("k", Ulid + "3", false, Second), Version("k", Ulid + "1", false, Second)));
    }

    [Fact]
    public async Task Versions_before_markers_are_put_where_they_belong_too()
    {
        Assert.Equal(
            ["a v2*", "a m1-", "b m2*-", "b v1"],
            await ReadAsync(
                Version("a", "v2", true, "2026-01-02T03:04:05Z"), Version("b", "v1", false, "2026-01-02T03:04:07Z"),
                Marker("a", "m1", false, "2026-01-02T03:04:06Z"), Marker("b", "m2", true, "2026-01-02T03:04:06Z")));
    }

    [Fact]
    public async Task What_the_store_has_in_order_stays_so()
    {
        // Written within one second, and dated by a clock that went back.
        Assert.Equal(
            ["a m2*-", "a v1", "a m1-", "b v1*"],
            await ReadAsync(
                Marker("a", "m2", true, "2026-01-02T03:04:05Z"), Version("a", "v1", false, "2026-01-02T03:04:04Z"),
                Marker("a", "m1", false, "2026-01-02T03:04:09Z"),
                Version("b", "v1", true, "2026-01-02T03:04:05Z")));
    }

    [Fact]
    public async Task What_is_neither_is_out_of_order()
    {
        var failure = await Assert.ThrowsAsync<RemoteException>(() => ReadAsync(
            Marker("b", "m1", true, "2026-01-02T03:04:05Z"), Version("a", "v1", true, "2026-01-02T03:04:05Z"),
            Marker("a", "m0", false, "2026-01-02T03:04:05Z")));
        Assert.Contains("out of order", failure.Message, StringComparison.Ordinal);
    }

    private static string Marker(string key, string id, bool isLatest, string date) => Row("DeleteMarker", key, id, isLatest, date);

    private static string Version(string key, string id, bool isLatest, string date) => Row("Version", key, id, isLatest, date);

    private static string Row(string kind, string key, string id, bool isLatest, string date) =>
        $"<{kind}><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>{(isLatest ? "true" : "false")}</IsLatest>"
        + $"<LastModified>{date}</LastModified></{kind}>";

    private static async Task<string[]> ReadAsync(params string[] rows)
    {
        using var body = new MemoryStream(
            Encoding.UTF8.GetBytes($"<ListVersionsResult><IsTruncated>false</IsTruncated>{string.Concat(rows)}</ListVersionsResult>"));
        var page = await ListingDocument.ReadVersionsAsync(body, "store", CancellationToken.None);
        return [.. page.Rows
            .Select(static row => $"{row.Name} {row.VersionId}{(row.IsLatest ? "*" : "")}{(row.Object is null ? "-" : "")}")];
    }
}
