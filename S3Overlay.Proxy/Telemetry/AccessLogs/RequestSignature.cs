namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>How a request appears to be signed.</summary>
public enum RequestSignature
{
    /// <summary>Not at all, or in the fields of a form.</summary>
    None,

    /// <summary>Signature version 4 in the <c>Authorization</c> header.</summary>
    HeaderV4,

    /// <summary>Signature version 2 in the <c>Authorization</c> header.</summary>
    HeaderV2,

    /// <summary>A presigned URL of signature version 4.</summary>
    QueryV4,

    /// <summary>A presigned URL of signature version 2.</summary>
    QueryV2,
}
