using System.Diagnostics.CodeAnalysis;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>The index at one moment, unaffected by later commits.</summary>
public sealed class IndexSnapshot : IDisposable
{
    private readonly IndexView _view;
    private int _disposed;

    internal IndexSnapshot(IndexView view) => _view = view;

    /// <summary>A key's value at that moment.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out byte[]? value) => (value = _view.Find(key.ToArray())) is not null;

    /// <summary>A cursor over the keys in order. Valid while the snapshot lives.</summary>
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
