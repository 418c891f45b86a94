using System.Numerics;

namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>What the hashes of the XXHash family have in common: their primes, and how the bits of a value are spread.</summary>
/// <remarks>https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md</remarks>
internal static class XxHashMixing
{
    public const uint Prime32A = 0x9E3779B1;
    public const uint Prime32B = 0x85EBCA77;
    public const uint Prime32C = 0xC2B2AE3D;

    public const ulong Prime64A = 0x9E3779B185EBCA87;
    public const ulong Prime64B = 0xC2B2AE3D27D4EB4F;
    public const ulong Prime64C = 0x165667B19E3779F9;
    public const ulong Prime64D = 0x85EBCA77C2B2AE63;
    public const ulong Prime64E = 0x27D4EB2F165667C5;

    /// <summary>The multiplier of <see cref="Spread"/>.</summary>
    public const ulong SpreadPrime = 0x165667919E3779F9;

    /// <summary>The multiplier for inputs of four to eight bytes.</summary>
    public const ulong ShortPrime = 0x9FB21C651E98DF25;

    /// <summary>The last step of XXH64, and of XXH3 for the shortest inputs.</summary>
    public static ulong Spread64(ulong value)
    {
        value = (value ^ (value >> 33)) * Prime64B;
        value = (value ^ (value >> 29)) * Prime64C;
        return value ^ (value >> 32);
    }

    /// <summary>The last step of XXH3.</summary>
    public static ulong Spread(ulong value)
    {
        value = (value ^ (value >> 37)) * SpreadPrime;
        return value ^ (value >> 32);
    }

    /// <summary>The two halves of a product of 128 bits, folded into one.</summary>
    public static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return low ^ high;
    }

    /// <summary>One round of XXH64: eight bytes into a lane.</summary>
    public static ulong Round64(ulong lane, ulong value) => BitOperations.RotateLeft(lane + (value * Prime64B), 31) * Prime64A;
}
