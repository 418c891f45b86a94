namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// Unused manifests that are kept in memory, least recently used first. Owned by <see cref="LiveEntries"/>, under its lock.
/// </summary>
/// <param name="bound">How many bytes, about, they may take.</param>
internal sealed class IdleManifests(long bound)
{
    private readonly LinkedList<SharedEntry> _order = [];
    private readonly Dictionary<SharedEntry, (LinkedListNode<SharedEntry> Node, long Weight)> _nodes = [];
    private long _weight;

    /// <summary>The least recently used manifest if they exceed the limit; else null.</summary>
    public SharedEntry? Excess => _weight > bound ? _order.Last!.Value : null;

    /// <summary>Adds a manifest that is unused now. One that is in the list keeps its place.</summary>
    public void Add(SharedEntry entry)
    {
        if (!_nodes.ContainsKey(entry))
        {
            var weight = entry.Weight;
            _nodes.Add(entry, (_order.AddFirst(entry), weight));
            _weight += weight;
        }
    }

    /// <summary>One is used again, or forgotten.</summary>
    public void Remove(SharedEntry entry)
    {
        if (_nodes.Remove(entry, out var idle))
        {
            _order.Remove(idle.Node);
            _weight -= idle.Weight;
        }
    }
}
