using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Keys whose rows this process takes out while listings run. Such a listing may have read the store's page when the copy was there, and
/// reads rows when its row is gone: the copy would look written. So it would to a listing that begins while a row is going, where the copy
/// comes, or comes back, just then. While no listing runs and no row goes nothing is kept.
/// </summary>
internal sealed class RetiredRows
{
    private readonly HashSet<RetiredWatch> _watches = [];
    private readonly List<ObjectName> _going = [];

    /// <summary>
    /// Begins to note keys for a listing, which ends with the disposal of the result. To be called before the store is asked for the first
    /// page.
    /// </summary>
    public RetiredWatch Watch(string bucket, string prefix)
    {
        var watch = new RetiredWatch(this, bucket, prefix);
        lock (_watches)
        {
            _watches.Add(watch);
            _going.ForEach(watch.Note);
        }

        return watch;
    }

    /// <summary>
    /// Rows of a key are about to be deleted. To be disposed of when they are, and what may have come between has been looked for.
    /// </summary>
    public IDisposable Begin(ObjectName name)
    {
        lock (_watches)
        {
            _going.Add(name);
            foreach (var watch in _watches)
            {
                watch.Note(name);
            }
        }

        return new Going(this, name);
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

    private void End(ObjectName name)
    {
        lock (_watches)
        {
            _going.Remove(name);
        }
    }

    private sealed class Going(RetiredRows rows, ObjectName name) : IDisposable
    {
        public void Dispose() => rows.End(name);
    }
}
