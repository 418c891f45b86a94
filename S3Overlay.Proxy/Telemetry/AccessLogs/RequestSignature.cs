using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>How a request is signed, as far as its look tells.</summary>
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

/// <summary>Tells by which signature a request came.</summary>
internal static class RequestSignatures
{
    /// <summary>Looks at the <c>Authorization</c> header, then at the query.</summary>
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
