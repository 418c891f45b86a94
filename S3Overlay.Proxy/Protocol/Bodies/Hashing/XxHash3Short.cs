using System.Buffers.Binary;
using System.Numerics;

using static S3Overlay.Proxy.Protocol.Bodies.Hashing.XxHashMixing;

namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>XXH3 of inputs of up to <see cref="Longest"/> bytes, which has a way of its own for each class of lengths.</summary>
/// <remarks>https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md</remarks>
internal static class XxHash3Short
{
    /// <summary>The longest input, in bytes.</summary>
    public const int Longest = 240;

    /// <summary>XXH3 of 64 bits.</summary>
    public static ulong Hash64(ReadOnlySpan<byte> input) => input.Length switch
    {
        0 => Spread64(Secret(56) ^ Secret(64)),
        <= 3 => Spread64((uint)(Secret(0) ^ (Secret(0) >> 32)) ^ Combined(input)),
        <= 8 => Of8(input),
        <= 16 => Of16(input),
        _ => OfMore(input),
    };

    /// <summary>XXH3 of 128 bits.</summary>
    public static UInt128 Hash128(ReadOnlySpan<byte> input) => input.Length switch
    {
        0 => new(Spread64(Secret(80) ^ Secret(88)), Spread64(Secret(64) ^ Secret(72))),
        <= 3 => Wide3(Combined(input)),
        <= 8 => Wide8(input),
        <= 16 => Wide16(input),
        _ => WideMore(input),
    };

    private static ulong Secret(int offset) => XxHash3Secret.At(offset);

    private static ulong Word(ReadOnlySpan<byte> input, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(input[offset..]);

    /// <summary>One to three bytes and their number in one value.</summary>
    private static uint Combined(ReadOnlySpan<byte> input) =>
        input[^1] | ((uint)input.Length << 8) | ((uint)input[0] << 16) | ((uint)input[input.Length >> 1] << 24);

    private static ulong Of8(ReadOnlySpan<byte> input)
    {
        var (first, last) = (BinaryPrimitives.ReadUInt32LittleEndian(input), BinaryPrimitives.ReadUInt32LittleEndian(input[^4..]));
        var value = Secret(8) ^ Secret(16) ^ (last | ((ulong)first << 32));
        value ^= BitOperations.RotateLeft(value, 49) ^ BitOperations.RotateLeft(value, 24);
        value *= ShortPrime;
        value ^= (value >> 35) + (ulong)input.Length;
        value *= ShortPrime;
        return value ^ (value >> 28);
    }

    private static ulong Of16(ReadOnlySpan<byte> input)
    {
        var low = Secret(24) ^ Secret(32) ^ Word(input, 0);
        var high = Secret(40) ^ Secret(48) ^ Word(input, input.Length - 8);
        return Spread((ulong)input.Length + BinaryPrimitives.ReverseEndianness(low) + high + Fold(low, high));
    }

    private static ulong OfMore(ReadOnlySpan<byte> input)
    {
        var sum = (ulong)input.Length * Prime64A;
        if (input.Length <= 128)
        {
            for (var i = (input.Length - 1) >> 5; i >= 0; i--)
            {
                sum += Mix(input, i * 16, i * 32) + Mix(input, input.Length - (i * 16) - 16, (i * 32) + 16);
            }

            return Spread(sum);
        }

        for (var i = 0; i < 8; i++)
        {
            sum += Mix(input, i * 16, i * 16);
        }

        sum = Spread(sum);
        for (var i = 8; i < input.Length >> 4; i++)
        {
            sum += Mix(input, i * 16, ((i - 8) * 16) + 3);
        }

        return Spread(sum + Mix(input, input.Length - 16, 119));
    }

    private static UInt128 Wide3(uint combined)
    {
        var low = (uint)(Secret(0) ^ (Secret(0) >> 32)) ^ (ulong)combined;
        var high = (uint)(Secret(8) ^ (Secret(8) >> 32)) ^ (ulong)BitOperations
            .RotateLeft(BinaryPrimitives.ReverseEndianness(combined), 13);
        return new(Spread64(high), Spread64(low));
    }

    private static UInt128 Wide8(ReadOnlySpan<byte> input)
    {
        var (first, last) = (BinaryPrimitives.ReadUInt32LittleEndian(input), BinaryPrimitives.ReadUInt32LittleEndian(input[^4..]));
        var value = Secret(16) ^ Secret(24) ^ (first | ((ulong)last << 32));
        var high = Math.BigMul(value, Prime64A + ((ulong)input.Length << 2), out var low);
        high += low << 1;
        low ^= high >> 3;
        low = (low ^ (low >> 35)) * ShortPrime;
        return new(Spread(high), low ^ (low >> 28));
    }

    private static UInt128 Wide16(ReadOnlySpan<byte> input)
    {
        var last = Word(input, input.Length - 8);
        var both = Secret(32) ^ Secret(40) ^ Word(input, 0) ^ last;
        var single = Secret(48) ^ Secret(56) ^ last;
        var high = Math.BigMul(both, Prime64A, out var low) + single + ((uint)single * (ulong)(Prime32B - 1));
        low += (ulong)(input.Length - 1) << 54;
        low ^= BinaryPrimitives.ReverseEndianness(high);
        high = Math.BigMul(low, Prime64B, out low) + (high * Prime64B);
        return new(Spread(high), Spread(low));
    }

    private static UInt128 WideMore(ReadOnlySpan<byte> input)
    {
        var (low, high) = ((ulong)input.Length * Prime64A, 0UL);
        if (input.Length <= 128)
        {
            for (var i = (input.Length - 1) >> 5; i >= 0; i--)
            {
                MixBoth(input, i * 16, input.Length - (i * 16) - 16, i * 32, ref low, ref high);
            }
        }
        else
        {
            for (var i = 0; i < 4; i++)
            {
                MixBoth(input, i * 32, (i * 32) + 16, i * 32, ref low, ref high);
            }

            (low, high) = (Spread(low), Spread(high));
            for (var i = 4; i < input.Length >> 5; i++)
            {
                MixBoth(input, i * 32, (i * 32) + 16, ((i - 4) * 32) + 3, ref low, ref high);
            }

            MixBoth(input, input.Length - 16, input.Length - 32, 103, ref low, ref high);
        }

        var length = (ulong)input.Length;
        return new(0 - Spread((low * Prime64A) + (high * Prime64D) + (length * Prime64B)), Spread(low + high));
    }

    /// <summary>Sixteen bytes of the input with sixteen of the secret.</summary>
    private static ulong Mix(ReadOnlySpan<byte> input, int offset, int secret) =>
        Fold(Word(input, offset) ^ Secret(secret), Word(input, offset + 8) ^ Secret(secret + 8));

    private static void MixBoth(ReadOnlySpan<byte> input, int first, int second, int secret, ref ulong low, ref ulong high)
    {
        low = (low + Mix(input, first, secret)) ^ (Word(input, second) + Word(input, second + 8));
        high = (high + Mix(input, second, secret + 16)) ^ (Word(input, first) + Word(input, first + 8));
    }
}
