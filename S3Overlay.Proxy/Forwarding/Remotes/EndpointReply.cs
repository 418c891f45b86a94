using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>What came of one question to an endpoint.</summary>
internal sealed record EndpointReply
{
    /// <summary>Why there was no answer; null where there was one, or where nothing could be sent.</summary>
    public Unreachable? Unreachable { get; init; }

    /// <summary>What the answer says is wrong, or why nothing could be signed; null for neither.</summary>
    public RemoteException? Failure { get; init; }

    /// <summary>The answer's status; 0 where there was none.</summary>
    public int Status { get; init; }

    /// <summary>How far the endpoint's clock is ahead of this machine's, by the answer's <c>Date</c>; null where it tells none.</summary>
    public TimeSpan? Ahead { get; init; }

    /// <summary>Whether the answer is the document that was asked for.</summary>
    public bool IsUnderstood { get; init; }

    /// <summary>The names in the document: of buckets, or of the first keys.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
}
