namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>The CRC of two pieces from the CRCs of each: a multipart object gets its checksum without being read again.</summary>
/// <remarks>
/// A CRC is the remainder of a polynomial. Appending n bytes to a piece multiplies its polynomial by x^8n; zlib's crc32_combine works the
/// same way.
/// </remarks>
public static class CrcCombine
{
    private static readonly Field Iso = new(0xEDB88320, 32);
    private static readonly Field Castagnoli = new(0x82F63B78, 32);
    private static readonly Field Nvme = new(0x9A6C9329AC4BC9B5, 64);

    /// <summary>CRC-32 of two pieces.</summary>
    /// <param name="first">The CRC of the first piece.</param>
    /// <param name="second">The CRC of the second piece.</param>
    /// <param name="secondLength">The length of the second piece in bytes.</param>
    public static uint Crc32(uint first, uint second, long secondLength) => (uint)Iso.Combine(first, second, secondLength);

    /// <summary>CRC-32C of two pieces.</summary>
    /// <inheritdoc cref="Crc32"/>
    public static uint Crc32C(uint first, uint second, long secondLength) => (uint)Castagnoli.Combine(first, second, secondLength);

    /// <summary>CRC-64/NVME of two pieces.</summary>
    /// <inheritdoc cref="Crc32"/>
    public static ulong Crc64Nvme(ulong first, ulong second, long secondLength) => Nvme.Combine(first, second, secondLength);

    /// <summary>Polynomials modulo that of one CRC, bit-reflected: the highest bit is x^0.</summary>
    private sealed class Field
    {
        private readonly ulong _polynomial;
        private readonly int _width;

        /// <summary>x^(8 * 2^i): a multiplication for each set bit of a length.</summary>
        private readonly ulong[] _powers = new ulong[63];

        public Field(ulong polynomial, int width)
        {
            (_polynomial, _width) = (polynomial, width);
            _powers[0] = 1UL << (width - 9);
            for (var i = 1; i < _powers.Length; i++)
            {
                _powers[i] = Multiply(_powers[i - 1], _powers[i - 1]);
            }
        }

        public ulong Combine(ulong first, ulong second, long secondLength)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(secondLength);

            for (var i = 0; secondLength != 0; i++, secondLength >>= 1)
            {
                first = (secondLength & 1) == 0 ? first : Multiply(_powers[i], first);
            }

            return first ^ second;
        }

        private ulong Multiply(ulong left, ulong right)
        {
            ulong product = 0;
            for (var bit = 1UL << (_width - 1); bit != 0; bit >>= 1)
            {
                product ^= (left & bit) == 0 ? 0 : right;
                right = (right & 1) == 0 ? right >> 1 : (right >> 1) ^ _polynomial;
            }

            return product;
        }
    }
}
