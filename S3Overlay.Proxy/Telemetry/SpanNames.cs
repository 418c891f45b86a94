using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// What the proxy's spans are called. Few names, whatever is asked for: what a span is about is in its attributes
/// (<see cref="SpanAttributes"/>).
/// </summary>
public static class SpanNames
{
    /// <summary>The writable layer answered a read.</summary>
    public const string LocalHit = "local hit";

    /// <summary>The writable layer was asked, and has not got the key.</summary>
    public const string LocalMiss = "local miss";

    /// <summary>A read was answered from a held copy alone.</summary>
    public const string CacheHit = "cache hit";

    /// <summary>All that a read wanted of one chunk was held when it came.</summary>
    public const string ChunkHit = "chunk hit";

    /// <summary>Bytes come from the remote into a copy, for however many readers.</summary>
    public const string RemoteFill = "remote fill";

    /// <summary>One chunk's part of a fill.</summary>
    public const string ChunkFetch = "chunk fetch";

    /// <summary>A read follows a fill: from when it first had to wait until it needed no more of it. Linked to the fill.</summary>
    public const string FillWait = "fill wait";

    /// <summary>Bytes go from the remote to the client, and none is kept.</summary>
    public const string RemoteStream = "remote stream";

    /// <summary>The remote is asked whether a held version is current still, for however many readers.</summary>
    public const string Revalidation = "revalidation";

    /// <summary>A page of both layers' rows is put together.</summary>
    public const string ListMerge = "list merge";

    /// <summary>What a fill brought is put into the S3 store that keeps copies.</summary>
    public const string CopyUpload = "copy upload";

    private static readonly string[] Requests = [.. Enum.GetValues<S3Operation>().Select(operation => $"S3.{operation}")];

    /// <summary>A client's request, as the conventions for S3 name it: <c>S3.GetObject</c>.</summary>
    /// <remarks>https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/</remarks>
    public static string Request(S3Operation operation) => Requests[(int)operation];

    /// <summary>One attempt at an upstream request: <c>GET remote</c>, <c>PUT local store</c>.</summary>
    /// <remarks>https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name</remarks>
    public static string Attempt(string method, string role) => $"{method} {role}";
}
