using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>The writable layer.</summary>
public sealed record LocalOptions
{
    /// <summary>The access key clients use where they have none of their own.</summary>
    public const string DefaultKey = "minioadmin";

    /// <summary>The built-in store's folder.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Whether a write is on disk before it is acknowledged.</summary>
    public required bool IsDurable { get; init; }

    /// <summary>The region of buckets made here.</summary>
    public required string BucketLocation { get; init; }

    /// <summary>An S3 endpoint in place of the built-in store; null for that.</summary>
    public required Uri? Endpoint { get; init; }

    /// <summary>The local layer's access key.</summary>
    public required string AccessKey { get; init; }

    /// <summary>The secret key that belongs to it.</summary>
    public required string SecretKey { get; init; }

    /// <summary>Where the keys are from, for people: a variable's name, or <c>the default</c>.</summary>
    public required string KeysOrigin { get; init; }

    /// <summary>The region for a local endpoint.</summary>
    public required string Region { get; init; }

    /// <summary>How buckets are addressed at a local endpoint.</summary>
    public required AddressingStyle Addressing { get; init; }

    /// <summary>What make of store a local endpoint is; null to find out.</summary>
    public required StoreMake? Make { get; init; }

    /// <summary>The session token for a local endpoint, or null.</summary>
    public required string? SessionToken { get; init; }

    /// <summary>How many proxies share a local endpoint.</summary>
    public required int Proxies { get; init; }

    /// <summary>Where bytes on their way to a local endpoint wait.</summary>
    public required string SpoolDirectory { get; init; }

    /// <summary>How many bytes of running fills may wait there.</summary>
    public required long SpoolMaxBytes { get; init; }

    /// <summary>Whether reads show the remote alone while a local endpoint is down.</summary>
    public required bool ReadsThroughOnError { get; init; }

    /// <summary>The options without their secret.</summary>
    public override string ToString() => Endpoint is null ? $"local layer in {DataDirectory}" : $"local layer at {Endpoint}";
}
