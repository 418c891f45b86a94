using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Writing;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Known;

/// <summary>
/// The copies this process knows by key: those being filled or on their way to the store, and, bounded, manifests that were read last. A
/// copy that is one object in the store and nothing more is not among them: one call tells all of it.
/// </summary>
/// <param name="remembered">How many bytes, about, the manifests may take that nobody uses.</param>
internal sealed class LiveEntries(long remembered)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectName, SharedEntry> _copies = [];
    private readonly IdleManifests _idle = new(remembered);

    /// <summary>Who uses copies of a key, or looks for one, those included that are not among the known.</summary>
    private readonly KeyUsers _users = new();
    private long _drops;

    /// <summary>The fills that those are of.</summary>
    public FillUsers Fills { get; } = new();

    /// <summary>Somebody begins to look for the copy of a key in the store.</summary>
    /// <returns>How many drops there were: what is found is of before the next, as <see cref="SharedEntry.Since"/> says.</returns>
    public long Seek(ObjectName name)
    {
        lock (_lock)
        {
            _users.Enter(name);
            return _drops;
        }
    }

    /// <summary>He has found it, and is a user of it, or not.</summary>
    public void EndSeek(ObjectName name)
    {
        lock (_lock)
        {
            _users.Leave(name);
        }
    }

    /// <summary>The caller is a user of a copy that was found in the store, which tells all of it: it is not known here.</summary>
    public void UseUnknown(SharedEntry copy)
    {
        lock (_lock)
        {
            Enter(copy);
        }
    }

    /// <summary>
    /// The copy of a key, of which the caller is a user from now on; null where none is known, or the one that is was dropped.
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="isDropped">Whether one is known that was dropped, and is still being taken out of the store. It may be dropped at any
    /// later moment too: what is used is to be released.</param>
    public SharedEntry? Use(ObjectName name, out bool isDropped)
    {
        lock (_lock)
        {
            isDropped = _copies.TryGetValue(name, out var copy) && copy.IsDropped;
            return copy is null || isDropped ? null : Used(copy);
        }
    }

    /// <summary>Makes a new copy the one of its key. The caller is a user of it.</summary>
    /// <returns>The one before, which is dropped now; null where there was none.</returns>
    public SharedEntry? Replace(SharedEntry copy)
    {
        lock (_lock)
        {
            Enter(copy);
            _copies.Remove(copy.Name, out var before);
            if (before is not null)
            {
                before.IsDropped = true;
                _idle.Remove(before);
            }

            copy.Since = Dropped(copy.Name);
            _copies.Add(copy.Name, copy);
            return before;
        }
    }

    /// <summary>
    /// Remembers a copy that was read from the store, unless there is one of its key, or what is held of that was dropped since it was
    /// looked for. The caller is a user of what it gets: null where the one of the key was dropped.
    /// </summary>
    public SharedEntry? AddOrUse(SharedEntry copy)
    {
        lock (_lock)
        {
            if (_copies.TryGetValue(copy.Name, out var known))
            {
                return known.IsDropped ? null : Used(known);
            }

            if (!IsDroppedUnknown(copy))
            {
                _copies.Add(copy.Name, copy);
            }

            return Used(copy);
        }
    }

    /// <summary>Whether a copy is the one of its key, or can be made it: only then it may be put into the store.</summary>
    public bool TryKeep(SharedEntry copy)
    {
        lock (_lock)
        {
            if (!IsCurrentOne(copy))
            {
                return false;
            }

            _copies.TryAdd(copy.Name, copy);
            return true;
        }
    }

    /// <summary>Whether a copy is the one of its key, though it may be dropped.</summary>
    public bool IsKnown(SharedEntry copy)
    {
        lock (_lock)
        {
            return _copies.GetValueOrDefault(copy.Name) == copy;
        }
    }

    /// <summary>Whether a copy is the one of its key, or could be made it.</summary>
    public bool IsCurrent(SharedEntry copy)
    {
        lock (_lock)
        {
            return IsCurrentOne(copy);
        }
    }

    /// <summary>One user less: the last does what waited for that.</summary>
    public void Release(SharedEntry copy)
    {
        Action? waiting;
        lock (_lock)
        {
            _users.Leave(copy.Name);
            waiting = --copy.Users == 0 && copy.IsManifest ? Fills.Leave(copy) : null;
            Settle(copy);
        }

        waiting?.Invoke();
    }

    /// <summary>A copy goes on with another fill: those who use it read chunks of that one too.</summary>
    public void Adopted(SharedEntry copy)
    {
        lock (_lock)
        {
            if (copy.Users > 0)
            {
                Fills.Enter(copy);
            }
        }
    }

    /// <summary>Work in the background has begun; false where the copy was dropped.</summary>
    public bool TryHold(SharedEntry copy)
    {
        lock (_lock)
        {
            if (copy.IsDropped)
            {
                return false;
            }

            _idle.Remove(copy);
            copy.Pending++;
            return true;
        }
    }

    /// <summary>Work in the background is over.</summary>
    public void LetGo(SharedEntry copy)
    {
        lock (_lock)
        {
            copy.Pending--;
            Settle(copy);
        }
    }

    /// <summary>A drop is over.</summary>
    public void LetGoDropped(SharedEntry copy)
    {
        lock (_lock)
        {
            copy.Drops--;
            copy.Pending--;
            Settle(copy);
        }
    }

    /// <summary>Forgets a copy that the store tells all of, unless it was dropped.</summary>
    /// <returns>False where it was.</returns>
    public bool TryForgetKept(SharedEntry copy)
    {
        lock (_lock)
        {
            if (copy.IsDropped)
            {
                return false;
            }

            Remove(copy);
            return true;
        }
    }

    /// <summary>
    /// Whether the store has all there is of a copy: nothing of it is on its way there, nor about to be. One that was begun and has no byte
    /// yet is not there either.
    /// </summary>
    public bool IsAtRest(SharedEntry copy)
    {
        lock (_lock)
        {
            return IsStored(copy);
        }
    }

    /// <summary>
    /// Forgets a remembered manifest that is out of date, unless something of it is on its way to the store, or is to be.
    /// </summary>
    public bool TryForget(SharedEntry copy)
    {
        lock (_lock)
        {
            if (!IsStored(copy))
            {
                return false;
            }

            Remove(copy);
            return true;
        }
    }

    /// <summary>Tells the copy of a key what was learned of its version.</summary>
    /// <returns>The copy; null where none is known that is not dropped.</returns>
    public SharedEntry? Renew(EntryRenewal renewal)
    {
        lock (_lock)
        {
            var copy = _copies.GetValueOrDefault(renewal.Name);
            copy?.Renew(renewal.Apply);
            return copy is { IsDropped: false } ? copy : null;
        }
    }

    /// <summary>
    /// Drops the copy of a key, where it is of the version named. It is not found from now on, nor is what the store has of it, until the
    /// caller lets go of it.
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="onlyETag">The version; null for any.</param>
    /// <param name="isOnItsWay">Whether something of it is being put, and is taken out of the store by who puts it. Another drop is none of
    /// that: nobody is told by it that the copy is out.</param>
    /// <returns>The copy, to be given to <see cref="LetGoDropped"/> once it is out of the store; null where none is known.</returns>
    public SharedEntry? Drop(ObjectName name, string? onlyETag, out bool isOnItsWay)
    {
        lock (_lock)
        {
            Dropped(name);
            isOnItsWay = false;
            if (!_copies.TryGetValue(name, out var copy))
            {
                return null;
            }

            if (!IsOf(copy, onlyETag))
            {
                copy.Since = _drops;
                return null;
            }

            copy.IsDropped = true;
            isOnItsWay = copy.Pending++ > copy.Drops++;
            _idle.Remove(copy);
            return copy;
        }
    }

    /// <summary>
    /// Drops a copy here, before it is dropped from the store or because it was: it is not found from now on, nor anything put of it.
    /// </summary>
    /// <returns>Whether it is the one of its key; else there may be one in the store that is found.</returns>
    public bool TryWithdraw(SharedEntry copy)
    {
        lock (_lock)
        {
            copy.IsDropped = true;
            return _copies.GetValueOrDefault(copy.Name) == copy;
        }
    }

    /// <summary>
    /// What was dropped of a key is out of the store. What was found of it before that, and since the drop, is not remembered, nor put
    /// again, whatever was filled in of it meanwhile: the next who looks asks the store. What was begun since the drop stays.
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="onlyETag">The version; null for any.</param>
    public void Removed(ObjectName name, string? onlyETag)
    {
        lock (_lock)
        {
            Dropped(name);
            if (!_copies.TryGetValue(name, out var copy))
            {
                return;
            }

            if (!copy.WasFound || !IsOf(copy, onlyETag))
            {
                copy.Since = _drops;
                return;
            }

            copy.IsDropped = true;
            Settle(copy);
        }
    }

    /// <summary>Whether a key's copy is being read here, filled, or on its way to the store.</summary>
    public bool IsInUse(ObjectName name)
    {
        lock (_lock)
        {
            return _users.Any(name) || (_copies.TryGetValue(name, out var copy) && copy.Pending > 0);
        }
    }

    /// <summary>Whether something of a copy is on its way to the store, or is being taken out of it.</summary>
    /// <param name="copy">The copy's name there.</param>
    public bool IsOnItsWay(string copy)
    {
        lock (_lock)
        {
            return _copies.Values.Any(known => known.Pending > 0 && EntryNames.Copy(known.Name) == copy);
        }
    }

    /// <summary>Whether a fill is one of a copy that is known here, or read here still.</summary>
    public bool HasFill(Guid fill)
    {
        lock (_lock)
        {
            return Fills.Any(fill) || _copies.Values.Any(copy => copy.Record.Fill == fill);
        }
    }

    /// <summary>What is known here of a bucket's keys that start with a prefix and come after a key, in their order.</summary>
    public List<CacheRow> Rows(string bucket, string prefix, string after)
    {
        lock (_lock)
        {
            return [.. _copies.Values
                .Where(copy => !copy.IsDropped
                    && copy.Name.Bucket == bucket
                    && copy.Name.Key.StartsWith(prefix, StringComparison.Ordinal)
                    && Utf8Order.Compare(copy.Name.Key, after) > 0)
                .Select(copy => copy.Record.Row)
                .OrderBy(row => row.Key, Utf8Order.Instance)];
        }
    }

    /// <summary>The buckets that something is known of here.</summary>
    public List<string> Buckets()
    {
        lock (_lock)
        {
            return [.. _copies.Values.Where(copy => !copy.IsDropped).Select(copy => copy.Name.Bucket).Distinct(StringComparer.Ordinal)];
        }
    }

    private static bool IsStored(SharedEntry copy) => copy is { Pending: 0, IsSpoolEmpty: true } && HasStored(copy);

    /// <summary>Whether anything of a copy is in the store, named there or not.</summary>
    private static bool HasStored(SharedEntry copy) => copy.Flush.Stored is not null || copy.HasStored;

    private static bool IsOf(SharedEntry copy, string? onlyETag) => onlyETag is null || ETags.Same(copy.Record.Info.ETag, onlyETag);

    private long Dropped(ObjectName name)
    {
        _users.Dropped(name, ++_drops);
        return _drops;
    }

    /// <summary>
    /// A copy that only its users know is not told of a drop of its key: it was held whole and is in the store, or was looked for while it
    /// was dropped.
    /// </summary>
    private bool IsDroppedUnknown(SharedEntry copy) => _users.IsDroppedSince(copy.Name, copy.Since);

    private bool IsCurrentOne(SharedEntry copy) =>
        !copy.IsDropped && (_copies.TryGetValue(copy.Name, out var known) ? known == copy : !IsDroppedUnknown(copy));

    private SharedEntry Used(SharedEntry copy)
    {
        _idle.Remove(copy);
        Enter(copy);
        return copy;
    }

    private void Enter(SharedEntry copy)
    {
        _users.Enter(copy.Name);
        if (copy.Users++ == 0 && copy.IsManifest)
        {
            Fills.Enter(copy);
        }
    }

    private void Remove(SharedEntry copy)
    {
        _idle.Remove(copy);
        if (_copies.GetValueOrDefault(copy.Name) == copy)
        {
            _copies.Remove(copy.Name);
        }
    }

    private void Settle(SharedEntry copy)
    {
        if (copy.Users > 0)
        {
            if (copy.IsDropped && copy.Pending == 0)
            {
                Remove(copy);
            }

            return;
        }

        copy.FreeUnfinished();
        if (copy.Pending > 0)
        {
            return;
        }

        // Of one that was left before its first chunk there is nothing to remember, nor anything in the store by which it would be seen
        // what others do to it.
        if (!copy.IsManifest || copy.IsDropped || !HasStored(copy))
        {
            Remove(copy);
        }
        else if (_copies.GetValueOrDefault(copy.Name) == copy)
        {
            _idle.Add(copy);
            while (_idle.Excess is { } oldest)
            {
                Remove(oldest);
            }
        }
    }
}
