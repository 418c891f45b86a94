using System.Collections.Concurrent;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache.Filling;

/// <summary>
/// Which objects are in use, and which are being opened: one table under one lock, so that a copy's file has one object, and no byte is
/// fetched or stored by two.
/// </summary>
internal sealed class InFlightTable
{
    private readonly ConcurrentDictionary<ObjectName, ActiveEntry> _inUse = new();
    private readonly Dictionary<ObjectName, PendingFill> _opening = [];
    private readonly Lock _lock = new();

    /// <summary>How many openings of a key have come to their end.</summary>
    private readonly KeyGenerations _opened = new();

    /// <summary>How many objects are in use.</summary>
    public int InUse => _inUse.Count;

    /// <summary>The object, where it is in use.</summary>
    public ActiveEntry? Find(ObjectName name) => _inUse.GetValueOrDefault(name);

    /// <summary>How many reads wait for the remote's first answer about an object.</summary>
    public int WaitingFor(ObjectName name)
    {
        lock (_lock)
        {
            return _opening.GetValueOrDefault(name)?.Waiting ?? 0;
        }
    }

    /// <summary>
    /// What changes when somebody opens the object: to be noted before a copy is looked for, and given to <see cref="Fills.OpenAsync"/>.
    /// </summary>
    public long Openings(ObjectName name) => _opened.Of(name.Bucket, name.Key);

    /// <summary>
    /// Makes the object of a copy that was found the one in use, or joins the one of the same copy. The caller is a reader of what it gets.
    /// </summary>
    /// <param name="found">The object of the copy.</param>
    /// <param name="opening">The opening that is under way and that the caller waits for from now on, where the result is null.</param>
    /// <returns>The object to read; null where it is being opened.</returns>
    public ActiveEntry? JoinOrPut(ActiveEntry found, out PendingFill? opening)
    {
        lock (_lock)
        {
            // A copy can be found before the opening that made it has come to its end.
            if (_opening.TryGetValue(found.Name, out opening) && opening.TryJoin())
            {
                return null;
            }

            opening = null;
            var current = _inUse.GetValueOrDefault(found.Name);

            // One whose copy another process replaced, with the same version perhaps, would fill what nobody finds.
            if (current is not null && current.Copy.Info.ETag == found.Copy.Info.ETag && current.Copy.IsCurrent && current.TryEnter())
            {
                return current;
            }

            found.Enter(1);
            if (!found.Copy.IsCurrent)
            {
                // Dropped since it was found. Others may fill it still, and a file has one who fills it: what this reader lacks is not
                // stored.
                found.Detach();
                return found;
            }

            _inUse[found.Name] = found;
            current?.Retire();
            return found;
        }
    }

    /// <summary>
    /// Joins those who use an object, or wait for it to be opened; where there are none, the caller opens it for all who come meanwhile.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="outdated">The ETag of a version that is not to be joined; null for none.</param>
    /// <param name="begin">Makes the opening where the caller is to run it.</param>
    /// <returns>The object, of which the caller is a reader, or the opening that the caller waits for.</returns>
    public (ActiveEntry? InUse, PendingFill? PendingFill, bool IsStarter) JoinOrBegin(
        ObjectName name, string? outdated, Func<PendingFill> begin)
    {
        lock (_lock)
        {
            if (_inUse.TryGetValue(name, out var current) && current.Copy.Info.ETag != outdated && current.TryEnter())
            {
                return (current, null, false);
            }

            if (_opening.TryGetValue(name, out var opening) && opening.TryJoin())
            {
                return (null, opening, false);
            }

            return (null, _opening[name] = begin(), true);
        }
    }

    /// <summary>An opening ends with an object, which has those who waited as readers then.</summary>
    /// <param name="opening">The opening.</param>
    /// <param name="held">The object.</param>
    /// <param name="isCurrent">Whether others who come may join: nobody changed the key meanwhile.</param>
    public void Opened(PendingFill opening, ActiveEntry held, bool isCurrent)
    {
        lock (_lock)
        {
            Forget(held.Name, opening);
            if (isCurrent)
            {
                _inUse[held.Name] = held;
            }

            _opened.Advance(held.Name.Bucket, held.Name.Key);
            opening.Open(held);
        }
    }

    /// <summary>An opening is about to end without an object: whoever comes now begins another.</summary>
    public void Forget(ObjectName name, PendingFill opening)
    {
        lock (_lock)
        {
            if (_opening.TryGetValue(name, out var current) && current == opening)
            {
                _opening.Remove(name);
            }
        }
    }

    /// <summary>Takes an object off the list of those in use.</summary>
    public void Remove(ActiveEntry held) => _inUse.TryRemove(KeyValuePair.Create(held.Name, held));
}
