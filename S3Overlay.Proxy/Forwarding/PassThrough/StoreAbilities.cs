namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>What decides in which form checksums reach the store.</summary>
public sealed class StoreAbilities
{
    /// <summary>Whether it takes checksums behind a body (aws-chunked trailers). Until that is known they are verified here, and handed on only where they fit a header.</summary>
    public bool TakesTrailers { get; set; }
}
