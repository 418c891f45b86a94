using Amazon.S3.Model;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract;

/// <summary>Bodies are streamed: a gigabyte in and out leaves the process small.</summary>
[FullRun("it moves gigabytes")]
public sealed class MemoryTests
{
    private const long Size = 1L << 30;
    private const long Limit = 150_000_000;

    /// <summary>A gigabyte is signed, sent and stored while other tests run.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(30);

    [Fact]
    public async Task A_gibibyte_in_and_out_local_and_cold_stays_under_150_MB()
    {
        using var folder = new TemporaryFolder();
        await using var origin = await ProxyProcess.StartAsync(folder["remote"], ("S3_OVERLAY_DURABLE", "false"));
        await using var proxy = await ProxyProcess.StartAsync(
            folder["local"],
            ("S3_OVERLAY_REMOTE_ENDPOINT", origin.Endpoint.ToString().TrimEnd('/')),
            ("S3_OVERLAY_REMOTE_ACCESS_KEY_ID", "minioadmin"),
            ("S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY", "minioadmin"),
            ("S3_OVERLAY_CACHE_ENABLED", "true"),
            ("S3_OVERLAY_DURABLE", "false"));
        await PutAsync(origin, "cold");
        await PutAsync(proxy, "local");
        Assert.Equal(Size, await GetAsync(proxy, "local"));
        Assert.Equal(Size, await GetAsync(proxy, "cold"));
        Assert.Equal(Size, await GetAsync(proxy, "cold"));
        Assert.True(origin.PeakResidentBytes() < Limit, $"A PUT of 1 GiB took {origin.PeakResidentBytes():N0} bytes of memory.");
        Assert.True(proxy.PeakResidentBytes() < Limit, $"PUT and GET of 1 GiB took {proxy.PeakResidentBytes():N0} bytes of memory.");
    }

    private static async Task PutAsync(ProxyProcess proxy, string key)
    {
        using var s3 = S3Clients.Create(proxy.Endpoint, timeout: Long);
        await s3.PutBucketAsync("bucket");
        await s3.PutObjectAsync(new PutObjectRequest
        {
            BucketName = "bucket", Key = key, InputStream = new PatternStream(Size), AutoCloseStream = true,
        });
    }

    private static async Task<long> GetAsync(ProxyProcess proxy, string key)
    {
        using var s3 = S3Clients.Create(proxy.Endpoint, timeout: Long);
        using var response = await s3.GetObjectAsync("bucket", key);
        return await PatternStream.VerifyAsync(response.ResponseStream);
    }
}
