using System.Net;

using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>
/// One answered request. It holds no secret: no header that signs, and of the target only what <see cref="LoggedTarget"/> leaves.
/// </summary>
public sealed record AccessLogEntry
{
    /// <summary>When the request arrived.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The client's address; null on a Unix socket.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>The access key that signed; empty if nothing was signed, or the signature did not hold.</summary>
    public string Requester { get; init; } = "";

    /// <summary>The id that the answer carries as <c>x-amz-request-id</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>The operation; <see cref="S3Operation.Unknown"/> if the request was refused before it was known.</summary>
    public S3Operation Operation { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The request target as it was sent, signatures included: write it with <see cref="LoggedTarget"/> only.</summary>
    public required string RawTarget { get; init; }

    /// <summary>The HTTP version, such as <c>HTTP/1.1</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The bucket; empty if there is none.</summary>
    public string Bucket { get; init; } = "";

    /// <summary>The key; empty if there is none.</summary>
    public string Key { get; init; } = "";

    /// <summary>The status of the answer.</summary>
    public int Status { get; init; }

    /// <summary>S3's error code; null if there was none, or a store answered with an error of its own.</summary>
    public string? Error { get; init; }

    /// <summary>Bytes of body sent to the client.</summary>
    public long Sent { get; init; }

    /// <summary>The size of the object, in bytes; null if the answer does not tell it.</summary>
    public long? ObjectSize { get; init; }

    /// <summary>From the request's arrival to the end of the answer.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>How it ended: one of <see cref="Outcomes"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>The layer that answered; null if the answer does not say.</summary>
    public string? Layer { get; init; }

    /// <summary>The answer's <c>x-cache</c>; null if it has none.</summary>
    public string? Cache { get; init; }

    /// <summary>The <c>Referer</c> header; empty if there is none.</summary>
    public string Referer { get; init; } = "";

    /// <summary>The <c>User-Agent</c> header; empty if there is none.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>The host that the client asked.</summary>
    public string Host { get; init; } = "";

    /// <summary>The version of the object that was read or written; null if the answer names none.</summary>
    public string? VersionId { get; init; }

    /// <summary>How the client said who it is.</summary>
    public RequestSignature Signature { get; init; }

    /// <summary>The TLS version, such as <c>Tls13</c>; null without TLS.</summary>
    public string? TlsVersion { get; init; }

    /// <summary>The TLS cipher suite; null without TLS.</summary>
    public string? CipherSuite { get; init; }

    /// <summary>Takes what the connection and the headers tell. The context is not kept: it is the next request's soon.</summary>
    public static AccessLogEntry From(HttpContext context, DateTimeOffset time, string requestId, string outcome)
    {
        var request = context.Request;
        var answer = context.Response.Headers;
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
            VersionId = answer["x-amz-version-id"] is [{ Length: > 0 } version] ? version : null,
            Signature = RequestSignatures.Of(request),
            TlsVersion = tls?.Protocol.ToString(),
            CipherSuite = tls?.NegotiatedCipherSuite?.ToString(),
        };
    }

    /// <summary>The whole object's size: behind the slash of a range, else the length of what was read or written.</summary>
    private static long? SizeOf(HttpContext context)
    {
        var answer = context.Response;
        if (answer.Headers.ContentRange is [{ } range] && range.LastIndexOf('/') is >= 0 and var slash)
        {
            return long.TryParse(range.AsSpan(slash + 1), out var whole) ? whole : null;
        }

        return answer.StatusCode != StatusCodes.Status200OK ? null
            : context.Request.Method is "GET" or "HEAD" ? answer.ContentLength
            : context.Request.Method == "PUT" ? context.Request.ContentLength
            : null;
    }
}
