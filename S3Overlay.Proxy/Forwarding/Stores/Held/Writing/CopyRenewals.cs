using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Forwarding.Stores.Held.Format;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Held.Writing;

/// <summary>
/// What was learned of copies since they were put: when they were last known to be current, and headers that the remote has changed. Bounded: a copy that is forgotten here is
/// as old as the store says, and where it was not told, the remote is asked about it once more.
/// </summary>
/// <remarks>What the store was told is kept as well: an answer of the store may be on its way that is from before.</remarks>
internal sealed class CopyRenewals
{
    private const int Limit = 10_000;

    /// <summary>
    /// So far may the store lag behind. A copy is to be found neither old nor young after a restart; whether it is some minutes older than it has to be matters to lives alone
    /// that are over soon in any case.
    /// </summary>
    private static readonly TimeSpan Lag = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, LinkedListNode<Entry>> _renewals = [];
    private readonly LinkedList<Entry> _order = [];

    /// <summary>Notes a renewal, unless a later one of the key is noted.</summary>
    /// <returns>Whether the store is to be told.</returns>
    public bool Note(CopyRenewal renewal)
    {
        lock (_lock)
        {
            StoredState? stored = null;
            if (_renewals.TryGetValue(renewal.Name, out var known))
            {
                if (known.Value.Renewal is var later && later.ValidatedAt > renewal.ValidatedAt)
                {
                    if (later.ETag != renewal.ETag || renewal.Info is not { AreChecksumsKnown: true } || later.Info is { AreChecksumsKnown: true })
                    {
                        return false;
                    }

                    // It brings the checksums, which later news of the version did not.
                    renewal = later with { Info = later.Info?.OrChecksumsOf(renewal.Info) ?? renewal.Info };
                }

                if (known.Value.Renewal.ETag == renewal.ETag)
                {
                    // Headers that were learned before are in the store as little as these are.
                    renewal = renewal with { Info = renewal.Info ?? known.Value.Renewal.Info };
                    stored = known.Value.Stored;
                }

                Remove(known);
            }

            _renewals.Add(renewal.Name, _order.AddLast(new Entry(renewal, stored)));
            if (_order.Count > Limit)
            {
                Remove(_order.First!);
            }

            return stored is not { } state || IsDue(renewal, state);
        }
    }

    /// <summary>What was learned of a key.</summary>
    public bool TryGet(ObjectName name, [NotNullWhen(true)] out CopyRenewal? renewal)
    {
        lock (_lock)
        {
            renewal = _renewals.TryGetValue(name, out var known) ? known.Value.Renewal : null;
            return renewal is not null;
        }
    }

    /// <summary>What was learned of a key, where the store is to be told it, as far as is known here.</summary>
    public bool TryGetDue(ObjectName name, [NotNullWhen(true)] out CopyRenewal? renewal)
    {
        lock (_lock)
        {
            renewal = _renewals.TryGetValue(name, out var known) && (known.Value.Stored is not { } stored || IsDue(known.Value.Renewal, stored)) ? known.Value.Renewal : null;
            return renewal is not null;
        }
    }

    /// <summary>Notes what the store has of a copy, and tells whether it is to be told more.</summary>
    public bool IsDue(CopyRecord stored)
    {
        lock (_lock)
        {
            if (!_renewals.TryGetValue(stored.Name, out var known))
            {
                return false;
            }

            if (known.Value.Renewal is var renewal && (renewal.ETag != stored.Info.ETag || renewal.ValidatedAt < stored.ValidatedAt))
            {
                // Of another version, or known there already.
                Remove(known);
                return false;
            }

            var state = StoredState.Of(stored);
            known.Value = known.Value with { Stored = state };
            return IsDue(renewal, state);
        }
    }

    /// <summary>The store has what was learned, as far as there was room for it.</summary>
    /// <param name="renewal">What it was told.</param>
    /// <param name="stored">The record that it has now.</param>
    public void Told(CopyRenewal renewal, CopyRecord stored)
    {
        lock (_lock)
        {
            if (_renewals.TryGetValue(renewal.Name, out var known) && known.Value.Renewal is var latest && latest.ETag == renewal.ETag)
            {
                known.Value = new Entry(latest == renewal ? renewal with { Info = stored.Info } : latest, StoredState.Of(stored));
            }
        }
    }

    /// <summary>The copy that a renewal is of is gone.</summary>
    public void Forget(CopyRenewal renewal)
    {
        lock (_lock)
        {
            if (_renewals.TryGetValue(renewal.Name, out var known) && known.Value.Renewal == renewal)
            {
                Remove(known);
            }
        }
    }

    /// <summary>A record as it is with what was learned since it was put.</summary>
    public CopyRecord Apply(CopyRecord record)
    {
        lock (_lock)
        {
            return _renewals.TryGetValue(record.Name, out var known) ? known.Value.Renewal.Apply(record) : record;
        }
    }

    private static bool IsDue(CopyRenewal renewal, StoredState stored) =>
        (renewal.Info is { } info && (info.LastModified != stored.LastModified || info.AreChecksumsKnown != stored.AreChecksumsKnown)) || renewal.ValidatedAt - stored.ValidatedAt >= Lag;

    private void Remove(LinkedListNode<Entry> node)
    {
        _order.Remove(node);
        _renewals.Remove(node.Value.Renewal.Name);
    }

    /// <summary>When a copy was current last, of which date it is, and whether its checksums are known, as the store has it.</summary>
    private readonly record struct StoredState(DateTimeOffset ValidatedAt, DateTimeOffset LastModified, bool AreChecksumsKnown)
    {
        public static StoredState Of(CopyRecord record) => new(record.ValidatedAt, record.Info.LastModified, record.Info.AreChecksumsKnown);
    }

    /// <summary>A renewal, and what the store has; null where that is not known.</summary>
    private sealed record Entry(CopyRenewal Renewal, StoredState? Stored);
}
