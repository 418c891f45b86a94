namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>A line of <c>GET tail</c>: a request that was answered; or, if <see cref="Lost"/> is set, how many are missing here.</summary>
public sealed record TailDocument(
    DateTimeOffset Time, string Method, string Operation, string Bucket, string Key, int Status, string? Code, string? Layer, string? Cache,
    long Bytes, double Seconds, long? Lost)
{
    /// <summary>Bucket and key.</summary>
    public string Name => Key.Length == 0 ? Bucket : $"{Bucket}/{Key}";
}
