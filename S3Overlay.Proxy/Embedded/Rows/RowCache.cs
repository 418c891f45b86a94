using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// Remembers what look-ups of keys found. A commit forgets its keys before it returns, so no reader sees an older row than the database
/// has.
/// </summary>
/// <param name="limit">How many keys of usual length; fewer if they are longer, or have more metadata.</param>
/// <param name="weigh">The memory that a value's metadata takes, in bytes.</param>
internal sealed class RowCache<T>(int limit, Func<T, int> weigh)
{
    /// <summary>The default number of keys.</summary>
    public const int UsualLimit = 8192;

    private const int Versions = 1 << 13;

    /// <summary>What a key of 64 characters weighs: half of it what is known, half its name.</summary>
    private const int UsualWeight = 256;

    private readonly WeightedCache<ObjectName, Known> _known = new((long)limit * UsualWeight);

    /// <summary>How often something has changed, for groups of keys. What is known counts only if it is of the present version.</summary>
    private readonly int[] _versions = new int[Versions];

    /// <summary>What is known of a key, or what <paramref name="load"/> finds.</summary>
    public ValueTask<T> FindAsync<TState>(string bucket, string key, TState state, Func<TState, string, string, ValueTask<T>> load)
    {
        var name = new ObjectName(bucket, key);
        var version = Volatile.Read(ref VersionOf(name));
        if (_known.TryGet(name, out var known) && known.Version == version)
        {
            return new(known.Value);
        }

        var loading = load(state, bucket, key);
        return loading.IsCompletedSuccessfully ? new(Remember(name, version, loading.Result)) : RememberAsync(name, version, loading);
    }

    /// <summary>Remembers what a key has now. Call once its change is visible, in the order of changes.</summary>
    public void Set(string bucket, string key, T value)
    {
        var name = new ObjectName(bucket, key);
        Remember(name, Interlocked.Increment(ref VersionOf(name)), value);
    }

    /// <summary>Forgets a key. Call once its change is visible.</summary>
    public void Forget(string bucket, string key) => Interlocked.Increment(ref VersionOf(new ObjectName(bucket, key)));

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (var at = 0; at < Versions; at++)
        {
            Interlocked.Increment(ref _versions[at]);
        }

        _known.Clear();
    }

    private async ValueTask<T> RememberAsync(ObjectName name, int version, ValueTask<T> loading) =>
        Remember(name, version, await loading);

    private T Remember(ObjectName name, int version, T value)
    {
        _known.Set(name, new Known(version, value), (UsualWeight / 2) + (2 * (name.Bucket.Length + name.Key.Length)) + weigh(value));
        return value;
    }

    private ref int VersionOf(ObjectName name) => ref _versions[name.GetHashCode() & (Versions - 1)];

    private readonly record struct Known(int Version, T Value);
}
