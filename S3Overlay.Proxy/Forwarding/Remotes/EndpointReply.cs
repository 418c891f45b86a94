using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>The outcome of one question to an endpoint.</summary>
internal sealed record EndpointReply
{
    /// <summary>Why there was no response; null if there was one or nothing could be sent.</summary>
    public Unreachable? Unreachable { get; init; }

    /// <summary>The error of the response, or why nothing could be signed; null if all went well.</summary>
    public RemoteException? Failure { get; init; }

    /// <summary>The status; 0 without a response.</summary>
    public int Status { get; init; }

    /// <summary>How far the endpoint's clock is ahead of this machine's, from the <c>Date</c> header; null without one.</summary>
    public TimeSpan? Ahead { get; init; }

    /// <summary>True if the response is the document that was asked for.</summary>
    public bool IsUnderstood { get; init; }

    /// <summary>The buckets or first keys in the document.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
}
