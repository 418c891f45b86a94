namespace S3Overlay.Benchmarks.Workloads;

/// <summary>A request to any server.</summary>
/// <param name="Method">GET, HEAD, PUT or DELETE.</param>
/// <param name="Key">The object's key; empty for the bucket itself.</param>
/// <param name="Query">The query, without its question mark.</param>
/// <param name="Range">The Range header, or null for the whole.</param>
/// <param name="BodyLength">Bytes of body to send.</param>
public sealed record Ask(string Method, string Key, string Query = "", string? Range = null, int BodyLength = 0);
