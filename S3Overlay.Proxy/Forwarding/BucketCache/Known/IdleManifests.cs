namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// Manifests that nobody uses and that are remembered all the same, in the order of last use; <see cref="LiveEntries"/>' own, under its
/// lock.
/// </summary>
/// <param name="bound">How many bytes, about, they may take.</param>
internal sealed class IdleManifests(long bound)
{
    private readonly LinkedList<SharedEntry> _order = [];
    private readonly Dictionary<SharedEntry, LinkedListNode<SharedEntry>> _nodes = [];
    private long _weight;

    /// <summary>The one that was used longest ago, where they take more than they may; else null.</summary>
    public SharedEntry? Excess => _weight > bound ? _order.Last!.Value : null;

    /// <summary>Nobody uses one any more. What is among them already keeps its place.</summary>
    public void Add(SharedEntry copy)
    {
        if (!_nodes.ContainsKey(copy))
        {
            _nodes.Add(copy, _order.AddFirst(copy));
            _weight += copy.Weight;
        }
    }

    /// <summary>One is used again, or forgotten.</summary>
    public void Remove(SharedEntry copy)
    {
        if (_nodes.Remove(copy, out var node))
        {
            _order.Remove(node);
            _weight -= copy.Weight;
        }
    }
}
