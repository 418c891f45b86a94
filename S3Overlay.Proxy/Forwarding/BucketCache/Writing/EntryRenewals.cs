using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// What was learned of copies since they were put: when they were last known to be current, and headers that the remote has changed.
/// Bounded: a copy that is forgotten here is as old as the store says, and where it was not told, the remote is asked about it once more.
/// </summary>
/// <remarks>
/// What the store was told last is kept as well, and apart: an answer of the store may be on its way that is from before, and one that is
/// from after, with what another proxy has learned since, or of the next copy, is not to be given the older headers again.
/// </remarks>
internal sealed class EntryRenewals
{
    private const int Limit = 10_000;

    /// <summary>
    /// So far may the store lag behind. A copy is to be found neither old nor young after a restart; whether it is some minutes older than
    /// it has to be matters to lives alone that are over soon in any case.
    /// </summary>
    private static readonly TimeSpan Lag = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, LinkedListNode<Entry>> _renewals = [];
    private readonly LinkedList<Entry> _order = [];

    /// <summary>Notes a renewal, unless a later one of the key is noted.</summary>
    /// <returns>Whether the store is to be told.</returns>
    public bool Note(EntryRenewal renewal)
    {
        lock (_lock)
        {
            var entry = new Entry(renewal, null, null);
            if (_renewals.TryGetValue(renewal.Name, out var known))
            {
                if (Merged(known.Value, renewal) is not { } merged)
                {
                    return false;
                }

                entry = merged;
                Remove(known);
            }

            _renewals.Add(renewal.Name, _order.AddLast(entry));
            if (_order.Count > Limit)
            {
                Remove(_order.First!);
            }

            return entry.IsDue;
        }
    }

    /// <summary>What was learned of a key, where the store is to be told it, as far as is known here.</summary>
    public bool TryGetDue(ObjectName name, [NotNullWhen(true)] out EntryRenewal? renewal)
    {
        lock (_lock)
        {
            renewal = _renewals.TryGetValue(name, out var known) && known.Value.IsDue ? known.Value.News : null;
            return renewal is not null;
        }
    }

    /// <summary>Notes what the store has of a copy, and tells whether it is to be told more.</summary>
    public bool IsDue(EntryRecord stored)
    {
        lock (_lock)
        {
            if (!_renewals.TryGetValue(stored.Name, out var known))
            {
                return false;
            }

            if (known.Value.News.ETag != stored.Info.ETag || known.Value.IsBefore(stored))
            {
                Remove(known);
                return false;
            }

            known.Value = known.Value with { Stored = StoredState.Of(stored) };
            return known.Value.IsDue;
        }
    }

    /// <summary>The store has what was learned, as far as there was room for it.</summary>
    /// <param name="renewal">What it was told.</param>
    /// <param name="stored">The record that it has now.</param>
    public void Told(EntryRenewal renewal, EntryRecord stored)
    {
        lock (_lock)
        {
            if (_renewals.TryGetValue(renewal.Name, out var known) && known.Value.News is var news && news.ETag == renewal.ETag)
            {
                known.Value = new Entry(news == renewal ? news with { Info = null }
                    : news, renewal with { Info = stored.Info }, StoredState.Of(stored));
            }
        }
    }

    /// <summary>Forgets what was learned of the copies of a key before another one: one is put, or the last is gone.</summary>
    public void ForgetBefore(ObjectName name, DateTimeOffset validatedAt)
    {
        lock (_lock)
        {
            if (_renewals.TryGetValue(name, out var known) && known.Value.News.ValidatedAt < validatedAt)
            {
                Remove(known);
            }
        }
    }

    /// <summary>A record as it is with what was learned since it was put.</summary>
    public EntryRecord Apply(EntryRecord record)
    {
        lock (_lock)
        {
            if (!_renewals.TryGetValue(record.Name, out var known))
            {
                return record;
            }

            if (known.Value.IsBefore(record))
            {
                Remove(known);
                return record;
            }

            return known.Value.News.Apply(known.Value.Told?.Apply(record) ?? record);
        }
    }

    /// <summary>What is known with a renewal of the same key; null where that says nothing new.</summary>
    private static Entry? Merged(Entry known, EntryRenewal renewal)
    {
        if (known.News.ETag != renewal.ETag)
        {
            return known.News.ValidatedAt > renewal.ValidatedAt ? null : new Entry(renewal, null, null);
        }

        if (known.News.ValidatedAt <= renewal.ValidatedAt)
        {
            // Headers that were learned before, and are not told, are in the store as little as these are.
            return known with { News = renewal with { Info = renewal.Info ?? known.News.Info } };
        }

        // It is older; but it may bring the checksums, which later news of the version did not.
        var later = known.News.Info ?? known.Told?.Info;
        return renewal.Info is { AreChecksumsKnown: true } && later is not { AreChecksumsKnown: true }
            ? known with { News = known.News with { Info = later?.OrChecksumsOf(renewal.Info) ?? renewal.Info } }
            : null;
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _order.Remove(node);
        _renewals.Remove(node.Value.News.Name);
    }

    /// <summary>When a copy was current last, of which date it is, and whether its checksums are known, as the store has it.</summary>
    private readonly record struct StoredState(DateTimeOffset ValidatedAt, DateTimeOffset LastModified, bool AreChecksumsKnown)
    {
        public static StoredState Of(EntryRecord record) =>
            new(record.ValidatedAt, record.Info.LastModified, record.Info.AreChecksumsKnown);
    }

    /// <summary>What is known of a copy.</summary>
    /// <param name="News">What was learned last; its headers null where nothing is known that the store was not told.</param>
    /// <param name="Told">What the store was told last; null for nothing.</param>
    /// <param name="Stored">What the store has; null where that is not known.</param>
    private sealed record Entry(EntryRenewal News, EntryRenewal? Told, StoredState? Stored)
    {
        /// <summary>Whether the store is to be told.</summary>
        public bool IsDue => Stored is not { } stored
            || (News.Info is { } info
                && (info.LastModified != stored.LastModified || (info.AreChecksumsKnown && !stored.AreChecksumsKnown)))
            || News.ValidatedAt - stored.ValidatedAt >= Lag;

        /// <summary>Whether a record says of the same version what is later than all of this.</summary>
        public bool IsBefore(EntryRecord record) => News.ETag == record.Info.ETag && News.ValidatedAt < record.ValidatedAt;
    }
}
