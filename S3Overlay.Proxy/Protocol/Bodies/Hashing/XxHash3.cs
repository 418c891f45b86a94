using System.Buffers.Binary;

using static S3Overlay.Proxy.Protocol.Bodies.Hashing.XxHashMixing;

namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>XXH3 without a seed, of 64 and of 128 bits, over bytes as they pass by.</summary>
/// <remarks>https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md</remarks>
internal sealed class XxHash3
{
    private const int StripeSize = 64;
    private const int SecretStep = 8;
    private const int StripesPerBlock = (SecretSize - StripeSize) / SecretStep;
    private const int BlockSize = StripesPerBlock * StripeSize;
    private const int SecretSize = 192;

    private readonly ulong[] _lanes = new ulong[8];

    /// <summary>
    /// The last stripe before the block that waits, and that block: what is last is treated otherwise, so that a block waits until there is
    /// more.
    /// </summary>
    private readonly byte[] _rest = new byte[StripeSize + BlockSize];

    private int _waiting;
    private ulong _length;

    public XxHash3() => Reset();

    private bool IsShort => _length <= XxHash3Short.Longest;

    private ReadOnlySpan<byte> Waiting => _rest.AsSpan(StripeSize, _waiting);

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _length += (ulong)bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_waiting == BlockSize)
            {
                TakeBlock(_rest.AsSpan(StripeSize));
                _waiting = 0;
            }

            for (; _waiting == 0 && bytes.Length > BlockSize; bytes = bytes[BlockSize..])
            {
                TakeBlock(bytes[..BlockSize]);
            }

            var taken = Math.Min(BlockSize - _waiting, bytes.Length);
            bytes[..taken].CopyTo(_rest.AsSpan(StripeSize + _waiting));
            _waiting += taken;
            bytes = bytes[taken..];
        }
    }

    /// <summary>The value of 64 bits of all bytes added; starts anew.</summary>
    public ulong Finish64()
    {
        if (!IsShort)
        {
            TakeLast();
        }

        var value = IsShort ? XxHash3Short.Hash64(Waiting) : Low();
        Reset();
        return value;
    }

    /// <summary>The value of 128 bits of all bytes added; starts anew.</summary>
    public UInt128 Finish128()
    {
        if (!IsShort)
        {
            TakeLast();
        }

        var value = IsShort ? XxHash3Short.Hash128(Waiting) : new UInt128(High(), Low());
        Reset();
        return value;
    }

    private static void Take(Span<ulong> lanes, ReadOnlySpan<byte> stripe, ReadOnlySpan<byte> secret)
    {
        for (var i = 0; i < lanes.Length; i++)
        {
            var value = BinaryPrimitives.ReadUInt64LittleEndian(stripe[(i * 8)..]);
            var mixed = value ^ BinaryPrimitives.ReadUInt64LittleEndian(secret[(i * 8)..]);
            lanes[i ^ 1] += value;
            lanes[i] += (uint)mixed * (mixed >> 32);
        }
    }

    private void TakeStripes(ReadOnlySpan<byte> stripes)
    {
        for (var secret = 0; stripes.Length >= StripeSize; secret += SecretStep, stripes = stripes[StripeSize..])
        {
            Take(_lanes, stripes, XxHash3Secret.Bytes[secret..]);
        }
    }

    private void TakeBlock(ReadOnlySpan<byte> block)
    {
        TakeStripes(block);
        for (var i = 0; i < _lanes.Length; i++)
        {
            var lane = _lanes[i];
            _lanes[i] = (lane ^ (lane >> 47) ^ XxHash3Secret.At(SecretSize - StripeSize + (i * 8))) * Prime32A;
        }

        block[^StripeSize..].CopyTo(_rest);
    }

    /// <summary>The block that waits, and the last stripe once more, wherever it begins.</summary>
    private void TakeLast()
    {
        TakeStripes(Waiting[..((_waiting - 1) / StripeSize * StripeSize)]);
        Take(_lanes, _rest.AsSpan(_waiting, StripeSize), XxHash3Secret.Bytes[(SecretSize - 71)..]);
    }

    private ulong Low() => Merge(_length * Prime64A, 11);

    private ulong High() => Merge(~(_length * Prime64B), SecretSize - 75);

    private ulong Merge(ulong value, int secret)
    {
        for (var i = 0; i < _lanes.Length; i += 2)
        {
            value += Fold(_lanes[i] ^ XxHash3Secret.At(secret + (i * 8)), _lanes[i + 1] ^ XxHash3Secret.At(secret + (i * 8) + 8));
        }

        return Spread(value);
    }

    private void Reset()
    {
        ReadOnlySpan<ulong> start = [Prime32C, Prime64A, Prime64B, Prime64C, Prime64D, Prime32B, Prime64E, Prime32A];
        start.CopyTo(_lanes);
        (_waiting, _length) = (0, 0);
    }
}
