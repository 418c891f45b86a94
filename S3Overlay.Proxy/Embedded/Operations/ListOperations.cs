using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Operations;

internal sealed class ListOperations(EmbeddedStore store)
{
    public async Task ListAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var list = ListRequest.Parse(request);
        await using var rows = store.ListWritten(request.Bucket, list.Query);
        await ListingPager.AnswerAsync(list, rows, request, answer, cancellationToken);
    }

    /// <summary>ListObjectVersions without versioning: each object is its one version, named <c>null</c>.</summary>
    public async Task ListVersionsAsync(S3Request request, S3Response answer, CancellationToken cancellationToken)
    {
        store.Buckets.Require(request.Bucket);
        var page = MarkerPage.ParseVersions(request, hasVersions: false);
        await using var rows = store.ListWritten(request.Bucket, page.Query);
        await VersionPager.AnswerAsync(page, new ShownVersions(rows, null), request, answer, cancellationToken);
    }
}
