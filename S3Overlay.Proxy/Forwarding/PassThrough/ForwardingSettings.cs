using S3Overlay.Proxy.Forwarding.Endpoints;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>Settings for forwarding requests to an S3 endpoint.</summary>
public sealed record ForwardingSettings
{
    /// <summary>The endpoint.</summary>
    public required EndpointSettings Endpoint { get; init; }

    /// <summary>How long the store may take to respond to a complete request. Below the minute that SDKs wait.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>The same for reads of objects. Shorter if the remote can respond instead.</summary>
    public TimeSpan ReadAnswerTimeout { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>The same for slow operations: copies and completing uploads.</summary>
    public TimeSpan LongAnswerTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the store may pause in the middle of a body.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The folder for bodies of unknown length and bodies with a trailing checksum.</summary>
    public string SpoolDirectory { get; init; } = Path.GetTempPath();

    /// <summary>The most bytes in that folder.</summary>
    public long SpoolMaxBytes { get; init; } = 10L << 30;

    /// <summary>
    /// True to sign unsigned requests here (<c>S3_OVERLAY_AUTH=none</c>). Otherwise they are forwarded unsigned, and the store decides what
    /// is public (rule A3).
    /// </summary>
    public bool SignsForEveryone { get; init; }
}
