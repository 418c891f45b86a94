using System.Buffers;
using System.Collections.Concurrent;

using Microsoft.AspNetCore.Connections;

namespace S3Overlay.Proxy.Hosting;

/// <summary>
/// The web server's buffers: 16 KiB each instead of the usual 4 KiB. One system call receives at most one buffer, so an upload needs a
/// quarter of the calls and of the work around each.
/// </summary>
internal sealed class ConnectionBuffers : MemoryPool<byte>
{
    /// <summary>
    /// Bytes per buffer. Each idle connection keeps one. Buffers of 32 and 64 KiB save uploads nothing more that can be measured.
    /// </summary>
    public const int BufferSize = 16 * 1024;

    /// <summary>Buffers kept for reuse, 4 MiB for each listening address. The collector takes the rest.</summary>
    public const int MostKept = 256;

    private const int UsualSize = 4096;

    private readonly ConcurrentQueue<Buffer> _free = new();
    private bool _isDisposed;

    /// <summary>The most that may be asked for. Pipes take longer pieces from the shared array pool, as they do by default.</summary>
    public override int MaxBufferSize => UsualSize;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, UsualSize);
        return _free.TryDequeue(out var buffer) ? buffer : new Buffer(this);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        _free.Clear();
    }

    private void Return(Buffer buffer)
    {
        if (!_isDisposed && _free.Count < MostKept)
        {
            _free.Enqueue(buffer);
        }
    }

    /// <summary>Makes the pools of a web server.</summary>
    internal sealed class Factory : IMemoryPoolFactory<byte>
    {
        /// <inheritdoc/>
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new ConnectionBuffers();
    }

    /// <summary>One buffer. Pinned: the collector need not move what lives as long as its connection.</summary>
    private sealed class Buffer(ConnectionBuffers pool) : IMemoryOwner<byte>
    {
        /// <inheritdoc/>
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);

        /// <inheritdoc/>
        public void Dispose() => pool.Return(this);
    }
}
