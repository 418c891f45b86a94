using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>
/// Finds keys of a remote, given in order, by listing it. One page serves all keys on it, and gaps are skipped, so there are never more
/// pages than keys, nor than the whole listing has.
/// </summary>
internal sealed class RemoteWalk(RemoteBucket bucket, string prefix, ILogger logger)
{
    /// <summary>The prefix to list there: only part of the bucket may continue in this place.</summary>
    private readonly string _prefix = prefix.StartsWith(bucket.ClientPrefix, StringComparison.Ordinal) ? bucket.RemoteKey(prefix)
        : bucket.KeyPrefix;

    private IReadOnlyList<ListingRow> _rows = [];
    private int _next;
    private string? _token;
    private string? _leaptTo;
    private bool _hasEnded;

    /// <summary>Pages read.</summary>
    public int Pages { get; private set; }

    /// <summary>True if <see cref="FindAsync"/> knows a key without a request.</summary>
    public bool Has(string key) =>
        _hasEnded || (_rows.Count > 0 && Utf8Order.Compare(_rows[^1].Name, bucket.RemoteKey(key)) >= 0);

    /// <summary>
    /// The remote's object of a key, according to a page read after this walk was created; null if it has none. Keys come in order.
    /// </summary>
    /// <exception cref="RemoteException">It cannot be known; NoSuchBucket too.</exception>
    public async ValueTask<ListedObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        var name = bucket.RemoteKey(key);
        while (true)
        {
            while (_next < _rows.Count && Utf8Order.Compare(_rows[_next].Name, name) < 0)
            {
                _next++;
            }

            if (_next < _rows.Count)
            {
                return _rows[_next].Name == name ? _rows[_next].Object : null;
            }

            if (_hasEnded)
            {
                return null;
            }

            await FetchAsync(name, cancellationToken);
        }
    }

    /// <summary>
    /// Reads the page for a key. If that was tried already, the page started earlier than requested, or many keys precede this one; then
    /// the following pages are read in turn.
    /// </summary>
    private async ValueTask FetchAsync(string name, CancellationToken cancellationToken)
    {
        var goesOn = _leaptTo == name;
        var listing = new RemoteListing(bucket.Name, _prefix, "", goesOn ? "" : ListingBounds.Before(name), goesOn ? _token
            : null, ListRequest.MaxPage);
        var page = await bucket.Remote.ListAsync(listing, cancellationToken);
        var order = new RowOrder("remote", logger);
        foreach (var row in page.Rows)
        {
            order.Next(row.Name);
        }

        if (goesOn && page.NextToken is not null && page.NextToken == _token)
        {
            throw order.Wrong("it gives the same page over and over");
        }

        (_rows, _next, _token, _leaptTo, _hasEnded) = (page.Rows, 0, page.NextToken, name, page.NextToken is null);
        Pages++;
    }
}
