using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Held;

/// <summary>
/// What was learned of copies since they were put, and is not in the store yet: when they were last known to be current, and headers that the remote has changed. Bounded:
/// a copy that is forgotten here is as old as the store says, and the remote is asked about it once more.
/// </summary>
internal sealed class CopyRenewals
{
    private const int Limit = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, LinkedListNode<CopyRenewal>> _renewals = [];
    private readonly LinkedList<CopyRenewal> _order = [];

    /// <summary>Notes a renewal, unless a later one of the key is noted.</summary>
    public void Note(CopyRenewal renewal)
    {
        lock (_lock)
        {
            if (_renewals.TryGetValue(renewal.Name, out var known))
            {
                if (known.Value.ValidatedAt > renewal.ValidatedAt)
                {
                    return;
                }

                // Headers that were learned before are in the store as little as these are.
                renewal = renewal.ETag == known.Value.ETag && renewal.Info is null ? renewal with { Info = known.Value.Info } : renewal;
                Remove(known);
            }

            _renewals.Add(renewal.Name, _order.AddLast(renewal));
            if (_order.Count > Limit)
            {
                Remove(_order.First!);
            }
        }
    }

    /// <summary>A record as it is with what was learned since it was put.</summary>
    public CopyRecord Apply(CopyRecord record)
    {
        lock (_lock)
        {
            return _renewals.TryGetValue(record.Name, out var known) ? known.Value.Apply(record) : record;
        }
    }

    private void Remove(LinkedListNode<CopyRenewal> node)
    {
        _order.Remove(node);
        _renewals.Remove(node.Value.Name);
    }
}
