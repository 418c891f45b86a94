using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>
/// Remembers what look-ups of keys found. While a commit makes changes visible, look-ups of its keys ask the database, so no reader sees an
/// older row than a listing has shown.
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

    /// <summary>
    /// Twice how often something has changed, for groups of keys, and one more while it changes. What is known counts only if it is of the
    /// present version.
    /// </summary>
    private readonly int[] _versions = new int[Versions];

    /// <summary>What is known of a key, or what <paramref name="load"/> finds.</summary>
    public ValueTask<T> FindAsync<TState>(string bucket, string key, TState state, Func<TState, string, string, ValueTask<T>> load)
    {
        var name = new ObjectName(bucket, key);
        var version = Volatile.Read(ref VersionOf(name));
        if (IsChanging(version))
        {
            return load(state, bucket, key);
        }

        if (_known.TryGet(name, out var known) && known.Version == version)
        {
            return new(known.Value);
        }

        var loading = load(state, bucket, key);
        return loading.IsCompletedSuccessfully ? new(Remember(name, version, loading.Result)) : RememberAsync(name, version, loading);
    }

    /// <summary>
    /// A key is about to change: call before the change is visible, and <see cref="Set"/> or <see cref="Forget"/> after. One thread at a
    /// time calls these.
    /// </summary>
    public void Begin(string bucket, string key) => Interlocked.Or(ref VersionOf(new ObjectName(bucket, key)), 1);

    /// <summary>Remembers what a key has now. Call once its change is visible, in the order of changes.</summary>
    public void Set(string bucket, string key, T value)
    {
        var name = new ObjectName(bucket, key);
        Remember(name, Changed(name), value);
    }

    /// <summary>Forgets a key. Call once its change is visible.</summary>
    public void Forget(string bucket, string key) => Changed(new ObjectName(bucket, key));

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (var at = 0; at < Versions; at++)
        {
            Interlocked.Add(ref _versions[at], 2);
        }

        _known.Clear();
    }

    private static bool IsChanging(int version) => (version & 1) != 0;

    private int Changed(ObjectName name)
    {
        ref var version = ref VersionOf(name);
        return Interlocked.Add(ref version, IsChanging(version) ? 1 : 2);
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
