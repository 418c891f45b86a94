using System.Collections.Concurrent;

namespace S3Overlay.Proxy.Concurrency;

/// <summary>
/// Remembers values up to a total weight. A hit takes no lock. Which values go is decided by SIEVE: those not used since they were last
/// looked at, the oldest first. Values that are read once, as in a scan, do not displace those that are read again.
/// </summary>
/// <param name="limit">The total weight; 0 to remember nothing.</param>
/// <remarks>https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo</remarks>
internal sealed class WeightedCache<TKey, TValue>(long limit)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Node> _nodes = new();
    private readonly Lock _lock = new();
    private Node? _newest;
    private Node? _oldest;

    /// <summary>The next value that may have to go.</summary>
    private Node? _hand;
    private long _weight;

    /// <summary>Called with each value that leaves or is not remembered, for whatever reason. Must neither block nor call back.</summary>
    public Action<TValue>? Left { get; init; }

    /// <summary>The weight of all values.</summary>
    public long Weight => Volatile.Read(ref _weight);

    /// <summary>Finds a value, and counts that as a use.</summary>
    public bool TryGet(TKey key, out TValue value)
    {
        if (!_nodes.TryGetValue(key, out var node))
        {
            value = default!;
            return false;
        }

        if (!node.IsUsed)
        {
            // Written once between two looks of the hand, so that readers on several cores share the line.
            node.IsUsed = true;
        }

        value = node.Value;
        return true;
    }

    /// <summary>Remembers a value instead of any other of its key; nothing, if it is heavier than the limit.</summary>
    public void Set(TKey key, TValue value, long weight)
    {
        if (weight > limit)
        {
            Remove(key);
            Left?.Invoke(value);
            return;
        }

        var node = new Node(key, value, weight);
        lock (_lock)
        {
            if (_nodes.TryRemove(key, out var before))
            {
                Unlink(before);
            }

            while (_weight + weight > limit)
            {
                EvictOne();
            }

            _nodes[key] = node;
            Link(node);
        }
    }

    /// <summary>Forgets a key.</summary>
    public void Remove(TKey key)
    {
        // Most keys that are forgotten were never remembered: no lock for them.
        if (!_nodes.ContainsKey(key))
        {
            return;
        }

        lock (_lock)
        {
            if (_nodes.TryRemove(key, out var node))
            {
                Unlink(node);
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            while (_oldest is { } node)
            {
                _nodes.TryRemove(node.Key, out _);
                Unlink(node);
            }
        }
    }

    private void EvictOne()
    {
        var node = _hand ?? _oldest!;
        while (node.IsUsed)
        {
            node.IsUsed = false;
            node = node.Newer ?? _oldest!;
        }

        _hand = node;
        _nodes.TryRemove(node.Key, out _);
        Unlink(node);
    }

    private void Link(Node node)
    {
        node.Older = _newest;
        if (_newest is { } last)
        {
            last.Newer = node;
        }

        _newest = node;
        _oldest ??= node;
        _weight += node.Weight;
    }

    private void Unlink(Node node)
    {
        if (_hand == node)
        {
            _hand = node.Newer;
        }

        if (node.Newer is { } newer)
        {
            newer.Older = node.Older;
        }
        else
        {
            _newest = node.Older;
        }

        if (node.Older is { } older)
        {
            older.Newer = node.Newer;
        }
        else
        {
            _oldest = node.Newer;
        }

        _weight -= node.Weight;
        Left?.Invoke(node.Value);
    }

    private sealed class Node(TKey key, TValue value, long weight)
    {
        public TKey Key { get; } = key;

        public TValue Value { get; } = value;

        public long Weight { get; } = weight;

        /// <summary>True if it was used since the hand last looked at it.</summary>
        public bool IsUsed { get; set; }

        public Node? Newer { get; set; }

        public Node? Older { get; set; }
    }
}
