using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>Looking into a held store from a test, where it does not matter what for.</summary>
public static class HeldStoreReading
{
    /// <summary>The copy held of a key, or null.</summary>
    public static ValueTask<IHeldCopy?> FindAsync(this IHeldStore store, string bucket, string key, CancellationToken cancellationToken) =>
        store.FindAsync(bucket, key, HeldWish.Info, cancellationToken);

    /// <summary>Reads once, from a position on.</summary>
    public static async ValueTask<int> ReadAsync(this IHeldCopy copy, long position, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await using var reader = copy.Read(new ByteRange(position, copy.Info.Size - 1));
        return await reader.ReadAsync(buffer, cancellationToken);
    }
}
