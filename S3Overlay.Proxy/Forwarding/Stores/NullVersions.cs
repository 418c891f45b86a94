using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.Stores;

/// <summary>
/// The version <c>null</c>. To clients it is the object itself where there are no versions (rules V1, V3), and a store that may have some
/// knows it by that name; one that has none may take any id for an error (Versity without a folder for versions), so that it is asked for
/// the object.
/// </summary>
/// <param name="capabilities">What the store can do; null until that is known.</param>
internal sealed class NullVersions(Func<StoreCapabilities?> capabilities)
{
    private const string SourceHeader = "x-amz-copy-source";
    private const string InSource = "?versionId=null";

    /// <summary>The request as the store knows it.</summary>
    public S3Request ForStore(S3Request request)
    {
        if (capabilities() is not { TakesNullVersion: false })
        {
            return request;
        }

        if (request.Query["versionId"] == "null")
        {
            request = request with { Query = request.Query.Without("versionId") };
        }

        return request.Header(SourceHeader) is { } source && source.EndsWith(InSource, StringComparison.Ordinal)
            ? request.With(SourceHeader, source[..^InSource.Length]) : request;
    }
}
