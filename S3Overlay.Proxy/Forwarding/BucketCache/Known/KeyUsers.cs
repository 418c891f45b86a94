using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

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
    /// <param name="drop">Which drop of all it is.</param>
    public void Evicted(ObjectName name, long drop)
    {
        ref var use = ref CollectionsMarshal.GetValueRefOrNullRef(_uses, name);
        if (!Unsafe.IsNullRef(ref use))
        {
            use.LastDrop = drop;
        }
    }

    /// <summary>True if the key was evicted after the given eviction, while in use.</summary>
    public bool IsDroppedSince(ObjectName name, long drop) => _uses.TryGetValue(name, out var use) && use.LastDrop > drop;

    private struct Use
    {
        public int Users;
        public long LastDrop;
    }
}
