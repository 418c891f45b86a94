namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>A set of numbers below a limit: chunks of an object, or blocks of a chunk. Not thread-safe.</summary>
internal sealed class NumberSet
{
    private readonly byte[] _bits;

    /// <summary>An empty set.</summary>
    public NumberSet(int count) => (Capacity, _bits) = (count, new byte[(count + 7) / 8]);

    private NumberSet(int count, byte[] bits) => (Capacity, _bits) = (count, bits);

    /// <summary>The limit.</summary>
    public int Capacity { get; }

    /// <summary>How many numbers are in the set.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a number is in the set.</summary>
    public bool this[int number] => (_bits[number >> 3] & (1 << (number & 7))) != 0;

    /// <summary>Parses <see cref="ToBytes"/>; null for another limit.</summary>
    public static NumberSet? Parse(byte[] bytes, int count)
    {
        if (bytes.Length != (count + 7) / 8 || ((count & 7) != 0 && bytes[^1] >> (count & 7) != 0))
        {
            return null;
        }

        var set = new NumberSet(count, bytes);
        foreach (var bits in bytes)
        {
            set.Count += int.PopCount(bits);
        }

        return set;
    }

    /// <summary>One bit per number, the first in the lowest bit of the first byte.</summary>
    public byte[] ToBytes() => [.. _bits];

    /// <summary>Adds a number.</summary>
    /// <returns>Whether it was not in the set.</returns>
    public bool Add(int number)
    {
        var isNew = !this[number];
        _bits[number >> 3] |= (byte)(1 << (number & 7));
        Count += isNew ? 1 : 0;
        return isNew;
    }

    /// <summary>Takes a number out.</summary>
    /// <returns>Whether it was in the set.</returns>
    public bool Remove(int number)
    {
        var was = this[number];
        _bits[number >> 3] &= (byte)~(1 << (number & 7));
        Count -= was ? 1 : 0;
        return was;
    }

    /// <summary>A copy of it.</summary>
    public NumberSet Copy() => new(Capacity, ToBytes()) { Count = Count };

    /// <summary>How many numbers of the set are below one.</summary>
    public int CountBelow(int number)
    {
        var count = 0;
        foreach (var bits in _bits.AsSpan(0, number >> 3))
        {
            count += int.PopCount(bits);
        }

        return (number & 7) == 0 ? count : count + int.PopCount(_bits[number >> 3] & ((1 << (number & 7)) - 1));
    }

    /// <summary>The first number at or after one that is in the set; <see cref="Capacity"/> for none.</summary>
    public int NextCached(int number) => Next(number, 0);

    /// <summary>The first number at or after one that is not in the set; <see cref="Capacity"/> for none.</summary>
    public int NextMissing(int number) => Next(number, 0xFF);

    private int Next(int number, byte passedOver)
    {
        while (number < Capacity)
        {
            if ((number & 7) == 0 && _bits[number >> 3] == passedOver)
            {
                var skip = _bits.AsSpan(number >> 3).IndexOfAnyExcept(passedOver);
                number = skip < 0 ? Capacity : number + (skip * 8);
                continue;
            }

            if (this[number] == (passedOver == 0))
            {
                return number;
            }

            number++;
        }

        return Capacity;
    }
}
