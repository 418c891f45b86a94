namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The built-in store judges all conditions.</summary>
public sealed class BuiltInConditions : ILocalConditions
{
    /// <summary>The only instance.</summary>
    public static readonly BuiltInConditions Instance = new();

    /// <inheritdoc/>
    public bool IsAlone => true;

    /// <inheritdoc/>
    public LocalConditions Known => LocalConditions.All;

    /// <inheritdoc/>
    public ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken) => new(LocalConditions.All);
}
