namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>How a request's body is framed inside of HTTP.</summary>
public enum PayloadFraming
{
    /// <summary>The bytes themselves.</summary>
    Plain,

    /// <summary><c>aws-chunked</c>, without signatures.</summary>
    Chunks,

    /// <summary><c>aws-chunked</c>, every chunk signed.</summary>
    SignedChunks,
}
