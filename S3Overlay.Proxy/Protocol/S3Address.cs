namespace S3Overlay.Proxy.Protocol;

/// <summary>The front door as one client sees it.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Host">The Host header as received, with the port where it was sent.</param>
/// <param name="IsVirtualHosted">Whether the bucket came from the host name (<c>bucket.localhost:8000</c>) rather than from the
/// path.</param>
public readonly record struct S3Address(string Scheme, string Host, bool IsVirtualHosted)
{
    /// <summary>
    /// The URL of an object as this client would write it, its key spelt as S3 does in what it answers: slashes too are encoded.
    /// </summary>
    /// <remarks>What CompleteMultipartUpload and a form's upload are answered with as Location.</remarks>
    public string ObjectUrl(string bucket, string key) => UrlOf(bucket, UriEncoding.EncodeComponent(key));

    /// <summary>The URL of an object whose key is spelt already.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="spelling">The key as it stands in a URL.</param>
    public string UrlOf(string bucket, string spelling) => IsVirtualHosted ? $"{Scheme}://{Host}/{spelling}"
        : $"{Scheme}://{Host}/{bucket}/{spelling}";
}
