using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// The entries that this process knows by key: those being filled or uploaded, and a bounded number of recently read manifests. Whole
/// entries in the store are not among them: one call reads them.
/// </summary>
/// <param name="remembered">The approximate limit for unused manifests, in bytes.</param>
internal sealed partial class LiveEntries(long remembered)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, SharedEntry> _entries = [];
    private readonly IdleManifests _idle = new(remembered);

    /// <summary>Users and lookups of keys, also of entries that are not known here.</summary>
    private readonly KeyUsers _users = new();
    private long _evictions;

    /// <summary>The fills that those are of.</summary>
    public FillUsers Fills { get; } = new();

    /// <summary>A lookup of a key's entry in the store begins.</summary>
    /// <returns>The number of evictions so far, for <see cref="SharedEntry.Since"/>.</returns>
    public long Seek(ObjectName name)
    {
        lock (_lock)
        {
            _users.Enter(name);
            return _evictions;
        }
    }

    /// <summary>A lookup ends, with an entry or without.</summary>
    public void EndSeek(ObjectName name)
    {
        lock (_lock)
        {
            _users.Leave(name);
        }
    }

    /// <summary>The caller uses a whole entry that was found in the store. It is not kept here.</summary>
    public void UseUnknown(SharedEntry entry)
    {
        lock (_lock)
        {
            Enter(entry);
        }
    }

    /// <summary>The entry of a key, which the caller uses from now on; null if none is known, or if it was evicted.</summary>
    /// <param name="name">The key.</param>
    /// <param name="isEvicted">
    /// True if an evicted entry is still being removed from the store. It may be evicted at any later moment too. Release what is used.
    /// </param>
    public SharedEntry? Use(ObjectName name, out bool isEvicted)
    {
        lock (_lock)
        {
            isEvicted = _entries.TryGetValue(name, out var entry) && entry.IsEvicted;
            return entry is null || isEvicted ? null : Used(entry);
        }
    }

    /// <summary>Makes a new entry the key's entry. The caller uses it.</summary>
    /// <returns>The previous entry, which is evicted now; null for none.</returns>
    public SharedEntry? Replace(SharedEntry entry)
    {
        lock (_lock)
        {
            Enter(entry);
            _entries.Remove(entry.Name, out var before);
            if (before is not null)
            {
                before.IsEvicted = true;
                _idle.Remove(before);
                Settle(before);
            }

            entry.Since = Evicted(entry.Name);
            _entries.Add(entry.Name, entry);
            return before;
        }
    }

    /// <summary>
    /// Remembers an entry that was read from the store, unless the key has one or was evicted since the lookup. The caller uses the result;
    /// null if the key's entry was evicted.
    /// </summary>
    public SharedEntry? AddOrUse(SharedEntry entry)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(entry.Name, out var known))
            {
                return known.IsEvicted ? null : Used(known);
            }

            if (!IsEvictedUnknown(entry))
            {
                _entries.Add(entry.Name, entry);
            }

            return Used(entry);
        }
    }

    /// <summary>An upload begins. False if the entry neither is nor can become the key's entry.</summary>
    public bool TryKeep(SharedEntry entry)
    {
        lock (_lock)
        {
            if (!IsCurrentOne(entry))
            {
                return false;
            }

            _entries.TryAdd(entry.Name, entry);
            _idle.Remove(entry);
            entry.Pending++;
            return true;
        }
    }

    /// <summary>One user less: the last does what waited for that.</summary>
    public void Release(SharedEntry entry)
    {
        Action? waiting;
        lock (_lock)
        {
            _users.Leave(entry.Name);
            waiting = --entry.Users == 0 && entry.IsManifest ? Fills.Leave(entry) : null;
            Settle(entry);
        }

        waiting?.Invoke();
    }

    /// <summary>An entry continues with another fill: its users read chunks of both.</summary>
    public void Adopted(SharedEntry entry)
    {
        lock (_lock)
        {
            if (entry.Users > 0)
            {
                Fills.Enter(entry);
            }
        }
    }

    /// <summary>Background work begins. False if the entry was evicted.</summary>
    public bool TryHold(SharedEntry entry)
    {
        lock (_lock)
        {
            if (entry.IsEvicted)
            {
                return false;
            }

            _idle.Remove(entry);
            entry.Pending++;
            return true;
        }
    }

    /// <summary>Blocks that waited in the spool can not be stored: the entry was evicted or replaced.</summary>
    public void GiveUpWaiting(SharedEntry entry)
    {
        lock (_lock)
        {
            entry.StopWaiting();
            Settle(entry);
        }
    }

    /// <summary>Background work, or an eviction, is over.</summary>
    public void EndWork(SharedEntry entry, bool isEviction = false)
    {
        lock (_lock)
        {
            entry.Evictions -= isEviction ? 1 : 0;
            entry.Pending--;
            Settle(entry);
        }
    }

    /// <summary>Forgets an entry that is completely in the store, unless it was evicted.</summary>
    /// <returns>False where it was.</returns>
    public bool TryForgetKept(SharedEntry entry)
    {
        lock (_lock)
        {
            if (entry.IsEvicted)
            {
                return false;
            }

            Remove(entry);
            return true;
        }
    }

    /// <summary>Forgets an outdated manifest, so that the next lookup asks the store.</summary>
    /// <returns>False if something of it is being uploaded or will be.</returns>
    public bool TryForget(SharedEntry entry)
    {
        lock (_lock)
        {
            if (entry.IsEvicted)
            {
                // Not found any more. It stays known until the store has removed it.
                return true;
            }

            if (!IsStored(entry))
            {
                return false;
            }

            Remove(entry);
            return true;
        }
    }

    /// <summary>Updates the key's entry with what was learned about its version.</summary>
    /// <returns>The entry; null if none is known that is not evicted.</returns>
    public SharedEntry? Renew(EntryRenewal renewal)
    {
        lock (_lock)
        {
            var entry = _entries.GetValueOrDefault(renewal.Name);
            entry?.Renew(renewal.Apply);
            return entry is { IsEvicted: false } ? entry : null;
        }
    }

    /// <summary>
    /// Evicts the key's entry if it is of this version. From now on it is not found, here or in the store, until the caller releases it.
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="onlyETag">The version; null for any.</param>
    /// <param name="isOnItsWay">
    /// True if something of it is being uploaded; the uploader then removes it from the store. Another eviction does not count: it does not
    /// report when the entry is out.
    /// </param>
    /// <returns>The entry, for <see cref="EndWork"/> once it is out of the store; null if none is known.</returns>
    public SharedEntry? Evict(ObjectName name, string? onlyETag, out bool isOnItsWay)
    {
        lock (_lock)
        {
            Evicted(name);
            isOnItsWay = false;
            if (!_entries.TryGetValue(name, out var entry))
            {
                return null;
            }

            if (!IsOf(entry, onlyETag))
            {
                entry.Since = _evictions;
                return null;
            }

            (entry.IsEvicted, entry.AwaitsEviction) = (true, false);
            isOnItsWay = entry.Pending++ > entry.Evictions++;
            _idle.Remove(entry);
            return entry;
        }
    }

    /// <summary>Evicts an entry here, before or after it is removed from the store: it is not found or uploaded any more.</summary>
    /// <returns>True if it is the key's entry. Otherwise another may be found in the store.</returns>
    public bool TryWithdraw(SharedEntry entry)
    {
        lock (_lock)
        {
            entry.IsEvicted = true;
            return _entries.GetValueOrDefault(entry.Name) == entry;
        }
    }

    /// <summary>
    /// Like <see cref="TryWithdraw"/>, and <see cref="Evict"/> follows. Until then the entry is not forgotten, or a lookup would find it in
    /// the store.
    /// </summary>
    public bool TryWithdrawToEvict(SharedEntry entry)
    {
        lock (_lock)
        {
            entry.IsEvicted = true;
            return entry.AwaitsEviction = _entries.GetValueOrDefault(entry.Name) == entry;
        }
    }

    /// <summary>
    /// A key is out of the store. Entries found before that and since the eviction are not remembered or uploaded, even if filled in since:
    /// the next lookup asks the store. Entries begun since the eviction stay.
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="onlyETag">The version; null for any.</param>
    public void Removed(ObjectName name, string? onlyETag)
    {
        lock (_lock)
        {
            Evicted(name);
            if (!_entries.TryGetValue(name, out var entry))
            {
                return;
            }

            if (!entry.WasFound || !IsOf(entry, onlyETag))
            {
                entry.Since = _evictions;
                return;
            }

            entry.IsEvicted = true;
            Settle(entry);
        }
    }

    private static bool IsStored(SharedEntry entry) => entry is { Pending: 0, IsSpoolEmpty: true } && HasStored(entry);

    /// <summary>True if the store has anything of the entry, named there or not.</summary>
    private static bool HasStored(SharedEntry entry) => entry.Flush.Stored is not null || entry.HasStored;

    private static bool IsOf(SharedEntry entry, string? onlyETag) => onlyETag is null || ETags.Same(entry.Record.Info.ETag, onlyETag);

    private long Evicted(ObjectName name)
    {
        _users.Evicted(name, ++_evictions);
        return _evictions;
    }

    /// <summary>
    /// An entry that only its users know is not notified of evictions: it was whole and in the store, or was looked up during an eviction.
    /// </summary>
    private bool IsEvictedUnknown(SharedEntry entry) => _users.IsEvictedSince(entry.Name, entry.Since);

    private bool IsCurrentOne(SharedEntry entry) =>
        !entry.IsEvicted && (_entries.TryGetValue(entry.Name, out var known) ? known == entry : !IsEvictedUnknown(entry));

    private SharedEntry Used(SharedEntry entry)
    {
        _idle.Remove(entry);
        Enter(entry);
        return entry;
    }

    private void Enter(SharedEntry entry)
    {
        _users.Enter(entry.Name);
        if (entry.Users++ == 0 && entry.IsManifest)
        {
            Fills.Enter(entry);
        }
    }

    private void Remove(SharedEntry entry)
    {
        _idle.Remove(entry);
        if (_entries.GetValueOrDefault(entry.Name) == entry)
        {
            _entries.Remove(entry.Name);
        }
    }

    private void Settle(SharedEntry entry)
    {
        if (entry.Users > 0)
        {
            if (entry is { IsEvicted: true, Pending: 0, AwaitsEviction: false })
            {
                Remove(entry);
            }

            return;
        }

        entry.FreeUnfinished();
        if (entry.Pending > 0 || entry.HasWaiting || entry.AwaitsEviction)
        {
            return;
        }

        // An entry without any chunk has nothing to remember, and nothing in the store that would show evictions by others.
        if (!entry.IsManifest || entry.IsEvicted || !HasStored(entry))
        {
            Remove(entry);
        }
        else if (_entries.GetValueOrDefault(entry.Name) == entry)
        {
            _idle.Add(entry);
            while (_idle.Excess is { } oldest)
            {
                Remove(oldest);
            }
        }
    }
}
