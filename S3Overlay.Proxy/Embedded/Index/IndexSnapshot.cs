using System.Diagnostics.CodeAnalysis;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The index as it was at one moment, whatever is committed since.</summary>
public sealed class IndexSnapshot : IDisposable
{
    private readonly IndexView _view;
    private int _disposed;

    internal IndexSnapshot(IndexView view) => _view = view;

    /// <summary>The value of a key at that moment.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out byte[]? value) => (value = _view.Find(key.ToArray())) is not null;

    /// <summary>A cursor over the keys in order. Use it while the snapshot lives.</summary>
    public IndexCursor OpenCursor() => new(_view);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _view.Release();
        }
    }
}
