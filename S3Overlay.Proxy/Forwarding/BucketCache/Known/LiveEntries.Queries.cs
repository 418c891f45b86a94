using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <content>What others look up about entries.</content>
internal sealed partial class LiveEntries
{
    /// <summary>The key's entry, which the caller does not use; null if none is known.</summary>
    public SharedEntry? Find(ObjectName name)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(name);
        }
    }

    /// <summary>True if the entry is the key's entry, even if evicted.</summary>
    public bool IsKnown(SharedEntry entry)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(entry.Name) == entry;
        }
    }

    /// <summary>True if the entry is or could become the key's entry.</summary>
    public bool IsCurrent(SharedEntry entry)
    {
        lock (_lock)
        {
            return IsCurrentOne(entry);
        }
    }

    /// <summary>
    /// True if the store has the entry, and nothing is being uploaded. False while it is being filled, unless blocks of it wait; and for a
    /// new entry without bytes.
    /// </summary>
    public bool IsAtRest(SharedEntry entry)
    {
        lock (_lock)
        {
            return IsStored(entry) || entry is { Pending: 0, HasWaiting: true, Flush.Stored: not null };
        }
    }

    /// <summary>True if the key's entry is being read here, filled or uploaded.</summary>
    public bool IsInUse(ObjectName name)
    {
        lock (_lock)
        {
            return _users.Any(name) || (_entries.TryGetValue(name, out var entry) && entry.Pending > 0);
        }
    }

    /// <summary>True if something of the entry is being uploaded or removed.</summary>
    /// <param name="entry">The entry's name there.</param>
    public bool IsOnItsWay(string entry)
    {
        lock (_lock)
        {
            return _entries.Values.Any(known => known.Pending > 0 && EntryNames.Entry(known.Name) == entry);
        }
    }

    /// <summary>True if the fill belongs to an entry that is known or read here.</summary>
    public bool HasFill(Guid fill)
    {
        lock (_lock)
        {
            return Fills.Any(fill) || _entries.Values.Any(entry => entry.Record.Fill == fill);
        }
    }

    /// <summary>The rows of entries known here with a prefix, after a key, in order.</summary>
    public List<CacheRow> Rows(string bucket, string prefix, string after)
    {
        lock (_lock)
        {
            return [.. _entries.Values
                .Where(entry => !entry.IsEvicted
                    && entry.Name.Bucket == bucket && entry.Name.Key.StartsWith(prefix, StringComparison.Ordinal)
                    && Utf8Order.Compare(entry.Name.Key, after) > 0)
                .Select(entry => entry.Record.Row)
                .OrderBy(row => row.Key, Utf8Order.Instance)];
        }
    }

    /// <summary>The buckets that something is known of here.</summary>
    public List<string> Buckets()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(entry => !entry.IsEvicted).Select(entry => entry.Name.Bucket)
                .Distinct(StringComparer.Ordinal)];
        }
    }
}
