using System.Net;

using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>
/// One request with its response. Contains no secrets: no signing header, and of the target only what <see cref="LoggedTarget"/> leaves.
/// </summary>
public sealed record AccessLogEntry
{
    /// <summary>When the request arrived.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The client's address; null on a Unix socket.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>The access key that signed; empty if the request is unsigned or its signature was wrong.</summary>
    public string Requester { get; init; } = "";

    /// <summary>The response's <c>x-amz-request-id</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>The operation; <see cref="S3Operation.Unknown"/> if the request was rejected before it was known.</summary>
    public S3Operation Operation { get; init; }

    /// <summary>The sub-resource of a bucket's configuration; null for other operations.</summary>
    public string? Configuration { get; init; }

    /// <summary>Whether a website endpoint answered.</summary>
    public bool IsOfWebsite { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The request target as sent, including signatures: write it through <see cref="LoggedTarget"/> only.</summary>
    public required string RawTarget { get; init; }

    /// <summary>The HTTP version, such as <c>HTTP/1.1</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The bucket; empty if there is none.</summary>
    public string Bucket { get; init; } = "";

    /// <summary>The key; empty if there is none.</summary>
    public string Key { get; init; } = "";

    /// <summary>The status of the response.</summary>
    public int Status { get; init; }

    /// <summary>S3's error code; null for none, or if a store sent its own error.</summary>
    public string? Error { get; init; }

    /// <summary>Bytes of body sent.</summary>
    public long Sent { get; init; }

    /// <summary>The object's size in bytes; null if the response does not show it.</summary>
    public long? ObjectSize { get; init; }

    /// <summary>From the request's arrival to the end of the response.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>How the request ended: one of <see cref="Outcomes"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>The layer that answered; null if the response does not say.</summary>
    public string? Layer { get; init; }

    /// <summary>The response's <c>x-cache</c>; null for none.</summary>
    public string? Cache { get; init; }

    /// <summary>The <c>Referer</c> header; empty if there is none.</summary>
    public string Referer { get; init; } = "";

    /// <summary>The <c>User-Agent</c> header; empty if there is none.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>The host that the client named.</summary>
    public string Host { get; init; } = "";

    /// <summary>The version of the object; null if the response names none.</summary>
    public string? VersionId { get; init; }

    /// <summary>How the request was signed.</summary>
    public RequestSignature Signature { get; init; }

    /// <summary>The TLS version, such as <c>Tls13</c>; null without TLS.</summary>
    public string? TlsVersion { get; init; }

    /// <summary>The TLS cipher suite; null without TLS.</summary>
    public string? CipherSuite { get; init; }

    /// <summary>Copies what connection and headers show. Does not keep the context, which is reused.</summary>
    public static AccessLogEntry From(HttpContext context, DateTimeOffset time, string requestId, string outcome)
    {
        var request = context.Request;
        var response = context.Response.Headers;
        var tls = context.Features.Get<ITlsHandshakeFeature>();
        return new()
        {
            Time = time,
            Client = context.Connection.RemoteIpAddress,
            RequestId = requestId,
            Outcome = outcome,
            Method = request.Method,
            RawTarget = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            Protocol = request.Protocol,
            Status = context.Response.StatusCode,
            ObjectSize = SizeOf(context),
            Referer = request.Headers.Referer.ToString(),
            UserAgent = request.Headers.UserAgent.ToString(),
            Host = request.Host.Value ?? "",
            VersionId = response["x-amz-version-id"] is [{ Length: > 0 } version] ? version : null,
            Signature = SignatureOf(request),
            TlsVersion = tls?.Protocol.ToString(),
            CipherSuite = tls?.NegotiatedCipherSuite?.ToString(),
        };
    }

    /// <summary>The object's size: after the slash of a range, or the length read or written.</summary>
    private static long? SizeOf(HttpContext context)
    {
        var response = context.Response;
        if (response.Headers.ContentRange is [{ } range] && range.LastIndexOf('/') is >= 0 and var slash)
        {
            return long.TryParse(range.AsSpan(slash + 1), out var whole) ? whole : null;
        }

        return response.StatusCode != StatusCodes.Status200OK ? null
            : context.Request.Method is "GET" or "HEAD" ? response.ContentLength
            : context.Request.Method == "PUT" ? LengthOf(context.Request)
            : null;
    }

    /// <summary>The length of what is sent, without the frames of chunks.</summary>
    private static long? LengthOf(HttpRequest request) =>
        request.Headers["x-amz-decoded-content-length"] is not [{ } decoded] ? request.ContentLength
            : long.TryParse(decoded, out var length) ? length : null;

    /// <summary>The kind of signature, by the <c>Authorization</c> header, then by the query.</summary>
    private static RequestSignature SignatureOf(HttpRequest request)
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
