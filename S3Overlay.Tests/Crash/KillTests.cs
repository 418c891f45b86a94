using System.Collections.Concurrent;

using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Crash;

/// <summary>
/// Table F, killed at any instant: every acknowledged write and delete exists, none is torn, and nothing incomplete shows.
/// </summary>
[Trait("Rule", "F-killed")]
public sealed class KillTests
{
    private const int Writers = 8;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [QuickRows(1)]
    public async Task Acknowledged_writes_and_deletes_survive_a_kill(int round)
    {
        using var folder = new TemporaryFolder();
        var acknowledged = new ConcurrentDictionary<string, int>();
        var attempted = new ConcurrentDictionary<string, int>();
        await using (var proxy = await ProxyProcess.StartAsync(folder["data"]))
        {
            using var s3 = S3Clients.Create(proxy.Endpoint);
            await s3.PutBucketAsync("bucket");
            var enough = new TaskCompletionSource();
            var writers = Enumerable.Range(0, Writers).Select(writer => WriteAsync(s3, writer, round, attempted, acknowledged, enough))
                .ToList();
            await enough.Task;
            await proxy.KillAsync();
            await Task.WhenAll(writers);
        }

        Assert.True(acknowledged.Count >= Writers);
        await using var again = await ProxyProcess.StartAsync(folder["data"]);
        using var after = S3Clients.Create(again.Endpoint);
        foreach (var (key, last) in attempted)
        {
            var sure = acknowledged.GetValueOrDefault(key, 0);
            var found = await ReadAsync(after, key);

            // The last request of each writer may or may not have happened; everything before it was acknowledged.
            Assert.True(found == sure || found == last, $"{key}: acknowledged {sure}, attempted {last}, found {found}");
        }

        var listed = (await after.ListObjectsV2Async(new() { BucketName = "bucket" })).S3Objects ?? [];
        foreach (var item in listed)
        {
            Assert.True(await ReadAsync(after, item.Key) > 0, $"{item.Key} is listed and cannot be read");
        }
    }

    /// <summary>The number of a write determines its size and content. Zero and below mean a delete.</summary>
    private static async Task WriteAsync(
        AmazonS3Client s3, int writer, int seed, ConcurrentDictionary<string, int> attempted, ConcurrentDictionary<string,
        int> acknowledged, TaskCompletionSource enough)
    {
        var random = new Random((seed * 1000) + writer);
        try
        {
            for (var number = 1; ; number++)
            {
                var key = $"writer-{writer}/key-{random.Next(5)}";
                var isDelete = random.Next(4) == 0;
                attempted[key] = isDelete ? 0 : number;
                if (isDelete)
                {
                    await s3.DeleteObjectAsync("bucket", key);
                }
                else
                {
                    await s3.PutObjectAsync(new() { BucketName = "bucket", Key = key, InputStream = new MemoryStream(Content(number)) });
                }

                acknowledged[key] = isDelete ? 0 : number;
                if (acknowledged.Count > Writers * 4 && number > 20 + (seed * 7))
                {
                    enough.TrySetResult();
                }
            }
        }
        catch (Exception e) when (e is AmazonS3Exception or HttpRequestException or IOException or Amazon.Runtime.AmazonServiceException
            or Amazon.Runtime.AmazonClientException)
        {
            // The server was killed under this writer.
            enough.TrySetResult();
        }
    }

    private static byte[] Content(int number)
    {
        var bytes = new byte[4 + (number * 7919 % 200_000)];
        new Random(number).NextBytes(bytes);
        BitConverter.TryWriteBytes(bytes, number);
        return bytes;
    }

    private static async Task<int> ReadAsync(AmazonS3Client s3, string key)
    {
        try
        {
            using var response = await s3.GetObjectAsync("bucket", key);
            var bytes = await Contract.LocalOnlyTests.ReadAsync(response);
            var number = BitConverter.ToInt32(bytes);
            Assert.True(Content(number).AsSpan().SequenceEqual(bytes), $"{key} is torn");
            return number;
        }
        catch (NoSuchKeyException)
        {
            return 0;
        }
    }
}
