namespace S3Overlay.Proxy.Configuration;

/// <summary>A setting and its value, for people to see.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Value">The value, or the default; null if there is none, or if it is secret.</param>
/// <param name="IsSet">Whether it is set, rather than the default.</param>
/// <param name="Source">Where the value comes from.</param>
public sealed record ShownSetting(Setting Setting, string? Value, bool IsSet, string Source);
