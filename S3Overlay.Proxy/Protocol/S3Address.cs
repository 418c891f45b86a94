namespace S3Overlay.Proxy.Protocol;

/// <summary>The front door as one client sees it.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Host">The Host header as received, with the port where it was sent.</param>
/// <param name="IsVirtualHosted">Whether the bucket came from the host name (<c>bucket.localhost:8000</c>) rather than from the path.</param>
public readonly record struct S3Address(string Scheme, string Host, bool IsVirtualHosted)
{
    /// <summary>The URL of an object as this client would write it: what CompleteMultipartUpload answers as Location.</summary>
    public string ObjectUrl(string bucket, string key) =>
        IsVirtualHosted
            ? $"{Scheme}://{Host}/{UriEncoding.EncodeKey(key)}"
            : $"{Scheme}://{Host}/{bucket}/{UriEncoding.EncodeKey(key)}";
}
