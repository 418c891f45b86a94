using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Reading;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>Helpers to read remote-owned keys that are not deleted.</summary>
public static class RemoteOwnedReading
{
    /// <summary>Answers a read of a key that has no tombstone.</summary>
    public static Task ReadAsync(
        this IRemoteReader reader, S3Request request, S3Response response, RemoteBucket remote, CancellationToken cancellationToken) =>
        reader.ReadAsync(request, response, remote, WrittenRead.Nothing, cancellationToken);

    /// <summary>Starts an empty entry that was just validated.</summary>
    public static ValueTask<ICacheEntry> CreateAsync(
        this ICacheStore store, string bucket, string key, EntryIdentity identity, ObjectInfo info, CancellationToken cancellationToken) =>
        store.CreateAsync(bucket, key, identity, info, DateTimeOffset.UtcNow, cancellationToken);

    /// <summary>The entry of a key, or null.</summary>
    public static ValueTask<ICacheEntry?> FindAsync(this ICacheStore store, string bucket, string key,
        CancellationToken cancellationToken) =>
        store.FindAsync(bucket, key, LookupHint.Info, cancellationToken);

    /// <summary>Reads once, from a position on.</summary>
    public static async ValueTask<int> ReadAsync(this ICacheEntry copy, long position, Memory<byte> buffer,
        CancellationToken cancellationToken)
    {
        await using var reader = copy.Read(new ByteRange(position, copy.Info.Size - 1));
        return await reader.ReadAsync(buffer, cancellationToken);
    }
}
