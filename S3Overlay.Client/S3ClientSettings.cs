namespace S3Overlay.Client;

/// <summary>
/// How to reach an S3 endpoint. Read from <c>Aspire:S3Overlay:Client</c>, from the section of the connection's name below it, then from the
/// connection string.
/// </summary>
public sealed class S3ClientSettings
{
    /// <summary>
    /// <c>Endpoint=http://host:port;AccessKey=...;SecretKey=...</c>, as application hosts inject it; its parts win over those of the
    /// sections.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>The endpoint's URL, <c>http://</c> or <c>https://</c>.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The access key requests are signed with.</summary>
    public string? AccessKey { get; set; }

    /// <summary>The secret key that belongs to it.</summary>
    public string? SecretKey { get; set; }

    /// <summary>The region that signatures name. An overlay takes any, unless <c>S3_OVERLAY_REGION</c> is set there.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>The bucket of a bucket resource's connection string; null without one. The client itself reaches every bucket.</summary>
    public string? Bucket { get; set; }

    /// <summary>
    /// Whether buckets are in the path (<c>http://host/bucket/key</c>). Otherwise they are host names below the endpoint's.
    /// </summary>
    public bool ForcePathStyle { get; set; } = true;

    /// <summary>Whether no health check is added.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Whether calls make no spans.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>The settings without their secret.</summary>
    public override string ToString() => $"S3 client of {Endpoint}";
}
