using Microsoft.AspNetCore.Http;

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

/// <summary>Detects the kind of a request's signature.</summary>
internal static class RequestSignatures
{
    /// <summary>Checks the <c>Authorization</c> header, then the query.</summary>
    public static RequestSignature Of(HttpRequest request)
    {
        if (request.Headers.Authorization is [{ } header, ..])
        {
            return header.StartsWith("AWS4-", StringComparison.Ordinal) ? RequestSignature.HeaderV4
                : header.StartsWith("AWS ", StringComparison.Ordinal) ? RequestSignature.HeaderV2
                : RequestSignature.None;
        }

        var query = request.QueryString.Value ?? "";
        return query.Contains("X-Amz-Signature=", StringComparison.OrdinalIgnoreCase) ? RequestSignature.QueryV4
            : query.Contains("Signature=", StringComparison.Ordinal) ? RequestSignature.QueryV2
            : RequestSignature.None;
    }
}
