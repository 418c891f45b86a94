using Amazon.S3.Model;

using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Overlay.Listings;

/// <summary>The merge over a real server with its own interpretation of <c>start-after</c>, delimiters and page sizes.</summary>
[Collection(CephCollection.Name)]
public sealed class CephListingTests(CephPair pair)
{
    [CephFact]
    [Trait("Rule", "L1")]
    public async Task A_merged_listing_over_ceph_is_what_the_model_says()
    {
        var gateway = await pair.RemoteAsync();
        using var sdk = gateway.CreateClient();
        await sdk.PutBucketAsync("below");
        var visible = new SortedDictionary<string, string>(Utf8Order.Instance);
        string[] names = ["a", "a/", "a/1", "a/2", "a/b/1", "b", "b/1", "b/2", "b//3", "c d/1", "100%", "é/1", "\uFFFD/1", "\U0001F600/1",
            "\U0001F600/2", "z"];
        foreach (var name in names)
        {
            await sdk.PutObjectAsync(new PutObjectRequest { BucketName = "below", Key = name, ContentBody = name, UseChunkEncoding = false,
                DisablePayloadSigning = false });
            visible[name] = "remote";
        }

        var layer = new InMemoryLayer();
        foreach (var name in (string[])["a/1", "b/1", "b/2", "b//3", "\U0001F600/1", "z"])
        {
            layer.Delete("bucket", name);
            visible.Remove(name);
        }

        foreach (var name in (string[])["a/3", "b", "new/1"])
        {
            layer.Write("bucket", name, new ObjectInfo { Size = 1, ETag = "\"w\"", LastModified = DateTimeOffset.UnixEpoch });
            visible[name] = "written";
        }

        var settings = new EndpointSettings { Endpoint = gateway.Endpoint };
        using var client = new S3WireClient(
            settings, _ => new(new SigningCredentials(CephGateway.AccessKey, CephGateway.SecretKey)), TimeProvider.System);
        var below = new RemoteBucket(new S3Remote(settings, client, TimeProvider.System), "below", "");
        foreach (var delimiter in (string[])["", "/", "//", "b/"])
        {
            foreach (var prefix in (string[])["", "a", "a/", "b/"])
            {
                foreach (var pageSize in (int[])[1, 2, 1000])
                {
                    var query = new ListingQuery(prefix, delimiter, ListingPosition.Start, pageSize + 1);
                    var expected = ListingModel.Rows(visible, query, _ => new ObjectInfo { Size = 0, ETag = "", LastModified = default });
                    Assert.Equal(expected.Select(row => (row.Name, row.IsPrefix)),
                        (await WalkAsync(layer, below, query, pageSize)).Select(row => (row.Name, row.IsPrefix)));
                }
            }

            foreach (var after in (string[])["a", "a/", "a/2", "a/b", "b/", "c", "\uFFFD/1", "\U0001F600"])
            {
                foreach (var isPrefix in (bool[])[false, true])
                {
                    var query = new ListingQuery("", delimiter, new ListingPosition(after, isPrefix), 3);
                    var expected = ListingModel.Rows(visible, query, _ => new ObjectInfo { Size = 0, ETag = "", LastModified = default });
                    Assert.Equal(
                        expected.Select(row => $"{row.Name} {row.IsPrefix}"),
                        (await WalkAsync(layer, below, query, 2)).Select(row => $"{row.Name} {row.IsPrefix}"));
                }
            }
        }
    }

    private static async Task<List<ListingRow>> WalkAsync(InMemoryLayer layer, RemoteBucket below, ListingQuery query, int pageSize)
    {
        var all = new List<ListingRow>();
        while (true)
        {
            await using var source = new MergedListingSource(layer, null, "bucket", new BucketRoutes(below), query, NullLogger.Instance);
            var count = 0;
            while (count < pageSize && await source.NextAsync(default) is { } row)
            {
                all.Add(row);
                count++;
            }

            if (count < pageSize || !await source.HasMoreAsync(default))
            {
                return all;
            }

            query = query with { After = new ListingPosition(all[^1].Name, all[^1].IsPrefix) };
        }
    }
}
