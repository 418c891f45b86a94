using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>How clients' requests are handed on to an S3 endpoint.</summary>
public sealed record ForwardingSettings
{
    /// <summary>The endpoint.</summary>
    public required EndpointSettings Endpoint { get; init; }

    /// <summary>How long the store may take to answer once it has the request: below the minute that SDKs wait for us.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>The same for reads of objects: shorter where somebody else can answer in the store's place.</summary>
    public TimeSpan ReadAnswerTimeout { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>The same for what takes long by nature: copies, and the completion of uploads.</summary>
    public TimeSpan LongAnswerTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the store may leave off in the middle of a body, sending or taking.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where bodies of unknown length, and others whose checksum comes last, wait for their end.</summary>
    public string SpoolDirectory { get; init; } = Path.GetTempPath();

    /// <summary>How much of them waits there at most.</summary>
    public long SpoolMaxBytes { get; init; } = 10L << 30;

    /// <summary>
    /// Whether requests that nobody signed are signed here (<c>S3_OVERLAY_AUTH=none</c>); otherwise they go on unsigned, and the store
    /// decides what it shows to everyone (rule A3).
    /// </summary>
    public bool SignsForEveryone { get; init; }
}
