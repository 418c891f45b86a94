using System.Buffers.Binary;
using System.Numerics;

using static S3Overlay.Proxy.Protocol.Bodies.Hashing.XxHashMixing;

namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>XXH64 without a seed, over bytes as they pass by.</summary>
/// <remarks>https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md</remarks>
internal sealed class XxHash64
{
    private const int StripeSize = 32;

    private readonly byte[] _rest = new byte[StripeSize];
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;
    private ulong _length;

    public XxHash64() => Reset();

    private int Waiting => (int)(_length % StripeSize);

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var waiting = Waiting;
        _length += (ulong)bytes.Length;
        if (waiting > 0)
        {
            var taken = Math.Min(StripeSize - waiting, bytes.Length);
            bytes[..taken].CopyTo(_rest.AsSpan(waiting));
            bytes = bytes[taken..];
            if (waiting + taken < StripeSize)
            {
                return;
            }

            Take(_rest);
        }

        var whole = bytes.Length - (bytes.Length % StripeSize);
        Take(bytes[..whole]);
        bytes[whole..].CopyTo(_rest);
    }

    /// <summary>The value of all bytes added; starts anew.</summary>
    public ulong Finish()
    {
        var value = _length;
        if (_length < StripeSize)
        {
            value += Prime64E;
        }
        else
        {
            var merged = BitOperations.RotateLeft(_a, 1) + BitOperations.RotateLeft(_b, 7) + BitOperations.RotateLeft(_c, 12)
                + BitOperations.RotateLeft(_d, 18);
            foreach (var lane in (ReadOnlySpan<ulong>)[_a, _b, _c, _d])
            {
                merged = ((merged ^ Round64(0, lane)) * Prime64A) + Prime64D;
            }

            value += merged;
        }

        value = Spread64(AddRest(value, _rest.AsSpan(0, Waiting)));
        Reset();
        return value;
    }

    private static ulong AddRest(ulong value, ReadOnlySpan<byte> rest)
    {
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            value = (BitOperations.RotateLeft(value ^ Round64(0, BinaryPrimitives.ReadUInt64LittleEndian(rest)), 27) * Prime64A) + Prime64D;
        }

        if (rest.Length >= sizeof(uint))
        {
            value = (BitOperations.RotateLeft(value ^ (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime64A), 23) * Prime64B)
                + Prime64C;
            rest = rest[sizeof(uint)..];
        }

        foreach (var single in rest)
        {
            value = BitOperations.RotateLeft(value ^ (single * Prime64E), 11) * Prime64A;
        }

        return value;
    }

    private void Take(ReadOnlySpan<byte> stripes)
    {
        var (a, b, c, d) = (_a, _b, _c, _d);
        for (; stripes.Length >= StripeSize; stripes = stripes[StripeSize..])
        {
            a = Round64(a, BinaryPrimitives.ReadUInt64LittleEndian(stripes));
            b = Round64(b, BinaryPrimitives.ReadUInt64LittleEndian(stripes[8..]));
            c = Round64(c, BinaryPrimitives.ReadUInt64LittleEndian(stripes[16..]));
            d = Round64(d, BinaryPrimitives.ReadUInt64LittleEndian(stripes[24..]));
        }

        (_a, _b, _c, _d) = (a, b, c, d);
    }

    private void Reset() => (_a, _b, _c, _d, _length) = (unchecked(Prime64A + Prime64B), Prime64B, 0, unchecked(0 - Prime64A), 0);
}
