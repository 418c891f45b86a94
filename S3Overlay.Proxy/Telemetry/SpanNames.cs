using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>The names of the proxy's spans. There are few; details are attributes (<see cref="SpanAttributes"/>).</summary>
public static class SpanNames
{
    /// <summary>The writable layer answered a read.</summary>
    public const string LocalHit = "local hit";

    /// <summary>The writable layer does not have the key.</summary>
    public const string LocalMiss = "local miss";

    /// <summary>A read was served from the cache alone.</summary>
    public const string CacheHit = "cache hit";

    /// <summary>Everything that a read needs of one chunk was cached.</summary>
    public const string ChunkHit = "chunk hit";

    /// <summary>The remote's bytes go into the cache, for any number of readers.</summary>
    public const string RemoteFill = "remote fill";

    /// <summary>One chunk's part of a fill.</summary>
    public const string ChunkFetch = "chunk fetch";

    /// <summary>A read follows a fill, from its first wait until it needs no more. Linked to the fill.</summary>
    public const string FillWait = "fill wait";

    /// <summary>The remote's bytes go to the client, uncached.</summary>
    public const string RemoteStream = "remote stream";

    /// <summary>The remote is asked whether a cached version is current, for any number of readers.</summary>
    public const string Revalidation = "revalidation";

    /// <summary>A page of both layers' rows is merged.</summary>
    public const string ListMerge = "list merge";

    /// <summary>A fill's bytes are uploaded to the cache bucket.</summary>
    public const string CopyUpload = "copy upload";

    private static readonly string[] Requests = [.. Enum.GetValues<S3Operation>().Select(operation => $"S3.{operation}")];

    /// <summary>A client's request, named as in the conventions for S3: <c>S3.GetObject</c>.</summary>
    /// <remarks>https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/</remarks>
    public static string Request(S3Operation operation) => Requests[(int)operation];

    /// <summary>One attempt at an upstream request: <c>GET remote</c>, <c>PUT local store</c>.</summary>
    /// <remarks>https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name</remarks>
    public static string Attempt(string method, string role) => $"{method} {role}";
}
