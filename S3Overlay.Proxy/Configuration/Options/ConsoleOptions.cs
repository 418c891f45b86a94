namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>Where the web console listens.</summary>
/// <param name="Urls">Its addresses; empty if it is off.</param>
/// <param name="IsDefault">Whether they are the default: the proxy then also starts if they are in use.</param>
public sealed record ConsoleOptions(IReadOnlyList<string> Urls, bool IsDefault);
