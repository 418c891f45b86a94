using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>Keys of one listing whose rows were taken out since it began.</summary>
/// <param name="retired">Whom to tell of the end.</param>
/// <param name="bucket">The listing's bucket.</param>
/// <param name="prefix">What its keys begin with.</param>
internal sealed class RetiredWatch(RetiredRows retired, string bucket, string prefix) : IDisposable
{
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private volatile bool _isAll;

    /// <summary>A row of a key is about to be deleted.</summary>
    public void Note(ObjectName name)
    {
        if (name.Bucket == bucket && name.Key.StartsWith(prefix, StringComparison.Ordinal))
        {
            lock (_keys)
            {
                _keys.Add(name.Key);
            }
        }
    }

    /// <summary>All rows of a bucket are about to be deleted.</summary>
    public void NoteAll(string all) => _isAll |= all == bucket;

    /// <summary>Whether a key is one of them.</summary>
    public bool Has(string key)
    {
        lock (_keys)
        {
            return _isAll || _keys.Contains(key);
        }
    }

    /// <summary>Whether any of them is under a common prefix.</summary>
    public bool HasUnder(string folder)
    {
        lock (_keys)
        {
            return _isAll || _keys.Any(key => key.StartsWith(folder, StringComparison.Ordinal));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => retired.Forget(this);
}
