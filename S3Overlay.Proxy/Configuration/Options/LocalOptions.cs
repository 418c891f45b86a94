using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>The local layer, which writes go to.</summary>
public sealed record LocalOptions
{
    /// <summary>The default of both keys.</summary>
    public const string DefaultKey = "minioadmin";

    /// <summary>The built-in store's folder.</summary>
    public string DataDirectory { get; init; } = "";

    /// <summary>Whether a write is on disk before it is acknowledged.</summary>
    public bool IsDurable { get; init; }

    /// <summary>The length of a day in lifecycle rules.</summary>
    public TimeSpan LifecycleDay { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long bucket logging collects records for one log object.</summary>
    public TimeSpan LoggingInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The keys that the built-in store encrypts objects with.</summary>
    public EncryptionKeys Encryption { get; init; } = EncryptionKeys.None;

    /// <summary>Whether clients may send encryption keys over plain HTTP.</summary>
    public bool MayTakePlainKeys { get; init; }

    /// <summary>The region of new buckets.</summary>
    public string BucketLocation { get; init; } = "";

    /// <summary>Whether new buckets of the built-in store have ACLs and no public access block.</summary>
    public bool NewBucketsHaveAcls { get; init; }

    /// <summary>An S3 endpoint instead of the built-in store; null for the built-in store.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The local layer's access key.</summary>
    public string AccessKey { get; init; } = "";

    /// <summary>The secret key for it.</summary>
    public string SecretKey { get; init; } = "";

    /// <summary>Where the keys come from: a variable's name, or <c>the default</c>.</summary>
    public string KeysOrigin { get; init; } = "";

    /// <summary>The region for a local endpoint.</summary>
    public string Region { get; init; } = "";

    /// <summary>How buckets are addressed at a local endpoint.</summary>
    public AddressingStyle Addressing { get; init; }

    /// <summary>The local endpoint's vendor; null to detect it.</summary>
    public StoreMake? Make { get; init; }

    /// <summary>The session token for a local endpoint, or null.</summary>
    public string? SessionToken { get; init; }

    /// <summary>How many proxies share a local endpoint.</summary>
    public int Proxies { get; init; }

    /// <summary>The folder for temporary files on the way to a local endpoint.</summary>
    public string SpoolDirectory { get; init; } = Path.Combine(Path.GetTempPath(), "s3overlay-spool");

    /// <summary>The most bytes that running fills may use there.</summary>
    public long SpoolMaxBytes { get; init; }

    /// <summary>Whether reads show the remote alone while a local endpoint is down.</summary>
    public bool ReadsThroughOnError { get; init; }

    /// <summary>The options without their secret.</summary>
    public override string ToString() => Endpoint is null ? $"local layer in {DataDirectory}" : $"local layer at {Endpoint}";
}
