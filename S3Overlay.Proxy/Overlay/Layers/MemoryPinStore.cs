namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>Keeps pins in memory, for a cache that ends with its process.</summary>
internal sealed class MemoryPinStore : IPinStore
{
    private readonly Lock _lock = new();
    private IReadOnlyList<CachePin> _pins = [];

    /// <inheritdoc/>
    public Task<IReadOnlyList<CachePin>> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(_pins);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CachePin>> ChangeAsync(Func<IReadOnlyList<CachePin>, IReadOnlyList<CachePin>> change,
        CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_pins = change(_pins));
        }
    }
}
