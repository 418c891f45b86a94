namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>
/// The CRC of two pieces put together, from the CRCs of the pieces: how a multipart object gets a checksum of its whole without being read.
/// </summary>
/// <remarks>
/// A CRC is a polynomial's remainder; putting n bytes behind a piece multiplies its polynomial by x^8n. The arithmetic is that of
/// zlib's crc32_combine, for any width.
/// </remarks>
public static class CrcCombine
{
    internal const uint Crc32Polynomial = 0xEDB88320;
    internal const uint Crc32CPolynomial = 0x82F63B78;
    internal const ulong Crc64NvmePolynomial = 0x9A6C9329AC4BC9B5;

    /// <summary>CRC-32 of two pieces.</summary>
    /// <param name="first">The CRC of the first piece.</param>
    /// <param name="second">The CRC of the second piece.</param>
    /// <param name="secondLength">How many bytes the second piece has.</param>
    public static uint Crc32(uint first, uint second, long secondLength) =>
        (uint)Combine(first, second, secondLength, Crc32Polynomial, 32);

    /// <summary>CRC-32C of two pieces.</summary>
    /// <inheritdoc cref="Crc32"/>
    public static uint Crc32C(uint first, uint second, long secondLength) =>
        (uint)Combine(first, second, secondLength, Crc32CPolynomial, 32);

    /// <summary>CRC-64/NVME of two pieces.</summary>
    /// <inheritdoc cref="Crc32"/>
    public static ulong Crc64Nvme(ulong first, ulong second, long secondLength) =>
        Combine(first, second, secondLength, Crc64NvmePolynomial, 64);

    /// <summary>x^n modulo a polynomial, reflected: the highest of the bits is x^0.</summary>
    internal static ulong PowerOfX(long exponent, ulong polynomial, int width) =>
        Power(1UL << (width - 2), (ulong)exponent, polynomial, width);

    private static ulong Combine(ulong first, ulong second, long secondLength, ulong polynomial, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(secondLength);

        var oneByte = 1UL << (width - 9); // x^8
        return Multiply(Power(oneByte, (ulong)secondLength, polynomial, width), first, polynomial, width) ^ second;
    }

    private static ulong Power(ulong square, ulong exponent, ulong polynomial, int width)
    {
        var power = 1UL << (width - 1); // x^0
        for (; exponent != 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
            {
                power = Multiply(square, power, polynomial, width);
            }

            square = Multiply(square, square, polynomial, width);
        }

        return power;
    }

    private static ulong Multiply(ulong left, ulong right, ulong polynomial, int width)
    {
        ulong product = 0;
        for (var bit = 1UL << (width - 1); bit != 0; bit >>= 1)
        {
            if ((left & bit) != 0)
            {
                product ^= right;
            }

            right = (right & 1) != 0 ? (right >> 1) ^ polynomial : right >> 1;
        }

        return product;
    }
}
