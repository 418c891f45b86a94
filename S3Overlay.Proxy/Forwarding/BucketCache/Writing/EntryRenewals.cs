using System.Diagnostics.CodeAnalysis;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>
/// Remembers what was learned about entries since their upload: when they were last current, and changed headers. Bounded: a forgotten
/// entry is as old as the store says, and at worst the remote is asked once more.
/// </summary>
/// <remarks>
/// What was last written to the store is kept separately. A response of the store may be from before that write, or from after it with news
/// of another proxy or of the next entry: older headers must not be applied to it again.
/// </remarks>
internal sealed class EntryRenewals
{
    private const int Limit = 10_000;

    /// <summary>
    /// How far the store may lag behind. After a restart an entry must not look current for too long or too short; a few minutes only
    /// matter for short lifetimes.
    /// </summary>
    private static readonly TimeSpan Lag = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, LinkedListNode<Entry>> _renewals = [];
    private readonly LinkedList<Entry> _order = [];

    /// <summary>Notes a renewal, unless a later one is known.</summary>
    /// <returns>True if the store must be updated.</returns>
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

    /// <summary>What was learned about a key, if the store must be updated.</summary>
    public bool TryGetDue(ObjectName name, [NotNullWhen(true)] out EntryRenewal? renewal)
    {
        lock (_lock)
        {
            renewal = _renewals.TryGetValue(name, out var known) && known.Value.IsDue ? known.Value.News : null;
            return renewal is not null;
        }
    }

    /// <summary>Notes what the store has, and returns whether it must be updated.</summary>
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

    /// <summary>The store was updated, as far as there was room.</summary>
    /// <param name="renewal">What was written.</param>
    /// <param name="stored">The record in the store now.</param>
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

    /// <summary>Forgets what was learned about a key before a time: a new entry is uploaded, or the last is gone.</summary>
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

    /// <summary>Applies what was learned to a record.</summary>
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

    /// <summary>Merges a renewal into what is known; null if it adds nothing.</summary>
    private static Entry? Merged(Entry known, EntryRenewal renewal)
    {
        if (known.News.ETag != renewal.ETag)
        {
            return known.News.ValidatedAt > renewal.ValidatedAt ? null : new Entry(renewal, null, null);
        }

        if (known.News.ValidatedAt <= renewal.ValidatedAt)
        {
            // Headers that the store does not have yet are still due.
            return known with { News = renewal with { Info = renewal.Info ?? known.News.Info } };
        }

        // It is older, but may have checksums that later news lacked.
        var later = known.News.Info ?? known.Told?.Info;
        return renewal.Info is { AreChecksumsKnown: true } && later is not { AreChecksumsKnown: true }
            ? known with { News = known.News with { Info = later?.OrChecksumsOf(renewal.Info) ?? renewal.Info } } : null;
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _order.Remove(node);
        _renewals.Remove(node.Value.News.Name);
    }

    /// <summary>What the store has: when the entry was last current, its date, and whether checksums are known.</summary>
    private readonly record struct StoredState(DateTimeOffset ValidatedAt, DateTimeOffset LastModified, bool AreChecksumsKnown)
    {
        public static StoredState Of(EntryRecord record) =>
            new(record.ValidatedAt, record.Info.LastModified, record.Info.AreChecksumsKnown);
    }

    /// <summary>What is known about an entry.</summary>
    /// <param name="News">What was learned last. Headers are null if the store has them.</param>
    /// <param name="Told">What was last written to the store; null for nothing.</param>
    /// <param name="Stored">What the store has; null if unknown.</param>
    private sealed record Entry(EntryRenewal News, EntryRenewal? Told, StoredState? Stored)
    {
        /// <summary>True if the store must be updated.</summary>
        public bool IsDue => Stored is not { } stored || (News.Info is { } info
                && (info.LastModified != stored.LastModified || (info.AreChecksumsKnown && !stored.AreChecksumsKnown)))
            || News.ValidatedAt - stored.ValidatedAt >= Lag;

        /// <summary>True if a record of the same version is newer than all of this.</summary>
        public bool IsBefore(EntryRecord record) => News.ETag == record.Info.ETag && News.ValidatedAt < record.ValidatedAt;
    }
}
