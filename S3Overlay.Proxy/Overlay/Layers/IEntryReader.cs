namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Reads bytes of a cache entry from front to back, one read at a time. The entry must outlive it.</summary>
public interface IEntryReader : IAsyncDisposable
{
    /// <summary>
    /// Reads the next bytes. Returns fewer than requested at a block's end, and 0 at the range's end or if the next byte is not cached.
    /// Damaged blocks no longer count as cached.
    /// </summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
