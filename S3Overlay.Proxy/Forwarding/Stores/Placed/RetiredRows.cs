using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Keys whose rows this process takes out while listings run. Such a listing may have read the store's page when the copy was there, and reads rows when its row is gone: the copy would
/// look written. While no listing runs nothing is kept.
/// </summary>
internal sealed class RetiredRows
{
    private readonly HashSet<RetiredWatch> _watches = [];

    /// <summary>Begins to note keys for a listing, which ends with the disposal of the result. To be called before the store is asked for the first page.</summary>
    public RetiredWatch Watch(string bucket, string prefix)
    {
        var watch = new RetiredWatch(this, bucket, prefix);
        lock (_watches)
        {
            _watches.Add(watch);
        }

        return watch;
    }

    /// <summary>A row of a key is about to be deleted.</summary>
    public void Note(ObjectName name)
    {
        lock (_watches)
        {
            foreach (var watch in _watches)
            {
                watch.Note(name);
            }
        }
    }

    /// <summary>All rows of a bucket are about to be deleted.</summary>
    public void NoteAll(string bucket)
    {
        lock (_watches)
        {
            foreach (var watch in _watches)
            {
                watch.NoteAll(bucket);
            }
        }
    }

    /// <summary>A listing has ended.</summary>
    public void Forget(RetiredWatch watch)
    {
        lock (_watches)
        {
            _watches.Remove(watch);
        }
    }
}
