namespace S3Overlay.Proxy.Protocol;

/// <summary>The address of the proxy, as one client uses it.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Host">The Host header as received, with the port if sent.</param>
/// <param name="IsVirtualHosted">Whether the host name contained the bucket (<c>bucket.localhost:8000</c>).</param>
public readonly record struct S3Address(string Scheme, string Host, bool IsVirtualHosted)
{
    /// <summary>The URL of an object as this client would write it, with the key encoded as in S3's responses: slashes too.</summary>
    /// <remarks>CompleteMultipartUpload and form uploads return it as Location.</remarks>
    public string ObjectUrl(string bucket, string key) => UrlOf(bucket, UriEncoding.EncodeComponent(key));

    /// <summary>The URL of an object whose key is already encoded.</summary>
    /// <param name="spelling">The encoded key.</param>
    public string UrlOf(string bucket, string spelling) => IsVirtualHosted ? $"{Scheme}://{Host}/{spelling}"
        : $"{Scheme}://{Host}/{bucket}/{spelling}";
}
