using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Ceph;

namespace S3Overlay.Tests.Clients;

/// <summary>The overlay over a real Ceph object gateway. What passes through must equal the gateway's own response.</summary>
[Trait("Needs", "Ceph")]
[Collection(CephCollection.Name)]
public sealed class CephRemoteTests(CephPair pair)
{
    private const string Bucket = "origin";

    [CephFact]
    public async Task What_ceph_says_comes_through_unchanged()
    {
        using var folder = new TemporaryFolder();
        var ceph = await pair.RemoteAsync();
        using var direct = ceph.CreateClient();
        await FillAsync(direct);
        await using var proxy = await ProxyProcess.StartAsync(
            folder["local"],
            ("S3_OVERLAY_REMOTE_ENDPOINT", $"http://127.0.0.1:{ceph.Port}"),
            ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", CephGateway.AccessKey),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", CephGateway.SecretKey),
            ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_CHUNK_THRESHOLD", "4MiB"),
            ("S3_OVERLAY_CHUNK_SIZE", "1MiB"));
        using var overlay = S3Clients.Create(proxy.Endpoint);

        await SameObjectsAsync(direct, overlay);
        await SameListingsAsync(direct, overlay);
        await SixtyFourReadersAsync(overlay);
        await OverwrittenMeanwhileAsync(direct, overlay);
        await StaysLocalAsync(direct, overlay);
    }

    private static async Task FillAsync(AmazonS3Client direct)
    {
        await direct.PutBucketAsync(Bucket);
        foreach (var key in CephKeys)
        {
            await direct.PutObjectAsync(
                new() { BucketName = Bucket, Key = key, ContentBody = "value of " + key, UseChunkEncoding = false });
        }

        await direct.PutObjectAsync(new()
        {
            BucketName = Bucket, Key = "large/64m", InputStream = new PatternStream(64 << 20), UseChunkEncoding = false,
        });
        await Parallel.ForAsync(0, 3000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancel) =>
            await direct.PutObjectAsync(new() { BucketName = Bucket, Key = $"many/{i % 7}/{i % 31}-x/{i:D5}", ContentBody = "",
                UseChunkEncoding = false }, cancel));
    }

    /// <summary>The keys that this gateway accepts. It refuses a few of the strangest.</summary>
    private static IEnumerable<string> CephKeys =>
        AwkwardKeys.All.Where(key => !key.Any(char.IsControl) && key is not (".." or "a/../b" or "./here"));

    private static async Task SameObjectsAsync(AmazonS3Client direct, AmazonS3Client overlay)
    {
        foreach (var key in CephKeys)
        {
            using var theirs = await direct.GetObjectAsync(Bucket, key);
            using var ours = await overlay.GetObjectAsync(Bucket, key);
            Assert.Equal(await LocalOnlyTests.ReadAsync(theirs), await LocalOnlyTests.ReadAsync(ours));
            Assert.Equal((theirs.ETag, theirs.LastModified, theirs.Headers.ContentType),
                (ours.ETag, ours.LastModified, ours.Headers.ContentType));
        }
    }

    private static async Task SameListingsAsync(AmazonS3Client direct, AmazonS3Client overlay)
    {
        foreach (var delimiter in new[] { null, "/", "-x/", "many" })
        {
            foreach (var prefix in new[] { null, "many/", "many/3/1" })
            {
                var expected = await AllAsync(direct, prefix, delimiter, 1000);
                foreach (var pageSize in delimiter is null ? new[] { 1000, 333 } : [1000, 7])
                {
                    Assert.Equal(expected, await AllAsync(overlay, prefix, delimiter, pageSize));
                }
            }
        }
    }

    private static async Task<List<string>> AllAsync(AmazonS3Client client, string? prefix, string? delimiter, int pageSize)
    {
        var keys = new List<string>();
        var prefixes = new List<string>();
        string? token = null;
        do
        {
            var page = await client.ListObjectsV2Async(
                new() { BucketName = Bucket, Prefix = prefix, Delimiter = delimiter, MaxKeys = pageSize, ContinuationToken = token });
            keys.AddRange((page.S3Objects ?? []).Select(o => $"{o.Key} {o.ETag} {o.Size}"));
            prefixes.AddRange(page.CommonPrefixes ?? []);
            token = page.NextContinuationToken;
        }
        while (token is not null);
        return [.. keys, .. prefixes];
    }

    private static async Task SixtyFourReadersAsync(AmazonS3Client overlay)
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            using var response = await overlay.GetObjectAsync(Bucket, "large/64m");
            Assert.Equal(64 << 20, await PatternStream.VerifyAsync(response.ResponseStream));
        }));
    }

    private static async Task OverwrittenMeanwhileAsync(AmazonS3Client direct, AmazonS3Client overlay)
    {
        byte[] old = [.. Enumerable.Repeat((byte)'o', 16 << 20)], young = [.. Enumerable.Repeat((byte)'y', 16 << 20)];
        await direct.PutObjectAsync(
            new() { BucketName = Bucket, Key = "changing", InputStream = new MemoryStream(old), UseChunkEncoding = false });
        using (var part = await overlay
            .GetObjectAsync(new GetObjectRequest { BucketName = Bucket, Key = "changing", ByteRange = new(0, 99) }))
        {
            Assert.Equal(old[..100], await LocalOnlyTests.ReadAsync(part));
        }

        await direct.PutObjectAsync(
            new() { BucketName = Bucket, Key = "changing", InputStream = new MemoryStream(young), UseChunkEncoding = false });
        try
        {
            using var response = await overlay.GetObjectAsync(Bucket, "changing");
            var bytes = await LocalOnlyTests.ReadAsync(response);
            Assert.True(bytes.AsSpan().SequenceEqual(old) || bytes.AsSpan().SequenceEqual(young), "two versions were mixed");
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException or AmazonClientException)
        {
            // A cut connection is acceptable. Bytes of two versions are not.
        }

        using var after = await overlay.GetObjectAsync(Bucket, "changing");
        Assert.Equal(young, await LocalOnlyTests.ReadAsync(after));
    }

    private static async Task StaysLocalAsync(AmazonS3Client direct, AmazonS3Client overlay)
    {
        await overlay.PutObjectAsync(new() { BucketName = Bucket, Key = "a", ContentBody = "mine" });
        await overlay.DeleteObjectAsync(Bucket, "a/b");
        using var theirs = await direct.GetObjectAsync(Bucket, "a");
        Assert.Equal("value of a"u8.ToArray(), await LocalOnlyTests.ReadAsync(theirs));
        using var alive = await direct.GetObjectAsync(Bucket, "a/b");
        await Assert.ThrowsAsync<NoSuchKeyException>(() => overlay.GetObjectAsync(Bucket, "a/b"));
    }
}
