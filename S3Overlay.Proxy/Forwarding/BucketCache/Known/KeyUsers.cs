using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// How many use the copy of each key, or look for it, and when it was dropped last while they did; <see cref="LiveEntries"/>' own, under
/// its lock.
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

    /// <summary>What is held of a key is dropped, those copies too that nobody but their users knows.</summary>
    /// <param name="name">The key.</param>
    /// <param name="drop">Which drop of all it is.</param>
    public void Dropped(ObjectName name, long drop)
    {
        ref var use = ref CollectionsMarshal.GetValueRefOrNullRef(_uses, name);
        if (!Unsafe.IsNullRef(ref use))
        {
            use.LastDrop = drop;
        }
    }

    /// <summary>Whether what is held of a key was dropped after another drop, and while it was used.</summary>
    public bool IsDroppedSince(ObjectName name, long drop) => _uses.TryGetValue(name, out var use) && use.LastDrop > drop;

    private struct Use
    {
        public int Users;
        public long LastDrop;
    }
}
