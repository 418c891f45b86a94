namespace S3Overlay.Proxy.Overlay.Layers;

/// <summary>
/// The pins, as evictions ask for them: in memory, backed by a store. Once a pin was acknowledged, no eviction for room removes an entry of
/// it: one that had begun before is waited for.
/// </summary>
/// <param name="store">Keeps them.</param>
public sealed class CachePins(IPinStore store)
{
    private readonly Lock _lock = new();

    /// <summary>One at a time: what the store answered last is what is published last.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    private readonly HashSet<Task> _evicting = [];
    private volatile PinSet _set = PinSet.Empty;

    /// <summary>Called after a change: what could not be evicted may be by now.</summary>
    public Action Changed { get; set; } = static () => { };

    /// <summary>All pins, by bucket and name.</summary>
    public IReadOnlyList<CachePin> All => _set.All;

    /// <summary>Differs after each change.</summary>
    public object Version => _set;

    /// <summary>True if an entry must not be evicted to make room.</summary>
    public bool Has(string bucket, string key) => _set.Has(bucket, key);

    /// <summary>Reads the pins from the store: another proxy may have changed them.</summary>
    /// <exception cref="IOException">The store failed; the pins known so far stay.</exception>
    public Task RefreshAsync(CancellationToken cancellationToken) => UseAsync(() => store.ReadAsync(cancellationToken), cancellationToken);

    /// <summary>Adds a pin, or replaces that of the same target. Pins that it covers stay: they count only once.</summary>
    /// <param name="pin">The pin.</param>
    /// <param name="limit">The most bytes that all pins may have together; null for no limit.</param>
    /// <param name="most">The most pins.</param>
    /// <param name="isDryRun">True to check only whether it fits.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="PinsFullException">It does not fit.</exception>
    /// <exception cref="IOException">The store failed.</exception>
    public Task AddAsync(CachePin pin, long? limit, int most, bool isDryRun, CancellationToken cancellationToken) =>
        UseAsync(() => store.ChangeAsync(
        before =>
        {
            IReadOnlyList<CachePin> after = [.. before.Where(other => !other.IsSameTarget(pin)), pin];
            var isOver = BytesOf(after) > (limit ?? long.MaxValue);
            return isOver || after.Count > most
                ? throw new PinsFullException(BytesOf([.. before.Where(other => !pin.Covers(other))]), isOver ? limit : null, pin.Bytes)
                : isDryRun ? before : after;
        },
        cancellationToken), cancellationToken);

    /// <summary>Removes the pin of a target.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="IOException">The store failed.</exception>
    public async Task<bool> RemoveAsync(CachePin target, CancellationToken cancellationToken)
    {
        var wasThere = false;
        await UseAsync(() => store.ChangeAsync(
            before =>
            {
                wasThere = before.Any(target.IsSameTarget);
                return wasThere ? [.. before.Where(other => !other.IsSameTarget(target))] : before;
            },
            cancellationToken), cancellationToken);
        return wasThere;
    }

    /// <summary>Bytes of all pins together; those that another one covers count once.</summary>
    public static long BytesOf(IReadOnlyList<CachePin> pins) =>
        pins.Where(pin => !pins.Any(other => other != pin && other.Covers(pin))).Sum(static pin => pin.Bytes);

    /// <summary>Evicts an entry to make room, unless it is pinned.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="evict">Evicts it. Returns false if it cannot be evicted.</param>
    /// <param name="evenPinned">True if a client's write needs the space, which outranks pins.</param>
    public async Task<bool> TryEvictAsync(string bucket, string key, Func<Task<bool>> evict, bool evenPinned = false)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!evenPinned && _set.Has(bucket, key))
            {
                return false;
            }

            _evicting.Add(done.Task);
        }

        try
        {
            return await evict();
        }
        finally
        {
            lock (_lock)
            {
                _evicting.Remove(done.Task);
            }

            done.SetResult();
        }
    }

    private async Task UseAsync(Func<Task<IReadOnlyList<CachePin>>> ask, CancellationToken cancellationToken)
    {
        Task begun;
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var pins = await ask();
            lock (_lock)
            {
                _set = new PinSet(pins);
                begun = Task.WhenAll(_evicting);
            }
        }
        finally
        {
            _turn.Release();
        }

        Changed();
        await begun;
    }

    /// <summary>Pins by bucket: keys in a set, prefixes in a list.</summary>
    private sealed class PinSet(IReadOnlyList<CachePin> pins)
    {
        public static readonly PinSet Empty = new([]);

        private readonly Dictionary<string, (HashSet<string> Keys, string[] Prefixes)> _buckets = pins
            .GroupBy(static pin => pin.Bucket)
            .ToDictionary(static pins => pins.Key, static pins => (
                pins.Where(static pin => !pin.IsPrefix).Select(static pin => pin.Name).ToHashSet(),
                pins.Where(static pin => pin.IsPrefix).Select(static pin => pin.Name).ToArray()));

        public IReadOnlyList<CachePin> All { get; } =
            [.. pins.OrderBy(static pin => pin.Bucket, StringComparer.Ordinal).ThenBy(static pin => pin.Name, StringComparer.Ordinal)];

        public bool Has(string bucket, string key) => _buckets.TryGetValue(bucket, out var pins) && (pins.Keys.Contains(key)
            || Array.Exists(pins.Prefixes, prefix => key.StartsWith(prefix, StringComparison.Ordinal)));
    }
}

/// <summary>A pin does not fit into the cache.</summary>
/// <param name="pinned">Bytes of the other pins.</param>
/// <param name="limit">The limit of the cache; null if there are too many pins.</param>
/// <param name="needed">Bytes of the new pin.</param>
public sealed class PinsFullException(long pinned, long? limit, long needed) : Exception("The pin does not fit.")
{
    /// <summary>Bytes of the other pins.</summary>
    public long Pinned => pinned;

    /// <summary>The limit of the cache in bytes; null if there are too many pins.</summary>
    public long? Limit => limit;

    /// <summary>Bytes of the new pin.</summary>
    public long Needed => needed;
}
