namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>How the conditions of a request came out.</summary>
public enum ConditionOutcome
{
    /// <summary>Go on.</summary>
    Pass,

    /// <summary>304: the client has these bytes.</summary>
    NotModified,

    /// <summary>412: a precondition does not hold.</summary>
    PreconditionFailed,
}
