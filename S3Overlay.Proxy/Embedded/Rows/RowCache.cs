namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// Remembers what look-ups of recently used keys found, in a table of fixed size. A commit forgets its keys before it returns, so no reader
/// sees an older row than the database has.
/// </summary>
internal sealed class RowCache<T>
{
    private const int Size = 1 << 13;

    private readonly Slot?[] _slots = new Slot?[Size];

    /// <summary>How often something in each slot has changed. What a slot has counts only if it is of the present version.</summary>
    private readonly int[] _versions = new int[Size];

    /// <summary>What is known of a key, or what <paramref name="load"/> finds.</summary>
    public ValueTask<T> FindAsync<TState>(string bucket, string key, TState state, Func<TState, string, string, ValueTask<T>> load)
    {
        var at = IndexOf(bucket, key);
        var version = Volatile.Read(ref _versions[at]);
        if (Volatile.Read(ref _slots[at]) is { } known && known.Version == version && known.Key == key && known.Bucket == bucket)
        {
            return new(known.Value);
        }

        var loading = load(state, bucket, key);
        return loading.IsCompletedSuccessfully ? new(Remember(at, version, bucket, key, loading.Result))
            : RememberAsync(at, version, bucket, key, loading);
    }

    /// <summary>Remembers what a key has now. Call once its change is visible, in the order of changes.</summary>
    public void Set(string bucket, string key, T value)
    {
        var at = IndexOf(bucket, key);
        Remember(at, Interlocked.Increment(ref _versions[at]), bucket, key, value);
    }

    /// <summary>Forgets a key. Call once its change is visible.</summary>
    public void Forget(string bucket, string key) => Interlocked.Increment(ref _versions[IndexOf(bucket, key)]);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (var at = 0; at < Size; at++)
        {
            Interlocked.Increment(ref _versions[at]);
            Volatile.Write(ref _slots[at], null);
        }
    }

    private async ValueTask<T> RememberAsync(int at, int version, string bucket, string key, ValueTask<T> loading) =>
        Remember(at, version, bucket, key, await loading);

    private T Remember(int at, int version, string bucket, string key, T value)
    {
        Volatile.Write(ref _slots[at], new Slot(version, bucket, key, value));
        return value;
    }

    private static int IndexOf(string bucket, string key) => HashCode.Combine(bucket, key) & (Size - 1);

    private sealed record Slot(int Version, string Bucket, string Key, T Value);
}
