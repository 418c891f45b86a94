using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

using ArmAes = System.Runtime.Intrinsics.Arm.Aes;

namespace S3Overlay.Proxy.Protocol.Bodies.Hashing;

/// <summary>
/// Shortens a long message to sixteen bytes of the same CRC, 64 bytes a step, with carry-less multiplication: several times faster than
/// tables.
/// </summary>
/// <remarks>
/// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009. A block is moved n bits up the
/// message by multiplying its halves by x^(n+64) and x^n; one less in the exponents, since the product of two bit-reflected halves comes
/// out multiplied by x. What is left is given to the tables instead of a Barrett reduction, which would save nothing that counts.
/// </remarks>
internal sealed class CrcFolding(ulong polynomial, int width)
{
    /// <summary>Below this, tables are as fast.</summary>
    public const int MinLength = 128;

    /// <summary>How many bytes are left.</summary>
    public const int RestLength = 16;

    private readonly Vector128<ulong> _by512 = Constants(polynomial, width, 512);
    private readonly Vector128<ulong> _by128 = Constants(polynomial, width, 128);

    /// <summary>Whether this processor multiplies without carries.</summary>
    public static bool IsSupported => Pclmulqdq.IsSupported || ArmAes.IsSupported;

    /// <summary>Shortens the front of a message.</summary>
    /// <param name="register">The CRC's register before it.</param>
    /// <param name="bytes">At least <see cref="MinLength"/> bytes.</param>
    /// <param name="rest">Sixteen bytes that lead from a register of zero to where the front would have led.</param>
    /// <returns>How many bytes the front had.</returns>
    public int Shorten(ulong register, ReadOnlySpan<byte> bytes, Span<byte> rest)
    {
        var blocks = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        var count = blocks.Length & ~3;
        var (a, b, c, d) = (blocks[0] ^ Vector128.Create(register, 0), blocks[1], blocks[2], blocks[3]);
        for (var i = 4; i < count; i += 4)
        {
            a = Move(a, _by512) ^ blocks[i];
            b = Move(b, _by512) ^ blocks[i + 1];
            c = Move(c, _by512) ^ blocks[i + 2];
            d = Move(d, _by512) ^ blocks[i + 3];
        }

        a = Move(Move(Move(a, _by128) ^ b, _by128) ^ c, _by128) ^ d;
        MemoryMarshal.Write(rest, in a);
        return count * Vector128<byte>.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Move(Vector128<ulong> block, Vector128<ulong> constants) =>
        Pclmulqdq.IsSupported
            ? Pclmulqdq.CarrylessMultiply(block, constants, 0x00) ^ Pclmulqdq.CarrylessMultiply(block, constants, 0x11)
            : ArmAes.PolynomialMultiplyWideningLower(block.GetLower(), constants.GetLower())
                ^ ArmAes.PolynomialMultiplyWideningUpper(block, constants);

    private static Vector128<ulong> Constants(ulong polynomial, int width, int bits) => Vector128.Create(
        CrcCombine.PowerOfX(bits + 63, polynomial, width) << (64 - width),
        CrcCombine.PowerOfX(bits - 1, polynomial, width) << (64 - width));
}
