namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>What a user asks of <c>run</c>.</summary>
internal sealed record RunOptions
{
    /// <summary>The most bytes of a shared cache, unless the user says otherwise.</summary>
    public const long DefaultCacheSize = 10L << 30;

    /// <summary>The command and its arguments, as they are.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Settings of the command line, as the configuration reads them.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>Where changes are kept; null to discard them at the end.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Whether any change makes the run fail.</summary>
    public bool FailsOnChange { get; init; }

    /// <summary>Whether reads of the remote go through the shared cache.</summary>
    public bool UsesCache { get; init; } = true;

    /// <summary>The folder of the shared cache; null for the user's own.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>The most bytes of the shared cache; null for the setting, or <see cref="DefaultCacheSize"/>.</summary>
    public long? CacheSize { get; init; }

    /// <summary>How long the shared cache's proxy runs on after its last user.</summary>
    public TimeSpan CacheLinger { get; init; } = TimeSpan.FromMinutes(1);
}
