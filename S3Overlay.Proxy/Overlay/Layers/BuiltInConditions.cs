namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>The built-in store judges everything.</summary>
public sealed class BuiltInConditions : ILocalConditions
{
    /// <summary>The one instance.</summary>
    public static readonly BuiltInConditions Instance = new();

    /// <inheritdoc/>
    public bool IsAlone => true;

    /// <inheritdoc/>
    public LocalConditions Known => LocalConditions.All;

    /// <inheritdoc/>
    public ValueTask<LocalConditions> GetAsync(CancellationToken cancellationToken) => new(LocalConditions.All);
}
