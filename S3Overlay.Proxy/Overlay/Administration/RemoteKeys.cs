using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Administration;

/// <summary>
/// Which keys a remote has, for keys that are asked in their order: by listing it, a page for as many of them as are on it. What lies
/// between two of them is leapt over, so that it takes no more pages than there are keys, however large the bucket.
/// </summary>
internal sealed class RemoteKeys(RemoteBucket bucket, string prefix, ILogger logger)
{
    /// <summary>
    /// What the keys that are asked for start with there: a prefix that only part of the bucket continues under says nothing of it.
    /// </summary>
    private readonly string _prefix = prefix.StartsWith(bucket.ClientPrefix, StringComparison.Ordinal) ? bucket.RemoteKey(prefix)
        : bucket.KeyPrefix;

    private IReadOnlyList<ListingRow> _rows = [];
    private int _next;
    private string? _token;
    private string? _leaptTo;
    private bool _hasEnded;

    /// <summary>How many pages were read.</summary>
    public int Pages { get; private set; }

    /// <summary>Whether the remote has a key, as of a page that was read after this object was made.</summary>
    /// <exception cref="RemoteException">It cannot be known; NoSuchBucket too.</exception>
    public async ValueTask<bool> HasAsync(string key, CancellationToken cancellationToken)
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
                return _rows[_next].Name == name;
            }

            if (_hasEnded)
            {
                return false;
            }

            await FetchAsync(name, cancellationToken);
        }
    }

    /// <summary>
    /// Reads the page that the key would be on. Where that was tried already, its page begins further back than was asked for, or many keys
    /// lie right before it: then the pages behind are read one after another.
    /// </summary>
    private async ValueTask FetchAsync(string name, CancellationToken cancellationToken)
    {
        var goesOn = _leaptTo == name;
        var listing = new RemoteListing(bucket.Name, _prefix, "", goesOn ? "" : Places.Before(name), goesOn ? _token
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
