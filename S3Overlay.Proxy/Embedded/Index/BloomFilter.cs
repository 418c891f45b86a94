using System.Buffers.Binary;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>Rules out most keys that are not in a run: ten bits a key, seven probes, about one false positive in a hundred.</summary>
internal static class BloomFilter
{
    private const int BitsPerKey = 10;
    private const int Probes = 7;

    public static byte[] Build(IReadOnlyList<ulong> hashes)
    {
        var filter = new byte[Math.Max(8, ((hashes.Count * (long)BitsPerKey) + 7) / 8)];
        var bits = (ulong)filter.Length * 8;
        foreach (var hash in hashes)
        {
            for (ulong probe = 0, at = hash; probe < Probes; probe++, at += (hash >> 33) | 1)
            {
                var bit = at % bits;
                filter[bit >> 3] |= (byte)(1 << (int)(bit & 7));
            }
        }

        return filter;
    }

    public static bool MayHold(byte[] filter, ReadOnlySpan<byte> key)
    {
        var hash = Hash(key);
        var bits = (ulong)filter.Length * 8;
        for (ulong probe = 0, at = hash; probe < Probes; probe++, at += (hash >> 33) | 1)
        {
            var bit = at % bits;
            if ((filter[bit >> 3] & (1 << (int)(bit & 7))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// FNV-1a by words, mixed at the end (as in MurmurHash3). It is stored on disk, so it must not depend on the process.
    /// </summary>
    public static ulong Hash(ReadOnlySpan<byte> key)
    {
        var hash = 0xCBF29CE484222325 ^ (ulong)key.Length;
        for (; key.Length >= 8; key = key[8..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key)) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 32;
        }

        foreach (var octet in key)
        {
            hash = (hash ^ octet) * 0x100000001B3;
        }

        hash ^= hash >> 33;
        hash *= 0xFF51AFD7ED558CCD;
        hash ^= hash >> 33;
        hash *= 0xC4CEB9FE1A85EC53;
        return hash ^ (hash >> 33);
    }
}
