namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// Remembers what look-ups of recently used keys found, in a table of fixed size. A commit forgets its keys before it returns, so no reader
/// sees an older row than the database has.
/// </summary>
internal sealed class RowCache<T>
{
    private const int Size = 1 << 13;

    private readonly Slot?[] _slots = new Slot?[Size];

    /// <summary>How often each slot was forgotten.</summary>
    private readonly int[] _versions = new int[Size];

    /// <summary>What is known of a key, or what <paramref name="load"/> finds.</summary>
    public ValueTask<T> FindAsync<TState>(string bucket, string key, TState state, Func<TState, string, string, ValueTask<T>> load)
    {
        var at = IndexOf(bucket, key);
        if (Volatile.Read(ref _slots[at]) is { } known && known.Key == key && known.Bucket == bucket)
        {
            return new(known.Value);
        }

        var version = Volatile.Read(ref _versions[at]);
        var loading = load(state, bucket, key);
        return loading.IsCompletedSuccessfully ? new(Remember(at, version, new Slot(bucket, key, loading.Result)))
            : RememberAsync(at, version, bucket, key, loading);
    }

    /// <summary>Remembers what a key has now. Call once its change is visible, in the order of changes.</summary>
    public void Set(string bucket, string key, T value)
    {
        var at = IndexOf(bucket, key);
        Interlocked.Increment(ref _versions[at]);
        Interlocked.Exchange(ref _slots[at], new Slot(bucket, key, value));
    }

    /// <summary>Forgets a key. Call once its change is visible.</summary>
    public void Forget(string bucket, string key)
    {
        var at = IndexOf(bucket, key);
        Interlocked.Increment(ref _versions[at]);
        Interlocked.Exchange(ref _slots[at], null);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (var at = 0; at < Size; at++)
        {
            Interlocked.Increment(ref _versions[at]);
            Interlocked.Exchange(ref _slots[at], null);
        }
    }

    private async ValueTask<T> RememberAsync(int at, int version, string bucket, string key, ValueTask<T> loading) =>
        Remember(at, version, new Slot(bucket, key, await loading));

    private T Remember(int at, int version, Slot slot)
    {
        Interlocked.Exchange(ref _slots[at], slot);

        // A commit may have come between reading and remembering: then this is not remembered.
        if (Volatile.Read(ref _versions[at]) != version)
        {
            Interlocked.CompareExchange(ref _slots[at], null, slot);
        }

        return slot.Value;
    }

    private static int IndexOf(string bucket, string key) => HashCode.Combine(bucket, key) & (Size - 1);

    private sealed record Slot(string Bucket, string Key, T Value);
}
