using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Failures;

/// <summary>
/// Listings over layers that refuse some prefixes and positions, as they refuse keys. They show the same as over layers that refuse nothing
/// (rules L1, L2, V3).
/// </summary>
public sealed partial class ImpossibleListingTests : IAsyncLifetime
{
    private static readonly (string Name, string Value)[] Settings =
        [("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"), ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin")];

    /// <summary>Keys that the particular layer cannot have: the other one's.</summary>
    private static readonly string[] Impossible = ["..", "../up", "./here", "a/../b", "a/./b", "x//", "x//y", "x//z", "x/..", "x/../c"];

    /// <summary>Keys of the particular layer, before, between and behind the others.</summary>
    private static readonly string[] Possible = ["...", "..a", ".-", ".hidden", "a/.", "a/.c", "a/...", "a0", "b", "x", "x/.a", "x/a",
        "x0"];

    private StoreServer _store = null!;
    private StoreServer _remote = null!;
    private OverlayHost _proxy = null!;

    /// <summary>The listings. Each runs once over layers with restrictions and once over the same layers without.</summary>
    public static TheoryData<string> Queries
    {
        get
        {
            var queries = new TheoryData<string>();
            foreach (var prefix in (string[])["", ".", "..", "../", "./", "a/", "a/.", "a/..", "a/../", "x/", "x//", "x/.", "x//y", "b",
                "nothing//"])
            {
                foreach (var delimiter in (string[])["", "/", "."])
                {
                    queries.Add($"prefix={UriEncoding.EncodeComponent(prefix)}&delimiter={UriEncoding.EncodeComponent(delimiter)}");
                }
            }

            return queries;
        }
    }

    public async Task InitializeAsync()
    {
        _store = await StoreServer.StartAsync();
        _remote = await StoreServer.StartAsync();
        _proxy = await OverlayHost.StartAsync(_store.Endpoint, _remote.Endpoint, null, Settings);
        foreach (var server in (StoreServer[])[_store, _remote])
        {
            Assert.Equal(200, (await new SignedHttp(server.Endpoint).SendAsync("PUT", "/bucket")).Status);
        }
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _store.DisposeAsync();
        await _remote.DisposeAsync();
    }

    [Theory, Trait("Rule", "L1")]
    [MemberData(nameof(Queries))]
    [QuickRows(8)]
    public Task Over_a_particular_store(string query) => IsTheSameAsync(_store, _remote, query);

    [Theory, Trait("Rule", "L1")]
    [MemberData(nameof(Queries))]
    [QuickRows(8)]
    public Task Over_a_particular_remote(string query) => IsTheSameAsync(_remote, _store, query);

    [GeneratedRegex("<Key>(.*?)</Key>|<Prefix>([^<]+)</Prefix></CommonPrefixes>")]
    private static partial Regex Row();

    [GeneratedRegex("<NextContinuationToken>(.*?)</NextContinuationToken>")]
    private static partial Regex Token();

    [GeneratedRegex("<NextKeyMarker>(.*?)</NextKeyMarker>(?:<NextVersionIdMarker>(.*?)</NextVersionIdMarker>)?")]
    private static partial Regex Marker();

    /// <summary>Fills both layers, and lists the overlay in pages of each size.</summary>
    private async Task IsTheSameAsync(StoreServer particular, StoreServer other, string query)
    {
        foreach (var (server, keys) in ((StoreServer, string[])[])[(particular, Possible), (other, Impossible)])
        {
            foreach (var key in keys)
            {
                Assert.Equal(200, (await new SignedHttp(server.Endpoint)
                    .SendAsync("PUT", "/bucket/" + UriEncoding.EncodeKey(key), Encoding.UTF8.GetBytes(key))).Status);
            }
        }

        foreach (var size in (int[])[1, 2, 1000])
        {
            foreach (var kind in (string[])["list-type=2", "versions"])
            {
                particular.Fail = null;
                var expected = await ListAsync(kind, query, size);
                particular.Fail = StoreNaming.Of("minio");
                Assert.Equal(expected, await ListAsync(kind, query, size));
            }
        }
    }

    private async Task<List<string>> ListAsync(string kind, string query, int size)
    {
        var rows = new List<string>();
        for (var from = ""; ;)
        {
            var page = await _proxy.SendAsync("GET", $"/bucket?{kind}&{query}&max-keys={size}{from}");
            Assert.True(page.Status == 200, page.Text);
            rows.AddRange(Row().Matches(page.Text).Select(static row => row.Value));
            if (!page.Text.Contains("<IsTruncated>true</IsTruncated>", StringComparison.Ordinal))
            {
                return rows;
            }

            from = kind == "versions"
                ? Marker().Match(page.Text) is var marker
                    ? $"&key-marker={UriEncoding.EncodeComponent(marker.Groups[1].Value)}"
                        + $"&version-id-marker={UriEncoding.EncodeComponent(marker.Groups[2].Value)}" : ""
                : $"&continuation-token={UriEncoding.EncodeComponent(Token().Match(page.Text).Groups[1].Value)}";
        }
    }
}
