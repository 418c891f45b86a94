using System.ComponentModel;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET status</c>: what this proxy is, and how its layers are. It waits for no layer.</summary>
internal sealed class StatusMethod : DocumentMethod<StatusDocument>
{
    private readonly Func<StatusDocument> _read;

    public StatusMethod(Func<StatusDocument> read)
        : base("GET", "status", "Returns what this proxy is: its mode, its layers with their health, and how much was changed here.")
    {
        (_read, IsPolled) = (read, true);
    }

    /// <inheritdoc/>
    protected override Task<(StatusDocument Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken) =>
        Task.FromResult((_read(), "read"));
}

/// <summary>What a proxy is.</summary>
internal sealed record StatusDocument(
    string Version,
    [property: Description("Its URL for clients on its machine.")] string Endpoint,
    [property: Description("The AWS command line as a client uses it, without secrets.")] string Client,
    LayerStatus Local,
    [property: Description("The remotes; empty in local-only mode.")] IReadOnlyList<LayerStatus> Remotes,
    CacheStatus Cache,
    [property: Description("Counted in the background; null until they are known.")] ChangeCounts? Changes);

/// <summary>A layer.</summary>
internal sealed record LayerStatus(
    [property: Description("The remote's name in the settings; empty for the one without a name, and for the local layer.")] string Name,
    [property: Description("Where it is: a folder or a URL.")] string Place,
    [property: Description("Which buckets it has.")] string Buckets,
    LayerHealth Health,
    [property: Description("What is wrong; null if nothing is known to be.")] string? Problem);

/// <summary>How a layer is.</summary>
internal enum LayerHealth
{
    /// <summary>It has not been asked yet, or does not answer yet.</summary>
    Unknown,

    /// <summary>It answers.</summary>
    Ok,

    /// <summary>It does not answer, or refuses.</summary>
    Failing,
}

/// <summary>The cache.</summary>
internal sealed record CacheStatus(
    bool Enabled,
    [property: Description("Where it is.")] string Place,
    [property: Description("Its largest size in bytes; null without a bound.")] long? Limit);

/// <summary>How much was changed here.</summary>
internal sealed record ChangeCounts(
    [property: Description("Keys written here, in buckets with a remote.")] long Written,
    [property: Description("Keys deleted here.")] long Deleted,
    [property: Description("True if there are more: counting stops at 10,000.")] bool More);
