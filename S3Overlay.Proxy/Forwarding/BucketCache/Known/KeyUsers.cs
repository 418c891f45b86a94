using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// Tracks which fills' chunks are in use in this process, and work that waits until they are not: an evicted entry is read to its end by
/// its current readers (rule R7).
/// </summary>
internal sealed class FillUsers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Use> _uses = [];

    /// <summary>An entry has its first user, or switched to another fill while chunks of the old one may still be read.</summary>
    public void Enter(SharedEntry entry)
    {
        var fill = entry.Record.Fill;
        lock (_lock)
        {
            if (!entry.UsedFills.Contains(fill))
            {
                entry.UsedFills.Add(fill);
                CollectionsMarshal.GetValueRefOrAddDefault(_uses, fill, out _).Count++;
            }
        }
    }

    /// <summary>An entry has lost its last user.</summary>
    /// <returns>The work that waited, for the caller to run; null for none.</returns>
    public Action? Leave(SharedEntry entry)
    {
        Action? waiting = null;
        lock (_lock)
        {
            foreach (var fill in entry.UsedFills)
            {
                ref var use = ref CollectionsMarshal.GetValueRefOrNullRef(_uses, fill);
                if (--use.Count == 0)
                {
                    waiting += use.Waiting;
                    _uses.Remove(fill);
                }
            }

            entry.UsedFills.Clear();
        }

        return waiting;
    }

    /// <summary>Whether anybody uses a fill's chunks.</summary>
    public bool Any(Guid fill)
    {
        lock (_lock)
        {
            return _uses.ContainsKey(fill);
        }
    }

    /// <summary>Runs work once a fill is unused, perhaps at once.</summary>
    public void WhenUnused(Guid fill, Action action)
    {
        lock (_lock)
        {
            ref var use = ref CollectionsMarshal.GetValueRefOrNullRef(_uses, fill);
            if (!Unsafe.IsNullRef(ref use))
            {
                use.Waiting += action;
                return;
            }
        }

        action();
    }

    private struct Use
    {
        public int Count;
        public Action? Waiting;
    }
}

/// <summary>
/// Counts users and lookups of each key's entry, and evictions during them. Owned by <see cref="LiveEntries"/>, under its lock.
/// </summary>
internal sealed class KeyUsers
{
    private readonly Dictionary<ObjectName, Use> _uses = [];

    /// <summary>One more.</summary>
    public void Enter(ObjectName name) => CollectionsMarshal.GetValueRefOrAddDefault(_uses, name, out _).Users++;

    /// <summary>One less.</summary>
    public void Leave(ObjectName name)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(_uses, name).Users == 0)
        {
            _uses.Remove(name);
        }
    }

    /// <summary>Whether anybody does.</summary>
    public bool Any(ObjectName name) => _uses.ContainsKey(name);

    /// <summary>A key is evicted, including entries that only their users know.</summary>
    /// <param name="name">The key.</param>
    /// <param name="eviction">Which eviction of all it is.</param>
    public void Evicted(ObjectName name, long eviction)
    {
        ref var use = ref CollectionsMarshal.GetValueRefOrNullRef(_uses, name);
        if (!Unsafe.IsNullRef(ref use))
        {
            use.LastEviction = eviction;
        }
    }

    /// <summary>True if the key was evicted after the given eviction, while in use.</summary>
    public bool IsEvictedSince(ObjectName name, long eviction) => _uses.TryGetValue(name, out var use) && use.LastEviction > eviction;

    private struct Use
    {
        public int Users;
        public long LastEviction;
    }
}
