namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Reads some bytes of a held copy from front to back. One at a time; the copy outlives it.</summary>
public interface IEntryReader : IAsyncDisposable
{
    /// <summary>Reads the next bytes. Returns fewer than asked for at a block's end, and 0 at the end of what was to be read or where the
    /// next byte is not held or was found damaged (and is then no longer held).</summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
