using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>Reads a ListBucketResult document.</summary>
internal sealed class ListingDocument : RowDocument<ListingRow>
{
    private ListingDocument(string endpoint)
        : base(endpoint)
    {
    }

    /// <inheritdoc/>
    protected override string Kind => "a listing";

    /// <inheritdoc/>
    protected override string NextElement => "NextContinuationToken";

    /// <param name="endpoint">The endpoint's name for errors.</param>
    /// <exception cref="RemoteException">Unavailable: the document is something else.</exception>
    public static async Task<RemotePage> ReadAsync(Stream body, string endpoint, CancellationToken cancellationToken)
    {
        var (rows, isTruncated, token) = await new ListingDocument(endpoint).ReadAsync(body, cancellationToken);
        return !isTruncated
            ? new RemotePage(rows, null)
            : new RemotePage(
                rows,
                token ?? throw new RemoteException(
                    RemoteFailure.Unavailable,
                    $"The {endpoint} cut a listing off without a token to go on with: it does not know ListObjectsV2."));
    }

    /// <inheritdoc/>
    protected override bool IsRoot(string element) => element == "ListBucketResult";

    /// <inheritdoc/>
    protected override bool IsRow(string element) => element == "Contents";

    /// <inheritdoc/>
    protected override ListingRow RowOf(string element, List<(string Name, string Value)> fields) => ObjectElement.Read(fields);

    /// <inheritdoc/>
    protected override ListingRow PrefixOf(string name) => new(name, null);

    /// <inheritdoc/>
    protected override string NameOf(ListingRow row) => row.Name;

    /// <inheritdoc/>
    protected override ListingRow Renamed(ListingRow row, string name) => row with { Name = name };
}
