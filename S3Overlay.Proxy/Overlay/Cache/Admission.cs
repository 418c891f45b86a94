using System.Numerics;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Cache;

/// <summary>
/// Admits an object to the cache once it was missed often enough (rule E2). Misses are counted in a table of fixed size: two objects
/// may share a slot, and one of them is then admitted early. Old counts fade. A restart clears them.
/// </summary>
internal sealed class Admission
{
    private const int Size = 1 << 20;

    /// <summary>After this many misses all counts are halved.</summary>
    private const int Fade = 4 * Size;

    private readonly int _minUses;
    private readonly byte[]? _counts;
    private readonly uint _seed = (uint)Random.Shared.Next();
    private readonly Lock _lock = new();
    private int _misses;

    /// <summary>Admits an object on its n-th miss; 1 admits all.</summary>
    public Admission(int minUses)
    {
        _minUses = Math.Min(minUses, byte.MaxValue);
        _counts = minUses > 1 ? new byte[Size] : null;
    }

    /// <summary>Counts a miss. True if the object is to be cached.</summary>
    public bool Admits(ObjectName name)
    {
        if (_counts is null)
        {
            return true;
        }

        // The smaller of two slots counts: a wrong result needs a collision in both.
        var hash = (uint)name.GetHashCode();
        var (first, second) = (Place(hash ^ _seed), Place(BitOperations.RotateLeft(hash * 0x9E3779B1u, 15) + _seed));
        lock (_lock)
        {
            if (++_misses == Fade)
            {
                Halve();
            }

            var count = (byte)Math.Min(Math.Min(_counts[first], _counts[second]) + 1, byte.MaxValue);
            (_counts[first], _counts[second]) = (Math.Max(_counts[first], count), Math.Max(_counts[second], count));
            return count >= _minUses;
        }
    }

    private static int Place(uint hash) => (int)((hash * 0x85EBCA6Bu) >> 12);

    private void Halve()
    {
        _misses = 0;
        for (var place = 0; place < Size; place++)
        {
            _counts![place] >>= 1;
        }
    }
}
