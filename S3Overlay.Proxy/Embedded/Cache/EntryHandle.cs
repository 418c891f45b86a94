using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>One user's reference to an entry's file.</summary>
internal sealed class EntryHandle(OpenFiles<ObjectName, CacheFile>.Lease lease, CacheTable table) : ICacheEntry
{
    private readonly CacheFile _file = lease.File;
    private int _disposed;

    public CacheFile File => _file;

    /// <inheritdoc/>
    public EntryIdentity Identity => _file.Header.Identity;

    /// <inheritdoc/>
    public ObjectInfo Info => _file.Header.Info;

    /// <inheritdoc/>
    public DateTimeOffset ValidatedAt => _file.Header.ValidatedAt;

    /// <inheritdoc/>
    public bool IsCurrent => lease.IsCurrent;

    /// <inheritdoc/>
    public ByteRange? FirstCached(long position) => _file.FirstCached(position);

    /// <inheritdoc/>
    public IEntryReader Read(ByteRange range) => new Reader(_file, range);

    /// <summary>On the thread pool: a slow disk makes writers wait, and the caller may be a socket's thread.</summary>
    public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        new(Task.Run(
            () =>
            {
                table.Writes();
                _file.Write(position, bytes.Span);
            },
            cancellationToken));

    /// <summary>Nothing left to do: a block counts as cached once it is written.</summary>
    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            lease.Dispose();
            table.Released();
        }

        return ValueTask.CompletedTask;
    }

    private sealed class Reader(CacheFile file, ByteRange range) : IEntryReader
    {
        private long _position = range.First;

        /// <inheritdoc/>
        public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var wanted = (int)Math.Min(buffer.Length, range.Last + 1 - _position);
            if (wanted <= 0)
            {
                return 0;
            }

            var read = await file.ReadAsync(_position, buffer[..wanted], cancellationToken);
            _position += read;
            return read;
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
