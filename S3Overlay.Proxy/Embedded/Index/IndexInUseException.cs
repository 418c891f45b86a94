namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Another process has the index open.</summary>
public sealed class IndexInUseException(string folder) : IOException($"'{folder}' is in use by another process.");
