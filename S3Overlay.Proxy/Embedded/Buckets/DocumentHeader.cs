using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Embedded.Buckets;

/// <summary>A header that belongs to a bucket's configuration. It is kept beside the document, under its own name.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Values">Its values. The first is the default.</param>
internal sealed record DocumentHeader(string Name, IReadOnlyList<string> Values)
{
    /// <summary>Reads it from a request.</summary>
    /// <returns>The value to keep; null for the default.</returns>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public string? Read(S3Request request) => request.Header(Name) is not { } value || value == Values[0] ? null
        : Values.Contains(value) ? value : throw S3Exception.Argument($"The value of {Name} is invalid.", Name, value);

    /// <summary>Adds it to a response about the document.</summary>
    public void Show(BucketRecord bucket, S3Response response) =>
        response.Headers[Name] = bucket.Documents.GetValueOrDefault(Name) ?? Values[0];
}
