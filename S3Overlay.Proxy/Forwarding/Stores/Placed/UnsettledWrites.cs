using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>
/// Writes of this process whose objects may look like the copy that was there before, bytes and second being the same: until somebody has
/// looked, or taken the copy's rows away, the rows of such a key do not tell what is a copy. A write that was refused has made no object,
/// and leaves nothing here.
/// </summary>
internal sealed class UnsettledWrites
{
    private readonly Dictionary<ObjectName, Writes> _keys = [];
    private long _ended;

    /// <summary>Of how many keys there are any.</summary>
    public int Count
    {
        get
        {
            lock (_keys)
            {
                return _keys.Count;
            }
        }
    }

    /// <summary>Whether there are any of a key.</summary>
    /// <param name="name">The key.</param>
    /// <param name="last">The last of them that has ended, for <see cref="Settle"/>; 0 for none.</param>
    public bool Has(ObjectName name, out long last)
    {
        lock (_keys)
        {
            var has = _keys.TryGetValue(name, out var writes);
            last = has ? writes!.Last : 0;
            return has;
        }
    }

    /// <summary>A write of a key is about to be committed.</summary>
    public void Begin(ObjectName name)
    {
        lock (_keys)
        {
            if (!_keys.TryGetValue(name, out var writes))
            {
                _keys.Add(name, writes = new Writes());
            }

            writes.UnderWay++;
        }
    }

    /// <summary>It was, or nobody knows; or it was refused.</summary>
    public void End(ObjectName name, bool isRefused)
    {
        lock (_keys)
        {
            var writes = _keys[name];
            writes.UnderWay--;
            writes.Last = isRefused ? writes.Last : ++_ended;
            RemoveIfNone(name, writes);
        }
    }

    /// <summary>
    /// What ended up to here made no object that looks like a copy, or there is no row left that it could be taken for one by.
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="last">What <see cref="Has"/> told before the look: nothing is settled where another has ended since.</param>
    public void Settle(ObjectName name, long last)
    {
        lock (_keys)
        {
            if (last > 0 && _keys.TryGetValue(name, out var writes) && writes.Last == last)
            {
                writes.Last = 0;
                RemoveIfNone(name, writes);
            }
        }
    }

    private void RemoveIfNone(ObjectName name, Writes writes)
    {
        if (writes is { UnderWay: 0, Last: 0 })
        {
            _keys.Remove(name);
        }
    }

    private sealed class Writes
    {
        public int UnderWay { get; set; }

        public long Last { get; set; }
    }
}
