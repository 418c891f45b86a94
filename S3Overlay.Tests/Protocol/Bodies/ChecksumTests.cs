using System.Text;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Tests.Protocol.Bodies;

public sealed class ChecksumTests
{
    private static readonly byte[] Digits = Encoding.ASCII.GetBytes("123456789");

    private static readonly byte[] Long = [.. Enumerable.Range(0, 10_007).Select(i => (byte)((i * 131) ^ (i >> 7)))];

    [Fact]
    public void TheCheckValuesOfTheCrcCatalogueAreMet()
    {
        Assert.Equal(0xCBF43926u, Crc(ChecksumAlgorithm.Crc32, Digits));
        Assert.Equal(0xE3069283u, Crc(ChecksumAlgorithm.Crc32C, Digits));
        Assert.Equal(0xE3069283u, Crc32C.Compute(Digits));
        Assert.Equal(0xAE8B14860A799888ul, Crc(ChecksumAlgorithm.Crc64Nvme, Digits));
    }

    [Fact]
    public void CrcsOfAnyLengthEqualTheBitwiseDefinition()
    {
        int[] lengths = [.. Enumerable.Range(0, 300), .. Enumerable.Range(4090, 20), 8191, 8192, Long.Length];
        foreach (var length in lengths)
        {
            var bytes = Long[..length];
            Assert.Equal(Bitwise(bytes, 0xEDB88320, uint.MaxValue), Crc(ChecksumAlgorithm.Crc32, bytes));
            Assert.Equal(Bitwise(bytes, 0x82F63B78, uint.MaxValue), Crc(ChecksumAlgorithm.Crc32C, bytes));
            Assert.Equal(Bitwise(bytes, 0x82F63B78, uint.MaxValue), Crc32C.Compute(bytes));
            Assert.Equal(Bitwise(bytes, 0x9A6C9329AC4BC9B5, ulong.MaxValue), Crc(ChecksumAlgorithm.Crc64Nvme, bytes));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(5_000)]
    public void ACrcGoesOnWhereItWasLeft(int cut) =>
        Assert.Equal(Crc32C.Compute(Long), Crc32C.Append(Crc32C.Compute(Long.AsSpan(0, cut)), Long.AsSpan(cut)));

    [Theory]
    [InlineData(ChecksumAlgorithm.Crc32, "y/Q5Jg==")]
    [InlineData(ChecksumAlgorithm.Crc32C, "4waSgw==")]
    [InlineData(ChecksumAlgorithm.Crc64Nvme, "rosUhgp5mIg=")]
    [InlineData(ChecksumAlgorithm.Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE=")]
    [InlineData(ChecksumAlgorithm.Sha256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=")]
    public void ValuesAreEncodedAsS3HasThemHoweverTheBytesAreCutUp(ChecksumAlgorithm algorithm, string value)
    {
        Assert.Equal(value, ChecksumHasher.Compute(algorithm, Digits).Value);
        for (var cut = 0; cut <= Digits.Length; cut++)
        {
            using var hasher = ChecksumHasher.Create(algorithm);
            hasher.Append(Digits.AsSpan(0, cut));
            hasher.Append(Digits.AsSpan(cut));
            Assert.Equal(new BodyChecksum(algorithm, value), hasher.Finish());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(10_006)]
    [InlineData(10_007)]
    public void CrcsOfPiecesPutTogetherAreThoseOfTheWhole(int cut)
    {
        var first = Long.AsSpan(0, cut);
        var second = Long.AsSpan(cut);

        Assert.Equal(
            Crc(ChecksumAlgorithm.Crc32, Long),
            CrcCombine.Crc32((uint)Crc(ChecksumAlgorithm.Crc32, first), (uint)Crc(ChecksumAlgorithm.Crc32, second), second.Length));
        Assert.Equal(Crc32C.Compute(Long), CrcCombine.Crc32C(Crc32C.Compute(first), Crc32C.Compute(second), second.Length));
        Assert.Equal(
            Crc(ChecksumAlgorithm.Crc64Nvme, Long),
            CrcCombine.Crc64Nvme(Crc(ChecksumAlgorithm.Crc64Nvme, first), Crc(ChecksumAlgorithm.Crc64Nvme, second), second.Length));
    }

    [Theory]
    [InlineData(ChecksumAlgorithm.Crc32)]
    [InlineData(ChecksumAlgorithm.Crc32C)]
    [InlineData(ChecksumAlgorithm.Crc64Nvme)]
    public void TheFullObjectChecksumOfPartsIsThatOfTheirBytes(ChecksumAlgorithm algorithm)
    {
        (int Start, int End)[] cuts = [(0, 5000), (5000, 5001), (5001, 10_007)];

        Assert.Equal(
            ChecksumHasher.Compute(algorithm, Long),
            PartChecksums.FullObject(
                algorithm, cuts.Select(
                    cut => (ChecksumHasher.Compute(algorithm, Long.AsSpan(cut.Start..cut.End)).Value, (long)(cut.End - cut.Start)))));
    }

    [Theory]
    [InlineData(ChecksumAlgorithm.Crc32C)]
    [InlineData(ChecksumAlgorithm.Sha256)]
    public void TheCompositeChecksumIsThatOfThePartsChecksums(ChecksumAlgorithm algorithm)
    {
        var one = ChecksumHasher.Compute(algorithm, Digits).Value;
        var other = ChecksumHasher.Compute(algorithm, Long).Value;
        byte[] both = [.. Convert.FromBase64String(one), .. Convert.FromBase64String(other)];

        Assert.Equal(ChecksumHasher.Compute(algorithm, both).Value + "-2", PartChecksums.Composite(algorithm, [one, other]).Value);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("gzip", "gzip")]
    [InlineData("aws-chunked", null)]
    [InlineData("aws-chunked,gzip", "gzip")]
    [InlineData("gzip, aws-chunked", "gzip")]
    [InlineData("AWS-Chunked, gzip, br", "gzip,br")]
    [InlineData("aws-chunked,", null)]
    public void TheFramingIsNoContentEncodingOfTheObject(string? sent, string? stored) =>
        Assert.Equal(stored, ContentEncodings.ToStore(sent));

    private static ulong Crc(ChecksumAlgorithm algorithm, ReadOnlySpan<byte> bytes) =>
        Convert.ToUInt64(Convert.ToHexString(Convert.FromBase64String(ChecksumHasher.Compute(algorithm, bytes).Value)), 16);

    private static ulong Bitwise(byte[] bytes, ulong polynomial, ulong mask)
    {
        var crc = mask;
        foreach (var octet in bytes)
        {
            crc ^= octet;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
            }
        }

        return crc ^ mask;
    }
}
