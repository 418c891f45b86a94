using System.Security.Cryptography;

using S3Overlay.Proxy.Forwarding.BucketCache;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.BucketCache;

/// <summary>Fills and reads entries as the overlay does, without a remote.</summary>
internal static class EntryFilling
{
    public static readonly DateTimeOffset Modified = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static EntryIdentity Identity(string key, long chunkSize) => new("https://remote.test", "remote-bucket", key, chunkSize);

    public static ObjectInfo Info(byte[] bytes) => new()
    {
        Size = bytes.Length,
        ETag = $"\"{Convert.ToHexStringLower(MD5.HashData(bytes))}\"",
        LastModified = Modified,
        Headers = [new("Content-Type", "text/x-test"), new("x-amz-meta-color", "bl\u00fce \"quoted\""), new("x-amz-version-id", "v1")],
        Checksums = [new BodyChecksum(ChecksumAlgorithm.Crc32C, "AAAAAA==")],
        ChecksumType = "FULL_OBJECT",
    };

    /// <summary>Fills an entry, and waits until it is in the store.</summary>
    public static async Task FillAsync(this BucketCacheStore store, string key, byte[] bytes, ObjectInfo? info = null)
    {
        await store.BeginFillAsync(key, bytes, 0, info);
        await store.WhenIdleAsync();
    }

    /// <summary>Fills an entry, which is written to the store in the background.</summary>
    public static async Task BeginFillAsync(this BucketCacheStore store, string key, byte[] bytes, long chunkSize, ObjectInfo? info = null)
    {
        await using (var copy = await store.CreateAsync("bucket", key, Identity(key, chunkSize), info ?? Info(bytes), default))
        {
            for (var at = 0; at < bytes.Length; at += 50_000)
            {
                await copy.WriteAsync(at, bytes.AsMemory(at, Math.Min(50_000, bytes.Length - at)), default);
            }

            await copy.CompleteAsync(default);
        }
    }

    /// <summary>Reads cached bytes as a GET does. Null if the key is not cached.</summary>
    public static async Task<byte[]?> ReadAsync(this BucketCacheStore store, string key, string? range = null)
    {
        var header = RangeHeader.Parse(range);
        await using var copy = await store.FindAsync("bucket", key, LookupHint.Bytes(header), default);
        if (copy is null)
        {
            return null;
        }

        var wanted = header is { } some ? some.Resolve(copy.Info.Size)!.Value : new ByteRange(0, copy.Info.Size - 1);
        return await copy.ReadAllAsync(wanted);
    }

    /// <summary>Reads a range as far as it is cached.</summary>
    public static async Task<byte[]> ReadAllAsync(this ICacheEntry copy, ByteRange range)
    {
        using var memory = new MemoryStream();
        await using var reader = copy.Read(range);
        var buffer = new byte[100_000];
        for (int read; (read = await reader.ReadAsync(buffer, default)) > 0;)
        {
            memory.Write(buffer, 0, read);
        }

        return memory.ToArray();
    }

    public static void AssertSame(ObjectInfo expected, ObjectInfo actual)
    {
        Assert.Equal(expected.Headers, actual.Headers);
        Assert.Equal(expected.Checksums, actual.Checksums);
        Assert.Equal(expected with { Headers = [], Checksums = [] }, actual with { Headers = [], Checksums = [] });
    }

    /// <summary>An object of the cache bucket, and the metadata to put it with again.</summary>
    public static async Task<(byte[] Body, List<KeyValuePair<string, string>> Headers)> TakeAsync(this StoreBench bench, string name)
    {
        using var response = await bench.Calls.GetAsync(StoreBench.CacheBucket, name, null, default);
        using var memory = new MemoryStream();
        await (await response!.BodyAsync(default)).CopyToAsync(memory);
        return (memory.ToArray(),
            [.. response.Headers.Where(header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase))]);
    }

    /// <summary>Puts an object into the cache bucket.</summary>
    public static Task PutAsync(this StoreBench bench, string name, byte[] body, IReadOnlyList<KeyValuePair<string, string>> headers) =>
        bench.Calls.PutAsync(StoreBench.CacheBucket, name, WireBody.Of(body), headers, default);
}
