using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>Reads a ListVersionsResult document: versions and delete markers.</summary>
internal sealed class VersionDocument : RowDocument<VersionRow>
{
    private VersionDocument(string endpoint)
        : base(endpoint)
    {
    }

    /// <inheritdoc/>
    protected override string Kind => "a listing of versions";

    /// <inheritdoc/>
    protected override string NextElement => "NextKeyMarker";

    /// <param name="endpoint">The endpoint's name for errors.</param>
    /// <exception cref="RemoteException">Unavailable: the document is something else.</exception>
    public static async Task<VersionPage> ReadAsync(Stream body, string endpoint, CancellationToken cancellationToken)
    {
        var document = new VersionDocument(endpoint);
        var (rows, isTruncated, marker) = await document.ReadAsync(body, cancellationToken);
        return new VersionPage(rows, isTruncated ? document.Decoded(marker ?? "") : null);
    }

    /// <inheritdoc/>
    protected override bool IsRoot(string element) => element is "ListVersionsResult" or "ListBucketVersionsResult";

    /// <inheritdoc/>
    protected override bool IsRow(string element) => element is "Version" or "DeleteMarker";

    /// <inheritdoc/>
    protected override VersionRow RowOf(string element, List<(string Name, string Value)> fields)
    {
        var row = ObjectElement.Read(fields);
        return new VersionRow(row.Name, fields.Find(static field => field.Name == "VersionId").Value is { Length: > 0 } id ? id
            : "null", element == "DeleteMarker" ? null : row.Object)
        {
            IsLatest = fields.Contains(("IsLatest", "true")),
            MarkedAt = row.Object!.LastModified,
        };
    }

    /// <inheritdoc/>
    protected override VersionRow PrefixOf(string name) => new(name, null, null);

    /// <inheritdoc/>
    protected override string NameOf(VersionRow row) => row.Name;

    /// <inheritdoc/>
    protected override VersionRow Renamed(VersionRow row, string name) => row with { Name = name };

    /// <inheritdoc/>
    protected override List<VersionRow> Ordered(List<VersionRow> rows) => VersionGroups.Merge(rows);
}
