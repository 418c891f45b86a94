using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Files;

/// <summary>
/// Whole small objects in memory, written or cached, so that a repeated read needs no file. Their bytes were checked when they were read
/// from their file. What is here never decides what a key is: an object's row or entry does, and this has the bytes of it or not.
/// </summary>
/// <param name="limit">The most bytes, with what goes with them; 0 to keep nothing.</param>
internal sealed class HotObjects(long limit)
{
    /// <summary>The largest object that is kept, in bytes.</summary>
    public const int Largest = 64 << 10;

    /// <summary>What the row of a key takes, at a guess.</summary>
    private const int RowSize = 1024;

    private readonly WeightedCache<ObjectName, HotBytes> _objects = new(limit) { Left = static hot => hot.Left() };

    /// <summary>How many idle files each table of open files keeps, for what is not in memory. Fewer in tests.</summary>
    public int OpenFiles { get; init; } = DescriptorLimit.Share;

    /// <summary>Bytes in use, with what goes with them.</summary>
    public long Bytes => _objects.Weight;

    /// <summary>How many objects there is room for, if they are small.</summary>
    public int Room => (int)Math.Min(limit / (2 * RowSize), 1 << 20);

    /// <summary>What is kept of a name, if it is a <typeparamref name="T"/>.</summary>
    public T? Find<T>(ObjectName name)
        where T : HotBytes => _objects.TryGet(name, out var hot) ? hot as T : null;

    /// <summary>True if an object of this size may be kept.</summary>
    public bool Admits(long size) => size <= Largest && size < limit;

    /// <summary>Keeps an object instead of any other of its name.</summary>
    public void Keep(ObjectName name, HotBytes hot) => _objects.Set(name, hot, hot.Weight);

    /// <summary>Forgets what is kept of a name.</summary>
    public void Forget(ObjectName name) => _objects.Remove(name);

    /// <summary>Forgets everything.</summary>
    public void Clear() => _objects.Clear();
}

/// <summary>The bytes of a small object, which do not change.</summary>
internal abstract class HotBytes(byte[] bytes)
{
    /// <summary>All its bytes.</summary>
    public byte[] Bytes => bytes;

    /// <summary>The memory that it keeps in use, in bytes, at a guess.</summary>
    public abstract long Weight { get; }

    /// <summary>Called when it is no longer kept, or was not kept at all. Readers may still have it.</summary>
    public virtual void Left()
    {
    }
}
